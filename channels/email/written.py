"""What the writer of a mail says in it: its text, or its HTML where only that tells history apart. For parse.py."""

from __future__ import annotations

from channels.email.bodies import Body
from channels.email.mime.headers import Headers
from channels.email.words import html_marks
from channels.email.words.html_text import text_of_html
from channels.email.words.quotes import is_answer, is_forward, reply_of

_MARKS = tuple(f'"{mark}"' for mark in (html_marks.QUOTED, html_marks.HISTORY, html_marks.SIGNATURE))


def written_in(full: str, body: Body, headers: Headers) -> str:
    """`full` without history and signature."""
    subject = headers.text("Subject")
    answers = bool(headers.message_ids("In-Reply-To", "References")) or is_answer(subject)
    forwards = is_forward(subject)
    written = reply_of(full, answers=answers, forwards=forwards)
    if forwards or written != full.strip("\n"):
        return written
    rich = [part for part in body.words if part.is_html and part.choice]
    if len(rich) != 1 or len(body.words) != 2 or not any(mark in rich[0].safe_html for mark in _MARKS):  # noqa: PLR2004 -- the two versions
        return written
    whole = text_of_html(rich[0].safe_html)
    found = reply_of(whole, answers=answers)
    return found if found != whole.strip("\n") else written
