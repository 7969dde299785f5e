"""The model of the roast application: what a bundle holds, checked and typed."""

from __future__ import annotations

from dataclasses import dataclass

from acoustic.errors import BundleError, ParameterError
from acoustic.frontend import FrontEnd
from acoustic.model.bundle import Bundle
from acoustic.records import read as read_record

from .decision_settings import DecisionSettings
from .network import CrackNetwork

#: What first crack is told from takes some bandwidth, and hops of a few milliseconds; most bands of a frame.
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
    checks = [
        (front_end.rate_hz >= LOWEST_RATE_HZ, f"rate_hz must be at least {LOWEST_RATE_HZ}"),
        (SHORTEST_HOP_S <= hop_s <= LONGEST_HOP_S, "hop_samples must last 1 to 20 ms"),
        (front_end.hop_samples < front_end.frame_samples, "frames must overlap"),
        (front_end.n_mels <= MOST_BANDS, f"n_mels must be at most {MOST_BANDS}"),
    ]
    for holds, sentence in checks:
        if not holds:
            raise ParameterError(f"front end: {sentence}")


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
