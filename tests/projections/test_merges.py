"""Merged incidents and customers are read as one; un-merged, every view but its audit lines is as if never merged."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from projections import channel_report, customers, incidents, organizations, timeline
from projections.incidents import filters
from schemas.facts.customer import (
    CustomerJoinedOrganization,
    CustomerLeftOrganization,
    CustomerMerged,
    CustomerUnmerged,
)
from schemas.facts.incident import (
    IncidentMerged,
    IncidentResolved,
    IncidentUnmerged,
    Reason,
)
from schemas.facts.organization import OrganizationRegistered
from schemas.interaction import Channel
from tests.projections.histories import START, Recorder, Story
from tests.projections.views import fold_all

_SINCE, _UNTIL = START - timedelta(days=2), START + timedelta(days=9)


@pytest.fixture
def two(database, keys):
    """Two incidents of two people: 1 (form) was answered, 2 (email) is newer and waits for us."""
    story, recorder = Story(3), Recorder(database, keys)
    story.people, first = [], story.open
    while len(story.work) < 2:
        story.people = []
        recorder.record(first())
        story.now += timedelta(hours=1)
    one, other = story.work
    story.work = [one]
    recorder.record(story.answer())
    story.now += timedelta(hours=1)
    recorder.record([*story.message(other, Channel.EMAIL, Reason.SAME_CUSTOMER)])
    story.now += timedelta(hours=1)
    story.work = [one, other]
    fold_all(database, keys)
    return story, recorder, one, other


def _everything(database, audit=()):
    """What every screen shows of 1 and 2."""
    with database.transaction() as connection:
        entries = {
            number: [
                msgspec.structs.replace(entry, position=0, recorded_at=START)
                for entry in timeline.of_incident(connection, number).items
                if entry.fact not in audit
            ]
            for number in (1, 2)
        }
        shown = [msgspec.structs.replace(incidents.get(connection, number), version=0) for number in (1, 2)]
        listed = [msgspec.structs.replace(item, version=0) for item in incidents.find(connection).items]
        report = channel_report.read(connection, since=_SINCE, until=_UNTIL).rows
        people = customers.find(connection).items
    return entries, shown, listed, report, people


def test_unmerged_reads_as_if_never_merged(database, keys, two):
    story, recorder, one, other = two
    before = _everything(database)
    recorder.record(
        [
            IncidentMerged(incident=other.incident, into=one.incident, by="ana", at=story.now),
            CustomerMerged(customer=other.person.customer, into=one.person.customer, by="ana", at=story.now),
        ]
    )
    fold_all(database, keys)
    assert _everything(database)[2] != before[2]
    recorder.record(
        [
            IncidentUnmerged(incident=other.incident, out_of=one.incident, by="ana", at=story.now),
            CustomerUnmerged(customer=other.person.customer, out_of=one.person.customer, by="ana", at=story.now),
        ]
    )
    fold_all(database, keys)
    assert _everything(database, {"IncidentMerged", "IncidentUnmerged"}) == before


@pytest.mark.usefixtures("searched")
def test_merged_incidents_are_one_in_list_timeline_and_report(database, keys, two):
    story, recorder, one, other = two
    with database.transaction() as connection:
        apart = {number: timeline.of_incident(connection, number).items for number in (1, 2)}
        alone = {number: incidents.get(connection, number) for number in (1, 2)}
    assert (alone[1].status, alone[2].status) == ("waiting", "new")
    recorder.record([IncidentMerged(incident=other.incident, into=one.incident, by="ana", at=story.now)])
    fold_all(database, keys)

    with database.transaction() as connection:
        together = timeline.of_incident(connection, 1).items
        assert timeline.of_incident(connection, 2).items == together
        assert {entry.position for entry in together} > {e.position for n in (1, 2) for e in apart[n]}
        assert [(e.occurred_at, e.position) for e in together] == sorted((e.occurred_at, e.position) for e in together)
        assert {entry.incident for entry in together} == {1}
        (listed,) = incidents.find(connection).items
        whole = incidents.get(connection, 1)
        assert listed == incidents.Incident(*(getattr(whole, name) for name in incidents.Incident.__struct_fields__))
        assert (whole.number, whole.updated_at) == (1, alone[2].updated_at)
        assert whole.channels == list(dict.fromkeys([*alone[1].channels, *alone[2].channels]))
        assert set(whole.participants) == {one.person.written, other.person.written}
        assert whole.status == "open"  # the last word was a customer's, and it isn't new work
        assert incidents.get(connection, 2).merged_into == 1
        assert [item.number for item in incidents.find(connection, status="open").items] == [1]
        assert incidents.find(connection, status="waiting").items == []
        text = next(entry.text for entry in reversed(together) if entry.kind == "interaction")
        assert [item.number for item in incidents.find(connection, q=text).items] == [1]
        assert [item.number for item in incidents.find(connection, q="#2").items] == [1]
        (total,) = channel_report.read(connection, since=_SINCE, until=_UNTIL, by=()).rows
        assert (total["contacts"], total["opened"], total["share"]) == (3, 1, 1.0)


def test_a_chain_of_merges_ends_in_its_last(database, keys, two):
    story, recorder, one, other = two
    recorder.record(story.open())
    third = story.work[-1]
    recorder.record(
        [
            IncidentMerged(incident=one.incident, into=other.incident, by="ana", at=story.now),
            IncidentMerged(incident=other.incident, into=third.incident, by="ana", at=story.now),
            IncidentResolved(incident=third.incident, address=third.person.address, by="ana", at=story.now),
        ]
    )
    fold_all(database, keys)
    with database.transaction() as connection:
        number = third.number
        assert [incidents.get(connection, n).merged_into for n in (1, 2, number)] == [number, number, None]
        assert [item.number for item in incidents.find(connection).items] == [number]
        assert [item.number for item in incidents.find(connection, status="resolved").items] == [number]
        assert timeline.of_incident(connection, 1).items == timeline.of_incident(connection, number).items


def test_merged_customers_are_one(database, keys, two):
    _, recorder, one, other = two
    recorder.record(
        [CustomerMerged(customer=other.person.customer, into=one.person.customer, by="ana", at=datetime.now(UTC))]
    )
    fold_all(database, keys)
    with database.transaction() as connection:
        (listed,) = customers.find(connection).items
        assert listed.id == one.person.customer
        assert {each.address for each in listed.addresses} == {one.person.written, other.person.written}
        assert (listed.incidents.open, listed.incidents.total) == (2, 2)
        merged = customers.get(connection, other.person.customer)
        assert merged == msgspec.structs.replace(listed, id=other.person.customer, merged_into=listed.id)
        assert [each.number for each in incidents.find(connection, customer=other.person.customer).items] == [2, 1]
        assert len(timeline.of_customer(connection, one.person.customer).items) == sum(
            len(timeline.of_incident(connection, number).items) for number in (1, 2)
        )
        assert [each.id for each in customers.find(connection, q=other.person.written[6:]).items] == [listed.id]


@pytest.mark.parametrize("few", [2000, 0], ids=["few incidents", "so many that the list is walked"])
def test_merged_customers_belong_where_one_of_them_does(database, keys, two, monkeypatch, few):
    monkeypatch.setattr(filters, "_FEW", few)
    story, recorder, one, other = two
    espiga, vega = story.uuid(), story.uuid()
    ana, bob, now = one.person.customer, other.person.customer, story.now

    def told(*facts):
        recorder.record(facts)
        fold_all(database, keys)
        with database.transaction() as connection:
            return {
                each: (
                    organizations.people(connection, each).items,
                    sorted(organizations.customers_of(connection, each)),
                    [item.number for item in incidents.find(connection, organization=each).items],
                )
                for each in (espiga, vega)
            }

    def joined(customer, organization):
        return CustomerJoinedOrganization(customer=customer, organization=organization, by="ana", at=now)

    nobody, both, all_of_them = ([], [], []), sorted([ana, bob]), [2, 1]
    registered = [OrganizationRegistered(organization=each, name="Uno", by="ana", at=now) for each in (espiga, vega)]
    apart = told(*registered, joined(bob, espiga))
    assert apart == {espiga: ([bob], [bob], [2]), vega: nobody}
    merged = CustomerMerged(customer=bob, into=ana, by="ana", at=now)
    assert told(merged) == {espiga: ([ana], both, all_of_them), vega: nobody}
    with database.transaction() as connection:
        assert customers.get(connection, bob).organization == organizations.Named(espiga, "Uno")
    assert told(joined(ana, vega)) == {espiga: nobody, vega: ([ana], both, all_of_them)}
    left = CustomerLeftOrganization(customer=ana, organization=vega, by="ana", at=now)
    assert told(left, CustomerUnmerged(customer=bob, out_of=ana, by="ana", at=now)) == apart
