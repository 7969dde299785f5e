"""Listens to a simulated roast on a virtual microphone for some minutes; prints load, losses and delays.

    python benchmarks/live_roast.py --minutes 10

Needs what ``tests/virtual_mic.sh`` needs. The delay of an event is the time from the last sample that its decision
needed to its line on standard output; the clock of the stream is fixed by the most punctual health event.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.simulate import HELD_OUT, plan_roast, render_roast

from acoustic.audio import write_wav
from acoustic.model.bundle import Bundle

VIRTUAL_MIC = Path(__file__).parent.parent / "tests" / "virtual_mic.sh"
RATE_HZ = FRONT_END.rate_hz


@contextmanager
def virtual_microphone(folder: Path, rate_hz: int = RATE_HZ) -> Iterator[dict[str, str]]:
    """Start a virtual sound card at the model's rate; yield the environment that shows it."""
    environment = os.environ | {"VIRTUAL_MIC_DIR": str(folder), "VIRTUAL_MIC_RATE": str(rate_hz)}
    try:
        exports = subprocess.run(
            [VIRTUAL_MIC, "start"], env=environment, check=True, stdout=subprocess.PIPE, text=True
        ).stdout
        for word in exports.removeprefix("export ").split():
            name, value = word.split("=", 1)
            environment[name] = value.strip("'")
        yield environment
    finally:
        subprocess.run([VIRTUAL_MIC, "stop"], env=environment, check=True)


def simulate(minutes: float, path: Path) -> None:
    """Write a stretch of a simulated session, with first crack in its last third."""
    plan = plan_roast(6, HELD_OUT, first_crack=True)
    assert plan.onset_s is not None
    length_s = 60.0 * minutes
    start_s = plan.onset_s - 2 / 3 * length_s
    roast = render_roast(plan, excerpt_s=(max(0.0, start_s), max(0.0, start_s) + length_s))
    write_wav(path, roast.pcm, roast.rate_hz)


def listen(
    seconds: float, arguments: list[str], environment: dict[str, str], application: str = "roast"
) -> tuple[list[tuple[float, dict]], float]:
    """Run an application's ``listen`` for a while; return its events with their moments, and its share of a core."""
    program = [sys.executable, "-c", "from acoustic.cli import main; main()"]
    command = [*program, application, "listen", "--json", *arguments]
    lines, usage = [], []
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            row = json.loads(line)
            lines.append((time.monotonic(), row))
            if row["event"] == "health" and process.poll() is None:
                usage.append((time.monotonic(), cpu_s(process.pid)))
                if row["t_s"] >= seconds:
                    process.terminate()
                    break
        lines += [(time.monotonic(), json.loads(line)) for line in process.stdout or ()]
    if len(usage) < 2:
        raise SystemExit("Listening ended at once; what it said stands above.")
    # Starting the program is not listening: count from the first second on.
    (begin, before_s), (end, after_s) = usage[0], usage[-1]
    return lines, (after_s - before_s) / (end - begin)


def cpu_s(pid: int) -> float:
    """CPU time of a process so far (Linux)."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def delays_s(lines: list[tuple[float, dict]]) -> np.ndarray:
    """Delay of each crack and decision against the audio it needed."""
    start = min(moment - row["t_s"] for moment, row in lines if row["event"] == "health")
    delays = []
    for moment, row in lines:
        if row["event"] in ("crack", "first_crack"):
            delays.append(moment - start - row["decided_s"])
    return np.array(delays)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--block-ms", type=int, default=100)
    parser.add_argument("--bundle", default="roast")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="live-roast-") as name:
        folder = Path(name)
        simulate(options.minutes, folder / "roast.wav")
        with virtual_microphone(folder / "card") as environment:
            arguments = ["--device", "virtmic", "--save", str(folder), "--bundle", options.bundle]
            arguments += ["--block-ms", str(options.block_ms)]
            player = subprocess.Popen([VIRTUAL_MIC, "play", folder / "roast.wav"], env=environment)
            try:
                lines, share = listen(60.0 * options.minutes, arguments, environment)
            finally:
                player.terminate()
                player.wait()
    health = next(row for _, row in reversed(lines) if row["event"] == "health")
    summary = lines[-1][1]
    delays = delays_s(lines)
    bundle = Bundle.load(options.bundle)
    print(
        f"bundle {bundle.name} {bundle.version}, blocks of {options.block_ms} ms, {summary['duration_s']:.0f} s heard"
    )
    print(f"cracks {len(summary['cracks'])}, first crack {summary['first_crack']}")
    print(f"CPU {share:.1%} of a core, real-time factor {health['realtime_factor']:.1%}")
    print(f"lost {health['lost_s']} s, dropped blocks {health['dropped_blocks']}, overflows {health['overflows']}")
    print(f"lag at the end {health['lag_s']} s, largest {health['max_lag_s']} s")
    if len(delays):
        print(f"event delay: median {np.median(delays):.3f} s, largest {delays.max():.3f} s ({len(delays)} events)")


if __name__ == "__main__":
    main()
