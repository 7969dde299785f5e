import ctypes

import pytest

from acoustic import native
from acoustic.export.compilers import STRICT_FLAGS, compile_c
from acoustic.export.front_end import SOURCES as FRONT_END
from acoustic.native import build


@pytest.fixture(scope="session")
def compiler() -> str:
    command = build.compiler()
    if command is None:
        pytest.skip("needs a C compiler: apt-get install gcc libc6-dev")
    return command


@pytest.fixture(scope="session")
def libraries(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> dict[int, ctypes.CDLL]:
    """The core by the number of frames side by side: one as on a microcontroller, and what Python uses."""
    folder = tmp_path_factory.mktemp("core")
    wanted = {"_single": ("-DACOUSTIC_LANES=1",), **build.variants()}
    found = {}
    for name, flags in wanted.items():
        options = [
            *STRICT_FLAGS,
            *build.PYTHON_FLAGS,
            "-fno-math-errno",
            f'-DACOUSTIC_DIGEST="{build.digest()}"',
            *flags,
        ]
        compile_c([compiler], [build.HERE / "_python.c", *FRONT_END], folder / f"{name}.so", flags=options)
        library, complaint = native.load(folder / f"{name}.so")
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
    monkeypatch.setattr(native, "core", lambda: library if native.backend() == "compiled" else None)
    return library
