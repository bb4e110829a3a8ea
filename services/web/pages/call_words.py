"""The words for telephone calls. Part of words.py."""

from __future__ import annotations

from collections.abc import Mapping

LOOK: Mapping[str, str] = {"ringing": "ringing", "active": "talking", "held": "on hold", "ended": "ended"}

OUTCOME: Mapping[str, str] = {
    "solved": "Solved",
    "informed": "Answered a question",
    "promised": "We will get back to them",
    "again": "They will call again",
    "unreached": "Nobody reached",
    "wrong_number": "Wrong number",
    "normalClearing": "hung up",
    "busy": "busy",
    "cancel": "given up",
    "noAnswer": "no answer",
    "congestion": "line congested",
    "notFound": "no such number",
    "forwarded": "forwarded",
}

OUTCOMES = ("solved", "informed", "promised", "again", "unreached", "wrong_number")
"""What an agent chooses from; the others are a telephone system's words."""

SAME: Mapping[str, str] = {
    "same_agent": "the same number and agent, within five minutes",
    "same_number": "the same number, within five minutes",
}

GROUPS = (LOOK, OUTCOME, SAME)
