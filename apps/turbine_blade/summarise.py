"""A normal recording reduced to what training needs of it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acoustic.audio import Recording

from .chain import LEAST_SHARE
from .clips import Clip, ClipStream, Frames, heeded
from .gate import Gate, SetAside, Stretch, set_aside
from .rotor import RotorStream
from .scorer.features import FRONT_END, STRETCH_FRAMES, Layout, Steps, Sums
from .scorer.network import ResidualNetwork

BLOCK_SAMPLES = 30 * FRONT_END.rate_hz


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

    layout: Layout
    network: bytes
    usual_shape: NDArray[np.int16]
    clip_stretches: int
    nuisances: bool
    rotor: bool


def summarise_recording(recipe: Recipe, rpm: dict[Path, float | None], path: Path) -> Summary:
    """Summarise one recording; ``rpm`` has the rotation rates that are known.

    Raises
    ------
    AudioFileError
        If it cannot be read.
    """
    frames = Frames()
    network = ResidualNetwork(recipe.network, recipe.usual_shape)
    stream = ClipStream(recipe.layout, network, recipe.clip_stretches, recipe.nuisances)
    rotor = RotorStream(FRONT_END, rpm.get(path)) if recipe.rotor else None
    recording, n_samples = Recording(path), 0
    clips: list[Clip] = []
    for block in recording.blocks(FRONT_END.rate_hz, BLOCK_SAMPLES):
        steps, clipped = frames.push(block)
        clips += stream.push(steps, clipped)
        if rotor is not None:
            rotor.push(steps)
        n_samples += len(block)
    clips += stream.flush()
    least = LEAST_SHARE * recipe.clip_stretches * STRETCH_FRAMES
    good = [clip for clip in clips if clip.kept_frames >= least]
    nothing = np.empty((0, recipe.layout.n_columns), np.int64)
    stretches: list[Stretch] = [stretch for clip in clips for stretch in clip.stretches]
    return Summary(
        clips=np.stack([clip.sums.sum(axis=0) for clip in good]) if good else nothing,
        stretches=good[0].sums if good else nothing,
        rotor=None if rotor is None else rotor.vector(),
        duration_s=n_samples / FRONT_END.rate_hz,
        set_aside=tuple(set_aside(stretches, FRONT_END)),
    )


def make_summariser(recipe: Recipe, rpm: dict[Path, float | None]) -> Callable[[Path], Summary]:
    """Return the function that summarises recordings; for `acoustic.score.score_all`."""
    return partial(summarise_recording, recipe, rpm)


def normal_frames(path: Path, most: int, *, nuisances: bool) -> list[Steps]:
    """Read frames of a recording that are not set aside, runs of int16 (n, n_mels), about ``most`` in all.

    Raises
    ------
    AudioFileError
        If it cannot be read.
    """
    frames, gate = Frames(), Gate(FRONT_END)
    heard: list[Steps] = []
    judged: list[Stretch] = []
    for block in Recording(path).blocks(FRONT_END.rate_hz, BLOCK_SAMPLES):
        steps, clipped = frames.push(block)
        heard.append(steps)
        judged += gate.push(steps, clipped)
        if sum(map(len, heard)) >= most:
            break
    judged += gate.flush()
    everything = np.concatenate(heard)
    return [
        everything[stretch.start_frame : stretch.stop_frame]
        for stretch in judged
        if heeded(stretch.reason, nuisances) is None
    ]
