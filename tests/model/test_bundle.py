import io
import json
import os
import tracemalloc
import zipfile
from dataclasses import replace
from importlib.metadata import EntryPoint
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from bundle_mutations import mutations
from hypothesis import given, settings
from hypothesis import strategies as st

from acoustic.errors import BundleError
from acoustic.frontend import EnhancementFrontEnd, FrontEnd
from acoustic.model import bundle as bundle_module
from acoustic.model.bundle import Bundle
from acoustic.model.members import checksums
from acoustic.records import plain

MODELS = Path(__file__).parent / "models"
NETWORK = (MODELS / "dense.tflite").read_bytes()
#: Hostile bundles that are tried; a long search sets many more.
INPUTS = int(os.environ.get("ACOUSTIC_FUZZ_INPUTS", "300"))
FRONTEND = FrontEnd(rate_hz=16000, frame_samples=512, hop_samples=256, n_fft=512, n_mels=20, fmin_hz=50, fmax_hz=8000)
ENHANCEMENT = EnhancementFrontEnd(rate_hz=16000, analysis_samples=256, synthesis_samples=128, hop_samples=64)


def make(**changes):
    parts = {
        "application": "roast",
        "name": "first-crack",
        "version": "1.0.0",
        "frontend": FRONTEND,
        "network": NETWORK,
        "decision": {"threshold": 0.5, "window": [1, 2, 3]},
        "calibration": {"noise_dbfs": -60.25},
        "vectors": {
            "input": np.arange(20, dtype=np.int8).reshape(1, 20),
            "mean": np.linspace(0, 1, 7, dtype=np.float32),
        },
        "card": "# First crack\n\nTrained on 10 µs of noise.\n",
    }
    return Bundle(**parts | changes)


DATA = make().to_bytes()


def repacked(change=lambda members: None, manifest=lambda values: None, refresh=True):
    """Bundle bytes with members or manifest changed, with checksums renewed unless told otherwise."""
    with zipfile.ZipFile(io.BytesIO(DATA)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    values = json.loads(members.pop("manifest.json"))
    if refresh:
        values["members"] = plain(checksums(members))
    manifest(values)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(values))
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def test_round_trip(tmp_path):
    path = tmp_path / "a.bundle"
    original = make()
    original.save(path)
    loaded = Bundle.load(path)
    assert loaded.to_bytes() == path.read_bytes() == original.to_bytes() == DATA
    assert loaded.frontend == FRONTEND
    assert loaded.decision == original.decision
    assert loaded.calibration == original.calibration
    assert loaded.card == original.card
    for name, vector in original.vectors.items():
        np.testing.assert_array_equal(loaded.vectors[name], vector, strict=True)
    assert loaded.runtime.run(loaded.vectors["input"])[0].shape == (1, 7)


def test_front_end_for_enhancement():
    data = make(frontend=ENHANCEMENT).to_bytes()
    assert data != DATA
    loaded = Bundle.from_bytes(data, "x")
    assert loaded.frontend == ENHANCEMENT
    assert loaded.to_bytes() == data
    assert loaded.describe()["frontend"]["synthesis_samples"] == 128


def test_repacked_by_another_tool():
    assert Bundle.from_bytes(repacked(), "x").to_bytes() == DATA


def test_replace():
    other = make().replace(decision={"threshold": 0.9})
    assert other.decision == {"threshold": 0.9}
    assert other.to_bytes() != DATA


def test_describe_is_json():
    description = json.loads(json.dumps(make().describe(), allow_nan=False))
    assert description["size_bytes"] == len(DATA)
    assert description["network"]["operators"] == {"FULLY_CONNECTED": 2}
    assert description["network"]["macs"] == 20 * 24 + 24 * 7
    assert set(description["members"]) == {"card.md", "network.tflite", "vectors/input.npy", "vectors/mean.npy"}


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def huge_npy():
    return npy(np.zeros(8)).replace(b"(8,), }    ", b"(80000000,)}")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a bundle"),
        (b"hello", "not a bundle"),
        (DATA[: len(DATA) // 2], "cut short"),
        (DATA[:-1], "cut short"),
        (DATA.replace(b"Trained on", b"trained on"), "damaged"),
        (repacked(lambda m: m.update({"card.md": b"x"}), refresh=False), "card.md does not have the checksum"),
        (repacked(lambda m: m.update({"model.py": b"x"})), "it holds 'model.py'"),
        (repacked(lambda m: m.update({"vectors/../x.npy": b"x"})), "it holds"),
        (repacked(lambda m: m.update({"vectors/x.npy": b"x"}), refresh=False), "differ in vectors/x.npy"),
        (repacked(lambda m: m.pop("card.md") and None), "card.md is missing"),
        (repacked(lambda m: m.pop("network.tflite") and None), "network.tflite is missing"),
        (repacked(lambda m: m.update({"card.md": b"\xff\xfe"})), "UTF-8"),
        (repacked(lambda m: m.update({"network.tflite": NETWORK[:500]})), "network cannot be used"),
        (repacked(lambda m: m.update({"vectors/x.npy": npy(np.array([print]))})), "not an array of numbers"),
        (repacked(lambda m: m.update({"vectors/x.npy": huge_npy()})), "not an array of numbers"),
        (repacked(lambda m: m.update({"card.md": b" " * (65 << 20)})), "64 MiB"),
        (repacked(manifest=lambda v: v.update(format_version=2)), "upgrade"),
        (repacked(manifest=lambda v: v.update(format="zip")), "not a bundle"),
        (repacked(manifest=lambda v: v.update(extra=1)), "unknown field 'extra'"),
        (repacked(manifest=lambda v: v.pop("name") and None), "lacks name"),
        (repacked(manifest=lambda v: v.update(decision={"a": "\0"})), "decision holds a text"),
        (repacked(manifest=lambda v: v.update(calibration={"a": 10**400})), "calibration holds 1000.*no finite number"),
        (repacked(lambda m: m.update({"card.md": b"\x1b[2J"})), "control characters"),
        (repacked(manifest=lambda v: v.update(decision={"a": float("nan")})), "finite"),
        (repacked(manifest=lambda v: v.update(decision=[])), "decision must be an object"),
        (repacked(manifest=lambda v: v.update(rounding="single")), "rounding"),
        (repacked(manifest=lambda v: v.update(frontend_fingerprint="0")), "fingerprint"),
        (repacked(manifest=lambda v: v["frontend"].update(version=999)), "arithmetic"),
        (repacked(manifest=lambda v: v["frontend"].update(n_fft=500)), "power of two"),
        (repacked(manifest=lambda v: v.update(name="")), "name must be"),
    ],
)
def test_refuses(tmp_path, data, reason):
    path = tmp_path / "broken.bundle"
    path.write_bytes(data)
    with pytest.raises(BundleError, match=reason) as caught:
        Bundle.load(path)
    assert str(path) in str(caught.value)


def test_infinite_number_in_manifest():
    text = repacked(manifest=lambda v: v.update(decision={"a": "INF"}))
    with zipfile.ZipFile(io.BytesIO(text)) as archive:
        members = {name: archive.read(name).replace(b'"INF"', b"1e999") for name in archive.namelist()}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with pytest.raises(BundleError, match="'1e999' is not finite"):
        Bundle.from_bytes(stream.getvalue(), "x")


@pytest.mark.parametrize(
    "changes",
    [
        {"decision": {"a": float("inf")}},
        {"calibration": {"a": object()}},
        {"vectors": {"a/b": np.zeros(1)}},
        {"vectors": {"a": np.array(["text"])}},
        {"network": b"TFL3"},
        {"version": "1\n"},
        {"frontend": replace(FRONTEND, n_mels=200)},
    ],
)
def test_refuses_to_make(changes):
    with pytest.raises(BundleError):
        make(**changes)


def test_failed_save_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.bundle"
    make().save(path)
    monkeypatch.setattr(bundle_module, "MAX_BYTES", 10)
    with pytest.raises(BundleError, match="fewer test vectors"):
        make().save(path)
    assert path.read_bytes() == DATA


def test_shipped(tmp_path, monkeypatch):
    package = tmp_path / "shipping"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "crack.bundle").write_bytes(DATA)
    monkeypatch.syspath_prepend(tmp_path)
    points = [EntryPoint("crack", "shipping.application:application", bundle_module.SHIPPED_GROUP)]
    monkeypatch.setattr(bundle_module, "entry_points", lambda group: points)
    assert Bundle.load("crack").name == "first-crack"
    with pytest.raises(BundleError, match=r"crick: no such file.*\(shipped: crack\)"):
        Bundle.load("crick")


GOOD = [
    make(frontend=frontend, network=(MODELS / f"{name}.tflite").read_bytes()).to_bytes()
    for name, frontend in zip(
        ["dense", "depthwise", "gru_step", "layout", "pooling", "unary16"], 3 * [FRONTEND, ENHANCEMENT], strict=True
    )
]


@pytest.mark.parametrize("number", range(len(GOOD)))
def test_fuzzed_bundles_give_an_error_in_a_sentence(number):
    good, messages = GOOD[number], []
    tracemalloc.start()
    try:
        for kind, data in islice(mutations(good, seed=number), -(-INPUTS // len(GOOD))):
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            try:
                Bundle.from_bytes(data, "x").to_bytes()
            except BundleError as error:
                messages.append(str(error))
            assert tracemalloc.get_traced_memory()[1] - before < (8 << 20) + 40 * len(data), kind
    finally:
        tracemalloc.stop()
    assert messages
    assert all(len(message) <= 300 and message.isprintable() for message in messages)


def test_a_small_file_does_not_make_a_large_network():
    network = (MODELS / "relu6.tflite").read_bytes()
    for elements, reason in {1 << 22: "activations take 8388608 bytes", 1 << 23: "which no network has"}.items():
        shape, huge = (np.array([1, size], "<i4").tobytes() for size in (40, elements))
        assert network.count(shape) == 2
        with pytest.raises(BundleError, match=reason):
            make(network=network.replace(shape, huge))


@settings(max_examples=300)
@given(data=st.data())
def test_damage_gives_a_bundle_error(data):
    damaged = bytearray(DATA)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    damaged = damaged[: data.draw(st.one_of(st.just(len(damaged)), st.integers(0, len(damaged))))]
    try:
        loaded = Bundle.from_bytes(bytes(damaged), "x")
    except BundleError:
        return
    assert loaded.to_bytes() == DATA  # only bytes that mean nothing, such as dates, were hit
