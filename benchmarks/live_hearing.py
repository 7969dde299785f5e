"""Listens through the hearing aid for some minutes; prints lost blocks, load, delays, and whether the sound is right.

    python -m benchmarks.live_hearing --minutes 10

A simulated voice in noise goes from a virtual microphone to a virtual loudspeaker, which is recorded. Three things
must be equal to the byte: what was spoken and what the program heard, what came of it and what ``enhance`` makes of
the same sound, and what came of it and what the loudspeaker played. Needs what ``tests/virtual_mic.sh`` needs.
"""

import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from acoustic.audio import write_wav
from benchmarks.live import ACOUSTIC, VIRTUAL_MIC, last_health, listen, options, virtual_microphone

RATE_HZ = 16000
#: The ramp at the start is over after this.
QUIET_S = 2.0
#: So much at the end may not have been played when the program was told to stop.
END_S = 2.0


def simulate(minutes: float) -> np.ndarray:
    """Voice in noise that changes slowly, int16; silence first."""
    n_samples = round(60.0 * minutes * RATE_HZ)
    rng = np.random.default_rng(5)
    t = np.arange(n_samples) / RATE_HZ
    pitch = 2 * np.pi * np.cumsum(140.0 + 25.0 * np.sin(2 * np.pi * 0.7 * t)) / RATE_HZ
    voice = sum(np.sin(k * pitch) / k for k in range(1, 20)) * np.clip(np.sin(2 * np.pi * 2.1 * t), 0.0, None)
    noise = rng.normal(0.0, 400.0, n_samples) * (1.0 + 0.5 * np.sin(2 * np.pi * 0.05 * t))
    spoken = np.clip(np.rint(3000.0 * voice + noise), -32768, 32767).astype(np.int16)
    spoken[: round(QUIET_S * RATE_HZ)] = 0
    return spoken


def holds(whole: np.ndarray, part: np.ndarray) -> bool:
    """Whether a stretch of ``whole`` is equal to ``part``, which begins with sound that comes but once."""
    probe = part[:64]
    starts = np.flatnonzero(whole[: max(0, len(whole) - len(part) + 1)] == probe[0])
    starts = [start for start in starts if np.array_equal(whole[start : start + 64], probe)]
    return any(np.array_equal(whole[start : start + len(part)], part) for start in starts)


def read(path: Path) -> np.ndarray:
    """Read an int16 mono WAV file."""
    return soundfile.read(path, dtype="int16")[0]


def main() -> None:
    """Run the benchmark."""
    chosen = options(__doc__.splitlines()[0], "hearing", buffer_ms=200)
    seconds = 60.0 * chosen.minutes
    with tempfile.TemporaryDirectory(prefix="live-hearing-") as name:
        folder = Path(name)
        spoken = simulate(chosen.minutes)
        write_wav(folder / "spoken.wav", spoken, RATE_HZ)
        with virtual_microphone(folder / "card", RATE_HZ) as environment:
            helpers = [
                subprocess.Popen([VIRTUAL_MIC, *words], env=environment)
                for words in (("listen", folder / "played.wav"), ("play", folder / "spoken.wav"))
            ]
            try:
                arguments = ["--device", "virtmic", "--out", "virtspk", "--save", str(folder / "kept")]
                arguments += ["--buffer-ms", str(chosen.buffer_ms), "--bundle", chosen.bundle]
                lines, share = listen(seconds, arguments, environment, "hearing")
                time.sleep(1.0)
            finally:
                for helper in helpers:
                    helper.terminate()
                    helper.wait()
        [made] = (folder / "kept").glob("*.out.wav")
        heard = made.with_name(made.name.replace(".out.wav", ".wav"))
        result = folder / "enhanced.wav"
        subprocess.run(
            [*ACOUSTIC, "hearing", "enhance", heard, "-o", result, "--bundle", chosen.bundle],
            check=True,
            stdout=subprocess.PIPE,
        )
        start, end = np.flatnonzero(read(heard))[[0, -1]]
        checks = {
            "what was spoken was heard": holds(spoken, read(heard)[start : end - round(END_S * RATE_HZ)]),
            "what came of it is what enhance makes": made.read_bytes() == result.read_bytes(),
            "what came of it was played": holds(
                read(folder / "played.wav"), read(made)[start + round(QUIET_S * RATE_HZ) : end - round(END_S * RATE_HZ)]
            ),
        }
    print(f"bundle {lines[0][1]['bundle']} {lines[0][1]['version']}")
    health = last_health(lines, share)
    print(f"delay {health['latency_ms']:g} ms algorithm, {health['buffer_ms']:g} ms buffers")
    print(
        f"lost blocks {health['lost_blocks']}: input {health['overflows'] + health['dropped_blocks']}, "
        f"output {health['underruns']}, drift {health['dropped'] + health['repeated']}"
    )
    for words, holds_true in checks.items():
        print(f"{words}: {'yes, every byte' if holds_true else 'NO'}")


if __name__ == "__main__":
    main()
