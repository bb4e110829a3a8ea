"""The marks that mail programs leave in their HTML: this is quoted, history begins here, this is a signature.

Before sanitizing only these attributes tell it; after it a `class` of ours says it, one of three. For html.py.
"""

from __future__ import annotations

import re
from functools import lru_cache

QUOTED = "quoted"
HISTORY = "history"
SIGNATURE = "signature"

ATTRIBUTES = {"class", "id", "data-marker", "style"}
"""Looked at on blocks; none is left as it was."""

_QUOTED = re.compile(
    r"(?:x_|ydp\w{0,20})*(?:yahoo_quoted\w{0,40}|protonmail_quote|tutanota_quote|moz-cite-prefix|reply-intro|mail-quote-collapse"
    r"|mailru-blockquote|__QUOTED_TEXT__)",
    re.IGNORECASE,
)
_HISTORY = re.compile(
    r"(?:x_)*(?:divRplyFwdMsg|appendonsend|mail-editor-reference-message-container|ms-outlook-mobile-reference-message"
    r"|OLK_SRC_BODY_SECTION|zwchr|__DIVIDER__|isReplyContent|ntes-pcmac-quote)",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"(?:x_|ydp\w{0,20})*(?:gmail_signature|moz-signature|protonmail_signature_block(?:-user)?|yahoo[-_]signature"
    r"|ms-outlook-mobile-signature|AppleMailSignature|signature_?block|zmail_signature)",
    re.IGNORECASE,
)
_OUTLOOK_RULE = re.compile(r"border:\s?none;\s{0,4}border-top:\s?solid #[0-9A-F]{6} [0-9.]{1,4}pt", re.IGNORECASE)
_LOOKED_AT_MAX_CHARACTERS = 300


@lru_cache(maxsize=2048)  # a mail repeats its classes a thousand times
def mark_of(attribute: str, value: str) -> str | None:
    """What an attribute says: one of ours, or nothing."""
    value = value[:_LOOKED_AT_MAX_CHARACTERS]
    if attribute == "style":  # Outlook for Windows draws a line above the mail it answers, and says no more
        return HISTORY if _OUTLOOK_RULE.match(value.lstrip()) else None
    for word in value.split():
        for pattern, mark in ((_QUOTED, QUOTED), (_HISTORY, HISTORY), (_SIGNATURE, SIGNATURE)):
            if pattern.fullmatch(word):
                return mark
    return None
