"""The numbers of the decision, as a bundle keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from acoustic.records import About, require

#: Background is counted in slots of this length, and joins the learnt rates ``LAG_SLOTS`` later.
SLOT_MS = 5000
LAG_SLOTS = 6
#: Most levels of an impulse, rates of cracks that are tried, and points of the curve since charge.
MOST = 32

Shares = Annotated[tuple[float, ...], About(low=1e-9, high=1.0, longest=MOST)]
Rates = Annotated[tuple[float, ...], About(unit="1/s", low=1e-9, high=1e3, longest=MOST)]
Points = Annotated[tuple[tuple[float, float], ...], About(low=-1e6, high=1e6, longest=MOST)]
Frames = Annotated[int, About(low=0, high=32_767)]


@dataclass(frozen=True, kw_only=True)
class DecisionSettings:
    """What a bundle says about the decision: a record of plain numbers.

    Raises
    ------
    ParameterError
        When the numbers contradict each other.
    """

    level_edges: Annotated[tuple[int, ...], About(low=-32_768, high=32_767, longest=MOST)]
    """Lowest int8 logit of each level, rising; some may be out of reach. Impulses below the first are ignored."""
    crack_share: Shares
    """How the cracks of first crack spread over the levels; the shares sum to at most one."""
    background_rate: Rates
    """Expected impulses a second of each level before first crack, in a roast not heard before."""
    background_weight_s: Annotated[float, About(low=1e-3, high=1e6)] = 30.0
    """Seconds of listening that the expectation above is worth."""
    crack_rates: Rates = (0.15, 0.3, 0.6, 1.2)
    """Cracks a second that are tried."""
    threshold: Annotated[float, About(low=1e-6, high=1e9)] = 10.0
    """Log-likelihood ratio from which first crack is declared (operating point)."""
    dead_time_s: Annotated[float, About(low=0.0, high=LAG_SLOTS * SLOT_MS / 1000)] = 3.0
    """An impulse so soon after the last one that counted adds no evidence: a handful of noise is one event."""
    min_cracks: Annotated[int, About(low=2, high=10_000)] = 4
    """Cracks that a run must hold before it is called first crack."""
    min_span_s: Annotated[float, About(low=0.0, high=3600.0)] = 8.0
    """And how long it must have lasted."""
    lull_s: Annotated[float, About(low=1e-3, high=3600.0)] = 10.0
    """A run ends when no crack is heard for so long."""
    max_busy_frames: Frames = 130
    """Loud frames of the second before an impulse from which it is taken for speech, music or a step of level."""
    max_clipped_frames: Frames = 130
    """Clipped frames of the same second from which an impulse is not trusted."""
    charge_prior: Points = (
        (0.0, 20.0),
        (150.0, 20.0),
        (300.0, 4.0),
        (420.0, 0.0),
        (900.0, 0.0),
        (1200.0, 3.0),
    )
    """(seconds since charge, what is added to the threshold there): straight lines between, level outside."""
    end_window_s: Annotated[float, About(low=1.0, high=3600.0)] = 25.0
    """First crack ends when the rate of cracks over so long is below a third of its peak."""

    def __post_init__(self) -> None:
        """Check what the fields have to do with each other."""
        levels = len(self.level_edges)
        times_s, added = ([point[column] for point in self.charge_prior] for column in (0, 1))
        rules = {
            "level_edges must rise": levels >= 1 and _rise(self.level_edges),
            "each level needs one share and one rate": len(self.crack_share) == levels == len(self.background_rate),
            "the sum of crack_share must be at most 1": sum(self.crack_share) <= 1.01,
            "crack_rates must not be empty": len(self.crack_rates) >= 1,
            "charge_prior must have points that rise in time": len(times_s) >= 1 and _rise(times_s),
            "charge_prior must not be negative": min(added, default=0.0) >= 0.0,
        }
        require("decision settings", rules)


def _rise(values: Sequence[float]) -> bool:
    return all(a < b for a, b in pairwise(values))
