"""The sound that a chain makes, on its way out."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from level_meter.gain import DELAY, RATE_HZ, Halves
from made_sources import Blocks

from acoustic.audio import WavWriter
from acoustic.errors import AcousticError, ParameterError
from acoustic.live import Input, SoundOut, open_output

CHAIN: Any = SimpleNamespace(latency_ms=Halves.latency_ms)
LOUD = np.full(RATE_HZ, -(2**15), np.int16)


def test_a_file_takes_the_samples_as_they_are(tmp_path: Path) -> None:
    sound = Input(Blocks(rate_hz=RATE_HZ), "numbers", RATE_HZ, can_wait=True)
    with open_output(None, tmp_path / "a.wav", RATE_HZ, 0.2) as out:
        out.write(LOUD, sound)
        out.write(LOUD // 2, sound)
        assert out.lost_blocks == 0
    pcm, rate_hz = soundfile.read(tmp_path / "a.wav", dtype="int16")
    assert rate_hz == RATE_HZ
    np.testing.assert_array_equal(pcm, np.concatenate([LOUD, LOUD // 2]))


def test_health_and_panel_since_the_last_time(tmp_path: Path) -> None:
    source = Blocks(rate_hz=RATE_HZ)
    sound = Input(source, "numbers", RATE_HZ, can_wait=True)
    with WavWriter(tmp_path / "a.wav", RATE_HZ) as writer:
        out = SoundOut(writer, RATE_HZ)
        out.write(LOUD, sound)
        assert (out.recorded().output_dbfs, out.recorded().output_dbfs) == (0.0, None)
        source.health.dropped_blocks, source.health.overflows = 2, 1
        out.write(LOUD // 2, sound)
        health = out.health(CHAIN, sound)
        assert (health.lost_blocks, health.latency_ms, health.buffer_ms) == (3, 1000 * DELAY / RATE_HZ, 0.0)
        rows = out.panel(-3.0, CHAIN, sound)
        assert set(rows) == {"output", "reduction", "delay"}
        assert ("   CLIPPING", "bold yellow") in rows["output"]
        assert out.panel(-3.0, CHAIN, sound)["reduction"] == ["-"]


def test_a_loudspeaker_or_a_file(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="not both"), open_output("speaker", tmp_path / "a.wav", RATE_HZ, 0.2):
        pytest.fail("it was opened")


def test_a_file_that_cannot_be_written() -> None:
    with pytest.raises(AcousticError, match="cannot be written"), open_output(None, Path("/dev/null/a"), RATE_HZ, 0.2):
        pytest.fail("it was opened")
