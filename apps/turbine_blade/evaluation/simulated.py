"""Evaluation on simulated turbines that no training has heard: faults of the rotor, rotation rate, days of weather."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from acoustic.application import Claim, Facts
from acoustic.progress import track
from acoustic.statistics import auc, auc_interval, poisson_rate

from ..chain import Event, Judged, RotorRead, TurbineChain
from ..collector import TurbineCollector
from ..conditions import Conditions
from ..epoch import Epoch
from ..learn import learn_events
from ..options import TurbineOptions
from ..scorer.model import TurbineModel, Usual
from ..scorer.persistence import AlarmCounter, Persistence
from ..simulate import Fault, SimulatedClip, Turbine, at_rate, simulate_clip, simulate_day, simulated_rate

#: Turbines from this seed on are judged; training takes lower ones.
FIRST_TURBINE = 900_000
TURBINES = 5
CLIP_S = 32.0
#: Own clips of a turbine before it is judged.
OWN_CLIPS = 20
FAULTS = ((Fault("erosion", 2.0), 0.95), (Fault("whistle", -16.0), 0.98), (Fault("split", 3.0), 0.95))
#: Clips a day of a sensor that saves its battery, and their length.
CLIPS_A_DAY, DAY_CLIP_S = 144, 10.5
#: Two weeks of its own before a turbine's alarms are counted, as long as technicians take.
OWN_DAYS, OWN_CLIPS_A_DAY = 14, 48


class _Heard(NamedTuple):
    """What was said of one clip."""

    score: float
    rotor_z: float
    rpm_error: float


def evaluate_simulated(model: TurbineModel, *, days: int, clips: int) -> Iterator[Claim]:
    """Measure a turbine model on simulated sound.

    Parameters
    ----------
    model : TurbineModel
    days : int
        Days with weather, spread over ``TURBINES`` turbines.
    clips : int
        Clips of healthy turbines, and of each fault.
    """
    if model.rotor is not None:
        yield from rotor_measures(model, clips)
    yield nuisance_days(model, days)


def rotor_measures(model: TurbineModel, clips: int) -> Iterator[Claim]:
    """Tell faulty rotors from healthy ones."""
    turbines = [Turbine.draw(FIRST_TURBINE + number) for number in range(TURBINES)]
    usual = {t.name: own_clips(model, t, OWN_CLIPS, CLIP_S) for t in track(turbines, "baselines", TURBINES)}
    kinds: dict[Fault | None, list[_Heard]] = {}
    for fault in (None, *(fault for fault, _ in FAULTS)):
        name = "healthy" if fault is None else fault.kind
        kinds[fault] = [
            _hear(
                model, usual[turbines[number % TURBINES].name], _clip(model, turbines[number % TURBINES], number, fault)
            )
            for number in track(range(clips), name, clips)
        ]
    healthy = kinds[None]
    for fault, least in FAULTS:
        faulty = kinds[fault]
        truth = np.repeat([False, True], [len(healthy), len(faulty)])
        for what, field in (("blades alone, no baseline", "rotor_z"), (f"score after {OWN_CLIPS} own clips", "score")):
            values = np.array([getattr(one, field) for one in (*healthy, *faulty)])
            area, (low, high) = auc(values, truth), auc_interval(values, truth)
            yield Claim(
                name=f"simulated {fault.kind} {fault.severity_db:+g} dB on one blade, {CLIP_S:g} s: {what}",
                target=f"AUC >= {least}",
                value=f"{area:.3f} [{low:.3f}, {high:.3f}]",
                passed=area >= least,
            )
    errors = np.array([one.rpm_error for kind in kinds.values() for one in kind if np.isfinite(one.rpm_error)])
    total = sum(map(len, kinds.values()))
    yield Claim(
        name=f"simulated rotation rate, {len(errors)} of {total} clips with a reading",
        target="within 1 %",
        value=f"largest error {errors.max():.2%}, median {np.median(errors):.2%}",
        passed=bool(errors.max() <= 0.01),
    )


def nuisance_days(model: TurbineModel, days: int) -> Claim:
    """Count the alarms of healthy turbines in days of rain, birds, aircraft, gusts and gain steps."""
    choice = Persistence.choose(model.clips.normal_runs, model.alarms_per_day, CLIPS_A_DAY)
    usual: dict[str, Usual] = {}
    alarms = judged = skipped = 0
    for number in track(range(days), "days of weather", days):
        turbine = Turbine.draw(FIRST_TURBINE + number % TURBINES)
        if turbine.name not in usual:
            usual[turbine.name] = own_days(model, turbine)
        counter = AlarmCounter(choice.persistence)
        for _, clip in _day(model, turbine, number, CLIPS_A_DAY):
            found = [e for e in _events(model, usual[turbine.name], clip, rotor=False)[0] if isinstance(e, Judged)]
            skipped += not found
            for event in found:
                judged += 1
                alarms += counter.push(event.judgement.surprise) == "alarm"
    low, high = poisson_rate(alarms, days)
    return Claim(
        name=f"{days} simulated days of weather, {CLIPS_A_DAY} clips per day, {TURBINES} healthy turbines with "
        f"{OWN_DAYS} own days",
        target=f"at most {model.alarms_per_day:g} alarms per day",
        value=f"{alarms / days:.2f} [{low:.2f}, {high:.2f}] ({alarms} alarms; {skipped} of {judged + skipped} clips "
        f"set aside; alarm at {choice.persistence.k} of {choice.persistence.n})",
        passed=alarms <= model.alarms_per_day * days,
    )


def own_days(model: TurbineModel, turbine: Turbine) -> Usual:
    """Return what is usual for a turbine after its first healthy days, weather and all, as a baseline learns it."""
    epoch = Epoch.empty(model, "simulated")
    for day in range(OWN_DAYS):
        for _, clip in _day(model, turbine, 500_000 + day, OWN_CLIPS_A_DAY):
            events, _ = _events(model, epoch.usual(model, turbine.name), clip, rotor=False)
            epoch = learn_events(epoch, events)
    return epoch.usual(model, turbine.name)


def own_clips(model: TurbineModel, turbine: Turbine, count: int, duration_s: float) -> Usual:
    """Return what is usual for a turbine after healthy clips of its own, as a baseline learns it."""
    epoch = Epoch.empty(model, "simulated")
    rng = np.random.default_rng([turbine.seed, 9])
    for number in range(count):
        clip = simulate_clip(
            turbine,
            500_000 + number,
            duration_s=duration_s,
            wind_m_s=float(rng.uniform(5, 11)),
            rate_hz=simulated_rate(model.front_end.rate_hz),
        )
        events, _ = _events(model, model.usual(None), clip, rotor=model.rotor is not None)
        for event in events:
            match event:
                case Judged():
                    epoch = epoch.learn(event.judgement.vector, 0, event.judgement.level_db)
                case RotorRead() if event.vector is not None:
                    epoch = epoch.learn_rotor(event.vector)
    return epoch.usual(model, turbine.name)


def _day(model: TurbineModel, turbine: Turbine, number: int, clips: int) -> Iterator[tuple[float, SimulatedClip]]:
    rate_hz = simulated_rate(model.front_end.rate_hz)
    return simulate_day(turbine, number, n_clips=clips, duration_s=DAY_CLIP_S, rate_hz=rate_hz)


def _clip(model: TurbineModel, turbine: Turbine, number: int, fault: Fault | None) -> SimulatedClip:
    wind = float(np.random.default_rng([number, 7]).uniform(5, 11))
    # Other moments for every kind, so that no faulty clip is a healthy one with something added.
    moment = number + 10_000 * (0 if fault is None else 1 + [kind.kind for kind, _ in FAULTS].index(fault.kind))
    rate_hz = simulated_rate(model.front_end.rate_hz)
    return simulate_clip(turbine, moment, duration_s=CLIP_S, wind_m_s=wind, fault=fault, rate_hz=rate_hz)


def _events(model: TurbineModel, usual: Usual, clip: SimulatedClip, *, rotor: bool) -> tuple[list[Event], TurbineChain]:
    conditions = Conditions(wind_m_s=clip.wind_m_s, rpm=clip.rpm if "rpm" in model.conditions else None)
    chain = TurbineChain(model, usual, conditions, rotor=rotor)
    pcm = at_rate(clip.pcm, clip.rate_hz, model.front_end.rate_hz)
    return [*chain.push(pcm), *chain.flush()], chain


def _hear(model: TurbineModel, usual: Usual, clip: SimulatedClip) -> _Heard:
    events, chain = _events(model, usual, clip, rotor=True)
    collector = TurbineCollector(model, TurbineOptions(), chain)
    for event in events:
        collector.hear(event)
    score = collector.result(Facts(file="", duration_s=CLIP_S, rate_hz=clip.rate_hz))
    reading = score.rotor
    return _Heard(
        score=score.score or 0.0,
        rotor_z=-10.0 if reading is None else reading.z,
        rpm_error=float("nan") if reading is None else abs(reading.rpm / clip.rpm - 1),
    )
