"""A stream of PCM cut into clips: each with the sums of its stretches, and what was set aside of it."""

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, field

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend import FrontEnd, LogMelStream
from acoustic.frontend.clipped import ClippedSamples
from acoustic.frontend.noise_floor import to_steps

from .gate import Stretch, gate_for
from .scorer.features import Layout, Steps, StretchSums, Sums
from .scorer.network import ResidualNetwork


class Frames:
    """Log-mel frames of a stream in steps of 1/256 dB, with the full-scale samples of each."""

    def __init__(self, front_end: FrontEnd) -> None:
        self._log_mel = LogMelStream(front_end)
        self._clipped = ClippedSamples(front_end.hop_samples)

    def push(self, pcm: NDArray[np.int16]) -> tuple[Steps, NDArray[np.int64]]:
        """Take samples; return the frames they complete, int16 (n, n_mels), and counts, int64 (n,)."""
        steps = to_steps(self._log_mel.push(pcm))
        return steps, self._clipped.push(pcm, len(steps))


@dataclass(frozen=True, kw_only=True, eq=False)
class Clip:
    """A clip of some stretches in a row."""

    stretches: tuple[Stretch, ...]
    sums: Sums
    """int64 (n, n_columns): of the stretches that are not set aside."""
    hop_s: float
    """Time from one frame to the next, in seconds."""

    @property
    def start_s(self) -> float:
        """Start in the stream, in seconds."""
        return self.stretches[0].start_frame * self.hop_s

    @property
    def end_s(self) -> float:
        """End in the stream, in seconds."""
        return self.stretches[-1].stop_frame * self.hop_s

    @property
    def kept(self) -> tuple[Stretch, ...]:
        """The stretches that ``sums`` are of."""
        return tuple(stretch for stretch in self.stretches if stretch.reason is None)

    @property
    def kept_frames(self) -> int:
        """Frames that ``sums`` are of."""
        return sum(stretch.stop_frame - stretch.start_frame for stretch in self.kept)


@dataclass
class ClipStream:
    """Cuts frames into clips, stretch by stretch.

    Blocks of any size give the same clips. A clip comes when the gate has judged its last stretch.

    Parameters
    ----------
    front_end : FrontEnd
        That made the frames.
    layout, network
        What the sums are of.
    clip_stretches : int
        Length of a clip.
    nuisances : bool
        Set aside what the gate takes for weather and surroundings; else only what is clipped or silent.
    """

    front_end: FrontEnd
    layout: Layout
    network: ResidualNetwork
    clip_stretches: int
    _: KW_ONLY
    nuisances: bool
    _rows: list[NDArray[np.int64]] = field(default_factory=list, init=False)
    _judged: list[Stretch] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        """Start the stages."""
        self._sums = StretchSums(self.layout, self.network)
        self._gate = gate_for(self.front_end, nuisances=self.nuisances)
        self._hop_s = self.front_end.hop_samples / self.front_end.rate_hz

    def push(self, steps: Steps, clipped: NDArray[np.int64]) -> Iterator[Clip]:
        """Take frames, yield the clips that they complete; see :class:`Frames`."""
        self._rows += list(self._sums.push(steps))
        self._judged += self._gate.push(steps, clipped)
        while len(self._judged) >= self.clip_stretches:
            yield self._clip(self.clip_stretches)

    def flush(self) -> Iterator[Clip]:
        """End the stream: yield the last clips, of which the last may be shorter."""
        self._rows += list(self._sums.flush())
        self._judged += self._gate.flush()
        while self._judged:
            yield self._clip(min(self.clip_stretches, len(self._judged)))

    def _clip(self, n: int) -> Clip:
        stretches, rows = tuple(self._judged[:n]), self._rows[:n]
        del self._judged[:n], self._rows[:n]
        kept = [row for stretch, row in zip(stretches, rows, strict=True) if stretch.reason is None]
        sums = np.array(kept, np.int64).reshape(len(kept), self.layout.n_columns)
        return Clip(stretches=stretches, sums=sums, hop_s=self._hop_s)
