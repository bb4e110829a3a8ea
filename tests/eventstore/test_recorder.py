"""The `eventsourcing` library's own test cases, run over our recorders: streams are named by text."""

import random
from uuid import uuid4

import pytest
from eventsourcing.persistence import AggregateRecorder, OperationalError, StoredEvent
from eventsourcing.tests import persistence as shipped

from eventstore.database import Database
from eventstore.recorder import StoreRecorder, StreamRecorder, TrackingStoreRecorder


class _OverOurTable:
    database: Database

    @pytest.fixture(autouse=True)
    def _fresh_database(self, database):
        self.database = database

    def new_originator_id(self) -> str:
        return f"incident/{uuid4()}"


class TestStreamRecorder(_OverOurTable, shipped.AggregateRecorderTestCase):
    def create_recorder(self) -> AggregateRecorder:
        return StreamRecorder(self.database)


class TestStoreRecorder(_OverOurTable, shipped.ApplicationRecorderTestCase):
    def create_recorder(self) -> StoreRecorder:
        return StoreRecorder(self.database)

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class TestPositionsDoNotInterleave(_OverOurTable, shipped.NonInterleavingNotificationIDsBaseCase):
    def create_recorder(self) -> StoreRecorder:
        return StoreRecorder(self.database)


class TestTracking(_OverOurTable, shipped.TrackingRecorderTestCase):
    def create_recorder(self) -> TrackingStoreRecorder:
        return TrackingStoreRecorder(self.database, "us")


class TestProcessRecorder(_OverOurTable, shipped.ProcessRecorderTestCase):
    def create_recorder(self) -> TrackingStoreRecorder:
        return TrackingStoreRecorder(self.database, "us")


def test_a_refused_group_leaves_nothing_and_the_next_one_follows_in_order(database):
    recorder = StoreRecorder(database)
    stream = f"incident/{uuid4()}"
    versions = list(range(1, 51))
    recorder.insert_events([StoredEvent(stream, version, "t", b"") for version in versions[:25]])
    with pytest.raises(Exception, match="read it again"):
        recorder.insert_events([StoredEvent(stream, version, "t", b"") for version in random.sample(versions, 50)])
    recorder.insert_events([StoredEvent(stream, version, "t", b"") for version in versions[25:]])
    assert [event.originator_version for event in recorder.select_events(stream)] == versions


def test_an_unreachable_database_is_the_librarys_operational_error():
    database = Database("postgresql://127.0.0.1:1/none", open_seconds=0.2)
    with pytest.raises(OperationalError):
        StoreRecorder(database).max_notification_id()
