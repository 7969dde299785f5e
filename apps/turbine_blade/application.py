"""The turbine application as one object: hears damaged wind-turbine blades and sick machines."""

from acoustic.application import Application, Overview
from acoustic.firmware import Firmware

from .baseline_actions import ACTIONS
from .baselines import Baselines
from .chain import TurbineChain
from .collector import TurbineCollector
from .evaluation.action import EVALUATE
from .events import EVENTS, ClipCounts
from .options import TurbineOptions, options_of
from .pictures.heat_map import save_heat_map
from .pictures.recording import TurbinePainter
from .result import COLUMNS, TABLE, Score, labels
from .scorer.features import FRONT_END
from .scorer.model import APPLICATION, TurbineModel, Usual
from .scorer.persistence import choice_for
from .simulate import SIMULATE
from .stages import stages
from .train import TRAIN


def usual_of(model: TurbineModel, options: TurbineOptions) -> Usual:
    """Return what is usual for the machine: by its baseline where there is one, else by the model."""
    if options.baselines is None:
        return model.usual(options.machine)
    return Baselines(options.baselines).usual(model, options.machine)


def chain(model: TurbineModel, options: TurbineOptions) -> TurbineChain:
    """Make the chain for one machine."""
    persistence = choice_for(model, options.false_alarms_per_day).persistence
    usual = usual_of(model, options)
    return TurbineChain(model, usual, options.conditions, persistence, rotor=model.rotor is not None)


def _firmware(model: TurbineModel) -> Firmware:
    from .firmware import firmware  # its example sound takes time to load

    return firmware(model)


application = Application(
    name=APPLICATION,
    help="Hear damaged wind-turbine blades and sick machines.",
    options=TurbineOptions,
    read=TurbineModel.read,
    chain=chain,
    collect=TurbineCollector,
    result=Score,
    events=EVENTS,
    stages=stages,
    front_end=FRONT_END,
    listening="Tells how unusual each clip is, and raises an alarm when that persists.",
    columns=COLUMNS,
    table=TABLE,
    labels=labels,
    picture=lambda model, options: TurbinePainter(model, usual_of(model, options)),
    overviews={"heat_map": Overview(help="Draw machines by days: how many were anomalous.", save=save_heat_map)},
    options_of=options_of,
    block_ms=500,
    health=ClipCounts,
    health_every_s=60.0,
    firmware=_firmware,
    train=TRAIN,
    evaluate=EVALUATE,
    simulate=SIMULATE,
    actions=ACTIONS,
    groups={"baseline": "Baselines: what is usual for each machine, learnt on the spot."},
)
