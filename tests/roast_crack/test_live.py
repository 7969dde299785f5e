"""`acoustic roast listen` on a virtual microphone, in real time."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from made_roasts import acoustic

pytestmark = pytest.mark.live

COMMAND = [sys.executable, "-m", "acoustic", "roast", "listen"]
#: An event must be out so soon after the last sample that its decision needed.
MAX_DELAY_S = 0.3


class Listener:
    """`acoustic roast listen --json` in a process; each line with the moment at which it came."""

    def __init__(self, *arguments: str | Path) -> None:
        command = [*COMMAND, "--json", *map(str, arguments)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines: list[tuple[float, dict[str, Any]]] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def wait_for(self, event: str, timeout_s: float = 30.0) -> None:
        end = time.monotonic() + timeout_s
        while not any(row["event"] == event for _, row in self.lines):
            assert self.process.poll() is None, self.end()
            assert time.monotonic() < end, f"no {event} event: {self.lines[-3:]}"
            time.sleep(0.05)

    def stop(self) -> None:
        """Terminate it, unless it has ended."""
        if self.process.poll() is None:
            self.process.terminate()
        self.end()

    def end(self) -> str:
        """Wait for the end; return what stood on standard error."""
        self.process.wait(timeout=60)
        self._thread.join()
        if self.process.stderr is not None and not self.process.stderr.closed:
            with self.process.stderr as stream:
                self._said = stream.read()
        return self._said

    def rows(self, *events: str) -> list[dict[str, Any]]:
        return [row for _, row in self.lines if row["event"] in events]

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                self.lines.append((time.monotonic(), json.loads(line)))


@contextmanager
def listening(*arguments: str | Path) -> Iterator[Listener]:
    listener = Listener(*arguments)
    try:
        listener.wait_for("start")
        yield listener
    finally:
        listener.stop()


def delays_s(listener: Listener) -> list[float]:
    """How long after its audio each decision was printed.

    The health events tell when the sound of a moment had been heard: the most punctual of them fixes where the
    stream's clock stands against that of this process.
    """
    start = min(moment - row["t_s"] for moment, row in listener.lines if row["event"] == "health")
    return [moment - start - row["decided_s"] for moment, row in listener.lines if row["event"] == "first_crack"]


def timeless(row: dict[str, Any]) -> dict[str, Any]:
    """Without the clock: a stream and its file may tell it from different sources."""
    return {name: value for name, value in row.items() if name not in {"time", "started", "started_from"}}


def test_live_events_equal_those_of_the_kept_recording(
    virtual_audio: Any, simulated_roast: Path, eager_bundle: str, tmp_path: Path
) -> None:
    arguments = ("--device", "virtmic", "--bundle", eager_bundle, "--save", tmp_path)
    with listening(*arguments) as listener, virtual_audio.playing(simulated_roast):
        listener.wait_for("first_crack_end", timeout_s=60.0)
        time.sleep(1.0)
    assert listener.process.returncode == 130
    [wav] = tmp_path.glob("*.wav")
    [row] = acoustic("roast", "score", wav, "--json", "--bundle", eager_bundle).records
    assert len(row["cracks"]) >= 2
    assert [timeless(event) for event in listener.rows("crack")] == [
        {"event": "crack", **crack} for crack in row["cracks"]
    ]
    [found] = listener.rows("first_crack")
    assert timeless(found) == {"event": "first_crack"} | row["first_crack"] | {"end_s": None}
    [summary] = listener.rows("summary")
    assert timeless(summary) == {"event": "summary"} | timeless(row) | {"warnings": summary["warnings"]}
    health = listener.rows("health")[-1]
    assert (health["dropped_blocks"], health["lost_s"], health["silent"]) == (0, 0, False)
    [delay_s] = delays_s(listener)
    assert delay_s < MAX_DELAY_S


def test_unplugged_microphone_ends_with_its_own_code(virtual_audio: Any, eager_bundle: str, tmp_path: Path) -> None:
    try:
        with listening("--device", "virtmic", "--bundle", eager_bundle, "--save", tmp_path) as listener:
            listener.wait_for("health")
            virtual_audio.pull()
            err = listener.end()
        assert listener.process.returncode == 4
        assert "virtmic: the microphone went away" in err
        assert "Traceback" not in err
        assert [row["message"] for row in listener.rows("trouble")] == ["virtmic went away; looking for it"]
        # What was heard until then is judged and kept.
        assert listener.lines[-1][1]["event"] == "summary"
        kept = soundfile.info(next(tmp_path.glob("*.wav")))
        assert kept.duration == pytest.approx(listener.lines[-1][1]["duration_s"], abs=1e-3)
    finally:
        virtual_audio.start()


def test_silent_microphone_is_told(virtual_audio: Any, eager_bundle: str) -> None:
    with listening("--device", "virtmic", "--bundle", eager_bundle) as listener:
        listener.wait_for("trouble", timeout_s=20.0)
        time.sleep(1.5)
    assert "only zeros" in listener.rows("trouble")[0]["message"]
    assert listener.rows("health")[-1]["silent"]
    assert listener.rows("health")[-1]["level_dbfs"] is None
    assert np.isfinite(listener.rows("health")[-1]["lag_s"])
