"""The words of the help centre for what facts name: why an article did not help, what an agent holds against one."""

from __future__ import annotations

from collections.abc import Mapping

from services.knowledge.guide import Fault
from services.web.instead import INSTEAD

VOTE_REASON: Mapping[str, str] = {
    "other_question": "It answers another question",
    "unclear": "It is hard to understand",
    "incomplete": "Something is missing",
    "outdated": "It is out of date",
    "wrong": "It is wrong",
}

TELLS: Mapping[str, str] = {
    "email": "an email address",
    "phone": "a telephone number",
    "link": "a link that may let somebody in",
    "number": "the number of an order, an invoice, an account",
    "name": "a name",
}
"""What in a text may tell who it was about."""

GUIDE_FAULT: Mapping[str, str] = {fault.name: fault.value for fault in Fault}

GROUPS = (VOTE_REASON, TELLS, INSTEAD, GUIDE_FAULT)
