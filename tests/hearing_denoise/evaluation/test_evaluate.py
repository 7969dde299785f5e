import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acoustic_apps.hearing_denoise import evaluate as module
from acoustic_apps.hearing_denoise.evaluation import judge, rivals, systems, targets
from acoustic_apps.hearing_denoise.evaluation.alignment import synthetic_voice
from acoustic_apps.hearing_denoise.evaluation.judge import COLUMNS, Setup, judge_all
from acoustic_apps.hearing_denoise.evaluation.metrics import RATE_HZ
from acoustic_apps.hearing_denoise.evaluation.pairs import NoisyClip
from acoustic_apps.hearing_denoise.evaluation.rivals import Rival

from acoustic.audio import write_wav
from acoustic.errors import BundleError, DataError

pytest.importorskip("pesq")
pytest.importorskip("pystoi")

VOICE = synthetic_voice()[: 2 * RATE_HZ]
RIVAL = Rival(
    name="half", package="half", module="json", denoise=lambda pcm: np.concatenate([np.zeros(50, np.int16), pcm // 2])
)
ABSENT = Rival(name="Absent", package="absent-package", module="absent_package", denoise=lambda pcm: pcm)


@pytest.fixture(autouse=True)
def few_systems(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for user in (judge, rivals, targets, module):
        monkeypatch.setattr(user, "RIVALS", (RIVAL, ABSENT))
    monkeypatch.setattr(judge, "networks", lambda bundle: [])  # so that the spectral gate is judged
    judge.competitors.cache_clear()
    yield
    judge.competitors.cache_clear()


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """Two noises at different ratios in one voice."""
    write_wav(tmp_path / "clean.wav", VOICE, RATE_HZ)
    lines = ["noisy,clean,snr_db,noise"]
    for snr_db, noise in ((0, "white"), (10, "pink")):
        scale = np.sqrt(np.mean(VOICE.astype(float) ** 2)) * 10 ** (-snr_db / 20)
        noisy = VOICE + np.random.default_rng(snr_db).normal(0, scale, len(VOICE))
        write_wav(tmp_path / f"{noise}.wav", np.clip(np.rint(noisy), -32768, 32767).astype(np.int16), RATE_HZ)
        lines.append(f"{noise}.wav,clean.wav,{snr_db},{noise}")
    path = tmp_path / "pairs.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def evaluate(hearing: Any) -> Callable[..., Any]:
    return lambda *arguments: hearing("evaluate", *arguments, "--jobs", 1)


def test_the_table_names_every_measure_and_system(evaluate: Any, pairs: Path) -> None:
    ran = evaluate(pairs)
    assert ran.code == 0, ran.error
    title, _, header = ran.out.splitlines()[:3]
    assert title == f"{pairs}: 2 clips"
    for measure in ("PESQ-WB", "STOI", "ESTOI", "SI-SDR dB", "noise only dB down", "musical noise", "clean in PESQ"):
        assert measure in header
    for word in ("noisy", "spectral gate", "half", "0 dB", "10 dB", "white", "pink", "target"):
        assert word in ran.out
    assert "pip install absent-package" in ran.err
    assert "Absent" not in ran.out


def test_records_rows_and_picture(evaluate: Any, pairs: Path, tmp_path: Path) -> None:
    table, picture = tmp_path / "rows.csv", tmp_path / "plot.png"
    ran = evaluate(pairs, "--json", "--csv", table, "--plot", picture)
    assert ran.code == 0, ran.error
    records = ran.rows
    systems = {record["system"]: record for record in records if "by_noise" in record}
    assert {"noisy", "spectral gate", "half"} <= systems.keys()
    assert systems["noisy"]["clips"] == 2
    assert [group["snr_db"] for group in systems["noisy"]["by_snr_db"]] == [0, 10]
    assert systems["noisy"]["by_snr_db"][0]["si_sdr_db"] == pytest.approx(0, abs=0.5)
    # A rival that does nothing but to lag and to halve is, aligned, as good as the noisy input.
    assert systems["half"]["si_sdr_db"]["mean"] == pytest.approx(systems["noisy"]["si_sdr_db"]["mean"], abs=0.01)
    assert systems["half"]["noise_reduction_db"]["mean"] == pytest.approx(6.02, abs=0.05)
    with table.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 2 * len(systems)
    # Clean speech and noise go through alone once for each recording of speech.
    assert [row["clean_pesq"] != "" for row in rows if row["system"] == "half"] == [True, False]
    claims = {record["name"]: record for record in records if "target" in record}
    assert claims["PESQ-WB"]["rival"].endswith("(half)")
    assert claims["STOI"]["data"] == f"2 clips: {pairs}"
    assert [record["written"] for record in records if "written" in record] == [str(table), str(picture)]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_pairs_that_fail_are_told_and_left_out(evaluate: Any, pairs: Path) -> None:
    with pairs.open("a") as stream:
        stream.write("missing.wav,clean.wav,5,white\n")
    ran = evaluate(pairs, "--no-rivals", "--json")
    assert ran.code == 1
    records = ran.rows
    assert records[0]["clips"] == 2
    assert [record["clip"] for record in records if "error" in record] == ["missing.wav"]
    assert "missing.wav: left out: " in ran.err


def test_nothing_to_judge_is_an_error(evaluate: Any, tmp_path: Path) -> None:
    hum = np.rint(300 * np.sin(np.arange(RATE_HZ))).astype(np.int16)
    write_wav(tmp_path / "short.wav", hum[:2000], RATE_HZ)
    (tmp_path / "pairs.csv").write_text("noisy,clean\nshort.wav,short.wav\n")
    ran = evaluate(tmp_path / "pairs.csv", "--no-rivals")
    assert isinstance(ran.error, DataError)
    assert "short.wav: left out: " in ran.err


def test_a_bundle_that_cannot_be_used_is_said_at_once(
    evaluate: Any, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judge, "networks", systems.networks)
    ran = evaluate(pairs, "--bundle", tmp_path / "missing.bundle")
    assert isinstance(ran.error, BundleError)
    ran = evaluate(pairs, "--bundle", pairs)
    assert isinstance(ran.error, BundleError)


def test_several_processes_say_the_same() -> None:
    noise = np.rint(np.random.default_rng(0).normal(0, 500, len(VOICE))).astype(np.int16)
    clips = [
        NoisyClip(
            name=f"{k}", speech=f"{k // 2}", noisy=VOICE // 2 + noise // (k + 1), clean=VOICE // 2, snr_db=0.0, noise=""
        )
        for k in range(4)
    ]
    setup = Setup(bundle=None, rivals=False)
    one = list(judge_all(clips, setup, jobs=1))
    assert [judged.error for judged in one] == [None] * 4
    for judged, again in zip(one, judge_all(clips, setup, jobs=2), strict=True):
        assert [(row.clip, row.system) for row in again.rows] == [(row.clip, row.system) for row in judged.rows]
        # Sums by BLAS depend on its number of threads, in the last digit.
        assert [row.pesq for row in again.rows] == pytest.approx([row.pesq for row in judged.rows])
        assert [row.estoi for row in again.rows] == pytest.approx([row.estoi for row in judged.rows])


def test_chosen_clips_are_the_same_every_time() -> None:
    assert judge.some_of(300, 12) == judge.some_of(300, 12)
    assert len(judge.some_of(300, 12)) == 12
    assert len({number % 5 for number in judge.some_of(300, 12)}) > 2
    assert judge.some_of(5, 0) == frozenset()
    assert judge.some_of(5, 9) == frozenset(range(5))
