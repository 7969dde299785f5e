"""WAV files made chunk by chunk, right or wrong."""

import struct

import numpy as np

RATE_HZ = 16_000
PCM = np.random.default_rng(5).integers(-3000, 3000, 2 * RATE_HZ).astype("<i2")
RAW = PCM.tobytes()


def chunk(name: bytes, body: bytes, *, length: int | None = None) -> bytes:
    return name + struct.pack("<I", len(body) if length is None else length) + body + b"\0" * (len(body) % 2)


def fmt(rate_hz: int = RATE_HZ, channels: int = 1) -> bytes:
    return chunk(b"fmt ", struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * 2 * channels, 2 * channels, 16))


def riff(*chunks: bytes, size: int | None = None, magic: bytes = b"RIFF") -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack("<I", len(body) if size is None else size) + body
