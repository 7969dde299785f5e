import json

import numpy as np
import pytest
from acoustic_apps.hearing_denoise.fitting import NOTICE, Audiogram, Fitting, FittingSettings
from acoustic_apps.hearing_denoise.fitting.prescription import nal_r_gains_db
from hypothesis import given, settings
from hypothesis import strategies as st

from acoustic.errors import ParameterError

#: Full scale so high that the limiter stays out of the way.
ROOMY = FittingSettings(full_scale_db_spl=130.0, max_output_db_spl=130.0)
SLOPING = "20,25,30,45,60,65"


def flat(threshold_db_hl):
    return Audiogram(thresholds_db_hl=(float(threshold_db_hl),) * 6)


def test_ear_without_loss_gets_its_sound_back_to_the_last_bit(eventful):
    eventful = np.where(eventful == -32768, 0, eventful).astype(np.int16)  # the ceiling is symmetric: +-32767
    out = Fitting(flat(0)).push(eventful)
    np.testing.assert_array_equal(out, eventful)


@pytest.mark.parametrize("thresholds", [SLOPING, "40,40,40,40,40,40", "60,50,30,20,10,10", "0,0,0,40,60,60"])
@pytest.mark.parametrize("level_db_spl", [50, 65, 80])
def test_tone_at_a_bands_centre_gets_the_gain_of_the_report(tone, level_db, thresholds, level_db_spl):
    fitting = Fitting(Audiogram.from_text(thresholds))
    prescribed = nal_r_gains_db(fitting.audiogram)
    for band, gain_db in zip(fitting.describe()["bands"], prescribed, strict=True):
        fitting.reset()
        pcm = tone(band["frequency_hz"], level_db_spl)
        measured_db = level_db(fitting.push(pcm)[8000:]) - level_db(pcm[8000:])
        assert measured_db == pytest.approx(band[f"gain_{level_db_spl}_db"], abs=0.6)
        if level_db_spl == 65:
            assert measured_db == pytest.approx(gain_db, abs=0.6)


def test_compression_ratio_is_that_of_the_report(tone, level_db):
    fitting = Fitting(flat(45))
    for band in fitting.describe()["bands"]:
        out_db = []
        for level_db_spl in (50, 80):
            fitting.reset()
            out = fitting.push(tone(band["frequency_hz"], level_db_spl))
            out_db.append(level_db(out[8000:]))
        assert 30 / (out_db[1] - out_db[0]) == pytest.approx(band["ratio"], rel=0.03)


def settling_times_ms(out, n, level_db):
    """Attack and release as ANSI/ASA S3.22 defines them: within 3 and 4 dB of where the output settles."""
    envelope_db = np.array([level_db(out[max(0, i - 7) : i + 1]) for i in range(n, 3 * n)])
    times = []
    for part, margin_db in ((envelope_db[:n], 3.0), (envelope_db[n:], 4.0)):
        settled_db = np.median(part[-n // 2 :])
        times.append((np.flatnonzero(np.abs(part - settled_db) > margin_db)[-1] + 1) / 16)
    return times


@pytest.mark.parametrize(("threshold", "frequency_hz"), [(40, 2000), (51, 2000), (60, 2000), (51, 4000)])
def test_attack_takes_5_ms_and_release_80(tone, level_db, threshold, frequency_hz):
    n = 8000
    steps = [tone(frequency_hz, level, n, full_scale_db_spl=130.0) for level in (55, 90, 55)]
    out = Fitting(flat(threshold), settings=ROOMY).push(np.concatenate(steps))
    attack_ms, release_ms = settling_times_ms(out, n, level_db)
    assert 2.0 < attack_ms < 7.0
    assert release_ms == pytest.approx(80.0, abs=12.0)


@pytest.mark.parametrize("max_output_db_spl", [100.0, 94.0, 70.0])
def test_output_never_exceeds_the_ceiling(max_output_db_spl):
    settings_ = FittingSettings(max_output_db_spl=max_output_db_spl)
    pcm = np.zeros(16000, np.int16)
    pcm[4000:8000] = np.repeat(np.tile([32767, -32768], 20), 100)  # full-scale steps after silence: gain at its most
    pcm[8000:12000] = -32768
    pcm[12000:] = np.tile([-32768, 32767], 2000)
    out = Fitting(flat(80), settings=settings_).push(pcm).astype(int)
    ceiling = int(32767 * 10 ** ((max_output_db_spl - 100) / 20))
    assert np.abs(out).max() == ceiling
    # The steps keep their sign: nothing has wrapped.
    np.testing.assert_array_equal(np.sign(out[4000:4050]), 1)


def test_silence_stays_silent():
    assert not Fitting(flat(80)).push(np.zeros(4000, np.int16)).any()


def test_output_comes_without_delay():
    pcm = np.zeros(1000, np.int16)
    pcm[500] = 1000
    out = Fitting(Audiogram.from_text(SLOPING)).push(pcm)
    assert not out[:500].any()
    assert np.argmax(np.abs(out)) == 500


def test_gain_stays_below_the_limit(tone, level_db):
    fitting = Fitting(flat(110), settings=FittingSettings(max_gain_db=25.0))
    pcm = tone(1000, 30.0)
    assert level_db(fitting.push(pcm)[8000:]) - level_db(pcm[8000:]) == pytest.approx(25.0, abs=0.2)


@settings(max_examples=30)
@given(cuts=st.lists(st.integers(0, 6000), max_size=12), rate_hz=st.sampled_from([16000, 22050, 48000]))
def test_any_cuts_do_not_change_a_byte(eventful, cuts, rate_hz):
    settings_ = FittingSettings(max_output_db_spl=90.05)
    audiogram = Audiogram.from_text(SLOPING)
    whole, parts = (Fitting(audiogram, rate_hz, settings_) for _ in range(2))
    blocks = [parts.push(part) for part in np.split(eventful, sorted(cuts))]
    assert np.concatenate(blocks).tobytes() == whole.push(eventful).tobytes()


@pytest.mark.parametrize("block", [1, 31, 64])
def test_small_blocks_do_not_change_a_byte(eventful, block):
    pcm = eventful[2300:3500]
    audiogram = Audiogram.from_text(SLOPING)
    whole, parts = (Fitting(audiogram) for _ in range(2))
    blocks = [parts.push(pcm[start : start + block]) for start in range(0, len(pcm), block)]
    assert np.concatenate(blocks).tobytes() == whole.push(pcm).tobytes()


def test_reset_starts_anew(eventful):
    fitting = Fitting(Audiogram.from_text(SLOPING))
    first = fitting.push(eventful)
    assert fitting.push(eventful).tobytes() != first.tobytes()
    fitting.reset()
    assert fitting.push(eventful).tobytes() == first.tobytes()


def test_report_can_be_written_as_json():
    report = json.loads(json.dumps(Fitting(Audiogram.from_text(SLOPING)).describe()))
    assert report["bands"][3] == {
        "frequency_hz": 2000,
        "threshold_db_hl": 45.0,
        "gain_50_db": 23.9,
        "gain_65_db": 17.9,
        "gain_80_db": 12.0,
        "ratio": 1.66,
    }
    assert report["notice"] == NOTICE
    assert "not a medical device" in NOTICE


@pytest.mark.parametrize(
    "change",
    [
        {"full_scale_db_spl": 50.0},
        {"max_output_db_spl": 101.0},
        {"max_output_db_spl": 30.0},
        {"max_gain_db": 51.0},
        {"max_gain_db": -1.0},
        {"release_s": 0.0},
    ],
)
def test_settings_out_of_range_are_refused(change):
    with pytest.raises(ParameterError, match=next(iter(change))):
        FittingSettings(**change)


def test_rate_and_samples_out_of_range_are_refused():
    with pytest.raises(ParameterError, match="8000"):
        Fitting(flat(20), 8000)
    with pytest.raises(ParameterError, match="int16"):
        Fitting(flat(20)).push(np.zeros(10, np.float32))
