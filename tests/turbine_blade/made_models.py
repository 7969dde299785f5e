"""A small model of two simulated turbines, and what it is made from; no TensorFlow and a few seconds are needed."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from acoustic_apps.turbine_blade.clips import ClipStream, Frames
from acoustic_apps.turbine_blade.conditions import Conditions
from acoustic_apps.turbine_blade.rotor import RotorStream
from acoustic_apps.turbine_blade.scorer.channel import Channel
from acoustic_apps.turbine_blade.scorer.features import FRONT_END, Layout, Sums
from acoustic_apps.turbine_blade.scorer.fit import Normals, fit_model
from acoustic_apps.turbine_blade.scorer.model import TurbineModel
from acoustic_apps.turbine_blade.scorer.network import ResidualNetwork
from acoustic_apps.turbine_blade.simulate import Fault, Turbine, simulate_clip
from numpy.typing import NDArray

from acoustic.application import Loaded, from_bundle
from acoustic.model.bundle import Bundle
from acoustic.records import plain

NETWORK_FILE = Path(__file__).parent / "models" / "residual.tflite"
"""Written by make_network.py."""
USUAL_SHAPE_FILE = NETWORK_FILE.with_name("usual_shape.npy")
LAYOUT = Layout(n_bands=128)
TURBINES = {"turbine_01": 11, "turbine_02": 12}
"""Machines that the small model knows, and what they are drawn from."""
CLIP_STRETCHES = 4
"""A clip of the small model lasts 4.1 s."""
RECORDINGS, RECORDING_S = 20, 12.4
"""Of each turbine, each of three clips."""
Pcm = NDArray[np.int16]


def turbine_sound(
    machine: str, seed: int, duration_s: float = RECORDING_S, fault: Fault | None = None, **settings: object
) -> Pcm:
    """Simulated sound of a machine that the small model knows, 16 kHz; seeds from 1000 on are new to the model."""
    turbine = replace(Turbine.draw(TURBINES[machine]), name=machine)
    return simulate_clip(turbine, seed, duration_s=duration_s, fault=fault, **settings).pcm  # type: ignore[arg-type]


@cache
def simulated_sound() -> dict[str, list[Pcm]]:
    """What the small model is fitted to."""
    return {machine: [turbine_sound(machine, seed) for seed in range(RECORDINGS)] for machine in TURBINES}


def steps_of(pcm: Pcm) -> NDArray[np.int16]:
    """Frames of a recording, int16 (n, 128)."""
    return Frames(FRONT_END).push(pcm)[0]


@cache
def residual_network() -> ResidualNetwork:
    """The small network, ready to run."""
    return ResidualNetwork(NETWORK_FILE.read_bytes(), np.load(USUAL_SHAPE_FILE))


def clips_of(pcm: Pcm, layout: Layout = LAYOUT) -> list[Sums]:
    """Sums of the stretches of each whole clip of a recording, nothing set aside."""
    stream = ClipStream(FRONT_END, layout, residual_network(), CLIP_STRETCHES, nuisances=False)
    steps, _ = Frames(FRONT_END).push(pcm)
    clips = [*stream.push(steps, np.zeros(len(steps), np.int64)), *stream.flush()]
    return [clip.sums for clip in clips if len(clip.sums) == CLIP_STRETCHES]


@cache
def small_model() -> TurbineModel:
    """A model without rotor and conditions, fitted to sixty clips of each of two simulated turbines."""
    none = Conditions().vector(())
    normals = {}
    for machine, sounds in simulated_sound().items():
        clips = [clip for pcm in sounds for clip in clips_of(pcm)]
        normals[machine] = Normals.of(LAYOUT, clips, [none] * len(clips))
    return fit_model(
        FRONT_END, LAYOUT, NETWORK_FILE.read_bytes(), np.load(USUAL_SHAPE_FILE), normals, clip_stretches=CLIP_STRETCHES
    )


@cache
def rotor_model() -> TurbineModel:
    """The small model with a rotor channel, of sixteen recordings of half a minute of each turbine."""
    return replace(small_model(), rotor=Channel.fit({name: _rotor_vectors(name) for name in TURBINES}, 0))


def _rotor_vectors(machine: str) -> NDArray[np.int16]:
    vectors = []
    for seed in range(16):
        stream = RotorStream(FRONT_END)
        stream.push(steps_of(turbine_sound(machine, 500 + seed, 32.0)))
        vector = stream.vector()
        assert vector is not None, stream.reason()
        vectors.append(vector)
    return np.stack(vectors)


def bundle_of(model: TurbineModel) -> Bundle:
    """A bundle of a model, without test vectors."""
    return Bundle(
        application="turbine",
        name="small",
        version="1",
        frontend=model.front_end,
        network=model.network_file,
        decision=plain(model.decision()),
        calibration={},
        vectors=model.arrays(),
        card="A card.",
    )


def loaded(model: TurbineModel) -> Loaded[Any, Any, Any, Any]:
    """A model as the commands have it."""
    return from_bundle(bundle_of(model), "small")
