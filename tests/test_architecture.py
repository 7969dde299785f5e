"""Imports point downward only, and the command line starts without anything slow."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
SOURCES = sorted([*CHECKOUT.glob("acoustic/**/*.py"), *CHECKOUT.glob("apps/**/*.py")])

# Lowest first. A module may import from its own layer and from those before it.
LAYERS = [
    {
        "acoustic.errors",
        "acoustic",
        "acoustic.extras",
        "acoustic.files",
        "acoustic.statistics",
        "acoustic.native",
        "acoustic.progress",
    },
    {"acoustic.records", "acoustic.text"},
    {"acoustic.frontend", "acoustic.audio", "acoustic.download"},
    {"acoustic.signals"},
    {"acoustic.model", "acoustic.datasets"},
    {"acoustic.firmware"},
    {"acoustic.application"},
    {"acoustic.train", "acoustic.export", "acoustic.plot"},
    {"acoustic.links"},
    {"acoustic.score", "acoustic.live"},
    {"acoustic.api"},
    {"acoustic.doctor", "acoustic.evaluation", "acoustic.testing"},
    {"acoustic.commands"},
    {"acoustic.cli"},
    {"acoustic.__main__"},
]
SLOW = {
    "keras",
    "librosa",
    "matplotlib",
    "numba",
    "pyarrow",
    "scipy",
    "sounddevice",
    "soundfile",
    "soxr",
    "tensorflow",
}


def module_name(path: Path) -> str:
    parts = path.relative_to(CHECKOUT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_modules(path: Path) -> set[str]:
    """Everything a file imports, at the top or inside functions; only applications use relative imports."""
    found = set()
    package = list(path.relative_to(CHECKOUT).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert (node.level > 0) <= (package[0] == "apps"), f"{path}: relative import"
            above = package[: len(package) + 1 - node.level] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            found |= {f"{module}.{alias.name}" for alias in node.names}
    return found


def layer(module: str) -> int:
    """Index of the layer that owns a module: that of its longest listed prefix."""
    owners = [(len(name), index) for index, names in enumerate(LAYERS) for name in names if _within(module, name)]
    return max(owners)[1]


def _within(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def test_every_package_has_a_layer() -> None:
    listed = set().union(*LAYERS)
    parts = {
        ".".join(module_name(path).split(".")[:2]) for path in SOURCES if path.is_relative_to(CHECKOUT / "acoustic")
    }
    assert parts <= listed, f"give these a layer: {sorted(parts - listed)}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_imports_point_downward(path: Path) -> None:
    module = module_name(path)
    ours = {name for name in imported_modules(path) if name.split(".")[0] in {"acoustic", "acoustic_apps", "apps"}}
    assert not {name for name in ours if _within(name, "acoustic_apps")}, f"{module}: applications import relatively"
    if _within(module, "apps"):
        app = ".".join(module.split(".")[:2])
        foreign = {name for name in ours if _within(name, "apps") and not _within(name, app)}
        assert not foreign, f"{module} imports another app: {sorted(foreign)}"
        return
    assert not {name for name in ours if _within(name, "apps")}, f"{module} imports an app"
    if module == "acoustic":
        return  # its public names come from above, when they are first used: see tests/test_api.py
    upward = {name for name in ours if layer(name) > layer(module)}
    assert not upward, f"{module} imports upward: {sorted(upward)}"


def test_only_training_imports_tensorflow() -> None:
    allowed = ("acoustic.train", "apps.")
    users = {module_name(path) for path in SOURCES if any(_within(m, "tensorflow") for m in imported_modules(path))}
    assert not {user for user in users if not user.startswith(allowed)}


def test_front_end_depends_on_numpy_alone() -> None:
    for path in CHECKOUT.glob("acoustic/frontend/*.py"):
        roots = {name.split(".")[0] for name in imported_modules(path)}
        assert roots <= {*sys.stdlib_module_names, "numpy", "acoustic"}, path


POSIX_ONLY = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "termios", "tty"}
POSIX_SIGNALS = {
    "SIGALRM",
    "SIGCHLD",
    "SIGHUP",
    "SIGKILL",
    "SIGPIPE",
    "SIGQUIT",
    "SIGUSR1",
    "SIGUSR2",
    "pthread_sigmask",
}


def run_at_import(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Everything that importing a module evaluates: not what is inside functions, nor under a check of the platform."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from node.decorator_list
            yield from node.args.defaults
        elif isinstance(node, ast.ClassDef):
            yield from run_at_import(node.body)
        elif not (isinstance(node, ast.If) and "platform" in ast.unparse(node.test)):
            yield from ast.walk(node)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_nothing_of_posix_alone_is_needed_to_start(path: Path) -> None:
    for node in run_at_import(ast.parse(path.read_text(encoding="utf-8")).body):
        if isinstance(node, ast.Import):
            assert not {alias.name for alias in node.names} & POSIX_ONLY, ast.unparse(node)
        elif isinstance(node, ast.ImportFrom):
            assert node.module not in POSIX_ONLY, ast.unparse(node)
            assert not {alias.name for alias in node.names} & POSIX_SIGNALS, ast.unparse(node)
        elif isinstance(node, ast.Attribute):
            assert node.attr not in POSIX_SIGNALS, ast.unparse(node)


def modules_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(' '.join(sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in result.stdout.split()}


def test_command_line_imports_nothing_slow() -> None:
    loaded = modules_after("import acoustic.cli")
    assert not loaded & SLOW
    assert "typer" in loaded  # the probe itself works
