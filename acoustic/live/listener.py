"""Listening with an application: sound in, events out, keys, panel, health, everything kept."""

import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from acoustic import terminal
from acoustic.audio import LevelMeter
from acoustic.audio.source import HealthEvent, Pcm16
from acoustic.errors import AcousticError
from acoustic.live.archive import Archive
from acoustic.live.keyboard import Keyboard
from acoustic.live.screen import Rows, Screen
from acoustic.live.session import Chain, Pace, Session, Step
from acoustic.live.sources import Input
from acoustic.model.bundle import Bundle

E = TypeVar("E")

TIME_DIGITS = 4


@dataclass(frozen=True)
class Ended:
    """How a session ended."""

    interrupted: bool
    save_failed: bool

    @property
    def exit_code(self) -> int:
        """Exit code of the command: 130 after Ctrl-C, 1 when not everything could be kept."""
        return 130 if self.interrupted else int(self.save_failed)


class Listener(ABC, Generic[E]):
    """Run sound through an application's chain, for a person and for programs.

    An application derives from it and says what is its own: what an event means, in :meth:`hear`, and as far as it
    has them rows of the panel, keys, labels and a summary. It tells all of these with :meth:`tell`, :meth:`say` and
    :meth:`alert`, and starts with :meth:`run`.

    Parameters
    ----------
    sound
        What to listen to, at the bundle's rate.
    bundle
        The model; what is kept is named after its application.
    chain
        Made of the bundle.
    """

    #: What the panel calls the sound heard.
    sound_row = "level"
    #: Shown below the panel; q always quits.
    keys = "q quit"
    #: How often, in time of the sound, a health event is written (s).
    health_every_s = 1.0

    def __init__(self, sound: Input, bundle: Bundle, chain: Chain[E]) -> None:
        self.now_s = 0.0
        """Position in the stream after the latest block (s)."""
        self._sound, self._bundle, self._chain = sound, bundle, chain
        self._save_failed = False
        self.level = LevelMeter()
        """Of the sound heard since the panel was last drawn."""
        self._second = LevelMeter()
        self._next_health_s = self.health_every_s
        self._last_trouble: HealthEvent | None = None

    def start(self) -> None:  # noqa: B027 - nothing, unless an application has something to do
        """Do what is to be done before the first block."""

    @abstractmethod
    def hear(self, event: E) -> None:
        """Take an event of the chain, and tell it."""

    def press(self, key: str, t_s: float) -> None:  # noqa: B027
        """Act on a key, in lower case, pressed at a position in the stream (s)."""

    def rows(self) -> Rows:
        """Rows of the panel, between level and keeping up."""
        return {}

    @property
    def alarmed(self) -> bool:
        """Whether the panel has a red frame."""
        return False

    def health(self) -> dict[str, Any]:
        """Fields of the health event beside level, pace and losses."""
        return {}

    def labels(self) -> Iterable[str]:
        """All lines of Audacity labels so far."""
        return ()

    def finish(self) -> None:  # noqa: B027
        """Tell the summary, once the stream has ended."""

    def run(self, *, save: Path | None, as_json: bool) -> Ended:
        """Listen until the source ends, a person quits, or Ctrl-C.

        Parameters
        ----------
        save
            Folder that keeps sound, events and labels.
        as_json
            Write events as JSON Lines to stdout; there is no panel when that is a terminal.

        Raises
        ------
        AcousticError
            If the source fails; what was heard until then has been judged and kept.
        """
        sound, bundle = self._sound, self._bundle
        self._as_json = as_json
        self._archive = None
        with ExitStack() as stack:
            if save is not None:
                self._archive = stack.enter_context(Archive(save, sound.source.rate_hz, bundle.application))
            keyboard = stack.enter_context(Keyboard())
            self._screen = stack.enter_context(
                Screen(
                    f"{bundle.name} {bundle.version} listening to {sound.name} at {sound.rate_hz} Hz",
                    panel=not (as_json and sys.stdout.isatty()),
                    keys=self.keys if keyboard.active else "",
                )
            )
            self._session = stack.enter_context(Session(sound.source, self._chain))
            self._begin()
            try:
                for step in self._session:
                    self._take(step)
                    self._press(keyboard.pressed())
            except AcousticError:
                self._end()
                raise
            else:
                self._end()
            finally:
                self._save(lambda archive: archive.sync(self.labels(), at_once=True))
        return Ended(self._session.interrupted, self._save_failed)

    def tell(self, record: dict[str, Any]) -> None:
        """Write an event for programs, and keep it."""
        if self._as_json:
            terminal.emit(record)
        self._save(lambda archive: archive.record(record))

    def say(self, line: str, style: str = "") -> None:
        """Write a line for people."""
        self._screen.say(line, style)

    def alert(self, line: str) -> None:
        """Ring the bell and write a line that cannot be overlooked."""
        self._screen.alert(line)

    def keep(self, pcm: Pcm16) -> None:
        """Keep sound that the program made beside what it heard."""
        self._save(lambda archive: archive.make(pcm))

    @property
    def file(self) -> str:
        """The recording that the results are about: the one that is kept, or the source."""
        return self._sound.name if self._archive is None else str(self._archive.path)

    @property
    def rate_hz(self) -> int:
        """Sampling rate of ``file``: the recording that was kept is not resampled any more (Hz)."""
        return self._sound.rate_hz if self._archive is None else self._sound.source.rate_hz

    @property
    def pace(self) -> Pace:
        """How well the program keeps up."""
        return self._session.pace

    @property
    def warnings(self) -> list[str]:
        """What a person should know about the sound heard, in plain sentences."""
        return self._sound.warnings

    def _begin(self) -> None:
        """Say what is listened to, and with what."""
        self.tell(
            {
                "event": "start",
                "source": self._sound.name,
                "rate_hz": self._sound.rate_hz,
                "bundle": self._bundle.name,
                "version": self._bundle.version,
            }
        )
        self.start()

    def _take(self, step: Step[E]) -> None:
        """Tell what a block decided, then keep its sound: the disk may be slow, an alarm may not."""
        self.now_s = step.end_s
        for event in step.events:
            self.hear(event)
        for trouble in self._new_troubles():
            self.tell({"event": "trouble", "t_s": round(trouble.time_s, TIME_DIGITS), "message": trouble.message})
            self.say(f"{terminal.clock_time(trouble.time_s)} {trouble.message}", "yellow")
        self._measure(step)
        self._save(lambda archive: archive.hear(step.pcm))
        self._save(lambda archive: archive.sync(self.labels()))

    def _press(self, keys: str) -> None:
        for key in keys.lower():
            if key == "q":
                self._session.stop()
            else:
                self.press(key, round(self.now_s, TIME_DIGITS))

    def _end(self) -> None:
        self._screen.draw(self._rows, alarm=self.alarmed, at_once=True)
        self.finish()
        if self._archive is not None:
            self.say(f"kept: {self._archive.path}")

    def _save(self, action: Callable[[Archive], None]) -> None:
        """Do something with the archive; a full disk must not end the listening."""
        if self._archive is None:
            return
        try:
            action(self._archive)
        except AcousticError as error:
            terminal.show_error(f"{error} Listening goes on without saving.")
            self._save_failed = True
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

    def _measure(self, step: Step[E]) -> None:
        self.level.push(step.pcm)
        self._second.push(step.pcm)
        if self._screen.draw(self._rows, alarm=self.alarmed):
            self.level.reset()
        if step.end_s >= self._next_health_s:
            self._next_health_s = (math.floor(step.end_s / self.health_every_s) + 1) * self.health_every_s
            self.tell(self._health_record())
            self._second.reset()

    def _rows(self) -> Rows:
        level, pace, health = self.level, self.pace, self._sound.source.health
        keeping_up: list[str | tuple[str, str]] = [
            f"load {pace.realtime_factor:.1%}   lag {pace.lag_s:.2f} s   lost {health.lost_s:.1f} s"
        ]
        if health.silent:
            keeping_up.append(("   NO SOUND: muted?", "bold yellow"))
        if pace.realtime_factor > 1.0:
            keeping_up.append(("   TOO SLOW", "bold yellow"))
        sound: list[str | tuple[str, str]] = [f"{terminal.level_bar(level.rms_dbfs)}   peak {level.peak_dbfs:.0f}"]
        if level.clipped:
            sound.append(("   CLIPPING", "bold yellow"))
        return {
            self.sound_row: sound,
            **self.rows(),
            "keeping up": keeping_up,
        }

    def _health_record(self) -> dict[str, Any]:
        pace, health = self.pace, self._sound.source.health
        return {
            "event": "health",
            "t_s": round(self.now_s, TIME_DIGITS),
            "level_dbfs": finite(self._second.rms_dbfs),
            "peak_dbfs": finite(self._second.peak_dbfs),
            "clipped": round(self._second.clipped, 6),
            **self.health(),
            "realtime_factor": round(pace.realtime_factor, 4),
            "lag_s": round(pace.lag_s, 3),
            "max_lag_s": round(pace.max_lag_s, 3),
            "overflows": health.overflows,
            "dropped_blocks": health.dropped_blocks,
            "reconnects": health.reconnects,
            "lost_s": round(health.lost_s, 3),
            "silent": health.silent,
        }


def finite(level_dbfs: float) -> float | None:
    """Round a level; JSON has no infinity for digital silence."""
    return round(level_dbfs, 1) if math.isfinite(level_dbfs) else None
