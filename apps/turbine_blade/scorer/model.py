"""A trained model as the application uses it: judges the sums of a clip against what is usual for a machine."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import BundleError, ParameterError
from acoustic.frontend import FrontEnd
from acoustic.frontend.tables import mel_bank
from acoustic.model.bundle import Bundle
from acoustic.records import About, read

from ..conditions import Condition, n_numbers
from ..gate import gate_for
from ..rotor.group_levels import GroupLevels
from .arrays import Arrays
from .calibration import STEPS, log2_steps
from .channel import Channel, Expected
from .explain import SECTIONS, Band, Sections
from .features import STRETCH_FRAMES, Layout, Size, Sums
from .network import ResidualNetwork

APPLICATION = "turbine"
MOST_MACHINES = 10_000
MOST_STRETCHES = 3600
#: Frames per second: more would take more memory than sound is worth, fewer tell nothing of how levels move.
LEAST_FRAME_RATE, MOST_FRAME_RATE = 4, 400


@dataclass(frozen=True, eq=False, kw_only=True)
class Usual:
    """What is usual for one machine."""

    clips: Expected
    rotor: Expected | None
    """Of the rotor's orders; None where the model does not judge rotors."""
    level_db: float | None = None
    """Mean level of its clips; None for a machine never heard."""
    level_sd_db: float = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Judgement:
    """What is to be said about one clip."""

    distance: int
    """Squared Mahalanobis distance over the number of features, in steps of 1/256, as of a whole clip."""
    surprise: int
    """-log10(p), in steps of 1/256."""
    bands: tuple[Band, ...]
    stretch_z: tuple[float, ...]
    """How unusual each stretch is by itself, in standard deviations of normal stretches; 0 for one cut short."""
    level_db: float
    """Mean level of bands over the clip."""
    vector: NDArray[np.int16]
    """Features and conditions, int16 (d + k,)."""

    @property
    def p_value(self) -> float:
        """Share of normal clips that are as unusual."""
        return p_value(self.surprise)

    @property
    def octaves(self) -> int:
        """log2 of the distance in steps of 1/256."""
        return int(log2_steps(np.array([self.distance]))[0])


@dataclass(frozen=True, kw_only=True)
class TurbineDecision:
    """Settings of the decision, as a bundle holds them."""

    size: Size
    conditions: Annotated[tuple[Condition, ...], About("Conditions that clips are judged under.", longest=2)]
    machines: Annotated[tuple[str, ...], About("Machines that clips were learnt from.", longest=MOST_MACHINES)]
    rotor_machines: Annotated[tuple[str, ...], About("Machines that rotors were learnt from.", longest=MOST_MACHINES)]
    levels_db: Annotated[
        Mapping[str, tuple[float, float]],
        About(
            "Mean and standard deviation of the level of each machine's clips.",
            unit="dB",
            low=-1000,
            high=1000,
            longest=MOST_MACHINES,
        ),
    ]
    clip_stretches: Annotated[int, About("Length of a clip in stretches.", low=1, high=MOST_STRETCHES)]
    clip_frames: Annotated[
        int, About("Median length of the clips learnt from, in frames.", low=1, high=MOST_STRETCHES * STRETCH_FRAMES)
    ]
    nuisances: Annotated[bool, About("Whether weather and surroundings are set aside; else only clipping and silence.")]
    false_alarm_rate: Annotated[float, About("Share of normal recordings that may be called anomalous.", low=0, high=1)]
    alarms_per_day: Annotated[float, About("False alarms per day when listening.", low=0, high=1e6)]
    stretch_octaves: Annotated[
        tuple[float, float],
        About("Mean and standard deviation of log2 of the distance of single normal stretches.", low=-1000, high=1000),
    ]


@dataclass(frozen=True, kw_only=True, eq=False)
class TurbineModel:
    """Everything of a turbine bundle that judges clips.

    Raises
    ------
    ParameterError
        When a part is out of range, or does not fit another.
    """

    front_end: FrontEnd
    layout: Layout
    network_file: bytes
    usual_shape: NDArray[np.int16]
    """int16 (n_bands / 2,), see `network.deviations`."""
    clips: Channel
    rotor: Channel | None
    """Judges the orders of a rotor; None for machines without one."""
    levels: Mapping[str, tuple[float, float]]
    """Mean and standard deviation of the level of each machine's clips, in dB."""
    conditions: tuple[Condition, ...]
    """Conditions that clips are judged under."""
    clip_stretches: int
    clip_frames: int
    """Median length of the clips it was fitted to."""
    nuisances: bool
    """Whether the sounds of weather and surroundings are set aside; else only clipping and silence."""
    false_alarm_rate: float
    """Share of normal recordings that may be called anomalous."""
    alarms_per_day: float
    """False alarms per day when listening."""
    section_sd: NDArray[np.int16]
    """int16 (4, SECTIONS), see `Sections`."""
    stretch_octaves: tuple[float, float]
    """Mean and standard deviation of log2 of the distance of single normal stretches."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        if min(self.clip_stretches, self.clip_frames) < 1:
            raise ParameterError(f"a clip cannot have {self.clip_stretches} stretches or {self.clip_frames} frames")
        if not 0.0 < self.false_alarm_rate < 1.0:
            raise ParameterError(f"the false-alarm rate must be between 0 and 1, not {self.false_alarm_rate:g}")
        if not self.alarms_per_day > 0.0:
            raise ParameterError(f"false alarms per day must be above 0, not {self.alarms_per_day:g}")
        deviations = [self.stretch_octaves[1], *(sd for _, sd in self.levels.values()), float(self.section_sd.min())]
        if not min(deviations) > 0.0:
            raise ParameterError("standard deviations must be above 0")
        if self.layout.n_bands != self.front_end.n_mels:
            raise ParameterError(f"features of {self.layout.n_bands} bands do not fit the front end")
        if self.clips.head.largest_distance * self.clip_stretches * STRETCH_FRAMES >= 2.0**63:
            raise ParameterError("the numbers of the head are so large that distances do not fit 64 bits")
        if not LEAST_FRAME_RATE <= self.front_end.frames_per_second <= MOST_FRAME_RATE:
            raise ParameterError(
                f"{LEAST_FRAME_RATE} to {MOST_FRAME_RATE} frames per second are needed, not "
                f"{self.front_end.frames_per_second:g}"
            )

    @cached_property
    def network(self) -> ResidualNetwork:
        """The network, ready to run."""
        return ResidualNetwork(self.network_file, self.usual_shape)

    @cached_property
    def sections(self) -> Sections:
        """The sections of the spectrum."""
        return Sections(self.layout, self.front_end, self.section_sd)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of what decides the features: baselines are sums of them."""
        settings = f"{self.front_end.fingerprint()} {self.layout} {self.conditions}".encode()
        return hashlib.sha256(settings + self.network_file + self.usual_shape.tobytes()).hexdigest()

    @property
    def hop_s(self) -> float:
        """Time from one frame to the next, in seconds."""
        return self.front_end.hop_samples / self.front_end.rate_hz

    @property
    def clip_s(self) -> float:
        """Length of a clip in seconds."""
        return self.clip_stretches * STRETCH_FRAMES * self.front_end.hop_samples / self.front_end.rate_hz

    @property
    def threshold(self) -> float:
        """Score from which on a recording is anomalous: -log10 of the false-alarm rate."""
        return float(-np.log10(self.false_alarm_rate))

    @property
    def model_bytes(self) -> int:
        """All that the int8 device model of clips holds: network, head, calibration."""
        tables = (self.usual_shape, *self.clips.surprise.arrays().values(), self.section_sd)
        return len(self.network_file) + self.clips.head.model_bytes + sum(table.nbytes for table in tables)

    @property
    def ram_bytes(self) -> int:
        """Working memory on the device: sums of a clip, frames around, the network's arena, a clip's features."""
        sums = 4 * self.layout.n_columns + 4 * (self.layout.n_spread + self.layout.n_half_bands)
        frames = 2 * (self.layout.n_bands + 5 * self.layout.n_half_bands)
        return sums + frames + self.network.network.arena_bytes + 4 * self.layout.n_features

    def usual(self, machine: str | None) -> Usual:
        """Return what is usual for a machine of the bundle; for any other, what is known of all."""
        level = self.levels.get(machine or "")
        if machine is None and len(self.levels) == 1:
            level = next(iter(self.levels.values()))
        rotor = None if self.rotor is None else self.rotor.expect(machine)
        known = {} if level is None else {"level_db": level[0], "level_sd_db": level[1]}
        return Usual(clips=self.clips.expect(machine), rotor=rotor, **known)

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
        frames = int(whole[0])
        distance, surprise = self.clips.judge(vectors[:1], usual.clips, (frames, self.clip_frames))
        of_stretches, _ = self.clips.judge(vectors[1:], usual.clips)
        mean, sd = self.stretch_octaves
        # Half a second of frames hardly varies: it is unlike a second of any sound.
        z = np.where(stretches[:, 0] == STRETCH_FRAMES, (log2_steps(of_stretches) / STEPS - mean) / sd, 0.0)
        deviation = self.clips.head.deviation(vectors[:1], usual.clips.mean)[0]
        return Judgement(
            distance=int(distance[0]),
            surprise=int(surprise[0]),
            bands=self.sections.bands(deviation),
            stretch_z=tuple(z.round(2).tolist()),
            level_db=float(self.layout.level_db(whole)),
            vector=vectors[0],
        )

    @classmethod
    def read(cls, bundle: Bundle) -> Self:
        """Read the parts of a bundle.

        Raises
        ------
        BundleError, ParameterError, ModelError
            When a part is missing, out of range, or does not fit another.
        """
        front_end = bundle.frontend
        if not isinstance(front_end, FrontEnd):
            raise BundleError("its front end gives no log-mel frames")
        decision = read(TurbineDecision, bundle.decision, "decision")
        layout = Layout(n_bands=front_end.n_mels, size=decision.size)
        arrays, rotor = Arrays(bundle.vectors), None
        if decision.rotor_machines:
            # Rotors are judged by the shape and the tone of each group of bands, at two orders.
            n_rotor = 4 * len(GroupLevels(front_end).edges_hz)
            rotor = Channel.from_arrays(arrays.under("rotor_"), decision.rotor_machines, n_rotor)
        model = cls(
            front_end=front_end,
            layout=layout,
            network_file=bundle.network,
            usual_shape=arrays.take("usual_shape", np.int16, layout.n_half_bands),
            clips=Channel.from_arrays(
                arrays.under("clips_"), decision.machines, layout.n_features, n_numbers(decision.conditions)
            ),
            rotor=rotor,
            levels=decision.levels_db,
            conditions=decision.conditions,
            clip_stretches=decision.clip_stretches,
            clip_frames=decision.clip_frames,
            nuisances=decision.nuisances,
            false_alarm_rate=decision.false_alarm_rate,
            alarms_per_day=decision.alarms_per_day,
            section_sd=arrays.take("section_sd", np.int16, len(layout.groups), SECTIONS),
            stretch_octaves=decision.stretch_octaves,
        )
        # What cannot run is said now, and not in the middle of a recording.
        _ = model.network, mel_bank(front_end), gate_for(front_end, nuisances=model.nuisances)
        return model

    def decision(self) -> TurbineDecision:
        """Return the settings of the decision, for a bundle."""
        return TurbineDecision(
            size=self.layout.size,
            conditions=self.conditions,
            machines=tuple(self.clips.machines),
            rotor_machines=() if self.rotor is None else tuple(self.rotor.machines),
            levels_db=self.levels,
            clip_stretches=self.clip_stretches,
            clip_frames=self.clip_frames,
            nuisances=self.nuisances,
            false_alarm_rate=self.false_alarm_rate,
            alarms_per_day=self.alarms_per_day,
            stretch_octaves=self.stretch_octaves,
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the numbers of the decision, for a bundle."""
        rotor = {} if self.rotor is None else self.rotor.arrays()
        return {
            **{f"clips_{name}": array for name, array in self.clips.arrays().items()},
            **{f"rotor_{name}": array for name, array in rotor.items()},
            "usual_shape": self.usual_shape,
            "section_sd": self.section_sd,
        }


def p_value(surprise: float) -> float:
    """Share of normal clips that are as surprising, from a surprise in steps of 1/256."""
    return float(10.0 ** (-surprise / STEPS))
