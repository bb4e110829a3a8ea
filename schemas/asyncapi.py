"""The AsyncAPI 3 document of the topics: built from the structs, served at `/asyncapi`."""

from __future__ import annotations

from typing import Any

from schemas import json_schema
from schemas.facts import REGISTRY
from schemas.topics import EVENTS, INTERACTIONS, MAIL, QUARANTINE, Topic

_PURPOSE = {
    MAIL.name: "Mails as they came, before they are parsed",
    INTERACTIONS.name: "Normalized interactions and signals of telephone systems, from every channel",
    EVENTS.name: "Every recorded fact, in the one order of the store; personal parts are sealed",
    QUARANTINE.name: "What could not be handled, with the reason",
}
_HEADERS = {
    "type": "object",
    "description": "CloudEvents 1.0, Kafka binary mode",
    "required": ["ce_specversion", "ce_id", "ce_source", "ce_type"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string"},
        "ce_source": {"type": "string"},
        "ce_type": {"type": "string"},
        "ce_subject": {"type": "string"},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_causationid": {"type": "string", "format": "uuid"},
        "ce_correlationid": {"type": "string", "format": "uuid"},
    },
}


def document() -> dict[str, Any]:
    """The whole document, as JSON-ready data."""
    messages = {
        MAIL.name: {"RawMail": _message("RawMail", "RawMail")},
        INTERACTIONS.name: {name: _message(name, name) for name in ("Interaction", "CallSignal")},
        EVENTS.name: {cls.__name__: _message(cls.__name__, name) for name, cls in REGISTRY.items()},
        QUARANTINE.name: {
            "Quarantined": {"name": "quarantined", "headers": _HEADERS, "contentType": "application/json"}
        },
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Cauce",
            "version": "1",
            "description": "The topics of the hub (prefix `CAUCE_KAFKA_PREFIX`).",
        },
        "defaultContentType": "application/msgpack",
        "channels": {
            topic.name: _channel(topic, messages[topic.name]) for topic in (MAIL, INTERACTIONS, EVENTS, QUARANTINE)
        },
        "operations": {
            f"{action}_{topic.name}": {"action": action, "channel": {"$ref": f"#/channels/{topic.name}"}}
            for topic, action in ((MAIL, "send"), (INTERACTIONS, "send"), (EVENTS, "receive"), (QUARANTINE, "receive"))
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


def _message(schema: str, name: str) -> dict[str, Any]:
    return {"name": name, "headers": _HEADERS, "payload": {"$ref": f"#/components/schemas/{schema}"}}
