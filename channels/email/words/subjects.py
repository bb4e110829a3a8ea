"""What a subject is about, whatever programs and gateways on its way have put before it. Used by correlation.

The marks of answers and of what is passed on stand in one table, quote_words.py.
"""

from __future__ import annotations

import re

from channels.email.words import quote_words

_MARKS = "|".join((*quote_words.ANSWER_MARKS.split(), *quote_words.FORWARD_MARKS.split()))
_PREFIX = re.compile(
    rf"\s*(?:(?:{_MARKS})\s?(?:\[\d{{1,4}}\]|\(\d{{1,4}}\)|\^\d{{1,4}})?\s?[:\uff1a]"
    r"|\[#\d{1,9}\]|\[(?:external|ext|externo|extern|spam|suspected spam)\][:\s]|\*{3,5}\s?spam\s?\*{3,5})\s*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\[#\d{1,9}\]")


def topic_of_subject(subject: str) -> str:
    """Without answer marks, gateways' warnings, our number, case and spacing; empty when nothing is left."""
    text = subject
    while (found := _PREFIX.match(text)) is not None:
        text = text[found.end() :]
    return " ".join(_NUMBER.sub(" ", text).casefold().split())
