"""What differs from roast to roast, machine to machine and microphone to microphone, and how widely it is drawn.

Two families of ranges exist. ``TRAIN`` is what a network may learn from; ``HELD_OUT`` shares no value with it in the
parameters that decide how things sound (``KEY_PARAMETERS``), so that an evaluation on it shows robustness, not memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from acoustic.errors import ParameterError


@dataclass(frozen=True)
class Span:
    """Where a number is drawn from: uniformly in one or several intervals, or absent.

    Parameters
    ----------
    *intervals
        Pairs (low, high); an interval is chosen in proportion to its width.
    log
        Draw uniformly in the logarithm (intervals must be positive).
    chance
        Probability that the effect is present at all; an absent effect is drawn as 0.
    """

    intervals: tuple[tuple[float, float], ...]
    log: bool
    chance: float

    def __init__(self, *intervals: tuple[float, float], log: bool = False, chance: float = 1.0) -> None:
        if not intervals or any(low > high or (log and low <= 0) for low, high in intervals):
            raise ParameterError(f"cannot draw from {intervals}: an interval needs low <= high (and low > 0 with log)")
        object.__setattr__(self, "intervals", intervals)
        object.__setattr__(self, "log", log)
        object.__setattr__(self, "chance", chance)

    def draw(self, rng: np.random.Generator) -> float:
        """Draw one value; the same number of random numbers is used whether the effect is present or not."""
        bounds = np.log(self.intervals) if self.log else np.array(self.intervals, dtype=np.float64)
        present, where = rng.random() < self.chance, rng.random()
        widths = bounds[:, 1] - bounds[:, 0]
        edges = np.concatenate([[0.0], np.cumsum(widths)])
        k = min(int(np.searchsorted(edges, where * edges[-1], side="right")) - 1, len(widths) - 1)
        value = bounds[k, 0] + where * edges[-1] - edges[k]
        if not present:
            return 0.0
        return float(np.exp(value) if self.log else value)

    def contains(self, value: float) -> bool:
        """Whether ``draw`` can return this value (within rounding)."""
        inside = any(low - 1e-9 * abs(low) <= value <= high + 1e-9 * abs(high) for low, high in self.intervals)
        return inside or (self.chance < 1.0 and value == 0.0)

    def overlaps(self, other: Span) -> bool:
        """Whether the two spans share more than an end point."""
        return any(max(a, c) < min(b, d) for a, b in self.intervals for c, d in other.intervals)


@dataclass(frozen=True, kw_only=True)
class RoastParameters:
    """One roast on one machine heard by one microphone. Optional effects are absent when 0."""

    # Machine
    noise_slope: float
    """Power spectral density falls as f to the minus this."""
    noise_knee_hz: float
    """Below this frequency the density stops rising."""
    noise_bumps_db: float
    """Standard deviation of the broad bumps of the spectrum."""
    noise_drift_db: float
    """Change at 8 kHz, against 500 Hz, over ten minutes (beans swell, surfaces heat up)."""
    noise_wobble_db: float
    """Standard deviation of the random swelling of the noise (turbulence), 0.2-5 Hz."""
    noise_steps: float
    """Fan and burner changes in a roast, expected number."""
    noise_step_db: float
    """Standard deviation of one change of level."""
    burner_db: float
    """Burner roar, 20-400 Hz, relative to the broadband noise."""
    hum_db: float
    """Mains hum and its harmonics above the noise in 10 Hz; 50 or 60 Hz."""
    tone_hz: float
    """Lowest tone of the fan or motor at the start."""
    tone_count: float
    """Its harmonics."""
    tone_db: float
    """Mean level of the harmonics above the noise in 10 Hz."""
    tone_drift: float
    """Relative change of the pitch over ten minutes."""
    drum_hz: float
    """Turns of the drum per second."""
    drum_am: float
    """Depth of the loudness modulation by the drum."""
    cooling_slope: float
    """Noise slope of the cooling fan."""
    cooling_db: float
    """Level of the cooling fan relative to the roast's noise."""
    # Beans
    clatter_hz: float
    """Bean impacts per second at the charge that are heard singly."""
    clatter_gain: float
    """Median peak amplitude of an impact over the RMS of the machine above 2 kHz."""
    clatter_spread: float
    """Standard deviation of the logarithm of that amplitude."""
    clatter_decay_ms: float
    """Time constant of an impact."""
    clatter_low_hz: float
    """Lowest mode of an impact."""
    clatter_high_hz: float
    """Highest mode of an impact."""
    clatter_end: float
    """Share of the impact rate that is left when the beans have swollen, 10 minutes in."""
    wash_db: float
    """Rustle of impacts too dense to be heard singly, 1-8 kHz, relative to the machine above 2 kHz."""
    tray_rate: float
    """Impact rate in the cooling tray over the rate at the charge."""
    tray_db: float
    """Level of impacts in the tray relative to those in the drum."""
    agitator_s: float
    """Turn of the agitator in the tray."""
    baffle_db: float
    """Contrast of a tick once per drum turn (stuck bean, warped baffle)."""
    # Surroundings
    distractor_per_min: float
    """Knocks, clicks, clanks and the like."""
    talk_per_min: float
    """Spoken phrases, timers' beeps and music."""
    sampling_chance: float
    """Probability that the trier is used repeatedly around the time first crack is expected."""
    bed_db: float
    """A second noise in the room (tap, vacuum cleaner, rain), relative to the machine above 500 Hz."""
    # Cracks
    crack_contrast_db: float
    """Mean contrast of a crack: its loudest millisecond over the background's median, 2.5-11.5 kHz."""
    crack_spread_db: float
    """Standard deviation of the contrast within a roast."""
    crack_decay_ms: float
    """Time for the first 10 dB of decay."""
    crack_attack_ms: float
    """Rise time."""
    crack_knee_hz: float
    """Flat up to here."""
    crack_tilt_db_per_khz: float
    """Fall above the knee."""
    crack_mode_low_hz: float
    """Lowest resonance of a crack."""
    crack_mode_high_hz: float
    """Highest resonance of a crack."""
    crack_tone: float
    """Share of the resonances in a crack's amplitude, the rest is noise and pulse."""
    crack_double: float
    """Probability of a second pulse 1.5-5 ms later."""
    # Process
    precursors: float
    """Isolated pops in the minute before first crack."""
    crack_rate_per_min: float
    """Audible cracks per minute on the plateau."""
    ramp_s: float
    """From the first crack to the plateau."""
    crack_length_s: float
    """From the first to the last crack, if the beans are not dropped before."""
    development_s: float
    """From the onset of first crack to the drop."""
    second_gap_s: float
    """From the end of first crack to second crack."""
    preheat_s: float
    """From the start of the recording to the charge."""
    cooling_s: float
    """From the drop to the end of the recording."""
    # Room, microphone, recorder
    t60_s: float
    """Reverberation time of the room."""
    direct_db: float
    """Direct sound over reverberation, for the roaster."""
    metal_db: float
    """Level of the housing's resonances relative to the direct sound."""
    mic_highpass_hz: float
    mic_lowpass_hz: float
    mic_lowpass_order: float
    mic_tilt_db: float
    """Rise (or fall) from 100 Hz to 10 kHz."""
    mic_peak_hz: float
    """Resonance of the capsule."""
    mic_peak_db: float
    codec_hz: float
    """Steep low-pass of a codec or of a conversion through a lower sampling rate."""
    codec_holes_db: float
    """Lossy codec: bands above 5 kHz that fall this far below their median are dropped."""
    gain_dbfs: float
    """Level of the running machine in the recording (negative); the loudest sounds may clip."""
    self_noise_dbfs: float
    """White noise of microphone and converter."""
    agc: float
    """Automatic gain control: share of a level change (in dB) that it takes away."""
    suppressor_db: float
    """Noise suppressor: largest attenuation."""
    clip_dbfs: float
    """Overload of an analogue stage; 0 is the converter's own."""
    dropouts_per_min: float
    """Lost blocks of 10-100 ms."""
    fade_in_s: float
    """The recorder fades in."""


@dataclass(frozen=True)
class Ranges:
    """A named family of roasts: one `Span` for each field of `RoastParameters`."""

    name: str
    spans: Mapping[str, Span]

    def __post_init__(self) -> None:
        """Check that every parameter is named once."""
        wanted = {field.name for field in fields(RoastParameters)}
        if wanted != set(self.spans):
            raise ParameterError(
                f"ranges '{self.name}' differ from the parameters in {sorted(wanted ^ set(self.spans))}"
            )


def draw_parameters(rng: np.random.Generator, ranges: Ranges) -> RoastParameters:
    """Draw every parameter of a roast independently from its range."""
    return RoastParameters(**{field.name: ranges.spans[field.name].draw(rng) for field in fields(RoastParameters)})


TRAIN = Ranges(
    "train",
    {
        "noise_slope": Span((0.3, 1.3), (1.7, 2.6)),
        "noise_knee_hz": Span((60, 400), log=True),
        "noise_bumps_db": Span((1, 5)),
        "noise_drift_db": Span((-15, 4)),
        "noise_wobble_db": Span((0.2, 1.5)),
        "noise_steps": Span((0, 6)),
        "noise_step_db": Span((1, 6)),
        "burner_db": Span((-20, 8)),
        "hum_db": Span((5, 30), chance=0.5),
        "tone_hz": Span((60, 170), (210, 300)),
        "tone_count": Span((6, 25)),
        "tone_db": Span((8, 24), chance=0.85),
        "tone_drift": Span((-0.15, 0.06)),
        "drum_hz": Span((0.6, 0.95), (1.05, 1.25)),
        "drum_am": Span((0.01, 0.25)),
        "cooling_slope": Span((0.6, 2.2)),
        "cooling_db": Span((-3, 10)),
        "clatter_hz": Span((0.3, 12), (25, 60), log=True),
        "clatter_gain": Span((0.3, 2.0), log=True),
        "clatter_spread": Span((0.25, 0.65)),
        "clatter_decay_ms": Span((0.7, 2.0), (2.8, 4.0)),
        "clatter_low_hz": Span((1000, 1700), (2100, 2800)),
        "clatter_high_hz": Span((3500, 5000), (5800, 8000)),
        "clatter_end": Span((0.15, 0.8)),
        "wash_db": Span((-20, 3)),
        "tray_rate": Span((2, 6)),
        "tray_db": Span((-2, 8)),
        "agitator_s": Span((1, 3)),
        "baffle_db": Span((5, 16), chance=0.1),
        "distractor_per_min": Span((0.3, 3), log=True, chance=0.5),
        "talk_per_min": Span((0.3, 3), log=True, chance=0.35),
        "sampling_chance": Span((0.0, 0.5)),
        "bed_db": Span((-15, 3), chance=0.3),
        "crack_contrast_db": Span((12, 18)),
        "crack_spread_db": Span((3.5, 5.5)),
        "crack_decay_ms": Span((1.2, 2.5), (3.1, 4.6)),
        "crack_attack_ms": Span((0.05, 0.9)),
        "crack_knee_hz": Span((3000, 5000), (5800, 8000)),
        "crack_tilt_db_per_khz": Span((0.8, 2.2), (2.8, 3.6)),
        "crack_mode_low_hz": Span((600, 1100), (1500, 2000)),
        "crack_mode_high_hz": Span((3500, 5200), (6000, 7500)),
        "crack_tone": Span((0.05, 0.5)),
        "crack_double": Span((0.3, 0.7)),
        "precursors": Span((0, 4.49)),
        "crack_rate_per_min": Span((10, 150), log=True),
        "ramp_s": Span((5, 60)),
        "crack_length_s": Span((57, 220)),
        "development_s": Span((70, 240)),
        "second_gap_s": Span((30, 150), chance=0.15),
        "preheat_s": Span((2, 90)),
        "cooling_s": Span((15, 90)),
        "t60_s": Span((0.1, 0.22), (0.32, 0.5)),
        "direct_db": Span((1, 16)),
        "metal_db": Span((-24, -6)),
        "mic_highpass_hz": Span((20, 110), (150, 250), log=True),
        "mic_lowpass_hz": Span((4500, 8000), (10000, 15900), log=True),
        "mic_lowpass_order": Span((1, 4.49)),
        "mic_tilt_db": Span((-6, -0.5), (1.5, 6)),
        "mic_peak_hz": Span((3000, 5500), (7000, 12000)),
        "mic_peak_db": Span((-3, 9)),
        "codec_hz": Span((3400, 4000), (6500, 8000), (10500, 13000), chance=0.45),
        "codec_holes_db": Span((0.5, 4), chance=0.25),
        "gain_dbfs": Span((-42, -16)),
        "self_noise_dbfs": Span((-96, -72)),
        "agc": Span((0.2, 0.8), chance=0.2),
        "suppressor_db": Span((4, 15), chance=0.15),
        "clip_dbfs": Span((-18, -1), chance=0.15),
        "dropouts_per_min": Span((0.05, 2), log=True, chance=0.15),
        "fade_in_s": Span((0.02, 3), log=True, chance=0.4),
    },
)

HELD_OUT = Ranges(
    "held_out",
    {
        **TRAIN.spans,
        "noise_slope": Span((1.3, 1.7), (2.6, 3.0)),
        "tone_hz": Span((170, 210), (300, 360)),
        "drum_hz": Span((0.5, 0.6), (0.95, 1.05)),
        "clatter_hz": Span((12, 25), (60, 80), log=True),
        "clatter_decay_ms": Span((2.0, 2.8)),
        "clatter_low_hz": Span((1700, 2100), (2800, 3200)),
        "clatter_high_hz": Span((5000, 5800)),
        "crack_decay_ms": Span((2.5, 3.1), (4.6, 5.2)),
        "crack_knee_hz": Span((5000, 5800)),
        "crack_tilt_db_per_khz": Span((2.2, 2.8), (3.6, 4.0)),
        "crack_mode_low_hz": Span((1100, 1500)),
        "crack_mode_high_hz": Span((5200, 6000), (7500, 8500)),
        "t60_s": Span((0.22, 0.32), (0.5, 0.6)),
        "mic_highpass_hz": Span((110, 150), (250, 300), log=True),
        "mic_lowpass_hz": Span((8000, 10000), log=True),
        "mic_tilt_db": Span((-0.5, 1.5), (6, 8)),
        "mic_peak_hz": Span((5500, 7000), (12000, 14000)),
        "codec_hz": Span((4500, 6000), (8500, 10000), chance=0.45),
    },
)

KEY_PARAMETERS = tuple(name for name, span in HELD_OUT.spans.items() if span != TRAIN.spans[name])
"""The parameters in which the two families share no value."""
