from datetime import date
from pathlib import Path
from typing import Any

import pytest
from acoustic_apps.turbine_blade.pictures import heat_map
from acoustic_apps.turbine_blade.pictures.heat_map import MOST_DAYS, MapDay, day_of, save_heat_map, summarise_days
from acoustic_apps.turbine_blade.result import Score
from matplotlib.image import imread

from acoustic.errors import AcousticError, ParameterError
from acoustic.records import plain


def record(
    machine: str | None, start: str | None, anomalous: bool | None = False, file: str = "a.wav"
) -> dict[str, Any]:
    score = None if anomalous is None else 3.0 if anomalous else 0.3
    row: dict[str, Any] = plain(
        Score(file=file, machine=machine, start=start, score=score, anomalous=anomalous, threshold=2.0)
    )
    return row


def axes_of(records: list[dict[str, Any]], path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The map's axes, as they are saved."""
    figures = []
    monkeypatch.setattr(heat_map, "save_figure", lambda figure, _: figures.append(figure))
    save_heat_map(records, path)
    return figures[0].axes[0]


@pytest.mark.parametrize(
    "file",
    [
        "turbine_01/2026-01-03/103000.wav",
        "turbine_01/2026_01_03.wav",
        "turbine_01/20260103_103000.wav",
        "turbine_01/20260103T103000Z.wav",
        "turbine_01/20260103103000.wav",
        "turbine_01/202601031030.wav",
        "turbine_01/2026/01/03/103000.wav",
        "backup-2025-12-31/2026-01-03/1.wav",
        "2026-01-03/2026-13-99.wav",
    ],
)
def test_day_is_found_in_the_path(file: str) -> None:
    assert day_of(record("turbine_01", None, file=file)) == date(2026, 1, 3)


@pytest.mark.parametrize("file", ["a.wav", "2026.wav", "12026010399.wav", "2026-01/03.wav", "2026-02-30.wav"])
def test_what_is_no_date_gives_no_day(file: str) -> None:
    assert day_of(record("turbine_01", None, file=file)) is None


def test_start_outweighs_the_path_and_that_the_metadata() -> None:
    file = "2026-01-03/1.wav"
    assert day_of(record("a", "2026-02-04T23:59:00+02:00", file=file)) == date(2026, 2, 4)
    told = {"started": "2026-03-05T00:30:00+02:00"}
    assert day_of({**record("a", None, file=file), **told}) == date(2026, 1, 3)
    assert day_of({**record("a", None), **told}) == date(2026, 3, 5)


def test_recordings_are_counted_by_machine_and_day() -> None:
    records = [
        *[record("a", "2026-01-03T10:00:00", anomalous) for anomalous in (True, False, False, None)],
        record("a", "2026-01-04", False),
        record("b", "2026-01-03", True),
        record(None, "2026-01-03", True),
        record("b", None, True),
        plain(Score(file="b/2026-01-03/1.wav", error="damaged")),
    ]
    found = summarise_days(records)
    assert {where: (day.recordings, day.anomalous) for where, day in found.items()} == {
        ("a", date(2026, 1, 3)): (3, 1),
        ("a", date(2026, 1, 4)): (1, 0),
        ("b", date(2026, 1, 3)): (1, 1),
    }
    assert found["a", date(2026, 1, 3)].allowed_rate == pytest.approx(0.01)


def test_too_often_is_what_chance_does_once_in_a_thousand_days() -> None:
    def too_often(anomalous: int, recordings: int) -> bool:
        return MapDay(recordings=recordings, anomalous=anomalous, allowed_rate=0.01).too_often

    # With 24 recordings at 1 %: two or more have a chance of 2.4 %, three of 0.18 %, four of 0.01 %.
    assert [too_often(k, 24) for k in range(6)] == [False, False, False, False, True, True]
    assert not too_often(1, 1)
    assert too_often(2, 2)


def test_colour_is_the_share_and_days_without_recordings_stay_grey(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [
        *[record("t10", "2026-01-01", k < 6) for k in range(24)],
        *[record("t2", "2026-01-04", False) for _ in range(24)],
    ]
    axes = axes_of(records, tmp_path / "a.png", monkeypatch)
    [image] = axes.images
    share = image.get_array()
    assert [label.get_text() for label in axes.get_yticklabels()] == ["t2", "t10"]
    assert share.mask.tolist() == [[True, True, True, False], [False, True, True, True]]
    assert (share[1, 0], share[0, 3]) == (0.25, 0.0)
    [marks] = axes.lines
    assert (list(marks.get_xdata()), list(marks.get_ydata())) == ([0], [1])
    assert [label.get_text() for label in axes.get_xticklabels()] == [f"2026-01-0{day}" for day in range(1, 5)]


def test_a_clock_that_was_never_set_does_not_stretch_the_map(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [record("old", "1970-01-01"), record("new", "2026-01-03")]
    axes = axes_of(records, tmp_path / "a.png", monkeypatch)
    assert axes.images[0].get_array().shape == (1, MOST_DAYS)


def test_map_becomes_a_png_whatever_the_names(tmp_path: Path) -> None:
    names = ["$x", "風車", b"\xff".decode(errors="surrogateescape")]
    path = tmp_path / "new" / "map.png"
    save_heat_map([record(name, "2026-01-03") for name in names], path)
    assert imread(path).shape[2] == 4
    assert [one.name for one in path.parent.iterdir()] == ["map.png"]


def test_records_without_machine_or_day_are_refused(tmp_path: Path) -> None:
    for records in ([], [record("a", None), record(None, "2026-01-03"), record("a", "2026-01-03", None)]):
        with pytest.raises(ParameterError, match="machine and day"):
            save_heat_map(records, tmp_path / "map.png")
    assert not list(tmp_path.iterdir())


def test_a_map_that_cannot_be_written_is_named() -> None:
    with pytest.raises(AcousticError, match=r"/dev/null/map.png: cannot be written"):
        save_heat_map([record("a", "2026-01-03")], Path("/dev/null/map.png"))
