"""The float network over whole sequences, in steps that an int8 network can take: what training differentiates."""

from collections.abc import Sequence
from typing import Any

from .network import ENCODED, SIGMOID_SCALE, TANH_SCALE, UNIT_SCALE


def unroll(model: Any, features: Any, states: Sequence[Any]) -> tuple[Any, list[Any]]:
    """Run the model of :func:`~acoustic_apps.hearing_denoise.network.build` over sequences.

    Weights, states and what goes into a sigmoid or tanh are rounded to int8 on the way, and the gradient passes
    straight through (Bengio, Léonard and Courville 2013): the network learns to live with the rounding.

    Parameters
    ----------
    model : keras.Model
    features : tensor float32 (n_frames, batch, n_features)
    states : two tensors float32 (batch, units)

    Returns
    -------
    gains : tensor float32 (n_frames, batch, n_bins)
    states : list of two tensors
        After the last frame.
    """
    import tensorflow as tf

    def dense(name: str) -> tuple[Any, Any]:
        layer = model.get_layer(name)
        return _rounded_weights(layer.kernel.value), layer.bias.value

    kernel, bias = dense("encode")
    x = tf.tanh(tf.tensordot(features, kernel, 1) + bias)
    x = _straight(x, tf.minimum(tf.round(x / UNIT_SCALE), 127.0) * UNIT_SCALE)
    after, n_inputs = [], ENCODED
    for number, state in enumerate(states, 1):
        (keep, keep_bias), (new, new_bias) = dense(f"keep_{number}"), dense(f"new_{number}")
        kernel, bias = tf.concat([keep, new], 1), tf.concat([keep_bias, new_bias], 0)
        x = _recur(tf.tensordot(x, kernel[:n_inputs], 1) + bias, kernel[n_inputs:], state)
        n_inputs = x.shape[-1]
        after.append(x[-1])
    kernel, bias = dense("mask")
    return tf.sigmoid(tf.tensordot(x, kernel, 1) + bias), after


def _straight(x: Any, rounded: Any) -> Any:
    import tensorflow as tf

    return x + tf.stop_gradient(rounded - x)


def _rounded_weights(kernel: Any) -> Any:
    """Weights on the int8 grid of their output channel."""
    import tensorflow as tf

    scale = tf.maximum(tf.reduce_max(tf.abs(kernel), axis=0), 1e-6) / 127.0
    return _straight(kernel, tf.round(kernel / scale) * scale)


def _recur(inputs: Any, kernel: Any, state: Any) -> Any:
    """Recurrent layer over a sequence, with its own gradient.

    Differentiating the loop step by step would keep and add up a matrix of gradients at each step; here one
    product at the end does it for all.

    Parameters
    ----------
    inputs : tensor (n_frames, batch, 2 * units)
        What the layer's input and the bias add to ``keep`` and ``new``.
    kernel : tensor (units, 2 * units)
    state : tensor (batch, units)
    """
    import tensorflow as tf

    n_frames, batch, units = inputs.shape[0], inputs.shape[1], kernel.shape[0]
    scale = tf.constant([SIGMOID_SCALE] * units + [TANH_SCALE] * units)

    def array(width: int) -> Any:
        return tf.TensorArray(tf.float32, n_frames, element_shape=(batch, width))

    def rounded(x: Any) -> Any:
        return tf.minimum(tf.round(x / UNIT_SCALE), 127.0) * UNIT_SCALE

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def run(inputs: Any, kernel: Any, state: Any) -> Any:
        def forward(t: Any, h: Any, *kept: Any) -> Any:
            sums = tf.clip_by_value(tf.round((inputs[t] + h @ kernel) / scale), -128.0, 127.0) * scale
            keep = tf.minimum(tf.round(tf.sigmoid(sums[:, :units]) * 256.0), 255.0) / 256.0
            new = rounded(tf.tanh(sums[:, units:]))
            h = tf.clip_by_value(rounded(keep * h) + (new - rounded(keep * new)), -1.0, 1.0 - UNIT_SCALE)
            return t + 1, h, *(one.write(t, value) for one, value in zip(kept, (h, keep, new), strict=True))

        start = (0, state, array(units), array(units), array(units))
        _, _, *kept = tf.while_loop(lambda t, *_: t < n_frames, forward, start, maximum_iterations=n_frames)
        states, keep, new = (one.stack() for one in kept)
        before = tf.concat([state[None], states[:-1]], 0)

        def gradient(wanted: Any) -> Any:
            slope = tf.concat([(before - new) * keep * (1.0 - keep), (1.0 - keep) * (1.0 - new * new)], -1)
            turned = tf.transpose(kernel)

            def backward(t: Any, carried: Any, kept: Any) -> Any:
                carried = carried + wanted[t]
                sums = tf.concat([carried, carried], 1) * slope[t]
                return t - 1, carried * keep[t] + sums @ turned, kept.write(t, sums)

            start = (n_frames - 1, tf.zeros_like(state), array(2 * units))
            _, carried, kept = tf.while_loop(lambda t, *_: t >= 0, backward, start, maximum_iterations=n_frames)
            sums = kept.stack()
            flat = tf.reshape(before, (-1, units)), tf.reshape(sums, (-1, 2 * units))
            return sums, tf.matmul(*flat, transpose_a=True), carried

        return states, gradient

    return run(inputs, kernel, state)
