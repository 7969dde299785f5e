"""The files around the C: build files of the usual SDKs, and example programs.

``library`` makes the exported folder a library for each of them; ``examples`` are programs that use it. Words between
at signs in them are replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import acoustic
from acoustic.errors import ExportError
from acoustic.export.content import LICENCE, Content
from acoustic.export.qemu.boards import BOARDS, Board
from acoustic.export.qemu.emulator import RUNTIME, linker_script

HERE = Path(__file__).parent
BLOCK_MS = 16
"""Of the examples: short enough for small memories, long enough for one interrupt each."""
STACK_BYTES = 4096
_WORD = re.compile(r"@([a-z_]+)@")
_LISTENERS = ("arduino_microphone", "esp_idf_microphone/main", "zephyr_microphone/src", "qemu")
"""Examples, where their C lies."""


def project_files(content: Content) -> dict[str, str]:
    """Return every file around the C: path below the exported folder to text."""
    words = _words(content)
    files = _filled("library", "", words)
    if content.firmware and content.firmware.listen:
        shared = files_of("examples")
        for path, text in shared.items():
            if path != "listen.h":
                files[f"examples/{path}"] = fill(text, words)
        for folder in _LISTENERS:
            files[f"examples/{folder}/listen.h"] = shared["listen.h"]
            files[f"examples/{folder}/listen.c"] = content.firmware.listen
        files |= {f"examples/qemu/{path}": text for path, text in _board_files().items()}
    return files


def files_of(folder: str) -> dict[str, str]:
    """Texts of a folder of templates, by their path in it."""
    root = HERE / folder
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def fill(text: str, words: Mapping[str, str]) -> str:
    """Replace the words between at signs.

    Raises
    ------
    ExportError
        If one has no meaning.
    """

    def replaced(match: re.Match[str]) -> str:
        if match[1] not in words:
            raise ExportError(f"a template asks for {match[1]!r}, which nobody knows")
        return words[match[1]]

    return _WORD.sub(replaced, text)


def _filled(folder: str, below: str, words: Mapping[str, str]) -> dict[str, str]:
    return {str(PurePosixPath(below, path)): fill(text, words) for path, text in files_of(folder).items()}


def _words(content: Content) -> dict[str, str]:
    sources = [name for name in content.sources if name.endswith(".c")]
    firmware = content.firmware
    is_release = re.fullmatch(r"\d+\.\d+\.\d+", content.version)
    what = f"{firmware.application}: 16-bit sound in, events out" if firmware else f"int8 network {content.name}"
    return {
        "name": content.name,
        "upper": content.name.upper(),
        "version": content.version if is_release else acoustic.__version__,
        "header": content.header,
        "licence": LICENCE,
        "sentence": _plain(f"{what}, model {content.title}"),
        "paragraph": "C99 without allocation and libm, with the bytes that the Python package acoustic computes.",
        "cmake_sources": "\n".join(f"  src/{name}" for name in sources),
        "zephyr_sources": "\n".join(f"    ../src/{name}" for name in sources),
        "rate_hz": str(firmware.rate_hz) if firmware else "",
        "block_samples": str(firmware.rate_hz * BLOCK_MS // 1000) if firmware else "",
        "stack_bytes": str(STACK_BYTES),
        "boards": ", ".join(BOARDS),
        "board_settings": "\n".join(map(_board_settings, BOARDS.values())),
    }


def _plain(text: str) -> str:
    """Leave nothing that would end a string of JSON, YAML, Kconfig or a properties file."""
    return re.sub(r"[^\w .,:()/+-]", " ", text, flags=re.ASCII)


def _board_settings(board: Board) -> str:
    bios = " -bios none" if board.is_riscv else ""
    settings = {
        "PREFIX": board.prefix,
        "EMULATOR": board.emulator,
        "MACHINE": board.machine + bios,
        "FLAGS": " ".join(board.flags),
        "LIBRARIES": " ".join(board.libraries),
        "SHIFT": str(board.icount_shift),
    }
    return "".join(f"{key}_{board.name} = {value}\n" for key, value in settings.items())


def _board_files() -> dict[str, str]:
    """Collect what a program needs to start on an emulated board."""
    names = ("board.c", "board.h", "start_arm.c", "start_riscv.c", "no_libc/string.h")
    scripts = {f"{board.name}.ld": linker_script(board) for board in BOARDS.values()}
    return {name: (RUNTIME / name).read_text(encoding="utf-8") for name in names} | scripts
