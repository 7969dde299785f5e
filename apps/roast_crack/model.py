"""The model of the roast application: what a bundle holds, checked and typed."""

from __future__ import annotations

from dataclasses import dataclass

from acoustic.errors import BundleError
from acoustic.frontend import FrontEnd
from acoustic.frontend.tables import front_end_tables
from acoustic.model.bundle import Bundle
from acoustic.records import read as read_record
from acoustic.records import require

from .decision_settings import DecisionSettings
from .network import CrackNetwork

#: To tell first crack takes some bandwidth, and hops of a few milliseconds.
LOWEST_RATE_HZ = 8000
SHORTEST_HOP_S, LONGEST_HOP_S = 0.001, 0.02
MOST_BANDS = 128


@dataclass(frozen=True)
class RoastModel:
    """What hears first crack."""

    front_end: FrontEnd
    network: CrackNetwork
    """Scores impulses."""
    settings: DecisionSettings
    """Of the decision on them."""


def check_front_end(front_end: FrontEnd) -> None:
    """Refuse a front end with which cracks cannot be heard.

    Raises
    ------
    ParameterError
        When rate, hop or bands are out of range; the message says which.
    """
    hop_s = front_end.hop_samples / front_end.rate_hz
    rules = {
        f"rate_hz must be at least {LOWEST_RATE_HZ}, not {front_end.rate_hz}": front_end.rate_hz >= LOWEST_RATE_HZ,
        f"hop_samples must last 1 to 20 ms, not {1000 * hop_s:g}": SHORTEST_HOP_S <= hop_s <= LONGEST_HOP_S,
        "hop_samples must be less than frame_samples": front_end.hop_samples < front_end.frame_samples,
        f"n_mels must be at most {MOST_BANDS}, not {front_end.n_mels}": front_end.n_mels <= MOST_BANDS,
    }
    require("front end", rules)
    # Making them is the check that each band holds something.
    front_end_tables(front_end)


def read(bundle: Bundle) -> RoastModel:
    """Read a bundle.

    Raises
    ------
    BundleError
        When its front end or network is none for roasts.
    ParameterError
        When a setting of the decision is missing, unknown, or out of range.
    """
    front_end = bundle.frontend
    if not isinstance(front_end, FrontEnd):
        raise BundleError("its front end gives no log-mel frames")
    check_front_end(front_end)
    settings = read_record(DecisionSettings, bundle.decision, "decision settings")
    return RoastModel(front_end, CrackNetwork(bundle.network, front_end.n_mels), settings)
