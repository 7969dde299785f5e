from dataclasses import fields, replace

import pytest

from acoustic.errors import ParameterError
from acoustic.frontend import EnhancementFrontEnd

FE = EnhancementFrontEnd(rate_hz=16000, analysis_samples=256, synthesis_samples=128, hop_samples=64)
OTHER = {"rate_hz": 8000, "analysis_samples": 512, "synthesis_samples": 256, "hop_samples": 32, "version": 2}


def test_dict_and_back():
    assert EnhancementFrontEnd.from_dict(FE.to_dict()) == FE
    assert set(FE.to_dict()) == set(OTHER)


@pytest.mark.parametrize("name", [f.name for f in fields(EnhancementFrontEnd)])
def test_fingerprint_changes_with_every_field(name):
    assert replace(FE, **{name: OTHER[name]}).fingerprint() != FE.fingerprint()


def test_windows_and_delay():
    assert (FE.windows.n_fft, FE.windows.hop_samples) == (256, 64)
    assert FE.windows is FE.windows
    assert (FE.frames_per_second, FE.delay_samples, FE.latency_ms) == (250.0, 64, 8.0)
    assert replace(FE, analysis_samples=512).latency_ms == 8.0


@pytest.mark.parametrize(
    "change",
    [
        {"rate_hz": 0},
        {"analysis_samples": 300},
        {"analysis_samples": 16384},
        {"synthesis_samples": 512},
        {"synthesis_samples": 0},
        {"hop_samples": 0},
        {"hop_samples": 48},
        {"hop_samples": 128},
    ],
)
def test_values_out_of_range_are_refused(change):
    with pytest.raises(ParameterError):
        replace(FE, **change)


@pytest.mark.parametrize("value", ["64", None, True, 64.0])
def test_from_dict_refuses_other_types(value):
    with pytest.raises(ParameterError, match="hop_samples"):
        EnhancementFrontEnd.from_dict(FE.to_dict() | {"hop_samples": value})
