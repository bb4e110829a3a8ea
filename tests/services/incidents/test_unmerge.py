"""After un-merge everything is as if nobody had merged: what came meanwhile, and what was done meanwhile, included."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from eventstore.ledger import NO_CAUSE
from schemas.facts.incident import (
    IncidentAssigned,
    IncidentMerged,
    IncidentNoted,
    IncidentResolved,
    IncidentTagged,
    IncidentUnmerged,
)
from tests.services.incidents.world import NOON, World, mail, uid

SUBJECTS = ("Printer", "Invoice", "")


@st.composite
def steps(draw):
    """What happens: mails (new, answering, with a token), and agents' work on incidents by turn."""
    found = []
    for index in range(draw(st.integers(2, 8))):
        kind = draw(st.sampled_from(("mail", "answer", "token", "note", "assign", "resolve", "tag")))
        found.append(
            (
                kind,
                index,
                draw(st.sampled_from(("ana@x.cu", "bob@x.cu"))),
                draw(st.integers(0, 3)),
                draw(st.sampled_from(SUBJECTS)),
            )
        )
    return found


def do(world: World, step) -> None:
    kind, index, person, other, subject = step
    world.now += timedelta(minutes=1)
    incidents = sorted(world.known.incidents.values(), key=lambda incident: incident.number)
    mails = sorted(world.placed(), key=str)
    if kind in {"mail", "answer", "token"} or not incidents:
        answers = (f"first{other % 2}",) if kind == "answer" else ()
        thread = uid(f"first{other % 2}") if kind == "token" else None
        assert mails
        world.take(mail(f"s{index}", person, subject=subject, answers=answers, thread=thread))
        return
    incident = incidents[other % 2]  # only the two that are merged, as an agent would who sees one
    target, at, by = incident.id, world.now, "eva"
    fact = {
        "note": IncidentNoted(incident=target, note=uid("n"), address=incident.address, by=by, at=at),
        "assign": IncidentAssigned(incident=target, to="eva", by=by, at=at),
        "resolve": IncidentResolved(incident=target, address=incident.address, by=by, at=at),
        "tag": IncidentTagged(incident=target, added=("x",), by=by, at=at),
    }[kind]
    world.known.record([fact], NO_CAUSE)


def begin() -> World:
    world = World()
    world.take(mail("first0", "ana@x.cu", subject="Printer"), mail("first1", "bob@x.cu", subject="Invoice"))
    return world


def views(world: World):
    """All there is to see, but for the audit lines of merging itself."""
    states = {
        incident.number: replace(incident, apart=frozenset(), version=0, resolution=0)
        for incident in world.known.incidents.values()
    }
    facts = [fact for fact, _ in world.known.facts if not isinstance(fact, IncidentMerged | IncidentUnmerged)]
    return world.placed(), world.groups(), states, facts


@settings(max_examples=400)
@given(steps(), steps(), steps())
def test_after_unmerge_every_view_equals_one_never_merged(before, during, after):
    merged, never = begin(), begin()
    one, two = (incident.id for incident in sorted(merged.known.incidents.values(), key=lambda each: each.number))
    during = [(kind if kind != "resolve" else "note", index + 10, *rest) for kind, index, *rest in during]
    after = [(kind, index + 20, *rest) for kind, index, *rest in after]
    for world in (merged, never):
        for step in before:
            do(world, step)
        if world is merged:
            world.known.record([IncidentMerged(incident=two, into=one, by="eva", at=world.now)], NO_CAUSE)
            assert len({merged.known.root(one), merged.known.root(two)}) == 1
        for step in during:
            do(world, step)
        if world is merged:
            world.known.record([IncidentUnmerged(incident=two, out_of=one, by="eva", at=world.now)], NO_CAUSE)
        for step in after:
            do(world, step)
    assert views(merged) == views(never)


def test_a_contact_while_the_whole_is_resolved_opens_its_own_incident_and_stays_there():
    world = begin()
    one, two = (incident.id for incident in sorted(world.known.incidents.values(), key=lambda each: each.number))
    world.known.record([IncidentMerged(incident=two, into=one, by="eva", at=NOON)], NO_CAUSE)
    later = NOON + timedelta(hours=1)
    world.known.record(
        [IncidentResolved(incident=one, address=world.known.incidents[one].address, by="eva", at=later)], NO_CAUSE
    )
    world.now = later
    world.take(mail("m3", "bob@x.cu", subject="Invoice"))
    assert world.placed()[uid("m3")] not in {one, two}
