import numpy as np
import pytest
from acoustic_apps.hearing_denoise.fitting.audiogram import FREQUENCIES_HZ, Audiogram

from acoustic.errors import ParameterError


def table(path, rows, header="frequency_hz,threshold_db_hl"):
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_six_numbers_are_the_thresholds_from_250_hz_up():
    audiogram = Audiogram.from_text(" 20, 25,30,45,-10,120")
    assert dict(zip(FREQUENCIES_HZ, audiogram.thresholds_db_hl, strict=True)) == {
        250: 20.0,
        500: 25.0,
        1000: 30.0,
        2000: 45.0,
        4000: -10.0,
        6000: 120.0,
    }


def test_file_is_read_in_any_order_and_with_other_columns(tmp_path):
    rows = ["6000,65,x", "250,20,", "4000,60,", "500,25,", "1000,30,", "2000,45,"]
    path = table(tmp_path / "ear.csv", rows, "frequency_hz,threshold_db_hl,note")
    assert Audiogram.from_file(path) == Audiogram.from_text("20,25,30,45,60,65")


def test_file_is_interpolated_on_a_logarithmic_scale(tmp_path):
    path = table(tmp_path / "ear.csv", ["500,10", "3000,50", "8000,70"])
    at_1000 = 10 + 40 * np.log(2) / np.log(6)
    at_6000 = 50 + 20 * np.log(2) / np.log(8 / 3)
    thresholds = Audiogram.from_file(path).thresholds_db_hl
    assert thresholds[:3] == pytest.approx((10, 10, at_1000))  # below the lowest the threshold stays
    assert thresholds[5] == pytest.approx(at_6000)


def test_what_is_typed_may_be_a_file_or_numbers(tmp_path):
    path = table(tmp_path / "ear.csv", ["500,10", "2000,10"])
    assert Audiogram.from_file_or_text(str(path)) == Audiogram.from_file_or_text("10,10,10,10,10,10")
    with pytest.raises(ParameterError, match=r"absent\.csv.*no such file"):
        Audiogram.from_file_or_text("absent.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("20,25,30", "these are 3"),
        ("20,25,30,45,60,65,70", "these are 7"),
        ("20,25,30,45,60,much", "'much' is not a number"),
        ("20,25,,45,60,65", "'' is not a number"),
        ("20,25,30,45,60,121", "6000 Hz.*not 121"),
        ("-11,25,30,45,60,65", "250 Hz.*not -11"),
        ("20,25,nan,45,60,65", "1000 Hz.*not nan"),
    ],
)
def test_numbers_that_are_no_audiogram_are_refused(text, message):
    with pytest.raises(ParameterError, match=message):
        Audiogram.from_text(text)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["500,10", "1100,20", "2000,10"], "line 3: frequency_hz must be one of .*not 1100"),
        (["500,10", "2000,130"], "line 3.*not 130"),
        (["500,10", "2000,x"], "line 3: 'x' is not a number"),
        (["500,10", "2000"], "line 3: '' is not a number"),
        (["500,10", "2000,10", "500,20"], "line 4: 500 Hz is there twice"),
        (["1000,10", "2000,10"], "needed from 500 Hz or below to 2000"),
        (["500,10", "1000,10"], "needed from 500 Hz or below to 2000"),
        ([], "needed from 500 Hz"),
    ],
)
def test_file_that_is_no_audiogram_is_refused_by_name(tmp_path, rows, message):
    path = table(tmp_path / "ear.csv", rows)
    with pytest.raises(ParameterError, match=rf"ear\.csv.*{message}"):
        Audiogram.from_file(path)


def test_file_that_cannot_be_read_is_refused_by_name(tmp_path):
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    for name in ("absent.csv", "binary.csv"):
        with pytest.raises(ParameterError, match=rf"{name}: cannot be read"):
            Audiogram.from_file(tmp_path / name)


def test_file_without_a_column_is_refused(tmp_path):
    path = table(tmp_path / "ear.csv", ["500,10"], "frequency_hz,loss")
    with pytest.raises(ParameterError, match="no column 'threshold_db_hl'; its columns are frequency_hz, loss"):
        Audiogram.from_file(path)
