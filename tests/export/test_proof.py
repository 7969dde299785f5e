import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from acoustic.errors import ExportError
from acoustic.export import proof, replay
from acoustic.export.network import network_source
from acoustic.export.proof import compare, prove_network
from acoustic.export.qemu.boards import BOARDS
from acoustic.model.runtime import Network

DENSE = (Path(__file__).parent.parent / "model" / "models" / "dense.tflite").read_bytes()


def test_equal_bytes():
    assert compare("t", "s", b"abc", b"abc").to_dict() == {
        "target": "t",
        "stage": "s",
        "bytes": 3,
        "differing_bytes": 0,
    }


@pytest.mark.parametrize(
    ("expected", "got", "count", "note"),
    [
        (b"abc", b"axx", 2, "first difference at byte 1: 98 and 120 (unsigned)"),
        (b"abc", b"ab", 1, "first difference at byte 2: 99 and nothing (unsigned)"),
        (b"", b"ab", 2, "first difference at byte 0: nothing and 97 (unsigned)"),
    ],
)
def test_differences_are_counted_and_the_first_is_named(expected, got, count, note):
    comparison = compare("t", "s", expected, got)
    assert (comparison.differing_bytes, comparison.note) == (count, note)
    assert comparison.to_dict()["note"] == note


def test_what_is_absent_is_not_proven(monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "which", lambda program: None)
    monkeypatch.setattr(proof.importlib.util, "find_spec", lambda name: None)
    network = Network.from_bytes(DENSE)
    source = network_source(network, "dense")
    comparisons, costs = prove_network(network, DENSE, source, [np.zeros((3, 20), np.int8)], tmp_path)
    assert costs == []
    assert [c.target for c in comparisons] == ["host-c", "tflite-micro", *BOARDS]
    assert {c.differing_bytes for c in comparisons} == {None}
    assert all(c.note.startswith("not proven: ") for c in comparisons)
    assert "arm-none-eabi-gcc is not installed" in comparisons[2].note
    with pytest.raises(ExportError, match="there is no C compiler"):
        replay.run_on_host(source, tmp_path, b"")


def test_a_wrong_network_is_found_out(tmp_path, monkeypatch):
    if replay.host_compiler() is None:
        pytest.skip("there is no C compiler: apt-get install gcc libc6-dev")
    network = Network.from_bytes(DENSE)
    source = network_source(network, "dense")
    wrong = source.source.replace(".zero_point = ", ".zero_point = 1 + ", 1)
    assert wrong != source.source
    monkeypatch.setitem(sys.modules, "tflite_micro", None)
    monkeypatch.setattr(proof.importlib.util, "find_spec", lambda name: None)
    broken = type(source)(
        name=source.name, header=source.header, source=wrong, program=source.program, loop=source.loop
    )
    x = np.random.default_rng(1).integers(-128, 128, (50, 20)).astype(np.int8)
    comparisons, _ = prove_network(network, DENSE, broken, [x], tmp_path, boards=[])
    assert comparisons[0].differing_bytes > 50
    assert comparisons[0].note.startswith("first difference at byte ")
