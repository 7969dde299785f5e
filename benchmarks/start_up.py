"""How long `acoustic --help` takes, beside the smallest program of the same command-line library in the same run.

python -m benchmarks.start_up
"""

import resource
import subprocess
import sys

import numpy as np

ROUNDS = 10
OURS = (sys.executable, "-m", "acoustic", "--help")
RIVAL = (sys.executable, "-c", "import typer; typer.run(lambda: None)", "--help")


def processor_s(command: tuple[str, ...]) -> float:
    """Processor time of a whole process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Take turns, print the medians and their ratio."""
    ours, rival = np.median([[processor_s(OURS), processor_s(RIVAL)] for _ in range(ROUNDS + 1)][1:], axis=0)
    print(
        f"acoustic --help {ours:.3f} s of a processor; a program of one command {rival:.3f} s: {ours / rival:.2f} times"
    )


if __name__ == "__main__":
    main()
