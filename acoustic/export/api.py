"""The reference of a header, from its own comments."""

from __future__ import annotations

import re
from collections.abc import Iterator

_BLOCK = re.compile(r"/\*(?P<comment>.*?)\*/\n(?P<code>.*)", re.DOTALL)
_HEADING = re.compile(r"-{4}\s*(.*?)\s*-{4}")
_NOISE = re.compile(r'#ifndef \w+_H\b.*|#define \w+_H$|#ifdef __cplusplus|extern "C" \{|#endif.*|\}|#include .*')


def reference(header: str, text: str) -> str:
    """Write the Markdown reference of a C header: its comments as text, the declarations below them as code."""
    return "\n\n".join([f"# `{header}`", *_parts(text)]) + "\n"


def _parts(text: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n(?=\S)", text):
        lines = [line for line in block.splitlines() if not _NOISE.fullmatch(line.strip()) or line.startswith(" ")]
        kept = "\n".join(lines).strip()
        match = _BLOCK.match(kept + "\n")
        if not match:
            if kept:
                yield f"```c\n{kept}\n```"
            continue
        comment = _prose(match["comment"])
        if heading := _HEADING.fullmatch(comment):
            yield f"## {heading[1]}"
        elif comment:
            yield comment
        if code := match["code"].strip():
            yield from _parts(code) if code.startswith("/*") else [f"```c\n{code}\n```"]


def _prose(comment: str) -> str:
    """Take the stars off; what is indented stays so, which Markdown takes for code."""
    return "\n".join(re.sub(r"^\s*\* ?", "", line) for line in comment.strip().splitlines()).strip()
