"""Speed of scoring roasts beside the usual design: ``python -m benchmarks.roast_score``.

All of it starts from int16 PCM in memory, runs on one thread and in turns, so that a busy machine slows
everything alike. Four things are timed:

- *whole chain*: PCM to events, as `acoustic roast score` runs it, in large blocks;
- *front end only*: PCM to log-mel;
- *librosa mel*: ``librosa.feature.melspectrogram`` at the same settings, without the logarithm;
- *usual design*: what one would put together from the usual parts. The mel spectrogram of librosa in dB, its contrast
  over the running median of two seconds in every band, peaks of the contrast summed over the bands
  (``scipy.signal.find_peaks``, at the same height and distance as ours), and the same int8 network by LiteRT on every
  peak, one patch at a time. It makes no decision: its scores are where it ends.
"""

from benchmarks.harness import core_seconds, librosa_mel  # isort: skip - it sets the threads

from collections.abc import Callable

import librosa
import numpy as np
from acoustic_apps.roast_crack import impulses
from acoustic_apps.roast_crack.chain import Event, RoastChain
from acoustic_apps.roast_crack.contrast import FLOOR_BLOCK_FRAMES, FLOOR_BLOCKS, FRONT_END
from acoustic_apps.roast_crack.model import RoastModel
from acoustic_apps.roast_crack.simulate import TRAIN, plan_roast, render_roast
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray
from scipy import ndimage, signal

from acoustic.application import load
from acoustic.audio import Recording
from acoustic.datasets import data_root
from acoustic.frontend import log_mel
from acoustic.frontend.noise_floor import STEPS_PER_DB
from acoustic.score.recording import BLOCK_S

ROUNDS = 15
SIMULATED_S = 120.0

Pcm = NDArray[np.int16]


def main() -> None:
    """Print a table for each recording."""
    model = load("roast").typed
    for name, pcm in recordings():
        seconds = len(pcm) / FRONT_END.rate_hz
        work: dict[str, Callable[[], object]] = {
            "whole chain": lambda pcm=pcm: score(model, pcm),  # type: ignore[misc]
            "front end only": lambda pcm=pcm: log_mel(pcm, FRONT_END),  # type: ignore[misc]
            "librosa mel": lambda pcm=pcm: librosa_mel(pcm.astype(np.float32) / 32768, FRONT_END),  # type: ignore[misc]
            "usual design": lambda pcm=pcm: usual_design(model, pcm),  # type: ignore[misc]
        }
        taken_s = core_seconds(list(work.values()), ROUNDS)
        print(f"{name}: {seconds:.0f} s of audio, the median of {ROUNDS} turns")
        print(f"{'':16} {'hours/core-second':>18} {'times librosa mel':>18} {'times usual design':>19}")
        for number, what in enumerate(work):
            of_mel, of_usual = (np.median(taken_s[:, rival] / taken_s[:, number]) for rival in (2, 3))
            hours = seconds / 3600 / np.median(taken_s[:, number])
            print(f"{what:16} {hours:18.3f} {of_mel:18.2f} {of_usual:19.2f}")


def recordings() -> list[tuple[str, Pcm]]:
    """Make a simulated stretch around first crack, and read the real roast where it is there."""
    plan = plan_roast(1, TRAIN, first_crack=True)
    onset_s = plan.onset_s or 0.0
    stretch = (onset_s - SIMULATED_S / 2, onset_s + SIMULATED_S / 2)
    found = [("simulated roast", render_roast(plan, excerpt_s=stretch).pcm)]
    root = data_root()
    if root is not None and (root / "coffee" / "roast_a.flac").exists():
        found.append(("coffee/roast_a", Recording(root / "coffee" / "roast_a.flac").read(FRONT_END.rate_hz)))
    return found


def score(model: RoastModel, pcm: Pcm) -> list[Event]:
    """Run our chain over a recording."""
    chain = RoastChain(model)
    size = round(BLOCK_S * FRONT_END.rate_hz)
    events = [event for start in range(0, len(pcm), size) for event in chain.push(pcm[start : start + size])]
    return events + chain.flush()


def usual_design(model: RoastModel, pcm: Pcm) -> list[int]:
    """Score every peak of a recording with the usual parts; return the int8 log-odds."""
    level_db = librosa.power_to_db(
        librosa_mel(pcm.astype(np.float32) / 32768, FRONT_END), ref=1.0, amin=FRONT_END.floor, top_db=None
    )
    contrast_db = level_db - running_median(level_db)
    excess_db = np.maximum(contrast_db - impulses.FLICKER_DB, 0).sum(axis=0)
    peaks, _ = signal.find_peaks(excess_db, height=impulses.EXCESS_DB, distance=impulses.NEIGHBOURHOOD_FRAMES + 1)
    step_db = impulses.PATCH_STEPS / STEPS_PER_DB
    steps = np.clip(np.floor(contrast_db.T / step_db), -128, 127).astype(np.int8)
    padded = np.pad(steps, ((impulses.BEFORE_FRAMES, impulses.AFTER_FRAMES), (0, 0)))
    interpreter = Interpreter(model_content=model.network.tflite, num_threads=1)
    interpreter.allocate_tensors()
    into, out = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    log_odds = []
    for peak in peaks.tolist():
        interpreter.set_tensor(into, padded[peak : peak + impulses.PATCH_FRAMES][None, :, :, None])
        interpreter.invoke()
        log_odds.append(int(interpreter.get_tensor(out).item()))
    return log_odds


def running_median(level_db: NDArray[np.float32]) -> NDArray[np.float32]:
    """Median of the means of the last blocks in every band, one value a block: a true one would take far longer."""
    blocks = -(-level_db.shape[1] // FLOOR_BLOCK_FRAMES)
    padded = np.pad(level_db, ((0, 0), (0, blocks * FLOOR_BLOCK_FRAMES - level_db.shape[1])), mode="edge")
    means = padded.reshape(len(level_db), blocks, FLOOR_BLOCK_FRAMES).mean(axis=2)
    floor = ndimage.median_filter(means, size=(1, FLOOR_BLOCKS), mode="nearest")
    return np.asarray(np.repeat(floor, FLOOR_BLOCK_FRAMES, axis=1)[:, : level_db.shape[1]])


if __name__ == "__main__":
    main()
