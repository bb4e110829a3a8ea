"""The words of the help centre for what facts name: why an article did not help, what an agent holds against one."""

from __future__ import annotations

from collections.abc import Mapping

VOTE_REASON: Mapping[str, str] = {
    "other_question": "It answers another question",
    "unclear": "It is hard to understand",
    "incomplete": "Something is missing",
    "outdated": "It is out of date",
    "wrong": "It is wrong",
}

GROUPS = (VOTE_REASON,)
