"""Which nuisance a stretch of sound is dominated by, if any."""

from collections.abc import Sequence
from dataclasses import dataclass

from acoustic.frontend.noise_floor import STEPS_PER_DB

from .measures import CLIPPING, SILENCE, StretchMeasures

SPEECH = "speech"
BIRDS = "birds"
RAIN = "rain"
WIND = "wind on the microphone"
AIRCRAFT = "aircraft"
REASONS = (CLIPPING, SILENCE, RAIN, SPEECH, BIRDS, AIRCRAFT, WIND)
"""Every reason to set a stretch aside, in the order in which they are looked for."""

# A click lights up many bands but few frames, a modulated tone of a machine many frames but few bands;
# voices and birds do both. Counted over a stretch and its neighbours.
SPEECH_BANDS, SPEECH_FRAMES = 22, 6
BIRD_BANDS, BIRD_FRAMES = 8, 6
FLUTTER = int(0.7 * STEPS_PER_DB)
"""An octave of steady noise as a whole leaves the line through its neighbours in time by less than this in most
frames, whatever its level; where drops fall it does not."""
RAIN_FRAMES = 30
"""Frames of flutter in a stretch and its neighbours, 96 frames; steady noise has about 13."""
RAIN_BRIGHTNESS = -19 * STEPS_PER_DB
"""Least level of 4-8 kHz against 350-1000 Hz: drops are brighter than blades."""
RAIN_SLOPE = 10 * STEPS_PER_DB
"""Greatest level of 30-200 Hz against 350-1000 Hz: what rattles in a machine comes with its bass."""
HISS_RISE = 8 * STEPS_PER_DB
"""Least rise of 4-8 kHz over quiet moments, and over what happens to 350-1000 Hz, in rain too dense for single drops.
It must last through the neighbours of a stretch: one blade's hiss comes and goes with the blade."""
RHYTHM_LAGS = range(5, 33)
"""Frames after which flutter is compared with itself: drops keep no time, machines do."""

GUST_SLOPE, GUST_RISE = 8 * STEPS_PER_DB, 4 * STEPS_PER_DB
"""Least excess of 30-200 Hz over 350-1000 Hz in a gust, and of both that excess and the rumble itself over what
they are in quiet moments."""
STORM_SLOPE, STORM_SPREAD = 14 * STEPS_PER_DB, 5 * STEPS_PER_DB
"""Without a quiet moment to compare with: a steeper slope, and rumble as unsteady as turbulence."""

SWELL = 3 * STEPS_PER_DB
"""Least rise of 350-1000 Hz over quiet moments under an aircraft."""
SWELL_STRETCHES = 4
"""To either side, over which it must last."""
SWISH = int(1.5 * STEPS_PER_DB)
"""Where the blades are usually not heard to beat at least this much, a louder machine cannot be told from an
aircraft, and nothing is called one."""


@dataclass(frozen=True, kw_only=True)
class QuietBackground:
    """What the place sounds like in quiet moments, in steps of 1/256 dB."""

    rumble: int
    body: int
    bright: int
    slope: int
    """Rumble less body."""
    hiss: int
    """Bright less body."""
    swish: int
    """How much the body moves within a second."""
    known: bool
    """Whether this comes from listening for long, not only from the stretches around."""


def reason(around: Sequence[StretchMeasures], index: int, usual: QuietBackground) -> str | None:
    """Name what dominates stretch ``index`` of ``around``, its neighbours in time; None for what may be scored."""
    here = around[index]
    if here.fault is not None:
        return here.fault
    near = [m for m in around[max(0, index - 1) : index + 2] if m.fault is None]
    wider = [m for m in around[max(0, index - SWELL_STRETCHES) : index + SWELL_STRETCHES + 1] if m.fault is None]
    if _rain(here, near) or _downpour(near, usual):
        return RAIN
    if _speech(near):
        return SPEECH
    if _birds(near):
        return BIRDS
    gust = _wind(here, near, usual)
    if _aircraft(wider, usual, gust):
        return AIRCRAFT
    return WIND if gust else None


def _speech(near: Sequence[StretchMeasures]) -> bool:
    bands = 0
    for m in near:
        bands |= m.voice_bands
    return bands.bit_count() >= SPEECH_BANDS and sum(m.voice_frames for m in near) >= SPEECH_FRAMES


def _birds(near: Sequence[StretchMeasures]) -> bool:
    bands = 0
    for m in near:
        bands |= m.song_bands
    return bands.bit_count() >= BIRD_BANDS and sum(m.song_frames for m in near) >= BIRD_FRAMES


def _rain(here: StretchMeasures, near: Sequence[StretchMeasures]) -> bool:
    like_drops = here.bright - here.body >= RAIN_BRIGHTNESS and here.rumble - here.body <= RAIN_SLOPE
    flutter = [distance for m in near for distance in m.flutter]
    return like_drops and sum(abs(f) > FLUTTER for f in flutter) >= RAIN_FRAMES and not _rhythmic(flutter)


def _downpour(near: Sequence[StretchMeasures], usual: QuietBackground) -> bool:
    rises = [min(m.bright - usual.bright, m.bright - m.body - usual.hiss) for m in near]
    return len(near) > 1 and min(rises) >= HISS_RISE


def _rhythmic(flutter: Sequence[int]) -> bool:
    """Tell whether the autocorrelation reaches 3/8 at any lag."""
    most = max(
        (sum(a * b for a, b in zip(flutter, flutter[lag:], strict=False)) for lag in RHYTHM_LAGS if lag < len(flutter)),
        default=0,
    )
    return 8 * most > 3 * sum(f * f for f in flutter)


def _wind(here: StretchMeasures, near: Sequence[StretchMeasures], usual: QuietBackground) -> bool:
    slope = here.rumble - here.body
    if slope >= GUST_SLOPE and min(slope - usual.slope, here.rumble - usual.rumble) >= GUST_RISE:
        return True
    quarters = [level for m in near for level in m.quarter_rumble]
    return slope >= STORM_SLOPE and max(quarters) - min(quarters) >= STORM_SPREAD


def _aircraft(wider: Sequence[StretchMeasures], usual: QuietBackground, gust: bool) -> bool:
    lasts = len(wider) > SWELL_STRETCHES and sum(m.body - usual.body for m in wider) >= SWELL * len(wider)
    swish = sorted(m.swish for m in wider)[(len(wider) - 1) // 2] if wider else 0
    drowned = usual.swish >= SWISH and 5 * swish <= 3 * usual.swish
    return usual.known and lasts and (drowned or gust)
