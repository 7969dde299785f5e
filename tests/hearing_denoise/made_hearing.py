"""Speech-like sound, a data folder full of it, and a network whose weights are drawn: nothing recorded or learnt."""

from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import soundfile
from acoustic_apps.hearing_denoise.application import application
from acoustic_apps.hearing_denoise.features import FRONT_END, layout_of
from acoustic_apps.hearing_denoise.model import DenoiserSettings, HearingModel
from acoustic_apps.hearing_denoise.network import ENCODED, UNITS, to_int8
from acoustic_apps.hearing_denoise.stages import stages
from numpy.typing import NDArray

from acoustic.application import Loaded, from_bundle
from acoustic.frontend.enhancement import EnhancementFrontEnd
from acoustic.model.bundle import Bundle

RATE_HZ = FRONT_END.rate_hz
#: Another rate and another hop: one that is no whole number of milliseconds.
WIDE = EnhancementFrontEnd(rate_hz=48_000, analysis_samples=512, synthesis_samples=256, hop_samples=128)


def syllables(seed: int, duration_s: float) -> NDArray[np.float64]:
    """Harmonics that come and go four times a second, with true silence before, between and after."""
    rng = np.random.default_rng(seed)
    t_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    pitch_hz = rng.uniform(90, 240)
    x = sum(np.sin(2 * np.pi * k * pitch_hz * t_s + rng.uniform(0, 6)) / k for k in range(1, 20))
    envelope = np.clip(np.sin(2 * np.pi * 4 * t_s), 0, 1)
    envelope[: RATE_HZ // 10] = envelope[-RATE_HZ // 10 :] = 0
    return np.asarray(0.2 * x * envelope)


def noisy_pcm(seed: int, duration_s: float, *, level: float = 0.05) -> NDArray[np.int16]:
    """Syllables in white noise."""
    clean = syllables(seed, duration_s)
    noise = np.random.default_rng([seed, 1]).standard_normal(len(clean)) * level
    return np.clip(np.rint((clean + noise) * 32767), -32768, 32767).astype(np.int16)


def make_data_root(root: Path) -> Path:
    """Write a data folder: sentences, noise clips of three folds and kinds, a kitchen."""
    rng = np.random.default_rng(0)
    for folder, count, duration_s in (("commands", 40, 2.0), ("phrases", 20, 1.0)):
        for number in range(count):
            _write(root / "speech" / folder / f"{folder}_{number}.flac", syllables(number, duration_s))
    rows = ["file,class,esc50_fold"]
    for fold in (1, 2, 3):
        for number, kind in enumerate(("rain", "wind", "clapping")):
            name = f"clips/{fold}-{fold}{number}-A-{number}.flac"
            _write(root / "noise" / name, 0.1 * rng.standard_normal(RATE_HZ))
            rows.append(f"{name},{kind},{fold}")
    _write(root / "noise" / "kitchen" / "running_tap.flac", 0.1 * rng.standard_normal(2 * RATE_HZ))
    (root / "noise" / "clips.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return root


def _write(path: Path, x: NDArray[np.float64]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.clip(x, -1, 1), RATE_HZ, subtype="PCM_16")


class DrawnModel:
    """As much of a Keras model as is quantised, with weights drawn at random."""

    def __init__(self, seed: int, front_end: EnhancementFrontEnd = FRONT_END, units: int = UNITS) -> None:
        rng, layout = np.random.default_rng(seed), layout_of(front_end)
        sizes = {
            "encode": (layout.n_features, ENCODED),
            "keep_1": (ENCODED + units, units),
            "new_1": (ENCODED + units, units),
            "keep_2": (2 * units, units),
            "new_2": (2 * units, units),
            "mask": (units, layout.n_bins),
        }
        self._layers = {
            name: SimpleNamespace(
                kernel=(rng.standard_normal(size) / np.sqrt(size[0])).astype(np.float32),
                bias=rng.standard_normal(size[1]).astype(np.float32),
            )
            for name, size in sizes.items()
        }

    def get_layer(self, name: str) -> Any:
        return self._layers[name]


@cache
def drawn_network() -> bytes:
    return to_int8(DrawnModel(1))


@cache
def drawn_model(
    front_end: EnhancementFrontEnd = FRONT_END, units: int = UNITS, floor_db: float = -20.0
) -> HearingModel:
    return HearingModel.make(front_end, to_int8(DrawnModel(1, front_end, units)), DenoiserSettings(floor_db=floor_db))


@cache
def drawn_bundle(front_end: EnhancementFrontEnd = FRONT_END) -> Bundle:
    model, pcm = drawn_model(front_end), noisy_pcm(3, 0.4)
    return Bundle(
        application="hearing",
        name="drawn",
        version="0",
        frontend=front_end,
        network=model.tflite,
        decision={"floor_db": -20.0},
        calibration={},
        vectors={"pcm": pcm, **stages(model, {"pcm": pcm})},
        card="Weights drawn at random.",
    )


def drawn() -> Loaded[Any, Any, Any, Any]:
    return from_bundle(drawn_bundle(), "drawn")


def enhanced(pcm: NDArray[np.int16], options: Any = None, model: HearingModel | None = None) -> NDArray[np.int16]:
    """What the aid makes of a recording, in line with it."""
    aid: Any = application.chain(model or drawn_model(), options or application.options())
    aid.push(pcm)
    aid.flush()
    return np.asarray(aid.sound())
