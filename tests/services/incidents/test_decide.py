"""Agents' verbs, each: given what happened, when asked, then these facts or a refusal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from schemas.errors import ConflictError, InvalidError, NotFoundError
from schemas.facts.incident import (
    IncidentAssigned,
    IncidentClosed,
    IncidentMerged,
    IncidentNoted,
    IncidentOpened,
    IncidentPrioritized,
    IncidentReopened,
    IncidentResolved,
    IncidentTagged,
    IncidentUnmerged,
    InteractionLinked,
    InteractionUnlinked,
    MergeSuggested,
    ParticipantAdded,
    Priority,
    Reason,
    Resolution,
    Status,
    Subject,
    SuggestionReason,
    Words,
)
from schemas.interaction import Channel, Direction
from schemas.lifecycle import merged_status
from services.incidents import decide, regroup
from services.incidents.requests import (
    Assign,
    Close,
    Merge,
    Move,
    Note,
    Prioritize,
    Reopen,
    Resolve,
    Split,
    Tag,
    Unmerge,
)
from services.incidents.state import Incident, IncidentFact, evolve, opened
from tests.services.incidents.world import NOON, uid

ANA = uid("ana")
LATER = NOON + timedelta(hours=1)

first = IncidentOpened(incident=uid("i7"), number=7, customer=uid("c1"), address=ANA, channel=Channel.EMAIL, at=NOON)
second = replace(first, incident=uid("i9"), number=9)


def link(name: str, incident: IncidentOpened = first, direction: Direction = Direction.IN) -> InteractionLinked:
    return InteractionLinked(
        incident=incident.incident,
        interaction=uid(name),
        channel=Channel.EMAIL,
        direction=direction,
        thread=uid(name),
        address=ANA,
        proven=True,
        reason=Reason.NEW,
        at=NOON,
    )


resolved = IncidentResolved(incident=first.incident, address=ANA, by="eva", at=NOON, personal=Resolution())
closed = IncidentClosed(incident=first.incident, by="eva", at=NOON)
reopened = IncidentReopened(incident=first.incident, by="eva", at=NOON)
taken = IncidentAssigned(incident=first.incident, to="eva", by="eva", at=NOON)


class Given:
    """`given(facts).when(verb).then(facts)`, or `.refused(error)`."""

    def __init__(self, *facts: IncidentFact) -> None:
        start, *rest = facts
        assert isinstance(start, IncidentOpened)
        self.incident = opened(start)
        for fact in rest:
            self.incident = evolve(self.incident, fact)
        self._decide: Callable[[], Sequence[IncidentFact]] = list

    def when(self, verb, request) -> Given:
        with_status = verb not in {decide.note, decide.tag}
        arguments = (self.incident, self.incident.status, request) if with_status else (self.incident, request)
        self._decide = lambda: verb(*arguments)
        return self

    def then(self, *facts: IncidentFact) -> None:
        assert list(self._decide()) == list(facts)

    def refused(self, error: type[Exception]) -> None:
        with pytest.raises(error):
            self._decide()


def given(*facts: IncidentFact) -> Given:
    return Given(*facts)


def asked(kind, **fields):
    return kind(incident=7, by="eva", now=LATER, id=uid("request"), **fields)


def test_a_note_is_sealed_with_its_customers_key():
    words = Words(text="called back")
    noted = IncidentNoted(incident=first.incident, note=uid("request"), address=ANA, by="eva", at=LATER, personal=words)
    given(first).when(decide.note, asked(Note, text="called back")).then(noted)
    given(first, closed).when(decide.note, asked(Note, text="called back")).then(noted)
    given(first).when(decide.note, asked(Note, text="  ")).refused(InvalidError)


def test_assigning_says_who_and_nothing_twice():
    assigned = IncidentAssigned(incident=first.incident, to="eva", by="eva", at=LATER)
    given(first).when(decide.assign, asked(Assign, to="eva")).then(assigned)
    given(first, taken).when(decide.assign, asked(Assign, to="eva")).then()
    given(first, taken).when(decide.assign, asked(Assign, to=None)).then(replace(assigned, to=None))
    given(first, closed).when(decide.assign, asked(Assign, to="eva")).refused(ConflictError)
    given(first).when(decide.assign, asked(Assign, to=" ")).refused(InvalidError)


def test_priority():
    urgent = IncidentPrioritized(incident=first.incident, priority=Priority.URGENT, by="eva", at=LATER)
    given(first).when(decide.prioritize, asked(Prioritize, priority=Priority.URGENT)).then(urgent)
    given(first, urgent).when(decide.prioritize, asked(Prioritize, priority=Priority.URGENT)).then()
    given(first, closed).when(decide.prioritize, asked(Prioritize, priority=Priority.LOW)).refused(ConflictError)


def test_tags_are_folded_and_only_changes_are_facts():
    tagged = IncidentTagged(incident=first.incident, added=("vip",), by="eva", at=LATER)
    given(first).when(decide.tag, asked(Tag, add=("  VIP ",), remove=("other",))).then(tagged)
    given(first, tagged).when(decide.tag, asked(Tag, add=("vip",))).then()
    given(first, tagged).when(decide.tag, asked(Tag, remove=("Vip",))).then(replace(tagged, added=(), removed=("vip",)))
    given(first).when(decide.tag, asked(Tag, add=("x" * 61,))).refused(InvalidError)
    given(first).when(decide.tag, asked(Tag, add=tuple(f"t{i}" for i in range(51)))).refused(InvalidError)


@pytest.mark.parametrize("tag", ["ana@x.cu", "llamar ana@x.cu", "+53 5551 2345", "5355512345", "tel 555-123-4567"])
def test_a_tag_outlives_whoever_is_erased_and_names_nobodys_address(tag):
    given(first).when(decide.tag, asked(Tag, add=(tag,))).refused(InvalidError)
    kept = IncidentTagged(incident=first.incident, added=(tag,), by="eva", at=NOON)  # from before
    gone = IncidentTagged(incident=first.incident, removed=(tag,), by="eva", at=LATER)
    given(first, kept).when(decide.tag, asked(Tag, remove=(tag,))).then(gone)


def test_versions_years_and_codes_are_tags():
    tags = ("2026-03-01", "rev. 12", "iso-9001", "v1.2.3", "#4711")
    tagged = IncidentTagged(incident=first.incident, added=tuple(sorted(tags)), by="eva", at=LATER)
    given(first).when(decide.tag, asked(Tag, add=tags)).then(tagged)


def test_resolving_keeps_solution_and_cause_and_happens_once():
    words = Resolution(solution="new cable", cause="mice")
    done = IncidentResolved(incident=first.incident, address=ANA, by="eva", at=LATER, personal=words)
    given(first).when(decide.resolve, asked(Resolve, solution="new cable", cause="mice")).then(done)
    given(first, resolved).when(decide.resolve, asked(Resolve)).refused(ConflictError)
    given(first, closed).when(decide.resolve, asked(Resolve)).refused(ConflictError)
    given(first, closed, reopened).when(decide.resolve, asked(Resolve)).then(replace(done, personal=Resolution()))


def test_closing_happens_once():
    given(first).when(decide.close, asked(Close)).then(replace(closed, at=LATER))
    given(first, resolved).when(decide.close, asked(Close)).then(replace(closed, at=LATER))
    given(first, closed).when(decide.close, asked(Close)).refused(ConflictError)


def test_only_what_was_done_can_be_reopened():
    again = IncidentReopened(
        incident=first.incident, by="eva", address=first.address, personal=Words(text="still broken"), at=LATER
    )
    given(first, resolved).when(decide.reopen, asked(Reopen, reason="still broken")).then(again)
    given(first, closed).when(decide.reopen, asked(Reopen, reason="still broken")).then(again)
    given(first).when(decide.reopen, asked(Reopen)).refused(ConflictError)
    given(first, closed, reopened).when(decide.reopen, asked(Reopen)).refused(ConflictError)


def test_nul_in_an_agents_words_is_replaced():
    (fact,) = decide.note(given(first).incident, asked(Note, text="a\x00b"))
    assert isinstance(fact, IncidentNoted)
    assert fact.personal == Words(text="a\N{REPLACEMENT CHARACTER}b")


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ([], Status.NEW),
        ([taken], Status.OPEN),
        ([link("r1", direction=Direction.OUT)], Status.WAITING),
        ([link("r1", direction=Direction.OUT), link("m2")], Status.OPEN),
        ([link("r1", direction=Direction.OUT), resolved], Status.RESOLVED),
        ([resolved, closed], Status.CLOSED),
        ([resolved, closed, reopened], Status.OPEN),
    ],
)
def test_the_life_of_an_incident(facts, status):
    assert given(first, *facts).incident.status is status


def test_merging_makes_an_alias_and_refuses_nonsense():
    target, source = given(first).incident, given(second).incident
    merged = IncidentMerged(incident=source.id, into=target.id, by="eva", at=LATER)
    assert regroup.merge(target, [source, source], asked(Merge, sources=(9, 9))) == [merged]
    for error, sources in (
        (InvalidError, [target]),
        (InvalidError, []),
        (ConflictError, [evolve(source, merged)]),
    ):
        with pytest.raises(error):
            regroup.merge(target, sources, asked(Merge, sources=(9,)))


def test_unmerging_undoes_exactly_that_merge():
    target, source = given(first).incident, given(second).incident
    merged = evolve(source, IncidentMerged(incident=source.id, into=target.id, by="eva", at=NOON))
    alone = IncidentUnmerged(incident=source.id, out_of=target.id, by="eva", at=LATER)
    assert regroup.unmerge(target, merged, asked(Unmerge, source=9)) == [alone]
    with pytest.raises(ConflictError):
        regroup.unmerge(target, source, asked(Unmerge, source=9))


def test_moving_unlinks_and_links_again_by_the_agents_word():
    target = given(second).incident
    links = {uid(name): link(name) for name in ("m1", "m2")}
    facts = regroup.move(target, links, {ANA: "email:ana@x.cu"}, asked(Move, interaction=uid("m1"), to=9))
    assert facts == [
        ParticipantAdded(incident=target.id, address=ANA, at=LATER, personal=Words(text="email:ana@x.cu")),
        InteractionUnlinked(incident=first.incident, interaction=uid("m1"), to=target.id, by="eva", at=LATER),
        replace(link("m1"), incident=target.id, reason=Reason.AGENT, by="eva", at=LATER),
    ]
    with pytest.raises(NotFoundError):
        regroup.move(target, links, {}, asked(Move, interaction=uid("nothing"), to=9))
    with pytest.raises(ConflictError):
        regroup.move(given(first).incident, links, {}, asked(Move, interaction=uid("m1"), to=7))


def test_splitting_opens_an_incident_of_who_wrote_the_first_interaction():
    whole, links = given(first).incident, {uid(name): link(name) for name in ("m1", "m2", "m3")}
    request = asked(Split, interactions=(uid("m2"), uid("m3")), subject="Another matter")
    chosen = regroup.chosen(links, request.interactions, all_of=3)
    facts = regroup.split(whole, chosen, {ANA: uid("c1")}, {}, request, 10)
    assert facts[0] == IncidentOpened(
        incident=uid("request"),
        number=10,
        customer=uid("c1"),
        address=ANA,
        proven=True,
        channel=Channel.EMAIL,
        split_from=whole.id,
        at=LATER,
        personal=Subject(subject="Another matter"),
    )
    assert [fact.interaction for fact in facts if isinstance(fact, InteractionLinked)] == [uid("m2"), uid("m3")]
    for interactions in ((), (uid("m1"), uid("m2"), uid("m3"))):
        with pytest.raises(InvalidError):
            regroup.chosen(links, interactions, all_of=3)
    with pytest.raises(InvalidError):
        regroup.split(whole, chosen, {}, {}, asked(Split, interactions=(uid("m1"),), subject=" "), 10)


def test_a_moved_interactions_voice_is_no_longer_heard():
    incident = given(first, link("m1")).incident
    assert [voice.interaction for voice in incident.voices] == [uid("m1")]
    moved = InteractionUnlinked(incident=first.incident, interaction=uid("m1"), to=uid("i9"), by="eva", at=LATER)
    assert evolve(incident, moved).voices == ()


def test_a_suggestion_changes_nothing_but_itself():
    incident = given(first).incident
    hint = MergeSuggested(incident=first.incident, other=uid("i9"), reason=SuggestionReason.CLAIMED_ADDRESS, at=LATER)
    assert evolve(incident, hint) == replace(incident, version=2, suggested=frozenset({uid("i9")}))


def test_of_merged_incidents_the_one_spoken_of_last_counts():
    def standing(status: Status, hour: int):
        return status, NOON + timedelta(hours=hour)

    assert merged_status([standing(Status.RESOLVED, 2), standing(Status.OPEN, 1)]) is Status.RESOLVED
    assert merged_status([standing(Status.RESOLVED, 1), standing(Status.OPEN, 2)]) is Status.OPEN
    assert merged_status([standing(Status.WAITING, 1), standing(Status.NEW, 2)]) is Status.OPEN
    assert merged_status([standing(Status.NEW, 1), standing(Status.NEW, 2)]) is Status.NEW


def test_a_state_survives_being_stored():
    incident = given(first, link("m1"), taken, resolved).incident
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(incident), type=Incident) == incident
