"""The application as firmware: its C with the tables of a bundle, and what the C must compute.

Denoising runs on the device. The fitting to a hearing loss stays on the PC, with the sound that a listener hears there.
"""

import numpy as np
from numpy.typing import NDArray

from acoustic.device import switched_off
from acoustic.export import c_text
from acoustic.export.constants import Constants
from acoustic.export.firmware import Firmware, own_listen, own_sources
from acoustic.frontend.device_tables import stft_fields, synthesis_fields
from acoustic.frontend.stft import FULL_SCALE, Stft
from acoustic.model.bundle import Bundle
from apps.hearing_denoise import features
from apps.hearing_denoise.chain import FADE_FRAMES, HearingChain
from apps.hearing_denoise.example import example_pcm
from apps.hearing_denoise.features import FRONT_END, FeatureStream
from apps.hearing_denoise.network import UNITS, MaskNetwork, floor_of

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
            **own_sources("apps.hearing_denoise"),
            "acoustic_hearing_model.h": f"{about}\n{_settings(bundle.decision['floor_db'])}",
            "acoustic_hearing_model.c": f"{about}\n{_tables()}",
        },
        core=CORE,
        networks={NETWORK: bundle.network},
        replay=REPLAY,
        listen=own_listen("apps.hearing_denoise"),
        stages=STAGES,
        expected=lambda pcm: stages(bundle, pcm),
        rate_hz=FRONT_END.rate_hz,
        example_pcm=example_pcm(),
    )


def stages(bundle: Bundle, pcm: NDArray[np.int16]) -> dict[str, bytes]:
    """Bytes of each stage of the chain, as the C traces them; NumPy alone computes the spectra and the sound."""
    with switched_off():
        told = FeatureStream().push(*Stft(FRONT_END.windows).push(pcm))
        gains = MaskNetwork(bundle.runtime).push(told[:, None])
        clear = HearingChain(bundle).push(pcm)
    return {"features": told.tobytes(), "gains": gains.tobytes(), "pcm": clear.astype("<i2").tobytes()}


def _settings(floor_db: float) -> str:
    """Text of the header: sizes, and the numbers that Python computes by."""
    sizes = {
        "RATE_HZ": FRONT_END.rate_hz,
        "ANALYSIS_SAMPLES": FRONT_END.analysis_samples,
        "SYNTHESIS_SAMPLES": FRONT_END.synthesis_samples,
        "HOP_SAMPLES": FRONT_END.hop_samples,
        "DELAY_SAMPLES": FRONT_END.delay_samples,
        "BANDS": features.N_BANDS,
        "UNITS": UNITS,
        "SILENCE_STEPS": features.SILENCE,
        **{name: getattr(features, name) for name in ("FEATURE_SHIFT", "FRACTION_BITS")},
        **{name: getattr(features, name) for name in ("LEVEL_UP", "LEVEL_DOWN", "FLOOR_UP", "FLOOR_DOWN")},
        "FADE_FRAMES": FADE_FRAMES,
    }
    factors = {
        "FLOOR": floor_of(floor_db),
        "LEAST_POWER": features.LEAST_POWER,
        "OCTAVE_DB": features.OCTAVE_DB,
    }
    lines = [f"#define ACOUSTIC_HEARING_{name} ({value})" for name, value in sizes.items()]
    lines += [f"#define ACOUSTIC_HEARING_{name} {c_text.hex_float(float(value))}" for name, value in factors.items()]
    return "\n".join(
        [
            '#ifndef ACOUSTIC_HEARING_MODEL_H\n#define ACOUSTIC_HEARING_MODEL_H\n\n#include "acoustic_frontend.h"\n',
            *lines,
            "\nextern const acoustic_stft acoustic_hearing_analysis;",
            "extern const acoustic_synthesis acoustic_hearing_synthesis;",
            "extern const uint8_t acoustic_hearing_band_bins[ACOUSTIC_HEARING_BANDS]; /* Bins of each, from 1 on. */",
            "\n#endif\n",
        ]
    )


def _tables() -> str:
    """Text of the constants."""
    windows, hop = FRONT_END.windows, FRONT_END.hop_samples
    synthesis = (windows.synthesis * FULL_SCALE)[windows.silent_hops * hop :]
    constants = Constants()
    constants.add("acoustic_stft", "acoustic_hearing_analysis", stft_fields(windows.analysis / FULL_SCALE, hop))
    fields = synthesis_fields(synthesis, windows.n_fft, hop)
    constants.add("acoustic_synthesis", "acoustic_hearing_synthesis", fields)
    bins = ", ".join(map(str, features.BAND_BINS))
    table = f"const uint8_t acoustic_hearing_band_bins[ACOUSTIC_HEARING_BANDS] = {{{bins}}};\n"
    return f'#include "acoustic_hearing_model.h"\n\n{constants.source()}\n{table}'
