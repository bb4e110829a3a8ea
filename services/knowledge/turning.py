"""An article made of an answer: the question and what was answered, without what belongs only to these two. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from channels.email.words.quotes import reply_of
from projections.likeness import folded
from services.knowledge.articles import BODY_MAX_CHARACTERS, TITLE_MAX_CHARACTERS

_GREETING_WORDS_MAX = 7
_CLOSING_LINES_MAX = 4
_CLOSING_WORDS_MAX = 8
_TITLE_CHARACTERS = 120
_SUBJECT_WORDS_MIN = 3
_CARD_LINES_MAX = 3

_GREETING = re.compile(
    r"(?:hola|buen[oa]s?\s+(?:dias?|tardes|noches)|buenas|estimad[oa]s?|querid[oa]s?|saludos|hi|hello|hey|dear"
    r"|good\s+(?:morning|afternoon|evening|day))\b"
)
_CLOSING = re.compile(
    r"(?:un\s+(?:cordial\s+)?saludo|saludos|cordialmente|atentamente|un\s+abrazo|quedo\s+a|quedamos\s+a|muchas\s+gracias"
    r"|gracias|(?:kind|best|warm)?\s*regards|best(?:\s+wishes)?|yours|sincerely|cheers|many\s+thanks|thanks|thank\s+you)\b"
)
_THANKS = re.compile(r"(?:muchas\s+)?gracias\s+por\b|(?:many\s+thanks|thanks|thank\s+you)\s+for\b")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_NAME = r"(?:[A-ZÀ-Þ][\w.'-]*|[&·|-]|de|del|la|las|los|y|e|of|the|and),?"
_NAMES = re.compile(rf"{_NAME}(?:[ \t]+{_NAME}){{0,6}}")
_ANSWERING = re.compile(r"\s*(?:re|rv|fw|fwd|aw|sv|tr)\s*:\s*", re.IGNORECASE)
_NUMBERED = re.compile(r"\s*\[#\d+\]\s*")

_COMMON = {
    "es": "el la los las de que y en un una por con para no se su al del lo es está puede si ya le",
    "en": "the of and to in is you your that it for on with this be are can not if we or have",
}


@dataclass(frozen=True, slots=True)
class Made:
    """What the new article begins with."""

    title: str
    body: str
    language: str


def made_of(subject: str, question: str, answer: str, *, language: str) -> Made:
    """`language`: of the customer, where the words don't tell."""
    body = words_of(answer)
    return Made(_title(subject, question), body[:BODY_MAX_CHARACTERS], language_of(f"{question}\n{answer}", language))


def words_of(message: str) -> str:
    """A message without its greeting, its closing and name, its signature, and what it quotes."""
    lines = [line.rstrip() for line in reply_of(message).strip().split("\n")]
    lines = [line for line in lines if not line.startswith(">")]
    if lines and _is_greeting(lines[0]):
        del lines[0]
    for at in range(max(len(lines) - _CLOSING_LINES_MAX, 1), len(lines)):
        if _CLOSING.match(folded(lines[at])) and len(lines[at].split()) <= _CLOSING_WORDS_MAX:
            del lines[at:]
            break
    text = _without_card("\n".join(lines).strip())
    first, *rest = _SENTENCE.split(text, maxsplit=1)
    if rest and _THANKS.match(folded(first)):
        text = rest[0]
    return text


def _without_card(text: str) -> str:
    """Without a last paragraph that only says who wrote: names, of a person and of a company."""
    above, _, last = text.rpartition("\n\n")
    lines = last.strip().split("\n")
    is_card = len(lines) <= _CARD_LINES_MAX and all(_NAMES.fullmatch(line.strip()) for line in lines)
    return above.rstrip() if above and is_card else text


def language_of(text: str, otherwise: str) -> str:
    """`es` or `en`, by the small words of each; `otherwise` where neither is plainly ahead."""
    words = re.findall(r"[^\W\d_]+", text.casefold())
    counts = {language: sum(1 for word in words if word in common.split()) for language, common in _COMMON.items()}
    (second, few), (first, many) = sorted(counts.items(), key=lambda each: each[1])
    return first if many > few + 1 or (many > few and second != otherwise) else otherwise


def _title(subject: str, question: str) -> str:
    """What it is called: the subject where it says enough, else the question asked, else the first words."""
    asked = _NUMBERED.sub(" ", _ANSWERING.sub("", subject)).strip()
    if len(asked.split()) >= _SUBJECT_WORDS_MIN:
        return asked[:TITLE_MAX_CHARACTERS]
    sentences = list(_sentences(words_of(question)))
    questions = (each for each in sentences if each.endswith("?") and len(each) <= _TITLE_CHARACTERS)
    return next(questions, asked or next(iter(sentences), ""))[:TITLE_MAX_CHARACTERS]


def _sentences(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        yield from (part.strip() for part in _SENTENCE.split(line) if part.strip())


def _is_greeting(line: str) -> bool:
    return _GREETING.match(folded(line)) is not None and len(line.split()) <= _GREETING_WORDS_MAX
