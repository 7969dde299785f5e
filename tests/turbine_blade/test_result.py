import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from acoustic_apps.turbine_blade.application import application
from acoustic_apps.turbine_blade.gate import SetAside
from acoustic_apps.turbine_blade.result import AlarmSpan, ClipScore, Level, Moment, Rotor, Score, labels
from acoustic_apps.turbine_blade.rotor.reading import Order
from acoustic_apps.turbine_blade.scorer.explain import Band

from acoustic.application import Label, failure
from acoustic.records import json_line, plain
from acoustic.score import writers

ORDER = Order(quantity="tone", order=1, low_hz=500.0, high_hz=1234.5678, level_db=2.0, floor_db=0.5, z=4.25)
ROTOR = Rotor(rpm=12.34567, rpm_confidence=0.9, orders=(ORDER,), z=4.0, p_value=3.2e-5, p_value_for_machine=0.00123456)
FULL = Score(
    file="farm/T1/a.wav",
    machine="T1",
    start="2026-01-02T03:04:05",
    duration_s=60.12345,
    score=3.123456,
    p_value=0.000752123,
    anomalous=True,
    threshold=2.0,
    bands=(
        Band(low_hz=1000.04, high_hz=2000.0, z=5.678, sign="+", what="shape"),
        Band(low_hz=0.0, high_hz=61.2, z=3.0, sign="-", what="residual"),
        Band(low_hz=4000.0, high_hz=8000.0, z=3.0, sign="+", what="change"),
    ),
    when=(Moment(start_s=1.024, end_s=3.0721, z=7.777), Moment(start_s=40.0, end_s=41.0, z=3.1)),
    rotor=ROTOR,
    set_aside=(
        SetAside(start_s=10.24, end_s=11.264, reason="rain"),
        SetAside(start_s=20.0, end_s=22.0, reason="birds"),
        SetAside(start_s=30.0, end_s=31.0, reason="rain"),
    ),
    clips=6,
    clip_scores=(ClipScore(start_s=0.0, end_s=10.24, score=0.5), ClipScore(start_s=10.24, end_s=20.48, score=2.5)),
    level=Level(db=-23.456, z=1.234),
    known_clips=40,
    warnings=("one", "two"),
    alarms=2,
    alarm_spans=(AlarmSpan(start_s=20.48, end_s=30.72), AlarmSpan(start_s=50.0)),
)
BARE = Score(file="b.wav", threshold=2.0)
FAILED = failure(application, "c, d.wav", 'broken, "quite"\nso')
RECORDS: list[dict[str, Any]] = [plain(FULL), plain(BARE), FAILED]
KEYS = [
    "file", "machine", "start", "duration_s", "score", "p_value", "anomalous", "threshold", "bands", "when", "rotor",
    "no_rotor", "set_aside", "level", "clips", "known_clips", "warnings", "error", "skipped", "alarms", "clip_scores",
    "alarm_spans", "started", "started_from",
]  # fmt: skip
COLUMNS = writers.columns_of(application)


def table_lines(rows: list[dict[str, Any]], files: list[str]) -> list[str]:
    return list(writers.table_lines(application, rows, [Path(file) for file in files]))


def test_every_record_has_every_key_and_is_json() -> None:
    lines = list(map(json_line, RECORDS))
    assert [list(json.loads(line)) for line in lines] == [KEYS] * 3
    assert [json.loads(line) for line in lines] == RECORDS
    assert not any("\n" in line for line in lines)


def test_numbers_are_as_exact_as_they_are_known() -> None:
    record = plain(FULL)
    assert (record["duration_s"], record["score"], record["p_value"]) == (60.123, 3.1235, 0.0007521)
    assert record["bands"][0] == {"low_hz": 1000.0, "high_hz": 2000.0, "z": 5.68, "sign": "+", "what": "shape"}
    assert record["when"][0] == {"start_s": 1.024, "end_s": 3.072, "z": 7.78}
    assert record["set_aside"][0] == {"start_s": 10.24, "end_s": 11.264, "reason": "rain"}
    assert record["level"] == {"db": -23.46, "z": 1.23}
    assert record["rotor"]["rpm"] == 12.35
    assert record["rotor"]["p_value_for_machine"] == 0.001235
    assert record["rotor"]["orders"][0]["high_hz"] == 1235.0
    assert record["rotor"]["orders"][0]["quantity"] == "tone"


def test_what_is_not_known_is_null() -> None:
    record = plain(BARE)
    assert {name for name, value in record.items() if value is None} == {
        "machine", "start", "duration_s", "score", "p_value", "anomalous", "rotor", "no_rotor", "level", "error",
        "started", "started_from",
    }  # fmt: skip
    empty = ("bands", "when", "set_aside", "warnings", "clip_scores", "alarm_spans")
    assert [record[name] for name in empty] == [[]] * 6
    assert plain(Level(db=-3.0)) == {"db": -3.0, "z": None}
    assert FAILED["error"] == 'broken, "quite"\nso'
    assert FAILED["file"] == "c, d.wav"


def test_rows_are_flat_and_of_their_types() -> None:
    for record in RECORDS:
        row = writers.flat(application, record)
        assert list(row) == [column.name for column in COLUMNS]
        for column in COLUMNS:
            value = row[column.name]
            assert value is None or isinstance(value, column.kind) or (column.kind is float and value == 0)
    row = writers.flat(application, plain(FULL))
    assert row["bands"].startswith("1000-2000 Hz shape +5.7; 0-61 Hz residual -3.0; ")
    assert row["when"] == "1.024-3.072 s; 40-41 s"
    assert row["set_aside"] == "rain 10.24-11.264 s; birds 20-22 s; rain 30-31 s"
    assert row["set_aside_s"] == pytest.approx(4.024)
    assert (row["rotor_rpm"], row["rotor_z"], row["rotor_p_value"]) == (12.35, 4.0, 0.001235)
    assert (row["level_db"], row["level_z"], row["warnings"]) == (-23.46, 1.23, "one; two")


def test_csv_is_read_back() -> None:
    text = "".join(f"{line}\n" for line in writers.csv_lines(application, RECORDS, []))
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [list(row) for row in rows] == [[column.name for column in COLUMNS]] * 3
    assert [row["file"] for row in rows] == ["farm/T1/a.wav", "b.wav", "c, d.wav"]
    assert (rows[0]["anomalous"], rows[0]["score"], rows[0]["known_clips"]) == ("True", "3.1235", "40")
    assert rows[1]["score"] == rows[1]["rotor_rpm"] == ""
    assert rows[2]["error"] == 'broken, "quite"\nso'


def test_the_table_says_what_stands_out() -> None:
    header, full, bare, failed = table_lines(RECORDS, ["farm/T1/a.wav", "b.wav"])
    assert header.split() == ["file", "score", "p-value", "what", "stands", "out"]
    assert full == (
        "farm/T1/a.wav    3.12   0.00075  ANOMALOUS  1000-2000 Hz shape +5.7; 0-61 Hz residual -3.0; at 1 s, 40 s; "
        "blades differ (rotor p 0.001); set aside: birds; rain"
    )
    assert bare.split() == ["b.wav", "-", "-", "not", "scored"]
    assert failed.startswith("c, d.wav       error: broken")
    columns = {line.index(word) for line, word in ((header, "what"), (full, "1000-2000"))}
    assert len(columns) == 1


def test_a_usual_recording_is_told_in_few_words() -> None:
    usual = Score(file="a.wav", score=0.4, p_value=0.4, anomalous=False, rotor=replace(ROTOR, p_value_for_machine=0.4))
    line = list(table_lines([plain(usual)], []))[1]
    assert line.split() == ["a.wav", "0.40", "0.4"]


def test_a_recording_that_was_all_set_aside_says_why() -> None:
    aside = Score(file="a.wav", set_aside=(SetAside(start_s=0.0, end_s=9.0, reason="rain"),))
    assert list(table_lines([plain(aside)], []))[1].endswith("not scored  set aside: rain")


def test_a_blade_that_cannot_be_compared_is_not_called_different() -> None:
    alone = Score(file="a.wav", score=0.4, p_value=0.4, anomalous=False, rotor=replace(ROTOR, p_value_for_machine=None))
    assert plain(alone)["rotor"]["p_value_for_machine"] is None
    assert "blades" not in list(table_lines([plain(alone)], []))[1]


def test_labels_mark_what_stands_out_and_what_was_set_aside() -> None:
    assert list(labels(plain(FULL))) == [
        Label(1.024, 3.072, "stands out +7.8"),
        Label(40.0, 41.0, "stands out +3.1"),
        Label(10.24, 20.48, "unusual 2.5"),
        Label(20.48, 20.48, "ALARM"),
        Label(30.72, 30.72, "alarm over"),
        Label(50.0, 50.0, "ALARM"),
        Label(10.24, 11.264, "set aside: rain"),
        Label(20.0, 22.0, "set aside: birds"),
        Label(30.0, 31.0, "set aside: rain"),
    ]
    assert list(labels(plain(BARE))) == []
