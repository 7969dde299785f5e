"""Test vectors: a second of PCM and what must come out at every stage, for whoever runs the bundle elsewhere."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import BundleError
from acoustic.frontend.stft import Stft, Synthesis
from acoustic.model.bundle import Bundle
from acoustic.model.runtime import Network

from .features import FRONT_END, FeatureStream
from .network import MaskNetwork, as_gain, blended, floor_of


def make_vectors(network: bytes, floor_db: float, pcm: NDArray[np.int16]) -> dict[str, NDArray[Any]]:
    """Run every stage on a little PCM, from a fresh start and with nothing flushed.

    Returns
    -------
    dict
        ``pcm`` (int16), ``features`` (int8, frames x features), ``gains`` (int8, frames x bins, as the network puts
        them out) and ``enhanced`` (int16).
    """
    re, im = Stft(FRONT_END.windows).push(pcm)
    features = FeatureStream().push(re, im)
    gains = MaskNetwork(Network.from_bytes(network)).push(features[:, None])[:, 0]
    factors = blended(np.maximum(as_gain(gains), floor_of(floor_db)), np.ones((1, 1), np.float32))
    enhanced = Synthesis(FRONT_END.windows).push(re * factors, im * factors)
    return {"pcm": pcm, "features": features, "gains": gains, "enhanced": enhanced}


def check_vectors(bundle: Bundle) -> None:
    """Replay the test vectors of a bundle with this machine's arithmetic.

    Raises
    ------
    BundleError
        When a single byte differs; the message names the stage.
    """
    if "pcm" not in bundle.vectors:
        raise BundleError(f"bundle {bundle.name}: test vectors are missing")
    again = make_vectors(bundle.network, bundle.decision["floor_db"], bundle.vectors["pcm"].astype(np.int16))
    for stage, values in again.items():
        given = bundle.vectors.get(stage)
        if given is None or given.tobytes() != values.tobytes():
            raise BundleError(f"bundle {bundle.name}: this machine computes another {stage} than the test vectors hold")
