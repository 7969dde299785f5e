"""A trained model as the application uses it: judges a clip's sums against a machine's usual ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import BundleError, ModelError, ParameterError
from acoustic.model.bundle import Bundle
from apps.turbine_blade.calibration import STEPS, Surprise, log2_steps
from apps.turbine_blade.conditions import n_numbers
from apps.turbine_blade.explain import SECTIONS, Band, Sections
from apps.turbine_blade.features import FRONT_END, STRETCH_FRAMES, Layout, Sums
from apps.turbine_blade.head import Head
from apps.turbine_blade.network import ResidualNetwork

APPLICATION = "turbine"
#: Own clips from which on a machine's own mean is used.
LEAST_OWN_CLIPS = 5
#: Share of a clip that must be left when all else is set aside.
LEAST_SHARE = 0.6
#: A single stretch stands out from here on, in standard deviations of normal ones.
LEAST_STRETCH_Z = 3.0


@dataclass(frozen=True, eq=False, kw_only=True)
class Usual:
    """What is usual for one machine."""

    mean: NDArray[np.int16]
    """int16 (d + k,): where its features, and the conditions they were heard under, are expected."""
    own_clips: int
    """Clips of its own that this is known from; 0 for a machine never heard."""
    level_db: float | None = None
    """Mean level of its clips."""
    level_sd_db: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What is to be said about one clip."""

    distance: int
    """Squared Mahalanobis distance over the number of features, in steps of 1/256."""
    surprise: int
    """Minus the decadic logarithm of the p-value, in steps of 1/256."""
    bands: tuple[Band, ...]
    stretch_z: tuple[float, ...]
    """How unusual each stretch is by itself, in standard deviations of normal stretches."""
    level_db: float
    """Mean level of bands over the clip."""
    vector: NDArray[np.int16]
    """Features and conditions, int16 (d + k,)."""

    @property
    def p_value(self) -> float:
        """Share of normal clips that are as unusual."""
        return float(10.0 ** (-self.surprise / STEPS))


@dataclass(frozen=True, kw_only=True, eq=False)
class TurbineModel:
    """Everything of a turbine bundle that judges clips."""

    layout: Layout
    network: ResidualNetwork
    head: Head
    surprise: Surprise
    """For machines with clips of their own."""
    first_surprise: Surprise | None
    """For machines never heard; None when the model knows too few machines to say."""
    machines: dict[str, Usual]
    conditions: tuple[str, ...]
    """Conditions that clips are judged under."""
    clip_stretches: int
    nuisances: bool
    """Whether the sounds of weather and surroundings are set aside; else only clipping and silence."""
    rotor: bool
    """Whether to look for a rotor."""
    false_alarm_rate: float
    """Share of normal recordings that may be called anomalous."""
    alarms_per_day: float
    """False alarms a day when listening."""
    section_sd: NDArray[np.int16]
    """int16 (4, SECTIONS), see `Sections`."""
    stretch_octaves: tuple[float, float]
    """Mean and standard deviation of log2 of the distance of single normal stretches."""
    normal_runs: tuple[NDArray[np.int32], ...]
    """Surprise of the normal clips of each machine in order of time, cross-fitted, in steps of 1/256."""

    @cached_property
    def sections(self) -> Sections:
        """The sections of the spectrum."""
        return Sections(self.layout, FRONT_END, self.section_sd)

    @property
    def clip_s(self) -> float:
        """Length of a clip in seconds."""
        return self.clip_stretches * STRETCH_FRAMES * FRONT_END.hop_samples / FRONT_END.rate_hz

    @property
    def threshold(self) -> float:
        """Score from which on a recording is anomalous: minus the decadic logarithm of the false-alarm rate."""
        return float(-np.log10(self.false_alarm_rate))

    @property
    def model_bytes(self) -> int:
        """All that the int8 device model holds: network, head, calibration."""
        tables = (self.network.usual, *self.surprise.arrays().values(), self.section_sd)
        return len(self.network_file) + self.head.model_bytes + sum(table.nbytes for table in tables)

    @property
    def ram_bytes(self) -> int:
        """Working memory on the device: sums of a clip, frames around, the network's arena, a clip's features."""
        sums = 4 * self.layout.n_columns + 4 * (self.layout.n_spread + self.layout.n_half_bands)
        frames = 2 * (self.layout.n_bands + 5 * self.layout.n_half_bands)
        return sums + frames + self.network.network.arena_bytes + 4 * self.layout.n_features

    network_file: bytes

    def usual(self, machine: str | None) -> Usual:
        """Return what is usual for a machine of the bundle; for any other, what is known of all."""
        if machine is None and len(self.machines) == 1:
            return next(iter(self.machines.values()))
        if machine in self.machines:
            return self.machines[machine]
        return Usual(mean=self.head.mean, own_clips=0)

    def judge(self, stretches: Sums, usual: Usual, conditions: NDArray[np.int16]) -> Judgement:
        """Judge one clip.

        Parameters
        ----------
        stretches : int64 array, shape (n, n_columns)
            Sums of the stretches that are not set aside.
        usual : Usual
            What is usual for the machine.
        conditions : int16 array, shape (k,)
            See `Conditions.vector`.
        """
        whole = stretches.sum(axis=0)
        vectors = self.layout.features(np.concatenate([whole[None], stretches]))
        vectors = np.concatenate([vectors, np.tile(conditions, (len(vectors), 1))], axis=1)
        distances = self.head.distance(vectors, usual.mean, usual.own_clips)
        table = self.first_surprise if not usual.own_clips and self.first_surprise is not None else self.surprise
        mean, sd = self.stretch_octaves
        z = (log2_steps(distances[1:]) / STEPS - mean) / sd
        deviation = self.head.deviation(vectors[:1], usual.mean)[0]
        return Judgement(
            distance=int(distances[0]),
            surprise=int(table(distances[:1])[0]),
            bands=self.sections.bands(deviation),
            stretch_z=tuple(z.round(2).tolist()),
            level_db=float(self.layout.level_db(whole)),
            vector=vectors[0],
        )

    @classmethod
    def from_bundle(cls, bundle: Bundle) -> Self:
        """Read the parts of a bundle.

        Raises
        ------
        BundleError
            When it is made for another application or front end, or a part is missing or does not fit.
        """
        if bundle.application != APPLICATION:
            raise BundleError(f"{bundle.name}: made for {bundle.application!r}, not for turbines or machines.")
        if bundle.frontend != FRONT_END:
            raise BundleError(f"{bundle.name}: made for another front end than this version's. Train it again.")
        try:
            return cls._read(bundle.network, bundle.decision, bundle.vectors)
        except (KeyError, TypeError, ValueError, IndexError, ParameterError, ModelError) as error:
            raise BundleError(f"{bundle.name}: a part is missing or does not fit ({error}). Train it again.") from error

    @classmethod
    def _read(cls, network: bytes, decision: dict[str, Any], vectors: Any) -> Self:
        layout = Layout(n_bands=FRONT_END.n_mels, size=decision["size"])
        head = Head.from_arrays({name: vectors[f"head_{name}"] for name in HEAD_ARRAYS})
        conditions = tuple(decision["conditions"])
        if head.gain.shape != (layout.n_features, n_numbers(conditions)):
            raise ParameterError("the head does not fit the features")
        if vectors["section_sd"].shape != (len(layout.groups), SECTIONS):
            raise ParameterError("the sections do not fit the features")
        means, ends = vectors["machine_mean"], np.cumsum(vectors["machine_clips"])
        levels = vectors["machine_level"]
        machines = {
            name: Usual(mean=mean, own_clips=int(clips), level_db=float(level[0]), level_sd_db=float(level[1]))
            for name, mean, clips, level in zip(
                decision["machines"], means, vectors["machine_clips"], levels, strict=True
            )
        }
        first = None
        if "first_knots" in vectors:
            first = Surprise(vectors["first_knots"], vectors["first_values"])
        return cls(
            layout=layout,
            network=ResidualNetwork(network, vectors["usual"]),
            network_file=network,
            head=head,
            surprise=Surprise(vectors["surprise_knots"], vectors["surprise_values"]),
            first_surprise=first,
            machines=machines,
            conditions=conditions,
            clip_stretches=int(decision["clip_stretches"]),
            nuisances=bool(decision["nuisances"]),
            rotor=bool(decision["rotor"]),
            false_alarm_rate=float(decision["false_alarm_rate"]),
            alarms_per_day=float(decision["alarms_per_day"]),
            section_sd=vectors["section_sd"],
            stretch_octaves=(float(decision["stretch_octaves"][0]), float(decision["stretch_octaves"][1])),
            normal_runs=tuple(np.split(vectors["normal_surprise"], ends[:-1])),
        )

    def decision(self) -> dict[str, Any]:
        """Return the settings of the decision, for a bundle."""
        return {
            "size": self.layout.size,
            "conditions": list(self.conditions),
            "machines": list(self.machines),
            "clip_stretches": self.clip_stretches,
            "nuisances": self.nuisances,
            "rotor": self.rotor,
            "false_alarm_rate": self.false_alarm_rate,
            "alarms_per_day": self.alarms_per_day,
            "stretch_octaves": list(self.stretch_octaves),
        }

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the numbers of the decision, for a bundle."""
        usual = list(self.machines.values())
        first = {} if self.first_surprise is None else self.first_surprise.arrays()
        return {
            **{f"head_{name}": array for name, array in self.head.arrays().items()},
            **{f"surprise_{name}": array for name, array in self.surprise.arrays().items()},
            **{f"first_{name}": array for name, array in first.items()},
            "usual": self.network.usual,
            "machine_mean": np.stack([one.mean for one in usual]),
            "machine_clips": np.array([one.own_clips for one in usual], np.int32),
            "machine_level": np.array([(one.level_db, one.level_sd_db) for one in usual], np.float64),
            "section_sd": self.section_sd,
            "normal_surprise": np.concatenate(self.normal_runs).astype(np.int32),
        }


HEAD_ARRAYS = ("mean", "precision", "triangle", "scale", "gain")


def combined(p_values: Sequence[float]) -> float:
    """One p-value of several that may depend on each other.

    The Cauchy combination test (Liu and Xie, "Cauchy combination test: a powerful test with analytic p-value
    calculation under arbitrary dependency structures", J. Am. Stat. Assoc. 115, 2020).
    """
    p = np.clip(np.asarray(p_values, np.float64), 1e-300, 0.999)
    # tan(pi (1/2 - p)) = 1 / tan(pi p), exact for small p too.
    return float(np.arctan2(1.0, np.mean(1.0 / np.tan(np.pi * p))) / np.pi)
