"""The fuzzer itself: it finds planted faults, and the same inputs every time; and the networks' kernels under it."""

from pathlib import Path

import numpy as np
import pytest
from fuzzing import HERE, INPUTS, build_target, feed
from made_graphs import LAYERS

from acoustic.export.content import load_content
from acoustic.export.network import KERNEL_FOLDER, NetworkSource, network_source
from acoustic.model.bundle import Bundle
from acoustic.model.runtime import Network

FOLDER = Path(__file__).parent.parent / "model" / "models"
MODELS = ["arithmetic", "dscnn", "gru_step", "layout", "pooling"]  # every kernel
SHIPPED = ["roast", "turbine", "hearing"]
GEOMETRIES = 8


def table_of(networks: list[NetworkSource]) -> str:
    """``fuzz_networks.h`` of ``fuzzing/network.c``."""
    parts, rows = [], []
    for network in networks:
        name, upper = network.name, network.name.upper()
        fills = [f"    fuzz_fill(input, {name}_input_{n}(), {upper}_INPUT_{n}_BYTES);" for n in network.loop.inputs]
        tells = [f"    fuzz_tell({name}_output_{n}(), {upper}_OUTPUT_{n}_BYTES);" for n in network.loop.outputs]
        parts += [f'#include "{name}.h"', f"static void fill_{name}(fuzz_input *input)\n{{", *fills, "}"]
        parts += [f"static void tell_{name}(void)\n{{", *tells, "}"]
        rows.append(f"    {{fill_{name}, {name}_run, tell_{name}}},")
    return "\n".join(
        [
            *parts,
            "typedef struct {\n    void (*fill)(fuzz_input *input);\n    void (*run)(void);\n    void (*tell)(void);",
            f"}} fuzz_network;\n#define FUZZ_NETWORKS {len(networks)}u",
            "static const fuzz_network fuzz_networks[FUZZ_NETWORKS] = {",
            *rows,
            "};\n",
        ]
    )


def build_networks(networks: dict[str, Network], folder: Path) -> Path:
    made = [network_source(network, name) for name, network in networks.items()]
    (folder / "fuzz_networks.h").write_text(table_of(made), encoding="utf-8")
    for source in made:
        source.write(folder)
    sources = [*sorted(folder.glob("*.c")), *sorted(KERNEL_FOLDER.glob("acoustic_nn_*.c"))]
    return build_target(HERE / "network.c", sources, folder, include=[KERNEL_FOLDER])


def test_networks_of_any_geometry_keep_to_their_memory(tmp_path):
    networks = {
        f"{kind}_{seed}": Network(LAYERS[kind](np.random.default_rng([seed, 5])))
        for kind in LAYERS
        for seed in range(GEOMETRIES)
    }
    assert feed(build_networks(networks, tmp_path)) > INPUTS


def test_whole_networks_keep_to_their_memory(tmp_path):
    networks = {name: Network.from_bytes((FOLDER / f"{name}.tflite").read_bytes()) for name in MODELS}
    networks |= {f"shipped_{name}": Network.from_bytes(Bundle.load(name).network) for name in SHIPPED}
    assert feed(build_networks(networks, tmp_path)) > INPUTS


TARGET = """
#include <stdlib.h>
#include "acoustic_whistle.h"
#include "fuzz.h"

static void hear(int32_t frame)
{
    fuzz_tell(&frame, sizeof frame);
}

static void push(void *whistle, const int16_t *pcm, size_t n)
{
    acoustic_whistle_push(whistle, pcm, n, hear);
}

void fuzz_drive(fuzz_input *input)
{
    acoustic_whistle *const whistle = fuzz_memory(sizeof *whistle);
    acoustic_whistle_start(whistle);
    while (input->left) {
        fuzz_sound(input, push, whistle);
        fuzz_tell(&whistle->frame, sizeof whistle->frame);
    }
    free(whistle);
}
"""
PUSH = "    float levels_db[BANDS];\n"


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ("", "", None),
        (PUSH, f"    whistle->run = pcm[n];\n{PUSH}", "heap-buffer-overflow"),
        (PUSH, f"    whistle->frame++;\n{PUSH}", "in input"),  # where blocks begin
        ("++whistle->frame;", "whistle->frame += 1 << whistle->frame % 40;", "left shift|shift exponent"),
    ],
)
def test_planted_faults_are_found(whistle, tmp_path, right, wrong, complaint):
    content = load_content("whistle")
    name = "acoustic_whistle.c"
    assert right in content.sources[name]
    texts = {**content.sources, name: content.sources[name].replace(right, wrong, 1), "target.c": TARGET}
    for file, text in texts.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    sources = [tmp_path / file for file in content.sources if file.endswith(".c")]
    program = build_target(tmp_path / "target.c", sources, tmp_path)
    if complaint is None:
        told = feed(program, 100)
        assert told > 100
        assert feed(program, 100) == told
    else:
        with pytest.raises(AssertionError, match=complaint):
            feed(program, 100)
