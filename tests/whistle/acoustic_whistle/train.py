"""Training and evaluation, on whistles that are made for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np

from acoustic.application import Array, Claim, Output, Written
from acoustic.frontend import LogMelStream
from acoustic.model.bundle import Bundle
from acoustic.records import About

from .model import FRONT_END, WhistleChain, features, read, stages


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """What to train."""

    output: Annotated[Path, About("Bundle to write.", argument=True)]


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """What to evaluate."""

    bundle: Annotated[str, About("A bundle file, or the name of a shipped bundle.")] = "whistle"


def sounds(seed: int, n: int = 60) -> tuple[Array, Array]:
    """Make seconds of noise, every second one with a whistle of 0.5 s: int16 (8000 n,), bool (8000 n,)."""
    rng, t_s = np.random.default_rng(seed), np.arange(8000) / 8000
    noise = 10 ** rng.uniform(1, 2, (n, 1)) * rng.standard_normal((n, 8000))
    loudness = 10 ** rng.uniform(0.3, 1, (n, 1)) * noise.std(axis=1, keepdims=True)
    here = (t_s > 0.25) & (t_s < 0.75) & (np.arange(n) % 2 == 0)[:, None]
    tone = loudness * np.sin(2 * np.pi * rng.uniform(500, 3500, (n, 1)) * t_s)
    return np.rint(noise + here * tone).astype(np.int16).ravel(), here.ravel()


def train(options: TrainOptions) -> Iterator[Output]:
    """Fit the last layer by least squares, behind one unit for each band, and write the bundle."""
    from acoustic.train.assemble import Assembly

    pcm, here = sounds(seed=0)
    above_db = features(LogMelStream(FRONT_END), pcm)[1] / 2
    units = np.column_stack([np.tanh((above_db - 12) / 4), np.ones(len(above_db))])
    whistles = here[FRONT_END.frame_samples // 2 :: FRONT_END.hop_samples][: len(units)]
    *weights, bias = np.linalg.lstsq(units, np.where(whistles, 4.0, -4.0), rcond=None)[0].astype(np.float32)
    network, n = Assembly(), FRONT_END.n_mels
    layer = network.input("above", n, scale=0.5)
    layer = network.dense("units", layer, np.eye(n, dtype=np.float32) / 4, np.full(n, -3, np.float32), scale=1 / 32)
    layer = network.activation("TANH", "tonal", layer)
    layer = network.dense("sum", layer, np.array(weights)[:, None], np.array([bias]), scale=1 / 16)
    tflite = network.to_bytes([network.activation("LOGISTIC", "probability", layer)])
    about = {"application": "whistle", "name": "whistle", "version": "1.2.3", "card": "# Whistle\n"}
    settings = {"decision": {"threshold": 0.5, "frames": 6}, "calibration": {}, "vectors": {}}
    bundle = Bundle(frontend=FRONT_END, network=tflite, **about, **settings)
    vectors = {"pcm": sounds(1, 2)[0]}
    bundle.replace(vectors={**vectors, **stages(read(bundle), vectors)}).save(options.output)
    yield Written(options.output)


def evaluate(options: EvaluateOptions) -> Iterator[Output]:
    """Count the seconds with a whistle that is found, and those with one where there is none."""
    chain = WhistleChain(read(Bundle.load(options.bundle)))
    seconds = {int(whistle.t_s) for whistle in chain.push(sounds(seed=2)[0])}
    n_found, n_false = (sum(second % 2 == odd for second in seconds) for odd in (0, 1))
    value, passed = f"{n_found} of 30, {n_false} where there is none", n_found >= 27 and n_false == 0
    yield Claim(name="whistles found", value=value, target="27 of 30", data="simulated", passed=passed)
