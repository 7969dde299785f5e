"""Marks of a roast, and what follows from them: time since charge, development time, and taking marks back."""

from copy import deepcopy
from dataclasses import dataclass

from .chain import Event, RoastChain
from .decision import Decision, FirstCrack, FirstCrackEnd, to_ms
from .report import Tally


@dataclass(frozen=True)
class Marks:
    """When the beans went in and out, in seconds of the recording."""

    charge_s: float | None = None
    drop_s: float | None = None

    def elapsed_s(self, now_s: float) -> float:
        """Time since charge, or since the start where charge is not known; it stands still after drop."""
        return (now_s if self.drop_s is None else self.drop_s) - (self.charge_s or 0.0)

    def development_s(self, onset_s: float | None, now_s: float) -> float | None:
        """Time since the onset of first crack, until drop."""
        return None if onset_s is None else (now_s if self.drop_s is None else self.drop_s) - onset_s

    def development_ratio(self, onset_s: float | None, now_s: float) -> float | None:
        """Development time over the time since charge (DTR); None while either is unknown."""
        development_s, elapsed_s = self.development_s(onset_s, now_s), self.elapsed_s(now_s)
        if development_s is None or self.charge_s is None or elapsed_s <= 0.0:
            return None
        return development_s / elapsed_s


@dataclass(frozen=True)
class _Before:
    """What a mark changed, to be put back."""

    what: str
    marks: Marks
    first_crack: FirstCrack | None
    first_crack_end: FirstCrackEnd | None
    decision: Decision


class RoastClock:
    """One roast while it happens: events of the chain and marks of the person, each of which can be taken back."""

    def __init__(self, chain: RoastChain) -> None:
        self.tally = Tally()
        self.marks = Marks()
        self._chain = chain
        self._undo: list[_Before] = []

    @property
    def onset_s(self) -> float | None:
        """Onset of first crack, if it has been declared."""
        return None if self.tally.first_crack is None else self.tally.first_crack.onset_s

    def hear(self, event: Event) -> None:
        """Take an event of the chain."""
        if isinstance(event, FirstCrack):
            self._remember("first_crack")
        self.tally.add(event)

    def mark_charge(self, t_s: float) -> None:
        """Beans went in: a new roast, so first crack is still to come."""
        self._remember("charge")
        self.marks = Marks(charge_s=t_s)
        self.tally.forget_first_crack()
        self._chain.decision.mark_charge(to_ms(t_s))

    def mark_drop(self, t_s: float) -> None:
        """Beans are out."""
        self._remember("drop")
        self.marks = Marks(self.marks.charge_s, t_s)
        self._chain.decision.mark_drop()

    def undo(self) -> str | None:
        """Take back the latest mark or declared first crack; return which it was, None when there is nothing."""
        if not self._undo:
            return None
        before = self._undo.pop()
        if before.what == "first_crack":
            # What was learnt since stays: only the declaration was wrong.
            self._chain.decision.undo()
        else:
            self._chain.decision = before.decision
        self.marks = before.marks
        self.tally.first_crack, self.tally.first_crack_end = before.first_crack, before.first_crack_end
        return before.what

    def _remember(self, what: str) -> None:
        found = self.tally.first_crack, self.tally.first_crack_end
        self._undo.append(_Before(what, self.marks, *found, deepcopy(self._chain.decision)))
