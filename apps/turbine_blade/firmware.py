"""The application as firmware: its C with the tables of a bundle, and what the C must compute."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acoustic.errors import ExportError
from acoustic.export import c_text
from acoustic.export.constants import Constants
from acoustic.firmware import Firmware, own_listen, own_sources
from acoustic.frontend.c_tables import log_mel_fields
from acoustic.frontend.tables import front_end_tables
from acoustic.model.bundle import Bundle

from .chain import LEAST_SHARE, Alarm, Event, Judged, Skipped, TurbineChain
from .conditions import CONDITIONS
from .example import example_pcm
from .gate import Stretch, measures, rules, stretches
from .scorer.calibration import STEPS, Surprise
from .scorer.features import FRONT_END, STRETCH_FRAMES
from .scorer.head import UNIT, Head
from .scorer.model import TurbineModel, Usual
from .scorer.persistence import Persistence

HEADER = "acoustic_turbine.h"
NETWORK = "acoustic_turbine_network"
CORE = (
    *("acoustic_frontend.h", "acoustic_lanes.h", "acoustic_math.h", "acoustic_trace.h"),
    *("acoustic_fft.c", "acoustic_fft.h", "acoustic_frames.c", "acoustic_frames.h", "acoustic_logmel.c"),
)
STAGES = ("features", "scores", "events")
#: Sums of longer clips would not fit 32 bits.
MOST_STRETCHES = 31
SECONDS_A_DAY = 86_400.0
#: Kinds of events, as the C numbers them.
SET_ASIDE, CLIP, SKIPPED, ALARM, OVER = range(5)
REPLAY = """\
#include "acoustic_trace.h"
#include "acoustic_turbine.h"
#include "replay.h"

static acoustic_turbine turbine;

static void hear(void *user, const acoustic_turbine_event *event)
{
    const int32_t words[] = {(int32_t)event->type,        (int32_t)event->reason,      (int32_t)event->start_frame,
                             (int32_t)event->stop_frame,  (int32_t)event->kept_frames, event->surprise,
                             (int32_t)event->unusual};
    (void)user;
    (void)words;
    ACOUSTIC_TRACE(2, words, sizeof words);
}

void replay_start(void)
{
    acoustic_turbine_start(&turbine);
}

void replay_push(const int16_t *pcm, size_t n)
{
    acoustic_turbine_push(&turbine, pcm, n, hear, 0);
}

void replay_end(void)
{
    acoustic_turbine_flush(&turbine, hear, 0);
}
"""


def firmware(bundle: Bundle, usual: Usual | None = None) -> Firmware:
    """Make the firmware of a turbine bundle.

    The rotor is not followed on the device, whatever the bundle holds.

    Parameters
    ----------
    bundle : Bundle
    usual : Usual, optional
        What is usual for the machine it is for, from its baseline; else the bundle's only machine, or a machine never
        heard. The device can be given another one later.

    Raises
    ------
    BundleError
        If the bundle is no turbine's.
    ExportError
        If its numbers do not fit the device's.
    """
    model = TurbineModel.from_bundle(bundle)
    usual = model.usual(None) if usual is None else usual
    persistence = persistence_of(model)
    _check(model, usual, persistence)
    about = c_text.comment(
        [
            f"Model {bundle.name} {bundle.version}, front end {bundle.frontend.fingerprint()}.",
            "Clips are judged on the device; what blades show of a rotor is read on a PC or a gateway.",
        ]
    )

    def expected(pcm: NDArray[np.int16]) -> dict[str, bytes]:
        chain = TurbineChain(model, usual, None, persistence)
        return stage_bytes([*chain.push(pcm), *chain.flush()])

    return Firmware(
        application=bundle.application,
        header=HEADER,
        sources={
            **own_sources(__package__),
            "acoustic_turbine_model.h": f"{about}\n{_settings(model, persistence)}",
            "acoustic_turbine_model.c": f"{about}\n{_tables(model, usual)}",
        },
        core=CORE,
        networks={NETWORK: bundle.network},
        replay=REPLAY,
        listen=own_listen(__package__),
        stages=STAGES,
        expected=expected,
        rate_hz=FRONT_END.rate_hz,
        example_pcm=example_pcm(),
    )


def persistence_of(model: TurbineModel) -> Persistence:
    """Return when the device raises an alarm: as listening does, for the false alarms a day of the bundle."""
    return Persistence.choose(model.clips.normal_runs, model.alarms_per_day, SECONDS_A_DAY / model.clip_s).persistence


def stage_bytes(events: list[Event]) -> dict[str, bytes]:
    """Write what a chain decided as the device traces it."""
    features, scores, told = [], [], []
    end_frame = 0
    for event in events:
        if isinstance(event, Alarm):
            kind = OVER if event.over else ALARM
            told.append((kind, 0, end_frame, end_frame, 0, 0, event.unusual))
            continue
        parts = event.clip.stretches if isinstance(event, Judged) else event.stretches
        told += [_set_aside(stretch) for stretch in parts if stretch.reason is not None]
        start_frame, end_frame = parts[0].start_frame, parts[-1].stop_frame
        kept = sum(stretch.stop_frame - stretch.start_frame for stretch in parts if stretch.reason is None)
        if isinstance(event, Skipped):
            told.append((SKIPPED, 0, start_frame, end_frame, kept, 0, 0))
            continue
        judgement = event.judgement
        features.append(judgement.vector.astype("<i2").tobytes())
        scores.append(np.array(judgement.distance, "<i8").tobytes() + np.array(judgement.surprise, "<i4").tobytes())
        told.append((CLIP, 0, start_frame, end_frame, kept, judgement.surprise, 0))
    return {
        "features": b"".join(features),
        "scores": b"".join(scores),
        "events": np.array(told, "<i4").tobytes(),
    }


def _set_aside(stretch: Stretch) -> tuple[int, int, int, int, int, int, int]:
    assert stretch.reason is not None
    return (SET_ASIDE, 1 + rules.REASONS.index(stretch.reason), stretch.start_frame, stretch.stop_frame, 0, 0, 0)


def _check(model: TurbineModel, usual: Usual, persistence: Persistence) -> None:
    """Refuse what the device's 32 and 64 bits cannot hold."""
    head = model.clips.head
    if model.clip_stretches > MOST_STRETCHES:
        raise ExportError(
            f"the device judges clips of at most {MOST_STRETCHES} stretches, and this model's have "
            f"{model.clip_stretches}: train it on clips of half a minute or less"
        )
    if persistence.n > 32:
        raise ExportError(f"the device looks back on 32 clips at most, not {persistence.n}")
    # Every deviation is limited to 127 standard deviations, and so is what the rows of the factor make of them.
    most = np.abs(head.factor.astype(object)).sum(axis=1) * 127 * UNIT * head.scale.astype(object) // 2**20 + 1
    if (most**2).sum() >= 2**63 or max(map(_most_surprise, _tables_of_surprise(model).values())) >= 2**31:
        raise ExportError("the head's numbers are too large for the device: train the model again")
    if usual.clips.mean.shape != head.mean.shape:
        raise ExportError("the baseline is of another model than the bundle's")


def _most_surprise(table: Surprise) -> int:
    return int(table(np.array([2**62]))[0])


def _tables_of_surprise(model: TurbineModel) -> dict[str, Surprise]:
    """For machines with clips of their own, and for others."""
    return {"known": model.clips.surprise, "never_heard": model.clips.first_surprise or model.clips.surprise}


def _settings(model: TurbineModel, persistence: Persistence) -> str:
    """Text of the header: sizes, and the numbers that Python decides by."""
    layout, fe = model.layout, FRONT_END
    settings: dict[str, object] = {
        "RATE_HZ": fe.rate_hz,
        "FRAME_SAMPLES": fe.frame_samples,
        "HOP_SAMPLES": fe.hop_samples,
        "N_FFT": fe.n_fft,
        "BANDS": layout.n_bands,
        "HALF_BANDS": layout.n_half_bands,
        "SPREAD_BANDS": layout.n_spread,
        "FEATURES": layout.n_features,
        "CONDITIONS": len(model.clips.head.mean) - layout.n_features,
        **_places_of_conditions(model),
        "CLIP_STRETCHES": model.clip_stretches,
        "CLIP_FRAMES": model.clip_frames,
        "LEAST_FRAMES": math.ceil(LEAST_SHARE * model.clip_stretches * STRETCH_FRAMES),
        "NUISANCES": int(model.nuisances),
        "UNUSUAL": round(persistence.surprise * STEPS),
        "ALARM_AT": persistence.k,
        "ALARM_OF": persistence.n,
        **{f"{name}_BANDS": _between(hz) for name, hz in _PARTS.items()},
        "GATE_SILENCE": measures.silence(fe),
        **{f"GATE_{name}": getattr(module, name) for module, names in _RULES.items() for name in names},
        "GATE_RHYTHM_FIRST_LAG": rules.RHYTHM_LAGS.start,
        "GATE_RHYTHM_STOP_LAG": rules.RHYTHM_LAGS.stop,
    }
    defines = "".join(f"#define ACOUSTIC_TURBINE_{name} {value}\n" for name, value in settings.items())
    return f"#ifndef ACOUSTIC_TURBINE_MODEL_H\n#define ACOUSTIC_TURBINE_MODEL_H\n\n{defines}\n#endif\n"


_PARTS = {
    "RUMBLE": measures.RUMBLE_HZ,
    "BODY": measures.BODY_HZ,
    "BRIGHT": measures.BRIGHT_HZ,
    "VOICE": measures.VOICE_HZ,
    "SONG": measures.SONG_HZ,
}
_RULES = {
    measures: ("FLUTTER_LIMIT", "RISE", "RISE_REACH", "SONG_SPAN", "VOICE_BANDS"),
    rules: (
        *("CLIPPED_SAMPLES", "SILENT_FRAMES", "SPEECH_BANDS", "SPEECH_FRAMES", "BIRD_BANDS", "BIRD_FRAMES", "FLUTTER"),
        *("RAIN_FRAMES", "RAIN_BRIGHTNESS", "RAIN_SLOPE", "HISS_RISE", "GUST_SLOPE", "GUST_RISE", "STORM_SLOPE"),
        *("STORM_SPREAD", "SWELL", "SWELL_STRETCHES", "SWISH"),
    ),
    stretches: ("CONTEXT_STRETCHES", "AHEAD_STRETCHES", "LEARNING_STRETCHES", "SLOW_UP", "SLOW_DOWN"),
}


def _between(hz: tuple[int, int]) -> str:
    bands = measures.mel_bands(FRONT_END, hz)
    return f"{bands.start}, {bands.stop}"


def _places_of_conditions(model: TurbineModel) -> dict[str, int]:
    """Where the numbers of each condition begin in a vector."""
    places, at = {}, model.layout.n_features
    for name in model.conditions:
        places["WIND_AT" if name == "wind_m_s" else "RPM_AT"] = at
        at += len(CONDITIONS[name])
    return places


def _tables(model: TurbineModel, usual: Usual) -> str:
    """Text of the constants."""
    head = model.clips.head
    expected = {"usual_shape": model.usual_shape, "predicted": model.network.predicted}
    machine = {"mean": usual.clips.mean, "own_clips": usual.clips.own_clips, "octaves": usual.clips.octaves}
    constants = Constants()
    constants.add("acoustic_log_mel", "acoustic_turbine_front_end", log_mel_fields(front_end_tables(FRONT_END)))
    constants.add("acoustic_turbine_expectation", "acoustic_turbine_expected", expected)
    constants.add("acoustic_turbine_head", "acoustic_turbine_distances", _head_fields(head))
    constants.add("acoustic_turbine_usual", "acoustic_turbine_machine", machine)
    for name, table in _tables_of_surprise(model).items():
        fields = {**table.arrays(), "n": len(table.knots)}
        constants.add("acoustic_turbine_surprise_table", f"acoustic_turbine_{name}", fields)
    return f'#include "{HEADER}"\n\n{constants.source()}'


def _head_fields(head: Head) -> Mapping[str, Any]:
    arrays = head.arrays()
    gain = arrays["gain"] if arrays["gain"].size else "NULL"
    return {"precision": arrays["precision"], "triangle": arrays["triangle"], "scale": arrays["scale"], "gain": gain}
