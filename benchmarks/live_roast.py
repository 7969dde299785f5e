"""Listens to a simulated roast on a virtual microphone for some minutes; prints load, losses and delays.

    python -m benchmarks.live_roast --minutes 10

Needs what ``tests/virtual_mic.sh`` needs. The delay of an event is the time from the last sample that its decision
needed to its line on standard output; the clock of the stream is fixed by the most punctual health event.
"""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
from acoustic_apps.roast_crack.contrast import FRONT_END
from acoustic_apps.roast_crack.simulate import HELD_OUT, plan_roast, render_roast

from acoustic.audio import write_wav
from acoustic.model.bundle import Bundle
from benchmarks.live import VIRTUAL_MIC, last_health, listen, options, virtual_microphone

RATE_HZ = FRONT_END.rate_hz


def simulate(minutes: float, path: Path) -> None:
    """Write a stretch of a simulated session, with first crack in its last third."""
    plan = plan_roast(6, HELD_OUT, first_crack=True)
    assert plan.onset_s is not None
    length_s = 60.0 * minutes
    start_s = plan.onset_s - 2 / 3 * length_s
    roast = render_roast(plan, excerpt_s=(max(0.0, start_s), max(0.0, start_s) + length_s))
    write_wav(path, roast.pcm, roast.rate_hz)


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
    chosen = options(__doc__.splitlines()[0], "roast", block_ms=100)
    with tempfile.TemporaryDirectory(prefix="live-roast-") as name:
        folder = Path(name)
        simulate(chosen.minutes, folder / "roast.wav")
        with virtual_microphone(folder / "card", RATE_HZ) as environment:
            arguments = ["--device", "virtmic", "--save", str(folder), "--bundle", chosen.bundle]
            arguments += ["--block-ms", str(chosen.block_ms)]
            player = subprocess.Popen([VIRTUAL_MIC, "play", folder / "roast.wav"], env=environment)
            try:
                lines, share = listen(60.0 * chosen.minutes, arguments, environment, "roast")
            finally:
                player.terminate()
                player.wait()
    summary = lines[-1][1]
    delays = delays_s(lines)
    bundle = Bundle.load(chosen.bundle)
    print(f"bundle {bundle.name} {bundle.version}, blocks of {chosen.block_ms} ms, {summary['duration_s']:.0f} s heard")
    print(f"cracks {len(summary['cracks'])}, first crack {summary['first_crack']}")
    health = last_health(lines, share)
    print(f"lost {health['lost_s']} s, dropped blocks {health['dropped_blocks']}, overflows {health['overflows']}")
    if len(delays):
        print(f"event delay: median {np.median(delays):.3f} s, largest {delays.max():.3f} s ({len(delays)} events)")


if __name__ == "__main__":
    main()
