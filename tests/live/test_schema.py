"""What is told of events is what events are."""

import json
from pathlib import Path
from typing import Any

import level_meter.application as meter
import pytest
from level_meter import gain
from made_listening import PCM, RATE_HZ, Memory, blocks, cut, listen, loaded

from acoustic.application import find, installed
from acoustic.audio import write_wav
from acoustic.live.schema import VERSION, page, schema
from acoustic.score import Task, score_recording

CHECKOUT = Path(__file__).parent.parent.parent
NAMES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict}


def mismatch(value: Any, shape: Any) -> str | None:
    """Why a value does not match a schema of the kinds that are used here; None where it does."""
    if "anyOf" in shape:
        reasons = [mismatch(value, one) for one in shape["anyOf"]]
        return None if None in reasons else f"{value!r}: {reasons}"
    if "const" in shape:
        return None if value == shape["const"] else f"{value!r} is not {shape['const']!r}"
    if "enum" in shape:
        return None if value in shape["enum"] else f"{value!r} is not one of {shape['enum']}"
    if shape.get("type") == "null":
        return None if value is None else f"{value!r} is not null"
    if "type" in shape and (
        not isinstance(value, NAMES[shape["type"]]) or isinstance(value, bool) > (shape["type"] == "boolean")
    ):
        return f"{value!r} is no {shape['type']}"
    if shape.get("type") == "array":
        return next(filter(None, (mismatch(one, shape["items"]) for one in value)), None)
    if shape.get("type") == "object":
        if missing := set(shape["required"]) - set(value):
            return f"lacks {missing}"
        if unknown := set(value) - set(shape["properties"]):
            return f"has {unknown}"
        return next(filter(None, (mismatch(one, shape["properties"][name]) for name, one in value.items())), None)
    return None


def test_every_event_of_a_stream_matches_what_is_told_of_it() -> None:
    memory = Memory()
    source = blocks(*cut(PCM))
    source.health.note(0.1, "lost")
    listen(source, memory)
    told = schema(meter.application)["$defs"]
    assert {event["event"] for event in memory.events} == {"start", "trouble", "second", "health", "summary"}
    for event in memory.events:
        assert mismatch(event, told[event["event"]]) is None


def test_rows_match_too(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", PCM, RATE_HZ)
    for application in (meter.application, gain.application):
        row = score_recording(loaded(application), Task(path=tmp_path / "a.wav", options=meter.Options()))
        assert mismatch(row, schema(application)["$defs"]["row"]) is None


def test_the_schema_is_plain_json_with_a_version() -> None:
    told = schema(gain.application)
    assert told["version"] == VERSION
    assert told["$schema"].endswith("2020-12/schema")
    assert json.loads(json.dumps(told)) == told
    assert {one["$ref"].rpartition("/")[2] for one in told["anyOf"]} == set(told["$defs"])
    # What a stream adds that makes sound.
    assert {"latency_ms", "underruns"} <= set(told["$defs"]["health"]["properties"])
    assert "lost_blocks" in told["$defs"]["summary"]["properties"]
    assert "lost_blocks" not in told["$defs"]["row"]["properties"]


def test_the_page_lists_fields_with_their_units() -> None:
    text = "\n".join(page([meter.application, gain.application]))
    assert text.startswith("# Events\n")
    assert "| `seconds.level_dbfs` | number | dBFS | Its level. |" in text
    assert '| `event` | "second" |  |  |' in text
    assert "| `loudest_dbfs` | number or null | dBFS | Level of the loudest. |" in text
    assert text.count("\n## ") == 2


@pytest.mark.skipif(not installed(), reason="no application is installed")
def test_the_page_of_the_repository_is_up_to_date() -> None:
    """If it is not: acoustic events --markdown > docs/events.md."""
    applications = [find(entry.name) for entry in installed()]
    assert (CHECKOUT / "docs" / "events.md").read_text(encoding="utf-8") == "\n".join(page(applications)) + "\n"


@pytest.mark.parametrize("name", [entry.name for entry in installed()])
def test_events_and_rows_of_every_application_have_their_time(name: str) -> None:
    shapes = schema(find(name))["$defs"]
    row = shapes.pop("row")
    assert list(row["properties"])[-2:] == ["started", "started_from"]
    assert all("time" in shape["properties"] for shape in shapes.values())
