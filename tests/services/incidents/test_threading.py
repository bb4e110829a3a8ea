"""Answers that come late, twice, or to what is closed or merged."""

from __future__ import annotations

from dataclasses import replace as swap
from datetime import timedelta

import pytest
from msgspec.structs import replace

from eventstore.ledger import NO_CAUSE
from schemas.facts.customer import CustomerRegistered
from schemas.facts.incident import (
    IncidentClosed,
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    InteractionLinked,
    MergeSuggested,
    Reason,
    SuggestionReason,
)
from schemas.interaction import Authentication, Automatic
from services.incidents.requests import Close, Merge, Unmerge
from tests.services.incidents.world import World, mail, uid

MONTH = timedelta(days=31)


def only(facts, kind):
    return [fact for fact in facts if isinstance(fact, kind)]


def reasons(facts):
    return [(fact.interaction, fact.reason) for fact in only(facts, InteractionLinked)]


@pytest.fixture
def closed():
    """Ana's incident, closed a month ago."""
    world = World()
    world.take(mail("m1", subject="Printer", to=("bob@x.cu",)))
    incident = world.placed()[uid("m1")]
    world.known.record([IncidentClosed(incident=incident, by="luis", at=world.now)], NO_CAUSE)
    world.now += MONTH
    return world


@pytest.mark.parametrize(
    "answer",
    [
        mail("m2", answers=("m1",)),
        mail("m2", "bob@x.cu", answers=("m1",), subject="Re: Printer"),
        mail("m2", thread=uid("m1")),
        mail("m2", number=1, subject="[#1]"),
    ],
    ids=["references", "in copy", "token", "number"],
)
def test_an_answer_to_what_was_closed_long_ago_opens_a_follow_up_and_each_names_the_other(closed, answer):
    old = closed.placed()[uid("m1")]
    facts = closed.take(answer)
    new = closed.placed()[uid("m2")]
    assert reasons(facts) == [(uid("m2"), Reason.NEW)]
    assert new != old
    assert only(facts, IncidentReopened) == []
    assert [(fact.incident, fact.other, fact.reason) for fact in only(facts, MergeSuggested)] == [
        (new, old, SuggestionReason.FOLLOWS),
        (old, new, SuggestionReason.FOLLOWED_BY),
    ]


def test_whoever_goes_on_finds_the_follow_up_by_any_way(closed):
    closed.take(mail("m2", answers=("m1",), to=("bob@x.cu",)))
    follow_up = closed.placed()[uid("m2")]
    more = [
        mail("m3", answers=("m1",)),
        mail("m4", thread=uid("m1")),
        mail("m5", "bob@x.cu", answers=("m1", "m2")),
        mail("m6", number=1, subject="[#1]"),
    ]
    facts = closed.take(*more)
    assert {closed.placed()[item.id] for item in more} == {follow_up}
    assert only(facts, IncidentMerged) == []


def test_a_follow_up_closed_long_ago_has_a_follow_up(closed):
    closed.take(mail("m2", answers=("m1",)))
    second = closed.placed()[uid("m2")]
    closed.known.record([IncidentClosed(incident=second, by="luis", at=closed.now)], NO_CAUSE)
    closed.now += MONTH
    closed.take(mail("m3", answers=("m1",)), mail("m4", answers=("m1",)))
    assert closed.placed()[uid("m3")] not in {second, closed.placed()[uid("m1")]}
    assert closed.placed()[uid("m4")] == closed.placed()[uid("m3")]


def test_closed_a_while_ago_it_is_reopened(closed):
    closed.now -= timedelta(days=2)
    facts = closed.take(mail("m2", answers=("m1",)))
    assert reasons(facts) == [(uid("m2"), Reason.REFERENCES)]
    assert len(only(facts, IncidentReopened)) == 1


def test_what_nobody_wrote_attaches_to_it_however_old_it_is(closed):
    facts = closed.take(mail("a1", answers=("m1",), automatic=Automatic.REPLY))
    assert closed.placed()[uid("a1")] == closed.placed()[uid("m1")]
    assert only(facts, IncidentReopened) == []


def test_mail_through_a_list_opens_like_any_other_and_is_answered_by_nobody():
    world = World()
    facts = world.take(mail("m1", subject="Printer", automatic=Automatic.LIST))
    assert [fact.address for fact in only(facts, IncidentOpened)] == [world.rules.reader.id_of("email:ana@x.cu")]
    assert len(only(facts, CustomerRegistered)) == 1
    world.take(mail("m2", subject="Printer", automatic=Automatic.LIST))
    assert len(world.groups()) == 1


def test_mail_through_a_list_reopens_nothing_that_was_just_closed():
    world = World()
    world.take(mail("m1", subject="Printer"))
    incident = world.placed()[uid("m1")]
    world.known.record([IncidentClosed(incident=incident, by="luis", at=world.now)], NO_CAUSE)
    facts = world.take(mail("m2", answers=("m1",), automatic=Automatic.LIST))
    assert world.placed()[uid("m2")] == incident
    assert only(facts, IncidentReopened) == []
    assert len(only(world.take(mail("m3", answers=("m1",))), IncidentReopened)) == 1


def test_an_open_incident_is_never_too_old():
    world = World()
    world.take(mail("m1", subject="Printer"))
    world.now += 12 * MONTH
    world.take(mail("m2", answers=("m1",)))
    assert len(world.groups()) == 1


def test_the_same_mail_to_two_of_our_mailboxes_is_on_one_incident_and_one_contact():
    world = World()
    first = mail("m1")
    world.take(mail("m0"))  # without a subject, what was active last would be joined
    copy = replace(first, id=uid("copy"), thread=uid("copy"), contact=uid("copy"), details={"mailbox": "ventas@us"})
    facts = world.take(replace(first, subject="Invoice"), replace(copy, subject="Invoice"))
    assert reasons(facts) == [(uid("m1"), Reason.NEW), (uid("copy"), Reason.SAME_MAIL)]
    assert [fact.starts_contact for fact in only(facts, InteractionLinked)] == [True, False]


def test_a_strangers_mail_with_the_same_id_is_not_the_same():
    world = World()
    first = mail("m1", subject="Printer")
    world.take(first)
    forged = replace(mail("m1", "eva@y.cu", subject="Printer"), id=uid("eva"), thread=uid("eva"), contact=uid("eva"))
    claimed = replace(
        mail("m1", subject="Printer", authentication=Authentication.FAIL),
        id=uid("fail"),
        thread=uid("fail"),
        contact=uid("fail"),
    )
    world.take(forged, claimed)
    assert len(world.groups()) == 3


async def test_who_was_in_copy_and_sends_one_with_its_id_first_does_not_catch_the_authors_own(taking):
    mine = mail("m1", subject="Printer")
    caught = replace(mail("m1", "eva@y.cu", to=("ana@x.cu",)), id=uid("eva"), thread=uid("eva"), contact=uid("eva"))
    await taking.take(caught)
    await taking.take(mine)
    placed = {fact.interaction: fact.incident for fact in taking.facts() if isinstance(fact, InteractionLinked)}
    assert placed[uid("m1")] != placed[uid("eva")]


def test_a_program_that_repeats_its_id_for_ever_is_not_one_mail_for_ever():
    world = World()
    world.take(mail("m1", subject="Disk 91 %"))
    world.now += MONTH
    world.take(replace(mail("m1", subject="Disk 95 %"), id=uid("later"), thread=uid("later"), contact=uid("later")))
    assert len(world.groups()) == 2


async def test_a_follow_up_is_found_in_the_tables_too(taking, commands):
    await taking.take(mail("m1", subject="Printer"))
    await commands.run(Close(incident=1), by="luis")
    taking.service._rules = swap(taking.service._rules, reopen=timedelta(0))
    for name in ("m2", "m3"):
        await taking.take(mail(name, answers=("m1",)))
    links = {fact.interaction: fact.incident for fact in only(taking.facts(), InteractionLinked)}
    assert links[uid("m2")] == links[uid("m3")] != links[uid("m1")]


async def test_an_answer_to_a_merged_incident_is_read_with_the_survivor_and_after_an_unmerge_alone(taking, commands):
    await taking.take(mail("m1", subject="Printer"), mail("m2", "bea@x.cu", subject="Toner"))
    await commands.run(Merge(incident=1, sources=(2,)), by="luis")
    await taking.take(mail("m3", "bea@x.cu", answers=("m2",)))
    await commands.run(Unmerge(incident=1, source=2), by="luis")
    await taking.take(mail("m4", "bea@x.cu", answers=("m3",)))
    links = {fact.interaction: fact.incident for fact in only(taking.facts(), InteractionLinked)}
    assert links[uid("m2")] == links[uid("m3")] == links[uid("m4")] != links[uid("m1")]
