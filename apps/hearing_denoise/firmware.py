"""The application as firmware: its C with the tables of a bundle, and what the C must compute.

Denoising runs on the device. The fitting to a hearing loss stays on the PC, with the sound that a listener hears there.
"""

import numpy as np
from numpy.typing import NDArray

from acoustic.export import c_text
from acoustic.export.constants import Constants
from acoustic.firmware import Firmware, own_listen, own_sources
from acoustic.frontend.stft import Stft
from acoustic.model.bundle import Bundle

from .chain import HearingChain
from .compiled import definitions
from .example import example_pcm
from .features import FRONT_END, FeatureStream
from .network import MaskNetwork, floor_of

HEADER = "acoustic_hearing.h"
NETWORK = "acoustic_hearing_network"
STAGES = ("features", "gains", "pcm")
CORE = (
    *("acoustic_frontend.h", "acoustic_lanes.h", "acoustic_math.h", "acoustic_trace.h"),
    *("acoustic_fft.c", "acoustic_fft.h", "acoustic_frames.c", "acoustic_frames.h"),
    *("acoustic_logmel.c", "acoustic_stft.c"),
)
REPLAY = """\
#include "acoustic_hearing.h"
#include "replay.h"

static acoustic_hearing hearing;

void replay_start(void)
{
    acoustic_hearing_start(&hearing);
}

void replay_push(const int16_t *pcm, size_t n)
{
    int16_t clear[2 * ACOUSTIC_HEARING_HOP_SAMPLES - 1];
    while (n > 0) {
        const size_t part = n < ACOUSTIC_HEARING_HOP_SAMPLES ? n : ACOUSTIC_HEARING_HOP_SAMPLES;
        acoustic_hearing_push(&hearing, pcm, part, clear);
        pcm += part;
        n -= part;
    }
}

void replay_end(void)
{
}
"""


def firmware(bundle: Bundle) -> Firmware:
    """Make the firmware of a hearing bundle.

    A device's stream has no end: nothing is flushed, on either side of the proof.

    Raises
    ------
    BundleError
        If the bundle is for another application or front end.
    """
    HearingChain(bundle)  # checks the bundle
    about = c_text.comment(
        [
            f"Model {bundle.name} {bundle.version}, front end {bundle.frontend.fingerprint()}.",
            "Speech is denoised on the device; the fitting to a hearing loss stays on a PC.",
        ]
    )
    return Firmware(
        application=bundle.application,
        header=HEADER,
        sources={
            **own_sources(__package__),
            "acoustic_hearing_model.c": f"{about}\n{_tables(bundle.decision['floor_db'])}",
        },
        core=CORE,
        networks={NETWORK: bundle.network},
        replay=REPLAY,
        listen=own_listen(__package__),
        stages=STAGES,
        expected=lambda pcm: stages(bundle, pcm),
        rate_hz=FRONT_END.rate_hz,
        example_pcm=example_pcm(),
    )


def stages(bundle: Bundle, pcm: NDArray[np.int16]) -> dict[str, bytes]:
    """Bytes of each stage of the chain, as the C traces them."""
    told = FeatureStream().push(*Stft(FRONT_END.windows).push(pcm))
    gains = MaskNetwork(bundle.runtime).push(told[:, None])
    clear = HearingChain(bundle).push(pcm)
    return {"features": told.tobytes(), "gains": gains.tobytes(), "pcm": clear.astype("<i2").tobytes()}


def _tables(floor_db: float) -> str:
    """Text of the constants."""
    analysis, synthesis = definitions()
    constants = Constants()
    constants.add("acoustic_stft", "acoustic_hearing_analysis", analysis)
    constants.add("acoustic_synthesis", "acoustic_hearing_synthesis", synthesis)
    model = {
        "analysis": "&acoustic_hearing_analysis",
        "synthesis": "&acoustic_hearing_synthesis",
        "floor": floor_of(floor_db),
    }
    constants.add("acoustic_hearing_definition", "acoustic_hearing_model", model)
    return f'#include "{HEADER}"\n\n{constants.source()}'
