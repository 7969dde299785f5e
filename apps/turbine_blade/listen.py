"""Listening to a machine: sound in, judged clips and alarms out, everything kept."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

from acoustic.live.screen import Rows

from acoustic.errors import ParameterError
from acoustic.live import Input
from acoustic.live.listener import Listener
from acoustic.model.bundle import Bundle
from acoustic.terminal import clock_time

from .baselines import Baselines
from .chain import Alarm, Event, Judged, Skipped, TurbineChain
from .conditions import Conditions
from .scorer.calibration import STEPS
from .scorer.model import TurbineModel
from .scorer.persistence import Choice, Persistence

SECONDS_A_DAY = 86_400.0
DIGITS = 4
ROTOR_EVERY_S = 600.0
"""How often the reading of the rotor is told, in time of the sound."""


class TurbineListener(Listener[Event]):
    """Tells every clip, alarms and the rotor."""

    health_every_s = 60.0

    def __init__(self, sound: Input, bundle: Bundle, chain: TurbineChain, choice: Choice, machine: str | None) -> None:
        super().__init__(sound, bundle, chain)
        self._model, self._judge, self._choice, self._machine = chain.model, chain, choice, machine
        self._clips = self._skipped = self._alarms = 0
        self._last: Judged | None = None
        self._why = ""
        self._labels: list[str] = []
        self._next_rotor_s = ROTOR_EVERY_S

    @classmethod
    def prepare(
        cls,
        bundle: Bundle,
        conditions: Conditions,
        *,
        store: Path | None,
        alarms_per_day: float | None,
        open_source: Callable[[], Input],
    ) -> Self:
        """Read the model, choose the persistence for the wanted false alarms, then open the source.

        Raises
        ------
        ParameterError
            When a condition that the model judges under is not known.
        AcousticError
            When the bundle, a baseline or the source cannot be used.
        """
        model = TurbineModel.from_bundle(bundle)
        machine = conditions.machine
        if store is not None and machine is None:
            raise ParameterError("A baseline is a machine's own: say which with --machine.")
        usual = model.usual(machine) if store is None else Baselines(store).usual_for(model)(machine)
        choice = Persistence.choose(
            model.clips.normal_runs,
            model.alarms_per_day if alarms_per_day is None else alarms_per_day,
            SECONDS_A_DAY / model.clip_s,
        )
        chain = TurbineChain(model, usual, conditions, choice.persistence, rotor=model.rotor is not None)
        return cls(open_source(), bundle, chain, choice, machine)

    def start(self) -> None:
        """Tell when an alarm is raised, and how well that is known."""
        persistence, (low, high) = self._choice.persistence, self._choice.interval_per_day
        self.tell(
            {
                "event": "model",
                "machine": self._machine,
                "known_clips": self._judge.usual.clips.own_clips,
                "clip_s": round(self._model.clip_s, 3),
                "persistence": persistence.to_dict(),
                "false_alarms_per_day_interval": [round(low, 4), round(high, 4)],
                "normal_days": round(self._choice.days, 4),
                "promise_kept": self._choice.kept,
            }
        )
        self.say(
            f"alarm when {persistence.k} of {persistence.n} clips are among the most unusual tenth; "
            f"{self._choice.counted} alarms in {self._choice.days:.2g} days of normal clips: "
            f"{low:.3g} to {high:.3g} a day (95 %)"
        )
        if not self._choice.kept:
            self.say("fewer false alarms were asked for than these clips can promise: expect more of them", "yellow")
        if not self._judge.usual.clips.own_clips:
            self.say("this machine is not known yet: judged by what machines are like on the whole", "yellow")

    def hear(self, event: Event) -> None:
        """Tell a clip, or an alarm."""
        match event:
            case Judged():
                self._hear_clip(event)
            case Skipped():
                self._skipped += 1
                self._why = ", ".join(sorted({s.reason for s in event.stretches if s.reason}))
                self.tell({"event": "skipped", "start_s": event.start_s, "end_s": event.end_s, "reasons": self._why})
            case Alarm():
                self._hear_alarm(event)
        if self.now_s >= self._next_rotor_s:
            self._next_rotor_s += ROTOR_EVERY_S
            self._tell_rotor()

    def rows(self) -> Rows:
        """Score, what stands out, and how close an alarm is."""
        counter = self._judge.alarm
        assert counter is not None
        last = self._last
        score = [("waiting for the first clip", "dim")] if last is None else [f"{_score(last):.2f}   {_bands(last)}"]
        aside = f"{self._clips} judged   {self._skipped} set aside"
        return {
            "machine": [self._machine or "-"],
            "score": score,
            "clips": [aside + (f" ({self._why})" if self._why else "")],
            "unusual": [f"{counter.count} of the last {counter.persistence.n}; alarm at {counter.persistence.k}"],
        }

    @property
    def alarmed(self) -> bool:
        """Whether an alarm is on."""
        return self._judge.alarm is not None and self._judge.alarm.alarmed

    def health(self) -> dict[str, Any]:
        """Add the clips so far."""
        return {"clips": self._clips, "skipped": self._skipped, "alarm": self.alarmed}

    def labels(self) -> Iterator[str]:
        """Audacity labels: unusual clips and alarms."""
        return iter(self._labels)

    def finish(self) -> None:
        """Tell the summary."""
        self._tell_rotor()
        self.tell(
            {
                "event": "summary",
                "file": self.file,
                "duration_s": round(self.now_s, DIGITS),
                "clips": self._clips,
                "skipped": self._skipped,
                "alarms": self._alarms,
                "warnings": list(self.warnings),
            }
        )
        self.say(f"{self._clips} clips judged, {self._skipped} set aside, {self._alarms} alarms")

    def _hear_clip(self, event: Judged) -> None:
        self._clips += 1
        self._last = event
        clip, judgement, usual = event.clip, event.judgement, self._judge.usual
        level_z = None
        if usual.level_db is not None:
            level_z = round((judgement.level_db - usual.level_db) / usual.level_sd_db, 2)
        self.tell(
            {
                "event": "clip",
                "start_s": round(clip.start_s, DIGITS),
                "end_s": round(clip.end_s, DIGITS),
                "score": round(_score(event), DIGITS),
                "p_value": float(f"{judgement.p_value:.4g}"),
                "bands": [band.to_dict() for band in judgement.bands],
                "level_z": level_z,
            }
        )
        if _score(event) >= self._model.threshold:
            text = f"unusual {_score(event):.1f} {_bands(event)}"
            self._labels.append(f"{clip.start_s:.3f}\t{clip.end_s:.3f}\t{text.strip()}")

    def _hear_alarm(self, event: Alarm) -> None:
        self.tell(
            {
                "event": "alarm_over" if event.over else "alarm",
                "t_s": round(event.t_s, DIGITS),
                "machine": self._machine,
                "unusual": event.unusual,
                "of": event.of,
            }
        )
        when = clock_time(event.t_s)
        self._labels.append(f"{event.t_s:.3f}\t{event.t_s:.3f}\t{'alarm over' if event.over else 'ALARM'}")
        if event.over:
            self.say(f"{when} the alarm is over")
            return
        self._alarms += 1
        self.alert(f"{when} ALARM: {event.unusual} of the last {event.of} clips are unusual")

    def _tell_rotor(self) -> None:
        rotor = self._judge.rotor
        if rotor is None:
            return
        reading = rotor.reading()
        if reading is None:
            self.tell({"event": "rotor", "t_s": round(self.now_s, DIGITS), "reading": None, "reason": rotor.reason()})
            return
        self.tell(
            {
                "event": "rotor",
                "t_s": round(self.now_s, DIGITS),
                "rpm": round(reading.rpm, 3),
                "rpm_confidence": round(reading.rpm_confidence, 3),
                "z": round(reading.z, 3),
                "p_value": float(f"{reading.p_value:.4g}"),
            }
        )


def _score(event: Judged) -> float:
    return event.judgement.surprise / STEPS


def _bands(event: Judged) -> str:
    bands = event.judgement.bands[:1]
    return "".join(f"{band.low_hz:.0f}-{band.high_hz:.0f} Hz {band.what} {band.sign}{band.z:.1f}" for band in bands)
