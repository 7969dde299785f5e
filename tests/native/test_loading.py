"""Which core Python computes with, and when it does without."""

import subprocess
import sys
from pathlib import Path

import pytest

from acoustic import native
from acoustic.native import build


@pytest.fixture(scope="module")
def built(compiler: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    assert [path.stem for path in build.build(folder)] == list(build.variants())
    return folder


@pytest.fixture(autouse=True)
def fresh_search(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("ACOUSTIC_NATIVE", raising=False)
    native._search.cache_clear()
    yield
    native._search.cache_clear()


def test_widest_core_that_fits_is_taken(built, monkeypatch):
    monkeypatch.setattr(native, "HERE", built)
    core = native.core()
    assert core is not None
    assert core.acoustic_core_lanes() == (8 if core.acoustic_cpu_has_avx2() else 4)
    assert native.status() == f"compiled core, {core.acoustic_core_lanes()} frames side by side"


def test_an_application_s_library_holds_its_c_too(compiler, tmp_path, monkeypatch):
    home = tmp_path / "app" / "csrc"
    (home / "python").mkdir(parents=True)
    (home / "acoustic_app.h").write_text("int acoustic_app(void);\n")
    (home / "acoustic_app.c").write_text('#include "acoustic_app.h"\nint acoustic_app(void) { return 42; }\n')
    glue = '#include "acoustic_app.h"\nint app_lanes(void);\nint app_lanes(void) { return acoustic_app() + LANES; }\n'
    (home / "python" / "_app.c").write_text(f'#include "acoustic_lanes.h"\n#define LANES ACOUSTIC_LANES\n{glue}')
    assert build.applications(tmp_path) == [home]
    assert build.build(home)
    library = native.core(home)
    assert library is not None
    assert (library.app_lanes(), library.acoustic_core_rounds_twice()) == (43, 1)
    assert native.status(home) == "compiled core, frame by frame"
    (home / "acoustic_app.c").write_text("")
    native._search.cache_clear()
    assert native.core(home) is None
    assert "older than its sources" in native.status(home)


def test_environment_switches_it_off(built, monkeypatch):
    monkeypatch.setattr(native, "HERE", built)
    monkeypatch.setenv("ACOUSTIC_NATIVE", "0")
    assert native.core() is None
    assert "ACOUSTIC_NATIVE=0" in native.status()


def test_not_built(tmp_path, monkeypatch):
    monkeypatch.setattr(native, "HERE", tmp_path)
    assert native.core() is None
    assert "not built" in native.status()


def test_damaged(tmp_path):
    (tmp_path / "_core.so").write_bytes(b"not a library")
    assert "cannot be loaded" in native.load(tmp_path / "_core.so")[1]


def test_older_than_its_sources(built, monkeypatch):
    monkeypatch.setattr(native, "digest", lambda folder: "another")
    assert native.load(built / "_core.so") == (None, "the compiled core is older than its sources")


def test_of_another_arithmetic(built, monkeypatch):
    monkeypatch.setattr(native, "ARITHMETIC_VERSION", native.ARITHMETIC_VERSION + 1)
    assert native.load(built / "_core.so") == (None, "the compiled core computes with another arithmetic")


@pytest.mark.parametrize("command", ["false", sys.executable])
def test_nothing_is_built_by_what_is_no_compiler(command, tmp_path, monkeypatch):
    monkeypatch.setattr(build, "compiler", lambda: command)
    assert build.build(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_built_without_a_compiler(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    assert build.build(tmp_path) == []


def test_build_needs_the_standard_library_alone(tmp_path):
    code = f"import runpy; runpy.run_path({str(build.HERE / 'build.py')!r})"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, check=True)
