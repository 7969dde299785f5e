"""Fit on one file of features, judge on another, beside the plain autoencoder fitted on the same clips."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import DataError
from acoustic.records import About
from acoustic.statistics import auc, auc_interval, detection_rate, partial_auc, wilson

from ..scorer.calibration import STEPS
from ..scorer.features import FRONT_END, Layout, Size, StretchSums, Sums, half_bands
from ..scorer.fit import MOST_FRAMES, Normals, fit_model, fit_network
from ..scorer.head import Head, shrunk
from ..scorer.model import TurbineModel
from ..scorer.moments import Moments
from ..scorer.network import UNIT_DB, ResidualNetwork, deviations
from .feature_files import FeatureSet
from .reference import fit_autoencoder, float_scores, int8_scores

#: False-alarm rates that are asked for.
ASKED_RATES = (0.1, 0.01)
#: Gains by which the microphone of the evaluation differs from that of the fit.
GAIN_STEPS_DB = (-6.0, 6.0)
#: Own clips of a machine that the head never heard, and how often each number is drawn.
OWN_CLIPS = (0, 5, 20, 80)
DRAWS = 10
NO_CONDITIONS = np.empty(0, np.int16)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """How well scores tell anomalous clips from normal ones."""

    auc: float
    auc_interval: tuple[float, float]
    pauc: Annotated[float, About("Partial area up to a false-alarm rate of 0.1, standardised (McClish 1989).")]
    detection_at_5pct: Annotated[float, About("Share of the anomalies found at 5 % false alarms.")]

    @classmethod
    def of(cls, scores: NDArray[Any], anomaly: NDArray[np.bool_]) -> "Figures":
        """Compare scores of both kinds."""
        return cls(
            auc=auc(scores, anomaly),
            auc_interval=auc_interval(scores, anomaly),
            pauc=partial_auc(scores, anomaly, 0.1),
            detection_at_5pct=detection_rate(scores, anomaly, 0.05),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return them rounded, as plain JSON."""
        return {
            "auc": round(self.auc, 4),
            "auc_interval": [round(edge, 4) for edge in self.auc_interval],
            "pauc": round(self.pauc, 4),
            "detection_at_5pct": round(self.detection_at_5pct, 4),
        }


def evaluate_features(
    fit: FeatureSet, judged: FeatureSet, *, size: Size, seed: int, reference_epochs: int, published: bytes | None
) -> dict[str, Any]:
    """Fit and judge; return everything measured as plain JSON.

    Parameters
    ----------
    fit : FeatureSet
        Its normal clips are fitted on; what is marked as anomalous is left out.
    judged : FeatureSet
        Normal and anomalous clips of the same length and bands.
    size : Size
    seed : int
        Decides every random number.
    reference_epochs : int
        Epochs of the plain autoencoder.
    published : bytes or None
        An int8 autoencoder that was fitted elsewhere, to be scored too where its shape fits.

    Raises
    ------
    DataError
        When the files do not fit each other, or one kind of clip is missing.
    """
    _check(fit, judged)
    normal = fit.where(~fit.anomaly)
    keras_model, network, usual = fit_network(sample(normal), seed)
    layout = Layout(n_bands=fit.n_bands, size=size)
    runner = ResidualNetwork(network, usual)
    model = fit_on(layout, network, usual, normal)
    distances, surprise = scores(model, judged)
    truth = judged.anomaly
    ours = Figures.of(distances, truth)
    floats = Figures.of(_float_distances(layout, runner, keras_model, normal, judged), truth)
    reference = float_scores(fit_autoencoder(normal.steps, reference_epochs, seed), judged.steps)
    rival = Figures.of(reference, truth)
    report: dict[str, Any] = {
        "fit": str(fit.path),
        "evaluate": str(judged.path),
        "fit_clips": len(normal.steps),
        "normal_clips": int((~truth).sum()),
        "anomalous_clips": int(truth.sum()),
        "size": size,
        **ours.to_dict(),
        "reference_auc": round(rival.auc, 4),
        "reference": rival.to_dict(),
        "model_bytes": model.model_bytes,
        "ram_bytes": model.ram_bytes,
        "float": floats.to_dict(),
        "false_alarms": [_false_alarms(surprise[~truth], rate) for rate in ASKED_RATES],
        "gain_steps": [_gain_step(model, judged, gain_db, ours) for gain_db in GAIN_STEPS_DB],
        "machines": {
            name: {"ours": part.to_dict(), "reference": other.to_dict()}
            for name, part, other in _by_machine(judged, distances, reference)
        },
    }
    if published is not None and fit.n_bands == 128:
        report["published_int8"] = Figures.of(int8_scores(published, judged.steps), truth).to_dict()
    return report


def unseen_machines(fit: FeatureSet, judged: FeatureSet, *, size: Size, seed: int) -> Iterator[dict[str, Any]]:
    """Leave each machine out of the fit, give its mean a few clips of its own, and judge it.

    Yields
    ------
    dict
        For each number of own clips the mean and worst AUC over the machines, each the mean of ``DRAWS`` draws.
    """
    _check(fit, judged)
    layout = Layout(n_bands=fit.n_bands, size=size)
    found: dict[int, list[float]] = {count: [] for count in OWN_CLIPS}
    names = [name for name in np.unique(judged.machine) if name in fit.machine]
    for name in names:
        others = fit.where((fit.machine != name) & ~fit.anomaly)
        _, network, usual = fit_network(sample(others), seed)
        sums = StretchSums(layout, ResidualNetwork(network, usual))
        head = Head.fit(_moments(layout, sums, others).values())
        own = _features(layout, sums, fit.where((fit.machine == name) & ~fit.anomaly))
        asked = judged.where(judged.machine == name)
        vectors = _features(layout, sums, asked)
        for count in OWN_CLIPS:
            areas = []
            for draw in range(DRAWS if count else 1):
                chosen = np.random.default_rng([seed, draw]).permutation(len(own))[:count]
                mean = head.own_mean(Moments.of(own[chosen]))
                areas.append(auc(head.distance(vectors, mean, count), asked.anomaly))
            found[count].append(float(np.mean(areas)))
    for count, areas in found.items():
        yield {
            "own_clips": count,
            "auc_mean": round(float(np.mean(areas)), 4),
            "auc_worst": round(min(areas), 4),
            "auc": dict(zip(map(str, names), np.round(areas, 4).tolist(), strict=True)),
        }


def sample(clips: FeatureSet) -> list[NDArray[np.int16]]:
    """Whole clips, evenly taken, of ``MOST_FRAMES`` frames in all or fewer."""
    every = -(-clips.steps.shape[0] * clips.steps.shape[1] // MOST_FRAMES)
    return list(clips.steps[::every])


def fit_on(layout: Layout, network: bytes, usual: NDArray[np.int16], normal: FeatureSet) -> TurbineModel:
    """Fit head and calibration to the clips of a file."""
    sums = StretchSums(layout, ResidualNetwork(network, usual))
    normals = {}
    for name in np.unique(normal.machine):
        clips = [_stretches(sums, steps) for steps in normal.steps[normal.machine == name]]
        normals[str(name)] = Normals.of(layout, clips, [NO_CONDITIONS] * len(clips))
    stretches = max(len(clip) for one in normals.values() for clip in one.stretches.values())
    front_end = replace(FRONT_END, n_mels=layout.n_bands)
    return fit_model(front_end, layout, network, usual, normals, clip_stretches=stretches)


def scores(model: TurbineModel, clips: FeatureSet) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distance and surprise of each clip, each int64 (n_clips,), in steps of 1/256."""
    sums = StretchSums(model.layout, model.network)
    distances, surprise = np.zeros((2, len(clips.steps)), np.int64)
    for index, (steps, name) in enumerate(zip(clips.steps, clips.machine, strict=True)):
        found = model.judge(_stretches(sums, steps), model.usual(str(name)), NO_CONDITIONS)
        distances[index], surprise[index] = found.distance, found.surprise
    return distances, surprise


def _check(fit: FeatureSet, judged: FeatureSet) -> None:
    if fit.steps.shape[1:] != judged.steps.shape[1:]:
        raise DataError(
            f"{judged.path}: clips of {judged.steps.shape[1:]} frames and bands do not fit "
            f"{fit.path}, whose clips have {fit.steps.shape[1:]}"
        )
    if fit.anomaly.all():
        raise DataError(f"{fit.path}: holds no normal clip to fit on")
    if judged.anomaly.all() or not judged.anomaly.any():
        raise DataError(f"{judged.path}: needs normal and anomalous clips (array anomaly) to tell them apart")


def _stretches(sums: StretchSums, steps: NDArray[np.int16]) -> Sums:
    return np.concatenate([sums.push(steps), sums.flush()])


def _features(layout: Layout, sums: StretchSums, clips: FeatureSet) -> NDArray[np.int16]:
    rows = np.stack([_stretches(sums, steps).sum(axis=0) for steps in clips.steps])
    return layout.features(rows)


def _moments(layout: Layout, sums: StretchSums, clips: FeatureSet) -> dict[str, Moments]:
    vectors = _features(layout, sums, clips)
    return {str(name): Moments.of(vectors[clips.machine == name]) for name in np.unique(clips.machine)}


def _false_alarms(surprise: NDArray[np.int64], asked: float) -> dict[str, Any]:
    """Count normal clips above the threshold for an asked rate."""
    alarms = int((surprise >= round(-np.log10(asked) * STEPS)).sum())
    low, high = wilson(alarms, len(surprise))
    return {
        "asked": asked,
        "achieved": round(alarms / len(surprise), 4),
        "interval": [round(low, 4), round(high, 4)],
        "within_a_factor_of_2": asked / 2 <= alarms / len(surprise) <= 2 * asked,
    }


def _gain_step(model: TurbineModel, judged: FeatureSet, gain_db: float, ours: Figures) -> dict[str, Any]:
    distances, surprise = scores(model, judged.louder(gain_db))
    area = auc(distances, judged.anomaly)
    rates = [_false_alarms(surprise[~judged.anomaly], rate) for rate in ASKED_RATES]
    return {
        "gain_db": gain_db,
        "auc": round(area, 4),
        "auc_change": round(area - ours.auc, 4),
        "false_alarms": rates,
    }


def _by_machine(
    judged: FeatureSet, ours: NDArray[Any], reference: NDArray[Any]
) -> Iterator[tuple[str, Figures, Figures]]:
    for name in np.unique(judged.machine):
        part = judged.machine == name
        truth = judged.anomaly[part]
        if truth.any() and not truth.all():
            yield str(name), Figures.of(ours[part], truth), Figures.of(reference[part], truth)


def _float_distances(
    layout: Layout, runner: ResidualNetwork, keras_model: Any, normal: FeatureSet, judged: FeatureSet
) -> NDArray[np.float64]:
    """Distances with float network, features and head: what int8 and integers are compared with."""
    fitted = _float_features(layout, runner, keras_model, normal)
    asked = _float_features(layout, runner, keras_model, judged)
    means: dict[str, NDArray[np.float64]] = {
        str(name): fitted[normal.machine == name].mean(axis=0) for name in np.unique(normal.machine)
    }
    within = fitted - np.stack([means[str(name)] for name in normal.machine])
    degrees = len(within) - len(means)
    covariance = within.T @ within / degrees
    sd = np.sqrt(np.diag(covariance))
    correlation = shrunk(covariance / np.outer(sd, sd), degrees)
    everywhere: NDArray[np.float64] = np.mean(list(means.values()), axis=0)
    deviation = (asked - np.stack([means.get(str(name), everywhere) for name in judged.machine])) / sd
    return np.asarray((deviation @ np.linalg.inv(correlation) * deviation).sum(axis=1))


def _float_features(
    layout: Layout, runner: ResidualNetwork, keras_model: Any, clips: FeatureSet
) -> NDArray[np.float64]:
    rows = []
    for steps in clips.steps:
        half = half_bands(steps)
        fine = (steps if layout.size == "full" else half) / 256
        around, between = deviations(half, runner.usual)
        predicted = keras_model.predict_on_batch((around / (256 * UNIT_DB)).astype(np.float32))
        residual = between / 256 - UNIT_DB * predicted
        shape = steps.mean(axis=0) / 256
        groups = (
            shape - shape.mean(),
            10 * np.log10(fine.var(axis=0) + 0.0025),
            20 * np.log10(np.abs(np.diff(fine, axis=0)).mean(axis=0) + 0.05),
            10 * np.log10((residual**2).mean(axis=0) + 0.0025),
        )
        rows.append(np.concatenate(groups))
    return np.stack(rows)
