"""The roast application as firmware: its C, the constants of a bundle, and the same chain in Python beside it."""

import math

import numpy as np

from acoustic.export import c_text
from acoustic.export.constants import Constants
from acoustic.firmware import Firmware
from acoustic.frontend import FrontEnd
from acoustic.frontend.c_tables import log_mel_fields
from acoustic.frontend.noise_floor import STEPS_PER_DB
from acoustic.frontend.tables import front_end_tables

from . import contrast, decision, impulses, rhythm
from .decision import to_ms
from .decision_settings import LAG_SLOTS, SLOT_MS
from .example import example_pcm
from .model import RoastModel
from .network import SCORE_STEPS
from .stages import TRACED, stages

CORE = ("acoustic_fft.c", "acoustic_frames.c", "acoustic_logmel.c", "acoustic_noise_floor.c")


def firmware(model: RoastModel) -> Firmware:
    """Return everything that the export needs to know of a model."""
    front_end = model.front_end
    return Firmware.of_package(
        __package__,
        "roast",
        generated={"acoustic_roast_model.h": _model_header(model), "acoustic_roast_model.c": _model_source(model)},
        core=CORE,
        network=model.network.tflite,
        stages=TRACED,
        compute=lambda pcm: stages(model, {"pcm": pcm}),
        rate_hz=front_end.rate_hz,
        example_pcm=example_pcm(front_end.rate_hz),
    )


def _model_header(model: RoastModel) -> str:
    """Sizes and limits, from the modules that define them."""
    front_end, settings = model.front_end, model.settings
    per_hop, to_middle, per_ms = _parts(front_end)
    sizes = {
        "RATE_HZ": front_end.rate_hz,
        "FRAME_SAMPLES": front_end.frame_samples,
        "HOP_SAMPLES": front_end.hop_samples,
        "HOPS": -(-front_end.frame_samples // front_end.hop_samples),
        "PARTS_PER_HOP": per_hop,
        "PARTS_TO_MIDDLE": to_middle,
        "PARTS_PER_MS": per_ms,
        "N_FFT": front_end.n_fft,
        "BANDS": front_end.n_mels,
        "STEPS_PER_DB": STEPS_PER_DB,
        "FLOOR_BLOCK_FRAMES": contrast.FLOOR_BLOCK_FRAMES,
        "FLOOR_BLOCKS": contrast.FLOOR_BLOCKS,
        "SILENCE_STEPS": contrast.silence_steps(front_end),
        "FLICKER_STEPS": impulses.FLICKER_DB * STEPS_PER_DB,
        "EXCESS_STEPS": impulses.EXCESS_DB * STEPS_PER_DB,
        "NEIGHBOURHOOD_FRAMES": impulses.NEIGHBOURHOOD_FRAMES,
        "AFTER_FRAMES": impulses.AFTER_FRAMES,
        "PATCH_FRAMES": impulses.PATCH_FRAMES,
        "PATCH_STEPS": impulses.PATCH_STEPS,
        "BUSY_FRAMES": impulses.BUSY_FRAMES,
        "LEVELS": len(settings.level_edges),
        "RATES": len(settings.crack_rates),
        "PRIOR_POINTS": len(settings.charge_prior),
        "TICK_MS": decision.TICK_MS,
        "SLOT_MS": SLOT_MS,
        "LAG_SLOTS": LAG_SLOTS,
        "POPS_MS": decision.POPS_MS,
        "REMEMBERED": decision.REMEMBERED,
        "BEAT_WINDOW_MS": rhythm.BEAT_WINDOW_MS,
        "TURN_BITS": rhythm.TURN_BITS,
        "FIRST_BEAT": rhythm.FIRST_BEAT,
        "LAST_BEAT": rhythm.LAST_BEAT,
        "BEAT_HALF_POWER": rhythm.BEAT_HALF_POWER,
        "COSINE_SCALE": rhythm.COSINE_SCALE,
    }
    factors = {
        "FADING": decision.FADING,
        "LN2": decision.LN2,
        "USUAL_RATE": decision.USUAL_RATE,
        "WORTH_CHECKING": decision.WORTH_CHECKING,
    }
    lines = [f"#define ACOUSTIC_ROAST_{name} ({value})" for name, value in sizes.items()]
    lines += [f"#define ACOUSTIC_ROAST_{name} {c_text.hex_float(float(value))}" for name, value in factors.items()]
    guard = "ACOUSTIC_ROAST_MODEL_H"
    table = "extern const acoustic_log_mel acoustic_roast_front_end;"
    head = [c_text.comment(_about(model)), f'#ifndef {guard}\n#define {guard}\n\n#include "acoustic_frontend.h"\n']
    return "\n".join([*head, *lines, "", table, "\n#endif\n"])


def _about(model: RoastModel) -> list[str]:
    return [f"Of the model; front end {model.front_end.fingerprint()}."]


def _parts(front_end: FrontEnd) -> tuple[int, int, int]:
    """Return the length of a hop, half a frame and a millisecond in the longest part of time that divides them all."""
    lengths = front_end.hop_samples * 1000, front_end.frame_samples * 500, front_end.rate_hz
    part = math.gcd(*lengths)
    hop, half_frame, millisecond = (length // part for length in lengths)
    return hop, half_frame, millisecond


def _model_source(model: RoastModel) -> str:
    """Tables and settings."""
    settings, network = model.settings, model.network
    since_s, added = zip(*settings.charge_prior, strict=True)
    fields = {
        "crack_share": _floats(settings.crack_share),
        "background_rate": _floats(settings.background_rate),
        "crack_rates": _floats(settings.crack_rates),
        "prior_s": _floats(since_s),
        "prior_threshold": _floats(added),
        "background_weight_s": float(settings.background_weight_s),
        "threshold": float(settings.threshold),
        "dead_time_ms": to_ms(settings.dead_time_s),
        "min_span_ms": to_ms(settings.min_span_s),
        "lull_ms": to_ms(settings.lull_s),
        "end_window_ms": to_ms(settings.end_window_s),
        "min_cracks": settings.min_cracks,
        "max_busy_frames": settings.max_busy_frames,
        "max_clipped_frames": settings.max_clipped_frames,
        "level_edges": settings.level_edges,
        "scores": np.array([round(network.score(logit) * SCORE_STEPS) for logit in range(-128, 128)], np.uint16),
        "cosines": rhythm.COSINES,
    }
    constants = Constants()
    constants.add("acoustic_log_mel", "acoustic_roast_front_end", log_mel_fields(front_end_tables(model.front_end)))
    constants.add("acoustic_roast_settings", "acoustic_roast_decides", fields)
    return "\n".join([c_text.comment(_about(model)), '#include "acoustic_roast_decision.h"\n', constants.source()])


def _floats(values: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(map(float, values))
