"""What a person is told about sound, whatever it is read from."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from acoustic.audio.sound import ChannelMeter

RUN_FRAMES = 5


@given(
    st.lists(st.sampled_from(["1", "0", "0000000", "1111"]), max_size=40).map("".join),
    st.lists(st.integers(0, 9), min_size=1).filter(any),
    st.sampled_from([1, 2]),
)
def test_digital_silence_is_counted_in_any_cut(signs: str, sizes: list[int], n_channels: int) -> None:
    chunk = np.zeros((len(signs), n_channels), np.float32)
    chunk[:, -1] = [int(sign) for sign in signs]
    meter, start = ChannelMeter(n_channels, RUN_FRAMES), 0
    while start < len(chunk):
        for size in sizes:
            meter.push(chunk[start : start + size])
            start += size
    n_silent = sum(len(run) for run in signs.split("1") if len(run) >= RUN_FRAMES)
    told = [remark for remark in meter.remarks(len(signs), mix=True) if remark.startswith("digital silence")]
    share = n_silent / max(1, len(signs))
    assert told == ([f"digital silence: {share:.0%} of it are samples of exactly 0"] if 0.1 <= share < 1 else [])
