"""Every ``>>>`` example of the code and of the pages runs and gives what is printed below it."""

import doctest
import re
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: Folder of each package, and its name.
PACKAGES = {"acoustic": "acoustic", "apps": "acoustic_apps"}
PROMPT = re.compile(r"^\s*>>> ", re.MULTILINE)


FILES = [*(path for folder in PACKAGES for path in (ROOT / folder).rglob("*.py")), *ROOT.glob("*.md")]
FILES += [*ROOT.glob("docs/**/*.md"), *ROOT.glob("data/**/*.md")]
EXAMPLES = sorted(path for path in FILES if PROMPT.search(path.read_text(encoding="utf-8")))


def examples(path: Path) -> list[doctest.DocTest]:
    """Give the examples of a module or of a page."""
    if path.suffix == ".md":
        # A fence that ends a block of code is no output.
        text = re.sub(r"^\s*```.*$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
        return [doctest.DocTestParser().get_doctest(text, {}, path.name, str(path), 0)]
    package, *rest = path.relative_to(ROOT).with_suffix("").parts
    return doctest.DocTestFinder().find(import_module(".".join([PACKAGES[package], *rest]).removesuffix(".__init__")))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_examples_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"doctest:.*\+SKIP", text)
    runner = doctest.DocTestRunner()
    for test in examples(path):
        runner.run(test)
    assert runner.failures == 0
    assert runner.tries == len(PROMPT.findall(text)), "doctest finds docstrings of modules, classes and functions only"
