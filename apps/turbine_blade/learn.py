"""One recording of a machine at work, learnt into its baseline."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from acoustic.audio import Recording

from .baselines import Baseline
from .chain import Event, Judged, RotorRead, TurbineChain
from .conditions import Conditions
from .epoch import Epoch
from .scorer.model import TurbineModel
from .summarise import BLOCK_S


def learn_recording(model: TurbineModel, baseline: Baseline, conditions: Conditions, path: Path) -> Epoch:
    """Return the running epoch of a baseline after one more recording.

    Raises
    ------
    AudioFileError
        If it cannot be read.
    """
    usual = baseline.epoch.usual(model, baseline.machine)
    chain = TurbineChain(model, usual, conditions, rotor=model.rotor is not None)
    return learn_events(baseline.epoch, _events(chain, path))


def learn_events(epoch: Epoch, events: Iterable[Event]) -> Epoch:
    """Return an epoch after the events of one recording, whose clips were judged by what was usual before it.

    While too little was heard of the machine for that, all of them are learnt from. The rotor is learnt where no clip
    was flagged.
    """
    before, vector = epoch, None
    for event in events:
        match event:
            case Judged():
                epoch = epoch.take(event.judgement, judged=before.ready)
            case RotorRead():
                vector = event.vector
    if vector is not None and epoch is not before and epoch.flagged == before.flagged:
        epoch = epoch.learn_rotor(vector)
    return epoch


def _events(chain: TurbineChain, path: Path) -> Iterator[Event]:
    rate_hz = chain.model.front_end.rate_hz
    for block in Recording(path).blocks(rate_hz, BLOCK_S * rate_hz):
        yield from chain.push(block)
    yield from chain.flush()
