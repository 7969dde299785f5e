"""One recording of a machine at work, learnt into its baseline."""

from pathlib import Path

from acoustic.audio import Recording

from .baselines import Baseline
from .chain import Event, Judged, TurbineChain
from .conditions import Conditions
from .epoch import Epoch
from .scorer.features import FRONT_END
from .scorer.model import TurbineModel
from .summarise import BLOCK_SAMPLES


def learn_recording(model: TurbineModel, baseline: Baseline, conditions: Conditions, path: Path) -> Epoch:
    """Return the running epoch of a baseline after one more recording.

    The recording's clips are judged by what was usual before it; while too little was heard of the machine for that,
    all of them are learnt from.

    Raises
    ------
    AudioFileError
        If it cannot be read.
    """
    epoch = baseline.epoch
    chain = TurbineChain(model, epoch.usual(model, baseline.machine), conditions, rotor=model.rotor is not None)
    events: list[Event] = []
    for block in Recording(path).blocks(FRONT_END.rate_hz, BLOCK_SAMPLES):
        events += chain.push(block)
    events += chain.flush()
    judgements = [event.judgement for event in events if isinstance(event, Judged)]
    flagged, ready = epoch.flagged, epoch.ready
    for judgement in judgements:
        epoch = epoch.take(judgement, judged=ready)
    vector = None if chain.rotor is None or model.rotor is None or not judgements else chain.rotor.vector()
    if vector is not None and epoch.flagged == flagged:
        epoch = epoch.learn_rotor(vector)
    return epoch
