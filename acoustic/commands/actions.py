"""Commands made of an application's actions: train, evaluate, simulate, and whatever else it offers."""

from collections.abc import Iterable, Sequence
from typing import Any

import typer

from acoustic.application import Action, Claim, Line, Note, Output, Record, Table, Written
from acoustic.commands import options, terminal
from acoustic.commands.flags import command, parameter, parameters_of, record_of
from acoustic.records import plain

VERDICTS = {True: "ok", False: "MISSED", None: ""}


def action_command(action: Action[Any]) -> Any:
    """Make a command of an action."""
    parameters = [*parameters_of(action.options), parameter("as_json", options.Json, False)]

    def run(values: dict[str, Any]) -> None:
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
        match output:
            case Note():
                (terminal.show_error if output.trouble else terminal.note)(output.text)
                code |= output.trouble
            case Claim():
                if as_json:
                    terminal.emit(plain(output))
                claims.append(output)
            case Record():
                if as_json:
                    terminal.emit(output.values)
            case Line():
                if not as_json:
                    typer.secho(output.text, fg=output.colour or None)
            case Table():
                if not as_json:
                    terminal.show_table(output.header, output.rows)
            case Written():
                if as_json:
                    terminal.emit({"written": str(output.path)})
                else:
                    typer.echo(output.path)
    if claims and not as_json:
        table = claims_table(claims)
        terminal.show_table(table.header, table.rows)
    return code


def claims_table(claims: Sequence[Claim]) -> Table:
    """Return claims as a table for people."""
    rows = [(one.name, one.target, one.value, one.rival, one.data, VERDICTS[one.passed]) for one in claims]
    return Table(("measure", "target", "measured", "rival", "data", ""), rows)
