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
        self._known = {written: box for box in self.all for written in (box, _in_ascii(box))}
        # RFC 5321 §4.5.1: at each domain of ours, and where none is said
        first_at = {box.rpartition("@")[2]: box for box in reversed(self.all)}
        postmasters = {f"postmaster@{domain}": box for domain, box in first_at.items()}
        self._known = {"postmaster": self.first} | postmasters | self._known

    @property
    def first(self) -> str:
        """The mailbox we write from when nothing says another."""
        return self.all[0]

    def of(self, recipient: str) -> str | None:
        """Our mailbox that a recipient address leads to; None: not ours."""
        folded = recipient.strip().lower()
        if folded in self._known:
            return self._known[folded]
        local, _, domain = folded.rpartition("@")
        bare = local.strip('"').partition("+")[0]
        return self._known.get(f"{bare}@{domain}")


def _in_ascii(mailbox: str) -> str:
    """With its domain as senders without SMTPUTF8 write it: `xn--…`."""
    local, _, domain = mailbox.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return mailbox


def plus_part(recipient: str) -> str:
    """What stands between the plus and the domain, or nothing."""
    return recipient.strip().rpartition("@")[0].strip('"').partition("+")[2]


def with_plus(mailbox: str, token: str) -> str:
    """The mailbox with a token in it; the plain one where that would be too long for the standard."""
    local, _, domain = mailbox.rpartition("@")
    tagged = f"{local}+{token}"
    return f"{tagged}@{domain}" if len(tagged) <= _LOCAL_MAX_CHARACTERS else mailbox
