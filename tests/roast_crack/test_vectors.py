from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.sessions import recorded_session
from acoustic_apps.roast_crack.vectors import check_vectors, make_vectors, with_decision
from made_roasts import PLAIN, excerpt, plain_bundle

from acoustic.errors import BundleError
from acoustic.model.bundle import Bundle

STAGES = {"contrast", "found_frame", "found_patch", "found_logit", "crack_s", "first_crack", "first_crack_end_s"}


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """A bundle whose vectors go through every stage."""
    network = plain_bundle().network
    session = recorded_session(network, [excerpt().pcm])
    stretch = excerpt().pcm[5 * FRONT_END.rate_hz : 8 * FRONT_END.rate_hz]
    return plain_bundle().replace(vectors=make_vectors(network, PLAIN, stretch, session))


def test_every_stage_holds_something(bundle: Bundle) -> None:
    assert set(bundle.vectors) >= STAGES
    assert all(len(bundle.vectors[stage]) for stage in STAGES)
    check_vectors(bundle)
    check_vectors(Bundle.from_bytes(bundle.to_bytes(), "a copy"))


def test_the_shipped_bundle_replays() -> None:
    shipped = Bundle.load("roast")
    check_vectors(shipped)
    assert all(len(shipped.vectors[stage]) for stage in STAGES)


@pytest.mark.parametrize("stage", sorted(STAGES))
def test_a_changed_vector_is_told_by_its_stage(bundle: Bundle, stage: str) -> None:
    with pytest.raises(BundleError, match=f"another {stage} than"):
        check_vectors(bundle.replace(vectors={**bundle.vectors, stage: one_bit_off(bundle.vectors[stage])}))


def test_a_changed_sample_is_told(bundle: Bundle) -> None:
    with pytest.raises(BundleError, match="another contrast than"):
        check_vectors(bundle.replace(vectors={**bundle.vectors, "pcm": one_bit_off(bundle.vectors["pcm"], 1 << 9)}))


@pytest.mark.parametrize("stage", [*sorted(STAGES), "pcm", "impulse_logit"])
def test_a_missing_vector_is_told(bundle: Bundle, stage: str) -> None:
    with pytest.raises(BundleError, match=stage):
        check_vectors(bundle.replace(vectors={k: v for k, v in bundle.vectors.items() if k != stage}))


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
        check_vectors(bundle.replace(decision={**bundle.decision, **change}))


def test_a_decision_can_be_exchanged_with_its_vectors(bundle: Bundle) -> None:
    other = with_decision(bundle, replace(PLAIN, threshold=2.75))
    assert other.decision["threshold"] == 2.75
    assert other.vectors["first_crack"].tobytes() != bundle.vectors["first_crack"].tobytes()
    check_vectors(other)


def test_another_network_is_told(bundle: Bundle) -> None:
    weights = np.frombuffer(bundle.network, np.uint8)
    # The longest run of bytes that is no structure: turn one weight in its middle around.
    other = weights.copy()
    for at in range(len(weights) // 2, len(weights)):
        other[at] ^= 0x55
        try:
            changed = bundle.replace(network=other.tobytes())
            check_vectors(changed)
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
