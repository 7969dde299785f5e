"""From frames and clips of normal sound to a model: network, head, calibration."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from apps.turbine_blade.calibration import LEAST_NORMALS, STEPS, Surprise, cross_fitted, log2_steps, never_heard
from apps.turbine_blade.conditions import n_numbers
from apps.turbine_blade.explain import Sections
from apps.turbine_blade.features import STRETCH_FRAMES, Layout, Steps, Sums, half_bands
from apps.turbine_blade.head import Head
from apps.turbine_blade.model import TurbineModel, Usual
from apps.turbine_blade.moments import Moments
from apps.turbine_blade.network import (
    CONTEXT_FRAMES,
    INPUT_SCALE,
    UNIT_DB,
    ResidualNetwork,
    build,
    deviations,
    to_input,
)

#: Frames that the network is fitted on at most: more teach it nothing new.
MOST_FRAMES = 300_000
EPOCHS, BATCH, RATE = 5, 512, 4e-3
#: Clips whose single stretches tell how these vary.
STRETCH_SAMPLE = 200
LEAST_LEVEL_SD_DB = 0.5


def fit_network(normals: Iterable[Steps], seed: int) -> tuple[Any, bytes, NDArray[np.int16]]:
    """Fit the network to frames of normal sound, and quantise it.

    Parameters
    ----------
    normals : iterable of int16 arrays, shape (n, n_bands)
        Runs of frames, ``MOST_FRAMES`` in all or fewer.
    seed : int
        Decides every random number.

    Returns
    -------
    model : keras.Model
        The float network.
    network : bytes
        The int8 .tflite file.
    usual : int16 array, shape (n_bands / 2,)
        See `network.deviations`.

    Raises
    ------
    ParameterError
        When there is no run of frames long enough.
    """
    import keras

    from acoustic.train.quantise import to_int8

    runs = [half_bands(run) for run in normals if len(run) >= CONTEXT_FRAMES]
    if not runs:
        raise ParameterError("there is no normal sound to learn from")
    mean = np.concatenate(runs).mean(axis=0)
    usual = np.rint(mean - mean.mean()).astype(np.int16)
    pairs = [deviations(run, usual) for run in runs]
    around = to_input(np.concatenate([pair[0] for pair in pairs])).astype(np.float32) * np.float32(INPUT_SCALE)
    between = np.concatenate([pair[1] for pair in pairs]).astype(np.float32) / np.float32(UNIT_DB * 256)
    model = build(len(usual), seed)
    steps = EPOCHS * (len(around) // BATCH + 1)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps)), "mse")
    model.fit(around, between, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    some = around[:: max(1, len(around) // 1000)].copy()
    # One example that spans the whole range, so that a step of the input is exactly a quarter of a dB.
    some[0, :2] = -128 * INPUT_SCALE, 127 * INPUT_SCALE
    return model, to_int8(model, some, per_channel_dense=False), usual


@dataclass(frozen=True, eq=False, kw_only=True)
class Normals:
    """Normal clips of one machine in order of time."""

    vectors: NDArray[np.int16]
    """int16 (n, d + k): features and conditions."""
    level_db: NDArray[np.float64]
    """float64 (n,): mean level of each clip."""
    stretches: Sequence[Sums]
    """Sums of the single stretches of some of the clips, each int64 (m, n_columns)."""
    stretch_conditions: Sequence[NDArray[np.int16]]
    """Conditions of the same clips, each int16 (k,)."""

    @classmethod
    def of(cls, layout: Layout, clips: Sequence[Sums], conditions: Sequence[NDArray[np.int16]]) -> "Normals":
        """Summarise clips, each the sums of its stretches, int64 (m, n_columns), with its conditions, int16 (k,)."""
        whole = np.stack([clip.sum(axis=0) for clip in clips])
        every = max(1, len(clips) // STRETCH_SAMPLE)
        return cls(
            vectors=np.concatenate([layout.features(whole), np.stack(conditions)], axis=1),
            level_db=layout.level_db(whole),
            stretches=clips[::every],
            stretch_conditions=conditions[::every],
        )


def fit_model(
    layout: Layout,
    network: bytes,
    usual: NDArray[np.int16],
    normals: Mapping[str, Normals],
    *,
    clip_stretches: int,
    conditions: tuple[str, ...] = (),
    kind: Literal["turbine", "machine"] = "machine",
    false_alarm_rate: float = 0.01,
    alarms_per_day: float = 0.1,
) -> TurbineModel:
    """Fit head and calibration to normal clips.

    Raises
    ------
    ParameterError
        When there are too few.
    """
    n = sum(len(one.vectors) for one in normals.values())
    if n < LEAST_NORMALS:
        raise ParameterError(f"a model needs at least {LEAST_NORMALS} clips of normal sound, and these give {n}")
    k = n_numbers(conditions)
    vectors = {name: one.vectors for name, one in normals.items()}
    moments = {name: Moments.of(rows) for name, rows in vectors.items()}
    head = Head.fit(moments.values(), k)
    crossed = cross_fitted(vectors, k)
    surprise = Surprise.fit(np.concatenate(list(crossed.values())))
    strange = never_heard(vectors, k)
    machines = {
        name: Usual(
            mean=head.own_mean(moments[name]),
            own_clips=moments[name].count,
            level_db=round(float(one.level_db.mean()), 2),
            level_sd_db=round(max(LEAST_LEVEL_SD_DB, float(one.level_db.std())), 2),
        )
        for name, one in normals.items()
    }
    return TurbineModel(
        layout=layout,
        network=ResidualNetwork(network, usual),
        network_file=network,
        head=head,
        surprise=surprise,
        first_surprise=Surprise.fit(strange) if len(strange) else None,
        machines=machines,
        conditions=conditions,
        clip_stretches=clip_stretches,
        nuisances=kind == "turbine",
        rotor=kind == "turbine",
        false_alarm_rate=false_alarm_rate,
        alarms_per_day=alarms_per_day,
        section_sd=Sections.learn(layout, list(moments.values()), k),
        stretch_octaves=_stretch_octaves(layout, head, normals, machines),
        normal_runs=tuple(surprise(distances).astype(np.int32) for distances in crossed.values()),
    )


def _stretch_octaves(
    layout: Layout, head: Head, normals: Mapping[str, Normals], machines: Mapping[str, Usual]
) -> tuple[float, float]:
    """Mean and standard deviation over whole stretches of log2 of their distance."""
    octaves = []
    for name, one in normals.items():
        for sums, conditions in zip(one.stretches, one.stretch_conditions, strict=True):
            whole = sums[sums[:, 0] == STRETCH_FRAMES]
            vectors = np.concatenate([layout.features(whole), np.tile(conditions, (len(whole), 1))], axis=1)
            distances = head.distance(vectors, machines[name].mean, machines[name].own_clips)
            octaves.append(log2_steps(distances) / STEPS)
    every = np.concatenate(octaves) if octaves else np.zeros(1)
    return (round(float(every.mean()), 4), round(max(0.1, float(every.std())), 4)) if len(every) else (0.0, 1.0)
