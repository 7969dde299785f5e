"""Listening to a roast: cracks and first crack as they are heard, marks from the keyboard, the panel's rows."""

from collections.abc import Iterator
from typing import Any

from acoustic.live import Input, Listener, Rows
from acoustic.model.bundle import Bundle
from acoustic.terminal import clock_time

from .chain import Event, RoastChain
from .clock import RoastClock
from .decision import FirstCrack, FirstCrackEnd
from .report import Score, event_record, label_lines


class RoastListener(Listener[Event]):
    """What happens while a roast is heard.

    Parameters
    ----------
    sound
        What to listen to, at the bundle's rate.
    bundle
        A roast bundle.
    charge_s
        When the beans went in, in seconds of the stream (negative: before its start), where it is known.
    """

    keys = "c charge   d drop   u undo   q quit"

    def __init__(self, sound: Input, bundle: Bundle, charge_s: float | None) -> None:
        chain = RoastChain(bundle)
        super().__init__(sound, bundle, chain)
        self.clock = RoastClock(chain)
        self._charge_s = charge_s

    def start(self) -> None:
        """Mark charge, if it is known."""
        if self._charge_s is not None:
            self._mark_charge(self._charge_s)

    def hear(self, event: Event) -> None:
        """Tell a crack, first crack, or its end."""
        self.clock.hear(event)
        self.tell(event_record(event))
        start_s = self.clock.marks.charge_s or 0.0
        if isinstance(event, FirstCrack):
            self.alert(
                f"FIRST CRACK at {clock_time(event.onset_s - start_s)}, decided at "
                f"{clock_time(event.decided_s - start_s)} ({event.cracks} cracks, confidence {event.confidence:.2f})"
            )
        elif isinstance(event, FirstCrackEnd):
            self.say(f"First crack was over at {clock_time(event.end_s - start_s)}")

    def press(self, key: str, t_s: float) -> None:
        """Mark charge or drop, or take the latest back."""
        match key:
            case "c":
                self._mark_charge(t_s)
            case "d":
                self.clock.mark_drop(t_s)
                self.tell({"event": "drop", "t_s": t_s})
                self.say(f"drop at {clock_time(self.clock.marks.elapsed_s(t_s))}")
            case "u":
                undone = self.clock.undo()
                if undone is not None:
                    self.tell({"event": "undo", "t_s": t_s, "undone": undone})
                self.say("nothing to undo" if undone is None else f"taken back: {_WORDS[undone]}")

    def rows(self) -> Rows:
        """Time, cracks, first crack and development."""
        now_s, tally, marks = self.now_s, self.clock.tally, self.clock.marks
        since = "since the start" if marks.charge_s is None else "since charge"
        if marks.drop_s is not None:
            since += ", dropped"
        rows: dict[str, list[str | tuple[str, str]]] = {
            "time": [(clock_time(marks.elapsed_s(now_s)), "bold"), f" {since}"],
            "cracks": [(f"{tally.rate_per_min(now_s):.0f} a minute", "bold"), f"   {len(tally.cracks)} heard"],
            "first crack": [("waiting", "dim")],
            "development": [("-", "dim")],
        }
        if (found := tally.first_crack) is not None:
            start_s, end = marks.charge_s or 0.0, tally.first_crack_end
            over = "" if end is None else f", over at {clock_time(end.end_s - start_s)}"
            rows["first crack"] = [
                (clock_time(found.onset_s - start_s), "bold red"),
                f"   confidence {found.confidence:.2f}{over}",
            ]
            ratio = marks.development_ratio(found.onset_s, now_s)
            rows["development"] = [
                (clock_time(marks.development_s(found.onset_s, now_s) or 0.0), "bold"),
                "   press c at charge for the ratio" if ratio is None else f"   DTR {ratio:.1%}",
            ]
        return rows

    @property
    def alarmed(self) -> bool:
        """Whether first crack has been declared."""
        return self.clock.onset_s is not None

    def health(self) -> dict[str, Any]:
        """Return the rate of cracks."""
        return {"cracks_per_min": self.clock.tally.rate_per_min(self.now_s)}

    def labels(self) -> Iterator[str]:
        """Cracks, first crack, charge and drop."""
        marks = (("charge", self.clock.marks.charge_s), ("drop", self.clock.marks.drop_s))
        return label_lines(self._score(), [(name, t_s) for name, t_s in marks if t_s is not None])

    def finish(self) -> None:
        """Tell the row that scoring the recording gives."""
        score = self._score()
        self.tell({"event": "summary", **score.to_dict()})
        if score.first_crack is None:
            self.say(f"no first crack in {clock_time(self.now_s)}")

    def _mark_charge(self, t_s: float) -> None:
        self.clock.mark_charge(t_s)
        self.tell({"event": "charge", "t_s": t_s})
        self.say(f"charge at {clock_time(t_s)} of the recording")

    def _score(self) -> Score:
        return self.clock.tally.score(self.file, self.now_s, self.rate_hz, self.warnings)


_WORDS = {"charge": "charge", "drop": "drop", "first_crack": "first crack"}
