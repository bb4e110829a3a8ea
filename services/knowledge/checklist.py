"""A checklist's steps, found in its Markdown: `- [ ] what to do`, and what is indented below it. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

_STEP = re.compile(r"(?:[-*]|\d{1,3}[.)])[ \t]+\[[ xX]?\][ \t]+(\S.*)")
_INDENT = 2


@dataclass(frozen=True, slots=True)
class Step:
    """`key`: the same as long as its words are, so that what was ticked stays so in a later edition."""

    key: str
    words: str
    below: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Words between steps, or steps in a row."""

    text: str = ""
    steps: tuple[Step, ...] = ()


def read(body: str) -> list[Part]:
    """The whole text in order."""
    parts: list[Part] = []
    for step, lines in _blocks(body):
        text = "\n".join(lines)
        if step is None:
            parts.extend([Part(text=text.strip())] if text.strip() else [])
            continue
        known = sum(1 for part in parts for each in part.steps if each.words == step)
        key = hashlib.sha256(f"{step}\n{known}".encode()).hexdigest()[:12]
        found = Step(key, step, "\n".join(line[_INDENT:].removeprefix("  ") for line in lines).strip())
        if parts and parts[-1].steps:
            parts[-1] = Part(steps=(*parts[-1].steps, found))
        else:
            parts.append(Part(steps=(found,)))
    return parts


def _blocks(body: str) -> Iterator[tuple[str | None, list[str]]]:
    """A step's words with the lines below it; None with the lines of other text."""
    step: str | None = None
    lines: list[str] = []
    for line in body.split("\n"):
        found = _STEP.fullmatch(line.rstrip())
        if found:
            yield step, lines
            step, lines = found[1].strip(), []
        elif step is not None and line.strip() and not line.startswith(" " * _INDENT):
            yield step, lines
            step, lines = None, [line]
        else:
            lines.append(line)
    yield step, lines
