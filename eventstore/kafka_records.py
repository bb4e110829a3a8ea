"""What a record looks like in Kafka: our log records and the store's events, to headers and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventstore.kafka_client import Fetched, Headers
from eventstore.log import LogRecord, NewRecord
from eventstore.recorded import Recorded
from schemas import cloudevents
from schemas.ids import scoped_id

_ID = "cauce_id"


def log_headers(record: NewRecord) -> Headers:
    """The record's own headers, and its id."""
    return [(_ID, str(record.id).encode()), *((name, value.encode()) for name, value in record.headers.items())]


def log_record(fetched: Fetched) -> LogRecord:
    """A record as it was appended. What others put into our topic gets an id by its place: its value will judge it."""
    headers = {name: value.decode(errors="replace") for name, value in fetched.headers}
    try:
        id_ = UUID(headers.pop(_ID))
    except (KeyError, ValueError):
        id_ = scoped_id("kafka", fetched.topic, str(fetched.partition), str(fetched.offset))
    return LogRecord(
        id=id_,
        partition=fetched.partition,
        offset=fetched.offset,
        value=fetched.value or b"",
        headers=headers,
    )


@dataclass(frozen=True, slots=True)
class Published:
    """An event from the topic. `prev`: position of the event before it, so that a hole is seen."""

    event: Recorded
    prev: int
    epoch: UUID


def event_headers(event: Recorded, prev: int, epoch: bytes) -> Headers:
    """All but the event's data, as headers: CloudEvents attributes for everybody, our own for the feed."""
    described = cloudevents.attributes(
        event_id=str(event.position),
        type_name=event.type,
        subject=event.stream,
        time=event.recorded_at,
        causation=event.causation,
        correlation=event.correlation,
    )
    return [
        ("position", b"%d" % event.position),
        ("prev", b"%d" % prev),
        ("epoch", epoch),
        ("version", b"%d" % event.version),
        *((f"ce_{name}", value.encode()) for name, value in described.items()),
    ]


def published(fetched: Fetched) -> Published | None:
    """The event of a record; None for what is none of ours."""
    found: Mapping[str, bytes] = dict(fetched.headers)
    try:
        causation, correlation = found.get("ce_causationid"), found.get("ce_correlationid")
        return Published(
            event=Recorded(
                position=int(found["position"]),
                stream=found["ce_subject"].decode(),
                version=int(found["version"]),
                type=found["ce_type"].decode(),
                data=fetched.value or b"",
                recorded_at=datetime.fromisoformat(found["ce_time"].decode()),
                causation=UUID(causation.decode()) if causation else None,
                correlation=UUID(correlation.decode()) if correlation else None,
            ),
            prev=int(found["prev"]),
            epoch=UUID(found["epoch"].decode()),
        )
    except (KeyError, ValueError):
        return None
