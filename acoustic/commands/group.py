"""The commands of one application, and of all that are installed."""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import EntryPoint
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


class LazyApplication(TyperGroup):
    """The group of an application that is loaded when one of its commands is asked for.

    Until then it is described by the first line of its package's docstring: loading all takes time that a list of
    commands should not.
    """

    def __init__(self, entry: EntryPoint) -> None:
        super().__init__(name=entry.name, help=_description(entry), no_args_is_help=True)
        self._group: Any = None

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the application's commands."""
        names: list[str] = self._loaded().list_commands(ctx)
        return names

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return one of them."""
        return self._loaded().get_command(ctx, cmd_name)

    def _loaded(self) -> Any:
        """Return the real group; raise what keeps the application from being loaded, which leaves the others alone."""
        if self._group is None:
            name = str(self.name)
            try:
                self._group = typer.main.get_command(application_commands(find(name)))
            except AcousticError:
                raise
            except Exception as error:  # what it says of itself may be anything
                raise MissingExtraError(f"{name} has no commands: {type(error).__name__}: {error}.") from error
        return self._group


def _description(entry: EntryPoint) -> str:
    try:
        package = import_module(entry.module.rpartition(".")[0] or entry.module)
    except Exception as error:  # it may do anything
        return f"{entry.name} ({entry.value}) cannot be loaded: {type(error).__name__}: {error}."
    return (package.__doc__ or "").partition("\n")[0]


class Applications(TyperGroup):
    """The root group: its own commands, and a group for each installed application."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        return [*super().list_commands(ctx), *(entry.name for entry in installed())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command by its name."""
        if (own := super().get_command(ctx, cmd_name)) is not None:
            return own
        return next((LazyApplication(entry) for entry in installed() if entry.name == cmd_name), None)
