"""The shipped network against TensorFlow Lite Micro itself, and what the chain makes of its output."""

import numpy as np
import pytest
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.examples import find_impulses
from acoustic_apps.roast_crack.impulses import PATCH_FRAMES
from acoustic_apps.roast_crack.network import INPUT_SCALE, CrackNetwork
from made_roasts import excerpt

from acoustic.model.bundle import Bundle
from acoustic.model.runtime import Network

SHAPE = (PATCH_FRAMES, FRONT_END.n_mels)


def shipped() -> bytes:
    return Bundle.load("roast").network


def test_the_input_is_a_patch_as_it_is() -> None:
    (spec,) = Network.from_bytes(shipped()).inputs
    assert spec.shape == (*SHAPE, 1)
    assert (spec.dtype, spec.zero_point) == ("int8", 0)
    assert spec.scale == pytest.approx(INPUT_SCALE, rel=1e-6)


def test_same_bytes_as_tensorflow_lite_micro() -> None:
    runtime = pytest.importorskip("tflite_micro").runtime
    rng = np.random.default_rng(1)
    noise = rng.integers(-128, 127, (500, *SHAPE), endpoint=True)
    flicker = rng.normal(0, 14, (500, *SHAPE)) + rng.uniform(-30, 90, (500, 1, 1)) * (rng.random((500, *SHAPE)) < 0.1)
    extremes = rng.choice([-128, 127], (20, *SHAPE))
    found = find_impulses(FRONT_END, [excerpt().pcm]).patches
    assert len(found) >= 5
    made = np.concatenate([noise, np.clip(flicker, -128, 127), extremes]).astype(np.int8)
    patches = np.concatenate([made, found])
    assert len(patches) >= 1000
    ours = CrackNetwork(shipped(), FRONT_END.n_mels).logits(patches)
    interpreter = runtime.Interpreter.from_bytes(shipped())
    theirs = np.empty_like(ours)
    for row, patch in enumerate(patches):
        interpreter.set_input(patch[None, ..., None], 0)
        interpreter.invoke()
        theirs[row] = interpreter.get_output(0).item()
    assert np.count_nonzero(ours != theirs) == 0
    assert np.ptp(ours.astype(int)) > 50


def test_scores_rise_with_the_logit_within_zero_and_one() -> None:
    network = CrackNetwork(shipped(), FRONT_END.n_mels)
    scores = [network.score(logit) for logit in range(-128, 128)]
    assert scores == sorted(scores)
    assert 0.0 <= scores[0] < 0.5 < scores[-1] <= 1.0
    output = Network.from_bytes(shipped()).outputs[0]
    assert network.score(output.zero_point) == 0.5


def test_no_patches_no_logits() -> None:
    logits = CrackNetwork(shipped(), FRONT_END.n_mels).logits(np.empty((0, *SHAPE), np.int8))
    assert (logits.dtype, logits.shape) == (np.int8, (0,))


def test_simulated_cracks_score_above_the_rest() -> None:
    from acoustic_apps.roast_crack.examples import CRACK, OTHER, label_impulses

    impulses = find_impulses(FRONT_END, [excerpt().pcm])
    labels, logits = (
        label_impulses(FRONT_END, impulses, excerpt()),
        CrackNetwork(shipped(), FRONT_END.n_mels).logits(impulses.patches),
    )
    assert np.median(logits[labels == CRACK]) > np.median(logits[labels == OTHER])
