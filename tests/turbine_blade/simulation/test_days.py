"""Simulated days, and their files."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from acoustic_apps.turbine_blade.simulate import CONDITIONS, Farm, SimulatedDay, Turbine, save_days, simulate_day

from acoustic.errors import AcousticError, ParameterError
from acoustic.progress import Advance, watched

TURBINE = Turbine.draw(5)


def courses(count: int) -> list[SimulatedDay]:
    return [SimulatedDay.draw(np.random.default_rng([seed, 201])) for seed in range(count)]


def test_wind_changes_slowly_within_its_range() -> None:
    wind = np.array([day.wind_m_s for day in courses(100)])
    assert 3 <= wind.min() < 4
    assert 13 < wind.max() <= 14
    assert np.abs(np.diff(wind, axis=1)).mean() < 0.5
    assert np.ptp(wind, axis=1).mean() > 3


def test_rain_comes_in_spells_of_hours() -> None:
    spells = [day.rain_s for day in courses(100) if day.rain_s is not None]
    assert 20 < len(spells) < 50
    assert all(3600 <= end_s - start_s <= 6 * 3600 for start_s, end_s in spells)


def test_birds_sing_in_the_morning() -> None:
    day = next(day for day in courses(20) if day.rain_s is None)
    rng = np.random.default_rng(1)
    morning, night = (sum("birds" in day.kinds_at(rng, hour * 3600) for _ in range(100)) for hour in (6, 23))
    assert morning > 40 > night


def test_day_follows_its_wind_and_weather() -> None:
    seed = next(seed for seed, day in enumerate(courses(50)) if day.rain_s is not None and 0 < day.rain_s[0] < 60_000)
    day = courses(50)[seed]
    clips = list(simulate_day(TURBINE, seed, n_clips=24, duration_s=1.0))
    assert [start_s for start_s, _ in clips] == [3600.0 * hour for hour in range(24)]
    assert day.rain_s is not None
    for start_s, clip in clips:
        assert clip.wind_m_s == day.wind_at(start_s)
        assert clip.rpm == pytest.approx(TURBINE.rpm_at(clip.wind_m_s), rel=0.05)
        rainy = day.rain_s[0] <= start_s < day.rain_s[1]
        assert rainy == ("rain" in {one.kind for one in clip.nuisances})


def test_step_of_gain_stays_for_the_day() -> None:
    seed = next(seed for seed, day in enumerate(courses(200)) if 30_000 < day.gain_step_s < 60_000)
    day = courses(200)[seed]
    calm = simulate_day(TURBINE, seed, n_clips=24, duration_s=1.0, nuisances=False)
    for (start_s, clip), (_, plain) in zip(simulate_day(TURBINE, seed, n_clips=24, duration_s=1.0), calm, strict=True):
        stepped = "gain_step" in {one.kind for one in clip.nuisances}
        assert stepped == (start_s >= day.gain_step_s)
        assert plain.nuisances == ()
        if clip.nuisances == () or {one.kind for one in clip.nuisances} == {"gain_step"}:
            change_db = 20 * np.log10(clip.pcm.std() / plain.pcm.std())
            assert change_db == pytest.approx(day.drift_db + stepped * day.gain_step_db, abs=0.05)


def test_same_day_gives_the_same_bytes() -> None:
    first, again = (
        [clip.pcm.tobytes() for _, clip in simulate_day(TURBINE, 3, n_clips=3, duration_s=1.0)] for _ in range(2)
    )
    assert first == again
    assert len(set(first)) == 3


def test_too_many_clips_are_refused() -> None:
    with pytest.raises(ParameterError, match="day"):
        next(simulate_day(TURBINE, 1, n_clips=10_000, duration_s=10.0))


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "conditions.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


SMALL = {"turbines": 2, "days": 2, "clips_per_day": 3, "duration_s": 1.5, "seed": 4}


def farm(**settings: Any) -> Farm:
    return Farm(**{**SMALL, **settings})


def test_files_and_table_agree(tmp_path: Path) -> None:
    amounts: list[float] = []

    @contextmanager
    def watch(description: str, total: float) -> Iterator[Advance]:
        assert total == 12
        yield amounts.append

    with watched(watch):
        save_days(tmp_path, farm(fault="erosion", severity_db=-2.0, faulty_turbine=2, from_day=2))
    assert sum(amounts) == 12
    table = rows(tmp_path)
    assert tuple(table[0]) == CONDITIONS
    assert {tmp_path / row["file"] for row in table} == set(tmp_path.rglob("*.wav"))
    assert len(table) == 12
    assert table[0]["file"] == "simulated_4001/2026-01-01/000000.wav"
    assert table[1]["start"] == "2026-01-01T08:00:00"
    for row in table:
        pcm, rate_hz = soundfile.read(tmp_path / row["file"], dtype="int16")
        assert (rate_hz, len(pcm)) == (16_000, 24_000)
        assert float(row["duration_s"]) == 1.5
        assert 3 <= float(row["wind_m_s"]) <= 14
        assert 8 < float(row["rpm"]) < 17
        assert row["simulated"] == "yes"
        assert row["file"].startswith(row["machine"])
        faulty = row["machine"] == "simulated_4002" and row["start"] >= "2026-01-02"
        assert (row["fault"], row["severity_db"]) == (("erosion", "-2") if faulty else ("", ""))
    wind = {
        machine: [row["wind_m_s"] for row in table if row["machine"] == machine]
        for machine in ("simulated_4001", "simulated_4002")
    }
    assert wind["simulated_4001"] == wind["simulated_4002"]
    assert not list(tmp_path.rglob("*.part"))


def test_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        save_days(tmp_path / name, farm())
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 13
    assert all((tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes() for file in files)


def test_nuisances_are_written_with_their_times(tmp_path: Path) -> None:
    save_days(tmp_path, farm(clips_per_day=24, duration_s=1.0, turbines=1))
    words = [word for row in rows(tmp_path) for word in row["nuisances"].split()]
    assert words
    for word in words:
        kind, times = word.split(":")
        start_s, end_s = map(float, times.split("-"))
        assert 0 <= start_s <= end_s <= 1
        assert kind.isidentifier()


@pytest.mark.parametrize(
    "settings",
    [
        {"turbines": 0},
        {"days": 1000},
        {"seed": -1},
        {"fault": "tick"},
        {"severity_db": 9.0},
        {"fault": "mood", "severity_db": 9.0},
        {"fault": "tick", "severity_db": 99.0},
        {"fault": "tick", "severity_db": 9.0, "faulty_turbine": 3},
        {"fault": "tick", "severity_db": 9.0, "from_day": 3},
    ],
)
def test_impossible_farms_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        farm(**settings)


def test_unwritable_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AcousticError, match="cannot be written"):
        save_days(tmp_path / "file", farm())
