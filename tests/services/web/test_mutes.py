"""An address where mail doesn't arrive: said where an agent writes to it, and ended by one who knows better."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from channels.intake import Intake
from eventstore.database import Connection
from schemas.interaction import Automatic, Channel, Hints, Interaction, Party
from services.access.identity import Role
from services.deliveries import queue
from tests.services.web.serving import Web


async def _came(web: Web, sender: str, **more: object) -> Interaction:
    now, made = datetime.now(UTC), uuid4()
    mail = Interaction(
        id=made,
        channel=Channel.EMAIL,
        sender=Party(address=f"email:{sender}", name="Ana", proven=True),
        subject="No imprime",
        text="Ayuda",
        thread=made,
        contact=made,
        occurred_at=now,
        received_at=now,
        **more,  # type: ignore[arg-type] -- whatever a test says
    )
    await Intake(web.hub.log, web.hub.secret).submit(mail)
    await web.settled()
    return mail


async def _reported(web: Web, kind: Automatic, status: str) -> UUID:
    """Ana wrote, was answered, and a server reports about the answer."""
    await _came(web, "ana@x.cu")
    async with web.client(Role.AGENT) as agent:
        answered = await agent.post("/api/v1/incidents/1/replies", json={"text": "Reinicie."})
    sent = UUID(answered.json()["interaction_id"])
    await _came(web, "mailer-daemon@x.cu", hints=Hints(automatic=kind, about=sent), details={"status": status})
    return sent


async def test_a_bounce_is_shown_on_the_mail_and_its_address_wherever_somebody_writes_to_it(web: Web) -> None:
    sent = await _reported(web, Automatic.BOUNCE, "5.1.1")
    async with web.client(Role.AGENT) as program, web.browser(Role.AGENT) as agent:
        entries = (await program.get("/api/v1/incidents/1/timeline")).json()["items"]
        ours = next(entry for entry in entries if entry["interaction_id"] == str(sent))
        assert (ours["delivery"], ours["returned"]) == ("bounced", {"reason": "mailbox_unknown", "status": "5.1.1"})
        (customer,) = (await program.get("/api/v1/customers?q=ana")).json()["items"]
        (address,) = customer["addresses"]
        assert (address["muted"]["why"], address["muted"]["status"]) == ("mailbox_unknown", "5.1.1")
        (mailed,) = {
            way["to"]: way for way in (await program.get("/api/v1/incidents/1/ways")).json()["items"] if way["to"]
        }.values()
        assert mailed["muted"]["status"] == "5.1.1"
        for path in ("agent/incidents/1", f"agent/customers/{customer['id']}"):
            spanish, english = [(await agent.get(f"/{language}/{path}")).text for language in ("es", "en")]
            assert "ese buzón no existe" in spanish
            assert "there is no such mailbox" in english
            assert "/agent/addresses/unmute" in english

        form = {"address": "email:ana@x.cu", "next": f"/en/agent/customers/{customer['id']}"}
        ended = await agent.post("/en/agent/addresses/unmute", data=form)
        assert ended.status_code == 303
        assert "there is no such mailbox" not in (await agent.get(ended.headers["location"])).text
        assert (await program.post("/api/v1/addresses/unmute", json={"address": "ana@x.cu"})).status_code == 409


async def test_ending_it_over_the_api_can_be_undone(web: Web) -> None:
    await _reported(web, Automatic.COMPLAINT, "abuse")
    async with web.client(Role.AGENT) as program:
        ended = await program.post("/api/v1/addresses/unmute", json={"address": "email:ana@x.cu"})
        undo = ended.headers["Cauce-Undo"]
        back = await program.post(f"/api/v1/undo/{undo}", json={})
        assert (ended.status_code, back.status_code) == (200, 200)
        (customer,) = (await program.get("/api/v1/customers?q=ana")).json()["items"]
        assert customer["addresses"][0]["muted"]["why"] == "complaint"
        entries = (await program.get("/api/v1/incidents/1/timeline")).json()["items"]
        assert [entry["complained"] for entry in entries if entry["direction"] == "out"] == [True]


@pytest.mark.parametrize(("status", "reason"), [("4.4.1", "no_answer"), ("4.0.0", "other")])
async def test_delayed_is_shown_with_its_reason_and_mutes_nobody(web: Web, status: str, reason: str) -> None:
    sent = await _reported(web, Automatic.DELAY, status)
    async with web.client(Role.AGENT) as program:
        entries = (await program.get("/api/v1/incidents/1/timeline")).json()["items"]
        ours = next(entry for entry in entries if entry["interaction_id"] == str(sent))
        assert (ours["delivery"], ours["returned"]["reason"]) == ("delayed", reason)
        (customer,) = (await program.get("/api/v1/customers?q=ana")).json()["items"]
        assert "muted" not in customer["addresses"][0]


async def test_a_form_says_what_became_of_its_confirmation(web: Web) -> None:
    became = [
        ("sent", "", "Our confirmation was sent.", "Nuestra confirmación se envió."),
        ("withheld", "muted", "address is muted.", "está silenciado."),
        ("failed", "550 no such user", "550 no such user", "Nuestra confirmación no se entregó."),
    ]
    async with web.client() as customer, web.client(Role.AGENT) as program, web.browser(Role.AGENT) as agent:
        for number, (state, word, english, spanish) in enumerate(became, 1):
            await web.form(customer, email="ana@x.cu", subject=f"Factura {number}")
            await web.settled()
            entries = (await program.get(f"/api/v1/incidents/{number}/timeline")).json()["items"]
            made = next(entry["interaction_id"] for entry in entries if entry["kind"] == "interaction")
            path = f"/api/v1/incidents/{number}/interactions/{made}/confirmation"
            assert (await program.get(path)).json()["state"] == "queued"
            await web.hub.database.run(_finished, state, word)
            found = (await program.get(path)).json()
            assert (found["state"], found["error"]) == (state, word)
            assert english in (await agent.get(f"/en/agent/incidents/{number}")).text
            assert spanish in (await agent.get(f"/es/agent/incidents/{number}")).text


def _finished(connection: Connection, state: str, word: str) -> None:
    (delivery,) = queue.lease(connection, 9, 60)
    queue.finish(connection, delivery, state, word)
