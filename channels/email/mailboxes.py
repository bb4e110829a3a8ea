"""Our own mail addresses: which of them a recipient is, and the token in its plus part. For mail in and out."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.address import email_address, handle_of
from schemas.errors import InvalidError, SettingsError

_LOCAL_MAX_CHARACTERS = 64  # RFC 5321 §4.5.3.1.1


class Mailboxes:
    """`support@cauce.example` also takes `support+anything@cauce.example`. The first is the one we write from."""

    def __init__(self, addresses: Sequence[str]) -> None:
        if not addresses:
            raise SettingsError("CAUCE_MAIL_ADDRESSES names no address of ours")
        try:
            self.all = tuple(handle_of(email_address(address)) for address in addresses)
        except InvalidError as error:
            raise SettingsError(f"CAUCE_MAIL_ADDRESSES holds something that is {error}") from error
        self._known = frozenset(self.all)

    @property
    def first(self) -> str:
        """The mailbox we write from when nothing says another."""
        return self.all[0]

    def of(self, recipient: str) -> str | None:
        """Our mailbox that a recipient address leads to; None: not ours."""
        folded = recipient.strip().lower()
        if folded in self._known:
            return folded
        local, _, domain = folded.rpartition("@")
        bare = f"{local.partition('+')[0]}@{domain}"
        return bare if bare in self._known else None


def plus_part(recipient: str) -> str:
    """What stands between the plus and the domain, or nothing."""
    return recipient.strip().rpartition("@")[0].partition("+")[2]


def with_plus(mailbox: str, token: str) -> str:
    """The mailbox with a token in it; the plain one where that would be too long for the standard."""
    local, _, domain = mailbox.rpartition("@")
    tagged = f"{local}+{token}"
    return f"{tagged}@{domain}" if len(tagged) <= _LOCAL_MAX_CHARACTERS else mailbox
