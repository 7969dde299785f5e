"""An application of the smallest kind, listening to blocks of numbers."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from made_sources import RATE_HZ, Blocks, Sums, ones

from acoustic.errors import AcousticError, DeviceError
from acoustic.live import Archive, Input, Keyboard, Listener, Rows

BUNDLE: Any = SimpleNamespace(application="sums", name="small", version="1.2")


class Adder(Listener[int]):
    """Tells every sum; alarms above 500."""

    keys = "m mark   q quit"

    def __init__(self, source: Blocks) -> None:
        super().__init__(Input(source, "numbers", 2 * RATE_HZ), BUNDLE, Sums())
        self.sums: list[int] = []

    def start(self) -> None:
        self.tell({"event": "ready"})

    def hear(self, event: int) -> None:
        self.sums.append(event)
        self.tell({"event": "sum", "value": event})
        if self.alarmed:
            self.alert(f"much: {event}")

    def press(self, key: str, t_s: float) -> None:
        self.tell({"event": "key", "key": key, "t_s": t_s})

    def rows(self) -> Rows:
        return {"sum": [f"{self.sums[-1]}"]}

    @property
    def alarmed(self) -> bool:
        return self.sums[-1] > 500

    def health(self) -> dict[str, Any]:
        return {"sums": len(self.sums)}

    def labels(self) -> Iterable[str]:
        return (f"0.0000\t0.0000\t{value}" for value in self.sums)

    def finish(self) -> None:
        self.tell({"event": "summary", "file": self.file, "rate_hz": self.rate_hz, "warnings": self.warnings})


Printed = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    """The events printed since the last call."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_events_in_their_order(printed: Printed) -> None:
    ended = Adder(Blocks(ones(400), ones(600), ones(1000))).run(save=None, as_json=True)
    assert (ended.interrupted, ended.save_failed, ended.exit_code) == (False, False, 0)
    start, *told, summary = printed()
    assert start == {"event": "start", "source": "numbers", "rate_hz": 2000, "bundle": "small", "version": "1.2"}
    assert [row.get("value", row["event"]) for row in told] == ["ready", 400, 600, "health", 1000, "health", 2000]
    assert summary == {"event": "summary", "file": "numbers", "rate_hz": 2000, "warnings": []}


def test_without_json_nothing_is_printed_and_people_read_the_alert(capsys: pytest.CaptureFixture[str]) -> None:
    Adder(Blocks(ones(600), ones(5))).run(save=None, as_json=False)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.replace("\a", "") == "small 1.2 listening to numbers at 2000 Hz\nmuch: 600\nmuch: 605\n"


def test_health_is_told_once_a_second_of_sound(printed: Printed) -> None:
    loud = np.full(700, -(2**15), np.int16)
    Adder(Blocks(np.zeros(1000, np.int16), loud, loud, ones(2000))).run(save=None, as_json=True)
    silent, clipped, last = (row for row in printed() if row["event"] == "health")
    assert (silent["t_s"], silent["level_dbfs"], silent["peak_dbfs"], silent["clipped"]) == (1.0, None, None, 0.0)
    assert (clipped["t_s"], clipped["level_dbfs"], clipped["peak_dbfs"], clipped["clipped"]) == (2.4, 0.0, 0.0, 1.0)
    assert (last["t_s"], last["sums"]) == (4.4, 4)
    assert set(last) == {
        *("event", "t_s", "level_dbfs", "peak_dbfs", "clipped", "sums", "realtime_factor", "lag_s", "max_lag_s"),
        *("overflows", "dropped_blocks", "reconnects", "lost_s", "silent"),
    }


def test_what_is_kept_is_what_was_printed(printed: Printed, tmp_path: Path) -> None:
    Adder(Blocks(ones(400), ones(300))).run(save=tmp_path, as_json=True)
    [wav], [events], [labels] = (list(tmp_path.glob(f"sums-*.{suffix}")) for suffix in ("wav", "jsonl", "txt"))
    rows = printed()
    assert [json.loads(line) for line in events.read_text().splitlines()] == rows
    # The kept recording has the rate of the source's blocks.
    assert rows[-1] == {"event": "summary", "file": str(wav), "rate_hz": RATE_HZ, "warnings": []}
    assert labels.read_text() == "".join(f"0.0000\t0.0000\t{value}\n" for value in (400, 300, 700))
    np.testing.assert_array_equal(soundfile.read(wav, dtype="int16")[0], ones(700))


def test_troubles_of_the_source_are_told_once(printed: Printed) -> None:
    source = Blocks(ones(10), ones(10), ones(10))
    adder = Adder(source)
    hear = adder.hear

    def hear_and_stumble(event: int) -> None:
        hear(event)
        if len(adder.sums) < 3:
            source.health.note(len(adder.sums), "lost")
            source.health.note(len(adder.sums), "found")

    adder.hear = hear_and_stumble  # type: ignore[method-assign]
    adder.run(save=None, as_json=True)
    rows = printed()
    assert [(row["t_s"], row["message"]) for row in rows if row["event"] == "trouble"] == [
        *((1, "lost"), (1, "found"), (2, "lost"), (2, "found"))
    ]
    assert rows[-1]["warnings"] == ["1.0 s: lost", "1.0 s: found", "2.0 s: lost", "2.0 s: found"]


def test_a_source_that_fails_has_been_judged_and_kept(printed: Printed, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="unplugged"):
        Adder(Blocks(ones(10), DeviceError("unplugged"))).run(save=tmp_path, as_json=True)
    assert printed()[-1]["event"] == "summary"
    assert next(tmp_path.glob("*.txt")).read_text().count("\n") == 2


def test_a_disk_that_fails_does_not_end_the_listening(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(archive: Archive, pcm: object) -> None:
        raise AcousticError("disk full.")

    monkeypatch.setattr(Archive, "hear", full)
    ended = Adder(Blocks(ones(10), ones(10))).run(save=tmp_path, as_json=True)
    assert (ended.save_failed, ended.exit_code) == (True, 1)
    out, err = capsys.readouterr()
    assert [json.loads(line).get("value") for line in out.splitlines()] == [None, None, 10, 10, 20, None]
    assert err.count("disk full. Listening goes on without saving.") == 1


def test_sound_that_an_application_makes_is_kept(tmp_path: Path) -> None:
    class Echo(Adder):
        def hear(self, event: int) -> None:
            super().hear(event)
            self.keep(np.full(event, 7, np.int16))

    Echo(Blocks(ones(400), ones(300))).run(save=tmp_path, as_json=False)
    Echo(Blocks(ones(400))).run(save=None, as_json=False)
    [made] = tmp_path.glob("sums-*.out.wav")
    np.testing.assert_array_equal(soundfile.read(made, dtype="int16")[0], np.full(1400, 7))


def test_keys_reach_the_application_but_q_quits(printed: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = iter(["", "Mx", "q"])
    monkeypatch.setattr(Keyboard, "pressed", lambda keyboard: next(keys, ""))
    Adder(Blocks(*[ones(10)] * 100)).run(save=None, as_json=True)
    rows = printed()
    assert [(row["key"], row["t_s"]) for row in rows if row["event"] == "key"] == [("m", 0.02), ("x", 0.02)]
    assert [row["value"] for row in rows if row["event"] == "sum"] == [10, 10, 10, 30]


def test_panel_has_the_rows_of_the_application_between_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    source = Blocks(ones(10))
    source.health.silent = True
    Adder(source).run(save=None, as_json=False)
    err = capsys.readouterr().err
    places = [err.rindex(text) for text in ("level", "sum", "keeping up", "NO SOUND")]
    assert places == sorted(places)
    assert "CLIPPING" not in err
    Adder(Blocks(ones(10) * np.int16(32767))).run(save=None, as_json=False)
    assert "CLIPPING" in capsys.readouterr().err
