"""Contacts of the demo whose form is the point: four mails, and two people whose own mailbox takes no answer.

An answer in HTML with its history, a name that pretends, a forward, an invitation. The same bytes at each start: the
hub has them once. For live.py; where the mailboxes are: mailbox.py.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from email.message import EmailMessage

import aiosmtplib
import httpx

from services.settings import Endpoint

_PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAKAAAAA8CAIAAABuCSZCAAAApUlEQVR42u3dsQkAIAwAwYxj7RDuP4ETWDiCMwgiEg++D+ZKBaPU"
    "psSFFQBWCuA5utIEGLAAC7AAC7AACzBgARZgARZgAdZl4N2ryuOH+WcuYMCAAVs0YMCAAQM2F7C5gAEDBmzRgC0aMGDAgAGbCxgw"
    "YMCAAVs0YMCAAQM2F7C5gAF7+O7huwALsAALsAALMGB7ASzAAizAAizAgH2r498kAdbDLf7DEfdvS6anAAAAAElFTkSuQmCC"
)
_ANSWER = """
<div dir="ltr">Ya está: el número de serie es <b>LX-4711</b>. Adjunto la foto de la etiqueta.
<div><br><img src="cid:etiqueta@talleres.example" alt="Etiqueta" width="160"></div>
<div>El manual que usamos es <a href="https://docs.talleres.example/manual?lang=es">este</a>.</div><br>
<div class="gmail_signature">Marta Rivas<br>Talleres Rivas · +34 910 555 014<br>
<img src="https://cdn.talleres.example/logo.png" alt="Talleres Rivas" width="120" height="40">
<img src="https://t.correos.example/open.gif?u=4711" width="1" height="1"></div></div><br>
<div class="gmail_quote">
<div class="gmail_attr">El lun, 2 mar 2026 a las 10:00, Soporte (&lt;{mailbox}&gt;) escribió:</div>
<blockquote class="gmail_quote"><p>Hola, Marta:</p><p>¿Puede decirnos el número de serie?</p></blockquote></div>
"""
_PRETENDER = """
<p>Your mailbox is almost full. Sign in at
<a href="https://login.harvest.example/x">www.cauce.example</a> within 24 hours.</p>
<p><img src="https://harvest.example/banner.png" alt="Mailbox 98% full" width="400" height="80"></p>
"""
_FORWARD = """Esto me llegó a mí por error, ¿lo lleváis vosotros?

---------- Forwarded message ---------
De: Julián Ortega <julian.ortega@ferreteria.example>
Date: lun, 2 mar 2026 a las 9:12
Subject: Pedido sin factura
To: Lucía <lucia@{domain}>

Buenos días:

Recibimos el pedido 8812, pero no la factura. ¿Pueden enviarla?

Un saludo,
Julián
"""

_INVITATION = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Talleres Rivas//Agenda//ES
METHOD:REQUEST
BEGIN:VEVENT
UID:revision-trimestral@talleres.example
DTSTAMP:20260302T090000Z
DTSTART:20300314T093000Z
DTEND:20300314T101500Z
SUMMARY:Revisión trimestral del contrato
LOCATION:Sala 2, Talleres Rivas
ORGANIZER;CN=Marta Rivas:mailto:marta@talleres.example
ATTENDEE;RSVP=TRUE:mailto:{mailbox}
END:VEVENT
END:VCALENDAR
"""
_UNREACHABLE = (
    {
        "name": "Óscar Peña",
        "email": "oscar.pena@gone.example",
        "subject": "No encuentro mi licencia",
        "body": "Cambié de ordenador y no sé dónde estaba la licencia. ¿Me la pueden enviar?",
        "locale": "es",
    },
    {
        "name": "Ruth Keller",
        "email": "ruth.keller@full.example",
        "subject": "Invoice without VAT number",
        "body": "Our last invoice lacks our VAT number. Could you send a corrected one?",
        "locale": "en",
    },
)


def odd_mails(mailbox: str) -> Iterator[EmailMessage]:
    """To one of our mailboxes."""
    domain = mailbox.rpartition("@")[2]
    answer = _mail("Marta Rivas <marta@talleres.example>", mailbox, "Re: Su impresora no enciende", "answer")
    answer.set_content(_ANSWER.format(mailbox=mailbox), subtype="html")
    answer.add_related(_PICTURE, "image", "png", cid="<etiqueta@talleres.example>", filename="etiqueta.png")
    answer.set_boundary("odd-answer")
    yield answer
    pretender = _mail(f'"{mailbox}" <alerts@harvest.example>', mailbox, "Action required", "pretender")
    pretender["Reply-To"] = "desk@harvest-mail.example"
    pretender.set_content(_PRETENDER, subtype="html")
    yield pretender
    forward = _mail(f"Lucía <lucia@{domain}>", mailbox, "Fwd: Pedido sin factura", "forward")
    forward.set_content(_FORWARD.format(domain=domain))
    yield forward
    invitation = _mail("Marta Rivas <marta@talleres.example>", mailbox, "Invitación: revisión trimestral", "invitation")
    invitation.set_content("Le propongo esta fecha para la revisión del contrato. ¿Le viene bien?")
    event = _INVITATION.format(mailbox=mailbox).replace("\n", "\r\n").encode()
    invitation.add_alternative(event, "text", "calendar", params={"method": "REQUEST", "charset": "utf-8"})
    invitation.set_boundary("odd-invitation")
    yield invitation


async def send_unreachable_forms(client: httpx.AsyncClient) -> None:
    """By HTTP: their confirmation is refused for good, or for now."""
    for number, form in enumerate(_UNREACHABLE):
        (await client.post("/api/v1/forms", json=form, headers={"Idempotency-Key": f"odd-{number}"})).raise_for_status()


async def send_odd_mails(mailbox: str, smtp: Endpoint) -> None:
    """By SMTP, as the world would."""
    for mail in odd_mails(mailbox):
        await aiosmtplib.send(
            mail, recipients=[mailbox], hostname=smtp.host, port=smtp.port, start_tls=False, timeout=30
        )


def _mail(sender: str, mailbox: str, subject: str, name: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, mailbox, subject
    mail["Message-ID"] = f"<odd-{name}@demo.example>"
    return mail
