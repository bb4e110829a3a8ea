"""What the demo has in quarantine: a mail that the parser gave up on, a record of another version. Both counted."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from eventstore import received, store
from eventstore.database import Connection
from eventstore.log import LogRecord
from schemas.held import HeldReason
from schemas.ids import scoped_id
from schemas.interaction import Channel, RawMail
from schemas.topics import MAIL
from services import quarantine

_SENDER = "compras@ferreteria-oriente.example"
_MAIL = """From: Compras Ferretería Oriente <{sender}>
To: {mailbox}
Subject: Pedido 4417: faltan dos cajas
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=pedido

--pedido
Content-Type: text/html; charset=utf-8

<p>Buenos días:</p><p>En el pedido <b>4417</b> faltan dos cajas de tornillos. Adjunto la nota de entrega.</p>
--pedido
Content-Type: application/pdf
Content-Disposition: attachment; filename="nota-de-entrega-4417.pdf"

%PDF-1.4
--pedido--
"""
_GARBAGE = b"\x93\xa4kind\xabinteraction\xffversion 9: this hub knows versions up to 1"


def hold(connection: Connection, mailbox: str) -> None:
    """Hold them, once."""
    store.lock(connection)
    now = store.now(connection)
    parser_died = "the mail can't be parsed: took longer than 20 s"
    mail, other = scoped_id("demo", "held", "order"), scoped_id("demo", "held", "version")
    if not received.take_mails(connection, [mail, other]):
        return
    _hold(
        connection,
        mail,
        _order(mail, mailbox, now),
        HeldReason.UNPARSABLE,
        parser_died,
        _SENDER,
        now - timedelta(hours=5),
    )
    _hold(
        connection, other, _GARBAGE, HeldReason.UNDECODABLE, "no mail of this version", "", now - timedelta(minutes=50)
    )
    received.count(connection, MAIL.name, {Channel.EMAIL.value: 2})


def _hold(
    connection: Connection, record: UUID, value: bytes, reason: HeldReason, error: str, sender: str, at: datetime
) -> None:
    headers = {"channel": Channel.EMAIL.value, "ce_time": at.isoformat()}
    quarantine.hold(
        connection,
        LogRecord(record, 0, 0, value, headers),
        topic=MAIL.name,
        reason=reason,
        error=error,
        sender=sender,
    )


def _order(record: UUID, mailbox: str, now: datetime) -> bytes:
    content = _MAIL.format(sender=_SENDER, mailbox=mailbox).replace("\n", "\r\n").encode()
    return msgspec.msgpack.encode(
        RawMail(
            id=record,
            source="smtp",
            mailbox=mailbox,
            envelope_from=_SENDER,
            envelope_to=(mailbox,),
            raw=content,
            size=len(content),
            received_at=now - timedelta(hours=5),
        )
    )
