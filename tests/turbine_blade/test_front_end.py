"""A model with another front end, from recordings to firmware: everything takes the definition from the bundle."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acoustic_apps.turbine_blade.conditions import Conditions
from acoustic_apps.turbine_blade.simulate import Fault, Turbine, simulate_clip
from acoustic_apps.turbine_blade.train import Kind, Settings, train

from acoustic.application import load
from acoustic.audio import write_wav
from acoustic.export.compilers import host_compiler
from acoustic.export.content import load_content
from acoustic.export.exporting import ExportSettings, export
from acoustic.frontend import FrontEnd

pytest.importorskip("tensorflow")

#: Neither hop is a whole number of milliseconds, nor half a frame.
TURBINE = FrontEnd(
    rate_hz=44_100, frame_samples=2048, hop_samples=1411, n_fft=2048, n_mels=80, fmin_hz=0.0, fmax_hz=20_000.0
)
#: Too narrow for the gate's bands, with frames that touch three hops.
MACHINE = FrontEnd(
    rate_hz=11_025, frame_samples=700, hop_samples=333, n_fft=1024, n_mels=40, fmin_hz=50.0, fmax_hz=3000.0
)


@pytest.mark.parametrize(("kind", "front_end"), [("turbine", TURBINE), ("machine", MACHINE)])
def test_from_recordings_to_firmware(run: Callable[..., Any], tmp_path: Path, kind: Kind, front_end: FrontEnd) -> None:
    turbine, rate_hz = Turbine.draw(5), front_end.rate_hz
    paths = []
    for number in range(14):
        fault = Fault("whistle", 15.0) if number == 13 else None
        clip = simulate_clip(turbine, number, duration_s=6.6, rate_hz=44_100, fault=fault)
        paths.append(tmp_path / f"{number:02}.wav")
        write_wav(paths[-1], clip.pcm, clip.rate_hz)
    *healthy, sick = paths
    trained = train(
        healthy[:12], dict.fromkeys(healthy, Conditions()), Settings(kind=kind, clip_s=3.1, jobs=1), front_end
    )
    bundle = tmp_path / "other.bundle"
    trained.bundle.save(bundle)
    loaded = load(bundle, "turbine")
    assert loaded.typed.front_end == front_end
    assert loaded.rate_hz == rate_hz
    assert loaded.check() == 5

    scored = run("score", healthy[12], sick, "--bundle", bundle, "--json", "--jobs", 1, "--plot", tmp_path / "plots")
    assert scored.returncode == 0, scored.stderr
    usual, unusual = map(json.loads, scored.stdout.splitlines())
    assert usual["clips"] == unusual["clips"] == 2
    assert usual["duration_s"] == 6.6
    assert unusual["score"] > usual["score"]
    assert unusual["bands"][0]["high_hz"] <= front_end.fmax_hz
    assert len(list((tmp_path / "plots").iterdir())) == 2

    heard = run("listen", "--input", sick, "--speed", "max", "--bundle", bundle, "--json", "--block-ms", 37)
    events = [json.loads(line) for line in heard.stdout.splitlines()]
    clips = [(event["start_s"], event["end_s"], event["score"]) for event in events if event["event"] == "clip"]
    assert np.array(clips) == pytest.approx(
        np.array([(one["start_s"], one["end_s"], one["score"]) for one in unusual["clip_scores"]]), abs=1e-3
    )
    assert clips[0][1] == pytest.approx(loaded.typed.clip_s, abs=1e-4)
    assert events[-1]["score"] == unusual["score"]

    if host_compiler() is None:
        pytest.skip("there is no C compiler: install gcc or clang")
    content = load_content(str(bundle))
    assert content.firmware is not None
    short = replace(content.firmware, example_pcm=content.firmware.example_pcm[: 25 * rate_hz])
    report = export(replace(content, firmware=short), tmp_path / "firmware", ExportSettings(boards=[]))
    chain = [one for one in report.comparisons if one.target.startswith("host-c")]
    assert {one.stage for one in chain} >= {"features", "scores", "events"}
    assert all(one.bytes > 0 and one.differing_bytes == 0 for one in chain)
