import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from acoustic_apps.roast_crack.simulate import (
    AUDIBLE_DB,
    EVENT,
    HELD_OUT,
    TRAIN,
    NoiseLibrary,
    Ranges,
    RoastPlan,
    plan_roast,
    render_roast,
    save_roast,
    simulate_roast,
)
from acoustic_apps.roast_crack.simulation.noise import draw_clip
from acoustic_apps.roast_crack.simulation.parameters import KEY_PARAMETERS, RoastParameters, Span, draw_parameters
from acoustic_apps.roast_crack.simulation.process import rolling_onset
from acoustic_apps.roast_crack.simulation.signals import RATE_HZ, background_energy, band_energy, contrast_band_taps
from hypothesis import given, settings
from hypothesis import strategies as st

from acoustic.datasets import data_root
from acoustic.errors import DataError, ParameterError
from acoustic.signals import fft_filter, minimum_phase

CLEAN = {
    "clatter_gain": 0.02,
    "wash_db": -40.0,
    "noise_wobble_db": 0.1,
    "noise_steps": 0.0,
    "tone_db": 0.0,
    "suppressor_db": 0.0,
    "codec_hz": 0.0,
    "codec_holes_db": 0.0,
    "clip_dbfs": 0.0,
    "agc": 0.0,
    "dropouts_per_min": 0.0,
    "fade_in_s": 0.0,
    "gain_dbfs": -45.0,
    "self_noise_dbfs": -110.0,
}


def with_cracks(seed: int, times_s: np.ndarray, contrast_db: float, ranges: Ranges = TRAIN) -> RoastPlan:
    """A plan on a quiet machine behind a random channel whose only impulses are these cracks."""
    plan = plan_roast(seed, ranges, first_crack=True)
    cracks = np.zeros(len(times_s), dtype=EVENT)
    cracks["t_s"], cracks["contrast_db"], cracks["kind"] = times_s, contrast_db, "first"
    return replace(plan, parameters=replace(plan.parameters, **CLEAN), cracks=cracks, distractors=())


def test_same_seed_same_bytes() -> None:
    one, two = (simulate_roast(11, duration_s=4.0) for _ in range(2))
    assert one.pcm.dtype == np.int16
    assert len(one.pcm) == 4 * RATE_HZ
    assert one.pcm.tobytes() == two.pcm.tobytes()
    assert one.parameters == two.parameters
    np.testing.assert_array_equal(one.labels.cracks, two.labels.cracks)
    assert simulate_roast(12, duration_s=4.0).pcm.tobytes() != one.pcm.tobytes()


def test_rate_is_converted() -> None:
    roast = simulate_roast(3, duration_s=3.0, rate_hz=16_000)
    assert (roast.rate_hz, len(roast.pcm)) == (16_000, 48_000)


@pytest.mark.parametrize("ranges", [TRAIN, HELD_OUT], ids=lambda ranges: ranges.name)
@pytest.mark.parametrize("seed", range(8))
def test_crack_times_match_the_samples(seed: int, ranges: Ranges) -> None:
    start_s = plan_roast(seed, ranges, True).drop_s - 40.0  # type: ignore[operator]
    times = start_s + 2.0 + 0.7 * np.arange(8) + 0.0137
    roast = render_roast(with_cracks(seed, times, 30.0, ranges), excerpt_s=(start_s, start_s + 8.5))
    padded = np.concatenate([roast.pcm / np.float32(32768), np.zeros(127, dtype=np.float32)]).astype(np.float32)
    y = fft_filter(padded, contrast_band_taps())[127:]
    power = np.convolve(y * y, np.ones(8, dtype=np.float32) / 8, mode="same")
    errors_ms = []
    for crack in roast.labels.cracks:
        at = round(float(crack["t_s"]) * RATE_HZ)
        near = power[at - 640 : at + 640]
        errors_ms.append((int(np.argmax(near > 0.1 * near.max())) - 640) / 32)
    assert len(errors_ms) == 8
    assert np.max(np.abs(errors_ms)) < 2.0


@pytest.mark.parametrize("seed", range(4))
def test_contrast_is_what_was_asked_for(seed: int) -> None:
    plan = plan_roast(seed, TRAIN, True)
    start_s = plan.drop_s - 40.0  # type: ignore[operator]
    planned = with_cracks(seed, start_s + 2.0 + 0.5 * np.arange(12), 20.0)
    wide = {"mic_lowpass_hz": 15_500.0, "mic_lowpass_order": 4.0, "mic_tilt_db": 0.0, "mic_peak_db": 0.0}
    roast = render_roast(
        replace(planned, parameters=replace(planned.parameters, **wide)), excerpt_s=(start_s, start_s + 9.0)
    )
    energy = band_energy((roast.pcm / 32768).astype(np.float32))
    contrast = 10 * np.log10(energy / background_energy(energy))
    shown = [contrast[int(t * 1000) - 1 : int(t * 1000) + 9].max() for t in roast.labels.cracks["t_s"]]
    assert abs(np.median(shown) - 20.0) < 1.5
    assert (roast.labels.cracks["contrast_db"] <= 20.0).all()


def test_stretches_show_the_same_cracks() -> None:
    plan = plan_roast(21, TRAIN, first_crack=True)
    assert plan.onset_s is not None
    wide = render_roast(plan, excerpt_s=(plan.onset_s - 10, plan.onset_s + 20)).labels
    narrow = render_roast(plan, excerpt_s=(plan.onset_s - 2, plan.onset_s + 8)).labels
    inside = (wide.cracks["t_s"] >= 8) & (wide.cracks["t_s"] < 17.9)
    np.testing.assert_allclose(narrow.cracks["t_s"][narrow.cracks["t_s"] < 9.9] + 8, wide.cracks["t_s"][inside])
    assert narrow.onset_s == pytest.approx(2.0)
    assert wide.onset_s == pytest.approx(10.0)


@pytest.mark.parametrize("ranges", [TRAIN, HELD_OUT], ids=lambda ranges: ranges.name)
def test_sessions_with_first_crack_are_in_order(ranges: Ranges) -> None:
    for seed in range(150):
        plan = plan_roast(seed, ranges, first_crack=True)
        assert plan.charge_s is not None
        assert plan.drop_s is not None
        assert plan.onset_s is not None
        assert plan.first_pop_s is not None
        assert plan.end_s is not None
        assert 200 < plan.onset_s - plan.charge_s < 1000
        assert plan.charge_s < plan.first_pop_s <= plan.onset_s <= plan.end_s < plan.drop_s < plan.duration_s
        assert (np.diff(plan.cracks["t_s"]) >= 0).all()
        contrast = plan.cracks["contrast_db"]
        assert contrast.min() >= 5.0
        assert contrast.max() <= 32.0
        after = plan.cracks["t_s"][(plan.cracks["t_s"] >= plan.onset_s) & (contrast >= AUDIBLE_DB)]
        assert after[2] - after[0] <= 20.0


def test_sessions_without_first_crack_have_no_cracks() -> None:
    plans = [plan_roast(seed, TRAIN, first_crack=False) for seed in range(60)]
    assert all(plan.onset_s is None and len(plan.cracks) == 0 for plan in plans)
    assert {plan.scenario for plan in plans} == {"baked", "empty_drum", "preheat", "cooling", "room"}
    roast = render_roast(next(plan for plan in plans if plan.scenario == "cooling"), excerpt_s=(0, 5))
    assert roast.labels.onset_s is None
    assert len(roast.labels.cracks) == 0


@given(st.lists(st.floats(0, 200), max_size=12).map(sorted))
def test_rolling_onset_is_the_first_of_three_within_twenty_seconds(times: list[float]) -> None:
    t = np.array(times)
    expected = next((a for a in times if sum(a <= b <= a + 20 for b in times[times.index(a) :]) >= 3), None)
    got = rolling_onset(t)
    if expected is None or got is None:
        assert got == expected or min(abs(b - a - 20) for a in times for b in times) < 1e-9
    else:
        assert got == pytest.approx(expected)


def test_drawn_parameters_lie_in_their_ranges() -> None:
    rng = np.random.default_rng(5)
    for ranges in (TRAIN, HELD_OUT):
        for _ in range(100):
            p = draw_parameters(rng, ranges)
            for field in fields(RoastParameters):
                assert ranges.spans[field.name].contains(getattr(p, field.name)), field.name


def test_families_share_no_value_in_the_key_parameters() -> None:
    assert len(KEY_PARAMETERS) >= 15
    assert {"noise_slope", "clatter_hz", "t60_s", "mic_lowpass_hz", "crack_decay_ms"} <= set(KEY_PARAMETERS)
    for name in KEY_PARAMETERS:
        assert not TRAIN.spans[name].overlaps(HELD_OUT.spans[name]), name


def test_spans_and_ranges_refuse_nonsense() -> None:
    with pytest.raises(ParameterError, match="low <= high"):
        Span((2, 1))
    with pytest.raises(ParameterError, match="low > 0"):
        Span((0, 1), log=True)
    with pytest.raises(ParameterError, match="t60_s"):
        Ranges("broken", {name: span for name, span in TRAIN.spans.items() if name != "t60_s"})
    with pytest.raises(ParameterError, match="at least 10 ms"):
        render_roast(plan_roast(1, TRAIN), excerpt_s=(5.0, 5.001))


@settings(max_examples=30)
@given(st.integers(1, 30_000), st.integers(1, 3000), st.integers(0, 99))
def test_fft_filter_is_convolution(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, taps = rng.standard_normal(n, dtype=np.float32), rng.standard_normal(m, dtype=np.float32)
    expected = np.convolve(x.astype(np.float64), taps)[:n]
    np.testing.assert_allclose(fft_filter(x, taps), expected, atol=1e-4 * np.sqrt(m))


def test_minimum_phase_keeps_the_magnitude_and_comes_first() -> None:
    f = np.fft.rfftfreq(4096, 1 / RATE_HZ)
    magnitude = 1 / np.sqrt(1 + (f / 5000) ** 4)
    taps = minimum_phase(magnitude, 1024)
    np.testing.assert_allclose(np.abs(np.fft.rfft(taps, 4096)), magnitude, atol=0.01)
    assert np.argmax(np.abs(taps)) < 5


def test_saved_roast_is_complete(tmp_path: Path) -> None:
    roast = simulate_roast(7, duration_s=10.0, first_crack=True)
    paths = save_roast(roast, tmp_path / "out", "demo")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["demo.json", "demo.txt", "demo.wav"]
    pcm, rate_hz = soundfile.read(paths[0], dtype="int16")
    assert rate_hz == RATE_HZ
    np.testing.assert_array_equal(pcm, roast.pcm)
    rows = [line.split("\t") for line in paths[1].read_text().splitlines()]
    assert all(len(row) == 3 and float(row[0]) <= float(row[1]) for row in rows)
    document = json.loads(paths[2].read_text())
    assert len(document["cracks"]) == len(roast.labels.cracks)
    assert document["onset_s"] == roast.labels.onset_s
    assert document["parameters"]["ranges"] == "train"


@pytest.fixture
def small_library(tmp_path: Path) -> Path:
    (tmp_path / "noise" / "clips").mkdir(parents=True)
    (tmp_path / "speech" / "phrases").mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows = ["file,class,esc50_fold"]
    for fold in (1, 2, 3):
        for name in ("clock_tick", "rain", "coughing"):
            rows.append(f"clips/{fold}-{name}.flac,{name},{fold}")
            soundfile.write(tmp_path / "noise" / rows[-1].split(",")[0], 0.1 * rng.standard_normal(80_000), 16_000)
    (tmp_path / "noise" / "clips.csv").write_text("\n".join(rows) + "\n")
    for k in range(20):
        soundfile.write(tmp_path / "speech" / "phrases" / f"{k}.flac", 0.1 * rng.standard_normal(32_000), 16_000)
    return tmp_path


def test_noise_library_splits_without_overlap(small_library: Path) -> None:
    train, held_out = NoiseLibrary.load(small_library), NoiseLibrary.load(small_library, "held_out")
    for name in ("impulsive", "beds", "rooms", "talkers"):
        assert getattr(train, name)
        assert getattr(held_out, name)
        assert not set(getattr(train, name)) & set(getattr(held_out, name))
    assert all(path.name.startswith("3-") for path in held_out.impulsive + held_out.beds + held_out.rooms)
    assert len(train.talkers) + len(held_out.talkers) == 20


def test_clips_fill_the_upper_band(small_library: Path) -> None:
    clip = draw_clip(np.random.default_rng(1), NoiseLibrary.load(small_library).rooms)
    assert np.abs(clip).max() == pytest.approx(1.0)
    power = np.abs(np.fft.rfft(clip)) ** 2
    below, above = power[: len(power) // 2].mean(), power[len(power) // 2 :].mean()
    assert 2.0 < 10 * np.log10(below / above) < 40.0


def test_real_clips_change_the_sound(small_library: Path) -> None:
    library = NoiseLibrary.load(small_library)
    seed = next(seed for seed in range(100) if plan_roast(seed, TRAIN).parameters.bed_db)
    excerpt_s = (10.0, 14.0)
    alone = render_roast(plan_roast(seed, TRAIN), excerpt_s=excerpt_s)
    mixed = render_roast(plan_roast(seed, TRAIN), library, excerpt_s=excerpt_s)
    assert (alone.pcm != mixed.pcm).mean() > 0.5


def test_missing_noise_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"clips\.csv"):
        NoiseLibrary.load(tmp_path)


def test_real_noise_folder_is_split() -> None:
    root = data_root()
    if root is None:
        pytest.skip("no recordings: set ACOUSTIC_DATA to the data folder")
    train, held_out = NoiseLibrary.load(root), NoiseLibrary.load(root, "held_out")
    assert len(train.impulsive) > len(held_out.impulsive) > 50
    assert len(train.talkers) > 3 * len(held_out.talkers) > 300
    assert np.isfinite(draw_clip(np.random.default_rng(0), train.talkers)).all()
