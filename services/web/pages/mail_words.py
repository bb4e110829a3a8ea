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

CONFIRMATION: Mapping[str, str] = {
    "queued": "Our confirmation is on its way.",
    "sending": "Our confirmation is being sent.",
    "delayed": "Our confirmation is delayed.",
    "sent": "Our confirmation was sent.",
    "failed": "Our confirmation was not delivered.",
    "uncertain": "It is uncertain whether our confirmation arrived.",
    "withheld": "No confirmation was sent:",
}

WITHHELD: Mapping[str, str] = {
    "muted": "automatic mail to this address is muted.",
    "too_many": "they had many automatic mails already.",
}

LABEL: Mapping[str, str] = {
    "encrypted": "encrypted",
    "signed": "signed",
    "invitation": "invitation",
    "invitation_changed": "changed invitation",
    "invitation_cancelled": "cancelled invitation",
    "invitation_answered": "answer to an invitation",
    "incomplete": "more in the original",
    "forwarded": "passed on",
    "via_list": "through a list",
    "on_behalf": "on behalf",
    "reply_elsewhere": "wants answers elsewhere",
    "several_authors": "several senders",
    "name_is_address": "the name is another address",
    "name_is_ours": "the name is one of ours",
    "hidden_characters": "unseen characters in the name",
    "link_elsewhere": "a link leads elsewhere than it says",
}

WARNING = frozenset(
    ("reply_elsewhere", "several_authors", "name_is_address", "name_is_ours", "hidden_characters", "link_elsewhere")
)
"""Labels that ask for a second look."""

DETAIL: Mapping[str, str] = {
    "called": "Calls themselves",
    "forwarded_by": "Passed on by",
    "written_from": "Sent from",
    "sent_by": "Sent by",
    "list": "Mailing list",
    "reply_to": "Wants answers at",
}
"""What is said below a message of who else had a hand in it, in this order."""

GROUPS = (BOUNCE, SENDER, CHECK, CONFIRMATION, WITHHELD, LABEL, DETAIL)
