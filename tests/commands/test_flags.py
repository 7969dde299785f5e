"""Options and arguments made of records, as Typer takes them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from typer.testing import CliRunner

from acoustic.commands.flags import command, parameters_of, record_of
from acoustic.commands.options import read_speed
from acoustic.records import About


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True)
class Everything:
    """One of each kind."""

    name: Annotated[str, About("Required.", argument=True)]
    paths: Annotated[tuple[Path, ...], About("More.", argument=True, metavar="PATH...")] = ()
    rate_hz: Annotated[int, About("A number.", low=1, high=10)] = 5
    level_dbfs: Annotated[float | None, About("Maybe a number.", low=-10.0)] = None
    size: Annotated[Literal["small", "large"], About("A choice.")] = "small"
    maybe: Annotated[Literal["yes", "no"] | None, About("Maybe a choice.")] = None
    chosen: Annotated[Literal["yes", "no"] | None, About("A choice that may be none.")] = "no"
    colour: Annotated[Colour, About("Of a list.")] = Colour.RED
    tag: Annotated[tuple[str, ...], About("Repeatable.")] = ()
    filled: Annotated[tuple[int, ...], About("Repeatable.")] = (1, 2)
    folder: Annotated[Path | None, About("A folder.", flag="--output -o", metavar="DIR")] = None
    force: Annotated[bool, About("A switch.")] = False
    check: Annotated[bool, About("A switch that is on.")] = True
    live_only: Annotated[str, About("For listening.", live=True)] = "live"
    score_only: Annotated[str, About("For scoring.", live=False)] = "score"


def parse(*arguments: str, live: bool | None = None) -> Any:
    """Return the record that arguments make."""
    made = []
    app = typer.Typer()
    app.command()(
        command(lambda values: made.append(record_of(Everything, values)), parameters_of(Everything, live=live), "Do.")
    )
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    if result.exit_code:
        raise ValueError(result.stderr)
    return made[0]


def test_defaults() -> None:
    assert parse("x") == Everything(name="x")


def test_values() -> None:
    given = parse(
        *(
            "x",
            "a",
            "b/c",
            "--rate-hz",
            "7",
            "--level-dbfs",
            "-3",
            "--size",
            "large",
            "--maybe",
            "yes",
            "--chosen",
            "yes",
        ),
        *("--colour", "blue", "--tag", "1", "--tag", "2", "--filled", "3", "-o", "there", "--force", "--no-check"),
        *("--live-only", "l", "--score-only", "s"),
    )
    assert given == Everything(
        name="x",
        paths=(Path("a"), Path("b/c")),
        rate_hz=7,
        level_dbfs=-3.0,
        size="large",
        maybe="yes",
        chosen="yes",
        colour=Colour.BLUE,
        tag=("1", "2"),
        filled=(3,),
        folder=Path("there"),
        force=True,
        check=False,
        live_only="l",
        score_only="s",
    )
    assert (type(given.size), type(given.maybe)) == (str, str)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("x", "--rate-hz", "11"),
        ("x", "--rate-hz", "1.5"),
        ("x", "--level-dbfs", "-11"),
        ("x", "--size", "medium"),
        ("x", "--maybe", "perhaps"),
        ("x", "--colour", "green"),
        ("x", "--no-force"),
    ],
)
def test_refusals(arguments: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="Usage"):
        parse(*arguments)


@pytest.mark.parametrize(("live", "others"), [(True, "--score-only"), (False, "--live-only")])
def test_options_of_the_other_kind_of_command(live: bool, others: str) -> None:
    assert parse("x", live=live) == Everything(name="x")
    with pytest.raises(ValueError, match="No such option"):
        parse("x", others, "1", live=live)


@pytest.mark.parametrize(("text", "speed"), [("max", 0.0), ("0", 0.0), ("1", 1.0), ("2.5", 2.5)])
def test_speed_is_a_factor_or_max(text: str, speed: float) -> None:
    assert read_speed(text) == speed


@pytest.mark.parametrize("text", ["fast", "-1", "inf", "nan", ""])
def test_other_speeds_are_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="or max"):
        read_speed(text)
