"""From frames and clips of normal sound to a model: network, head, calibration."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.frontend import FrontEnd
from acoustic.train import start_tensorflow
from acoustic.train.quantise import to_int8

from ..conditions import Condition, n_numbers
from .calibration import LEAST_NORMALS, STEPS, log2_steps, without_parts
from .channel import Channel
from .explain import Sections
from .features import STRETCH_FRAMES, Layout, Steps, Sums, half_bands
from .model import TurbineModel
from .moments import Moments
from .network import (
    CONTEXT_FRAMES,
    INPUT_SCALE,
    UNIT_DB,
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
#: Fewer readings of a rotor tell nothing of how these vary.
LEAST_ROTOR_READINGS = 30


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
    start_tensorflow()
    import keras

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
    frames: NDArray[np.int64]
    """int64 (n,): frames of each clip."""
    stretches: Mapping[int, Sums]
    """Sums of the single stretches of some of the clips by their number, each int64 (m, n_columns)."""

    def level(self) -> tuple[float, float]:
        """Return mean and standard deviation of the clips' level in dB."""
        return round(float(self.level_db.mean()), 2), round(max(LEAST_LEVEL_SD_DB, float(self.level_db.std())), 2)

    @classmethod
    def of(cls, layout: Layout, clips: Sequence[Sums], conditions: Sequence[NDArray[np.int16]]) -> "Normals":
        """Summarise clips, each the sums of its stretches, int64 (m, n_columns), with its conditions, int16 (k,)."""
        whole = np.stack([clip.sum(axis=0) for clip in clips])
        every = max(1, len(clips) // STRETCH_SAMPLE)
        some = {number: clips[number] for number in range(0, len(clips), every)}
        return cls.of_sums(layout, whole, conditions, some)

    @classmethod
    def of_sums(
        cls,
        layout: Layout,
        whole: Sums,
        conditions: Sequence[NDArray[np.int16]],
        stretches: Mapping[int, Sums],
    ) -> "Normals":
        """Summarise sums of whole clips, int64 (n, n_columns), and the single stretches of a few, by their number."""
        return cls(
            vectors=np.concatenate([layout.features(whole), np.stack(conditions)], axis=1),
            level_db=layout.level_db(whole),
            frames=whole[:, 0],
            stretches=stretches,
        )


def fit_model(
    front_end: FrontEnd,
    layout: Layout,
    network: bytes,
    usual_shape: NDArray[np.int16],
    normals: Mapping[str, Normals],
    *,
    clip_stretches: int,
    conditions: tuple[Condition, ...] = (),
    nuisances: bool = False,
    rotor: Mapping[str, NDArray[np.int16]] | None = None,
    false_alarm_rate: float = 0.01,
    alarms_per_day: float = 0.1,
) -> TurbineModel:
    """Fit heads and calibration to normal clips.

    Parameters
    ----------
    front_end, layout, network, usual_shape
        What features are made with, see :func:`fit_network`.
    normals
        Normal clips of each machine.
    clip_stretches, conditions, nuisances, false_alarm_rate, alarms_per_day
        See `TurbineModel`.
    rotor : mapping of int16 arrays, shape (n, d), optional
        Rotor orders of each machine's normal recordings in order of time.

    Raises
    ------
    ParameterError
        When there are too few clips.
    """
    n = sum(len(one.vectors) for one in normals.values())
    if n < LEAST_NORMALS:
        raise ParameterError(f"a model needs at least {LEAST_NORMALS} clips of normal sound, and these give {n}")
    clip_frames = int(np.median(np.concatenate([one.frames for one in normals.values()])))
    clips = Channel.fit(
        {name: one.vectors for name, one in normals.items()},
        n_numbers(conditions),
        {name: (one.frames, clip_frames) for name, one in normals.items()},
    )
    moments = [Moments.of(one.vectors) for one in normals.values()]
    return TurbineModel(
        front_end=front_end,
        layout=layout,
        network_file=network,
        usual_shape=usual_shape,
        clips=clips,
        rotor=Channel.fit(rotor, 0) if rotor and sum(map(len, rotor.values())) >= LEAST_ROTOR_READINGS else None,
        levels={name: one.level() for name, one in normals.items()},
        conditions=conditions,
        section_sd=Sections.learn(layout, moments, n_numbers(conditions)),
        clip_stretches=clip_stretches,
        clip_frames=clip_frames,
        stretch_octaves=_stretch_octaves(layout, normals, n_numbers(conditions)),
        nuisances=nuisances,
        false_alarm_rate=false_alarm_rate,
        alarms_per_day=alarms_per_day,
    )


def _stretch_octaves(layout: Layout, normals: Mapping[str, Normals], n_conditions: int) -> tuple[float, float]:
    """Mean and standard deviation over whole stretches of log2 of their distance, from heads fitted without them."""
    octaves = [np.zeros(0)]
    vectors = {name: one.vectors for name, one in normals.items()}
    for head, rest, parts in without_parts(vectors, n_conditions):
        for name, part in parts.items():
            mean, stretches = head.own_mean(rest[name]), normals[name].stretches
            for number in stretches.keys() & range(part.start, part.stop):
                whole = layout.features(stretches[number][stretches[number][:, 0] == STRETCH_FRAMES])
                conditions = np.tile(vectors[name][number, layout.n_features :], (len(whole), 1))
                distances = head.distance(np.concatenate([whole, conditions], axis=1), mean, rest[name].count)
                octaves.append(log2_steps(distances) / STEPS)
    every = np.concatenate(octaves)
    return (round(float(every.mean()), 4), round(max(0.1, float(every.std())), 4)) if len(every) else (0.0, 1.0)
