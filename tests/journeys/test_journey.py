"""The journey of the house: one customer on four channels, one incident, one timeline, one answer that arrives.

Only the public surface, on a real hub process, a real PostgreSQL and a real SMTP server.
"""

import email.policy
import json
import re
import smtplib
from email.message import EmailMessage
from email.utils import make_msgid
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from websockets.sync.client import connect

from tests.hub_process import OURS, HubProcess, Sink, eventually

ANA, PHONE = "ana.perez@clientes.example", "+5355512345"


class Agent:
    """The API with an agent's token."""

    def __init__(self, hub: HubProcess, token: str) -> None:
        self._client = httpx.Client(
            base_url=f"{hub.url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=30, trust_env=False
        )

    def get(self, path: str, **params: object) -> dict:
        return self._client.get(path, params=params).raise_for_status().json()

    def post(self, path: str, **body: object) -> httpx.Response:
        return self._client.post(path, json=body, headers={"Idempotency-Key": str(uuid4())}).raise_for_status()

    def incidents(self) -> list[dict]:
        return self.get("/incidents")["items"]

    def timeline(self, number: int) -> list[dict]:
        return self.get(f"/incidents/{number}/timeline")["items"]


@pytest.mark.timeout(180)
def test_four_channels_become_one_incident_with_one_timeline_and_the_answer_arrives(
    hub_process: HubProcess, sink: Sink
):
    hub = hub_process
    hub.start()
    hub.wait_until_ready()
    agent = Agent(hub, hub.token("agent"))

    status_url = write_by_form(hub)
    confirmation = mail_that_arrives(sink, 1)
    assert status_url in body_of(confirmation)
    answer_by_mail(hub, confirmation, "Sigue pasando también con la F-102.")
    eventually(lambda: agent.incidents() and len(interactions(agent, 1)) == 2)
    chat_from(hub, status_url, "¿Hay alguien? Es urgente.")
    eventually(lambda: len(interactions(agent, 1)) == 3)
    customer = agent.get("/incidents/1")["customer"]["id"]
    agent.post(f"/customers/{customer}/addresses", address=f"phone:{PHONE}")
    call(hub, PHONE)

    timeline = eventually(lambda: found if len(found := interactions(agent, 1)) == 4 else None)
    assert [(entry["channel"], entry["direction"], entry["reason"]) for entry in timeline] == [
        ("form", "in", "new"),
        ("email", "in", "signed_token"),
        ("chat", "in", "signed_token"),
        ("phone", "in", "same_customer"),
    ]
    assert [incident["number"] for incident in agent.incidents()] == [1]
    eventually(lambda: len(agent.incidents()[0]["channels"]) == 4)  # a read model of its own
    assert agent.incidents()[0]["channels"] == ["form", "email", "chat", "phone"]
    whole = agent.timeline(1)
    assert whole == sorted(whole, key=lambda entry: (entry["occurred_at"], entry["position"]))

    reply = agent.post(
        "/incidents/1/replies", text="Ana: vuelva a leer el certificado.", channel="email", to=f"email:{ANA}"
    )
    assert reply.status_code == 202
    arrived = mail_that_arrives(sink, 2)
    assert "vuelva a leer el certificado" in body_of(arrived)
    assert OURS.partition("@")[0] in arrived["From"]
    assert "[#1]" in arrived["Subject"]
    assert arrived["References"].split() == [confirmation["Message-ID"], ana_id]
    assert arrived["In-Reply-To"] == ana_id
    assert f".{UUID(reply.json()['interaction_id']).hex}@" in arrived["Message-ID"]
    assert arrived["Auto-Submitted"] is None
    delivered = eventually(
        lambda: [e for e in interactions(agent, 1) if e["direction"] == "out" and e["delivery"] == "sent"]
    )
    assert delivered[0]["to"] == [f"email:{ANA}"]

    findings = hub.audit()
    assert findings["ok"], findings
    assert hub.stop() == [0]


ana_id = make_msgid(domain="clientes.example")


def interactions(agent: Agent, number: int) -> list[dict]:
    return [entry for entry in agent.timeline(number) if entry["kind"] == "interaction"]


def write_by_form(hub: HubProcess) -> str:
    form = {
        "name": "Ana Pérez",
        "email": ANA,
        "subject": "La factura F-101 es rechazada",
        "body": "Desde ayer sale el error C-204 al enviarla.",
        "product": "Ceiba Factura",
        "locale": "es",
    }
    answer = httpx.post(f"{hub.url}/api/v1/forms", json=form, headers={"Idempotency-Key": "one"}, trust_env=False)
    assert answer.status_code == 202, answer.text
    return answer.json()["status_url"]


def mail_that_arrives(sink: Sink, count: int) -> EmailMessage:
    assert eventually(lambda: len(sink.mails_to(ANA)) >= count), "no mail arrived"
    return sink.mails_to(ANA)[count - 1]


def body_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return part.get_content()


def answer_by_mail(hub: HubProcess, confirmation: EmailMessage, text: str) -> None:
    # as mail programs do; Python's own default would write a long In-Reply-To as an encoded word
    mail = EmailMessage(policy=email.policy.SMTP.clone(max_line_length=998))
    mail["From"] = f"Ana Pérez <{ANA}>"
    mail["To"] = OURS
    mail["Subject"] = f"Re: {confirmation['Subject']}"
    mail["Message-ID"] = ana_id
    mail["In-Reply-To"] = confirmation["Message-ID"]
    mail["References"] = confirmation["Message-ID"]
    mail.set_content(f"{text}\n\nAna\n\nEl lunes Soporte escribió:\n> Hemos recibido su mensaje\n")
    host, _, port = hub.smtp.partition(":")
    with smtplib.SMTP(host, int(port)) as server:
        assert server.send_message(mail) == {}


def chat_from(hub: HubProcess, status_url: str, text: str) -> None:
    token = urlsplit(status_url).path.rpartition("/")[2]
    with connect(f"ws://{hub.http}/api/v1/chat", proxy=None) as chat:
        chat.send(json.dumps({"type": "hello", "token": token, "name": "Ana Pérez", "locale": "es"}))
        assert json.loads(chat.recv(10))["type"] == "welcome"
        chat.send(json.dumps({"type": "message", "id": "m1", "text": text}))
        while (frame := json.loads(chat.recv(10)))["type"] != "ack":
            assert frame["type"] != "error", frame


def call(hub: HubProcess, phone: str) -> None:
    url = urlsplit(hub.cauce("line", "create", "central").stdout.strip())
    key = parse_qs(url.query)["key"][0]
    push = {"event": "newCall", "callId": "c-1", "from": phone.removeprefix("+"), "to": "5370000000", "direction": "in"}
    answer = httpx.post(f"{hub.url}{url.path}", params={"key": key}, data=push, trust_env=False)
    assert answer.status_code == 200, answer.text
    assert re.search(r"<Response[^>]*onAnswer=", answer.text)
    for event in ("answer", "hangup"):
        more = push | {"event": event, "cause": "normalClearing"}
        httpx.post(f"{hub.url}{url.path}", params={"key": key}, data=more, trust_env=False).raise_for_status()
