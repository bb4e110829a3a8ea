"""The documents made from the structs: JSON Schema of each fact and the AsyncAPI description of the topics."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import jsonschema
import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from channels.email.mailboxes import Mailboxes
from channels.email.receiving.reception import Envelope, Reception
from channels.intake import Intake
from eventstore.blobs import FolderBlobs
from eventstore.kafka_client import Headers
from eventstore.kafka_records import event_headers, log_headers
from eventstore.recorded import Recorded
from schemas import asyncapi, cloudevents, json_schema
from schemas.codec import encode, parts
from schemas.facts import REGISTRY
from schemas.facts.incident import IncidentAssigned, IncidentNoted, Words
from schemas.held import Announced
from schemas.interaction import Channel, Interaction, Party
from schemas.topics import EVENTS, INTERACTIONS, MAIL, QUARANTINE, TOPICS
from services.relay import announcements

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_every_fact_has_a_valid_json_schema() -> None:
    for name in REGISTRY:
        jsonschema.Draft202012Validator.check_schema(json_schema.of_fact(name))


def test_a_real_fact_fits_its_schema_and_a_broken_one_does_not() -> None:
    schema = json_schema.of_fact(IncidentAssigned.type_name)
    fact = json.loads(msgspec.json.encode(IncidentAssigned(incident=uuid4(), to="luis", by="eva", at=NOW)))
    validator = jsonschema.Draft202012Validator(schema)
    assert list(validator.iter_errors(fact)) == []
    assert list(validator.iter_errors({**fact, "to": 7})) != []


def test_asyncapi_describes_every_topic_and_every_fact() -> None:
    document = asyncapi.document()
    assert set(document["channels"]) == {topic.name for topic in TOPICS}
    assert {message["name"] for message in document["channels"]["events"]["messages"].values()} == set(REGISTRY)


def test_every_reference_of_asyncapi_leads_somewhere() -> None:
    document = asyncapi.document()
    text = json.dumps(document)
    schemas = document["components"]["schemas"]
    wanted = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert wanted <= set(schemas)


def test_cloudevents_attributes_become_prefixed_headers_and_absent_ones_are_left_out() -> None:
    found = cloudevents.attributes(event_id="7", type_name="incident.closed.v1", subject="incident/x", time=NOW)
    assert cloudevents.headers(found) == {
        "ce_specversion": "1.0",
        "ce_id": "7",
        "ce_source": "/cauce",
        "ce_type": "incident.closed.v1",
        "ce_subject": "incident/x",
        "ce_time": "2026-03-01T12:00:00Z",
    }


class Kept:
    """A log that is only looked at."""

    async def append(self, _topic: Any, records: Any) -> None:
        self.headers = log_headers(records[0])


async def sent_to(topic: str, folder: Any) -> Headers:
    """The headers of a record of ours."""
    log: Any = Kept()
    made, secret = uuid4(), bytes(32)
    if topic == MAIL.name:
        reception = Reception(log, FolderBlobs(folder), Mailboxes(("help@x.cu",)), secret)
        await reception.accept(Envelope("smtp", "ana@x.cu", ("help@x.cu",)), b"Subject: x\r\n\r\ny")
    elif topic == INTERACTIONS.name:
        who = Party(address="email:ana@x.cu")
        await Intake(log, secret).submit(
            Interaction(
                id=made, channel=Channel.FORM, sender=who, thread=made, contact=made, occurred_at=NOW, received_at=NOW
            )
        )
    elif topic == EVENTS.name:
        event = Recorded(7, "incident/x", 1, "incident.closed.v1", b"", NOW, causation=made, correlation=made)
        return event_headers(event, 6, str(made).encode())
    else:
        held = Announced(made, "email", "mail", NOW, "unparsable", "", 1)
        return [(name, value.encode()) for name, value in announcements._attributes(held).items()]
    return log.headers


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
async def test_the_headers_of_what_we_send_are_those_that_asyncapi_tells_of(topic: str, tmp_path: Any) -> None:
    sent = {name: value.decode() for name, value in await sent_to(topic, tmp_path)}
    for message in asyncapi.document()["channels"][topic]["messages"].values():
        described = message["headers"]
        jsonschema.validate(sent, {**described, "additionalProperties": False})
        assert sent.keys() >= set(described["required"])


class OneKey:
    def seal_key(self, _address: UUID) -> AESGCM:
        return AESGCM(bytes(32))

    open_key = seal_key


@pytest.mark.parametrize("sealed", [True, False])
def test_a_stored_fact_fits_what_asyncapi_says_of_its_bytes(sealed: bool) -> None:
    if sealed:
        fact: Any = IncidentNoted(
            incident=uuid4(), note=uuid4(), address=uuid4(), by="eva", at=NOW, personal=Words(text="call her")
        )
    else:
        fact = IncidentAssigned(incident=uuid4(), to="luis", by="eva", at=NOW)
    stored = parts(encode(fact, OneKey()))
    clear = msgspec.msgpack.decode(stored.clear, type=type(fact))
    on_topic = [json.loads(msgspec.json.encode(clear)), *map(in_json, (stored.address, stored.sealed))]
    document = asyncapi.document()
    message = document["channels"][EVENTS.name]["messages"][type(fact).__name__]
    schema = {"$schema": "http://json-schema.org/draft-07/schema#", **message["payload"], **document}
    jsonschema.validate(on_topic, schema)
    assert (on_topic[0].get("personal"), on_topic[2] is not None) == (None, sealed)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(on_topic[0], schema)


def in_json(raw: bytes | None) -> str | None:
    return None if raw is None else b64encode(raw).decode()


def test_asyncapi_says_what_each_topic_carries_and_who_writes_it() -> None:
    document = asyncapi.document()
    for topic in document["channels"].values():
        assert all("payload" in message for message in topic["messages"].values())
    writing = {name for name in document["operations"] if name.startswith("send_")}
    assert writing == {f"send_{topic.name}" for topic in TOPICS}
    assert f"receive_{QUARANTINE.name}" not in document["operations"]
