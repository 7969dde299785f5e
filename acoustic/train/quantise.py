"""From a float Keras model to the int8 network that a bundle holds."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ParameterError
from acoustic.model.runtime import Network
from acoustic.train import quiet

Examples = NDArray[np.float32] | Iterable[Mapping[str, NDArray[np.float32]]]
"""Typical inputs: an array ``[N, *shape]`` for one input, or one mapping ``{input name: [shape]}`` per example."""


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How closely one int8 output follows the float model, in the output's own unit."""

    name: str
    max_abs_difference: float
    mean_abs_difference: float
    correlation: float
    """Pearson's r over all values, NaN when either side is constant."""


def to_int8(
    model: Any, representative: Examples, *, int16_activations: bool = False, per_channel_dense: bool = True
) -> bytes:
    """Quantise a Keras model to a full-integer .tflite with static shapes and batch 1.

    Post-training quantisation after Jacob et al., "Quantization and Training of Neural Networks for
    Efficient Integer-Arithmetic-Only Inference", CVPR 2018: int8 weights per output channel, int32 biases.

    Parameters
    ----------
    model : keras.Model
        Float model; every dimension but the batch is fixed.
    representative : array float32 [N, *shape], or iterable of {input name: float32 [*shape]}
        Typical inputs, which set the ranges of the activations. A few hundred are enough.
    int16_activations : bool
        Activations, inputs and outputs in int16 instead of int8, for recurrent states that must not round away.
    per_channel_dense : bool
        Whether dense layers too have a scale for each output. One for the whole matrix is smaller in flash and RAM.

    Returns
    -------
    bytes
        The .tflite file; inputs and outputs come in the order of the Keras model.

    Raises
    ------
    ParameterError
        If there are no representative examples, an input is missing in one, or a shape is not fixed.
    """
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    names = [tensor.name for tensor in model.inputs]
    examples = list(_examples(names, representative))
    if not examples:
        raise ParameterError("quantisation needs at least one representative example, and got none")
    specs = []
    for tensor in model.inputs:
        if None in tensor.shape[1:]:
            raise ParameterError(f"input {tensor.name} has shape {tensor.shape}: only the batch may be open")
        specs.append(tf.TensorSpec((1, *tensor.shape[1:]), tf.float32, name=tensor.name))

    @tf.function(input_signature=specs)  # type: ignore[untyped-decorator]
    def infer(*inputs: Any) -> Any:
        return model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)

    frozen = convert_variables_to_constants_v2(infer.get_concrete_function())
    converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: iter(examples)
    if int16_activations:
        ops, dtype = tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8, tf.int16
    else:
        ops, dtype = tf.lite.OpsSet.TFLITE_BUILTINS_INT8, tf.int8
    converter.target_spec.supported_ops = [ops]
    # There is no public name for it (TensorFlow 2.21).
    converter._experimental_disable_per_channel_quantization_for_dense_layers = not per_channel_dense
    converter.inference_input_type = converter.inference_output_type = dtype
    with warnings.catch_warnings():
        # That it has no statistics of inputs already quantised: there are none.
        warnings.filterwarnings("ignore", "Statistics for quantized inputs", UserWarning)
        with quiet():
            return bytes(converter.convert())


def check_float_against_int8(model: Any, tflite: bytes, examples: Examples) -> tuple[Agreement, ...]:
    """Compare the Keras model with its int8 network on the same examples, output by output.

    The int8 side starts from the quantised input, so the figures include the error of quantising it.
    """
    network = Network.from_bytes(tflite)
    rows = list(_examples([tensor.name for tensor in model.inputs], examples))
    columns = [np.concatenate(column) for column in zip(*rows, strict=True)]
    floats = model.predict_on_batch(columns if len(columns) > 1 else columns[0])
    floats = list(floats) if isinstance(floats, list | tuple) else [floats]
    integers = network.run(*(spec.quantise(x) for spec, x in zip(network.inputs, columns, strict=True)))
    agreements = []
    for spec, wanted, got in zip(network.outputs, floats, integers, strict=True):
        a, b = np.asarray(wanted, np.float64).ravel(), spec.dequantise(got).astype(np.float64).ravel()
        difference = np.abs(a - b)
        constant = np.ptp(a) == 0 or np.ptp(b) == 0
        agreements.append(
            Agreement(
                name=spec.name,
                max_abs_difference=float(difference.max()),
                mean_abs_difference=float(difference.mean()),
                correlation=float("nan") if constant else float(np.corrcoef(a, b)[0, 1]),
            )
        )
    return tuple(agreements)


def _examples(names: list[str], examples: Examples) -> Iterator[list[NDArray[np.float32]]]:
    """Give each example as a list of float32 ``[1, *shape]`` in the order of the model's inputs."""
    if isinstance(examples, np.ndarray):
        if len(names) != 1:
            raise ParameterError(f"the model has {len(names)} inputs ({', '.join(names)}): give a mapping per example")
        for example in examples:
            yield [np.asarray(example, np.float32)[np.newaxis]]
        return
    for mapping in examples:
        missing = [name for name in names if name not in mapping]
        if missing:
            raise ParameterError(f"an example lacks input {', '.join(missing)}; it has {', '.join(mapping)}")
        yield [np.asarray(mapping[name], np.float32)[np.newaxis] for name in names]
