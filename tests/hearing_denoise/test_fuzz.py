"""The public functions of the firmware, in any order and with any sound, under the sanitizers."""

from pathlib import Path

from fuzzing import INPUTS, build_target, feed, write_content

from acoustic.export.content import load_content

TARGET = Path(__file__).parent / "programs" / "fuzz.c"


def test_no_input_breaks_the_firmware(tmp_path: Path) -> None:
    program = build_target(TARGET, write_content(load_content("hearing"), tmp_path), tmp_path)
    # It computes much for each sample.
    assert feed(program, INPUTS // 5) > INPUTS
