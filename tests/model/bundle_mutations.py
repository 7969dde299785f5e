"""Hostile bundles: mutations of a good one, signed again, so that they reach the readers behind the checksums."""

import hashlib
import io
import json
import random
import struct
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

Members = dict[str, bytes]

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 3, 7, 255, 65_536, 2**31, 2**63, -(2**63) - 1, 10**400, -(10**4000), 0.5, -0.0,
    1e300, 5e-324, float("nan"), float("inf"), "", "x", "\0", "a\0b", "\ud800", "\x1b[2J", "é" * 300, "x" * 20_000,
    [], [[]], [0] * 3, [None] * 5000, [[[[[[[[[[1]]]]]]]]]], {}, {"": {}}, {"sha256": 1},
)  # fmt: skip
"""What stands in place of a value of the manifest, or beside it."""
SHAPES = ("()", "(0,)", "(1,)", "(999999999, 999999999)", "(0, 999999999, 999999999)", "(-1,)", "(1.5,)", "(1e9,)")
DTYPES = ("<f4", ">f8", "|O", "<U9", "<f2", "<f16", "<c8", "<M8[s]", "|V4", "<i3", "i4,f4", "", "\\n", "<f4\\x00")
"""What stands in the header of an array."""
NUMBERS = (0, 1, 2, 3, 4, 127, 128, 1000, 4096, 65_535, 1 << 20, 1 << 24, (1 << 31) - 1, (1 << 32) - 1)
"""What stands in place of a number of the network."""


def mutations(good: bytes, seed: int) -> Iterator[tuple[str, bytes]]:
    """Yield the name of a mutation and what it makes of a bundle, for ever."""
    with zipfile.ZipFile(io.BytesIO(good)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    source = random.Random(seed)
    while True:
        kind = source.choice(KINDS)
        yield kind.__name__, kind(source, dict(members), good)


def _values(source: random.Random, members: Members, good: bytes) -> bytes:
    """Replace, remove or add values of the manifest."""
    manifest = json.loads(members["manifest.json"])
    for _ in range(source.choice([1, 1, 1, 2, 4])):
        place = manifest
        while isinstance(inner := _pick(source, place), dict | list) and inner and source.random() < 0.7:
            place = inner
        keys = list(place) if isinstance(place, dict) else range(len(place))
        if not keys:
            continue
        key: Any = source.choice(list(keys))
        what = source.random()
        if what < 0.7:
            place[key] = source.choice(VALUES)
        elif what < 0.85:
            del place[key]
        elif isinstance(place, dict):
            place[source.choice(["extra", "", "\0", "x" * 5000, "version"])] = source.choice(VALUES)
    return _signed(members, manifest)


def _deep(source: random.Random, members: Members, good: bytes) -> bytes:
    """Nest a value of the manifest."""
    depth = source.choice([40, 300, 900, 5000, 100_000])
    nested = b'"nested": ' + b"[" * depth + b"]" * depth
    text = members["manifest.json"].replace(b'"decision": {', b'"decision": {' + nested + b",")
    return _packed(members | {"manifest.json": text})


def _text(source: random.Random, members: Members, good: bytes) -> bytes:
    """Damage bytes of the manifest, of the card, or of both."""
    for name in source.choice([["manifest.json"], ["card.md"], ["manifest.json", "card.md"]]):
        members[name] = _damaged(source, members[name])
    return _signed(members) if source.random() < 0.7 else _packed(members)


def _network(source: random.Random, members: Members, good: bytes) -> bytes:
    """Damage the network: single bytes, or whole numbers, as lengths and offsets are."""
    data = bytearray(members["network.tflite"])
    for _ in range(source.choice([1, 1, 2, 3, 8])):
        at = source.randrange(len(data) - 8)
        if source.random() < 0.5:
            data[at] = source.randrange(256)
        else:
            struct.pack_into("<I", data, at // 4 * 4, source.choice(NUMBERS))
    members["network.tflite"] = bytes(data) if source.random() < 0.9 else bytes(data[: source.randrange(len(data))])
    return _signed(members)


def _array(source: random.Random, members: Members, good: bytes) -> bytes:
    """Damage an array, or write another header for it."""
    name = source.choice([name for name in members if name.endswith(".npy")])
    data, what = members[name], source.random()
    if what < 0.4:
        members[name] = _damaged(source, data[:128]) + data[128:]
    elif what < 0.9:
        order = source.choice(["False", "True", "None", "0"])
        text = f"{{'descr': '{source.choice(DTYPES)}', 'fortran_order': {order}, 'shape': {source.choice(SHAPES)}, }}"
        text = source.choice([text, text[: source.randrange(len(text))], "(" * 300, "[" * 60_000, "'\\", "\0" * 50])
        version = source.choice([b"\1\0", b"\1\0", b"\2\0", b"\3\0", b"\xff\0"])
        header = text.encode() + b"\n"
        size = struct.pack("<H" if version == b"\1\0" else "<I", len(header))
        members[name] = b"\x93NUMPY" + version + size + header + data[128:]
    else:
        members[name] = data[: source.randrange(len(data))]
    return _signed(members)


def _archive(source: random.Random, members: Members, good: bytes) -> bytes:
    """Damage the archive itself."""
    what = source.random()
    if what < 0.3:
        return _damaged(source, good)
    if what < 0.5:
        directory = good.rfind(b"PK\5\6") - 46 * len(members) - sum(map(len, members))
        return good[:directory] + _damaged(source, good[directory:])
    if what < 0.7:
        return good[: source.randrange(len(good))]
    if what < 0.8:
        count = source.choice([300, 5000])
        return _packed(members | {f"vectors/v{n}.npy": b"" for n in range(count)})
    method = source.choice([zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    data = _packed(members, method)
    return data if source.random() < 0.3 else _damaged(source, data)


KINDS: tuple[Callable[[random.Random, Members, bytes], bytes], ...] = (
    _values, _values, _values, _network, _network, _array, _array, _text, _archive, _deep,
)  # fmt: skip


def _pick(source: random.Random, place: Any) -> Any:
    return place[source.choice(list(place))] if isinstance(place, dict) else source.choice(place or [None])


def _damaged(source: random.Random, data: bytes) -> bytes:
    damaged = bytearray(data)
    for _ in range(source.choice([1, 1, 2, 5, 30])):
        if not damaged:
            break
        at, what = source.randrange(len(damaged)), source.random()
        if what < 0.6:
            damaged[at] = source.choice([0, 255, source.randrange(256)])
        elif what < 0.8:
            del damaged[at : at + source.randrange(1, 9)]
        else:
            damaged[at:at] = source.randbytes(source.randrange(1, 9))
    return bytes(damaged)


def _signed(members: Members, manifest: Any = None) -> bytes:
    """Pack members with the checksums and the fingerprint that their manifest ought to hold."""
    text = members["manifest.json"]
    try:
        manifest = json.loads(text) if manifest is None else manifest
        rest = {name: data for name, data in members.items() if name != "manifest.json"}
        if isinstance(manifest, dict) and isinstance(manifest.get("members"), dict):
            manifest["members"] |= {
                name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in rest.items()
            }
        if isinstance(manifest, dict) and isinstance(definition := manifest.get("frontend"), dict):
            numbers = {k: float(v) if isinstance(v, int | float) else v for k, v in definition.items()}
            manifest["frontend_fingerprint"] = hashlib.sha256(json.dumps(numbers, sort_keys=True).encode()).hexdigest()
        text = json.dumps(manifest).encode()
    except (ValueError, TypeError, OverflowError, RecursionError):
        pass
    return _packed(members | {"manifest.json": text})


def _packed(members: Members, method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()
