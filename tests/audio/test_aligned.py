"""Output in line with input, whatever the delay and the blocks."""

from typing import Any

import numpy as np
import pytest

from acoustic.audio import Aligned
from acoustic.audio.source import Pcm16


class Late:
    """Gives everything back some samples late, in pieces of seven."""

    rate_hz = 16000

    def __init__(self, delay_samples: int) -> None:
        self.delay_samples = delay_samples
        self._held: Any = np.full(delay_samples, -1, np.int16)

    def push(self, pcm: Pcm16) -> Pcm16:
        self._held = np.concatenate([self._held, pcm])
        n = len(self._held) // 7 * 7
        out, self._held = self._held[:n], self._held[n:]
        return out

    def flush(self) -> Pcm16:
        return self._held


@pytest.mark.parametrize("delay_samples", [0, 1, 64, 5000])
@pytest.mark.parametrize("block", [1, 100, 3000])
def test_the_delay_is_taken_out(delay_samples: int, block: int) -> None:
    pcm = np.arange(3000, dtype=np.int16)
    aligned = Aligned(Late(delay_samples))
    out = [aligned.push(pcm[start : start + block]) for start in range(0, len(pcm), block)]
    np.testing.assert_array_equal(np.concatenate([*out, aligned.flush()]), pcm)
