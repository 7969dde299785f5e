"""The C sources themselves: strictly C99, clean under the sanitizers, and exact however they are compiled."""

import ctypes
import subprocess

import pytest
from made_signals import signals

from acoustic.export.compilers import SANITIZER_FLAGS, STRICT_FLAGS, compile_c
from acoustic.export.front_end import SOURCES, FrontEndReplay
from acoustic.export.qemu.emulator import RUNTIME
from acoustic.frontend import FrontEnd
from acoustic.frontend.logarithm import EXP2_POLYNOMIAL, LOG2_POLYNOMIAL
from acoustic.frontend.windows import WindowPair
from acoustic.native import build

SPEECH = FrontEnd(rate_hz=16000, frame_samples=400, hop_samples=161, n_fft=512, n_mels=40, fmin_hz=20, fmax_hz=8000)
MAGNITUDE = FrontEnd(
    rate_hz=16000, frame_samples=6, hop_samples=5, n_fft=16, n_mels=2, fmin_hz=0, fmax_hz=8000, power=1
)


@pytest.mark.parametrize("lanes", [1, 16])
def test_strict_c99(compiler, lanes, tmp_path):
    # Vectors wider than the processor's are passed by inlined functions only.
    flags = [*STRICT_FLAGS, "-Wextra", "-Wno-psabi", "-O3", f"-DACOUSTIC_LANES={lanes}", "-shared", "-fPIC"]
    compile_c([compiler], [build.HERE / "_python.c", *SOURCES], tmp_path / "core.so", flags=flags)


@pytest.mark.parametrize(
    ("fe", "windows", "block", "lanes"),
    [(SPEECH, WindowPair.asymmetric(256, 128, 64), 7, 1), (MAGNITUDE, WindowPair.asymmetric(32, 10, 1), 500, 4)],
)
def test_sanitizers_find_nothing(compiler, fe, windows, block, lanes, tmp_path):
    replay = FrontEndReplay(fe=fe, windows=windows, block_samples=block)
    flags = [*STRICT_FLAGS, *SANITIZER_FLAGS, "-fno-math-errno", f"-DACOUSTIC_LANES={lanes}"]
    program = tmp_path / "program"
    sources = [*replay.write(tmp_path), RUNTIME / "host.c"]
    compile_c([compiler], sources, program, flags=flags, include=[*replay.include, tmp_path])
    pcm = signals(2000)["bursts"]
    done = subprocess.run([program], input=pcm.tobytes(), capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout == replay.expected(pcm)


def test_sums_of_products_are_not_fused(compiler, libraries, tmp_path):
    if 8 not in libraries:
        pytest.skip("needs a processor with AVX2 and FMA")
    # GCC fuses by itself in its own dialect of C.
    flags = ["-std=gnu11", "-O3", "-mavx2", "-mfma", "-DACOUSTIC_LANES=8", "-shared", "-fPIC"]
    compile_c([compiler], [build.HERE / "_python.c", *SOURCES], tmp_path / "core.so", flags=flags)
    listing = subprocess.run(["objdump", "-d", tmp_path / "core.so"], capture_output=True, text=True, check=True).stdout
    assert "vmulps" in listing
    assert "vfm" not in listing
    assert ctypes.CDLL(str(tmp_path / "core.so")).acoustic_core_rounds_twice() == 1


def test_what_would_change_bytes_is_refused(compiler):
    command = [compiler, "-ffast-math", "-fsyntax-only", f"-I{build.HERE}", build.HERE / "acoustic_fft.c"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode != 0
    assert "-ffast-math" in result.stderr


def test_polynomials_are_those_of_the_definition():
    text = (build.HERE / "acoustic_math.h").read_text(encoding="utf-8")
    literals = [float.fromhex(word.strip("(+;,)").removesuffix("f")) for word in text.split() if "0x1." in word]
    assert literals == [*LOG2_POLYNOMIAL[::-1], *EXP2_POLYNOMIAL[::-1]]
