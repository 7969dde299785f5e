"""Listening to a roast: sound in, cracks and first crack out, marks from the keyboard, everything kept."""

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acoustic import terminal
from acoustic.audio import LevelMeter
from acoustic.audio.source import HealthEvent
from acoustic.errors import AcousticError
from acoustic.live import Input, Keyboard, Session, Step
from acoustic.model.bundle import Bundle
from apps.roast_crack.archive import Archive
from apps.roast_crack.chain import Event, RoastChain
from apps.roast_crack.clock import RoastClock
from apps.roast_crack.decision import FirstCrack, FirstCrackEnd
from apps.roast_crack.report import Score, clock_time, event_record
from apps.roast_crack.screen import Reading, Screen

#: How often, in time of the sound, a health event is written.
HEALTH_S = 1.0
TIME_DIGITS = 4


@dataclass(frozen=True)
class Ended:
    """How a session ended."""

    interrupted: bool
    save_failed: bool


def listen(
    sound: Input,
    bundle: Bundle,
    *,
    charge_s: float | None,
    save: Path | None,
    as_json: bool,
    panel: bool,
) -> Ended:
    """Listen until the source ends, a person quits, or Ctrl-C.

    Parameters
    ----------
    sound
        What to listen to, at the bundle's rate.
    bundle
        A roast bundle.
    charge_s
        When the beans went in, in seconds of the stream (negative: before its start), where it is known.
    save
        Folder that keeps sound, events and labels.
    as_json
        Write events as JSON Lines to stdout.
    panel
        Show the live panel on stderr, if that is a terminal.

    Raises
    ------
    AcousticError
        If the source fails; what was heard until then has been judged and kept.
    """
    chain = RoastChain(bundle)
    with ExitStack() as stack:
        archive = stack.enter_context(Archive(save, sound.source.rate_hz)) if save is not None else None
        keyboard = stack.enter_context(Keyboard())
        title = f"{bundle.name} {bundle.version} listening to {sound.name} at {sound.rate_hz} Hz"
        screen = stack.enter_context(Screen(title, panel=panel, keys=keyboard.active))
        session = stack.enter_context(Session(sound.source, chain))
        listener = _Listener(sound, chain, session, screen, archive, as_json)
        listener.start(bundle, charge_s)
        try:
            for step in session:
                listener.take(step)
                listener.press(keyboard.pressed(), step.end_s)
        except AcousticError:
            listener.finish()
            raise
        else:
            listener.finish()
        finally:
            listener.keep_labels()
    return Ended(session.interrupted, listener.save_failed)


class _Listener:
    """What happens with each step."""

    def __init__(
        self,
        sound: Input,
        chain: RoastChain,
        session: Session[Event],
        screen: Screen,
        archive: Archive | None,
        as_json: bool,
    ) -> None:
        self.clock = RoastClock(chain)
        self.save_failed = False
        self._sound, self._session, self._screen, self._archive = sound, session, screen, archive
        self._as_json = as_json
        self._level, self._second = LevelMeter(), LevelMeter()
        self._now_s = 0.0
        self._next_health_s = HEALTH_S
        self._last_trouble: HealthEvent | None = None

    def start(self, bundle: Bundle, charge_s: float | None) -> None:
        """Say what is listened to, and with what."""
        self._tell(
            {
                "event": "start",
                "source": self._sound.name,
                "rate_hz": self._sound.rate_hz,
                "bundle": bundle.name,
                "version": bundle.version,
            }
        )
        if charge_s is not None:
            self._mark_charge(charge_s)

    def take(self, step: Step[Event]) -> None:
        """Tell what a block decided, then keep its sound: the disk may be slow, an alarm may not."""
        self._now_s = step.end_s
        for event in step.events:
            self.clock.hear(event)
            self._tell(event_record(event))
            if isinstance(event, FirstCrack):
                self._screen.alert(event, self.clock.marks.charge_s)
            elif isinstance(event, FirstCrackEnd):
                over_s = event.end_s - (self.clock.marks.charge_s or 0.0)
                self._screen.say(f"First crack was over at {clock_time(over_s)}")
        for trouble in self._new_troubles():
            self._tell({"event": "trouble", "t_s": round(trouble.time_s, TIME_DIGITS), "message": trouble.message})
            self._screen.say(f"{clock_time(trouble.time_s)} {trouble.message}", "yellow")
        self._measure(step)
        self._save(lambda archive: archive.hear(step.pcm))
        self._save(lambda archive: archive.sync(self._score(), self._marks()))

    def press(self, keys: str, t_s: float) -> None:
        """Act on keys."""
        t_s = round(t_s, TIME_DIGITS)
        for key in keys.lower():
            match key:
                case "c":
                    self._mark_charge(t_s)
                case "d":
                    self.clock.mark_drop(t_s)
                    self._tell({"event": "drop", "t_s": t_s})
                    self._screen.say(f"drop at {clock_time(self.clock.marks.elapsed_s(t_s))}")
                case "u":
                    undone = self.clock.undo()
                    if undone is not None:
                        self._tell({"event": "undo", "t_s": t_s, "undone": undone})
                    self._screen.say("nothing to undo" if undone is None else f"taken back: {_WORDS[undone]}")
                case "q":
                    self._session.stop()

    def finish(self) -> None:
        """Write the summary."""
        score = self._score()
        self._tell({"event": "summary", **score.to_dict()})
        self._screen.draw(self.clock, self._reading(), at_once=True)
        if score.first_crack is None:
            self._screen.say(f"no first crack in {clock_time(self._now_s)}")
        if self._archive is not None:
            self._screen.say(f"kept: {self._archive.path}")

    def keep_labels(self) -> None:
        """Bring the label file up to date, whatever ended the session."""
        self._save(lambda archive: archive.sync(self._score(), self._marks(), at_once=True))

    @property
    def _file(self) -> str:
        """The recording that the results are about."""
        return self._sound.name if self._archive is None else str(self._archive.path)

    def _mark_charge(self, t_s: float) -> None:
        self.clock.mark_charge(t_s)
        self._tell({"event": "charge", "t_s": t_s})
        self._screen.say(f"charge at {clock_time(t_s)} of the recording")

    def _score(self) -> Score:
        # The recording that was kept is not resampled any more.
        rate_hz = self._sound.rate_hz if self._archive is None else self._sound.source.rate_hz
        return self.clock.tally.score(self._file, self._now_s, rate_hz, self._sound.warnings)

    def _marks(self) -> list[tuple[str, float]]:
        marks = self.clock.marks
        return [(name, t_s) for name, t_s in (("charge", marks.charge_s), ("drop", marks.drop_s)) if t_s is not None]

    def _tell(self, record: dict[str, Any]) -> None:
        if self._as_json:
            terminal.emit(record)
        self._save(lambda archive: archive.record(record))

    def _save(self, action: Callable[[Archive], None]) -> None:
        """Do something with the archive; a full disk must not end the listening."""
        if self._archive is None:
            return
        try:
            action(self._archive)
        except AcousticError as error:
            terminal.show_error(f"{error} Listening goes on without saving.")
            self.save_failed = True
            failed, self._archive = self._archive, None
            with suppress(AcousticError):
                failed.close()

    def _new_troubles(self) -> Iterator[HealthEvent]:
        """Yield what the source has noted since the last call."""
        new: list[HealthEvent] = []
        for event in reversed(self._sound.source.health.events):
            if event is self._last_trouble:
                break
            new.append(event)
        if new:
            self._last_trouble = new[0]
        yield from reversed(new)

    def _measure(self, step: Step[Event]) -> None:
        self._level.push(step.pcm)
        self._second.push(step.pcm)
        if self._screen.draw(self.clock, self._reading()):
            self._level.reset()
        if step.end_s >= self._next_health_s:
            self._next_health_s = math.floor(step.end_s / HEALTH_S) * HEALTH_S + HEALTH_S
            self._tell(self._health_record())
            self._second.reset()

    def _reading(self) -> Reading:
        level, health = self._level, self._sound.source.health
        return Reading(self._now_s, level.rms_dbfs, level.peak_dbfs, self._session.pace, health)

    def _health_record(self) -> dict[str, Any]:
        pace, health = self._session.pace, self._sound.source.health
        return {
            "event": "health",
            "t_s": round(self._now_s, TIME_DIGITS),
            "level_dbfs": _finite(self._second.rms_dbfs),
            "peak_dbfs": _finite(self._second.peak_dbfs),
            "clipped": round(self._second.clipped, 6),
            "cracks_per_min": self.clock.tally.rate_per_min(self._now_s),
            "realtime_factor": round(pace.realtime_factor, 4),
            "lag_s": round(pace.lag_s, 3),
            "max_lag_s": round(pace.max_lag_s, 3),
            "overflows": health.overflows,
            "dropped_blocks": health.dropped_blocks,
            "reconnects": health.reconnects,
            "lost_s": round(health.lost_s, 3),
            "silent": health.silent,
        }


_WORDS = {"charge": "charge", "drop": "drop", "first_crack": "first crack"}


def _finite(level_dbfs: float) -> float | None:
    """Round a level; JSON has no infinity for digital silence."""
    return round(level_dbfs, 1) if math.isfinite(level_dbfs) else None
