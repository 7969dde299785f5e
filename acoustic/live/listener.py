"""Listening with an application: sound in, events out, keys, panel, health, everything kept."""

import math
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from acoustic.application import Facts, Loaded, Report
from acoustic.audio.source import HealthEvent
from acoustic.audio.start import fields_of
from acoustic.errors import AcousticError
from acoustic.links import Archive, Outlet, Sink
from acoustic.live.events import Health, KeepingUp, Start, Trouble
from acoustic.live.keyboard import Keyboard
from acoustic.live.levels import Levels
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
    losses: tuple[str, ...] = ()
    """What sinks could not take, and why; a sentence each."""

    @property
    def exit_code(self) -> int:
        """Exit code of the command: 130 after Ctrl-C, 1 when a sink could not take everything."""
        return 130 if self.interrupted else int(bool(self.losses))


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
    """

    def __init__(
        self,
        loaded: Loaded[Any, Any, Any, Any],
        options: Any,
        sound: Input,
        sinks: Iterable[Sink],
        keyboard: Keyboard,
        out: SoundOut | None = None,
    ) -> None:
        application = loaded.application
        self.now_s = 0.0
        """Position in the stream after the latest block (s)."""
        self._loaded, self._sound, self._keyboard, self._out = loaded, sound, keyboard, out
        # Where there is ``out``, one that makes sound.
        self._chain: Any = application.chain(loaded.typed, options)
        self._collector = application.collect(loaded.typed, options, self._chain)
        self._session = Session(sound.source, self._chain)
        self._ending = False
        self._failure: AcousticError | None = None
        self._n_heard = self._n_made = 0
        sinks = list(sinks)
        self._archive = next((sink for sink in sinks if isinstance(sink, Archive)), None)
        self._outlets = [Outlet(sink, partial(self._patience_s, sink)) for sink in sinks]
        # Those whose trouble has been told.
        self._troubled: list[Outlet] = []
        self._levels = Levels()
        self._next_health_s = application.health_every_s
        # Of the source and of the loudspeaker: what each has noted and was reported.
        self._healths = [sound.source.health, *([] if out is None else [out.source_health])]
        self._last_troubles: list[HealthEvent | None] = [None, None]
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
            stack.enter_context(self._session)
            self._give("open", self._timed({"event": "start", **plain(self._start())}))
            self._report(self._collector.start())
            try:
                for step in self._session:
                    self._take(step)
                    self._press(self._keyboard.pressed())
            finally:
                self._finish()
        if self._failure is not None:
            raise self._failure
        return Ended(self._session.interrupted, tuple(_loss(one) for one in self._outlets if one.trouble is not None))

    def facts(self) -> Facts:
        """Return what is known of the stream so far."""
        # A recording that was kept is not resampled any more.
        kept = self._archive is not None
        return Facts(
            file=self._sound.name if self._archive is None else str(self._archive.path),
            duration_s=self.now_s,
            rate_hz=self._sound.source.rate_hz if kept else self._sound.rate_hz,
            warnings=tuple(self._warnings()),
            realtime_factor=self._session.pace.realtime_factor,
            output=None if self._out is None else self._out.file,
            input_dbfs=finite(self._levels.total.rms_dbfs),
            output_dbfs=None if self._out is None else finite(self._out.levels.total.rms_dbfs),
            **fields_of(self._sound.began),
        )

    def _warnings(self) -> Iterator[str]:
        yield from self._sound.warnings
        for health in self._healths[1:]:
            yield from (f"{event.time_s:.1f} s: {event.message}" for event in health.events)
        yield from (f"{one.sink.name}: {one.trouble}" for one in self._troubled)

    def _start(self) -> Start:
        bundle = self._loaded.bundle
        return Start(
            source=self._sound.name,
            rate_hz=self._sound.rate_hz,
            bundle=bundle.name,
            version=bundle.version,
            sha256=self._loaded.sha256,
            application=self._loaded.application.name,
            **fields_of(self._sound.began),
        )

    def _timed(self, event: dict[str, Any]) -> dict[str, Any]:
        """Return an event with the time at which it is told, where that is known."""
        time_told = self._sound.time(self.now_s)
        return event if time_told is None else {**event, "time": time_told}

    def _patience_s(self, sink: Sink) -> float:
        """Return how long a sink may take nothing before things are left out (s)."""
        if self._sound.can_wait and not self._session.interrupted:
            return math.inf
        return sink.close_s if self._ending or self._session.interrupted else 0.0

    def _give(self, what: str, *arguments: Any) -> None:
        for outlet in self._outlets:
            outlet.put(what, *arguments)

    def _report(self, reports: Iterable[Report]) -> None:
        for report in reports:
            self._changed = True
            if (record := report.to_dict()) is not None:
                self._give("event", self._timed(record))
            if report.line:
                self._give("line", report.line, report.style, report.alert)

    def _take(self, step: Step[Any]) -> None:
        """Tell what a block decided, then hand on its sound."""
        self.now_s = step.end_s
        if self._out is not None:
            self._play(self._out)
        for event in step.events:
            self._report(self._collector.hear(event))
        for trouble in self._new_troubles():
            self._tell_trouble(trouble.time_s, trouble.message)
        self._watch_sinks()
        self._give("sound", step.pcm, self._n_heard)
        self._n_heard += len(step.pcm)
        self._measure(step)
        self._label()

    def _play(self, out: SoundOut) -> None:
        made = self._chain.sound()
        if self._failure is None:
            try:
                out.write(made, self._sound)
            except AcousticError as error:
                self._failure = error
                self._session.stop()
        self._give("output", made, self._n_made)
        self._n_made += len(made)

    def _tell_trouble(self, t_s: float, message: str) -> None:
        line = f"{clock_time(t_s)} {message}"
        self._report([Report(event="trouble", record=Trouble(t_s=t_s, message=message), line=line, style="yellow")])

    def _watch_sinks(self) -> None:
        """Tell what is wrong with a sink, once; end the stream when its reader has gone and nothing else keeps it."""
        for outlet in self._outlets:
            if outlet.trouble is not None and outlet not in self._troubled:
                self._troubled.append(outlet)
                self._tell_trouble(self.now_s, f"{outlet.sink.name}: {outlet.trouble} Listening goes on.")
        gone = [outlet.gone for outlet in self._outlets if outlet.sink.lasting]
        if gone and all(gone):
            self._session.stop()

    def _press(self, keys: str) -> None:
        for key in keys.lower():
            if key == "q":
                self._session.stop()
            else:
                self._report(self._collector.press(key, round(self.now_s, TIME_DIGITS)))

    def _finish(self) -> None:
        """Tell the summary, which is the row that scoring the recording gives."""
        self._ending = True
        self._watch_sinks()
        facts = self.facts()
        self._give("panel", self._rows(), self._collector.alarmed)
        self._report(self._collector.finish(facts))
        row = {**plain(self._collector.result(facts)), "duration_s": round(self.now_s, TIME_DIGITS)}
        if self._out is not None:
            row["lost_blocks"] = self._out.lost_blocks
        self._give("event", self._timed({"event": "summary", **row}))
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
        """Yield what source and loudspeaker have noted since the last call."""
        for i, health in enumerate(self._healths):
            new: list[HealthEvent] = []
            for event in reversed(health.events):
                if event is self._last_troubles[i]:
                    break
                new.append(event)
            if new:
                self._last_troubles[i] = new[0]
            yield from reversed(new)

    def _measure(self, step: Step[Any]) -> None:
        self._levels.push(step.pcm)
        self._draw()
        every_s = self._loaded.application.health_every_s
        if step.end_s >= self._next_health_s:
            self._next_health_s = (math.floor(step.end_s / every_s) + 1) * every_s
            self._give("event", self._timed({"event": "health", **self._health()}))
            self._levels.recorded.reset()

    def _draw(self) -> None:
        """Bring the panel up to date; a screen that is busy is left alone."""
        screens = [outlet for outlet in self._outlets if outlet.sink.draws and outlet.idle]
        if not screens or time.monotonic() - self._drawn < DRAW_S:
            return
        self._drawn = time.monotonic()
        rows, alarmed = self._rows(), self._collector.alarmed
        for outlet in screens:
            outlet.put("panel", rows, alarmed)
        self._levels.shown.reset()

    def _label(self, *, at_once: bool = False) -> None:
        """Hand on all labels so far, where something happened since the last time."""
        if self._archive is None or not self._changed or not (at_once or time.monotonic() - self._labelled >= LABELS_S):
            return
        self._changed, self._labelled = False, time.monotonic()
        row = plain(self._collector.result(self.facts()))
        self._give("labels", list(self._loaded.application.labels(row)))

    def _rows(self) -> dict[str, Any]:
        level, pace, health = self._levels.shown, self._session.pace, self._sound.source.health
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
        out = {} if self._out is None else self._out.panel(level.rms_dbfs, self._chain, self._sound)
        return {"input": sound, **out, **self._collector.panel(self.now_s), "keeping up": keeping_up}

    def _health(self) -> dict[str, Any]:
        pace, health, recorded = self._session.pace, self._sound.source.health, self._levels.recorded
        heard = Health(
            t_s=self.now_s,
            level_dbfs=finite(recorded.rms_dbfs),
            peak_dbfs=finite(recorded.peak_dbfs),
            clipped=recorded.clipped,
        )
        keeping_up = KeepingUp(
            realtime_factor=pace.realtime_factor,
            lag_s=pace.lag_s,
            max_lag_s=pace.max_lag_s,
            overflows=health.overflows,
            dropped_blocks=health.dropped_blocks,
            reconnects=health.reconnects,
            moves=health.moves,
            lost_s=health.lost_s,
            silent=health.silent,
        )
        own, out = self._collector.health(self.now_s), self._out
        parts = [heard, own]
        if out is not None:
            parts = [heard, out.recorded(), own, out.health(self._chain, self._sound)]
        parts = [plain(part) for part in (*parts, keeping_up) if part is not None]
        return {name: value for part in parts for name, value in part.items()}


def _loss(outlet: Outlet) -> str:
    lost = f" {outlet.lost} things for it were lost." if outlet.lost else ""
    return f"{outlet.sink.name}: {outlet.trouble}{lost}"
