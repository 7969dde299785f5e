"""The roaster's steady sound and its beans: fan, motor, burner, drum, impacts, cooling tray."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from acoustic.signals import FloatArray, add_at, apply_envelope, fft_filter, minimum_phase

from . import sounds
from .process import RoastPlan
from .signals import FRAME, RATE_HZ

FFT_SIZE = 4096
BURNER_HZ = (20.0, 400.0)
_FREQUENCIES = np.fft.rfftfreq(FFT_SIZE, 1 / RATE_HZ)
_BIN_HZ = RATE_HZ / FFT_SIZE
_TABLE = 1 << 15

Curve = NDArray[np.float64]


@dataclass(frozen=True)
class Spectrum:
    """Amplitude response of a noise with an RMS of 1 at `FFT_SIZE` rfft frequencies."""

    magnitude: Curve

    @classmethod
    def coloured(cls, rng: np.random.Generator, slope: float, knee_hz: float, bumps_db: float) -> Spectrum:
        """Falling noise with smooth random bumps, about two to the octave."""
        octave = np.log2(np.maximum(_FREQUENCIES, 20) / 20)
        bumps = np.interp(octave, np.linspace(0, 10, 21), rng.normal(0, bumps_db, 21))
        power = (np.maximum(_FREQUENCIES, knee_hz) / knee_hz) ** -slope * 10 ** (bumps / 10)
        power *= np.minimum(1, _FREQUENCIES / 25) ** 2
        return cls(np.sqrt(power / (power.sum() * 2 / FFT_SIZE)))

    @classmethod
    def band(cls, low_hz: float, high_hz: float) -> Spectrum:
        """Noise between two frequencies, falling by 24 dB per octave outside."""
        power = 1 / ((1 + (low_hz / np.maximum(_FREQUENCIES, 1)) ** 8) * (1 + (_FREQUENCIES / high_hz) ** 8))
        return cls(np.sqrt(power / (power.sum() * 2 / FFT_SIZE)))

    def tilted(self, change_db: float) -> Spectrum:
        """Return the same noise changed by ``change_db`` at 8 kHz and nothing at 500 Hz, straight in the octaves."""
        octaves = np.clip(np.log2(np.maximum(_FREQUENCIES, 1) / 500), 0, 5)
        return Spectrum(self.magnitude * 10 ** (change_db * octaves / 4 / 20))

    def rms_above(self, hz: float) -> float:
        """RMS of the part above a frequency."""
        return float(np.sqrt(np.sum(self.magnitude[round(hz / _BIN_HZ) :] ** 2) * 2 / FFT_SIZE))

    def density(self, hz: Curve) -> Curve:
        """Power per hertz."""
        power = self.magnitude**2 * 2 / FFT_SIZE / _BIN_HZ
        return np.asarray(np.interp(hz, _FREQUENCIES, power))

    def colour(self, white: FloatArray) -> FloatArray:
        """Filter white noise of variance 1 to this spectrum."""
        return fft_filter(white, minimum_phase(self.magnitude, FFT_SIZE // 2))


@dataclass(frozen=True)
class Machine:
    """What is drawn once per session: spectra, changes of level, tones; rendered for any stretch of it."""

    plan: RoastPlan
    roast: Spectrum
    cooling: Spectrum
    steps_s: Curve
    steps_db: Curve
    harmonics: FloatArray
    """One period of the tones."""
    hum: FloatArray
    hum_hz: float

    @classmethod
    def of(cls, plan: RoastPlan) -> Machine:
        """Draw the machine of a session."""
        rng, p = np.random.default_rng([plan.seed, 1]), plan.parameters
        roast = Spectrum.coloured(rng, p.noise_slope, p.noise_knee_hz, p.noise_bumps_db)
        cooling = Spectrum.coloured(rng, p.cooling_slope, p.noise_knee_hz, p.noise_bumps_db)
        count = rng.poisson(p.noise_steps)
        mains = float(rng.choice([50.0, 60.0]))
        return cls(
            plan=plan,
            roast=roast,
            cooling=cooling,
            steps_s=np.sort(rng.uniform(0, plan.duration_s, count)),
            steps_db=np.clip(rng.normal(0, p.noise_step_db, count), -6, 6),
            harmonics=_period(rng, roast, p.tone_hz, round(p.tone_count), p.tone_db),
            hum=_period(rng, roast, mains, 12, p.hum_db),
            hum_hz=mains,
        )

    def rms_through(self, taps: FloatArray) -> float:
        """RMS of noise, burner and tones of the roast behind a filter, before any change of level."""
        p = self.plan.parameters
        gain = np.abs(np.fft.rfft(taps, FFT_SIZE)) ** 2
        flame = Spectrum.band(*BURNER_HZ).magnitude ** 2 * 10 ** (p.burner_db / 10)
        power = float(np.sum((self.roast.magnitude**2 + flame) * gain)) * 2 / FFT_SIZE
        if p.tone_db:
            lines = 2 * np.abs(np.fft.rfft(self.harmonics) / _TABLE) ** 2
            hz = np.minimum(np.arange(len(lines)) * p.tone_hz, RATE_HZ / 2)
            power += float(np.sum(lines * np.interp(hz, _FREQUENCIES, gain)))
        return float(np.sqrt(power))

    def render(self, rng: np.random.Generator, start_s: float, frames: int) -> FloatArray:
        """Render ``frames`` hundredths of a second: float32 [frames * FRAME]; the roast's noise has an RMS of 1."""
        p, n = self.plan.parameters, frames * FRAME
        t = start_s + np.arange(frames + 1) / 100
        running = self._level(t, {"preheat": 1.0, "roast": 1.0, "cooling": 0.4, "room": 0.03})
        steps = np.zeros(len(t))
        for at, change in zip(self.steps_s, self.steps_db, strict=True):
            steps += change * np.clip((t - at) / 0.8, 0, 1)
        steps = np.clip(steps, -9, 9)
        wobble = _slow_noise(rng, t, 5.0) * p.noise_wobble_db
        turn = 1 + p.drum_am * np.sin(2 * np.pi * p.drum_hz * t)
        level = running * 10 ** ((steps + wobble) / 20) * turn
        white = rng.standard_normal(n, dtype=np.float32)
        aged = np.clip(t / 600 + 0.2 * _slow_noise(rng, t, 0.02), 0, 1)
        x = self.roast.colour(white)
        apply_envelope(x, (level * np.sqrt(1 - aged)).astype(np.float32))
        late = self.roast.tilted(p.noise_drift_db).colour(np.roll(white, n // 7))
        apply_envelope(late, (level * np.sqrt(aged)).astype(np.float32))
        x += late

        burner = Spectrum.band(*BURNER_HZ).colour(np.roll(white, n // 3))
        burning = self._level(t, {"preheat": 1.0, "roast": 1.0, "cooling": 0.02, "room": 0.0})
        flame = burning * 10 ** ((p.burner_db + 2 * _slow_noise(rng, t, 0.5)) / 20)
        apply_envelope(burner, flame.astype(np.float32))
        x += burner

        if p.tone_db:
            pitch = p.tone_hz * (1 + p.tone_drift * t / 600 + 0.002 * _slow_noise(rng, t, 0.3) + 0.01 * steps / 6)
            tones = _play(self.harmonics, pitch)
            apply_envelope(tones, level.astype(np.float32))
            x += tones
        if p.hum_db:
            x += _play(self.hum, np.full(len(t), self.hum_hz))

        hf = self.roast.rms_above(2000)
        beans = self._level(t, {"roast": 1.0, "cooling": 0.0, "preheat": 0.0, "room": 0.0})
        tumbling = 1 + (0.3 + p.drum_am) * np.sin(2 * np.pi * p.drum_hz * t + 1.0)
        wash = Spectrum.band(1000, 8000).colour(np.roll(white, n // 2))
        rustle = hf * 10 ** (p.wash_db / 20) * beans * self._swelling(t) * tumbling
        apply_envelope(wash, rustle.astype(np.float32))
        x += wash

        cooling = self._level(t, {"cooling": 1.0, "roast": 0.0, "preheat": 0.0, "room": 0.0})
        if cooling.any():
            fan = self.cooling.colour(np.roll(white, n // 5))
            apply_envelope(fan, (cooling * 10 ** ((p.cooling_db + wobble) / 20)).astype(np.float32))
            x += fan
        self._clatter(rng, x, start_s, hf)
        return x

    def _level(self, t: Curve, of: dict[str, float]) -> Curve:
        """Follow the phases with transitions of half a second."""
        edges = [(phase.start_s, of[phase.kind]) for phase in self.plan.phases]
        level = np.full(len(t), edges[0][1])
        for (at, value), (_, before) in zip(edges[1:], edges, strict=False):
            level += (value - before) * np.clip((t - at) / 0.5, 0, 1)
        return level

    def _swelling(self, t: Curve) -> Curve:
        charge_s = self.plan.charge_s or 0.0
        return np.asarray(1 + (self.plan.parameters.clatter_end - 1) * np.clip((t - charge_s) / 600, 0, 1))

    def _clatter(self, rng: np.random.Generator, x: FloatArray, start_s: float, hf: float) -> None:
        """Add single impacts: a Poisson process that follows drum or agitator and thins out as the beans swell."""
        p, end_s = self.plan.parameters, start_s + len(x) / RATE_HZ
        beans = [sounds.impact(rng, p) for _ in range(64)]
        for kind, rate_hz, gain, turn_hz in (
            ("roast", p.clatter_hz, p.clatter_gain, p.drum_hz),
            ("cooling", p.clatter_hz * p.tray_rate, p.clatter_gain * 10 ** (p.tray_db / 20), 1 / p.agitator_s),
        ):
            for phase in self.plan.phases:
                first_s, last_s = max(phase.start_s, start_s), min(phase.end_s, end_s)
                if phase.kind != kind or first_s >= last_s:
                    continue
                t = rng.uniform(first_s, last_s, rng.poisson(2 * rate_hz * (last_s - first_s)))
                density = 0.5 + 0.4 * np.sin(2 * np.pi * turn_hz * t)
                t = t[rng.random(len(t)) < density * (self._swelling(t) if kind == "roast" else 1.0)]
                peaks = (hf * gain * rng.lognormal(0, p.clatter_spread, len(t))).astype(np.float32)
                starts = np.round((t - start_s) * RATE_HZ).astype(int)
                for at, which, peak in zip(starts.tolist(), rng.integers(0, 64, len(t)).tolist(), peaks, strict=True):
                    add_at(x, at, beans[which] * peak)


def _period(rng: np.random.Generator, floor: Spectrum, hz: float, count: int, level_db: float) -> FloatArray:
    """One period of a harmonic tone whose partials stand ``level_db`` over the noise in 10 Hz."""
    partial = np.arange(1, count + 1, dtype=np.float64)
    partial = partial[partial * hz * 1.1 < RATE_HZ / 2]
    power = 10 * floor.density(partial * hz) * 10 ** ((level_db + rng.normal(0, 5, len(partial))) / 10)
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=np.complex128)
    spectrum[partial.astype(int)] = np.sqrt(2 * power) * np.exp(2j * np.pi * rng.random(len(partial))) * _TABLE / 2
    return np.fft.irfft(spectrum).astype(np.float32)


def _play(period: FloatArray, pitch_hz: Curve) -> FloatArray:
    """Play a stored period at a pitch given every 10 ms."""
    turns = np.concatenate([[0.0], np.cumsum((pitch_hz[:-1] + pitch_hz[1:]) / 200)])[:-1] % 1.0
    k = np.arange(FRAME, dtype=np.float32) / RATE_HZ
    slope = np.diff(pitch_hz)[:, None] * 50
    phase = turns[:, None].astype(np.float32) + k * (pitch_hz[:-1, None] + slope * k).astype(np.float32)
    index = (phase.reshape(-1) * np.float32(_TABLE)).astype(np.int32) & (_TABLE - 1)
    return np.asarray(period[index], dtype=np.float32)


def _slow_noise(rng: np.random.Generator, t: Curve, cutoff_hz: float) -> Curve:
    """Random curve of variance near 1 that changes at up to ``cutoff_hz``, at the times ``t`` (every 10 ms)."""
    knots = max(4, int(len(t) / 100 * 2 * cutoff_hz) + 2)
    return np.asarray(np.interp(np.arange(len(t)), np.linspace(0, len(t), knots), 1.2 * rng.standard_normal(knots)))
