"""The words for what the API names: English here, which is also the key of the catalogs in `locales/`."""

from __future__ import annotations

from collections.abc import Mapping

from services.web.pages import access_words as access
from services.web.pages import article_words as articles
from services.web.pages import call_words as calls
from services.web.pages import help_words as helping
from services.web.pages import mail_words as mail
from services.web.pages import quarantine_words as quarantine
from services.web.pages import refusal_words as refusals
from services.web.pages import timeline_words as timeline
from services.web.pages import usage_words as usage

STATUS: Mapping[str, str] = {
    "new": "new",
    "open": "open",
    "waiting": "waiting",
    "resolved": "resolved",
    "closed": "closed",
}

PRIORITY: Mapping[str, str] = {"low": "low", "normal": "normal", "high": "high", "urgent": "urgent"}

CHANNEL: Mapping[str, str] = {
    "form": "form",
    "email": "email",
    "chat": "chat",
    "phone": "phone",
    "in_person": "in person",
}

CHAT_STATE: Mapping[str, str] = {"waiting": "waiting", "active": "talking", "closed": "ended", "missed": "missed"}

CHAT: Mapping[str, str] = {"goodbye": "Thank you for writing to us. Goodbye!"}

DIRECTION: Mapping[str, str] = {"in": "incoming", "out": "outgoing"}

COLUMN: Mapping[str, str] = {
    "day": "day",
    "hour": "hour",
    "channel": "channel",
    "contacts": "contacts",
    "interactions_in": "messages in",
    "interactions_out": "messages out",
    "opened": "incidents opened",
    "resolved": "incidents resolved",
    "reopened": "incidents reopened",
    "first_response_p50_seconds": "first answer, median",
    "first_response_p90_seconds": "first answer, 90 %",
    "resolution_p50_seconds": "solved after, median",
    "resolution_p90_seconds": "solved after, 90 %",
    "share": "share",
    "article": "article",
    "title": "title",
    "views": "views",
    "searches": "found in searches",
    "helpful": "helpful",
    "unhelpful": "not helpful",
    "suggested": "suggested",
    "suggestion_opened": "suggestion opened",
    "contacts_after": "contacts after reading",
}

REPORT: Mapping[str, str] = {
    "channel_report": "Contacts by channel",
    "knowledge_usage": "Use of the knowledge base",
}

PROBLEM: Mapping[int, str] = {
    400: "That could not be read.",
    401: "Please sign in.",
    403: "You may not do that.",
    404: "There is nothing here.",
    405: "That is not possible here.",
    409: "That is not possible now.",
    413: "That is too large.",
    415: "That kind of content is not taken.",
    422: "Something in the form is not right.",
    429: "Too many attempts. Please wait a little.",
    500: "Something went wrong on our side.",
    503: "We can't take that right now. Please try again in a moment.",
}

REBUILD: Mapping[str, str] = {
    "starting": "starting",
    "loading": "loading",
    "indexing": "indexing",
    "catching_up": "catching up",
    "stopped": "stopped",
}

SCORE: Mapping[str, str] = {"1": "Badly", "2": "Not well", "3": "So-so", "4": "Well", "5": "Very well"}

UNDO: Mapping[str, str] = {
    "refused": "That can't be undone any more: somebody changed it since, or it was more than ten minutes ago.",
}

VIEW: Mapping[str, str] = {
    "mine": "Mine",
    "unassigned": "Unassigned",
    "waiting": "Waiting",
    "breaching": "Running out",
    "snoozed": "Snoozed",
    "all": "All",
}
"""The views of the inbox."""

EMPTY_VIEW: Mapping[str, str] = {
    "mine": "Nothing is waiting for you. Quiet waters.",
    "unassigned": "Everything is somebody's. Quiet waters.",
    "waiting": "No customer owes us an answer.",
    "breaching": "No target is about to be missed.",
    "snoozed": "Nothing sleeps.",
    "all": "No incident fits. Quiet waters.",
}

PLACE: Mapping[str, str] = {
    "call": "New call",
    "in_person": "In person",
    "mine": "My incidents",
    "unassigned": "Unassigned incidents",
    "breaching": "Incidents running out",
    "waiting": "Waiting incidents",
    "snoozed": "Snoozed incidents",
    "incidents": "Incidents",
    "chats": "Chats",
    "calls": "Calls",
    "work": "Work in progress",
    "customers": "Customers",
    "organizations": "Organizations",
    "knowledge": "Knowledge",
    "searches": "Saved searches",
    "canned": "Canned replies",
    "quarantine": "Quarantine",
    "reports": "Reports",
    "users": "Users",
    "teams": "Teams",
    "targets": "Service targets",
    "account": "My account",
    "help": "Help centre",
}
"""Where the command palette leads (palette.py)."""

UNIT: Mapping[str, str] = {"minutes": "minutes", "hours": "hours", "days": "days"}

SEND: Mapping[str, str] = {
    "email": "Send by email",
    "chat": "Send by chat",
    "form": "Put on the status page",
    "phone": "Put on the status page",
    "in_person": "Put on the status page",
}
"""What the button of a reply says, by its channel."""

DONE: Mapping[str, str] = {
    "changed": "Changed.",
    "withdrawn": "Taken back. Your words are in the composer again.",
    "saved": "Saved.",
    "undone": "Undone.",
    "received": "We have your message.",
    "closed": "Closed. Thank you for telling us.",
    "reopened": "It is open again. We'll look at it.",
    "rated": "Thank you. This helps us to do better.",
    "mail_again": "You get automatic mail again.",
    "chat_transferred": "Handed on.",
    "call_ended": "The call has ended.",
    "call_parted": "They are two calls now.",
    "callback_take": "It is yours.",
    "callback_release": "Back on the list.",
    "callback_reschedule": "Another time it is.",
    "callback_done": "Called back.",
    "callback_cancel": "Called off.",
    "callback_asked": "We will call you. Here you can follow it.",
    "work_started": "Your stopwatch runs.",
    "work_stopped": "Your stopwatch stands still.",
    "line_revoked": "The line is revoked.",
    "sent_again": "On its way again.",
    "held_release": "Let in. It is on its way.",
    "held_reprocess": "Trying again.",
    "held_discard": "Discarded.",
    "held_restore": "Put back.",
    "article_begun": "Begun. Only agents see it.",
    "article_saved": "Draft saved.",
    "article_published": "Published: readers see it now.",
    "article_asked": "Somebody else is to read it.",
    "article_declined": "Back to its writers.",
    "article_dropped": "The draft is given up.",
    "article_restored": "That edition is the draft now.",
    "article_retired": "Retired: readers find it no more.",
    "article_reinstated": "Readers find it again.",
    "team_closed": "Closed: others see its incidents no more.",
    "team_opened": "Open: every agent sees its incidents.",
    "gap_noticed": "Noted: it waits for a writer.",
    "gap_filled": "That article answers it now.",
    "gap_dismissed": "Closed. Below, it can be opened again.",
    "doubted": "Flagged: whoever writes sees it.",
    "doubt_settled": "Settled.",
}
"""What a page says was done just before it: `redirect(request, path, done="saved")`."""

MENDING: Mapping[str, str] = {"merge": "Merge", "move": "Move", "split": "Split"}
"""What a re-correlation would do."""

MENDING_LEFT: Mapping[str, str] = {"a person decided": "a person decided"}

MAIL_JOB: Mapping[str, str] = {"running": "under way", "done": "done", "stopped": "stopped", "failed": "failed"}

GROUPS = (
    *access.GROUPS,
    *articles.GROUPS,
    *calls.GROUPS,
    *helping.GROUPS,
    *mail.GROUPS,
    *quarantine.GROUPS,
    *refusals.GROUPS,
    *timeline.GROUPS,
    *usage.GROUPS,
    STATUS,
    PRIORITY,
    CHANNEL,
    CHAT,
    CHAT_STATE,
    DIRECTION,
    COLUMN,
    REPORT,
    PROBLEM,
    REBUILD,
    DONE,
    SEND,
    SCORE,
    MAIL_JOB,
    MENDING,
    MENDING_LEFT,
    UNDO,
    VIEW,
    EMPTY_VIEW,
    PLACE,
    UNIT,
)
"""All of them: the catalogs must hold every word."""
