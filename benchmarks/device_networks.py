"""What networks take on microcontrollers, counted in QEMU: ``python -m benchmarks.device_networks``.

ad01 is the int8 anomaly network of MLPerf Tiny, read from the data folder. MLPerf Tiny's keyword network is not at
hand: a network of the same layers and shapes with random weights stands in for it, and takes the same instructions but
for a few that depend on the values. Inputs are random. Beside it stands what others took, measured before and not here,
with the networks themselves, the same compiler (arm-none-eabi-gcc 12.2) and the same emulator (QEMU 7.2).
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from acoustic.datasets import data_root
from acoustic.export.network import network_source
from acoustic.export.proof import prove_network
from acoustic.model.runtime import Network

RIVALS = (
    # network, board, engine, instructions, flash bytes of the whole program, RAM bytes with input and output
    ("ad01", "cortex-m4", "TFLM reference kernels", 1_952_084, 297_780, 2_260),
    ("ad01", "cortex-m4", "TFLM + CMSIS-NN", 582_930, 309_332, 2_580),
    ("ad01", "cortex-m4", "BakeNN 1.0.0 + CMSIS-NN", 576_092, 274_104, 1_552),
    ("ad01", "cortex-m7", "TFLM + CMSIS-NN", 583_239, 309_364, 2_580),
    ("ad01", "cortex-m55", "TFLM + CMSIS-NN", 149_997, 301_924, 9_268),
    ("keywords", "cortex-m4", "TFLM reference kernels", 43_030_072, 95_668, 22_772),
    ("keywords", "cortex-m4", "TFLM + CMSIS-NN", 7_699_824, 138_556, 22_820),
    ("keywords", "cortex-m4", "BakeNN 1.0.0 + CMSIS-NN (no softmax)", 22_098_896, 44_788, 17_654),
    ("keywords", "cortex-m7", "TFLM + CMSIS-NN", 7_645_643, 139_132, 22_820),
    ("keywords", "cortex-m55", "TFLM + CMSIS-NN", 1_815_744, 126_956, 27_348),
)
COUNT = 30


def keyword_network() -> bytes:
    """Build the layers and shapes of MLPerf Tiny's kws_ref (Zhang et al., "Hello Edge", 2017), weights at random."""
    import keras
    from keras import layers

    from acoustic.train.quantise import to_int8

    keras.utils.set_random_seed(7)
    x = keras.Input((49, 10, 1), name="x")
    y = layers.Conv2D(64, (10, 4), strides=2, padding="same", activation="relu")(x)
    for _ in range(4):
        y = layers.DepthwiseConv2D(3, padding="same", activation="relu")(y)
        y = layers.Conv2D(64, 1, activation="relu")(y)
    y = layers.Flatten()(layers.AveragePooling2D((25, 5))(y))
    model = keras.Model(x, layers.Dense(12, activation="softmax")(y))
    rng = np.random.default_rng(7)
    for variable in model.trainable_variables:
        if "bias" in variable.path:
            variable.assign(rng.normal(0.0, 0.1, variable.shape))
    return to_int8(model, rng.normal(0.2, 1.0, (100, 49, 10, 1)).astype(np.float32))


def anomaly_network() -> bytes | None:
    """Read MLPerf Tiny's ad01, None where there is no data folder."""
    root = data_root()
    path = root / "machines" / "ad01_reference" / "ad01_int8.tflite" if root else None
    return path.read_bytes() if path and path.exists() else None


def main() -> None:
    """Print one block for each network."""
    for name, data in (("ad01", anomaly_network()), ("keywords", keyword_network())):
        if data is None:
            print(f"{name}: its file is missing: set ACOUSTIC_DATA to the data folder")
            continue
        report(name, data)


def report(name: str, data: bytes) -> None:
    """Print what a network takes on each board, and what others took."""
    network = Network.from_bytes(data)
    source = network_source(network, name)
    rng = np.random.default_rng(1)
    inputs = [rng.integers(-128, 128, (COUNT, *spec.shape)).astype(np.int8) for spec in network.inputs]
    with tempfile.TemporaryDirectory() as folder:
        comparisons, costs = prove_network(network, data, source, inputs, Path(folder))
    print(f"\n{name}: {network.macs} multiply-accumulates, {network.weight_bytes} bytes of constants")
    print(f"{'core':<12} {'engine':<38} {'instructions':>12} {'flash B':>8} {'RAM B':>7} {'stack B':>7}")
    for cost in costs:
        ram = source.program.arena_bytes
        row = f"{cost.instructions:12d} {cost.flash_bytes:8d} {ram:7d} {cost.stack_bytes:7d}"
        print(f"{cost.target:<12} {'acoustic':<38} {row}")
        for network_name, board, rival, instructions, flash, rival_ram in RIVALS:
            if (network_name, board) == (name, cost.target):
                print(f"{'':<12} {rival:<38} {instructions:12d} {flash:8d} {rival_ram:7d}")
    for comparison in comparisons:
        differing = comparison.differing_bytes
        said = comparison.note or f"{differing} of {comparison.bytes} bytes differ from the runtime's"
        print(f"{comparison.target:<12} {said}")


if __name__ == "__main__":
    main()
