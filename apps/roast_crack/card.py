"""The model card of a trained roast bundle."""

from typing import Any

from .decision_settings import DecisionSettings
from .simulate import NoiseLibrary

CARD = """# roast: hears the first crack of coffee

**Use.** Tells a person at a roaster when first crack has started. It alerts and marks; it must not act on heat.

**Input.** One microphone within a metre or two of the drum, best at 32 kHz or more; with less bandwidth it works, less
surely.

**Output.** Single cracks with a score; first crack with its onset (dated back), the moment of decision, the first
isolated pop and a confidence; the end of first crack.

**How.** Contrast of 20 mel bands over their running floor; impulses that stand out; an int8 convolutional network that
scores each impulse; a Poisson CUSUM that learns this roast's own background.

**Trained on.** Simulated roasts only (seed {seed}), mixed with real noises and voices. No recording of a real roast was
used in training. The decision's numbers were fitted on {fitted_on}; there it missed {simulated_misses} and declared
{simulated_false_alarms} falsely at a threshold of {threshold}. Area under the ROC curve over single impulses of unseen
simulated roasts: {impulse_auc_int8} (int8), {impulse_auc_float} (float).

**Limits.** Few real roasts were available for evaluation. Second crack has no real data behind it. Sounds just like
cracks (a wood fire beside the roaster, somebody typing on it) can deceive it. Loud speech or music next to the
microphone hides cracks, because what sounds while they last is set aside.

**Sources.** Voices: Picovoice speech-to-intent-benchmark and wake-word-benchmark (Apache-2.0). Noises: Speech Commands
background noise by Google (CC BY 4.0); ESC-50, K. J. Piczak (2015), only clips whose own licence is CC0 or CC BY, folds
1 and 2. The authors of those clips are named in ESC-50's LICENSE under these Freesound numbers: {freesound}.

**Licence.** Apache-2.0.
"""


def write_card(calibration: dict[str, Any], settings: DecisionSettings, noise: NoiseLibrary) -> str:
    """Fill in the figures of a training."""
    clips = {
        path.stem.split("-")[1] for path in (*noise.impulsive, *noise.beds, *noise.rooms) if path.stem.count("-") == 3
    }
    numbers = ", ".join(sorted(clips, key=int))
    return CARD.format(**calibration, threshold=settings.threshold, freesound=numbers)
