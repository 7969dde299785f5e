"""What can be wrong with a machine, and how badly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from acoustic.errors import ParameterError

FaultKind = Literal["whistle", "erosion", "split", "tick", "bearing"]
FAULTS: dict[FaultKind, str] = {
    "whistle": "a hole: a tone, its level relative to the noise of that blade",
    "erosion": "a worn leading edge: change of the blade's noise above 1.5 kHz",
    "split": "an open trailing edge: change of the blade's noise around 1.4 kHz",
    "tick": "something loose in the blade: one click a turn, its peak relative to the RMS of that blade's noise",
    "bearing": "a bearing of the machinery: a family of tones, its level relative to the noise of a blade",
}
"""Kinds of fault, and what their severity in dB means. Changes may be negative: damage can make a blade quieter."""


@dataclass(frozen=True)
class Fault:
    """A fault at the tip of one blade, or of the machinery (``bearing``)."""

    kind: FaultKind
    """One of `FAULTS`."""
    severity_db: float
    blade: int = 0
    """0, 1 or 2; without meaning for ``bearing``."""

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated."""
        if self.kind not in FAULTS:
            raise ParameterError(f"There is no fault {self.kind!r}; choose from {', '.join(FAULTS)}.")
        if self.blade not in (0, 1, 2):
            raise ParameterError(f"The rotor has the blades 0, 1 and 2, not {self.blade}.")
        if not -60 <= self.severity_db <= 60:
            raise ParameterError(f"A severity of {self.severity_db} dB is out of range: choose -60 to 60 dB.")
