"""Takes a mail that came in, by whatever protocol, and returns once the log `mail` has it. Parsing comes later.

Between smtp.py, imap.py and the log; a mail is acknowledged only after `accept` returned.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from channels.accepted import ACCEPTED
from channels.email.mailboxes import Mailboxes
from channels.intake import in_time
from eventstore.blobs import Blobs
from eventstore.log import Log, NewRecord
from schemas import cloudevents
from schemas.errors import DecodeError, InvalidError, TooLargeError
from schemas.ids import email_id, keyed_id
from schemas.interaction import Channel, RawMail
from schemas.topics import MAIL

MAIL_MAX_BYTES = 26 * 1024 * 1024
IN_RECORD_MAX_BYTES = 64 * 1024
_HEADERS_MAX_BYTES = 1024 * 1024
_LARGE_BYTES = 256 * 1024  # from here on hashing would hold up the other connections

_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_MESSAGE_ID = re.compile(rb"^message-id:[ \t]*(?:\r?\n[ \t]+)?([^\r\n]{1,998})", re.IGNORECASE | re.MULTILINE)
_TELLING = re.compile(rb"^(?:from|date|subject|to):[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*", re.IGNORECASE | re.MULTILINE)

_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(RawMail)


@dataclass(frozen=True, slots=True)
class Envelope:
    """How a mail came: `recipients` are addresses of ours, perhaps with a plus part. `source` as in RawMail."""

    source: str
    sender: str
    recipients: tuple[str, ...]
    peer: str = ""


class Reception:
    """The one way of a mail into the log. `secret` keys the records, so that none carries an address."""

    def __init__(self, log: Log, blobs: Blobs, mailboxes: Mailboxes, secret: bytes) -> None:
        self._log = log
        self._blobs = blobs
        self.mailboxes = mailboxes
        self._secret = secret

    async def accept(self, envelope: Envelope, content: bytes, received_at: datetime | None = None) -> list[UUID]:
        """Return once it is durable; one id a mailbox of ours.

        Raises TooLargeError, InvalidError (nobody of ours), and within APPEND_SECONDS a RetryableError.
        """
        if len(content) > MAIL_MAX_BYTES:
            raise TooLargeError(f"a mail has at most {MAIL_MAX_BYTES} bytes")
        boxes = self._boxes(envelope.recipients)
        now = received_at or datetime.now(UTC)
        async with in_time():
            large = len(content) > _LARGE_BYTES
            known = await asyncio.to_thread(fingerprint, content) if large else fingerprint(content)
            mails = [await self._raw(known, envelope, box, to, content, now) for box, to in boxes.items()]
            await self._log.append(MAIL, [self._record(mail) for mail in mails])
        ACCEPTED.labels(Channel.EMAIL.value).inc(len(mails))
        return [mail.id for mail in mails]

    def id_of(self, envelope: Envelope, content: bytes) -> UUID:
        """What `accept` gives it first. Raises InvalidError (nobody of ours)."""
        known = fingerprint(content)
        return email_id(next(iter(self._boxes(envelope.recipients))), known.message_id, known.body_sha256)

    def _boxes(self, recipients: Sequence[str]) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for recipient in recipients:
            box = self.mailboxes.of(recipient)
            if box is not None:
                found[box] = (*found.get(box, ()), recipient)
        if not found:
            raise InvalidError("no recipient is a mailbox of ours", field="to")
        return found

    async def _raw(
        self,
        known: Fingerprint,
        envelope: Envelope,
        mailbox: str,
        recipients: tuple[str, ...],
        content: bytes,
        received_at: datetime,
    ) -> RawMail:
        small = len(content) <= IN_RECORD_MAX_BYTES
        return RawMail(
            id=email_id(mailbox, known.message_id, known.body_sha256),
            source=envelope.source,
            mailbox=mailbox,
            envelope_from=envelope.sender,
            envelope_to=recipients,
            peer=envelope.peer,
            raw=content if small else b"",
            # before the record that names it: a record never points at nothing
            blob="" if small else await asyncio.to_thread(self._blobs.put, content),
            size=len(content),
            received_at=received_at,
        )

    def _record(self, mail: RawMail) -> NewRecord:
        attributes = cloudevents.attributes(
            event_id=str(mail.id), type_name="mail.received.v1", subject=f"mail/{mail.id}", time=mail.received_at
        )
        key = keyed_id(self._secret, f"email:{mail.envelope_from.lower()}") if mail.envelope_from else mail.id
        return NewRecord(mail.id, key.bytes, _encoder.encode(mail), cloudevents.headers(attributes))


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What tells a mail from others, whichever way and however often it comes."""

    message_id: str
    body_sha256: bytes


def fingerprint(content: bytes) -> Fingerprint:
    """Message-ID and hash of the body. Without a Message-ID, one made of who, when, what and to whom."""
    end = _END_OF_HEADERS.search(content, 0, _HEADERS_MAX_BYTES)
    headers = content[: end.start()] if end else content[:_HEADERS_MAX_BYTES]
    body = content[end.end() :] if end else b""
    # servers differ in line ends and in the last of them
    digest = hashlib.sha256(body.replace(b"\r\n", b"\n").rstrip()).digest()
    found = _MESSAGE_ID.search(headers)
    if found is not None and found.group(1).strip(b" \t<>"):  # `<>` is nobody's, and many write it
        return Fingerprint(found.group(1).strip().decode("utf-8", "replace"), digest)
    telling = b"\n".join(_TELLING.findall(headers)) if end else headers
    return Fingerprint(f"none:{hashlib.sha256(telling).hexdigest()}", digest)


def decode_mail(value: bytes) -> RawMail:
    """A record of the log `mail`. Raises DecodeError."""
    try:
        return _decoder.decode(value)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise DecodeError(f"not a mail record: {error}") from error
