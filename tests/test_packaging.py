"""What a user gets who installs the wheel: both packages, the cards, the bundles, the entry points."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import acoustic
from acoustic.native.build import compiler, variants

CHECKOUT = Path(__file__).parent.parent
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"), {})


def build_wheel(folder: Path, environment: dict[str, str]) -> Path:
    code = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    result = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        cwd=CHECKOUT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return folder / result.stdout.split()[-1]


@pytest.mark.slow
def test_wheel_holds_everything(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    wanted = {
        path.relative_to(CHECKOUT).as_posix().replace("apps/", "acoustic_apps/", package == "apps")
        for package in ("acoustic", "apps")
        for path in (CHECKOUT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".so"
    }
    assert wanted <= names
    assert {f"acoustic/cards/{path.name}" for path in (CHECKOUT / "data").glob("*.toml")} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"acoustic", "acoustic_apps"}


@pytest.mark.slow
def test_wheel_carries_the_compiled_core_where_there_is_a_compiler(wheel: Path) -> None:
    if compiler() is None:
        pytest.skip("needs a C compiler: apt-get install gcc libc6-dev")
    with zipfile.ZipFile(wheel) as archive:
        assert {f"acoustic/native/{name}.so" for name in variants()} <= set(archive.namelist())
    assert wheel.stem.split("-")[2:4] == ["py3", "none"]
    assert not wheel.stem.endswith("any")


@pytest.mark.slow
def test_wheel_is_pure_python_without_a_compiler(tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, {"CC": "no-compiler", "PATH": str(tmp_path)})
    assert wheel.stem.endswith("py3-none-any")
    with zipfile.ZipFile(wheel) as archive:
        assert not [name for name in archive.namelist() if name.endswith(".so")]


@pytest.mark.slow
def test_wheel_works_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    environment = {**os.environ, "PYTHONPATH": str(site)}
    environment.pop("ACOUSTIC_DATA", None)
    code = "import acoustic.cli, acoustic.datasets as d; print(acoustic.cli.__file__, len(d.cards()), d.data_root())"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    n_cards = len(list((CHECKOUT / "data").glob("*.toml")))
    assert result.stdout.split() == [str(site / "acoustic" / "cli.py"), str(n_cards), "None"]


def test_version_is_a_release_number() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", acoustic.__version__)


def test_every_application_ships_its_bundle() -> None:
    for name, target in PROJECT["entry-points"]["acoustic.applications"].items():
        folder = target.removeprefix("acoustic_apps.").partition(".")[0]
        assert (CHECKOUT / "apps" / folder / f"{name}.bundle").is_file()


def test_constraints_are_plain_versions_that_cover_the_project() -> None:
    lines = (CHECKOUT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in lines)
    pinned = {_normal(line.split("==")[0]) for line in lines}
    extras = PROJECT["optional-dependencies"]
    asked = {_normal(re.split(r"[\[>=<]", item)[0]) for item in [*PROJECT["dependencies"], *sum(extras.values(), [])]}
    assert asked - {"acoustic"} <= pinned


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
