"""The AsyncAPI 3 document of the topics: built from the structs, served at `/asyncapi`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from schemas import json_schema
from schemas.facts import REGISTRY
from schemas.interaction import Channel
from schemas.topics import EVENTS, INTERACTIONS, MAIL, QUARANTINE, TOPICS, Topic

_PURPOSE = {
    MAIL.name: "Mails as they came, before they are parsed",
    INTERACTIONS.name: "Normalized interactions and signals of telephone systems, from every channel",
    EVENTS.name: "Every recorded fact, in the one order of the store; personal parts are sealed",
    QUARANTINE.name: "That a record could not be handled, and why; neither its bytes nor its sender",
}
_Schema: TypeAlias = dict[str, Any]

_UUID: _Schema = {"type": "string", "format": "uuid"}
_COUNT: _Schema = {"type": "string", "pattern": "^[0-9]+$"}
_CLOUD_EVENT: dict[str, _Schema] = {
    "ce_specversion": {"const": "1.0"},
    "ce_id": {"type": "string"},
    "ce_source": {"type": "string"},
    "ce_type": {"type": "string"},
    "ce_subject": {"type": "string"},
    "ce_time": {"type": "string", "format": "date-time"},
}
_OF_TOPIC: Mapping[str, dict[str, _Schema]] = {
    MAIL.name: {"cauce_id": _UUID},
    INTERACTIONS.name: {"cauce_id": _UUID, "channel": {"enum": [channel.value for channel in Channel]}},
    EVENTS.name: {"position": _COUNT, "prev": _COUNT, "epoch": _UUID, "version": _COUNT},
    QUARANTINE.name: {},
}
"""Our headers beside the CloudEvents attributes. `prev`: position of the event before it, so that a hole is seen."""
_SOMETIMES: Mapping[str, dict[str, _Schema]] = {
    MAIL.name: {"reprocessed": {"const": "1"}},
    INTERACTIONS.name: {"reprocessed": {"const": "1"}, "released": {"type": "string"}},
    EVENTS.name: {"ce_causationid": _UUID, "ce_correlationid": _UUID},
    QUARANTINE.name: {},
}
_ACTIONS = {
    MAIL.name: ("send", "receive"),
    INTERACTIONS.name: ("send", "receive"),
    EVENTS.name: ("send", "receive"),
    QUARANTINE.name: ("send",),
}
"""What the hub does with a topic."""
_JSON = "application/json"
_MSGPACK = "application/msgpack"


def document() -> dict[str, Any]:
    """The whole document, as JSON-ready data."""
    messages = {
        MAIL.name: [_message(MAIL, "RawMail", _ref("RawMail"))],
        INTERACTIONS.name: [_message(INTERACTIONS, name, _ref(name)) for name in ("Interaction", "CallSignal")],
        EVENTS.name: [_message(EVENTS, name, _stored(cls.__name__), cls.__name__) for name, cls in REGISTRY.items()],
        QUARANTINE.name: [_message(QUARANTINE, "Announced", _ref("Announced"), content_type=_JSON)],
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Cauce",
            "version": "1",
            "description": (
                "The topics of the hub (prefix `CAUCE_KAFKA_PREFIX`). In msgpack a `uuid` is 16 bytes, `base64` the"
                " bytes themselves, a `date-time` the timestamp extension."
            ),
        },
        "defaultContentType": _MSGPACK,
        "channels": {topic.name: _channel(topic, dict(messages[topic.name])) for topic in TOPICS},
        "operations": {
            f"{action}_{topic.name}": {"action": action, "channel": {"$ref": f"#/channels/{topic.name}"}}
            for topic in TOPICS
            for action in _ACTIONS[topic.name]
        },
        "components": {"schemas": dict(json_schema.components())},
    }


def _channel(topic: Topic, messages: dict[str, Any]) -> dict[str, Any]:
    retention = -1 if topic.retention is None else int(topic.retention.total_seconds() * 1000)
    return {
        "address": topic.name,
        "description": _PURPOSE[topic.name],
        "messages": messages,
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": {"retention.ms": retention},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _message(
    topic: Topic, name: str, payload: _Schema, key: str = "", *, content_type: str = _MSGPACK
) -> tuple[str, _Schema]:
    always = _CLOUD_EVENT | _OF_TOPIC[topic.name]
    headers = {
        "type": "object",
        "description": "CloudEvents 1.0, Kafka binary mode, and ours; each is UTF-8",
        "required": list(always),
        "properties": always | _SOMETIMES[topic.name],
    }
    return key or name, {"name": name, "contentType": content_type, "headers": headers, "payload": payload}


def _ref(schema: str) -> _Schema:
    return {"$ref": f"#/components/schemas/{schema}"}


def _stored(schema: str) -> _Schema:
    """A fact as the store has it (codec.py)."""
    raw = {"type": ["string", "null"], "contentEncoding": "base64"}
    return {
        "type": "array",
        "description": (
            "The fact with `personal` null; the id of the address whose key opens what is sealed; and that: a nonce of"
            " 12 bytes, then `personal` under AES-256-GCM. The key stays in the hub:"
            " `/api/v1/events?personal=true` has it opened, for admins."
        ),
        "items": [_ref(schema), raw, raw],
        "minItems": 3,
        "maxItems": 3,
    }
