"""The training loop: steps through the pool with a loss on what is heard, kept on disk every few minutes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from acoustic.files import read_arrays, whole_file
from acoustic.frontend.enhancement import EnhancementFrontEnd

from .features import layout_of
from .loudness import LISTENING_DB, Ear
from .mixtures.pool import PER_FILE, STRETCH_FRAMES, Stretches, batches
from .network import INPUT_SCALE, build
from .recurrence import unroll

#: Loudness goes roughly with this power of the magnitude; the loss compares what is heard.
COMPRESSION = 0.3
#: Share of the loss that also sees the phase.
COMPLEX_SHARE = 0.3
#: What a decibel less of wrong sound is worth, each stretch by itself, and the share of the noisy sound's power
#: below which less does not count.
PER_DB, LEAST_LEFT = 0.02, 1e-3
#: Speech fainter than this share of the whole sound's power is not turned up to an ordinary level.
LEAST_SPEECH = 0.1
DB = 10.0 / math.log(10.0)
#: Above this frequency bins weigh less and less: there the ear has few bands for many bins.
FULL_WEIGHT_HZ = 4000.0
#: Every so many frames the loss listens as an ear does.
EAR_EVERY = 4
KEEP_EVERY_S = 180.0


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """How long and how fast to learn."""

    n_steps: int
    batch: int = 32
    rate: float = 4e-3
    """Learning rate at its highest, after the first 200 steps; from there it falls as half a cosine to nothing."""
    chunk_frames: int = 400
    """Frames that the gradient goes back through; states are carried on beyond."""
    weight_decay: float = 1e-4
    gradient_norm: float = 1.0
    """Longer gradients are shortened to this."""
    lost_speech: float = 2.0
    """How much more speech that is lost weighs than noise that is left."""
    per_opinion: float = 0.0
    """What an opinion score of the simplified PESQ is worth."""

    def rate_at(self, step: int) -> float:
        """Learning rate of a step."""
        return self.rate * min(1.0, (step + 1) / 200) * (0.5 + 0.5 * float(np.cos(np.pi * step / self.n_steps)))


def learn(
    paths: list[Path],
    kept: Path,
    seed: int,
    schedule: Schedule,
    advance: Callable[[float], None],
    front_end: EnhancementFrontEnd,
    start: Any = None,
) -> Any:
    """Train the float network; an interrupted training goes on from what lies in ``kept``.

    Parameters
    ----------
    paths : list of Path
        Files of the pool.
    kept : Path
        Where the progress is kept: an .npz file.
    seed : int
    schedule : Schedule
    advance : callable
        Told how many steps were done since the last call.
    front_end : EnhancementFrontEnd
        That of the pool.
    start : keras.Model, optional
        Where to start from: what an earlier round has learnt.

    Returns
    -------
    keras.Model
    """
    trainer = _Trainer(build(seed, layout_of(front_end)) if start is None else start, schedule, front_end)
    step = trainer.restore(kept)
    advance(step)
    kept_at = time.monotonic()
    chunks = STRETCH_FRAMES // schedule.chunk_frames
    per_epoch = len(paths) * (PER_FILE // schedule.batch) * chunks
    while step < schedule.n_steps:
        skipped = step % per_epoch
        for number, stretches in enumerate(batches(paths, seed, step // per_epoch, schedule.batch)):
            if number * chunks < skipped:
                continue
            trainer.forget()
            for chunk in _ahead(compared(stretches, schedule.chunk_frames, front_end)):
                trainer.step(step, *chunk)
                step += 1
                advance(1)
            if time.monotonic() - kept_at > KEEP_EVERY_S or step >= schedule.n_steps:
                trainer.keep(kept, step)
                kept_at = time.monotonic()
            if step >= schedule.n_steps:
                break
    return trainer.model


class _Trainer:
    """Model, optimiser and the compiled step."""

    def __init__(self, model: Any, schedule: Schedule, front_end: EnhancementFrontEnd) -> None:
        import keras
        import tensorflow as tf

        self.model = model
        self.schedule = schedule
        self.losses: list[float] = []
        self._weights = self.model.trainable_variables
        self._optimizer = keras.optimizers.AdamW(
            schedule.rate, weight_decay=schedule.weight_decay, global_clipnorm=schedule.gradient_norm
        )
        self._optimizer.build(self._weights)
        hz = np.arange(layout_of(front_end).n_bins) * front_end.rate_hz / front_end.analysis_samples
        weight = 1.0 / (1.0 + hz / FULL_WEIGHT_HZ)
        self._bin_weight = (weight / weight.mean()).astype(np.float32)
        self._ear = Ear(hz)
        self._states: list[Any] = []

        @tf.function(jit_compile=True)  # type: ignore[untyped-decorator]
        def gradients(*arrays: Any) -> Any:
            features, noisy, target, cosine, loudness, *states = arrays
            with tf.GradientTape() as tape:
                gains, states = unroll(self.model, features, states)
                loss = self._loss(gains, noisy, target, cosine, loudness)
            return loss, tape.gradient(loss, self._weights), states

        self._gradients = gradients

    def _loss(self, gains: Any, noisy: Any, target: Any, cosine: Any, loudness: Any) -> Any:
        """Distance of the enhanced spectra to the target's: compressed, not compressed, and to an ear."""
        import tensorflow as tf

        compressed = tf.pow(gains + 1e-5, COMPRESSION)
        enhanced = compressed * noisy
        distance = enhanced - target
        magnitude = distance * distance * (1.0 + self.schedule.lost_speech * tf.cast(distance < 0.0, tf.float32))
        with_phase = enhanced * enhanced + target * target - 2.0 * enhanced * target * cosine
        heard = tf.reduce_mean(self._bin_weight * ((1.0 - COMPLEX_SHARE) * magnitude + COMPLEX_SHARE * with_phase))
        noisy, target = tf.pow(noisy, 1.0 / COMPRESSION), tf.pow(target, 1.0 / COMPRESSION)
        enhanced = gains * noisy
        left = tf.reduce_sum(enhanced * enhanced + target * target - 2.0 * enhanced * target * cosine, [0, 2])
        whole = tf.reduce_sum(noisy * noisy, [0, 2])
        left_db = DB * tf.math.log((left + LEAST_LEFT * whole + 1e-3) / (whole + 1e-3))
        loss = heard + PER_DB * tf.reduce_mean(left_db)
        if self.schedule.per_opinion:
            powers = (loudness[:, None] * size[::EAR_EVERY] ** 2 for size in (enhanced, target))
            loss += self.schedule.per_opinion * tf.reduce_mean(self._ear.disturbance(*powers))
        return loss

    def forget(self) -> None:
        """Start the next chunk from silence."""
        import tensorflow as tf

        self._states = [tf.zeros((self.schedule.batch, state.shape[-1])) for state in self.model.inputs[1:]]

    def step(self, step: int, *arrays: NDArray[np.float32]) -> None:
        """Learn from one chunk."""
        loss, gradients, self._states = self._gradients(*arrays, *self._states)
        self._optimizer.learning_rate.assign(self.schedule.rate_at(step))
        self._optimizer.apply(gradients, self._weights)
        self.losses.append(float(loss))

    def keep(self, path: Path, step: int) -> None:
        """Write everything that a later run needs to go on; states start anew at a boundary of stretches."""
        values = (*self._weights, *self._optimizer.variables)
        arrays: dict[str, Any] = {f"v{number}": np.asarray(value) for number, value in enumerate(values)}
        with whole_file(path) as file:
            np.savez(file, step=step, losses=self.losses, **arrays)

    def restore(self, path: Path) -> int:
        """Read what :meth:`keep` wrote, if it is there; return the steps done."""
        if not path.exists():
            return 0
        arrays = read_arrays(path)
        for number, variable in enumerate((*self._weights, *self._optimizer.variables)):
            variable.assign(arrays[f"v{number}"])
        self.losses = arrays["losses"].tolist()
        return int(arrays["step"])


def compared(
    stretches: Stretches, chunk_frames: int, front_end: EnhancementFrontEnd
) -> Iterator[tuple[NDArray[np.float32], ...]]:
    """Cut stretches into chunks, each with what the network takes and what the loss compares.

    Yields
    ------
    features : float32 array, shape (n_frames, n, n_features)
    noisy, target : float32 arrays, shape (n_frames, n, n_bins)
        Compressed magnitudes, all stretches equally loud.
    cosine : float32 array, shape (n_frames, n, n_bins)
        Of the angle between the spectra.
    loudness : float32 array, shape (n,)
        Factor from the powers of these bins to those of speech at ``LISTENING_DB``.
    """
    power, wanted = (np.mean(pcm.astype(np.float32) ** 2, axis=1) for pcm in (stretches.noisy, stretches.target))
    gain = (1.0 / (np.sqrt(power) + 1e-3)).astype(np.float32)[:, None]
    speech = np.maximum(wanted, LEAST_SPEECH * power) * gain[:, 0] ** 2
    in_bins = speech * layout_of(front_end).n_bins * np.sum(front_end.windows.analysis**2)
    loudness = (10 ** (LISTENING_DB / 10) / (in_bins + 1e-3)).astype(np.float32)
    for start in range(0, STRETCH_FRAMES, chunk_frames):
        frames = slice(start, start + chunk_frames)
        features = stretches.features[:, frames].swapaxes(0, 1)
        noisy, target = (_spectra(pcm, frames, gain, front_end) for pcm in (stretches.noisy, stretches.target))
        noisy_size, target_size = np.abs(noisy), np.abs(target)
        cosine = (noisy.real * target.real + noisy.imag * target.imag) / (noisy_size * target_size + 1e-9)
        heard = (size ** np.float32(COMPRESSION) for size in (noisy_size, target_size))
        arrays = (features * np.float32(INPUT_SCALE), *heard, cosine, loudness)
        yield tuple(np.asarray(part, np.float32) for part in arrays)


T = TypeVar("T")


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """Make the next item in another thread while this one is used."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item


def _spectra(
    pcm: NDArray[np.int16], frames: slice, gain: NDArray[np.float32], front_end: EnhancementFrontEnd
) -> NDArray[np.complex64]:
    """Spectra of a chunk of frames as the front end has them, but for the gain: complex (n_frames, n, n_bins)."""
    hop, size = front_end.hop_samples, front_end.analysis_samples
    before = size - hop  # silence that the front end assumes before the first sample
    first, last = frames.start * hop - before, frames.stop * hop
    cut = pcm[:, max(first, 0) : last].astype(np.float32) * gain
    cut = np.pad(cut, ((0, 0), (max(-first, 0), 0)))
    cut = np.lib.stride_tricks.sliding_window_view(cut, size, axis=1)[:, ::hop].swapaxes(0, 1)
    return np.asarray(np.fft.rfft(cut * front_end.windows.analysis))
