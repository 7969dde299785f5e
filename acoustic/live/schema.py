"""The schema of what live streams write: JSON Schema for programs, Markdown for people, from one declaration."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from acoustic.application import Application
from acoustic.live.events import Health, KeepingUp, OutputHealth, OutputLevel, Start, Time, Trouble
from acoustic.records import field_schema, json_schema

App = Application[Any, Any, Any, Any]
VERSION = 1
"""Of the events. Fields may be added within a version; none is renamed or taken away."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"

TIME = field_schema(Time)
"""Of a field that every event of a stream has whose time is known."""


def schema(application: App) -> dict[str, Any]:
    """Describe each event of a live stream, and the row of a recording, as JSON Schema (draft 2020-12).

    A line of ``listen --json`` matches one of ``$defs`` by its field ``event``; a line of ``score --json`` matches
    ``row``. Fields that are not listed may be there.
    """
    shapes = {"start": json_schema(Start, "start"), "trouble": json_schema(Trouble, "trouble")}
    shapes |= {name: json_schema(record, name) for name, record in application.events.items()}
    shapes["health"] = _joined("health", Health, application.health, KeepingUp)
    summary, row = json_schema(application.result, "summary"), json_schema(application.result)
    if application.makes_sound:
        shapes["health"] = _joined("health", Health, OutputLevel, application.health, OutputHealth, KeepingUp)
        summary["properties"]["lost_blocks"] = {"type": "integer", "description": "Blocks lost on the way in or out."}
    summary["description"] = "The stream ends: the row that scoring the recording gives."
    shapes["summary"] = summary
    for shape in shapes.values():
        shape["properties"] = {**shape["properties"], "time": TIME}
    return {
        "$schema": DIALECT,
        "title": f"Events of acoustic {application.name}",
        "version": VERSION,
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in [*shapes, "row"]],
        "$defs": {**shapes, "row": row},
    }


def _joined(name: str, *records: type | None) -> dict[str, Any]:
    first, *others = [json_schema(record) for record in records if record is not None]
    joined: dict[str, Any] = {**first, "properties": {"event": {"const": name}, **first["properties"]}}
    joined["required"] = ["event", *first["required"]]
    for other in others:
        joined["properties"] |= other["properties"]
        joined["required"] += other["required"]
    return joined


INTRODUCTION = """\
# Events

`acoustic APP listen --json` writes one JSON object per line to standard output, and `--save` keeps the same lines
beside the recording. The field `event` names the kind. `acoustic APP score --json` writes one row per recording.
Fields may be added within a version of the schema, so ignore those that you do not know; none is renamed or removed.

`acoustic events APP` prints the same as JSON Schema; `acoustic events --markdown` writes this page. Version of the
schema: """


def page(applications: Iterable[App]) -> Iterator[str]:
    """Yield the lines of a Markdown page that lists every event and its fields."""
    yield f"{INTRODUCTION}{VERSION}."
    for application in applications:
        yield ""
        yield f"## {application.name}"
        for name, shape in schema(application)["$defs"].items():
            heading = "Row of `score --json`" if name == "row" else f"`{name}`"
            yield f"\n### {heading}\n\n{shape['description']}\n"
            yield "| field | type | unit | meaning |"
            yield "|---|---|---|---|"
            yield from _fields(shape, "")


def _fields(shape: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, field in shape["properties"].items():
        inner = next((one for one in field.get("anyOf", ()) if "properties" in one), field)
        inner = inner.get("items", inner)
        kind, help = _kind(field), field.get("description", "")
        yield f"| `{prefix}{name}` | {kind} | {field.get('unit', '')} | {help} |"
        if "properties" in inner:
            yield from _fields(inner, f"{prefix}{name}.")


def _kind(field: Mapping[str, Any]) -> str:
    if "const" in field:
        return f'"{field["const"]}"'
    if "enum" in field:
        return " or ".join(f'"{one}"' for one in field["enum"])
    if "anyOf" in field:
        return " or ".join(_kind(one) for one in field["anyOf"])
    if field.get("type") == "array":
        return f"list of {_kind(field['items'])}"
    return str(field.get("type", "any"))
