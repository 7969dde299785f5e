"""Sound that went through a processor, as long as what went in and sample for sample beside it."""

from acoustic.audio.source import Pcm16, Processor


class Aligned:
    """Leaves out the beginning of a processor's output, by as much as it lags behind.

    Parameters
    ----------
    processor : Processor
    """

    def __init__(self, processor: Processor) -> None:
        self._processor = processor
        self._n_early = processor.delay_samples

    def push(self, pcm: Pcm16) -> Pcm16:
        """Take samples, return those that are ready, int16 of one dimension: the first belongs to the first."""
        return self._cut(self._processor.push(pcm))

    def flush(self) -> Pcm16:
        """End the stream and return the rest: all output is as long as all input."""
        return self._cut(self._processor.flush())

    def _cut(self, out: Pcm16) -> Pcm16:
        n_cut = min(self._n_early, len(out))
        self._n_early -= n_cut
        return out[n_cut:]
