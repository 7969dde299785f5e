"""Listening with an application: sound in, events out, keys, panel, health, everything kept."""

import math
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from acoustic.application import Facts, Loaded, Report
from acoustic.audio import LevelMeter
from acoustic.audio.source import HealthEvent
from acoustic.links import Archive, Outlet, Sink
from acoustic.live.events import Health, KeepingUp, Start, Trouble
from acoustic.live.keyboard import Keyboard
from acoustic.live.output import SoundOut
from acoustic.live.session import Session, Step
from acoustic.live.sources import Input
from acoustic.records import plain
from acoustic.text import clock_time, finite, level_bar

TIME_DIGITS = 4
#: Drawing is most of the work of listening: seldom enough for a small computer, often enough for an eye.
DRAW_S = 0.2
#: Labels are written anew this often, where something happened.
LABELS_S = 1.0


@dataclass(frozen=True)
class Ended:
    """How a session ended."""

    interrupted: bool
    sink_failed: bool

    @property
    def exit_code(self) -> int:
        """Exit code of the command: 130 after Ctrl-C, 1 when not everything could be kept."""
        return 130 if self.interrupted else int(self.sink_failed)


class Listener:
    """Runs sound through an application's chain, for a person and for programs.

    Parameters
    ----------
    loaded : Loaded
        The model.
    options
        The application's options.
    sound : Input
        What to listen to, at the model's rate.
    sinks : iterable of Sink
        Where events, lines, panel and sound go to. An `Archive` among them names the recording.
    keyboard : Keyboard
        Open; its keys are the application's, and ``q`` to quit.
    out : SoundOut, optional
        Where the sound goes that the chain makes.
    complain : callable
        Takes a sentence when a sink fails or falls behind.
    """

    def __init__(
        self,
        loaded: Loaded[Any, Any, Any, Any],
        options: Any,
        sound: Input,
        sinks: Iterable[Sink],
        keyboard: Keyboard,
        out: SoundOut | None = None,
        complain: Callable[[str], None] = warnings.warn,
    ) -> None:
        application = loaded.application
        self.now_s = 0.0
        """Position in the stream after the latest block (s)."""
        self._loaded, self._sound, self._keyboard, self._out = loaded, sound, keyboard, out
        self._chain = application.chain(loaded.typed, options)
        self._collector = application.collect(loaded.typed, options, self._chain)
        sinks = list(sinks)
        self._archive = next((sink for sink in sinks if isinstance(sink, Archive)), None)
        self._outlets = [Outlet(sink, complain, patient=sound.can_wait) for sink in sinks]
        # Of all, since the panel was drawn, and since the last health record.
        self._heard, self._level, self._recorded = LevelMeter(), LevelMeter(), LevelMeter()
        self._next_health_s = application.health_every_s
        self._last_trouble: HealthEvent | None = None
        self._drawn = self._labelled = 0.0
        self._changed = True

    def run(self) -> Ended:
        """Listen until the source ends, a person quits, or Ctrl-C.

        Raises
        ------
        AcousticError
            If the source or the loudspeaker fails; what was heard until then has been judged and kept.
        """
        with ExitStack() as stack:
            for outlet in self._outlets:
                stack.callback(outlet.close)
            self._session = stack.enter_context(Session(self._sound.source, self._chain))
            self._give("open", {"event": "start", **plain(self._start())})
            self._report(self._collector.start())
            try:
                for step in self._session:
                    self._take(step)
                    self._press(self._keyboard.pressed())
            finally:
                self._finish()
        return Ended(self._session.interrupted, any(outlet.failed or outlet.dropped for outlet in self._outlets))

    def facts(self) -> Facts:
        """Return what is known of the stream so far."""
        # A recording that was kept is not resampled any more.
        kept = self._archive is not None
        return Facts(
            file=self._sound.name if self._archive is None else str(self._archive.path),
            duration_s=self.now_s,
            rate_hz=self._sound.source.rate_hz if kept else self._sound.rate_hz,
            warnings=tuple(self._sound.warnings),
            realtime_factor=self._session.pace.realtime_factor,
            output=None if self._out is None else self._out.file,
            input_dbfs=finite(self._heard.rms_dbfs),
            output_dbfs=None if self._out is None else finite(self._out.level.rms_dbfs),
        )

    def _start(self) -> Start:
        bundle = self._loaded.bundle
        return Start(
            source=self._sound.name,
            rate_hz=self._sound.rate_hz,
            bundle=bundle.name,
            version=bundle.version,
            sha256=self._loaded.sha256,
            application=self._loaded.application.name,
        )

    def _give(self, what: str, *arguments: Any) -> None:
        for outlet in self._outlets:
            outlet.put(what, *arguments)

    def _report(self, reports: Iterable[Report]) -> None:
        for report in reports:
            self._changed = True
            if (record := report.to_dict()) is not None:
                self._give("event", record)
            if report.line:
                self._give("line", report.line, report.style, report.alert)

    def _take(self, step: Step[Any]) -> None:
        """Tell what a block decided, then hand on its sound."""
        self.now_s = step.end_s
        if self._out is not None:
            made = self._chain.sound()  # type: ignore[attr-defined]
            self._out.write(made, self._sound)
            self._give("output", made)
        for event in step.events:
            self._report(self._collector.hear(event))
        for trouble in self._new_troubles():
            record = Trouble(t_s=trouble.time_s, message=trouble.message)
            line = f"{clock_time(trouble.time_s)} {trouble.message}"
            self._report([Report(event="trouble", record=record, line=line, style="yellow")])
        self._give("sound", step.pcm)
        self._measure(step)
        self._label()

    def _press(self, keys: str) -> None:
        for key in keys.lower():
            if key == "q":
                self._session.stop()
            else:
                self._report(self._collector.press(key, round(self.now_s, TIME_DIGITS)))

    def _finish(self) -> None:
        """Tell the summary, which is the row that scoring the recording gives."""
        facts = self.facts()
        self._give("panel", self._rows(), self._collector.alarmed)
        self._report(self._collector.finish(facts))
        row = {**plain(self._collector.result(facts)), "duration_s": round(self.now_s, TIME_DIGITS)}
        if self._out is not None:
            row["lost_blocks"] = self._out.lost_blocks
        self._give("event", {"event": "summary", **row})
        lines = [self._collector.conclusion(facts)]
        if self._out is not None:
            load = self._session.pace.realtime_factor
            lines.append(f"lost blocks: {self._out.lost_blocks}; time of work: {load:.1%} of real time")
        if self._archive is not None:
            lines.append(f"kept: {self._archive.path}")
        for line in filter(None, lines):
            self._give("line", line, "", False)
        self._label(at_once=True)

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

    def _measure(self, step: Step[Any]) -> None:
        for meter in (self._heard, self._level, self._recorded):
            meter.push(step.pcm)
        if time.monotonic() - self._drawn >= DRAW_S:
            self._drawn = time.monotonic()
            self._give("panel", self._rows(), self._collector.alarmed)
            self._level.reset()
        every_s = self._loaded.application.health_every_s
        if step.end_s >= self._next_health_s:
            self._next_health_s = (math.floor(step.end_s / every_s) + 1) * every_s
            self._give("event", {"event": "health", **self._health()})
            self._recorded.reset()

    def _label(self, *, at_once: bool = False) -> None:
        """Hand on all labels so far, where something happened since the last time."""
        if self._archive is None or not self._changed or not (at_once or time.monotonic() - self._labelled >= LABELS_S):
            return
        self._changed, self._labelled = False, time.monotonic()
        row = plain(self._collector.result(self.facts()))
        self._give("labels", list(self._loaded.application.labels(row)))

    def _rows(self) -> dict[str, Any]:
        level, pace, health = self._level, self._session.pace, self._sound.source.health
        keeping_up: list[str | tuple[str, str]] = [
            f"load {pace.realtime_factor:.1%}   lag {pace.lag_s:.2f} s   lost {health.lost_s:.1f} s"
        ]
        if health.silent:
            keeping_up.append(("   NO SOUND: muted?", "bold yellow"))
        if pace.realtime_factor > 1.0:
            keeping_up.append(("   TOO SLOW", "bold yellow"))
        sound: list[str | tuple[str, str]] = [f"{level_bar(level.rms_dbfs)}   peak {level.peak_dbfs:.0f}"]
        if level.clipped:
            sound.append(("   CLIPPING", "bold yellow"))
        out = {} if self._out is None else self._out.panel(level.rms_dbfs, self._chain, self._sound)  # type: ignore[arg-type]
        return {"input": sound, **out, **self._collector.panel(self.now_s), "keeping up": keeping_up}

    def _health(self) -> dict[str, Any]:
        pace, health = self._session.pace, self._sound.source.health
        heard = Health(
            t_s=self.now_s,
            level_dbfs=finite(self._recorded.rms_dbfs),
            peak_dbfs=finite(self._recorded.peak_dbfs),
            clipped=self._recorded.clipped,
        )
        keeping_up = KeepingUp(
            realtime_factor=pace.realtime_factor,
            lag_s=pace.lag_s,
            max_lag_s=pace.max_lag_s,
            overflows=health.overflows,
            dropped_blocks=health.dropped_blocks,
            reconnects=health.reconnects,
            lost_s=health.lost_s,
            silent=health.silent,
        )
        own, out = self._collector.health(self.now_s), self._out
        parts = [heard, own]
        if out is not None:
            parts = [heard, out.recorded(), own, out.health(self._chain, self._sound)]  # type: ignore[arg-type]
        parts = [plain(part) for part in (*parts, keeping_up) if part is not None]
        return {name: value for part in parts for name, value in part.items()}
