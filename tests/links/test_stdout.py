import json
import os
import sys
import threading
from typing import Any

import pytest

from acoustic.links import Stdout


def test_an_event_is_a_line_of_ascii_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    sink = Stdout()
    sink.open({"event": "start"})
    sink.event({"file": "caf\udce9 \u2028.wav"})
    first, second = capsys.readouterr().out.splitlines()
    assert (first, second.isascii()) == ('{"event":"start"}', True)
    assert json.loads(second) == {"file": "caf\udce9 \u2028.wav"}


def test_what_json_lacks_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="JSON"):
        Stdout().event({"level_dbfs": float("nan")})
    assert capsys.readouterr().out == ""


def test_a_pipe_that_does_not_block_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    read: list[bytes] = []
    with open(writing, "w") as stream, open(reading, "rb") as pipe:
        monkeypatch.setattr(sys, "stdout", stream)
        sink: Any = Stdout()
        reader = threading.Timer(0.2, lambda: read.append(pipe.read(300_000)))
        reader.start()
        sink.event({"text": "x" * 299_988})
        reader.join()
    assert json.loads(read[0]) == {"text": "x" * 299_988}
