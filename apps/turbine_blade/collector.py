"""Collects what the chain says of one recording, or of a live stream, into its score."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from acoustic.application import Chain, Collector, Facts, Report, Rows
from acoustic.errors import AudioFileError, ParameterError
from acoustic.records import plain
from acoustic.statistics import combined_p_value
from acoustic.text import clock_time

from .chain import Alarm, Event, Judged, RotorRead, Skipped, TurbineChain, least_frames
from .events import AlarmChanged, ClipCounts, ClipJudged, ClipSkipped, ModelChosen, RotorTold
from .gate import SetAside, Stretch, add_set_aside
from .options import TurbineOptions
from .result import AlarmSpan, ClipScore, Level, Moment, Rotor, Score, band_text
from .scorer.calibration import STEPS
from .scorer.explain import Band
from .scorer.model import TurbineModel
from .scorer.persistence import choice_for

#: A second stands out from here on, in standard deviations of normal ones.
LEAST_Z = 3.0
#: The most moments that are told of one recording.
MOST_MOMENTS = 20


class TurbineCollector(Collector[Event, Score]):
    """Keeps a few numbers per clip.

    Parameters
    ----------
    model : TurbineModel
    options : TurbineOptions
    chain : TurbineChain
        Whose events are heard: it knows what is usual for the machine, and how close an alarm is.
    """

    def __init__(self, model: TurbineModel, options: TurbineOptions, chain: Chain[Event]) -> None:
        assert isinstance(chain, TurbineChain)
        self._model, self._options, self._chain = model, options, chain
        rate = model.false_alarm_rate if options.false_alarm_rate is None else options.false_alarm_rate
        if not 0.0 < rate < 1.0:
            raise ParameterError(f"the false-alarm rate must be between 0 and 1, not {rate:g}")
        self._threshold = float(-np.log10(rate))
        self._live = False
        self._frames = self._skipped = self._most = 0
        self._bands: tuple[Band, ...] = ()
        self._clips: list[ClipScore] = []
        self._p_values: list[float] = []
        self._levels_db: list[float] = []
        self._moments: list[Moment] = []
        self._aside: list[SetAside] = []
        self._alarms: list[AlarmSpan] = []
        self._rotor: RotorRead | None = None
        self._why = ""
        self._latest: tuple[Band, ...] = ()
        """What stands out in the latest clip."""

    def start(self) -> list[Report]:
        """Report when an alarm is raised, and how well that is known."""
        options, usual = self._options, self._chain.usual
        if options.baselines is not None and options.machine is None:
            raise ParameterError("A baseline is a machine's own: say which with --machine.")
        self._live = True
        choice = choice_for(self._model, options.false_alarms_per_day)
        persistence, (low, high) = choice.persistence, choice.interval_per_day
        chosen = ModelChosen(
            machine=options.machine,
            known_clips=usual.clips.own_clips,
            clip_s=self._model.clip_s,
            persistence=persistence,
            false_alarms_per_day_interval=choice.interval_per_day,
            normal_days=choice.days,
            promise_kept=choice.kept,
        )
        line = (
            f"alarm when {persistence.k} of {persistence.n} clips are among the most unusual tenth; {choice.counted} "
            f"alarms in {choice.days:.2g} days of normal clips: {low:.3g} to {high:.3g} per day (95 %)"
        )
        reports = [Report(event="model", record=chosen, line=line)]
        if not choice.kept:
            line = "fewer false alarms were asked for than these clips can promise: expect more of them"
            reports.append(Report(line=line, style="yellow"))
        if not usual.clips.own_clips:
            line = "this machine is not known yet: judged by what machines are like on the whole"
            reports.append(Report(line=line, style="yellow"))
        return reports

    def hear(self, event: Event) -> Iterable[Report]:
        """Take an event of the chain; report it."""
        match event:
            case Judged():
                return self._hear_clip(event)
            case Skipped():
                self._heed(event.stretches)
                self._skipped += 1
                self._why = ", ".join(sorted({s.reason for s in event.stretches if s.reason}))
                skipped = ClipSkipped(start_s=event.start_s, end_s=event.end_s, reasons=self._why)
                return [Report(event="skipped", record=skipped)]
            case Alarm():
                return self._hear_alarm(event)
            case RotorRead():
                self._rotor = event
                return [Report(event="rotor", record=_told(event))]

    def result(self, facts: Facts) -> Score:
        """Return the score of what was heard so far.

        The p-values of its clips, and that of its rotor where the model can judge it, are combined into one.

        Raises
        ------
        AudioFileError
            When a recording is too short to judge.
        """
        model = self._model
        if not self._live and self._frames < least_frames(model.clip_stretches):
            raise AudioFileError(
                f"{facts.file}: too short to judge: {facts.duration_s:.1f} s, and this model judges clips of "
                f"{model.clip_s:.0f} s. Record for longer, or train a model on clips as short as these."
            )
        rotor = self._rotor_of_machine()
        p = combined_p_value(self._p_values) if self._p_values else None
        if p is not None and rotor is not None and rotor.p_value_for_machine is not None:
            p = combined_p_value([p, rotor.p_value_for_machine])
        score = None if p is None else float(-np.log10(max(p, 1e-300)))
        most = sorted(self._moments, key=lambda moment: -moment.z)[:MOST_MOMENTS]
        return Score(
            file=facts.file,
            machine=self._options.machine,
            start=self._options.start,
            duration_s=facts.duration_s,
            score=score,
            p_value=p,
            anomalous=None if score is None else score >= self._threshold,
            threshold=self._threshold,
            bands=self._bands,
            when=tuple(sorted(most, key=lambda moment: moment.start_s)),
            rotor=rotor,
            no_rotor=None if self._rotor is None or rotor is not None else self._rotor.reason,
            set_aside=tuple(self._aside),
            level=self._level(),
            clips=len(self._clips),
            known_clips=self._chain.usual.clips.own_clips,
            warnings=(*facts.warnings, *self._unknown()),
            skipped=self._skipped,
            alarms=len(self._alarms),
            clip_scores=tuple(self._clips),
            alarm_spans=tuple(self._alarms),
            started=facts.started,
            started_from=facts.started_from,
        )

    def conclusion(self, facts: Facts) -> str:
        """Count what was heard."""
        return f"{len(self._clips)} clips judged, {self._skipped} set aside, {len(self._alarms)} alarms"

    def panel(self, now_s: float) -> Rows:
        """Score, what stands out, and how close an alarm is."""
        counter = self._chain.alarm
        assert counter is not None
        score: list[str | tuple[str, str]] = [("waiting for the first clip", "dim")]
        if self._clips:
            band = "".join(band_text(plain(band)) for band in self._latest[:1])
            score = [f"{self._clips[-1].score:.2f}   {band}"]
        aside = f"{len(self._clips)} judged   {self._skipped} set aside"
        return {
            "machine": [self._options.machine or "-"],
            "score": score,
            "clips": [aside + (f" ({self._why})" if self._why else "")],
            "unusual": [f"{counter.count} of the last {counter.persistence.n}; alarm at {counter.persistence.k}"],
        }

    @property
    def alarmed(self) -> bool:
        """Whether an alarm is on."""
        return self._chain.alarm is not None and self._chain.alarm.alarmed

    def health(self, now_s: float) -> ClipCounts:
        """Count the clips so far."""
        return ClipCounts(clips=len(self._clips), skipped=self._skipped, alarm=self.alarmed)

    def _hear_clip(self, event: Judged) -> list[Report]:
        clip, judgement = event.clip, event.judgement
        self._heed(clip.stretches)
        if not self._clips or judgement.surprise > self._most:
            self._most, self._bands = judgement.surprise, judgement.bands
        self._clips.append(ClipScore(start_s=clip.start_s, end_s=clip.end_s, score=judgement.surprise / STEPS))
        self._p_values.append(judgement.p_value)
        self._levels_db.append(judgement.level_db)
        self._add_moments(event)
        self._latest = judgement.bands
        judged = ClipJudged(
            start_s=clip.start_s,
            end_s=clip.end_s,
            score=judgement.surprise / STEPS,
            p_value=judgement.p_value,
            bands=judgement.bands,
            level_z=self._level_z(judgement.level_db),
        )
        return [Report(event="clip", record=judged)]

    def _hear_alarm(self, event: Alarm) -> list[Report]:
        changed = AlarmChanged(t_s=event.t_s, machine=self._options.machine, unusual=event.unusual, of=event.of)
        when = clock_time(event.t_s)
        if event.over:
            self._alarms[-1] = replace(self._alarms[-1], end_s=event.t_s)
            return [Report(event="alarm_over", record=changed, line=f"{when} the alarm is over")]
        self._alarms.append(AlarmSpan(start_s=event.t_s))
        line = f"{when} ALARM: {event.unusual} of the last {event.of} clips are unusual"
        return [Report(event="alarm", record=changed, line=line, alert=True)]

    def _heed(self, stretches: tuple[Stretch, ...]) -> None:
        self._frames = stretches[-1].stop_frame
        add_set_aside(self._aside, stretches, self._model.hop_s)

    def _add_moments(self, event: Judged) -> None:
        """Join seconds in a row that stand out, across clips too."""
        hop_s = event.clip.hop_s
        for stretch, z in zip(event.clip.kept, event.judgement.stretch_z, strict=True):
            if z < LEAST_Z:
                continue
            start_s, end_s = stretch.start_frame * hop_s, stretch.stop_frame * hop_s
            if self._moments and self._moments[-1].end_s == start_s:
                last = self._moments.pop()
                start_s, z = last.start_s, max(z, last.z)
            self._moments.append(Moment(start_s=start_s, end_s=end_s, z=z))

    def _level(self) -> Level | None:
        if not self._levels_db:
            return None
        level_db = float(np.mean(self._levels_db))
        return Level(db=level_db, z=self._level_z(level_db))

    def _level_z(self, level_db: float) -> float | None:
        usual = self._chain.usual
        return None if usual.level_db is None else (level_db - usual.level_db) / usual.level_sd_db

    def _rotor_of_machine(self) -> Rotor | None:
        """Return the reading, with how unusual it is for the machine where the model knows what is usual."""
        if self._rotor is None or self._rotor.reading is None:
            return None
        reading = self._rotor.reading
        rotor = Rotor(**vars(reading))
        channel, usual, vector = self._model.rotor, self._chain.usual.rotor, self._rotor.vector
        if channel is None or usual is None or vector is None or not self._clips:
            return rotor
        _, surprise = channel.judge(vector[None], usual)
        return replace(rotor, p_value_for_machine=float(10.0 ** (-int(surprise[0]) / STEPS)))

    def _unknown(self) -> Iterable[str]:
        """Say so when the machine was never heard; a live stream was told at its start."""
        if self._live or self._chain.usual.clips.own_clips:
            return
        clips = self._model.clips
        if clips.first_surprise is None:
            yield (
                f"the machine is not known and the model knows only {len(clips.machines)}: its p-value is of no use "
                "until the machine has a baseline (acoustic turbine baseline add)"
            )
        else:
            yield "the machine is not known: judged by what machines are like on the whole"


def _told(event: RotorRead) -> RotorTold:
    reading = event.reading
    if reading is None:
        return RotorTold(t_s=event.t_s, reason=event.reason)
    return RotorTold(
        t_s=event.t_s,
        reading=True,
        rpm=reading.rpm,
        rpm_confidence=reading.rpm_confidence,
        z=reading.z,
        p_value=reading.p_value,
    )
