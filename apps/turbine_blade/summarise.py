"""A normal recording reduced to what training needs of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acoustic.audio import Recording
from acoustic.frontend import FrontEnd

from .chain import least_frames
from .clips import Clip, ClipStream, Frames
from .gate import SetAside, Stretch, add_set_aside, gate_for
from .rotor import RotorStream
from .scorer.features import Layout, Steps, Sums
from .scorer.network import ResidualNetwork

#: Blocks that recordings are read in; larger ones are faster, and give the same.
BLOCK_S = 30


@dataclass(frozen=True, eq=False, kw_only=True)
class Summary:
    """One recording."""

    clips: Sums
    """int64 (n, n_columns): sums of each clip of which enough was left."""
    stretches: Sums
    """int64 (m, n_columns): sums of the single stretches of the first of them."""
    rotor: NDArray[np.int16] | None
    """How the blades differ, see `RotorStream.vector`; None where there is no reading."""
    duration_s: float
    set_aside: tuple[SetAside, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Recipe:
    """How recordings are summarised."""

    front_end: FrontEnd
    layout: Layout
    network: bytes
    usual_shape: NDArray[np.int16]
    clip_stretches: int
    nuisances: bool
    rotor: bool


def summarise_recording(recipe: Recipe, rpm: Mapping[Path, float | None], path: Path) -> Summary:
    """Summarise one recording; ``rpm`` has the rotation rates that are known.

    Raises
    ------
    AudioFileError
        If it cannot be read.
    """
    fe = recipe.front_end
    frames = Frames(fe)
    network = ResidualNetwork(recipe.network, recipe.usual_shape)
    stream = ClipStream(fe, recipe.layout, network, recipe.clip_stretches, nuisances=recipe.nuisances)
    rotor = RotorStream(fe, rpm.get(path)) if recipe.rotor else None
    recording, n_samples = Recording(path), 0
    clips: list[Clip] = []
    for block in recording.blocks(fe.rate_hz, BLOCK_S * fe.rate_hz):
        steps, clipped = frames.push(block)
        clips += stream.push(steps, clipped)
        if rotor is not None:
            rotor.push(steps)
        n_samples += len(block)
    clips += stream.flush()
    good = [clip for clip in clips if clip.kept_frames >= least_frames(recipe.clip_stretches)]
    nothing = np.empty((0, recipe.layout.n_columns), np.int64)
    aside: list[SetAside] = []
    for clip in clips:
        add_set_aside(aside, clip.stretches, clip.hop_s)
    return Summary(
        clips=np.stack([clip.sums.sum(axis=0) for clip in good]) if good else nothing,
        stretches=good[0].sums if good else nothing,
        rotor=None if rotor is None else rotor.vector(),
        duration_s=n_samples / fe.rate_hz,
        set_aside=tuple(aside),
    )


def normal_frames(front_end: FrontEnd, path: Path, most: int, *, nuisances: bool) -> list[Steps]:
    """Read frames of a recording that are not set aside, runs of int16 (n, n_mels), about ``most`` in all.

    Raises
    ------
    AudioFileError
        If it cannot be read.
    """
    frames, gate = Frames(front_end), gate_for(front_end, nuisances=nuisances)
    heard: list[Steps] = []
    judged: list[Stretch] = []
    for block in Recording(path).blocks(front_end.rate_hz, BLOCK_S * front_end.rate_hz):
        steps, clipped = frames.push(block)
        heard.append(steps)
        judged += gate.push(steps, clipped)
        if sum(map(len, heard)) >= most:
            break
    judged += gate.flush()
    everything = np.concatenate(heard)
    return [everything[stretch.start_frame : stretch.stop_frame] for stretch in judged if stretch.reason is None]
