"""A roast as it is heard: cracks, first crack, and the marks of the person, each of which can be taken back."""

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from acoustic.application import Collector, Facts, Report, Rows, Started, StartedFrom
from acoustic.records import About
from acoustic.text import clock_time

from .chain import Crack, Event, RoastChain
from .decision import Decision, FirstCrack, FirstCrackEnd, to_ms
from .decision_settings import DecisionSettings

#: Cracks a minute are counted over this long.
RATE_WINDOW_S = 30.0
Undone = Literal["charge", "drop", "first_crack"]


@dataclass(frozen=True, kw_only=True)
class RoastOptions:
    """How to hear a roast."""

    charge: Annotated[
        float | None,
        About(
            "When the beans went in, from the start of the sound, if known.",
            unit="s",
            low=-1e6,
            high=1e6,
            metavar="SECONDS",
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Charge:
    """The beans went in."""

    t_s: Annotated[float, About("When; negative: before the stream began.", unit="s", digits=4)]


@dataclass(frozen=True, kw_only=True)
class Drop:
    """The beans came out."""

    t_s: Annotated[float, About("When.", unit="s", digits=4)]


@dataclass(frozen=True, kw_only=True)
class Undo:
    """A mark, or first crack, was taken back."""

    t_s: Annotated[float, About("When.", unit="s", digits=4)]
    undone: Annotated[Undone, About("What was taken back.")]


@dataclass(frozen=True, kw_only=True)
class RoastHealth:
    """What health events say of a roast."""

    cracks_per_min: Annotated[float, About("Rate of cracks over the last 30 s.", unit="1/min")]


@dataclass(frozen=True, kw_only=True)
class Roast:
    """What was heard in a recording, or why it could not be scored."""

    file: Annotated[str, About("Path of the recording.")]
    duration_s: Annotated[float | None, About("Its length.", unit="s", digits=4)] = None
    rate_hz: Annotated[int | None, About("Sampling rate that it came with.", unit="Hz")] = None
    first_crack: Annotated[FirstCrack | None, About("First crack; null: there is none.")] = None
    cracks: Annotated[tuple[Crack, ...], About("Every crack, in first crack or not.")] = ()
    warnings: Annotated[tuple[str, ...], About("What a person should know about the sound.")] = ()
    error: Annotated[str | None, About("Why it could not be scored.")] = None
    charge_s: Annotated[float | None, About("When the beans went in, if known.", unit="s", digits=4)] = None
    drop_s: Annotated[float | None, About("When the beans came out, if known.", unit="s", digits=4)] = None
    started: Started = None
    started_from: StartedFrom = None


@dataclass(frozen=True)
class RoastMoments:
    """What a mark, or first crack, changes; all in seconds of the stream."""

    charge_s: float | None = None
    drop_s: float | None = None
    first_crack: FirstCrack | None = None

    def elapsed_s(self, now_s: float) -> float:
        """Time since charge, or since the start where charge is not known; it stands still after drop."""
        return (now_s if self.drop_s is None else self.drop_s) - (self.charge_s or 0.0)

    def development_s(self, now_s: float) -> float:
        """Time since the onset of first crack, until drop; 0 before it."""
        return (
            0.0 if self.first_crack is None else self.elapsed_s(now_s) - self.since_charge_s(self.first_crack.onset_s)
        )

    def development_ratio(self, now_s: float) -> float | None:
        """Development time over the time since charge (DTR); None while either is unknown."""
        elapsed_s = self.elapsed_s(now_s)
        if self.first_crack is None or self.charge_s is None or elapsed_s <= 0.0:
            return None
        return self.development_s(now_s) / elapsed_s

    def since_charge_s(self, t_s: float) -> float:
        """Return a time as the roaster's clock shows it."""
        return t_s - (self.charge_s or 0.0)


@dataclass(frozen=True)
class _Before:
    """What a mark changed, to be put back."""

    what: Undone
    moments: RoastMoments
    decision: Decision


class RoastCollector(Collector[Event, Roast]):
    """Collects one roast.

    Parameters
    ----------
    settings : DecisionSettings
        Of the model.
    charge_s : float or None
        When the beans went in, where that is known; the chain knows it too.
    chain : RoastChain
        Marks act on its decision.
    """

    def __init__(self, settings: DecisionSettings, charge_s: float | None, chain: RoastChain) -> None:
        self._chain = chain
        self._cracks: list[Crack] = []
        self._moments = RoastMoments(charge_s=charge_s)
        self._undo: list[_Before] = []
        if charge_s is not None:
            self._undo.append(_Before("charge", RoastMoments(), Decision(settings)))

    def start(self) -> Iterable[Report]:
        """Report the charge, if it is known."""
        return () if self._moments.charge_s is None else (_charge(self._moments.charge_s),)

    def hear(self, event: Event) -> Iterable[Report]:
        """Take a crack, first crack, or its end; report it."""
        clock = self._moments.since_charge_s
        match event:
            case Crack():
                self._cracks.append(event)
                return [Report(event="crack", record=event)]
            case FirstCrack():
                self._change("first_crack", replace(self._moments, first_crack=event))
                line = (
                    f"FIRST CRACK at {clock_time(clock(event.onset_s))}, decided at "
                    f"{clock_time(clock(event.decided_s))} ({event.cracks} cracks, confidence {event.confidence:.2f})"
                )
                return [Report(event="first_crack", record=event, line=line, alert=True)]
            case FirstCrackEnd():
                if (found := self._moments.first_crack) is not None:
                    self._moments = replace(self._moments, first_crack=replace(found, end_s=event.end_s))
                line = f"First crack was over at {clock_time(clock(event.end_s))}"
                return [Report(event="first_crack_end", record=event, line=line)]

    def press(self, key: str, t_s: float) -> Iterable[Report]:
        """Mark charge or drop, or take the latest mark or first crack back."""
        match key:
            case "c":
                # A new roast: first crack is still to come.
                self._change("charge", RoastMoments(charge_s=t_s))
                self._chain.decision.mark_charge(to_ms(t_s))
                return [_charge(t_s)]
            case "d":
                self._change("drop", replace(self._moments, drop_s=t_s))
                self._chain.decision.mark_drop()
                line = f"drop at {clock_time(self._moments.elapsed_s(t_s))}"
                return [Report(event="drop", record=Drop(t_s=t_s), line=line)]
            case "u" if self._undo:
                undone = self._take_back()
                line = f"taken back: {undone.replace('_', ' ')}"
                return [Report(event="undo", record=Undo(t_s=t_s, undone=undone), line=line)]
            case "u":
                return [Report(line="nothing to undo")]
        return ()

    def result(self, facts: Facts) -> Roast:
        """Return what was heard so far."""
        return Roast(
            file=facts.file,
            duration_s=facts.duration_s,
            rate_hz=facts.rate_hz,
            first_crack=self._moments.first_crack,
            cracks=tuple(self._cracks),
            warnings=facts.warnings,
            charge_s=self._moments.charge_s,
            drop_s=self._moments.drop_s,
            started=facts.started,
            started_from=facts.started_from,
        )

    def conclusion(self, facts: Facts) -> str:
        """Return a line where there was no first crack."""
        return "" if self.alarmed else f"no first crack in {clock_time(facts.duration_s)}"

    def panel(self, now_s: float) -> Rows:
        """Time, cracks, first crack and development."""
        moments = self._moments
        since = "since the start" if moments.charge_s is None else "since charge"
        if moments.drop_s is not None:
            since += ", dropped"
        rows: dict[str, list[str | tuple[str, str]]] = {
            "time": [(clock_time(moments.elapsed_s(now_s)), "bold"), f" {since}"],
            "cracks": [(f"{self._rate_per_min(now_s):.0f} a minute", "bold"), f"   {len(self._cracks)} heard"],
            "first crack": [("waiting", "dim")],
            "development": [("-", "dim")],
        }
        if (found := moments.first_crack) is not None:
            clock, ratio = moments.since_charge_s, moments.development_ratio(now_s)
            over = "" if found.end_s is None else f", over at {clock_time(clock(found.end_s))}"
            remark = f"   confidence {found.confidence:.2f}{over}"
            rows["first crack"] = [(clock_time(clock(found.onset_s)), "bold red"), remark]
            rows["development"] = [
                (clock_time(moments.development_s(now_s)), "bold"),
                "   press c at charge for the ratio" if ratio is None else f"   DTR {ratio:.1%}",
            ]
        return rows

    @property
    def alarmed(self) -> bool:
        """Whether first crack has been declared."""
        return self._moments.first_crack is not None

    def health(self, now_s: float) -> RoastHealth:
        """Return the rate of cracks."""
        return RoastHealth(cracks_per_min=self._rate_per_min(now_s))

    def _rate_per_min(self, now_s: float) -> float:
        count = 0
        for crack in reversed(self._cracks):
            if crack.t_s <= now_s - RATE_WINDOW_S:
                break
            count += 1
        return count * 60.0 / RATE_WINDOW_S

    def _change(self, what: Undone, moments: RoastMoments) -> None:
        self._undo.append(_Before(what, self._moments, deepcopy(self._chain.decision)))
        self._moments = moments

    def _take_back(self) -> Undone:
        before = self._undo.pop()
        self._moments = before.moments
        if before.what == "first_crack":
            # What was learnt since stays: only the declaration was wrong.
            self._chain.decision.undo()
        else:
            self._chain.decision = before.decision
        return before.what


def _charge(t_s: float) -> Report:
    line = f"charge at {clock_time(t_s)} of the recording"
    return Report(event="charge", record=Charge(t_s=t_s), line=line)
