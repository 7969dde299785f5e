"""The application as firmware: its C with the tables of a bundle, and what the C must compute."""

import math
from collections.abc import Mapping
from typing import Any

from acoustic.errors import ExportError
from acoustic.export import c_text
from acoustic.export.constants import Constants
from acoustic.firmware import Firmware
from acoustic.frontend.c_tables import log_mel_fields
from acoustic.frontend.tables import front_end_tables

from .chain import least_frames
from .conditions import CONDITIONS
from .example import example_pcm
from .gate import measures, rules, stretches
from .scorer.head import Head
from .scorer.model import APPLICATION, TurbineModel, Usual
from .scorer.persistence import Persistence, choice_for
from .stages import FIRMWARE, device_stages

CORE = ("acoustic_fft.c", "acoustic_frames.c", "acoustic_logmel.c")
#: Sums of longer clips would not fit 32 bits.
MOST_STRETCHES = 31


def firmware(model: TurbineModel, usual: Usual | None = None) -> Firmware:
    """Make the firmware of a model.

    The rotor is not followed on the device, whatever the model holds.

    Parameters
    ----------
    model : TurbineModel
    usual : Usual, optional
        What is usual for the machine it is for, from its baseline; else the model's only machine, or a machine never
        heard. The device can be given another one later.

    Raises
    ------
    ExportError
        If the model's numbers do not fit the device's.
    """
    usual = model.usual(None) if usual is None else usual
    persistence = choice_for(model).persistence
    _check(model, usual)
    about = c_text.comment(
        [
            f"Front end {model.front_end.fingerprint()}.",
            "Clips are judged on the device; what blades show of a rotor is read on a PC or a gateway.",
        ]
    )
    return Firmware.of_package(
        __package__,
        APPLICATION,
        generated={
            "acoustic_turbine_model.h": f"{about}\n{_settings(model, persistence)}",
            "acoustic_turbine_model.c": f"{about}\n{_tables(model, usual)}",
        },
        core=CORE,
        network=model.network_file,
        stages=FIRMWARE,
        compute=lambda pcm: device_stages(model, pcm, usual),
        rate_hz=model.front_end.rate_hz,
        example_pcm=example_pcm(model.front_end.rate_hz),
    )


def _check(model: TurbineModel, usual: Usual) -> None:
    """Refuse what the device's 32 bits cannot hold; a model's distances and surprises fit as they are."""
    if model.clip_stretches > MOST_STRETCHES:
        raise ExportError(
            f"the device judges clips of at most {MOST_STRETCHES} stretches, and this model's have "
            f"{model.clip_stretches}: train it on clips of half a minute or less"
        )
    if usual.clips.mean.shape != model.clips.head.mean.shape:
        raise ExportError("the baseline is of another model than the bundle's")


def _settings(model: TurbineModel, persistence: Persistence) -> str:
    """Text of the header: sizes, and the numbers that Python decides by."""
    layout, fe = model.layout, model.front_end
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
        "LEAST_FRAMES": math.ceil(least_frames(model.clip_stretches)),
        "NUISANCES": int(model.nuisances),
        "UNUSUAL": persistence.level,
        "ALARM_AT": persistence.k,
        "ALARM_OF": persistence.n,
        **{f"{name}_BANDS": _between(model, hz) for name, hz in _PARTS.items()},
        "GATE_SILENCE": measures.silence(fe),
        "GATE_CLIPPED_SAMPLES": measures.clipped_samples(fe),
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
    measures: ("SILENT_FRAMES", "FLUTTER_LIMIT", "RISE", "RISE_REACH", "SONG_SPAN", "VOICE_BANDS"),
    rules: (
        *("SPEECH_BANDS", "SPEECH_FRAMES", "BIRD_BANDS", "BIRD_FRAMES", "FLUTTER"),
        *("RAIN_FRAMES", "RAIN_BRIGHTNESS", "RAIN_SLOPE", "HISS_RISE", "GUST_SLOPE", "GUST_RISE", "STORM_SLOPE"),
        *("STORM_SPREAD", "SWELL", "SWELL_STRETCHES", "SWISH"),
    ),
    stretches: ("CONTEXT_STRETCHES", "AHEAD_STRETCHES", "LEARNING_STRETCHES", "SLOW_UP", "SLOW_DOWN"),
}


def _between(model: TurbineModel, hz: tuple[int, int]) -> str:
    """First band of a part of the spectrum, and the one behind the last; without nuisances nobody looks at them."""
    bands = measures.mel_bands(model.front_end, hz) if model.nuisances else slice(0, 0)
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
    constants.add("acoustic_log_mel", "acoustic_turbine_front_end", log_mel_fields(front_end_tables(model.front_end)))
    constants.add("acoustic_turbine_expectation", "acoustic_turbine_expected", expected)
    constants.add("acoustic_turbine_head", "acoustic_turbine_distances", _head_fields(head))
    constants.add("acoustic_turbine_usual", "acoustic_turbine_machine", machine)
    never_heard = model.clips.first_surprise or model.clips.surprise
    for name, table in {"known": model.clips.surprise, "never_heard": never_heard}.items():
        fields = {**table.arrays(), "n": len(table.knots)}
        constants.add("acoustic_turbine_surprise_table", f"acoustic_turbine_{name}", fields)
    return f'#include "acoustic_turbine.h"\n\n{constants.source()}'


def _head_fields(head: Head) -> Mapping[str, Any]:
    arrays = head.arrays()
    gain = arrays["gain"] if arrays["gain"].size else "NULL"
    return {"precision": arrays["precision"], "triangle": arrays["triangle"], "scale": arrays["scale"], "gain": gain}
