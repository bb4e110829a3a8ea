"""The words of the knowledge figures: surfaces, what was done in a visit, how it ended, alarms. Part of words.py."""

from __future__ import annotations

from collections.abc import Mapping

SURFACE: Mapping[str, str] = {
    "help_centre": "Help centre",
    "form": "Contact form",
    "widget": "Chat widget",
    "agent": "Agents",
    "api": "API",
}

PART: Mapping[str, str] = {
    "": "Overview",
    "articles": "Articles",
    "words": "Searches",
    "shift": "Channel shift",
}

ORDER: Mapping[str, str] = {
    "views": "most read",
    "contacts": "end in contact",
    "against": "voted against",
    "suggested": "suggested",
    "used": "used by agents",
    "review": "review due",
    "unread": "not read",
    "missing": "language missing",
}

SEARCHED: Mapping[str, str] = {"phrases": "phrases", "words": "words", "nothing": "found nothing"}

OUTCOME: Mapping[str, str] = {
    "contact": "wrote to us",
    "solved": "solved",
    "abandoned": "began to write",
    "left": "left",
    "nothing": "did not look",
}

STEP: Mapping[str, str] = {
    "searched": "searched",
    "shown": "saw more results",
    "opened": "read",
    "suggested": "was suggested",
    "voted": "voted",
    "downloaded": "downloaded",
    "started": "began to write to us",
    "sent": "sent a message",
    "chat": "began a chat",
    "solved": "said it is solved",
}

VOTE_REASON: Mapping[str, str] = {
    "wrong": "wrong",
    "outdated": "outdated",
    "unclear": "unclear",
    "incomplete": "incomplete",
    "other_question": "it answers something else",
}

FIGURE: Mapping[str, str] = {
    "looked": "Visits that looked for help",
    "contact": "Visits that wrote to us after looking for help",
    "solved": "Visits that were solved without us",
    "abandoned": "Visits that began to write and sent nothing",
    "left": "Visits that left without an answer",
    "found_nothing": "Visits in which a search found nothing",
    "readers": "Visits that read this article",
    "readers_contact": "Visits that read this article and wrote to us after it",
    "against": "Visits that voted against an article",
    "read": "Visits that read an article",
    "searched": "Visits that searched",
    "helpful": "Visits that voted for an article",
    "suggested": "Visits that were suggested an article",
    "suggestion_opened": "Visits that opened what was suggested",
    "downloaded": "Visits that downloaded a file",
    "found": "Visits whose search showed this article",
    "word": "Visits that searched with this word",
    "word_nothing": "Visits that searched with this word and found nothing",
    "phrase": "Visits that searched for this",
    "phrase_nothing": "Visits that searched for this and found nothing",
}

ALARM: Mapping[str, str] = {
    "confusing": "Read, and then they write to us",
    "rising": "Searched more and more, and nothing is found",
    "against": "Voted down",
    "overdue": "Review overdue",
}

THRESHOLD: Mapping[str, str] = {
    "contact_percent": "Alarm when so many per cent of an article's readers write to us",
    "contact_readers": "but not below so many readers in 30 days",
    "zero_searches": "Alarm when a search found nothing so often in 7 days",
    "zero_growth_percent": "and by so many per cent more often than in the 7 days before",
    "votes_against": "Alarm at so many votes against an article in 30 days",
    "self_service_percent": "Target: so many per cent solved by self-service",
}

SERIES: Mapping[str, str] = {
    "self_service": "solved without us",
    "unanswered": "left",
    "contacted": "wrote to us",
}

GRAIN: Mapping[str, str] = {"day": "day", "week": "week", "month": "month"}

NEXT: Mapping[str, str] = {
    "opened": "read an article",
    "solved": "solved",
    "searched": "searched again",
    "contact": "turned to us",
    "left": "left",
}
"""What came after a search."""

CHART: Mapping[str, str] = {"days": "visits", "shift": "share of contacts"}
"""What the upright axis counts."""

GROUPS = (
    CHART,
    SURFACE,
    PART,
    ORDER,
    SEARCHED,
    OUTCOME,
    STEP,
    VOTE_REASON,
    FIGURE,
    ALARM,
    THRESHOLD,
    SERIES,
    GRAIN,
    NEXT,
)
