"""Every stage on the way from PCM to PCM: for test vectors, the proof of an export, and a check of this machine."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend.stft import Stft

from .chain import Denoiser
from .features import FeatureStream
from .model import HearingModel
from .network import MaskNetwork


def stages(model: HearingModel, inputs: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Compute every stage from a fresh start, with nothing flushed: as the C traces them, and as bundles keep them.

    Parameters
    ----------
    model : HearingModel
    inputs : mapping
        ``pcm``, int16 (n_samples,).

    Returns
    -------
    dict
        ``features``, int8 (n_frames, n_features); ``gains``, int8 (n_frames, n_bins), as the network puts them out;
        ``enhanced``, int16 (n_frames * hop,).

    Raises
    ------
    ParameterError
        When the samples are not one-dimensional int16.
    """
    pcm = inputs["pcm"]
    features = FeatureStream(model.layout).push(*Stft(model.front_end.windows).push(pcm))
    gains = MaskNetwork(model.network).push(features[:, np.newaxis])[:, 0]
    return {"features": features, "gains": gains, "enhanced": Denoiser(model).push(pcm)}
