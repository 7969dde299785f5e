"""Puts the sounds of a plan into a stretch of a session, each at its time and level."""

from __future__ import annotations

import numpy as np

from acoustic.signals import FloatArray, add_at, fft_filter

from . import sounds
from .noise import NoiseLibrary, draw_clip
from .process import Distractor, RoastPlan
from .signals import MS, RATE_HZ, band_energy

_SUSTAINED = frozenset({"speech", "beep", "music", "room_clip"})
_LONGEST_SOUND_S = 40.0
_LOUDEST_PEAK_DB = 35.0
"""No impulse peaks higher than this over the field's RMS: a dull knock has little energy where the contrast is measured
and would be raised without bound."""


class Stage:
    """The sounds of a plan in a stretch that starts at ``start_s``; every sound is the same in every stretch.

    ``spans`` lists start, end (seconds in the stretch) and kind of what was placed, besides cracks.
    """

    def __init__(self, plan: RoastPlan, noise: NoiseLibrary | None, start_s: float) -> None:
        self.spans: list[tuple[float, float, str]] = []
        self._plan, self._noise, self._start_s = plan, noise, start_s

    def sustained(self, n: int, reference: float) -> FloatArray:
        """Room bus float32 [n]: talk, beeps, music, a second steady noise; levels are over the RMS ``reference``."""
        x = np.zeros(n, dtype=np.float32)
        for index, sound in self._within(n):
            if sound.kind in _SUSTAINED and (wave := self._waveform(index)) is not None:
                add_at(x, self._sample(sound.t_s), _at_rms(wave, reference * 10 ** (sound.level_db / 20)))
                self._note(sound, wave)
        p = self._plan.parameters
        if p.bed_db and self._noise is not None and self._noise.beds:
            clip = draw_clip(np.random.default_rng([self._plan.seed, 6]), self._noise.beds, 60.0)
            x += _looped(_at_rms(clip, reference * 10 ** (p.bed_db / 20)), n)
        return x

    def strike(self, field: FloatArray, background: FloatArray, near: FloatArray, far: FloatArray) -> None:
        """Add cracks and impulsive noises to the field in place, each at its contrast over the background at that time.

        ``background`` is the median energy per millisecond of the field, ``near`` and ``far`` are the paths from the
        roaster and from elsewhere in the room.
        """
        limit = float(field.std()) * 10 ** (_LOUDEST_PEAK_DB / 20)

        def add(wave: FloatArray, path: FloatArray, t_s: float, contrast_db: float) -> None:
            heard = fft_filter(np.concatenate([wave, np.zeros(len(path), dtype=np.float32)]), path)
            at = self._sample(t_s)
            floor = float(background[min(max(at // MS, 0), len(background) - 1)])
            gain = np.sqrt(floor * 10 ** (contrast_db / 10) / (float(band_energy(heard).max()) + 1e-20))
            gain = min(gain, limit / (float(np.abs(heard).max()) + 1e-20))
            add_at(field, at, heard * np.float32(gain))

        for index, crack in enumerate(self._plan.cracks):
            t_s = float(crack["t_s"])
            if -RATE_HZ < self._sample(t_s) < len(field):
                wave = sounds.crack(np.random.default_rng([self._plan.seed, 7, index]), self._plan.parameters)
                add(wave, near, t_s, float(crack["contrast_db"]))
        for index, sound in self._within(len(field)):
            if sound.kind not in _SUSTAINED and (rendered := self._waveform(index)) is not None:
                add(rendered, far if sound.kind == "clip" else near, sound.t_s, sound.level_db)
                self._note(sound, rendered)

    def kind_at(self, t_s: float) -> str:
        """Kind of the latest sound that is on at ``t_s``, or ``clatter``: beans and the machine itself."""
        active = [(start, kind) for start, end, kind in self.spans if start - 0.01 <= t_s <= end + 0.1]
        return max(active)[1] if active else "clatter"

    def _waveform(self, index: int) -> FloatArray | None:
        """Waveform of a distractor, or None where it needs a recording that is not there."""
        rng, kind = np.random.default_rng([self._plan.seed, 5, index]), self._plan.distractors[index].kind
        if kind == "beep":
            return sounds.beep(rng)
        if kind == "music":
            return sounds.music(rng)
        if kind in ("speech", "clip", "room_clip"):
            if self._noise is None:
                return None
            paths = {"speech": self._noise.talkers, "clip": self._noise.impulsive, "room_clip": self._noise.rooms}[kind]
            return draw_clip(rng, paths) if paths else None
        return sounds.impulsive(rng, kind, self._plan.parameters)

    def _within(self, n: int) -> list[tuple[int, Distractor]]:
        first_s, last_s = self._start_s - _LONGEST_SOUND_S, self._start_s + n / RATE_HZ
        return [(k, sound) for k, sound in enumerate(self._plan.distractors) if first_s < sound.t_s < last_s]

    def _sample(self, t_s: float) -> int:
        return round((t_s - self._start_s) * RATE_HZ)

    def _note(self, sound: Distractor, wave: FloatArray) -> None:
        start_s = sound.t_s - self._start_s
        self.spans.append((start_s, start_s + len(wave) / RATE_HZ, sound.kind))


def _at_rms(wave: FloatArray, rms: float) -> FloatArray:
    return wave * np.float32(rms / (float(np.sqrt(np.mean(np.square(wave)))) + 1e-9))


def _looped(clip: FloatArray, n: int) -> FloatArray:
    """Repeat a clip with crossfades of 50 ms."""
    fade = min(RATE_HZ // 20, len(clip) // 4)
    ramp = np.linspace(0, 1, fade, dtype=np.float32)
    body = clip.copy()
    body[:fade] = body[:fade] * np.sqrt(ramp) + body[-fade:] * np.sqrt(1 - ramp)
    return np.resize(body[: len(body) - fade], n)
