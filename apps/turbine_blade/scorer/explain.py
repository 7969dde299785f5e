"""What made a clip unusual: which sections of the spectrum, in which respect, and which seconds."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from acoustic.frontend import FrontEnd
from acoustic.frontend.tables import hz_to_mel, mel_to_hz
from acoustic.records import About

from .features import Layout
from .moments import Moments

#: Sections that the spectrum is told in.
SECTIONS = 16
#: What stands out by less than this many standard deviations is not told.
LEAST_Z = 3.0
#: The most that is told of one recording.
MOST_BANDS = 6


@dataclass(frozen=True, kw_only=True)
class Band:
    """A section of the spectrum that is not as usual."""

    low_hz: Annotated[float, About("Lower edge.", unit="Hz", digits=1)]
    high_hz: Annotated[float, About("Upper edge.", unit="Hz", digits=1)]
    z: Annotated[float, About("Deviation from the machine's usual, in standard deviations, 0 or more.", digits=2)]
    sign: Annotated[Literal["+", "-"], About("+ for louder (or more changeable), - for quieter (or steadier).")]
    what: Annotated[
        str,
        About(
            "shape: level within the spectrum; spread, change: how the level moves; residual: what the network did "
            "not expect."
        ),
    ]


class Sections:
    """Means of features over sections of the spectrum, and how much these vary from clip to clip.

    Parameters
    ----------
    layout : Layout
    frontend : FrontEnd
    sd : int16 array, shape (4, SECTIONS)
        Standard deviation of the mean of each section within a machine, in steps of 1/256 dB; see :meth:`learn`.
    """

    def __init__(self, layout: Layout, frontend: FrontEnd, sd: NDArray[np.int16]) -> None:
        self.layout, self.sd = layout, sd
        low, high = hz_to_mel(np.array([frontend.fmin_hz, frontend.fmax_hz]), frontend.mel_scale)
        edges = mel_to_hz(np.linspace(low, high, frontend.n_mels + 2), frontend.mel_scale)
        bands = _edges(frontend.n_mels)
        # A triangle reaches from the peak before its own to the peak after it.
        self.edges_hz = [(float(edges[a]), float(edges[b + 1])) for a, b in zip(bands[:-1], bands[1:], strict=True)]

    @staticmethod
    def learn(layout: Layout, machines: list[Moments], n_conditions: int) -> NDArray[np.int16]:
        """Return the standard deviations, int16 (4, SECTIONS), from the moments of each machine's normal clips."""
        degrees = max(1, sum(part.count - 1 for part in machines))
        scatter = np.sum([part.scatter() for part in machines], axis=0) / degrees
        d = len(scatter) - n_conditions
        averages = _averages(layout)
        variance = np.einsum("gsi,ij,gsj->gs", averages, scatter[:d, :d], averages)
        return np.asarray(np.clip(np.rint(np.sqrt(variance)), 1, 32767).astype(np.int16))

    def bands(self, deviation: NDArray[np.int64]) -> tuple[Band, ...]:
        """Name what stands out, most first.

        Parameters
        ----------
        deviation : int64 array, shape (n_features,)
            From :meth:`Head.deviation`.
        """
        z = (_averages(self.layout) @ deviation) / self.sd
        found = []
        for section in np.argsort(-np.abs(z).max(axis=0))[:MOST_BANDS]:
            group = int(np.abs(z[:, section]).argmax())
            value = float(z[group, section])
            if abs(value) >= LEAST_Z:
                low, high = self.edges_hz[section]
                what = list(self.layout.groups)[group]
                found.append(Band(low_hz=low, high_hz=high, z=abs(value), sign="+" if value > 0 else "-", what=what))
        return tuple(found)


def _edges(n_bands: int) -> NDArray[np.int64]:
    return np.linspace(0, n_bands, SECTIONS + 1).round().astype(np.int64)


def _averages(layout: Layout) -> NDArray[np.float64]:
    """Weights that average each group of features over each section: (4, SECTIONS, n_features)."""
    weights = np.zeros((len(layout.groups), SECTIONS, layout.n_features))
    for group, where in enumerate(layout.groups.values()):
        edges = _edges(where.stop - where.start)
        for section in range(SECTIONS):
            # Where there are fewer bands than sections, neighbours share one.
            first = min(edges[section], where.stop - where.start - 1)
            last = max(first + 1, edges[section + 1])
            weights[group, section, where.start + first : where.start + last] = 1 / (last - first)
    return weights
