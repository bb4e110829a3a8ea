"""The record of access as it is read: newest first, by whom and about whom, and what was forgotten."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from projections import access_log
from projections.access_log import ACCESS_LOG, AccessEntry
from schemas.errors import InvalidError
from schemas.facts.api_token import TokenCreated
from schemas.facts.user import (
    EmailChanged,
    Mailbox,
    Method,
    Place,
    PlacesForgotten,
    Refusal,
    RoleChanged,
    SignedIn,
    SignInFailed,
)
from schemas.facts.widget import WidgetCreated, widget_id
from tests.projections.histories import Recorder
from tests.projections.views import fold_all

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANA, EVA = UUID(int=1), UUID(int=2)
PLACE = Place(network="192.0.2.7", browser="Firefox")


@pytest.fixture
def recorded(database, keys):
    recorder = Recorder(database, keys)
    recorder.record(
        [
            SignedIn(
                user=ANA, name="ana", session=UUID(int=9), method=Method.CODE, address=ANA, at=NOW, personal=PLACE
            ),
            SignInFailed(user=EVA, name="", reason=Refusal.THROTTLED, address=EVA, at=NOW, personal=PLACE),
            RoleChanged(user=EVA, name="eva", role="admin", was="agent", by="ana", at=NOW),
            TokenCreated(
                token=UUID(int=5),
                name="bot",
                role="agent",
                scopes=("incidents", "read"),
                expires_at=NOW + timedelta(days=1),
                by="eva",
                at=NOW,
            ),
        ]
    )
    fold_all(database, keys, projections=[ACCESS_LOG])
    return recorder


def test_each_fact_is_a_line_with_what_it_says(database, recorded):
    with database.transaction() as connection:
        found = access_log.find(connection).items
    assert found == [
        AccessEntry(
            4,
            NOW,
            "TokenCreated",
            "bot",
            "eva",
            {"role": "agent", "scopes": "incidents, read", "expires_at": "2026-03-02T12:00:00+00:00"},
            "",
            "",
        ),
        AccessEntry(3, NOW, "RoleChanged", "eva", "ana", {"was": "agent", "role": "admin"}, "", ""),
        AccessEntry(2, NOW, "SignInFailed", "", "", {"reason": "throttled"}, "192.0.2.7", "Firefox"),
        AccessEntry(
            1,
            NOW,
            "SignedIn",
            "ana",
            "ana",
            {"method": "code", "session": str(UUID(int=9))},
            "192.0.2.7",
            "Firefox",
        ),
    ]


def test_it_is_read_by_person_by_kind_and_in_pages(database, recorded):
    with database.transaction() as connection:
        assert [entry.position for entry in access_log.find(connection, who="eva").items] == [4, 3]
        assert [entry.position for entry in access_log.find(connection, who="ana").items] == [3, 1]
        assert [entry.position for entry in access_log.find(connection, fact="SignedIn").items] == [1]
        first = access_log.find(connection, limit=3)
        rest = access_log.find(connection, limit=3, cursor=first.next_cursor)
        assert [entry.position for entry in first.items + rest.items] == [4, 3, 2, 1]
        assert rest.next_cursor is None
        with pytest.raises(InvalidError):
            access_log.find(connection, cursor="!!")


def test_places_that_are_forgotten_are_gone_for_that_user_only(database, keys, recorded):
    for user, name in ((ANA, "ana"), (EVA, "eva")):
        mailbox = Mailbox(email=f"{name}@x.cu")
        recorded.record([EmailChanged(user=user, name=name, address=user, by="eva", at=NOW, personal=mailbox)])
    fold_all(database, keys, projections=[ACCESS_LOG])
    recorded.record([PlacesForgotten(user=ANA, name="ana", by="eva", at=NOW)])
    fold_all(database, keys, projections=[ACCESS_LOG])
    with database.transaction() as connection:
        found = access_log.find(connection).items
    assert {entry.position: entry.network for entry in found if entry.network} == {2: "192.0.2.7"}
    assert {entry.position: entry.detail for entry in found if entry.fact == "EmailChanged"} == {
        5: {},
        6: {"email": "eva@x.cu"},
    }


def test_who_is_asked_for_as_it_is_written_or_as_a_login_name(database, keys, recorded):
    widget = WidgetCreated(
        widget=widget_id("k1"), key="k1", name="Shop", origins=("https://a.example",), by="ana", at=NOW
    )
    recorded.record([widget])
    fold_all(database, keys, projections=[ACCESS_LOG])
    with database.transaction() as connection:
        assert [entry.position for entry in access_log.find(connection, who="Shop").items] == [5]
        assert [entry.position for entry in access_log.find(connection, who="ANA").items] == [5, 3, 1]
