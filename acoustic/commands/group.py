"""The commands of one application, and of all that are installed."""

from collections.abc import Mapping
from typing import Any

import typer
from typer.core import TyperGroup

from acoustic.application import Action, Application, find, installed
from acoustic.commands.actions import action_command
from acoustic.commands.listen import listen_command
from acoustic.commands.score import enhance_command, score_command
from acoustic.errors import AcousticError, MissingExtraError


def application_commands(application: Application[Any, Any, Any, Any]) -> typer.Typer:
    """Make all commands of an application."""
    group = typer.Typer(help=application.help, no_args_is_help=True, add_completion=False)
    group.command("listen")(listen_command(application))
    group.command("score")(score_command(application))
    if application.makes_sound:
        group.command("enhance")(enhance_command(application))
    add_actions(group, _actions(application), application.groups)
    return group


def add_actions(group: typer.Typer, actions: Mapping[str, Action[Any]], groups: Mapping[str, str]) -> None:
    """Add actions to a group by the words that call them; ``groups`` has the help of groups within it."""
    for words, action in actions.items():
        *folder, name = words.split(" ")
        _group(group, folder, groups).command(name)(action_command(action))


def _actions(application: Application[Any, Any, Any, Any]) -> dict[str, Action[Any]]:
    named = {"train": application.train, "evaluate": application.evaluate, "simulate": application.simulate}
    return {**{name: action for name, action in named.items() if action is not None}, **application.actions}


def _group(parent: typer.Typer, words: list[str], groups: Mapping[str, str]) -> typer.Typer:
    """Return the group of that name below another one; make it where it is not there yet."""
    for word in words:
        known = {one.name: one.typer_instance for one in parent.registered_groups}
        group = known.get(word) or typer.Typer(help=groups.get(word, word), no_args_is_help=True)
        if word not in known:
            parent.add_typer(group, name=word)
        parent = group
    return parent


class Applications(TyperGroup):
    """The root group: its own commands, and a group for each installed application, loaded when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        return [*super().list_commands(ctx), *(entry.name for entry in installed())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command by its name."""
        if (own := super().get_command(ctx, cmd_name)) is not None:
            return own
        if cmd_name not in {entry.name for entry in installed()}:
            return None
        try:
            command = typer.main.get_command(application_commands(find(cmd_name)))
        except AcousticError as error:
            return _broken(cmd_name, error)
        except Exception as error:  # what it says of itself may be anything
            return _broken(cmd_name, MissingExtraError(f"{cmd_name} has no commands: {type(error).__name__}: {error}."))
        command.name = cmd_name
        return command


def _broken(name: str, error: AcousticError) -> Any:
    """Return a command for an application that cannot be loaded: it says so, and leaves the others alone."""
    group = typer.Typer(help=str(error), add_completion=False)

    @group.command(name, help=str(error), context_settings={"ignore_unknown_options": True})
    def broken(arguments: list[str] = typer.Argument(None, hidden=True)) -> None:  # noqa: B008
        raise error

    return typer.main.get_command(group)
