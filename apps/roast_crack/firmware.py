"""The roast application as firmware: its C, the constants of a bundle, and the same chain in Python beside it."""

import numpy as np
from numpy.typing import NDArray

from acoustic.export import c_text
from acoustic.export.constants import Constants
from acoustic.firmware import Firmware, own_listen, own_sources
from acoustic.frontend.c_tables import log_mel_fields
from acoustic.frontend.noise_floor import STEPS_PER_DB
from acoustic.frontend.tables import front_end_tables
from acoustic.model.bundle import Bundle

from . import contrast, decision, impulses, rhythm
from .chain import HOP_MS, Crack, Event, RoastChain
from .contrast import FRONT_END, ContrastStream
from .decision import FirstCrack, to_ms
from .decision_settings import LAG_SLOTS, SLOT_MS, DecisionSettings
from .example import example_pcm
from .impulses import AFTER_FRAMES, ImpulseFinder, Impulses
from .network import SCORE_STEPS, CrackNetwork

HEADER = "acoustic_roast.h"
NETWORK = "acoustic_roast_network"
STAGES = ("contrast", "impulses", "logits", "events")
CORE = (
    *("acoustic_frontend.h", "acoustic_lanes.h", "acoustic_math.h", "acoustic_trace.h"),
    *("acoustic_fft.c", "acoustic_fft.h", "acoustic_frames.c", "acoustic_frames.h"),
    *("acoustic_logmel.c", "acoustic_noise_floor.c"),
)
REPLAY = """\
#include "acoustic_roast.h"
#include "acoustic_trace.h"
#include "replay.h"

static acoustic_roast roast;

static void hear(void *user, const acoustic_roast_event *event)
{
    const uint32_t words[] = {(uint32_t)event->type, event->t_ms,   event->decided_ms,
                              event->first_pop_ms,   event->cracks, event->score};
    (void)user;
    (void)words;
    ACOUSTIC_TRACE(3, words, sizeof words);
}

void replay_start(void)
{
    acoustic_roast_start(&roast);
}

void replay_push(const int16_t *pcm, size_t n)
{
    acoustic_roast_push(&roast, pcm, n, hear, 0);
}

void replay_end(void)
{
    acoustic_roast_flush(&roast, hear, 0);
}
"""


def firmware(bundle: Bundle) -> Firmware:
    """Return everything that the export needs to know of a roast bundle."""
    settings = DecisionSettings.from_dict(bundle.decision)
    about = [f"Model {bundle.name} {bundle.version}, front end {bundle.frontend.fingerprint()}."]
    return Firmware(
        application=bundle.application,
        header=HEADER,
        sources={
            **own_sources(__package__),
            "acoustic_roast_model.h": _model_header(settings, about),
            "acoustic_roast_model.c": _model_source(settings, CrackNetwork(bundle.network), about),
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
    """Bytes of each stage of the chain for a whole recording, as the C traces them."""
    features, clipped = ContrastStream().push(pcm)
    finder, network, chain = ImpulseFinder(FRONT_END.n_mels), CrackNetwork(bundle.network), RoastChain(bundle)
    found = [finder.push(features, clipped), finder.flush()]
    return {
        "contrast": features.tobytes(),
        "impulses": b"".join(map(_impulse_bytes, found)),
        "logits": b"".join(network.logits(part.patches).tobytes() for part in found),
        "events": b"".join(map(_event_bytes, [*chain.push(pcm), *chain.flush()])),
    }


def _impulse_bytes(found: Impulses) -> bytes:
    heads = np.stack([found.frame, found.excess, found.busy, found.clipped], axis=1).astype("<i4")
    return b"".join(head.tobytes() + patch.tobytes() for head, patch in zip(heads, found.patches, strict=True))


def _event_bytes(event: Event) -> bytes:
    match event:
        case Crack():
            t_ms = to_ms(event.t_s)
            words = [0, t_ms, t_ms + AFTER_FRAMES * HOP_MS, 0, 0, round(event.score * SCORE_STEPS)]
        case FirstCrack():
            moments = (event.onset_s, event.decided_s, event.first_pop_s)
            words = [1, *map(to_ms, moments), event.cracks, round(event.confidence * SCORE_STEPS)]
        case _:
            words = [2, to_ms(event.end_s), to_ms(event.decided_s), 0, 0, 0]
    return np.array(words, "<u4").tobytes()


def _model_header(settings: DecisionSettings, about: list[str]) -> str:
    """Sizes and limits, from the modules that define them."""
    sizes = {
        "RATE_HZ": FRONT_END.rate_hz,
        "FRAME_SAMPLES": FRONT_END.frame_samples,
        "HOP_SAMPLES": FRONT_END.hop_samples,
        "HOP_MS": HOP_MS,
        "N_FFT": FRONT_END.n_fft,
        "BANDS": FRONT_END.n_mels,
        "STEPS_PER_DB": STEPS_PER_DB,
        "FLOOR_BLOCK_FRAMES": contrast.FLOOR_BLOCK_FRAMES,
        "FLOOR_BLOCKS": contrast.FLOOR_BLOCKS,
        "SILENCE_STEPS": contrast.SILENCE_STEPS,
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
    front_end = "extern const acoustic_log_mel acoustic_roast_front_end;"
    head = [c_text.comment(about), f'#ifndef {guard}\n#define {guard}\n\n#include "acoustic_frontend.h"\n']
    return "\n".join([*head, *lines, "", front_end, "\n#endif\n"])


def _model_source(settings: DecisionSettings, network: CrackNetwork, about: list[str]) -> str:
    """Tables and settings."""
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
    constants.add("acoustic_log_mel", "acoustic_roast_front_end", log_mel_fields(front_end_tables(FRONT_END)))
    constants.add("acoustic_roast_settings", "acoustic_roast_decides", fields)
    return "\n".join([c_text.comment(about), '#include "acoustic_roast_decision.h"\n', constants.source()])


def _floats(values: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(map(float, values))
