"""One recording through the chain."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from acoustic.audio import Recording
from acoustic.errors import BundleError, ParameterError
from acoustic.model.bundle import Bundle
from acoustic.plot import Spectrogram

from .chain import RoastChain
from .contrast import FRONT_END
from .decision import to_ms
from .decision_settings import DecisionSettings
from .plot import PICTURE, save_picture
from .report import Score, Tally

APPLICATION = "roast"
#: Larger blocks are faster, and give the same events.
BLOCK_S = 30.0


def load_bundle(name: str) -> Bundle:
    """Load a bundle, a shipped one by name or a file, and check that it is made for roasts.

    Raises
    ------
    BundleError
        If it is damaged, for another application, or for another front end.
    """
    bundle = Bundle.load(name)
    if bundle.application != APPLICATION:
        raise BundleError(f"{name}: made for {bundle.application!r}, not for {APPLICATION!r}. Choose another bundle.")
    if bundle.frontend != FRONT_END:
        raise BundleError(f"{name}: made for another front end than this version's. Train the bundle again.")
    try:
        DecisionSettings.from_dict(bundle.decision)
    except ParameterError as error:
        raise BundleError(f"{name}: its decision cannot be used ({error}). Train the bundle again.") from error
    return bundle


def score_recording(bundle: Bundle, pictures: dict[Path, Path], charge_s: float | None, path: Path) -> Score:
    """Score one recording, and draw it when ``pictures`` has a place for its picture.

    ``charge_s`` is the time at which the beans went in, where that is known.

    Raises
    ------
    AudioFileError
        If it cannot be read.
    AcousticError
        If the picture cannot be written.
    """
    recording, chain, tally, n_samples = Recording(path), RoastChain(bundle), Tally(), 0
    if charge_s is not None:
        chain.decision.mark_charge(to_ms(charge_s))
    spectrogram = Spectrogram(PICTURE) if path in pictures else None
    for block in recording.blocks(FRONT_END.rate_hz, round(BLOCK_S * FRONT_END.rate_hz)):
        for event in chain.push(block):
            tally.add(event)
        if spectrogram is not None:
            spectrogram.push(block)
        n_samples += len(block)
    for event in chain.flush():
        tally.add(event)
    score = tally.score(str(path), n_samples / FRONT_END.rate_hz, recording.rate_hz, recording.warnings)
    if spectrogram is not None:
        save_picture(spectrogram, score, pictures[path])
    return score


def make_scorer(bundle_name: str, pictures: dict[Path, Path], charge_s: float | None) -> Callable[[Path], Score]:
    """Return the scorer of recordings, see :func:`score_recording`; for `acoustic.score.score_all`."""
    return partial(score_recording, load_bundle(bundle_name), pictures, charge_s)
