"""The examples of docs/python.md run in order, and print what the page says."""

import re
import shlex
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parent.parent / "docs" / "python.md"
ACOUSTIC = Path(sys.executable).with_name("acoustic")
BLOCK = re.compile(r"(<!-- not run: [^\n]*-->\n)?```(\w*)\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", re.DOTALL)


def test_examples_print_what_the_page_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pandas")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) > 10
    for skipped, language, code, expected in blocks:
        if language == "console":
            program, *words = shlex.split(code)
            assert program == "acoustic"
            subprocess.run([ACOUSTIC, *words], check=True, capture_output=True, timeout=120)
        elif not skipped:
            assert language == "python", code
            with redirect_stdout(StringIO()) as printed:
                exec(compile(code, str(PAGE), "exec"), names)
            assert printed.getvalue() == expected, code
    assert (tmp_path / "roast.png").read_bytes().startswith(b"\x89PNG")
    assert sum(bool(skipped) for skipped, *_ in blocks) == 1
