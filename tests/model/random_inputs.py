"""Inputs that reach every corner of a network's arithmetic."""

import numpy as np


def random_inputs(network, rng, count):
    """Full-range noise, both extremes, quiet noise around random levels."""
    inputs = []
    for spec in network.inputs:
        info = np.iinfo(spec.dtype)
        x = rng.integers(info.min, info.max, (count, *spec.shape), endpoint=True)
        x[: count // 50] = rng.choice([info.min, info.max], x[: count // 50].shape)
        x[count // 50 : count // 50 + 3] = np.reshape(
            [info.min, info.max, spec.zero_point], (3, *[1] * len(spec.shape))
        )
        quiet = x[count // 50 + 3 :][: count // 4]
        levels = rng.integers(info.min, info.max, (len(quiet), *[1] * len(spec.shape)))
        quiet[...] = np.clip(levels + rng.integers(-12, 13, quiet.shape), info.min, info.max)
        inputs.append(x.astype(spec.dtype))
    return inputs
