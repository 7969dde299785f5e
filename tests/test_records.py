"""Records are read and checked strictly, and refused in one short sentence."""

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal

import pytest

from acoustic.errors import ParameterError
from acoustic.records import About, check, json_schema, plain, read, require


class Side(Enum):
    LEFT = "left"


@dataclass(frozen=True, kw_only=True)
class Inner:
    size: Annotated[int, About(low=1, high=9)]


@dataclass(frozen=True, kw_only=True)
class Settings:
    rate: Annotated[float, About("How often.", unit="Hz", low=0.5, high=100)]
    kind: Literal["a", 2] = "a"
    text: Annotated[str, About(longest=5)] = ""
    inner: Inner = Inner(size=1)
    many: tuple[Inner, ...] = ()
    side: Side = Side.LEFT
    named: dict[str, Inner] | None = None
    anything: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        check(self, "settings")
        require("settings", {"rate must not be 13": self.rate != 13})


GOOD = Settings(rate=50, many=(Inner(size=2),), named={"x": Inner(size=3)}, anything={"a": [1, {"b": None}]})


def test_plain_and_back():
    assert read(Settings, plain(GOOD), "settings") == GOOD
    assert json_schema(Settings)["properties"]["anything"]["anyOf"][0] == {"type": "object", "additionalProperties": {}}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"rate": 0.4}, "settings: rate must be a number from 0.5 to 100, not 0.4"),
        ({"rate": float("nan")}, "rate must be a number from 0.5 to 100, not nan"),
        ({"rate": 10**400}, "rate must be a number from 0.5 to 100, not 1000"),
        ({"rate": True}, "rate must be a number"),
        ({"rate": 13}, "settings: rate must not be 13"),
        ({"kind": 2.0}, "kind must be one of 'a', 2, not 2.0"),
        ({"text": "123456"}, "text must be a text of at most 5 characters"),
        ({"text": "\ud800"}, "text must be a text"),
        ({"anything": {"a": "\0"}}, "anything holds a text"),
        ({"anything": {"a": 2**64}}, "anything holds 18446744073709551616, which is no finite number"),
        ({"anything": {"a": float("inf")}}, "anything holds inf"),
        ({"anything": {"a": object()}}, "anything holds <object"),
        ({"anything": {1: 1}}, "anything holds a key that is no text: 1"),
        ({"anything": []}, "anything must be an object, not a list"),
        ({"named": {"x": 1}}, r"settings, named\['x'\]: must be an object, not 1"),
    ],
)
def test_what_does_not_fit_is_refused_however_it_comes(change, complaint):
    with pytest.raises(ParameterError, match=complaint):
        read(Settings, plain(GOOD) | change, "settings")
    with pytest.raises(ParameterError):
        Settings(**{"rate": 50} | change)


@pytest.mark.parametrize(
    "values", [None, {}, {"rate": 1, "x" * 9000: 1}, {"rate": "y" * 9000}, {"rate": 1, "anything": {"z" * 9000: "\0"}}]
)
def test_messages_are_short(values):
    with pytest.raises(ParameterError) as caught:
        read(Settings, values, "settings")
    assert len(str(caught.value)) <= 300


def test_depth_is_bounded():
    value: Any = 1
    for _ in range(40):
        value = [value]
    with pytest.raises(ParameterError, match="anything is nested more than 32 deep"):
        read(Settings, {"rate": 1, "anything": {"deep": value}}, "settings")
