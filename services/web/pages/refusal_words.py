"""The words for what was wrong with what somebody sent: the refusals a person can meet, as a screen says them.

Deciders and forms say it to programs, in English; a screen says it in its own language. `{}` stands for what differs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

FIELD: Mapping[str, str] = {
    "attachments": "Files",
    "audience": "Who may read it",
    "body": "Text",
    "category": "Category",
    "colour": "Colour",
    "confirm": "Confirmation",
    "domains": "Mail domains",
    "email": "Email address",
    "file": "File",
    "files": "Files",
    "incident": "Incident",
    "kind": "Kind",
    "labels": "Labels",
    "language": "Language",
    "minutes": "Minutes",
    "name": "Name",
    "on": "Day",
    "origins": "Pages",
    "password": "Password",
    "phone": "Telephone",
    "product": "Product",
    "products": "Products",
    "rank": "Place",
    "reason": "Reason",
    "since": "From",
    "subject": "Subject",
    "text": "Text",
    "time_zone": "Time zone",
    "title": "Title",
    "to": "To",
    "until": "Until",
    "versions": "Versions",
    "website": "Website",
    "window": "When",
    "words": "Words",
}
"""Fields as people know them; what only programs know is not named."""

_OF_PYDANTIC: Mapping[str, str] = {
    "Field required": "it can't be empty",
    "String should have at least {} character": "it can't be empty",
    "String should have at least {} characters": "at least {} characters",
    "String should have at most {} characters": "at most {} characters",
}
_OF_FORMS = (
    "not an email address",
    "not a telephone number",
    "leave this field empty",
    "a window has at least {} minutes",
    "this is over already",
    "at most {} days ahead",
    "nobody is there all that time",
    "choose one",
    "choose from {} to {}",
    "a number, or anonymous",
    "a number",
    "a number like #7",
    "a number, or nothing",
    "a number of days",
    "whole minutes",
    "a day and a time",
    "a day like {}",
    "since must be before until",
    "at most {} years",
    "a time zone is like America/Havana",
    "not a time zone",
    "no such time",
    "no such thing",
    "too many requests; wait a little",
    "try again in a moment",
    "a file may have {} bytes, {} has {}",
    "at most {} files",
    "the files of one message have at most {} bytes, these {}",
    "over the limit of {} bytes",
    "which file?",
    "which incident?",
    "which customer?",
    "which tag?",
    "until when?",
    "say something",
    "say why",
    "at most {} characters",
    "{} to {} characters",
    "a name has 1 to {} characters",
    "a text has 1 to {} characters",
    "there is one of that name already",
    "tick an incident first",
    "at least two incidents",
    "mark what goes into the new incident",
    "it isn't part of an incident yet; try again in a moment",
    "it is looked after together with another request: write to us instead",
    "it is looked after as several requests: say which by its number, {}",
)
_OF_ARTICLES = (
    "which kind?",
    "which kind, and for whom?",
    "which article?",
    "which article? Its address, please",
    "no such article",
    "no such article to translate",
    "a title has 1 to {} characters",
    "a body has 1 to {} characters",
    "a language is a tag like es or en-GB",
    "the article was retired",
    "there is a draft: publish it or give it up first",
    "there is no draft",
    "there is no draft to be taken up again",
    "it is not published yet",
    "it was never published",
    "it is no translation",
    "somebody is at work on a draft of it",
    "somebody else changed the text meanwhile",
    "somebody else filed it otherwise meanwhile",
    "another edition was published meanwhile: nothing was taken back",
    "somebody else published it: write it anew and ask for a review",
    "somebody else has to read and publish it: ask for a review",
    "at most {} levels like Account/Passwords",
    "at most {} of {} characters",
    "between {} and {}",
    "an article has at most {} files",
    "that is itself a translation: translate its original",
    "it is in that language already",
    "there is one in that language: {} ({})",
    "it can't lead to itself",
    "that can't be read: lead to one that is published",
    "more people would read it at once: an admin opens it to them",
    "its readers would miss it at once: an admin takes it off",
    "readers would get its files at once, unread by others: an admin adds them",
    "2 to {} different words or short phrases",
    "a word has at most {} characters",
    "no language of ours",
    "what is not right with it?",
    "too long, and not by a little: what is to be shortened is kept",
    "not a ZIP that can be read",
    "it holds a name that leads elsewhere",
    "it is nested or crowded beyond reason",
    "a file has at most {} bytes, all of them {}",
    "no article in it: it takes .md and .html files",
)
_OF_WORK = (
    "incident {} is resolved already",
    "incident {} is closed: reopen it first",
    "incident {} was changed since",
    "incident {} is not snoozed",
    "incident {} is merged into {}",
    "incident {} is merged already",
    "an incident can't be merged with itself",
    "an incident keeps at least one interaction",
    "it is in incident {} already",
    "no agent is called {}",
    "no team is called {}",
    "to whom, or to which team?",
    "a time to come, within {} days",
    "a tag has 1 to {} characters",
    "a tag names a matter, not a person's address or number",
    "at most {} tags",
    "it has left already",
    "it was taken back already",
    "it is being sent already",
    "this person was erased",
    "it is too late: undo within {} minutes",
    "you have a search of that name already",
    "the chat is over",
    "{} has this chat",
    "{} is not available",
    "the call has ended already",
    "the call is answered already",
    "no stopwatch of yours is running",
    "this address is another customer's: merge them if they are the same person",
    "a customer can't be merged with themselves",
    "not a mail domain: {}",
    "anybody can have an address at {}",
    "this code is not right, or was used already",
    "not your password",
)
REFUSED: Mapping[str, str] = {
    **_OF_PYDANTIC,
    **{words: words for words in (*_OF_FORMS, *_OF_ARTICLES, *_OF_WORK)},
}
GROUPS = (FIELD, REFUSED)

_BEFORE_OURS = "Value error, "
"""What pydantic puts before a message of ours."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a screen says of one thing that was wrong. `words`: with a `{}` for each of `differing`."""

    field: str
    words: str
    differing: tuple[str, ...] = ()


def told(field: str, message: str) -> Told:
    """As people read it; what we have no words for as programs do."""
    message = message.removeprefix(_BEFORE_OURS)
    for words, pattern in _patterns():
        if found := pattern.fullmatch(message):
            return Told(FIELD.get(field, ""), REFUSED[words], found.groups())
    return Told(FIELD.get(field, field), "{}", (message,))


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    telling = sorted(REFUSED, key=len, reverse=True)  # "a name has 1 to {}" before "{} to {}"
    return tuple((words, re.compile(re.escape(words).replace(r"\{\}", "(.+?)"))) for words in telling)
