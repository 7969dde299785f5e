"""How much of each nuisance the gate sets aside, and how little of the machine: recordings over simulated turbines."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from acoustic.audio import Recording
from acoustic.frontend.definition import FrontEnd
from acoustic.frontend.logmel import log_mel
from acoustic.frontend.noise_floor import to_steps

from ..gate import Gate, rules
from ..gate.measures import STRETCH_FRAMES
from ..simulate import Fault, Turbine, simulate_clip

Sound = NDArray[np.float64]

RECORDED = {"rain": rules.RAIN, "wind": rules.WIND, "airplane": rules.AIRCRAFT, "helicopter": rules.AIRCRAFT}
"""Classes of the noise clips, and what they should be called."""
SIMULATED = {
    "rain": rules.RAIN,
    "gust": rules.WIND,
    "birds": rules.BIRDS,
    "aircraft": rules.AIRCRAFT,
    "voice": rules.SPEECH,
}
"""Nuisances of the simulator, likewise."""
FAULTS = (
    *(Fault("whistle", level_db) for level_db in (-16, -6, 3, 10)),
    *(Fault("erosion", change_db) for change_db in (-4, 2, 4, 8)),
    *(Fault("split", change_db) for change_db in (3, 6, 10)),
    *(Fault("tick", level_db) for level_db in (10, 20, 30)),
    *(Fault("bearing", level_db) for level_db in (-20, -10, 0, 6)),
)
SNRS_DB = (-6, 0, 6, 12)
FIRST_SEED = 100
"""The gate was made with the turbines before this one."""
CLIP_S, LISTENING_S = 10.0, 150.0
"""Length of a clip, and of the recording into which an aircraft comes: it can be told only by who knows the place."""
FLYOVER_S, FLYOVER_AT_S = 50.0, 75.0
WIND_FROM_HZ, FROM_HZ = 20.0, 200.0
"""Where powers are compared: wind above the first frequency, everything else above the second."""


@dataclass(frozen=True, kw_only=True)
class GateRow:
    """One line of the table."""

    kind: str
    """A nuisance, ``healthy`` or a kind of fault."""
    recorded: bool
    """Whether the nuisance is a recording; turbines are always simulated."""
    snr_db: int | None
    """Nuisance over turbine in the stretch itself, within 3 dB; None where there is no nuisance."""
    stretches: int
    set_aside: float
    """Share set aside for any reason."""
    named: float
    """Share set aside for the right reason."""


def evaluate_gate(fe: FrontEnd, data: Path | None, clips: int = 40) -> Iterator[GateRow]:
    """Measure the gate on what it was not made with: turbines, noise clips of fold 3, a third of the spoken phrases.

    Parameters
    ----------
    fe : FrontEnd
        Front end of the application, at 16 kHz.
    data : Path or None
        The data root (``noise``, ``speech``); without one, only simulated nuisances are measured.
    clips : int
        Clips of each simulated kind, and a fifth as many long recordings.
    """
    for name, reason, nuisances in _recorded(data, clips) if data else ():
        length_s = LISTENING_S if reason == rules.AIRCRAFT else CLIP_S
        found = _Tally()
        for number, nuisance in enumerate(nuisances):
            clean = _turbine(number, length_s)
            placed = _flyover(nuisance, len(clean)) if reason == rules.AIRCRAFT else _middle(nuisance, len(clean))
            for snr_db in SNRS_DB[-1:] if reason == rules.AIRCRAFT else SNRS_DB:
                found.add(fe, clean, _scaled(placed, clean, snr_db, fe, reason), reason)
        yield from found.rows(name, reason, recorded=True)
    for name, reason in SIMULATED.items():
        found = _Tally()
        length_s = LISTENING_S if reason == rules.AIRCRAFT else CLIP_S
        for number in range(clips if length_s == CLIP_S else -(-clips // 5)):
            clean = _turbine(number, length_s)
            found.add(fe, clean, _turbine(number, length_s, nuisance=name) - clean, reason)
        yield from found.rows(name, reason, recorded=False)
    for fault in (None, *FAULTS):
        reasons = [why for number in range(clips) for why in _judge(fe, _turbine(number, CLIP_S, fault))]
        share = 1 - reasons.count(None) / len(reasons)
        kind = f"{fault.kind} {fault.severity_db:+g} dB" if fault else "healthy"
        yield GateRow(kind=kind, recorded=False, snr_db=None, stretches=len(reasons), set_aside=share, named=0.0)


class _Tally:
    """Reasons given to the stretches of one nuisance, by the level in each stretch."""

    def __init__(self) -> None:
        self._reasons: dict[int, list[str | None]] = defaultdict(list)

    def add(self, fe: FrontEnd, clean: Sound, nuisance: Sound, reason: str) -> None:
        """Judge the sum; a stretch counts at the wanted level that is within 3 dB of its own."""
        reasons = _judge(fe, clean + nuisance)
        ratio_db = 10 * np.log10((_powers(nuisance, fe, reason) + 1e-9) / (_powers(clean, fe, reason) + 1e-9))
        for level_db, why in zip(ratio_db, reasons, strict=False):
            for snr_db in SNRS_DB:
                if abs(level_db - snr_db) <= 3:
                    self._reasons[snr_db].append(why)

    def rows(self, kind: str, reason: str, *, recorded: bool) -> Iterator[GateRow]:
        for snr_db, reasons in sorted(self._reasons.items()):
            yield GateRow(
                kind=kind,
                recorded=recorded,
                snr_db=snr_db,
                stretches=len(reasons),
                set_aside=1 - reasons.count(None) / len(reasons),
                named=reasons.count(reason) / len(reasons),
            )


def _recorded(data: Path, clips: int) -> Iterator[tuple[str, str, list[Sound]]]:
    """Nuisances that were recorded: class, what it should be called, and sounds at 16 kHz."""
    table = data / "noise" / "clips.csv"
    with table.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["esc50_fold"] == "3"]
    for name, reason in RECORDED.items():
        yield name, reason, [_read(table.parent / row["file"]) for row in rows if row["class"] == name]
    phrases = sorted((data / "speech").glob("*/*.flac"))[2::3]
    several = [np.concatenate([_read(path) for path in phrases[k::clips][:3]]) for k in range(clips)]
    yield "speech", rules.SPEECH, several


def _read(path: Path) -> Sound:
    return Recording(path).read(16_000).astype(np.float64)


def _turbine(number: int, length_s: float, fault: Fault | None = None, nuisance: str | None = None) -> Sound:
    turbine = Turbine.draw(FIRST_SEED + number % 20)
    # 12 dB down, so that a loud nuisance does not clip.
    clip = simulate_clip(
        turbine,
        FIRST_SEED + number,
        duration_s=length_s,
        fault=fault,
        nuisances=(nuisance,) if nuisance else None,
        gain_db=-12,
    )
    return clip.pcm.astype(np.float64)


def _middle(nuisance: Sound, n: int) -> Sound:
    """At most five seconds of a nuisance in the middle of silence, with soft edges."""
    part = nuisance[: n // 2].copy()
    fade = np.linspace(0, 1, 800)
    part[:800] *= fade
    part[-800:] *= fade[::-1]
    placed = np.zeros(n)
    placed[n // 4 : n // 4 + len(part)] = part
    return placed


def _flyover(nuisance: Sound, n: int) -> Sound:
    """Repeat a clip with cross-fades, let it swell and fade."""
    rate_hz, overlap = 16_000, 4000
    fade = np.sqrt(np.linspace(0, 1, overlap))
    length = round(FLYOVER_S * rate_hz)
    looped = nuisance.copy()
    while len(looped) < length:
        looped[-overlap:] = looped[-overlap:] * fade[::-1] + nuisance[:overlap] * fade
        looped = np.concatenate([looped, nuisance[overlap:]])
    placed = np.zeros(n)
    start = round(FLYOVER_AT_S * rate_hz)
    placed[start : start + length] = looped[:length] * np.hanning(length)
    return placed


def _scaled(nuisance: Sound, clean: Sound, snr_db: float, fe: FrontEnd, reason: str) -> Sound:
    """Bring the louder half of a nuisance's stretches to a mean power relative to that of the turbine."""
    powers = np.sort(_powers(nuisance, fe, reason))
    powers = powers[powers > 0]
    loud = powers[len(powers) // 2 :].mean()
    return np.asarray(nuisance * np.sqrt(_powers(clean, fe, reason).mean() / loud * 10 ** (snr_db / 10)))


def _powers(sound: Sound, fe: FrontEnd, reason: str) -> Sound:
    """Power of each stretch where it is compared."""
    spectrum = np.fft.rfft(sound)
    spectrum[np.fft.rfftfreq(len(sound), 1 / fe.rate_hz) < (WIND_FROM_HZ if reason == rules.WIND else FROM_HZ)] = 0
    samples = STRETCH_FRAMES * fe.hop_samples
    whole = np.fft.irfft(spectrum, len(sound))[: len(sound) // samples * samples]
    return np.asarray((whole.reshape(-1, samples) ** 2).mean(axis=1))


def _judge(fe: FrontEnd, sound: Sound) -> list[str | None]:
    pcm = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
    steps = to_steps(log_mel(pcm, fe))
    full = (pcm == 32767) | (pcm == -32768)
    clipped = full[: len(steps) * fe.hop_samples].reshape(len(steps), -1).sum(axis=1)
    gate = Gate(fe)
    return [stretch.reason for stretch in (*gate.push(steps, clipped), *gate.flush())]
