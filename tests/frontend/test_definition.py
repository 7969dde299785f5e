from dataclasses import fields, replace

import numpy as np
import pytest

from acoustic.errors import ParameterError
from acoustic.frontend import FrontEnd
from acoustic.frontend.tables import mel_bank

FE = FrontEnd(rate_hz=16000, frame_samples=400, hop_samples=160, n_fft=512, n_mels=40, fmin_hz=20.0, fmax_hz=8000.0)
OTHER = {
    "rate_hz": 22050,
    "frame_samples": 512,
    "hop_samples": 128,
    "n_fft": 1024,
    "n_mels": 32,
    "fmin_hz": 21.0,
    "fmax_hz": 7999.0,
    "mel_scale": "htk",
    "mel_norm": "none",
    "power": 1,
    "floor": 1e-9,
    "version": FE.version + 1,
}


def test_dict_and_back():
    assert FrontEnd.from_dict(FE.to_dict()) == FE


@pytest.mark.parametrize("name", [f.name for f in fields(FrontEnd) if f.name != "log"])
def test_fingerprint_changes_with_every_field(name):
    assert replace(FE, **{name: OTHER[name]}).fingerprint() != FE.fingerprint()


def test_fingerprint_does_not_change_with_the_kind_of_number():
    assert replace(FE, fmin_hz=20, fmax_hz=8000).fingerprint() == FE.fingerprint()


@pytest.mark.parametrize("value", ["512", None, True, 512.0, [512]])
def test_from_dict_refuses_other_types(value):
    with pytest.raises(ParameterError, match="n_fft"):
        FrontEnd.from_dict(FE.to_dict() | {"n_fft": value})


def test_from_dict_refuses_missing_and_unknown_fields():
    values = FE.to_dict()
    with pytest.raises(ParameterError, match="unknown field 'window'"):
        FrontEnd.from_dict(values | {"window": "hann"})
    values.pop("n_mels")
    with pytest.raises(ParameterError, match="lacks n_mels"):
        FrontEnd.from_dict(values)


@pytest.mark.parametrize(
    "change",
    [
        {"n_fft": 500},
        {"n_fft": 256},
        {"frame_samples": 401},
        {"hop_samples": 0},
        {"hop_samples": 401},
        {"fmax_hz": 8001.0},
        {"fmin_hz": 8000.0},
        {"fmin_hz": float("nan")},
        {"mel_scale": "bark"},
        {"power": 3},
        {"floor": 0.0},
    ],
)
def test_values_out_of_range_are_refused(change):
    with pytest.raises(ParameterError):
        replace(FE, **change)


def test_empty_band_is_refused_by_number():
    with pytest.raises(ParameterError, match=r"bands \[.+\] hold no FFT bin"):
        mel_bank(replace(FE, n_mels=200))


@pytest.mark.parametrize(("n_samples", "n_frames"), [(0, 0), (399, 0), (400, 1), (559, 1), (560, 2)])
def test_number_of_frames(n_samples, n_frames):
    assert FE.n_frames(n_samples) == n_frames


@pytest.mark.parametrize("scale", ["slaney", "htk"])
@pytest.mark.parametrize("norm", ["slaney", "none"])
def test_filters_agree_with_librosa(scale, norm):
    import librosa

    fe = replace(FE, mel_scale=scale, mel_norm=norm)
    expected = librosa.filters.mel(
        sr=16000,
        n_fft=512,
        n_mels=40,
        fmin=20,
        fmax=8000,
        htk=scale == "htk",
        norm="slaney" if norm == "slaney" else None,
    )
    assert np.abs(mel_bank(fe).matrix() - expected).max() <= 1e-6 * expected.max()
