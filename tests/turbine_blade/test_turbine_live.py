"""`acoustic turbine listen` on a virtual microphone, in real time."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import made_models
import pytest
from acoustic_apps.turbine_blade.scorer.model import TurbineModel
from acoustic_apps.turbine_blade.train import pack

from acoustic.audio import write_wav

pytestmark = pytest.mark.live

COMMAND = [sys.executable, "-c", "from acoustic.cli import main; main()", "turbine"]


def test_live_clips_equal_those_of_the_kept_recording(
    virtual_audio: Any, small_model: TurbineModel, tmp_path: Path
) -> None:
    bundle, sound = tmp_path / "small.bundle", tmp_path / "sound.wav"
    calibration = {
        "simulated": True,
        "rotor_readings": 0,
        "nuisances": False,
        "clips": 120,
        "clip_s": 4.1,
        "hours": 0.1,
    }
    pcm = made_models.turbine_sound("turbine_01", 4000, 16.0)
    pack(small_model, "small", {**calibration, "recordings": 40, "machines": 2, "seed": 0}, pcm[:65_536]).save(bundle)
    write_wav(sound, pcm, 16_000)
    options = [
        "--device",
        "virtmic",
        "--machine",
        "turbine_01",
        "--bundle",
        str(bundle),
        "--save",
        str(tmp_path / "kept"),
    ]
    with subprocess.Popen([*COMMAND, "listen", "--json", *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        rows = [json.loads(process.stdout.readline())]
        assert rows[0]["event"] == "start"
        with virtual_audio.playing(sound):
            time.sleep(18.0)
        process.send_signal(signal.SIGINT)
        rows += map(json.loads, process.stdout)
    assert process.returncode == 130
    assert rows[-1]["event"] == "summary"
    clips = [row for row in rows if row["event"] == "clip"]
    assert len(clips) >= 3
    [kept] = (tmp_path / "kept").glob("*.wav")
    replayed = subprocess.run(
        [*COMMAND, "listen", "--json", "--input", kept, "--speed", "max", *options[2:6]],
        capture_output=True,
        text=True,
        check=True,
    )
    again = [row for row in map(json.loads, replayed.stdout.splitlines()) if row["event"] == "clip"]
    for clip in (
        *again,
        *clips,
    ):  # a stream and its file tell it from different sources
        del clip["time"]
    assert again == clips
