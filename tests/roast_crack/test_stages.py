"""Stages of the chain: what a bundle holds as test vectors, and what the C traces."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.impulses import PATCH_FRAMES
from acoustic_apps.roast_crack.model import read
from acoustic_apps.roast_crack.sessions import recorded_session
from acoustic_apps.roast_crack.stages import SESSION, STORED, TRACED, stages, with_decision, with_vectors
from made_roasts import PLAIN, excerpt, plain_bundle, plain_model

from acoustic.application import from_bundle, load
from acoustic.errors import BundleError, ParameterError
from acoustic.model.bundle import Bundle
from acoustic.native import computing_with


def check(bundle: Bundle) -> int:
    """Replay the test vectors of a bundle; return how many stages were compared."""
    return from_bundle(bundle, "a bundle").check()


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """A bundle whose vectors go through every stage."""
    session = recorded_session(FRONT_END, plain_model().network, [excerpt().pcm])
    impulses = (session.frame.astype(np.int32), session.logit, session.busy, session.clipped)
    stretch = excerpt().pcm[5 * FRONT_END.rate_hz : 8 * FRONT_END.rate_hz]
    vectors = {"pcm": stretch, **dict(zip(SESSION, impulses, strict=True))}
    return with_vectors(plain_bundle().replace(vectors=vectors))


def test_every_stage_holds_something(bundle: Bundle) -> None:
    assert set(bundle.vectors) == {"pcm", *SESSION, *STORED}
    assert all(len(bundle.vectors[stage]) for stage in STORED)
    assert check(bundle) == check(Bundle.from_bytes(bundle.to_bytes(), "a copy")) == len(STORED)


@pytest.mark.parametrize("backend", ["numpy", "compiled"])
def test_the_shipped_bundle_replays(backend: Any) -> None:
    shipped = load("roast")
    with computing_with(backend):
        assert shipped.check() == len(STORED)
    assert all(len(shipped.bundle.vectors[stage]) for stage in STORED)


def test_what_the_c_traces_follows_from_sound_alone(bundle: Bundle) -> None:
    traced = stages(plain_model(), {"pcm": bundle.vectors["pcm"]})
    assert not traced.keys() & {"crack_s", "first_crack", "first_crack_end_s"}
    n_impulses = len(traced["logits"])
    assert traced["impulses"].shape == (n_impulses, 16 + PATCH_FRAMES * FRONT_END.n_mels)
    assert traced["events"].dtype == "<u4"
    assert n_impulses >= len(traced["found_frame"]) == len(bundle.vectors["found_logit"]) > 0
    nothing = stages(plain_model(), {"pcm": np.zeros(100, np.int16)})
    assert not any(nothing[name].tobytes() for name in TRACED)


@pytest.mark.parametrize("stage", STORED)
def test_a_changed_vector_is_told_by_its_stage(bundle: Bundle, stage: str) -> None:
    with pytest.raises(BundleError, match=f"another {stage} than"):
        check(bundle.replace(vectors={**bundle.vectors, stage: one_bit_off(bundle.vectors[stage])}))


def test_a_changed_sample_is_told(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="another contrast than"):
        check(bundle.replace(vectors={**bundle.vectors, "pcm": one_bit_off(bundle.vectors["pcm"], 1 << 9)}))


@pytest.mark.parametrize("name", ["pcm", "impulse_logit"])
def test_a_missing_input_is_told(bundle: Bundle, name: str) -> None:
    with pytest.raises(BundleError, match=name):
        check(bundle.replace(vectors={k: v for k, v in bundle.vectors.items() if k != name}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pcm": np.zeros(1000, np.float32)}, "int16"),
        ({"pcm": np.zeros((2, 1000), np.int16)}, "one dimension"),
        ({"impulse_busy": np.zeros(3, np.int32)}, "one length"),
        ({"impulse_logit": np.zeros(2, np.float32)}, "integers"),
        ({"impulse_frame": np.array([1, 2**40])}, "impulse_frame"),
        ({"impulse_frame": np.array([-1, 2])}, "impulse_frame"),
        ({"impulse_frame": np.int32(5)}, "one length"),
    ],
)
def test_hostile_inputs_are_refused(change: dict[str, Any], message: str) -> None:
    inputs = {"pcm": np.zeros(1000, np.int16), **dict.fromkeys(SESSION, np.zeros(2, np.int32)), **change}
    with pytest.raises(ParameterError, match=message):
        stages(plain_model(), inputs)


@pytest.mark.parametrize(
    ("change", "stage"),
    [
        ({"threshold": 2.75}, "first_crack"),
        ({"level_edges": [127]}, "crack_s"),
        ({"end_window_s": 9.0}, "first_crack_end_s"),
    ],
)
def test_another_decision_is_told(bundle: Bundle, change: dict[str, Any], stage: str) -> None:
    with pytest.raises(BundleError, match=f"another {stage} than"):
        check(bundle.replace(decision={**bundle.decision, **change}))


def test_a_decision_can_be_exchanged_with_its_vectors(bundle: Bundle) -> None:
    other = with_decision(bundle, replace(PLAIN, threshold=2.75))
    assert read(other).settings.threshold == other.decision["threshold"] == 2.75
    assert other.vectors["first_crack"].tobytes() != bundle.vectors["first_crack"].tobytes()
    check(other)


def test_another_network_is_told(bundle: Bundle) -> None:
    weights = np.frombuffer(bundle.network, np.uint8)
    # The longest run of bytes that is no structure: turn one weight in its middle around.
    other = weights.copy()
    for at in range(len(weights) // 2, len(weights)):
        other[at] ^= 0x55
        try:
            check(bundle.replace(network=other.tobytes()))
        except BundleError as error:
            if "found_logit" in str(error):
                return
        other[at] = weights[at]
    pytest.fail("no byte of the network changes its output")


def one_bit_off(values: np.ndarray, bit: int = 1) -> np.ndarray:
    raw = np.frombuffer(values.tobytes(), np.uint8).copy()
    at = len(raw) // 2
    raw[at - at % values.itemsize + bit // 256] ^= bit % 256 or bit >> 8
    return np.frombuffer(raw.tobytes(), values.dtype).reshape(values.shape)
