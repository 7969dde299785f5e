"""What disturbs a recording without being a fault: when it occurs, how loud it is, and its label."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from acoustic.errors import ParameterError
from acoustic.signals import FloatArray, add_at

from . import sounds
from .turbine import Turbine


@dataclass(frozen=True)
class Nuisance:
    """Something that is heard from ``start_s`` to ``end_s`` of a clip."""

    kind: str
    """One of `KINDS`."""
    start_s: float
    end_s: float


@dataclass(frozen=True, kw_only=True)
class _Kind:
    chance: float
    """Share of clips in which it occurs."""
    length_s: tuple[float, float]
    level_db: tuple[float, float]
    """Level relative to the nominal noise of a blade, or of a gain step its size."""
    sound: Callable[[np.random.Generator, int, int], FloatArray] | None = None


_FOR_THE_REST_S = (1e9, 1e9)
_KINDS = {
    "rain": _Kind(chance=0.15, length_s=_FOR_THE_REST_S, level_db=(-16, 0), sound=sounds.rain),
    "gust": _Kind(chance=0.10, length_s=(2, 6), level_db=(2, 12), sound=sounds.gust),
    "birds": _Kind(chance=0.25, length_s=(3, 15), level_db=(-24, -6), sound=sounds.birds),
    "aircraft": _Kind(chance=0.10, length_s=(12, 40), level_db=(-6, 6), sound=sounds.aircraft),
    "voice": _Kind(chance=0.03, length_s=(3, 12), level_db=(-16, -4), sound=sounds.voice),
    "thunder": _Kind(chance=0.02, length_s=(4, 10), level_db=(0, 10), sound=sounds.thunder),
    "clipping": _Kind(chance=0.01, length_s=(1, 3), level_db=(-6, 0), sound=sounds.overload),
    "gain_step": _Kind(chance=0.03, length_s=_FOR_THE_REST_S, level_db=(3, 6)),
}
KINDS = tuple(_KINDS)
"""Kinds of nuisance; a step of the gain comes last because it acts on all the others."""
_STEP_EARLIEST, _STEP_LATEST = 0.2, 0.8
"""When the gain may step, as a share of the clip."""


def draw_kinds(rng: np.random.Generator) -> tuple[str, ...]:
    """Leave the nuisances of one clip to chance."""
    return tuple(kind for kind, facts in _KINDS.items() if rng.random() < facts.chance)


def add_nuisances(
    seeds: list[int], kinds: Iterable[str], x: FloatArray, turbine: Turbine, gain_db: float, rate_hz: int
) -> tuple[Nuisance, ...]:
    """Add nuisances to the sound ``x`` [n] in place and return their labels in the order of their start.

    Every kind has random numbers of its own, from ``seeds`` and its name, so that it sounds the same whatever else
    occurs. How loud ``clipping`` is depends on the microphone, which is ``gain_db`` more sensitive than usual.

    Raises
    ------
    ParameterError
        There is no such kind.
    """
    kinds = set(kinds)
    if unknown := kinds - set(KINDS):
        raise ParameterError(f"There is no nuisance {min(unknown)!r}; choose from {', '.join(KINDS)}, or weather.")
    labels = []
    for kind in sorted(kinds, key=KINDS.index):
        facts = _KINDS[kind]
        rng = np.random.default_rng([*seeds, KINDS.index(kind)])
        label = _place(rng, kind, len(x) / rate_hz)
        level_db = float(rng.uniform(*facts.level_db))
        first, last = round(label.start_s * rate_hz), round(label.end_s * rate_hz)
        if facts.sound is None:
            x[first:] *= np.float32(10 ** (rng.choice([-1, 1]) * level_db / 20))
        else:
            if kind == "clipping":
                level_db -= turbine.gain_dbfs + gain_db
            add_at(x, first, facts.sound(rng, last - first, rate_hz) * np.float32(10 ** (level_db / 20)))
        labels.append(label)
    return tuple(sorted(labels, key=lambda label: label.start_s))


def _place(rng: np.random.Generator, kind: str, duration_s: float) -> Nuisance:
    length_s = min(float(rng.uniform(*_KINDS[kind].length_s)), duration_s)
    start_s = float(rng.uniform(0, duration_s - length_s))
    if kind == "gain_step":
        start_s = float(rng.uniform(_STEP_EARLIEST, _STEP_LATEST)) * duration_s
    return Nuisance(kind, start_s, min(start_s + length_s, duration_s))
