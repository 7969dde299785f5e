from hypothesis import given
from hypothesis import strategies as st

from acoustic.model.arena import Lifetime, place

LIFETIMES = st.builds(
    lambda size, first, length: Lifetime(size_bytes=size, first=first, last=first + length),
    st.integers(0, 300),
    st.integers(0, 12),
    st.integers(0, 5),
)


@given(buffers=st.lists(LIFETIMES, max_size=20), alignment=st.sampled_from([1, 4, 16]))
def test_buffers_that_live_together_lie_apart(buffers, alignment):
    starts, size = place(buffers, alignment)
    ends = [start + buffer.size_bytes for start, buffer in zip(starts, buffers, strict=True)]
    assert all(start % alignment == 0 for start in starts)
    assert max(ends, default=0) <= size
    for a in range(len(buffers)):
        for b in range(a):
            apart = buffers[a].last < buffers[b].first or buffers[b].last < buffers[a].first
            assert apart or ends[a] <= starts[b] or ends[b] <= starts[a]
    # Never less than what lives at one time, never more than everything.
    peak = max((sum(b.size_bytes for b in buffers if b.first <= t <= b.last) for t in range(20)), default=0)
    assert peak <= size <= sum(-(-b.size_bytes // alignment) * alignment for b in buffers)


def test_memory_is_used_again():
    chain = [Lifetime(size_bytes=64, first=time, last=time + 1) for time in range(10)]
    assert place(chain, 16)[1] == 128
