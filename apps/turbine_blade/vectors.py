"""Test vectors: a few seconds of PCM and what must come out at every stage, for whoever runs the bundle elsewhere."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import BundleError
from acoustic.model.bundle import Bundle

from .clips import Frames
from .scorer.features import StretchSums
from .scorer.model import TurbineModel


def make_vectors(model: TurbineModel, pcm: NDArray[np.int16]) -> dict[str, NDArray[Any]]:
    """Run every stage on one clip of PCM, judged as one of a machine never heard.

    Returns
    -------
    dict
        ``test_pcm``, ``test_steps`` (int16 frames), ``test_sums`` (int64 a stretch), ``test_features`` (int16),
        ``test_distance`` and ``test_surprise`` (int64).
    """
    steps, _ = Frames().push(pcm)
    stream = StretchSums(model.layout, model.network)
    sums = np.concatenate([stream.push(steps), stream.flush()])
    features = model.layout.features(sums.sum(axis=0)[None])
    conditions = model.clips.head.mean[None, features.shape[1] :]  # the usual ones
    vectors = np.concatenate([features, conditions], axis=1)
    distance, surprise = model.clips.judge(vectors, model.usual("").clips, (len(steps), model.clip_frames))
    return {
        "test_pcm": pcm,
        "test_steps": steps,
        "test_sums": sums,
        "test_features": features,
        "test_distance": distance,
        "test_surprise": surprise,
    }


def check_vectors(bundle: Bundle) -> None:
    """Replay the test vectors of a bundle with this machine's arithmetic.

    Raises
    ------
    BundleError
        When a single byte differs; the message names the stage.
    """
    model = TurbineModel.from_bundle(bundle)
    if "test_pcm" not in bundle.vectors:
        raise BundleError(f"bundle {bundle.name}: test vectors are missing")
    for stage, values in make_vectors(model, bundle.vectors["test_pcm"].astype(np.int16)).items():
        given = bundle.vectors.get(stage)
        if given is None or given.tobytes() != values.tobytes():
            raise BundleError(f"bundle {bundle.name}: this machine computes another {stage} than the test vectors hold")
