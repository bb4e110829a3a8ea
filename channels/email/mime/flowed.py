"""Text whose lines were broken to be put together again: RFC 3676. Linear in the text. Below parts.py."""

from __future__ import annotations

import re

_SIGNATURE = "-- "
_DEPTH = re.compile(">*")
_DEPTH_MAX = 20


def joined(text: str, *, delete_space: bool) -> str:
    """Paragraphs as one line each, quoted ones behind `> `. `delete_space`: DelSp=yes, for scripts without spaces."""
    lines: list[str] = []
    open_depth: int | None = None  # that of the paragraph the next line may go on with
    pieces: list[str] = []
    for line in text.split("\n"):
        depth, content = _parted(line)
        if open_depth is not None and (depth != open_depth or content == _SIGNATURE):
            _end(lines, pieces, open_depth)
            open_depth = None
        flows = content.endswith(" ") and content != _SIGNATURE
        pieces.append(content[:-1] if flows and delete_space else content)
        if flows:
            open_depth = depth
        else:
            _end(lines, pieces, depth)
            open_depth = None
    if pieces:
        _end(lines, pieces, open_depth or 0)
    return "\n".join(lines)


def _parted(line: str) -> tuple[int, str]:
    """Its quote depth, and its content without the space it was stuffed with."""
    found = _DEPTH.match(line)
    depth = found.end() if found else 0
    return depth, line[depth:].removeprefix(" ")


def _end(lines: list[str], pieces: list[str], depth: int) -> None:
    content = "".join(pieces)
    pieces.clear()
    mark = ">" * min(depth, _DEPTH_MAX)
    lines.append(f"{mark} {content}" if mark and content else mark or content)
