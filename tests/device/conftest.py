import ctypes
import os
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from acoustic import device
from acoustic.device import build

STRICT = ["-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes"]


@pytest.fixture(scope="session")
def compiler() -> str:
    command = build.compiler()
    if command is None:
        pytest.skip("needs a C compiler: apt-get install gcc libc6-dev")
    return command


@pytest.fixture(scope="session")
def compile_c(compiler: str) -> Callable[[Path, Sequence[str | Path]], None]:
    """Compile the core, strictly, with whatever is added, into a file."""

    def compile_core(made: Path, options: Sequence[str | Path]) -> None:
        command = [compiler, *build.ARITHMETIC_FLAGS, *STRICT, "-Werror", f"-I{build.HERE}", "-o", made, *options]
        result = subprocess.run([*command, *build.sources()], capture_output=True, text=True)
        assert result.returncode == 0, result.stderr

    return compile_core


@pytest.fixture(scope="session")
def libraries(
    compile_c: Callable[[Path, Sequence[str | Path]], None], tmp_path_factory: pytest.TempPathFactory
) -> dict[int, ctypes.CDLL]:
    """The core by the number of frames side by side: one as on a microcontroller, and what Python uses."""
    folder = tmp_path_factory.mktemp("core")
    wanted = {"_single": ("-DACOUSTIC_LANES=1",), **build.variants()}
    found = {}
    for name, flags in wanted.items():
        options = ["-O3", "-shared", "-fPIC", f'-DACOUSTIC_DIGEST="{build.digest()}"', *flags, build.HERE / "_python.c"]
        compile_c(folder / f"{name}.so", options)
        library, complaint = device.load(folder / f"{name}.so")
        assert library is not None, complaint
        found[library.acoustic_core_lanes()] = library
    if 8 in found and not found[1].acoustic_cpu_has_avx2():
        del found[8]
    return found


@pytest.fixture(params=[1, 4, 8], ids=lambda lanes: f"{lanes} lanes")
def core(request: pytest.FixtureRequest, libraries: dict[int, ctypes.CDLL], monkeypatch: pytest.MonkeyPatch):
    """The core, which the front end computes with unless it is told to use NumPy."""
    if request.param not in libraries:
        pytest.skip("this processor has no AVX2")
    library = libraries[request.param]
    monkeypatch.setattr(device, "core", lambda: library if os.environ.get("ACOUSTIC_NATIVE") != "0" else None)
    return library
