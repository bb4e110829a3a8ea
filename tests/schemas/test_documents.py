"""The documents made from the structs: JSON Schema of each fact and the AsyncAPI description of the topics."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import uuid4

import jsonschema
import msgspec

from schemas import asyncapi, cloudevents, json_schema
from schemas.facts import REGISTRY
from schemas.facts.incident import IncidentAssigned
from schemas.topics import TOPICS

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
