"""Float32 FFT with one fixed order of every operation.

Stockham's autosort FFT (Cochran et al. 1967), decimation in frequency, radix 4 with one radix-2 stage
where needed. Arrays are laid out (part, point, column): real and imaginary part, and each column is one
transform, so that NumPy's elementwise operations run over the columns. An elementwise float32 operation
rounds once, whatever its width: a transform's bytes do not depend on what is computed beside it, and plain
C gives the same bytes when contraction to FMA is switched off.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from acoustic.frontend.tables import F32, FftTables

#: Columns computed at a time: wide enough to hide NumPy's cost per row, few enough for the caches.
COLUMNS = 512


@contextmanager
def unbuffered() -> Iterator[None]:
    """Let NumPy work on rows where they lie.

    Operations on rows shorter than NumPy's buffer are otherwise gathered in it first, which costs more
    than the arithmetic. Only the speed changes, never a result.
    """
    with np.errstate():  # restores the buffer size on leaving
        np.setbufsize(16)
        yield


def shaped(buffer: F32, *shape: int) -> F32:
    """Return the beginning of a flat buffer as an array of that shape (fresh large arrays cost page faults)."""
    return buffer[: math.prod(shape)].reshape(shape)


class Fft:
    """Forward complex FFT of ``n`` points (a power of two), for at most ``COLUMNS`` columns.

    The tables are those of ``n`` points or of a multiple.
    """

    def __init__(self, n: int, tables: FftTables) -> None:
        self.n = n
        self._stages = [_Stage(length, stride, tables) for length, stride in _plan(n)]
        self._spare = np.empty(2 * n * COLUMNS, np.float32)
        self.scratch = np.empty((2, 2 * n * COLUMNS), np.float32)
        """Free between calls, for others to use: memory that stays in the caches is fast."""

    def __call__(self, x: F32) -> F32:
        """Transform ``x``, float32 of shape (2, n, columns): real and imaginary part.

        Returns an array of the same shape. ``x`` is overwritten, and the result may lie in a buffer that
        the next call reuses.
        """
        source, target = x, shaped(self._spare, *x.shape)
        for stage in self._stages:
            stage(source, target, self.scratch)
            source, target = target, source
        return source


def _plan(n: int) -> list[tuple[int, int]]:
    """(length, stride) of each stage: sub-transforms of ``length`` points, ``stride`` of them interleaved."""
    stages, length, stride = [], n, 1
    while length > 1:
        stages.append((length, stride))
        radix = 4 if length % 4 == 0 else 2
        length, stride = length // radix, stride * radix
    return stages


class _Stage:
    """One radix-4 or radix-2 pass."""

    def __init__(self, length: int, stride: int, tables: FftTables) -> None:
        self.radix = 4 if length % 4 == 0 else 2
        self.points, self.stride = length // self.radix, stride
        turns = np.arange(self.points)[None, :] * np.arange(1, self.radix)[:, None] % length
        index = turns * (tables.n // length)
        # Shape (radix - 1, 1, points, 1): the same factor for the real and the imaginary part.
        self.cosine, self.sine = (table[index][:, None, :, None] for table in (tables.cosine, tables.sine))

    def __call__(self, x: F32, y: F32, scratch: F32) -> None:
        radix, m, row = self.radix, self.points, self.stride * x.shape[2]
        a = x.reshape(2, radix, m, row)
        b = y.reshape(2, m, radix, row)
        out = b[:, :, 1:].transpose(2, 0, 1, 3)
        # In the last stage (m = 1) every factor is one: nothing is left to be turned.
        turned = out if m == 1 else shaped(scratch[0], *out.shape)
        if radix == 2:
            np.add(a[:, 0], a[:, 1], out=b[:, :, 0])
            np.subtract(a[:, 0], a[:, 1], out=turned[0])
        else:
            sums = shaped(scratch[1], 2, 2, m, row)
            np.add(a[:, :2], a[:, 2:], out=sums)
            np.add(sums[:, 0], sums[:, 1], out=b[:, :, 0])
            np.subtract(sums[:, 0], sums[:, 1], out=turned[1])
            differences = np.subtract(a[:, :2], a[:, 2:], out=sums)
            (re, im), (re_odd, im_odd) = differences[:, 0], differences[:, 1]
            np.add(re, im_odd, out=turned[0, 0])
            np.subtract(im, re_odd, out=turned[0, 1])
            np.subtract(re, im_odd, out=turned[2, 0])
            np.add(im, re_odd, out=turned[2, 1])
        if m == 1:
            return
        by_sine = shaped(scratch[1], *out.shape)
        np.multiply(turned, self.sine, out=by_sine)
        turned *= self.cosine
        np.subtract(turned[:, 0], by_sine[:, 1], out=out[:, 0])
        np.add(turned[:, 1], by_sine[:, 0], out=out[:, 1])


class RealFft:
    """FFT of ``n`` real points through a complex FFT of half the size (Cooley, Lewis and Welch 1970).

    Input comes packed (:func:`pack`), shape (2, n / 2, columns), and is overwritten.
    """

    def __init__(self, tables: FftTables) -> None:
        self.n = n = tables.n
        self._half = Fft(n // 2, tables)
        self._cosine, self._sine = (table[1 : n // 4 + 1, None] for table in (tables.cosine, tables.sine))
        self._power = np.empty((n // 2 + 1) * COLUMNS, np.float32)

    def __call__(self, packed: F32) -> F32:
        """Return the spectrum of packed columns: float32 (2, n / 2 + 1, columns), real and imaginary part."""
        half, quarter = self.n // 2, self.n // 4
        out = np.empty((2, half + 1, packed.shape[2]), np.float32)
        out[0, 0], out[0, half], low, high = self._bins(packed)
        out[1, 0] = out[1, half] = 0.0
        # The upper half first: at the middle bin both halves write the same number.
        out[:, half - 1 : half - quarter - 1 : -1] = high
        out[:, 1 : quarter + 1] = low
        return out

    def power(self, packed: F32) -> F32:
        """Return the power spectrum of packed columns: float32 (n / 2 + 1, columns), until the next call."""
        half, quarter = self.n // 2, self.n // 4
        out = shaped(self._power, half + 1, packed.shape[2])
        first, last, low, high = self._bins(packed)
        np.multiply(first, first, out=out[0])
        np.multiply(last, last, out=out[half])
        low *= low
        high *= high
        np.add(high[0], high[1], out=out[half - 1 : half - quarter - 1 : -1])
        np.add(low[0], low[1], out=out[1 : quarter + 1])
        return out

    def _bins(self, packed: F32) -> tuple[F32, F32, F32, F32]:
        """Return bin 0 and bin n / 2 (real), bins 1 to n / 4 and bins n / 2 - 1 down to n / 4 (complex)."""
        half, quarter, columns = self.n // 2, self.n // 4, packed.shape[2]
        z_re, z_im = self._half(packed)
        first, last = (z_re[0] + z_im[0]) * np.float32(2.0), (z_re[0] - z_im[0]) * np.float32(2.0)
        low, high = slice(1, quarter + 1), slice(half - 1, half - quarter - 1, -1)
        even_re, even_im, odd_re, odd_im, turned, spare = shaped(self._half.scratch.reshape(-1), 6, quarter, columns)
        np.add(z_re[low], z_re[high], out=even_re)
        np.subtract(z_im[low], z_im[high], out=even_im)
        np.add(z_im[low], z_im[high], out=odd_re)
        np.subtract(z_re[high], z_re[low], out=odd_im)
        # The transform itself is used up: its memory takes the result.
        result = packed.reshape(2, 2, quarter, columns)
        (low_re, low_im), (high_re, high_im) = result
        np.multiply(self._cosine, odd_re, out=turned)
        np.multiply(self._sine, odd_im, out=spare)
        turned -= spare
        np.subtract(even_re, turned, out=high_re)
        np.add(even_re, turned, out=low_re)
        np.multiply(self._cosine, odd_im, out=turned)
        np.multiply(self._sine, odd_re, out=spare)
        turned += spare
        np.subtract(turned, even_im, out=high_im)
        np.add(even_im, turned, out=low_im)
        return first, last, result[0], result[1]


def pack(x: F32) -> F32:
    """Halves of the even and of the odd samples of real columns (n, columns), as :class:`RealFft` takes them.

    The transform adds without halving; half the input is exact and costs less than half the output.
    """
    return np.stack([x[0::2], x[1::2]]) * np.float32(0.5)


class InverseRealFft:
    """Inverse of :class:`RealFft`: spectra back to ``n`` real points, for at most ``COLUMNS`` columns."""

    def __init__(self, tables: FftTables) -> None:
        self.n = n = tables.n
        self._half = Fft(n // 2, tables)
        self._cosine, self._sine = (table[1 : n // 4 + 1, None] for table in (tables.cosine, tables.sine))
        self._swapped = np.empty(n * COLUMNS, np.float32)

    def __call__(self, spectrum: F32) -> F32:
        """Transform back.

        Parameters
        ----------
        spectrum : float32 array, shape (2, n / 2 + 1, columns)
            Real and imaginary part; the imaginary parts of the first and the last bin count as zero.

        Returns
        -------
        float32 array, shape (n, columns): the signal that has this spectrum.
        """
        half, quarter, columns = self.n // 2, self.n // 4, spectrum.shape[2]
        re, im = spectrum
        low, high = slice(1, quarter + 1), slice(half - 1, half - quarter - 1, -1)
        even_re, even_im = re[low] + re[high], im[low] - im[high]
        turned_re, turned_im = re[low] - re[high], im[low] + im[high]
        # Back by the twiddle: multiplied with its conjugate.
        odd_re = self._cosine * turned_re + self._sine * turned_im
        odd_im = self._cosine * turned_im - self._sine * turned_re
        # Exchanging real and imaginary part before and after makes the forward transform the inverse one.
        swapped = shaped(self._swapped, 2, half, columns)
        z_im, z_re = swapped
        np.add(re[0], re[half], out=z_re[0])
        np.subtract(re[0], re[half], out=z_im[0])
        np.add(even_re, odd_im, out=z_re[high])
        np.subtract(odd_re, even_im, out=z_im[high])
        np.subtract(even_re, odd_im, out=z_re[low])
        np.add(even_im, odd_re, out=z_im[low])
        odd, even = self._half(swapped)
        signal = np.empty((self.n, columns), np.float32)
        scale = np.float32(1.0 / self.n)  # a power of two: exact
        np.multiply(even, scale, out=signal[0::2])
        np.multiply(odd, scale, out=signal[1::2])
        return signal
