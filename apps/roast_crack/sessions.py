"""Whole sessions reduced to their impulses, so that decisions can be fitted and judged in milliseconds."""

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from acoustic.files import whole_file
from acoustic.frontend import FrontEnd
from acoustic.score import make_missing

from .chain import as_heard
from .decision import Decision, FirstCrack, FirstCrackEnd, Impulse, to_ms
from .decision_settings import DecisionSettings
from .examples import find_impulses, label_impulses, noise_and_voices
from .network import CrackNetwork
from .simulate import HELD_OUT, TRAIN, NoiseLibrary, Ranges, simulate_roast


@dataclass(frozen=True)
class ReducedSession:
    """A recording as the decision sees it, with what is true of it.

    Attributes
    ----------
    front_end : FrontEnd
        What its frames are those of.
    duration_s : float
    charge_s, drop_s : float or None
        When the beans went in and came out.
    onset_s : float or None
        Rolling onset of first crack, None when there is none.
    first_pop_s, end_s : float or None
    frame, logit, busy, clipped : integer arrays, shape (n,)
        The impulses.
    label : int8 array, shape (n,)
        Whether an impulse is a crack; see :mod:`acoustic_apps.roast_crack.examples`.
    """

    front_end: FrontEnd
    duration_s: float
    charge_s: float | None
    drop_s: float | None
    onset_s: float | None
    first_pop_s: float | None
    end_s: float | None
    frame: NDArray[np.int64]
    logit: NDArray[np.int8]
    busy: NDArray[np.int32]
    clipped: NDArray[np.int32]
    label: NDArray[np.int8]

    def heard(self) -> Iterator[Impulse]:
        """Impulses as the decision takes them."""
        return as_heard(self.front_end, self.frame, self.logit, self.busy, self.clipped)

    def save(self, path: Path) -> None:
        """Write the session, without its front end, to an .npz file."""
        columns: dict[str, Any] = {n: np.nan if value is None else value for n, value in vars(self).items()}
        del columns["front_end"]
        with whole_file(path) as file:
            np.savez(file, **columns)

    @classmethod
    def load(cls, path: Path, front_end: FrontEnd) -> Self:
        """Read what :meth:`save` wrote."""
        with np.load(path, allow_pickle=False) as file:
            columns: dict[str, Any] = {name: file[name] for name in file.files}
        for name in ("duration_s", "charge_s", "drop_s", "onset_s", "first_pop_s", "end_s"):
            columns[name] = None if np.isnan(columns[name]) else float(columns[name])
        return cls(front_end, **columns)


def simulate_session(
    front_end: FrontEnd, network: CrackNetwork, ranges: Ranges, noise: NoiseLibrary | None, seed: int, first_crack: bool
) -> ReducedSession:
    """Render a whole simulated session and run the network over its impulses."""
    roast = simulate_roast(seed, ranges, first_crack=first_crack, noise=noise, rate_hz=front_end.rate_hz)
    impulses = find_impulses(front_end, [roast.pcm])
    return ReducedSession(
        front_end=front_end,
        duration_s=len(roast.pcm) / roast.rate_hz,
        charge_s=roast.labels.charge_s,
        drop_s=roast.labels.drop_s,
        onset_s=roast.labels.onset_s,
        first_pop_s=roast.labels.first_pop_s,
        end_s=roast.labels.end_s,
        frame=impulses.frame,
        logit=network.logits(impulses.patches),
        busy=impulses.busy,
        clipped=impulses.clipped,
        label=label_impulses(front_end, impulses, roast),
    )


def simulate_sessions(
    work: Path, data: Path, front_end: FrontEnd, network: CrackNetwork, ranges: Ranges, first_seed: int, count: int
) -> list[ReducedSession]:
    """Simulate whole sessions, one in four without first crack; what lies in ``work`` already is not done again."""
    work.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(network.tflite + front_end.fingerprint().encode()).hexdigest()[:8]
    paths = [work / f"session_{first_seed + index}_{ranges.name}_{key}.npz" for index in range(count)]
    job = partial(_simulate_file, data, front_end, network.tflite, ranges.name, first_seed)
    make_missing(job, paths, "simulating")
    return [ReducedSession.load(path, front_end) for path in paths]


def _simulate_file(
    data: Path, front_end: FrontEnd, tflite: bytes, name: str, first_seed: int, path: Path, index: int
) -> None:
    ranges = TRAIN if name == TRAIN.name else HELD_OUT
    noise = NoiseLibrary.load(data, "train" if ranges is TRAIN else "held_out")
    network, with_first_crack = CrackNetwork(tflite, front_end.n_mels), index % 4 != 3
    simulate_session(front_end, network, ranges, noise, first_seed + index, with_first_crack).save(path)


def real_session(
    front_end: FrontEnd, network: CrackNetwork, noise: NoiseLibrary, seed: int, duration_s: float
) -> ReducedSession:
    """Run the network over real noises and voices without any coffee."""
    return recorded_session(front_end, network, [noise_and_voices(front_end.rate_hz, seed, noise, duration_s)])


def recorded_session(front_end: FrontEnd, network: CrackNetwork, blocks: Iterable[NDArray[np.int16]]) -> ReducedSession:
    """Reduce a recording of which nothing is known, in blocks of int16 at the front end's rate."""
    samples = 0

    def counted() -> Iterator[NDArray[np.int16]]:
        nonlocal samples
        for block in blocks:
            samples += len(block)
            yield block

    impulses = find_impulses(front_end, counted())
    return ReducedSession(
        front_end=front_end,
        duration_s=samples / front_end.rate_hz,
        charge_s=None,
        drop_s=None,
        onset_s=None,
        first_pop_s=None,
        end_s=None,
        frame=impulses.frame,
        logit=network.logits(impulses.patches),
        busy=impulses.busy,
        clipped=impulses.clipped,
        label=np.zeros(len(impulses.frame), np.int8),
    )


def decide(
    session: ReducedSession, settings: DecisionSettings, *, charge_marked: bool = False
) -> tuple[FirstCrack | None, FirstCrackEnd | None]:
    """Run the decision over a session, with or without the mark that a roaster sets at the charge."""
    decision = Decision(settings)
    if charge_marked and session.charge_s is not None:
        decision.mark_charge(to_ms(session.charge_s))
    decided = [event for _, _, events in decision.follow(session.heard()) for event in events]
    decided += decision.advance(to_ms(session.duration_s))
    ends = [event for event in decided if isinstance(event, FirstCrackEnd)]
    return decision.first_crack, ends[0] if ends else None


def run_peaks(session: ReducedSession, settings: DecisionSettings) -> list[float]:
    """Largest evidence of each run of cracks: first crack is declared in those that reach the threshold."""
    decision = Decision(replace(settings, threshold=math.inf))
    peaks, before = [], 0.0
    for _ in decision.follow(session.heard()):
        if decision.evidence > 0.0:
            if before == 0.0:
                peaks.append(0.0)
            peaks[-1] = max(peaks[-1], decision.evidence)
        before = decision.evidence
    return peaks
