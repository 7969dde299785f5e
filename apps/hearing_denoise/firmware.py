"""The application as firmware: its C with the tables of a model, and what the C must compute.

Denoising runs on the device. The fitting to a hearing loss stays on the PC, with the sound that a listener hears there.
"""

import textwrap

from acoustic.export import c_text
from acoustic.export.constants import Constants
from acoustic.firmware import Firmware

from .chain import FADE_FRAMES
from .compiled import definitions
from .example import example_pcm
from .features import FEATURE_SHIFT, FRACTION_BITS, LEAST_POWER, OCTAVE_DB, SILENCE
from .model import HearingModel
from .network import floor_of
from .stages import stages

#: In the order of their numbers in the C.
STAGES = ("features", "gains", "enhanced")
CORE = ("acoustic_fft.c", "acoustic_frames.c", "acoustic_logmel.c", "acoustic_stft.c")
SETTINGS = """\
/*
 * Sizes, and the numbers that the features are computed by, of one model: written by the Python package.
 */
#ifndef ACOUSTIC_HEARING_SETTINGS_H
#define ACOUSTIC_HEARING_SETTINGS_H

#define ACOUSTIC_HEARING_RATE_HZ {front_end.rate_hz}
#define ACOUSTIC_HEARING_ANALYSIS_SAMPLES {front_end.analysis_samples}
#define ACOUSTIC_HEARING_SYNTHESIS_SAMPLES {synthesis_samples}
#define ACOUSTIC_HEARING_HOP_SAMPLES {front_end.hop_samples}
#define ACOUSTIC_HEARING_DELAY_SAMPLES {front_end.delay_samples} /* By which what goes out lags behind what came in. */
#define ACOUSTIC_HEARING_BINS (ACOUSTIC_HEARING_ANALYSIS_SAMPLES / 2 + 1)
#define ACOUSTIC_HEARING_UNITS {units} /* Of each of the network's two states. */
#define ACOUSTIC_HEARING_FADE_FRAMES {fade_frames}

/* Bands: how many, and the bins of each, from bin 1 on. */
#define ACOUSTIC_HEARING_BANDS {layout.n_bands}
#define ACOUSTIC_HEARING_BAND_BINS \\
{band_bins}

#define ACOUSTIC_HEARING_LEAST_POWER {least_power} /* Counts as nothing. */
#define ACOUSTIC_HEARING_OCTAVE_DB {octave_db}
#define ACOUSTIC_HEARING_SILENCE_STEPS ({silence}) /* A mean level in steps of 1/256 dB: below is digital silence. */

/* Running values have this many more bits than a step, and go a fraction of the way each frame, given as a shift. */
#define ACOUSTIC_HEARING_FRACTION_BITS {fraction_bits}
#define ACOUSTIC_HEARING_LEVEL_UP {layout.level_up}
#define ACOUSTIC_HEARING_LEVEL_DOWN {layout.level_down}
#define ACOUSTIC_HEARING_FLOOR_UP {layout.floor_up}
#define ACOUSTIC_HEARING_FLOOR_DOWN {layout.floor_down}
#define ACOUSTIC_HEARING_FEATURE_SHIFT {feature_shift} /* From a step to a feature. */

#endif
"""
START = """
void acoustic_hearing_start(acoustic_hearing *hearing)
{
    acoustic_hearing_start_with(hearing, &acoustic_hearing_model);
}
"""


def firmware(model: HearingModel) -> Firmware:
    """Make the firmware of a model.

    A device's stream has no end: nothing is flushed, on either side of the proof.
    """
    rate_hz = model.front_end.rate_hz
    return Firmware.of_package(
        __package__,
        "hearing",
        generated={"acoustic_hearing_settings.h": settings(model), "acoustic_hearing_model.c": _tables(model)},
        core=CORE,
        network=model.tflite,
        stages=STAGES,
        compute=lambda pcm: stages(model, {"pcm": pcm}),
        rate_hz=rate_hz,
        example_pcm=example_pcm(rate_hz),
    )


def settings(model: HearingModel) -> str:
    """C header of the sizes of a model."""
    layout, front_end = model.layout, model.front_end
    bins = textwrap.wrap(", ".join(map(str, layout.band_bins)), 110)
    return SETTINGS.format(
        front_end=front_end,
        layout=layout,
        synthesis_samples=front_end.windows.n_fft - front_end.windows.silent_hops * front_end.hop_samples,
        units=model.units,
        fade_frames=FADE_FRAMES,
        band_bins=" \\\n".join(f"    {line}" for line in bins),
        least_power=c_text.hex_float(float(LEAST_POWER)),
        octave_db=c_text.hex_float(float(OCTAVE_DB)),
        silence=SILENCE,
        fraction_bits=FRACTION_BITS,
        feature_shift=FEATURE_SHIFT,
    )


def _tables(model: HearingModel) -> str:
    """Text of the constants, and of the function that begins with them."""
    analysis, synthesis = definitions(model.front_end)
    constants = Constants()
    constants.add("acoustic_stft", "acoustic_hearing_analysis", analysis)
    constants.add("acoustic_synthesis", "acoustic_hearing_synthesis", synthesis)
    definition = {
        "analysis": "&acoustic_hearing_analysis",
        "synthesis": "&acoustic_hearing_synthesis",
        "floor": floor_of(model.decision.floor_db),
    }
    constants.add("acoustic_hearing_definition", "acoustic_hearing_model", definition)
    return f'#include "acoustic_hearing.h"\n\n{constants.source()}{START}'
