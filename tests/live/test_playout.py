"""Playing a live stream through a loudspeaker with a clock of its own, simulated block by block."""

from typing import Any

import numpy as np
import pytest

from acoustic.audio import SourceHealth
from acoustic.live import Playout

RATE_HZ = 16000
BLOCK = 160
BUFFER_S = 0.1


class SimulatedSpeaker:
    """Plays as many samples as it is told to; zeros where there are none."""

    rate_hz = RATE_HZ
    latency_s = 0.02

    def __init__(self) -> None:
        self.underruns = 0
        self.away = False
        self.health = SourceHealth()
        self.closed = False
        self.played: list[np.ndarray] = []
        self._queue = np.empty(0, np.int16)
        self._owed = 0.0

    @property
    def waiting_s(self) -> float:
        return len(self._queue) / RATE_HZ

    def write(self, pcm: np.ndarray) -> None:
        self._queue = np.concatenate([self._queue, pcm])

    def play(self, n_samples: float) -> None:
        self._owed += n_samples
        n = int(self._owed)
        self._owed -= n
        out = self._queue[:n]
        self.played.append(np.pad(out, (0, n - len(out))))
        self.underruns += len(out) < n
        self._queue = self._queue[n:]

    def close(self) -> None:
        self.closed = True

    @property
    def sound(self) -> np.ndarray:
        return np.concatenate(self.played)


def make(buffer_s: float = BUFFER_S) -> tuple[SimulatedSpeaker, Playout]:
    speaker: Any = SimulatedSpeaker()
    return speaker, Playout(speaker, buffer_s)


def tone(seconds: float) -> np.ndarray:
    t = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.rint(8000 * np.sin(2 * np.pi * 200 * t)).astype(np.int16)


def run(speaker: SimulatedSpeaker, playout: Playout, pcm: np.ndarray, samples_per_block: float = BLOCK) -> list[float]:
    """Write blocks while the loudspeaker plays; return what waited after each."""
    waited = []
    for block in np.split(pcm, len(pcm) // BLOCK):
        playout.write(block)
        speaker.play(samples_per_block)
        waited.append(speaker.waiting_s)
    return waited


#: The steepest step of the tone; a click would be several times as high.
STEEPEST = 8000 * 2 * np.pi * 200 / RATE_HZ


def test_sound_comes_after_the_buffer_and_to_the_bit() -> None:
    speaker, playout = make()
    pcm = tone(20.0)
    run(speaker, playout, pcm)
    n, fade = round(BUFFER_S * RATE_HZ), 64
    assert not speaker.sound[:n].any()
    np.testing.assert_array_equal(speaker.sound[n + fade :], pcm[fade : len(speaker.sound) - n])
    assert np.abs(np.diff(speaker.sound[n - 5 : n + 2 * fade].astype(int))).max() < 1.5 * STEEPEST
    assert playout.lost_blocks == 0
    assert playout.delay_s == pytest.approx(BUFFER_S + speaker.latency_s)


def test_a_busy_computer_changes_nothing() -> None:
    speaker, playout = make()
    pcm, rng = tone(60.0), np.random.default_rng(1)
    left = list(np.split(pcm, len(pcm) // BLOCK))
    playout.write(left.pop(0))
    while left:
        # The program and the loudspeaker come late now and then, by up to 60 ms.
        late = int(rng.integers(1, 7)) if rng.random() < 0.1 else 1
        for block in left[:late]:
            playout.write(block)
        left = left[late:]
        speaker.play(late * BLOCK)
    assert playout.lost_blocks == 0
    n = round(BUFFER_S * RATE_HZ)
    np.testing.assert_array_equal(speaker.sound[n + 64 :], pcm[64 : len(speaker.sound) - n])


@pytest.mark.parametrize("ppm", [-1000, 1000])
def test_drift_between_clocks_is_put_right_without_a_click(ppm: float) -> None:
    speaker, playout = make()
    waited = run(speaker, playout, tone(90.0), BLOCK * (1 + 1e-6 * ppm))
    assert speaker.underruns == 0
    # 90 s at 1000 ppm are nine blocks of 10 ms.
    done, undone = (playout.repeated, playout.dropped) if ppm > 0 else (playout.dropped, playout.repeated)
    assert 7 <= done <= 11
    assert undone == 0
    assert playout.lost_blocks == done
    assert min(waited) > 0.06
    assert max(waited) < 0.14
    assert np.abs(np.diff(speaker.sound[4000:].astype(int))).max() < 1.6 * STEEPEST


def test_no_sound_is_silence_that_is_counted_and_the_buffer_is_there_again() -> None:
    speaker, playout = make()
    run(speaker, playout, tone(1.0))
    for _ in range(15):
        speaker.play(BLOCK)
    starved = speaker.underruns
    assert starved == 5  # the buffer of 100 ms held for ten blocks
    waited = run(speaker, playout, tone(1.0))
    assert speaker.underruns == starved
    assert playout.lost_blocks == starved
    assert waited[0] == pytest.approx(BUFFER_S)


def test_what_piled_up_while_the_program_was_held_up_is_left_out() -> None:
    speaker, playout = make()
    run(speaker, playout, tone(1.0))
    for _ in range(100):
        speaker.play(BLOCK)
    for block in np.split(tone(1.0), 100):
        playout.write(block)
    assert speaker.waiting_s < BUFFER_S + 0.25
    run(speaker, playout, tone(21.0))
    # In the end no more delay than before.
    assert speaker.waiting_s == pytest.approx(BUFFER_S, abs=0.03)
    assert playout.dropped > 50


def test_what_piled_up_before_the_start_is_left_out_and_no_loss() -> None:
    speaker, playout = make()
    for block in np.split(tone(0.3), 30):
        playout.write(block)
    run(speaker, playout, tone(3.0))
    assert playout.lost_blocks == 0
    assert speaker.waiting_s == pytest.approx(BUFFER_S, abs=0.02)
    assert np.abs(np.diff(speaker.sound[1600:].astype(int))).max() < 1.6 * STEEPEST


def test_short_pieces_pass() -> None:
    speaker, playout = make()
    for n in (0, 1, 10):
        playout.write(np.full(n, 5, np.int16))
    speaker.play(1611)
    np.testing.assert_array_equal(speaker.sound[1600:], np.full(11, 5))


def test_closing_closes_the_loudspeaker() -> None:
    speaker, playout = make()
    with playout:
        pass
    assert speaker.closed
