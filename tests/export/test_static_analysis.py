"""cppcheck finds nothing in the C: the core's, each application's, and what is generated."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from acoustic.export.content import load_content
from acoustic.export.network import KERNEL_FOLDER
from acoustic.native.build import HERE as NATIVE

#: A right shift of a negative number repeats its sign with every compiler; the boards' tests prove it on each.
SUPPRESSED = ("shiftTooManyBitsSigned",)
LONG_ARRAY = re.compile(r"(\] = \{\n)(?:[^{}]*\n){2,}(\};)")


def complaints(paths: list[Path], *include: Path) -> str:
    if shutil.which("cppcheck") is None:
        pytest.skip("needs cppcheck: apt-get install cppcheck")
    command = [
        *("cppcheck", "--quiet", "--std=c99", "--enable=warning,performance,portability", "--error-exitcode=1"),
        *(f"--suppress={name}" for name in SUPPRESSED),
        *(word for folder in include for word in ("-I", str(folder))),
        *map(str, paths),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode in (0, 1), done.stdout
    return done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("folder", [NATIVE, KERNEL_FOLDER], ids=["front end", "kernels"])
def test_nothing_in_the_core(folder: Path) -> None:
    assert complaints(sorted(folder.glob("*.c")), NATIVE, KERNEL_FOLDER) == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["roast", "turbine", "hearing"])
def test_nothing_in_an_application(name: str, tmp_path: Path) -> None:
    content = load_content(name)
    assert content.firmware is not None
    for file, text in content.sources.items():
        # Numbers of weights and tables are no code, and take it minutes.
        (tmp_path / file).write_text(LONG_ARRAY.sub(r"\g<1>    0,\n\g<2>", text), encoding="utf-8")
    own = [*content.firmware.sources, *(f"{network}.c" for network in content.networks)]
    paths = [tmp_path / file for file in own if file.endswith(".c")]
    assert len(paths) >= 3
    assert complaints(paths, tmp_path) == ""


def test_faults_are_found(tmp_path: Path) -> None:
    path = tmp_path / "fault.c"
    path.write_text("int f(void)\n{\n    int a[3] = {0};\n    return a[3];\n}\n", encoding="utf-8")
    assert "arrayIndexOutOfBounds" in complaints([path])
