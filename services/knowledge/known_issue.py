"""What a known issue's Markdown says of where it stands: its headings `Workaround` and `Solution` tell. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from projections.likeness import folded

_HEADING = re.compile(r"#{1,6}[ \t]+(\S.*)")
_FENCES = ("```", "~~~")
_WORKAROUND = ("workaround", "meanwhile", "what you can do meanwhile", "solucion provisional", "mientras tanto")
_SOLUTION = ("solution", "solved", "fixed", "solucion", "solucionad", "resuelt", "corregid")


@dataclass(frozen=True, slots=True)
class KnownIssue:
    """`first`: what to read before all else, its solution or, as long as there is none, what helps meanwhile."""

    solved: bool
    first: str
    rest: str


def read(body: str) -> KnownIssue:
    """A heading named `Solution`, or that begins with `Solved`, `Fixed`, `Solución`… says that it is solved."""
    solution, workaround, rest = list[str](), list[str](), list[str]()
    into, fenced = rest, False
    for line in body.split("\n"):
        fenced ^= line.lstrip().startswith(_FENCES)
        heading = None if fenced else _HEADING.fullmatch(line.rstrip())
        if heading:
            said = folded(heading[1])
            into = workaround if said.startswith(_WORKAROUND) else solution if said.startswith(_SOLUTION) else rest
        into.append(line)
    told, helps = "\n".join(solution).strip(), "\n".join(workaround).strip()
    left = "\n".join([*workaround, *rest] if told else rest).strip()
    return KnownIssue(solved=bool(told), first=told or helps, rest=left)
