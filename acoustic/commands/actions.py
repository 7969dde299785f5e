"""Commands made of an application's actions: train, evaluate, simulate, and whatever else it offers."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import typer

from acoustic.application import Action, Claim, Line, Note, Output, Record, Table, Written
from acoustic.commands import options, terminal
from acoustic.commands.flags import command, parameter, parameters_of, record_of
from acoustic.extras import require
from acoustic.records import plain

VERDICTS = {True: "ok", False: "MISSED", None: ""}


def action_command(action: Action[Any]) -> Any:
    """Make a command of an action."""
    parameters = [*parameters_of(action.options), parameter("as_json", options.Json, False)]

    def run(values: dict[str, Any]) -> None:
        require("This command", *action.needs)
        outputs = action.run(record_of(action.options, values))
        raise typer.Exit(show(outputs, as_json=values["as_json"]))

    return command(run, parameters, action.help)


def show(outputs: Iterable[Output], *, as_json: bool) -> int:
    """Show what an action says, as it says it; return the exit code.

    Claims become one table at the end, since they are read beside one another.
    """
    claims: list[Claim] = []
    code = 0
    for output in outputs:
        if isinstance(output, Note):
            (terminal.show_error if output.trouble else terminal.note)(output.text)
            code |= output.trouble
        elif as_json:
            if (record := _record(output)) is not None:
                terminal.emit(record)
        elif isinstance(output, Claim):
            claims.append(output)
        else:
            _show(output)
    if claims:
        _show(claims_table(claims))
    return code


def claims_table(claims: Sequence[Claim]) -> Table:
    """Return claims as a table for people."""
    rows = [(one.name, one.target, one.value, one.rival, one.data, VERDICTS[one.passed]) for one in claims]
    return Table(("measure", "target", "measured", "rival", "data", ""), rows)


def _record(output: Output) -> Mapping[str, Any] | None:
    """Return what programs get."""
    match output:
        case Claim():
            record: Mapping[str, Any] = plain(output)
            return record
        case Record():
            return output.values
        case Written():
            return {"written": str(output.path)}
    return None


def _show(output: Output) -> None:
    """Write what people get."""
    match output:
        case Line():
            terminal.show_line(output.text, output.colour)
        case Table():
            terminal.show_table(output.header, output.rows)
        case Written():
            terminal.show_line(str(output.path))
