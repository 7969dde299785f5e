from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from acoustic_apps.turbine_blade.conditions import (
    CONDITIONS,
    Conditions,
    ConditionTable,
    known_in,
    machine_of,
    n_numbers,
)

from acoustic.errors import ParameterError


def table(folder: Path, text: str, encoding: str = "utf-8") -> ConditionTable:
    path = folder / "conditions.csv"
    path.write_bytes(text.encode(encoding))
    return ConditionTable(path)


def test_every_column_is_read(tmp_path: Path) -> None:
    known = table(
        tmp_path,
        "colour,file,machine,start,wind_m_s,rpm,fault,simulated\n"
        "red,a.wav,WEA 3,2026-01-02T03:04:05,7.5,12.25,erosion,yes\n"
        "red,b.wav,,,,,,no\n",
    )
    assert known.columns == ("colour", "file", "machine", "start", "wind_m_s", "rpm", "fault", "simulated")
    assert known[tmp_path / "a.wav"] == Conditions(
        machine="WEA 3", start="2026-01-02T03:04:05", wind_m_s=7.5, rpm=12.25, fault="erosion", simulated=True
    )
    assert known[tmp_path / "b.wav"] == Conditions()
    assert known[tmp_path / "c.wav"] == Conditions()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_tables_of_spreadsheets(tmp_path: Path, encoding: str, end: str) -> None:
    """With a byte order mark, ends of lines of Windows, quotes and umlauts."""
    text = end.join(["file,machine", '"Gang, 3.wav","Anlage ""Süd"""', ""])
    assert table(tmp_path, text, encoding)[tmp_path / "Gang, 3.wav"].machine == 'Anlage "Süd"'


def test_files_are_found_by_path_before_name(tmp_path: Path) -> None:
    known = table(tmp_path, f"file,machine\none/x.wav,a\n../y.wav,b\n{tmp_path}/deep/z.wav,c\n")
    assert known[tmp_path / "one" / "x.wav"].machine == "a"
    assert known[tmp_path / "one" / ".." / "one" / "x.wav"].machine == "a"
    assert known[tmp_path.parent / "y.wav"].machine == "b"
    assert known[tmp_path / "deep" / "z.wav"].machine == "c"
    # Elsewhere by the bare name.
    assert known[Path("/elsewhere/x.wav")].machine == "a"


def test_relative_recordings_are_those_of_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = table(tmp_path, "file,machine\none/x.wav,a\ntwo/x.wav,b\n")
    monkeypatch.chdir(tmp_path / "..")
    assert known[Path(tmp_path.name) / "two" / "x.wav"].machine == "b"


@pytest.mark.parametrize("times", [2, 3])
def test_a_name_that_folders_share_says_nothing(tmp_path: Path, times: int) -> None:
    rows = "".join(f"{number}/x.wav,m{number}\n" for number in range(times))
    known = table(tmp_path, f"file,machine\n{rows}")
    assert known[tmp_path / "0" / "x.wav"].machine == "m0"
    assert known[tmp_path / "9" / "x.wav"] == Conditions()


@pytest.mark.parametrize("column", ["wind_m_s", "rpm"])
@pytest.mark.parametrize("text", ["fast", "-0.1", "nan", "inf", "1e9", "7,5"])
def test_numbers_that_are_none_are_told_with_their_line(tmp_path: Path, column: str, text: str) -> None:
    with pytest.raises(ParameterError, match=rf"conditions\.csv, line 3: {column} must be .*{text}"):
        table(tmp_path, f'file,{column}\na.wav,1\nb.wav,"{text}"\n')


@pytest.mark.parametrize(("wind", "rpm"), [("0", "0"), ("100", "300"), (" 3.5 ", "\t12 ")])
def test_numbers_within_reason_are_read(tmp_path: Path, wind: str, rpm: str) -> None:
    known = table(tmp_path, f"file,wind_m_s,rpm\na.wav,{wind},{rpm}\n")[tmp_path / "a.wav"]
    assert (known.wind_m_s, known.rpm) == (float(wind), float(rpm))


@pytest.mark.parametrize(("text", "simulated"), [("yes", True), (" YES ", True), ("no", False), ("", False)])
def test_yes_and_no(tmp_path: Path, text: str, simulated: bool) -> None:
    assert table(tmp_path, f"file,simulated\na.wav,{text}\n")[tmp_path / "a.wav"].simulated is simulated


def test_other_answers_are_told_with_their_line(tmp_path: Path) -> None:
    """Nothing simulated passes for real because somebody wrote "true"."""
    with pytest.raises(ParameterError, match=r"conditions\.csv, line 2: simulated must be yes or no, not 'true'"):
        table(tmp_path, "file,simulated\na.wav,true\n")


def test_short_and_long_rows(tmp_path: Path) -> None:
    known = table(tmp_path, "file,machine,rpm\na.wav\nb.wav,m,3,and,more\n")
    assert known[tmp_path / "a.wav"] == Conditions()
    assert known[tmp_path / "b.wav"] == Conditions(machine="m", rpm=3.0)


def test_a_row_without_a_file_belongs_to_no_recording(tmp_path: Path) -> None:
    known = table(tmp_path, "file,machine\n,m\nb.wav,n\n")
    assert known[tmp_path / "b.wav"].machine == "n"
    assert known[tmp_path / "a.wav"] == Conditions()


@pytest.mark.parametrize("text", ["", "path,machine\na.wav,m\n", "File\na.wav\n", "file;machine\na.wav;m\n"])
def test_a_table_without_files_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ParameterError, match=r"conditions\.csv: has no column 'file'"):
        table(tmp_path, text)


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "conditions.csv"
    for data in (b"file\n\xff\xfe\n", b"file\n" + b"x" * 200_000):
        path.write_bytes(data)
        with pytest.raises(ParameterError, match=r"conditions\.csv: cannot be read"):
            ConditionTable(path)
    for missing in (tmp_path / "missing.csv", tmp_path):
        with pytest.raises(ParameterError, match="cannot be read"):
            ConditionTable(missing)


def test_numbers_for_a_vector() -> None:
    known = Conditions(wind_m_s=7.5, rpm=12.25)
    assert known.vector(()).shape == (0,)
    assert known.vector(["rpm"]).tolist() == [1225]
    assert known.vector(["wind_m_s", "rpm"]).tolist() == [750, 562, 1225]
    assert known.vector(["rpm"]).dtype == np.int16
    assert Conditions(wind_m_s=100.0, rpm=300.0).vector(["wind_m_s", "rpm"]).tolist() == [10_000, 32_767, 30_000]
    for names in ([], ["rpm"], ["wind_m_s"], ["wind_m_s", "rpm"]):
        assert n_numbers(names) == len(known.vector(names))
    assert set(CONDITIONS) <= set(asdict(known))


@pytest.mark.parametrize("name", ["wind_m_s", "rpm"])
def test_a_condition_that_is_not_known_is_told(name: str) -> None:
    with pytest.raises(ParameterError, match=f"under {name}, which is not known"):
        Conditions().vector([name])


def test_machines_by_the_first_folder_below_what_was_asked_for(tmp_path: Path) -> None:
    recording = tmp_path / "farm" / "WEA 3" / "monday" / "x.wav"
    recording.parent.mkdir(parents=True)
    assert machine_of(recording, [tmp_path / "farm"]) == "WEA 3"
    assert machine_of(recording, [tmp_path / "other", tmp_path]) == "farm"
    assert machine_of(recording, [recording.parent]) is None
    assert machine_of(recording, [recording]) is None
    assert machine_of(recording, []) is None


def test_machines_that_are_known_by_any_folder(tmp_path: Path) -> None:
    recording = tmp_path / "t1" / "t2" / "x.wav"
    recording.parent.mkdir(parents=True)
    assert machine_of(recording, [tmp_path], ["t2"]) == "t2"
    assert machine_of(recording, [tmp_path], ["t1", "t2"]) == "t2"
    assert machine_of(recording, [], ["t1"]) == "t1"
    assert machine_of(recording, [tmp_path], ["x.wav", "T2"]) == "t1"


def test_a_table_goes_before_folders(tmp_path: Path) -> None:
    paths = [tmp_path / "m1" / name for name in ("a.wav", "b.wav", "c.wav")]
    paths[0].parent.mkdir()
    rows = table(tmp_path, "file,machine,rpm\nm1/a.wav,other,3\nm1/b.wav,,4\n")
    known = known_in(rows.path, paths, [tmp_path])
    assert list(known.values()) == [
        Conditions(machine="other", rpm=3.0),
        Conditions(machine="m1", rpm=4.0),
        Conditions(machine="m1"),
    ]
    assert known_in(None, paths[:1], [tmp_path]) == {paths[0]: Conditions(machine="m1")}


def test_a_start_that_is_no_time_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"conditions\.csv, line 3: start: '01/02/2026 10:00' is no date and time"):
        table(tmp_path, "file,start\na.wav,2026-02-01\nb.wav,01/02/2026 10:00\n")
