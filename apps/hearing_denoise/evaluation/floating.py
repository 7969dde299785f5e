"""The network of a model in floating point: what int8 costs is the difference.

Its weights are those of the int8 network, on whose grid they were trained; nothing else is rounded or limited.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from acoustic.model.tflite import Tensor, read_graph

from ..float_network import F32, LAYERS, FloatMaskNetwork
from ..model import HearingModel
from ..side_by_side import enhance_all
from .alignment import at_rate
from .metrics import Pcm


@dataclass(frozen=True)
class Floating:
    """A model's network in floating point as a system to be compared."""

    name: str
    model: HearingModel

    @cached_property
    def network(self) -> FloatMaskNetwork:
        """The network."""
        return floating(self.model.tflite)

    def process(self, pcm: Pcm) -> Pcm:
        """Enhance a recording, aligned with it."""
        model = self.model

        def enhance(pcm: Pcm) -> Pcm:
            return enhance_all(self.network.gains, [pcm], model.front_end, model.decision.floor_db)[0]

        return at_rate(model.front_end.rate_hz, enhance, pcm)


def floating(network: bytes) -> FloatMaskNetwork:
    """Return the float network with the weights of an int8 one."""
    graph = read_graph(network)
    dense = [operator for operator in graph.operators if operator.name == "FULLY_CONNECTED"]
    weights = {}
    for name, operator in zip(LAYERS, dense, strict=True):
        kernel, bias = (_real(graph.tensors[number]) for number in operator.inputs[1:])
        weights[name] = kernel.T, bias
    return FloatMaskNetwork(weights)


def _real(tensor: Tensor) -> F32:
    """Real values of a constant, which may have a scale for each row."""
    assert tensor.data is not None
    scales = np.reshape(tensor.scales, (-1, *[1] * (tensor.data.ndim - 1)))
    return np.asarray(tensor.data * scales, np.float32)
