"""The numbers of the decision, as a bundle keeps them."""

from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any, Self

from acoustic.errors import ParameterError

#: Background is counted in slots of this length, and joins the learnt rates ``LAG_SLOTS`` later.
SLOT_MS = 5000
LAG_SLOTS = 6


@dataclass(frozen=True, kw_only=True)
class DecisionSettings:
    """What a bundle says about the decision; every field is plain numbers."""

    level_edges: tuple[int, ...]
    """Lowest int8 logit of each level, rising. Impulses below the first are ignored."""
    crack_share: tuple[float, ...]
    """How the cracks of first crack spread over the levels; the shares sum to at most one."""
    background_rate: tuple[float, ...]
    """Expected impulses a second of each level before first crack, in a roast not heard before."""
    background_weight_s: float = 30.0
    """Seconds of listening that the expectation above is worth."""
    crack_rates: tuple[float, ...] = (0.15, 0.3, 0.6, 1.2)
    """Cracks a second that are tried."""
    threshold: float = 10.0
    """Log-likelihood ratio from which first crack is declared (operating point)."""
    dead_time_s: float = 3.0
    """An impulse so soon after the last one that counted adds no evidence: a handful of noise is one event."""
    min_cracks: int = 4
    """Cracks that a run must hold before it is called first crack."""
    min_span_s: float = 8.0
    """And how long it must have lasted."""
    lull_s: float = 10.0
    """A run ends when no crack is heard for so long."""
    max_busy_frames: int = 130
    """Loud frames of the second before an impulse from which it is taken for speech, music or a step of level."""
    max_clipped_frames: int = 130
    """Clipped frames of the same second from which an impulse is not trusted."""
    charge_prior: tuple[tuple[float, float], ...] = (
        (0.0, 20.0),
        (150.0, 20.0),
        (300.0, 4.0),
        (420.0, 0.0),
        (900.0, 0.0),
        (1200.0, 3.0),
    )
    """(seconds since charge, what is added to the threshold there): straight lines between, level outside."""
    end_window_s: float = 25.0
    """First crack ends when the rate of cracks over so long is below a third of its peak."""

    def __post_init__(self) -> None:
        """Check what the arithmetic relies on."""
        levels = len(self.level_edges)
        checks = [
            (levels >= 1 and sorted(set(self.level_edges)) == list(self.level_edges), "level_edges must rise"),
            (len(self.crack_share) == levels == len(self.background_rate), "one share and one rate a level"),
            (
                min(self.crack_share, default=0) > 0 and sum(self.crack_share) <= 1.01,
                "crack_share must be positive, sum <= 1",
            ),
            (min(self.background_rate, default=0) > 0, "background_rate must be positive"),
            (
                self.background_weight_s > 0 and min(self.crack_rates, default=0) > 0,
                "weights and rates must be positive",
            ),
            (self.threshold > 0 and self.min_cracks >= 2 and self.min_span_s >= 0, "threshold, min_cracks, min_span_s"),
            (0 <= self.dead_time_s * 1000 <= LAG_SLOTS * SLOT_MS, "dead_time_s must be 0 to 30"),
            (self.lull_s > 0 and self.end_window_s >= 1, "lull_s and end_window_s must be positive"),
            (_is_curve(self.charge_prior), "charge_prior must be pairs of a time, rising, and a number"),
        ]
        for holds, sentence in checks:
            if not holds:
                raise ParameterError(f"decision settings: {sentence}")

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, for the bundle."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Inverse of :meth:`to_dict`, from JSON.

        Raises
        ------
        ParameterError
            When fields are missing, unknown, or of the wrong form.
        """
        names = {f.name for f in fields(cls)}
        if set(values) != names:
            raise ParameterError(f"decision settings: {sorted(set(values) ^ names)} unknown or missing")
        try:
            return cls(**{name: _tuples(value) for name, value in values.items()})
        except TypeError as error:
            raise ParameterError(f"decision settings: {error}") from None


def _is_curve(points: tuple[tuple[float, float], ...]) -> bool:
    pairs = all(isinstance(point, tuple) and len(point) == 2 for point in points)
    return len(points) >= 1 and pairs and all(a[0] < b[0] for a, b in pairwise(points))


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list | tuple) else value
