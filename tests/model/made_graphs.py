"""Networks of one layer with any geometry, made without a converter."""

import numpy as np

from acoustic.model.tflite import Graph, Operator, Tensor

SAME, VALID = 0, 1


def tensor(name, shape, rng=None, *, data=None, scales=None, dtype="int8"):
    scales = (float(rng.uniform(0.005, 0.1)),) if scales is None and data is None else scales or ()
    zero_points = (int(rng.integers(-128, 128)),) if data is None else (0,) * len(scales)
    return Tensor(
        name=name, shape=tuple(shape), dtype=dtype, scales=scales, zero_points=zero_points, quantised_axis=0, data=data
    )


def out_size(size, reach, stride, padding):
    return -(-size // stride) if padding == SAME else (size - reach) // stride + 1


def windows(rng, *, dilated=True):
    """Give input shape, kernel, options and output size of a convolution or pool that fits."""
    while True:
        height, width, channels = (int(rng.integers(1, high)) for high in (13, 13, 11))
        kernel = [int(rng.integers(1, 6)) for _ in range(2)]
        stride = [int(rng.integers(1, 4)) for _ in range(2)]
        dilation = [int(rng.choice([1, 1, 1, 2, 3])) if dilated else 1 for _ in range(2)]
        padding = int(rng.integers(0, 2))
        reach = [(taps - 1) * spread + 1 for taps, spread in zip(kernel, dilation, strict=True)]
        out = [out_size(s, r, t, padding) for s, r, t in zip((height, width), reach, stride, strict=True)]
        if min(out) > 0:
            break
    options = {
        "padding": padding,
        "stride_h": stride[0],
        "stride_w": stride[1],
        "activation": int(rng.choice([0, 1, 3])),
    }
    if dilated:
        options |= {"dilation_h": dilation[0], "dilation_w": dilation[1]}
    return (1, height, width, channels), kernel, options, out


def with_weights(name, x_shape, y_shape, weights, channels, fan_in, options, rng):
    """Build a layer whose sums cover the output's range, per channel or per tensor."""
    x, y = tensor("x", x_shape, rng), tensor("y", y_shape, rng)
    count = channels if rng.random() < 0.7 else 1
    spread = y.scales[0] * 60 / (x.scales[0] * 70 * 70 * np.sqrt(fan_in))
    scales = tuple(float(s) for s in spread * rng.uniform(0.3, 3.0, count))
    bias = rng.integers(-2000, 2000, channels).astype(np.int32)
    filters = tensor("w", weights.shape, data=weights, scales=scales)
    biases = tensor("b", bias.shape, data=bias, scales=(1.0,), dtype="int32")
    operator = Operator(name=name, inputs=(0, 1, 2), outputs=(3,), options=options)
    return Graph(tensors=(x, filters, biases, y), operators=(operator,), inputs=(0,), outputs=(3,))


def int8(rng, shape):
    return rng.integers(-127, 128, shape).astype(np.int8)


def dense(rng):
    rows, depth, channels = (int(rng.integers(1, high)) for high in (6, 80, 20))
    shape = (1, rows, depth) if rows > 1 else (1, depth)
    options = {"activation": int(rng.choice([0, 1, 3])), "weights_format": 0}
    weights = int8(rng, (channels, depth))
    return with_weights("FULLY_CONNECTED", shape, (*shape[:-1], channels), weights, channels, depth, options, rng)


def conv(rng):
    shape, kernel, options, out = windows(rng)
    channels = int(rng.integers(1, 11))
    weights = int8(rng, (channels, *kernel, shape[3]))
    depth = weights[0].size
    return with_weights("CONV_2D", shape, (1, *out, channels), weights, channels, depth, options, rng)


def depthwise(rng):
    shape, kernel, options, out = windows(rng)
    channels = shape[3] * int(rng.choice([1, 1, 2, 3]))
    weights = int8(rng, (1, *kernel, channels))
    fan_in = kernel[0] * kernel[1]
    return with_weights("DEPTHWISE_CONV_2D", shape, (1, *out, channels), weights, channels, fan_in, options, rng)


def pool(rng):
    shape, kernel, options, out = windows(rng, dilated=False)
    options |= {"filter_h": kernel[0], "filter_w": kernel[1]}
    x = tensor("x", shape, rng)
    y = Tensor(
        name="y", shape=(1, *out, shape[3]), dtype="int8", scales=x.scales, zero_points=x.zero_points, quantised_axis=0,
        data=None,
    )  # fmt: skip
    name = str(rng.choice(["AVERAGE_POOL_2D", "MAX_POOL_2D"]))
    operator = Operator(name=name, inputs=(0,), outputs=(1,), options=options)
    return Graph(tensors=(x, y), operators=(operator,), inputs=(0,), outputs=(1,))


LAYERS = {"dense": dense, "conv": conv, "depthwise": depthwise, "pool": pool}
