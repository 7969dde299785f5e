"""Simulated coffee roasts as a microphone hears them, with a label for every crack.

A session is planned first (`plan_roast`: cheap, holds the labels), then rendered (`render_roast`: any stretch of it);
`simulate_roast` does both. The same seed, ranges and stretch give the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.files import whole_file
from acoustic.signals import fft_filter

from .simulation.channel import impulse_response, microphone
from .simulation.labels import RoastLabels, label
from .simulation.machine import Machine
from .simulation.noise import NoiseLibrary
from .simulation.parameters import HELD_OUT, TRAIN, Ranges
from .simulation.placement import Stage
from .simulation.process import AUDIBLE_DB, EVENT, EventArray, RoastPlan, plan_roast
from .simulation.recorder import record
from .simulation.signals import FRAME, RATE_HZ, background_energy, band_energy, resampled

__all__ = [
    "AUDIBLE_DB",
    "EVENT",
    "HELD_OUT",
    "TRAIN",
    "NoiseLibrary",
    "Ranges",
    "RoastLabels",
    "RoastPlan",
    "SimulatedRoast",
    "plan_roast",
    "render_roast",
    "save_roast",
    "simulate_roast",
]


@dataclass(frozen=True)
class SimulatedRoast:
    """A rendered stretch: int16 mono ``pcm`` [n], its labels, and how it came about."""

    pcm: NDArray[np.int16]
    rate_hz: int
    labels: RoastLabels
    plan: RoastPlan
    start_s: float
    """Where in the session the stretch starts."""

    @property
    def parameters(self) -> dict[str, Any]:
        """Everything drawn for the session, ready for JSON."""
        plan = self.plan
        return {"seed": plan.seed, "ranges": plan.ranges_name, "scenario": plan.scenario, **asdict(plan.parameters)}


def simulate_roast(
    seed: int,
    ranges: Ranges = TRAIN,
    duration_s: float | None = None,
    first_crack: bool | None = None,
    noise: NoiseLibrary | None = None,
    rate_hz: int = RATE_HZ,
) -> SimulatedRoast:
    """Plan a session and render it, whole or in part.

    Parameters
    ----------
    seed
        The same seed and settings give the same bytes.
    ranges
        `TRAIN` or `HELD_OUT`.
    duration_s
        Render only a stretch of at most this length, placed by the seed: around the onset in half of the sessions that
        have first crack, anywhere otherwise. For a chosen stretch use `plan_roast` and `render_roast`.
    first_crack
        True or False to have first crack or not; None leaves it to chance.
    noise
        Real clips to mix in.
    rate_hz
        Rate of the result; rendering is at 32 kHz.

    Raises
    ------
    ParameterError
        The stretch is empty.
    """
    plan = plan_roast(seed, ranges, first_crack)
    if duration_s is None:
        return render_roast(plan, noise, rate_hz)
    rng = np.random.default_rng([seed, 2])
    latest_s = max(0.0, plan.duration_s - duration_s)
    start_s = float(rng.uniform(0, latest_s))
    if plan.onset_s is not None and rng.random() < 0.5:
        start_s = float(np.clip(plan.onset_s - rng.uniform(0.1, 0.9) * duration_s, 0, latest_s))
    return render_roast(plan, noise, rate_hz, (start_s, start_s + min(duration_s, plan.duration_s)))


def render_roast(
    plan: RoastPlan,
    noise: NoiseLibrary | None = None,
    rate_hz: int = RATE_HZ,
    excerpt_s: tuple[float, float] | None = None,
) -> SimulatedRoast:
    """Render a planned session, or the stretch ``excerpt_s`` (start, end) of it.

    Raises
    ------
    ParameterError
        The stretch is shorter than 10 ms.
    """
    start_s, end_s = excerpt_s or (0.0, plan.duration_s)
    samples = round((end_s - start_s) * RATE_HZ)
    if samples < FRAME:
        raise ParameterError(f"cannot render from {start_s} to {end_s} s: the stretch must be at least 10 ms long")
    frames = -(-samples // FRAME)
    p, machine = plan.parameters, Machine.of(plan)
    rng = np.random.default_rng([plan.seed, 3])
    near = impulse_response(rng, p, p.direct_db, p.metal_db)
    far = impulse_response(rng, p, p.direct_db - float(rng.uniform(2, 10)), None)
    capsule = microphone(p)

    rng = np.random.default_rng([plan.seed, 4, round(max(start_s, 0.0) * RATE_HZ)])
    stage = Stage(plan, noise, start_s)
    field = fft_filter(machine.render(rng, start_s, frames), near)
    room = stage.sustained(len(field), machine.roast.rms_above(500))
    if room.any():
        field += fft_filter(room, far)
    stage.strike(field, background_energy(band_energy(field)), near, far)

    gain = 10 ** (p.gain_dbfs / 20) / machine.rms_through(capsule)
    x = record(rng, fft_filter(field, capsule), gain, p)[:samples]
    if p.fade_in_s and start_s == 0.0:
        fade = min(round(p.fade_in_s * RATE_HZ), samples)
        x[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    labels = label(plan, x, start_s, stage.kind_at)
    pcm = np.clip(np.rint(resampled(x, rate_hz) * 32768.0), -32768, 32767).astype(np.int16)
    return SimulatedRoast(pcm, rate_hz, labels, plan, start_s)


def save_roast(roast: SimulatedRoast, folder: Path, name: str) -> tuple[Path, Path, Path]:
    """Write ``name.wav``, ``name.txt`` (Audacity labels) and ``name.json`` (labels, parameters); return the paths."""
    import soundfile

    labels = roast.labels
    moments = {
        "charge": labels.charge_s,
        "first_pop": labels.first_pop_s,
        "onset": labels.onset_s,
        "end": labels.end_s,
        "drop": labels.drop_s,
    }
    length_s = len(roast.pcm) / roast.rate_hz
    rows = [(t, t, text) for text, t in moments.items() if t is not None and 0 <= t <= length_s]
    for event in _as_records(labels.cracks) + _as_records(labels.impulses):
        rows.append((event["t_s"], event["t_s"] + 0.02, f"{event['kind']} {event['contrast_db']:.0f} dB"))
    audacity = "".join(f"{start:.5f}\t{end:.5f}\t{text}\n" for start, end, text in sorted(rows))
    document = {
        "rate_hz": roast.rate_hz,
        "start_s": roast.start_s,
        **{f"{text}_s": t for text, t in moments.items()},
        "cracks": _as_records(labels.cracks),
        "impulses": _as_records(labels.impulses),
        "parameters": roast.parameters,
    }
    wav, txt, js = (folder / f"{name}.{suffix}" for suffix in ("wav", "txt", "json"))
    with whole_file(wav) as stream:
        soundfile.write(stream, roast.pcm, roast.rate_hz, subtype="PCM_16", format="WAV")
    with whole_file(txt) as stream:
        stream.write(audacity.encode())
    with whole_file(js) as stream:
        stream.write(json.dumps(document, indent=1).encode() + b"\n")
    return wav, txt, js


def _as_records(events: EventArray) -> list[dict[str, Any]]:
    return [
        {"t_s": round(float(t_s), 5), "contrast_db": round(float(contrast_db), 2), "kind": str(kind)}
        for t_s, contrast_db, kind in events
    ]
