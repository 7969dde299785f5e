"""Options and arguments of the command line, made from the fields of records."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING
from enum import StrEnum
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer

from acoustic.records import Member, members


def command(run: Callable[[dict[str, Any]], Any], parameters: Sequence[inspect.Parameter], help: str) -> Any:
    """Return a function with these parameters that hands their values on by name; Typer makes a command of it."""

    def call(**values: Any) -> Any:
        return run(values)

    # What `inspect.signature`, and so Typer, asks first; the types of functions do not know it.
    call.__signature__ = inspect.Signature(list(parameters))  # type: ignore[attr-defined]
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    call.__doc__ = help
    return call


def parameter(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    """Return a parameter of a command."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def parameters_of(record: type, *, live: bool | None = None) -> list[inspect.Parameter]:
    """Return a parameter for each field of a record; ``live`` leaves out those of the other kind of command."""
    return [_parameter(one) for one in members(record) if None in (live, one.about.live) or one.about.live == live]


def record_of(record: type, values: Mapping[str, Any]) -> Any:
    """Make a record of the values of its parameters."""
    arguments = {}
    for one in members(record):
        if one.name not in values or (values[one.name] is None and isinstance(one.default, tuple)):
            continue
        arguments[one.name] = _plain(values[one.name])
    return record(**arguments)


def _plain(value: Any) -> Any:
    if type(value) is list:
        return tuple(map(_plain, value))
    return value.value if isinstance(value, _Choice) else value


class _Choice(StrEnum):
    """Base of the choices that are made of a Literal."""


def _parameter(member: Member) -> inspect.Parameter:
    about, kind = member.about, member.type
    settings: dict[str, Any] = {"help": about.help or None, "metavar": about.metavar}
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        (inner,) = [part for part in parts if part is not NoneType]
    else:
        inner = kind
    if get_origin(inner) is tuple and get_args(inner)[-1] is Ellipsis:
        inner = GenericAlias(list, (_choice(get_args(inner)[0]),))
    else:
        inner = _choice(inner)
    if inner in (int, float):
        settings |= {"min": about.low, "max": about.high}
    if member.default is None or kind is not inner and origin in (Union, UnionType):
        inner = inner | None
    default = inspect.Parameter.empty if member.default is MISSING else member.default
    if isinstance(inner, type) and issubclass(inner, _Choice) and isinstance(default, str):
        default = inner(default)
    if isinstance(default, tuple):
        default = list(default) or None
        inner = inner | None if default is None else inner
    if about.argument:
        return parameter(member.name, Annotated[inner, typer.Argument(**settings)], default)
    return parameter(member.name, Annotated[inner, typer.Option(*_flags(member), **settings)], default)


def _choice(kind: Any) -> Any:
    """Return the choices of a Literal; any other type as it is."""
    if get_origin(kind) is Literal:
        # The functional form, which type checkers know in an assignment of literals only.
        return _Choice("Choice", {f"choice_{number}": one for number, one in enumerate(get_args(kind))})  # type: ignore[call-arg]
    return kind


def _flags(member: Member) -> list[str]:
    about, name = member.about, member.name.replace("_", "-")
    if about.flag is not None:
        return about.flag.split()
    # A switch that is off needs no name for what it is already.
    return [f"--{name}/--no-{name}" if member.default is True else f"--{name}"]
