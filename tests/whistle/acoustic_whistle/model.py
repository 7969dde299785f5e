"""The model, and the chain that it runs in: levels of mel bands, a network's opinion of each frame, whistles."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np

from acoustic import records
from acoustic.application import Array
from acoustic.errors import BundleError
from acoustic.frontend import FrontEnd, LogMelStream
from acoustic.frontend.noise_floor import to_steps
from acoustic.model.bundle import Bundle

FRONT_END = FrontEnd(rate_hz=8000, frame_samples=256, hop_samples=128, n_fft=256, n_mels=20, fmin_hz=50, fmax_hz=4000)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """When frames are a whistle."""

    threshold: Annotated[float, records.About("Probability from which a frame counts.", low=0.0, high=1.0)]
    frames: Annotated[int, records.About("Frames in a row that make a whistle.", low=1, high=1000)]


@dataclass(frozen=True, kw_only=True)
class Model:
    """A bundle that was read."""

    bundle: Bundle
    decision: Decision


@dataclass(frozen=True, kw_only=True)
class Whistle:
    """A whistle begins."""

    t_s: Annotated[float, records.About("Beginning.", unit="s", digits=3)]


def read(bundle: Bundle) -> Model:
    """Read a bundle, whose network must take the bands of a frame and give one number."""
    fe, network = bundle.frontend, bundle.runtime
    shapes = [spec.shape for spec in (*network.inputs, *network.outputs)]
    if not isinstance(fe, FrontEnd) or shapes != [(fe.n_mels,), (1,)]:
        raise BundleError("the network does not fit the bands of the front end")
    return Model(bundle=bundle, decision=records.read(Decision, bundle.decision, "decision"))


def features(log_mel: LogMelStream, pcm: Array) -> tuple[Array, Array]:
    """Return levels of new frames, and half decibels above the mean of each frame's bands: integers, as in C."""
    levels = to_steps(log_mel.push(pcm))
    mean = levels.sum(axis=1, dtype=np.int32, keepdims=True) // levels.shape[1]
    return levels, np.clip((levels - mean) // 128, -128, 127).astype(np.int8)


class WhistleChain:
    """Hears whistles in a stream of PCM."""

    def __init__(self, model: Model, threshold: float | None = None) -> None:
        self._log_mel, self._network = LogMelStream(model.bundle.frontend), model.bundle.runtime
        self._limit = round(256 * (model.decision.threshold if threshold is None else threshold)) - 128
        self._frames, self._hop_s = model.decision.frames, 1 / model.bundle.frontend.frames_per_second
        self._heard = self._run = 0

    def push(self, pcm: Array) -> list[Whistle]:
        return [Whistle(t_s=frame * self._hop_s) for frame in self.judge(self.hear(pcm)["outputs"])]

    def flush(self) -> list[Whistle]:
        return []

    def hear(self, pcm: Array) -> dict[str, Array]:
        levels, inputs = features(self._log_mel, pcm)
        return {"levels": levels, "inputs": inputs, "outputs": self._network.run(inputs)[0]}

    def judge(self, outputs: Array) -> list[int]:
        """Return the first frame of each whistle."""
        whistles = []
        for value in outputs[:, 0].tolist():
            self._heard, self._run = self._heard + 1, self._run + 1 if value >= self._limit else 0
            if self._run == self._frames:
                whistles.append(self._heard - self._frames)
        return whistles


def stages(model: Model, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Compute what the chain makes of a whole recording, stage by stage."""
    chain = WhistleChain(model)
    frames = chain.hear(inputs["pcm"])
    return {**frames, "whistles": np.array(chain.judge(frames["outputs"]), "<i4")}
