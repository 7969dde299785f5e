"""The roast application: hears the first crack of coffee."""

from collections.abc import Iterator
from typing import cast

from acoustic.application import Application, Cell, Chain, Column, Label, Row
from acoustic.text import clock_time

from . import actions, collector
from .chain import Crack, Event, RoastChain
from .collector import Roast, RoastCollector, RoastOptions
from .contrast import FRONT_END
from .decision import FirstCrack, FirstCrackEnd
from .firmware import firmware
from .model import RoastModel, read
from .picture import RoastPainter
from .stages import stages


def _collect(model: RoastModel, options: RoastOptions, chain: Chain[Event]) -> RoastCollector:
    return RoastCollector(model.settings, options.charge, cast(RoastChain, chain))


def labels(row: Row) -> Iterator[Label]:
    """Yield every crack, the marks, and the moments of first crack."""
    moments = [(crack["t_s"], f"crack {crack['score']:.2f}") for crack in row["cracks"]]
    moments += [(row[f"{mark}_s"], mark) for mark in ("charge", "drop")]
    if (first := row["first_crack"]) is not None:
        end_s = first["onset_s"] if first["end_s"] is None else first["end_s"]
        yield Label(first["onset_s"], end_s, "first crack")
        moments += [(first["first_pop_s"], "first pop"), (first["decided_s"], "decided")]
    yield from (Label(t_s, t_s, text) for t_s, text in moments if t_s is not None)


def _moment(title: str, width: int, name: str) -> Cell:
    """Return a column of a moment of first crack."""

    def text(row: Row) -> str:
        t_s = None if row["first_crack"] is None else row["first_crack"][name]
        return "-" if t_s is None else clock_time(t_s, 1)

    return Cell(title=title, width=width, text=text)


def _confidence(row: Row) -> str:
    return "-" if row["first_crack"] is None else f"{row['first_crack']['confidence']:.2f}"


def _remarks(row: Row) -> str:
    return "; ".join(row["warnings"])


application = Application(
    name="roast",
    help="Hear the first crack of coffee.",
    options=RoastOptions,
    read=read,
    chain=lambda model, options: RoastChain(model, options.charge),
    collect=_collect,
    result=Roast,
    events={
        "crack": Crack,
        "first_crack": FirstCrack,
        "first_crack_end": FirstCrackEnd,
        "charge": collector.Charge,
        "drop": collector.Drop,
        "undo": collector.Undo,
    },
    stages=stages,
    front_end=FRONT_END,
    keys={"c": "charge", "d": "drop", "u": "undo"},
    listening=(
        "Tells when first crack starts, and never acts on heat. Keys: c charge, d drop, u undo (the latest mark, or a "
        "first crack that was none), q quit."
    ),
    columns=(
        Column(name="duration_s", kind=float),
        Column(name="rate_hz", kind=int),
        *(
            Column(name=name, kind=kind, value=f"first_crack.{name}")
            for name, kind in {
                "onset_s": float,
                "decided_s": float,
                "first_pop_s": float,
                "end_s": float,
                "cracks": int,
                "confidence": float,
            }.items()
        ),
        Column(name="cracks_heard", kind=int, value=lambda row: len(row["cracks"])),
        Column(name="warnings", kind=str, value=_remarks),
    ),
    table=(
        Cell(title="length", width=7, text=lambda row: clock_time(row["duration_s"])),
        _moment("first pop", 9, "first_pop_s"),
        _moment("onset", 7, "onset_s"),
        _moment("decided", 9, "decided_s"),
        _moment("end", 7, "end_s"),
        Cell(title="cracks", width=6, text=lambda row: str(len(row["cracks"]))),
        Cell(title="confidence", width=10, text=_confidence),
        Cell(title="remarks", text=_remarks),
    ),
    labels=labels,
    picture=lambda model, options: RoastPainter(model.front_end.rate_hz),
    health=collector.RoastHealth,
    firmware=firmware,
    train=actions.TRAIN,
    evaluate=actions.EVALUATE,
    simulate=actions.SIMULATE,
    actions={"calibrate": actions.CALIBRATE},
)
