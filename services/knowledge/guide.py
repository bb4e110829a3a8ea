"""A guide: questions, one after another, that lead to an article or to a person. Pure: its Markdown read and walked.

    A word before the first question, if it helps.

    ## Does the program open?
    What helps to answer it; any Markdown.

    - Yes, but it is slow -> #slow
    - No, it shows an error -> article:6f2c7a4e-0d53-4a6b-9a35-0f6d0a4c2b11
    - Something else -> contact

    ## Since when is it slow? {#slow}
    …

A heading is a question, whatever its level; the first is where one begins. Its name is what stands in `{#…}`, else its
words in small letters with hyphens. An item of a list with `->` is an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from projections.likeness import folded
from schemas.errors import InvalidError

CONTACT = "contact"
_ARTICLE = "article:"
_HEADING = re.compile(r"#{1,6}[ \t]+(\S.*)")
_NAME = re.compile(r"([a-z0-9-]{1,80})\}")
_ITEM = re.compile(r"[-*][ \t]+")
_FENCES = ("```", "~~~")
_TOLD_MAX = 5


class Fault(StrEnum):
    """What keeps a text from being a guide."""

    NO_QUESTION = "no question: write one as a heading"
    NO_ANSWERS = "this question has no answers: list them as “- Answer -> #question”"
    NAME_TWICE = "two questions have this name: give one another, {#like-this}"
    NO_WORDS = "nothing is said here"
    NO_TARGET = "an answer leads to #question, article:ID or contact"
    NO_SUCH_QUESTION = "no question has this name"
    UNREACHED = "no answer leads to this question"
    ENDLESS = "no answer from here ever leads to an article or to contact"


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault, the line it stands in, counted from 1, and the words it is about."""

    line: int
    fault: Fault
    about: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one may answer. Leads to one of the three: the question `to`, an article, or (neither) a person."""

    words: str
    line: int
    to: str = ""
    article: UUID | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One page of the walk. `text`: the Markdown under the heading, without the answers."""

    name: str
    words: str
    line: int
    text: str
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """All of it, the first question first."""

    opening: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Walk:
    """How far somebody came. `question` None: at the end, an article or (None) a person."""

    taken: tuple[tuple[Question, Answer], ...]
    question: Question | None
    article: UUID | None = None


def read(body: str) -> tuple[Guide, list[Problem]]:
    """The guide, as far as it can be read, and all that is wrong with it, from above to below."""
    problems: list[Problem] = []
    opening, *parts = _parts(body)
    questions = tuple(_question(lines, first, problems) for first, lines in parts)
    problems.extend(_in_all(questions))
    return Guide("\n".join(opening[1]).strip(), questions), sorted(problems, key=lambda each: each.line)


def check(body: str) -> None:
    """Raises InvalidError, naming lines, where the text is no guide."""
    _, problems = read(body)
    if problems:
        told = [f"line {each.line}: {each.fault}{f' ({each.about})' if each.about else ''}" for each in problems]
        raise InvalidError("; ".join(told[:_TOLD_MAX]), field="body")


def walk(guide: Guide, way: Sequence[int]) -> Walk:
    """Where the answers taken lead: `way` counts them from 0, question by question. What leads nowhere is not taken."""
    by_name = {question.name: question for question in guide.questions}
    at, taken = guide.questions[0] if guide.questions else None, list[tuple[Question, Answer]]()
    for place in way:
        if at is None or not 0 <= place < len(at.answers):
            break
        answer = at.answers[place]
        taken.append((at, answer))
        if not answer.to or answer.to not in by_name:
            return Walk(tuple(taken), None, answer.article)
        at = by_name[answer.to]
    return Walk(tuple(taken), at)


def way_of(text: str, most: int = 50) -> tuple[int, ...]:
    """The answers taken as an address spells them: `0.2.1`."""
    return tuple(int(part) for part in text.split(".")[:most] if part.isdecimal() and len(part) <= 2)  # noqa: PLR2004 -- nobody offers a hundred answers


def told(taken: Sequence[tuple[Question, Answer]]) -> str:
    """The way somebody came, for who goes on helping them."""
    return "\n".join(f"{question.words} {answer.words}" for question, answer in taken)


def _parts(body: str) -> list[tuple[int, list[str]]]:
    """The lines above the first heading, then each heading with those below it, and where it stands."""
    found: list[tuple[int, list[str]]] = [(1, [])]
    fenced = False
    for number, line in enumerate(body.split("\n"), 1):
        fenced ^= line.lstrip().startswith(_FENCES)
        if not fenced and _HEADING.fullmatch(line.rstrip()):
            found.append((number, []))
        found[-1][1].append(line)
    return found


def _question(lines: Sequence[str], first: int, problems: list[Problem]) -> Question:
    heading = _HEADING.fullmatch(lines[0].rstrip())
    words = heading[1].strip() if heading else ""
    said, mark, named = words.rpartition("{#")
    given = _NAME.fullmatch(named)
    words, name = (said.rstrip(), given[1]) if mark and given else (words, _name(words))
    if not words:
        problems.append(Problem(first, Fault.NO_WORDS))
    text: list[str] = []
    answers: list[Answer] = []
    fenced = False
    for number, line in enumerate(lines[1:], first + 1):
        fenced ^= line.lstrip().startswith(_FENCES)
        item = None if fenced else _ITEM.match(line.strip())
        said, arrow, target = line.strip().rpartition("->")
        if item and arrow and len(target.split()) <= 1:
            answers.append(_answer(said[item.end() :].strip(), target.strip(), number, problems))
        else:
            text.append(line)
    if not answers:
        problems.append(Problem(first, Fault.NO_ANSWERS, words))
    return Question(name, words, first, "\n".join(text).strip(), tuple(answers))


def _answer(words: str, target: str, line: int, problems: list[Problem]) -> Answer:
    if not words:
        problems.append(Problem(line, Fault.NO_WORDS))
    if target.startswith("#") and len(target) > 1:
        return Answer(words, line, to=target[1:])
    if target.startswith(_ARTICLE):
        try:
            return Answer(words, line, article=UUID(target.removeprefix(_ARTICLE)))
        except ValueError:
            pass
    if target != CONTACT:
        problems.append(Problem(line, Fault.NO_TARGET, target or words))
    return Answer(words, line)


def _in_all(questions: Sequence[Question]) -> Iterator[Problem]:
    if not questions:
        yield Problem(1, Fault.NO_QUESTION)
        return
    by_name: dict[str, Question] = {}
    for question in questions:
        if question.name in by_name:
            yield Problem(question.line, Fault.NAME_TWICE, question.name)
        by_name.setdefault(question.name, question)
    for question in questions:
        for answer in question.answers:
            if answer.to and answer.to not in by_name:
                yield Problem(answer.line, Fault.NO_SUCH_QUESTION, f"#{answer.to}")
    leads = {question.name: {each.to for each in question.answers if each.to} for question in questions}
    reached = _closure({questions[0].name}, leads)
    ends = {question.name for question in questions if not all(answer.to for answer in question.answers)}
    backwards = {name: {each for each in by_name if name in leads[each]} for name in by_name}
    ending = _closure(ends, backwards)
    for question in questions:
        if question.name not in reached:
            yield Problem(question.line, Fault.UNREACHED, question.words)
        elif question.answers and question.name not in ending:
            yield Problem(question.line, Fault.ENDLESS, question.words)


def _closure(begin: set[str], leads: dict[str, set[str]]) -> set[str]:
    found, following = set(begin), list(begin)
    while following:
        new = leads.get(following.pop(), set()) - found
        found |= new
        following.extend(new)
    return found


def _name(words: str) -> str:
    return "-".join(re.findall(r"[a-z0-9]+", folded(words)))
