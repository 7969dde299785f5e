from dataclasses import replace
from functools import partial

import pytest
from acoustic_apps.hearing_denoise.evaluation import report
from acoustic_apps.hearing_denoise.evaluation.judge import Row
from acoustic_apps.hearing_denoise.evaluation.summary import MEASURES
from acoustic_apps.hearing_denoise.evaluation.summary import EvaluationSummary as AnySummary
from acoustic_apps.hearing_denoise.evaluation.systems import FLOAT, INT8
from acoustic_apps.hearing_denoise.evaluation.targets import targets

FIELDS = {measure.field: measure for measure in MEASURES}
Summary = partial(AnySummary, source="made up")
RATIOS_DB = (-5.0, 0.0, 5.0)


def row(speech: int, snr_db: float, system: str, better: float = 0.0) -> Row:
    return Row(
        clip=f"{speech} at {snr_db}",
        speech=str(speech),
        snr_db=snr_db,
        noise="rain" if speech % 2 else "wind",
        system=system,
        pesq=1.5 + snr_db / 50 + speech / 100 + better,
        stoi=0.8 + snr_db / 100 + better / 10,
        estoi=0.7 + snr_db / 100 + better / 10,
        si_sdr_db=snr_db + 10 * better,
        pause_reduction_db=None,
        clean_pesq=4.2 if snr_db < 0 else None,
        noise_reduction_db=16.0 if snr_db < 0 else None,
        musical_noise=0.5 if snr_db < 0 else None,
    )


def rows(systems: dict[str, float], n: int = 8) -> list[Row]:
    return [
        row(speech, snr_db, name, better)
        for speech in range(n)
        for snr_db in RATIOS_DB
        for name, better in systems.items()
    ]


def test_means_by_ratio_and_noise() -> None:
    summary = Summary(rows({"noisy": 0.0, INT8: 0.2}))
    assert (summary.systems, summary.ours, summary.clips) == (("noisy", INT8), INT8, 24)
    assert summary.by_ratio("noisy", FIELDS["si_sdr_db"]) == {ratio: ratio for ratio in RATIOS_DB}
    wind, rain = (summary.by_noise(INT8, FIELDS["pesq"])[noise] for noise in ("wind", "rain"))
    assert (wind, rain) == (pytest.approx(1.73), pytest.approx(1.74))
    assert summary.clips_by_noise() == {"rain": 12, "wind": 12}
    mean = summary.mean("noisy", FIELDS["pesq"])
    assert mean is not None
    assert mean.low < mean.value < mean.high
    assert mean.value == pytest.approx(1.535)
    assert mean.clips == 24


def test_what_was_not_measured_counts_for_nothing() -> None:
    summary = Summary(rows({"noisy": 0.0, INT8: 0.2}))
    clean = summary.mean(INT8, FIELDS["clean_pesq"])
    assert clean is not None
    assert (clean.value, clean.clips) == (pytest.approx(4.2), 8)
    assert summary.mean(INT8, FIELDS["pause_reduction_db"]) is None
    assert summary.by_ratio(INT8, FIELDS["clean_pesq"]) == {-5.0: pytest.approx(4.2)}
    assert "pauses" not in " ".join(report.overall(summary)[0])


def test_differences_are_paired() -> None:
    """Clips differ by far more than the systems do, and still the difference is sure."""
    summary = Summary(rows({"noisy": 0.0, INT8: 0.01}))
    difference = summary.difference(INT8, "noisy", FIELDS["pesq"])
    assert difference is not None
    assert (difference.low, difference.value, difference.high) == pytest.approx((0.01, 0.01, 0.01))


def test_ratios_that_all_differ_are_gathered() -> None:
    some = [replace(row(k, 0.0, "noisy"), snr_db=k * 1.1) for k in range(10)]
    assert sorted(Summary(some).by_ratio("noisy", FIELDS["stoi"])) == [0.0, 5.0, 10.0]


def test_records_hold_what_the_tables_show() -> None:
    summary = Summary(rows({"noisy": 0.0, INT8: 0.2, "speexdsp": 0.1}))
    records = list(report.records(summary))
    assert [record["system"] for record in records] == ["noisy", INT8, "speexdsp", INT8, INT8]
    assert {record.get("source", "made up") for record in records} == {"made up"}
    assert records[1]["pesq"]["mean"] == 1.735
    assert records[1]["by_snr_db"][0] == {"snr_db": -5.0, "pesq": 1.635, "stoi": 0.77, "estoi": 0.67, "si_sdr_db": -3.0}
    assert [group["noise"] for group in records[1]["by_noise"]] == ["rain", "wind"]
    assert records[4]["less"] == "speexdsp"
    assert records[4]["pesq"] == {"mean": 0.1, "interval": [0.1, 0.1], "clips": 24}
    header, lines = report.by_ratio(summary)
    assert header == ("", "system", "-5 dB", "0 dB", "5 dB")
    assert lines[1] == ("PESQ-WB", INT8, "1.635", "1.735", "1.835")
    assert report.differences(summary)[1][1][:2] == ("speexdsp", "+0.100 [+0.100, +0.100]")
    assert report.by_noise(summary, FIELDS["pesq"])[1][0] == ("rain", "12", "1.540", "1.740", "1.640")


def test_targets_that_are_reached_and_missed() -> None:
    good = {one.name: one for one in targets(Summary(rows({"noisy": 0.0, INT8: 0.2, FLOAT: 0.21, "speexdsp": 0.1})))}
    assert all(one.passed for one in good.values())
    assert "(speexdsp)" in good["PESQ-WB"].rival
    assert good["PESQ-WB, int8 less float"].value == "-0.010"
    bad = list(targets(Summary(rows({"noisy": 0.0, INT8: -0.1, FLOAT: 0.2, "speexdsp": 0.1}))))
    assert {one.name for one in bad if one.passed} == {"clean in PESQ", "noise only dB down"}
    assert len(bad) == len(good)


def test_one_ratio_with_less_intelligibility_is_a_miss() -> None:
    some = rows({"noisy": 0.0, INT8: 0.2})
    harmed = [replace(one, stoi=0.5) if one.system == INT8 and one.snr_db == 5 else one for one in some]
    (stoi,) = (one for one in targets(Summary(harmed)) if one.name == "STOI at each ratio")
    assert not stoi.passed
    assert stoi.value.endswith("at 5 dB")


def test_without_rivals_nothing_is_said_of_them() -> None:
    claims = list(targets(Summary(rows({"noisy": 0.0, INT8: 0.2}))))
    assert not any(one.rival for one in claims)
    names = [one.name for one in claims if one.passed is not None]
    assert names == ["STOI at each ratio", "clean in PESQ", "noise only dB down"]
