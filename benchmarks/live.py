"""What the benchmarks of live sound share: a virtual sound card, ``listen`` with its events timed, and figures."""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VIRTUAL_MIC = Path(__file__).parent.parent / "tests" / "virtual_mic.sh"
ACOUSTIC = [sys.executable, "-m", "acoustic"]


def options(title: str, bundle: str, **numbers: int) -> argparse.Namespace:
    """Read the options of a benchmark: minutes, bundle, and whole numbers by name with their defaults."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--bundle", default=bundle)
    for name, default in numbers.items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, default=default)
    return parser.parse_args()


@contextmanager
def virtual_microphone(folder: Path, rate_hz: int) -> Iterator[dict[str, str]]:
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


def listen(
    seconds: float, arguments: list[str], environment: dict[str, str], application: str
) -> tuple[list[tuple[float, dict]], float]:
    """Run an application's ``listen`` for a while; return its events with their moments, and its share of a core."""
    command = [*ACOUSTIC, application, "listen", "--json", *arguments]
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


def last_health(lines: list[tuple[float, dict]], share: float) -> dict:
    """Return the last health event; print load and lag."""
    health = next(row for _, row in reversed(lines) if row["event"] == "health")
    print(f"CPU {share:.1%} of a core, real-time factor {health['realtime_factor']:.1%}")
    print(f"lag at the end {health['lag_s']} s, largest {health['max_lag_s']} s")
    return health
