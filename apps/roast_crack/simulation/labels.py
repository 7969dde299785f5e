"""What is true of a rendered stretch: moments of the roast, cracks, and other impulses that stand out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from acoustic.signals import FloatArray

from .process import EVENT, EventArray, RoastPlan
from .signals import RATE_HZ, background_energy, band_energy

LOUD_IMPULSE_DB = 9.0
"""Impulses of at least this contrast that are no cracks are listed."""


@dataclass(frozen=True)
class RoastLabels:
    """Labels of a stretch; all times in seconds from its first sample.

    The moments of the session may lie outside the stretch (negative, or beyond its end); the arrays hold what lies
    inside.
    """

    charge_s: float | None
    drop_s: float | None
    first_pop_s: float | None
    """First crack that can be heard, isolated or not."""
    onset_s: float | None
    """Rolling onset of first crack: the first of at least three audible cracks within 20 s."""
    end_s: float | None
    """Last audible crack of first crack in the drum."""
    cracks: EventArray
    """dtype `EVENT`; kinds precursor, first, second. Contrast as intended, or as the samples show if that is less."""
    impulses: EventArray
    """dtype `EVENT`; everything else that stands out by `LOUD_IMPULSE_DB`, as measured, with the kind of the sound."""


def label(plan: RoastPlan, x: FloatArray, start_s: float, kind_at: Callable[[float], str]) -> RoastLabels:
    """Label the recording ``x`` (float32 at `RATE_HZ`) of a stretch that starts at ``start_s`` of a session."""
    energy = band_energy(x)
    contrast = 10 * np.log10((energy + 1e-20) / background_energy(energy))
    cracks = plan.cracks.copy()
    cracks["t_s"] -= start_s
    cracks = cracks[(cracks["t_s"] >= 0) & (cracks["t_s"] < len(x) / RATE_HZ - 0.01)]
    starts_ms = (cracks["t_s"] * 1000).astype(int)
    shown = [contrast[max(at - 1, 0) : at + 8].max() for at in starts_ms]
    cracks["contrast_db"] = np.minimum(cracks["contrast_db"], np.array(shown, dtype=np.float32))

    loud = np.flatnonzero(contrast >= LOUD_IMPULSE_DB)
    groups = np.split(loud, np.flatnonzero(np.diff(loud) > 50) + 1) if len(loud) else []
    peaks = np.array([group[np.argmax(contrast[group])] for group in groups], dtype=int)
    of_crack = np.zeros(len(peaks), dtype=bool)
    for at in starts_ms:
        of_crack |= (peaks > at - 30) & (peaks < at + 60)
    peaks = peaks[~of_crack]
    impulses = np.empty(len(peaks), dtype=EVENT)
    impulses["t_s"], impulses["contrast_db"] = peaks / 1000, contrast[peaks]
    impulses["kind"] = [kind_at(at / 1000) for at in peaks.tolist()]

    def shifted(t_s: float | None) -> float | None:
        return None if t_s is None else t_s - start_s

    return RoastLabels(
        charge_s=shifted(plan.charge_s),
        drop_s=shifted(plan.drop_s),
        first_pop_s=shifted(plan.first_pop_s),
        onset_s=shifted(plan.onset_s),
        end_s=shifted(plan.end_s),
        cracks=cracks,
        impulses=impulses,
    )
