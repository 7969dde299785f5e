"""The floating-point copy of an int8 network, on a small network of its operators."""

import numpy as np
import pytest

from acoustic.errors import ModelError
from acoustic.model.bundle import Bundle
from apps.hearing_denoise.evaluation.alignment import noisy_voice
from apps.hearing_denoise.evaluation.floating import FloatingGraph, floating_chain
from apps.hearing_denoise.evaluation.metrics import si_sdr_db
from apps.hearing_denoise.evaluation.systems import FLOAT, INT8, networks


@pytest.mark.slow
def test_it_is_the_network_that_was_quantised() -> None:
    pytest.importorskip("tensorflow")
    from apps.hearing_denoise.features import N_FEATURES
    from apps.hearing_denoise.network import INPUT_SCALE, UNITS, build, to_int8

    model = build(seed=3)
    rng = np.random.default_rng(0)
    features = (rng.integers(-60, 60, (4, N_FEATURES)) * INPUT_SCALE).astype(np.float32)
    states = [rng.uniform(-1, 1, (4, UNITS)).astype(np.float32) for _ in range(2)]
    copy = FloatingGraph(to_int8(model)).run(features, *states)
    for ours, theirs in zip(copy, model([features, *states]), strict=True):
        assert ours.dtype == np.float32
        # Only the weights are rounded: to 1/254 of the largest at worst.
        assert ours == pytest.approx(np.asarray(theirs), abs=0.01)


def test_an_operator_that_is_not_done_is_named() -> None:
    with pytest.raises(ModelError, match="in floating point there is no .*CONV_2D"):
        FloatingGraph(Bundle.load("roast").network)


def test_the_shipped_network_loses_little_to_int8() -> None:
    voice = noisy_voice()[:16_000]
    int8, floating = networks("hearing")
    assert (int8.name, floating.name) == (INT8, FLOAT)
    ours, exact = int8.process(voice), floating.process(voice)
    assert ours.shape == exact.shape == voice.shape
    assert 15 < si_sdr_db(exact, ours) < 60
    assert floating_chain(Bundle.load("hearing")).delay_samples == 64
