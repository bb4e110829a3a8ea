"""What a mail is besides its words: agents see it in their language, programs by its name, customers not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

from channels.intake import Intake
from schemas.interaction import Attachment, Channel, Interaction, Label, Party
from services.access.identity import Role
from tests.services.web.serving import Web


async def _mail(web: Web) -> Interaction:
    now, made = datetime.now(UTC), uuid4()
    picture = Attachment(name="foto.png", media_type="image/png", bytes=3, blob=web.hub.blobs.put(b"PNG"), inline=True)
    mail = Interaction(
        id=made,
        channel=Channel.EMAIL,
        sender=Party(address="email:ana@x.cu", name="Ana", proven=True),
        subject="Reunión",
        text="Le propongo el lunes",
        attachments=(picture,),
        labels=(Label.ENCRYPTED, Label.INVITATION_CANCELLED, Label.NAME_IS_OURS),
        details={"reply_to": "email:otra@example.org", "forwarded_by": "email:bea@staff.example"},
        thread=made,
        contact=made,
        occurred_at=now,
        received_at=now,
    )
    await Intake(web.hub.log, web.hub.secret).submit(mail)
    await web.settled()
    return mail


async def test_agents_and_programs_see_the_labels_of_a_mail(web: Web) -> None:
    await _mail(web)
    async with web.client(Role.AGENT) as program, web.browser(Role.AGENT) as agent:
        entries = (await program.get("/api/v1/incidents/1/timeline")).json()["items"]
        mail = next(entry for entry in entries if entry["kind"] == "interaction")
        assert mail["labels"] == ["encrypted", "invitation_cancelled", "name_is_ours"]
        assert mail["details"] == {"reply_to": "email:otra@example.org", "forwarded_by": "email:bea@staff.example"}
        assert [file["inline"] for file in mail["attachments"]] == [True]
        spanish = (await agent.get("/es/agent/incidents/1")).text
        english = (await agent.get("/en/agent/incidents/1")).text
    said = {
        spanish: ("cifrado", "invitación cancelada", "dentro del texto"),
        english: ("encrypted", "cancelled invitation", "within the text"),
    }
    assert '<span class="chip warn">el nombre es uno de los nuestros</span>' in spanish
    assert "<dt>Wants answers at</dt><dd><bdi>otra@example.org</bdi></dd>" in english
    assert "<dt>Reenviado por</dt><dd><bdi>bea@staff.example</bdi></dd>" in spanish
    for page, words in said.items():
        assert [word for word in words[:2] if f'<span class="chip">{word}</span>' not in page] == []
        assert words[2] in page


async def test_customers_see_none(web: Web) -> None:
    mail = await _mail(web)
    async with web.client(headers={"Accept": "application/json"}) as customer:
        status = (await customer.get(f"/status/{web.hub.tokens.sign(mail.thread)}")).json()
    told = [(entry["text"], entry.get("labels", []), entry.get("details", {})) for entry in status["timeline"]]
    assert told == [("Le propongo el lunes", [], {})]
