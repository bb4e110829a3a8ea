"""The words for what became of a mail, and for what is known of its sender. Part of words.py."""

from __future__ import annotations

from collections.abc import Mapping

BOUNCE: Mapping[str, str] = {
    "mailbox_unknown": "there is no such mailbox",
    "mailbox_closed": "the mailbox was closed",
    "mailbox_full": "the mailbox is full",
    "domain_unknown": "there is no such domain",
    "too_large": "the mail is too large for them",
    "spam": "their server takes it for spam",
    "no_answer": "their server doesn't answer",
    "other": "their server says no more",
    "complaint": "its reader called a mail of ours spam",
    "asked": "its reader asked for no automatic mail",
}
"""Why a mail came back or waits, and why an address is muted."""

SENDER: Mapping[str, str] = {
    "pass": "sender confirmed",
    "none": "sender not checked",
    "temperror": "sender could not be checked",
    "fail": "sender not genuine",
}

CHECK: Mapping[str, str] = {
    "border": "by our mail server",
    "ours": "by ourselves",
    "aligned": "signed by the sender's own domain",
    "apart": "not by the sender's own domain",
}

GROUPS = (BOUNCE, SENDER, CHECK)
