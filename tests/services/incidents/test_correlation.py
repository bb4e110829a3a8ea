"""Which incident does it belong to? Every rule, every reason, and what may never be joined."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from channels.email.words.subjects import topic_of_subject
from eventstore.ledger import NO_CAUSE
from schemas.facts.customer import AddressAdded, AddressProven, CustomerRegistered
from schemas.facts.incident import (
    IncidentClosed,
    IncidentMerged,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentUnmerged,
    InteractionLinked,
    MergeSuggested,
    ParticipantAdded,
    Reason,
    Subject,
    SuggestionReason,
)
from schemas.facts.interaction import InteractionBounced, InteractionReceived
from schemas.interaction import Authentication, Automatic, Hints, Interaction, Party
from schemas.lifecycle import Status
from services.incidents.known import Thread
from tests.services.incidents.world import NOON, World, chat, form, mail, uid


def linked(facts):
    return [(fact.interaction, fact.reason) for fact in facts if isinstance(fact, InteractionLinked)]


def only(facts, kind):
    return [fact for fact in facts if isinstance(fact, kind)]


def suggested(facts):
    return [fact.reason for fact in facts if isinstance(fact, MergeSuggested)]


def test_a_first_mail_registers_its_sender_and_opens_an_incident():
    world = World()
    facts = world.take(mail("m1", subject="Printer"))
    assert [type(fact) for fact in facts] == [
        CustomerRegistered,
        AddressAdded,
        InteractionReceived,
        IncidentOpened,
        ParticipantAdded,
        InteractionLinked,
    ]
    assert linked(facts) == [(uid("m1"), Reason.NEW)]
    assert world.known.incidents[facts[3].incident].number == 1
    assert facts[3].proven
    assert facts[5].starts_contact


def test_a_signed_token_comes_before_everything_else():
    world = World()
    world.take(mail("m1", subject="Printer"), mail("other", "bob@x.cu", subject="Invoice"))
    facts = world.take(mail("m2", thread=uid("m1"), answers=("other",), number=2))
    assert linked(facts) == [(uid("m2"), Reason.SIGNED_TOKEN)]
    assert world.placed()[uid("m2")] == world.placed()[uid("m1")]


def test_whom_a_stranger_with_a_token_puts_in_copy_is_marked_too():
    world = World()
    world.take(mail("m1"))
    facts = world.take(mail("m2", "carla@y.cu", thread=uid("m1"), to=("eve@y.cu",)))
    assert [fact.marked for fact in facts if isinstance(fact, ParticipantAdded)] == [True, True]


def test_a_token_from_a_new_address_adds_a_marked_participant_who_is_nobodys_alias():
    world = World()
    world.take(form("f1"))
    facts = world.take(mail("m2", "carla@y.cu", thread=uid("f1")))
    (added,) = only(facts, ParticipantAdded)
    assert (added.address, added.marked) == (world.id_of("email:carla@y.cu"), True)
    assert world.known.customer_of(world.id_of("email:carla@y.cu")) != world.known.customer_of(
        world.id_of("email:ana@x.cu")
    )


def test_a_token_from_the_customer_marks_nobody_and_proves_the_claim():
    world = World()
    world.take(form("f1"))
    facts = world.take(mail("m2", thread=uid("f1")))
    assert only(facts, ParticipantAdded) == []
    assert [fact.interaction for fact in only(facts, AddressProven)] == [uid("m2")]


def test_references_of_a_participant_join_and_those_of_a_stranger_only_suggest():
    world = World()
    world.take(mail("m1", to=("carla@y.cu",), subject="Printer"))
    assert linked(world.take(mail("m2", "carla@y.cu", answers=("m1",)))) == [(uid("m2"), Reason.REFERENCES)]
    facts = world.take(mail("m3", "eve@z.cu", answers=("m1",)))
    assert linked(facts) == [(uid("m3"), Reason.NEW)]
    assert suggested(facts) == [SuggestionReason.STRANGER_WITH_REFERENCES]


def test_a_number_in_the_subject_needs_a_known_participant():
    world = World()
    world.take(mail("m1", subject="Printer"))
    world.now += timedelta(days=30)
    assert linked(world.take(mail("m2", subject="[#1] again", number=1))) == [(uid("m2"), Reason.SUBJECT_NUMBER)]
    facts = world.take(mail("m3", "eve@z.cu", subject="[#1] me too", number=1))
    assert linked(facts) == [(uid("m3"), Reason.NEW)]
    assert suggested(facts) == [SuggestionReason.STRANGER_WITH_NUMBER]


def test_a_mail_that_fails_authentication_proves_nothing_and_joins_nothing():
    world = World()
    world.take(mail("m1", subject="Printer"))
    fake = mail("m2", subject="Printer", answers=("m1",), number=1, authentication=Authentication.FAIL)
    facts = world.take(fake)
    assert linked(facts) == [(uid("m2"), Reason.NEW)]
    assert not only(facts, IncidentOpened)[0].proven
    assert not only(facts, InteractionReceived)[0].proven
    assert suggested(facts) == [SuggestionReason.CLAIMED_ADDRESS]


def test_authentication_none_or_temperror_is_not_a_failure():
    for authentication in (Authentication.NONE, Authentication.TEMPERROR):
        world = World()
        world.take(mail("m1", subject="Printer"))
        facts = world.take(mail("m2", subject="Printer", authentication=authentication))
        assert linked(facts) == [(uid("m2"), Reason.SAME_CUSTOMER)]


def test_a_chat_session_stays_in_its_incident_and_counts_as_one_contact():
    world = World()
    first, second = world.take(chat("1")), world.take(chat("2"))
    assert [fact.starts_contact for fact in only(first + second, InteractionLinked)] == [True, False]
    assert only(second, InteractionLinked)[0].reason is Reason.SESSION


def test_an_incident_without_a_subject_is_called_by_its_first_words_and_groups_nothing_by_them():
    world = World()
    opened = [*world.take(chat("1", "s1", text="my printer\nburns " * 9)), *world.take(chat("1", "s2", text="hi"))]
    words = "my printer burns my printer burns my printer burns my printer burns my printer…"
    assert [fact.personal for fact in only(opened, IncidentOpened)] == [Subject(subject=words), Subject(subject="hi")]
    assert linked(world.take(mail("m1", subject="hi"))) == [(uid("m1"), Reason.NEW)]


def test_equal_client_ids_of_two_sessions_are_two_interactions_in_two_incidents():
    world = World()
    world.take(chat("1", "s1"), chat("1", "s2"))
    assert len(world.groups()) == 2


def test_a_proven_address_joins_its_open_incident_on_the_same_subject_only():
    world = World()
    world.take(mail("m1", subject="Printer"))
    assert linked(world.take(mail("m2", subject="RE: printer "))) == [(uid("m2"), Reason.SAME_CUSTOMER)]
    assert linked(world.take(mail("m3", subject="Invoice"))) == [(uid("m3"), Reason.NEW)]


def test_without_a_subject_the_most_recently_active_incident_is_joined():
    world = World()
    world.take(mail("m1", subject="Printer"))
    world.now += timedelta(hours=1)
    world.take(mail("m2", subject="Invoice"))
    facts = world.take(mail("m3", subject=""))
    assert world.placed()[uid("m3")] == world.placed()[uid("m2")]
    assert linked(facts) == [(uid("m3"), Reason.SAME_CUSTOMER)]


def test_the_same_product_joins_as_the_same_subject_does():
    world = World()
    shown = replace(form("f1", subject="One", product="Ledger"), sender=Party(address="email:ana@x.cu", proven=True))
    again = replace(form("f2", subject="Two", product="ledger"), sender=Party(address="email:ana@x.cu", proven=True))
    world.take(shown)
    assert linked(world.take(again)) == [(uid("f2"), Reason.SAME_CUSTOMER)]


def test_after_the_window_a_new_incident_opens():
    world = World()
    world.take(mail("m1", subject="Printer"))
    world.now += timedelta(hours=169)
    assert linked(world.take(mail("m2", subject="Printer"))) == [(uid("m2"), Reason.NEW)]


def test_a_resolved_incident_is_not_joined_by_its_customer_but_reopened_by_an_answer():
    world = World()
    world.take(mail("m1", subject="Printer"))
    incident = world.placed()[uid("m1")]
    resolved = IncidentResolved(incident=incident, address=world.id_of("email:ana@x.cu"), by="eva", at=NOON)
    world.known.record([resolved], NO_CAUSE)
    assert linked(world.take(mail("m2", subject="Printer"))) == [(uid("m2"), Reason.NEW)]
    facts = world.take(mail("m3", answers=("m1",)))
    assert only(facts, IncidentReopened) == [
        IncidentReopened(incident=incident, interaction=uid("m3"), address=world.id_of("email:ana@x.cu"), at=NOON),
    ]
    assert world.known.incidents[incident].status is Status.OPEN


def test_a_claim_joins_nothing_of_the_owner_and_makes_a_suggestion():
    world = World()
    world.take(mail("m1", subject="Printer"))
    facts = world.take(form("f1", subject="Printer"))
    assert linked(facts) == [(uid("f1"), Reason.NEW)]
    assert suggested(facts) == [SuggestionReason.CLAIMED_ADDRESS]
    facts = world.take(chat("1", claims=("ana@x.cu",)))
    assert linked(facts)[0][1] is Reason.NEW
    assert set(suggested(facts)) == {SuggestionReason.CLAIMED_ADDRESS}


def test_the_owner_joins_nothing_of_who_claimed_to_be_them():
    world = World()
    world.take(form("f1", subject="Printer"))
    facts = world.take(mail("m1", subject="Printer"))
    assert linked(facts) == [(uid("m1"), Reason.NEW)]
    assert suggested(facts) == [SuggestionReason.CLAIMED_ADDRESS]


def test_an_address_only_claimed_in_a_chat_is_not_taken_from_who_shows_it_later():
    world = World()
    world.take(chat("1", claims=("ana@x.cu",)))
    world.take(mail("m1", subject="Printer"))
    assert world.known.customer_of(world.id_of("email:ana@x.cu")) != world.known.customer_of(
        world.id_of(f"chat:{uid('s1')}")
    )
    assert linked(world.take(chat("2", "s2", claims=("ana@x.cu",))))[0][1] is Reason.NEW


def test_a_number_or_reference_with_a_claimed_address_joins_nothing():
    world = World()
    world.take(mail("m1", subject="Printer"))
    typed = replace(form("f1", subject="[#1]"), hints=Hints(subject_number=1, references=("m1@x",)))
    assert linked(world.take(typed)) == [(uid("f1"), Reason.NEW)]


def test_an_agents_word_comes_first():
    world = World()
    world.take(mail("m1", subject="Printer"))
    visit: Interaction = replace(form("v1", "bob@x.cu"), hints=Hints(incident=world.placed()[uid("m1")]), by="eva")
    assert linked(world.take(visit)) == [(uid("v1"), Reason.AGENT)]


def test_automatic_mail_attaches_but_neither_opens_nor_reopens():
    world = World()
    world.take(mail("m1", subject="Printer"))
    incident = world.placed()[uid("m1")]
    world.known.record([IncidentClosed(incident=incident, by="eva", at=NOON)], NO_CAUSE)
    facts = world.take(mail("a1", answers=("m1",), automatic=Automatic.REPLY))
    assert [type(fact) for fact in facts] == [InteractionReceived, InteractionLinked]
    assert not facts[1].starts_contact
    assert world.known.incidents[incident].status is Status.CLOSED


def test_automatic_mail_that_belongs_to_nothing_is_recorded_and_opens_nothing():
    world = World()
    facts = world.take(mail("a1", "robot@y.cu", subject="Out of office", automatic=Automatic.REPLY))
    assert [type(fact) for fact in facts] == [InteractionReceived]
    assert world.known.incidents == {}


def test_automatic_mail_that_came_first_is_linked_when_what_it_answers_comes():
    world = World()
    world.take(mail("a1", "robot@y.cu", answers=("m1",), automatic=Automatic.REPLY))
    facts = world.take(mail("m1", to=("robot@y.cu",), subject="Printer"))
    assert linked(facts) == [(uid("m1"), Reason.NEW), (uid("a1"), Reason.REFERENCES)]


def test_a_bounce_is_told_to_the_interaction_it_is_about():
    world = World()
    world.take(mail("m1", subject="Printer"))
    incident, sent = world.placed()[uid("m1")], uid("sent")
    world.known.threads[world.rules.reader.key_of(f"interaction:{sent}")] = Thread(sent, incident)
    bounce = mail("b1", "mailer-daemon@y.cu", automatic=Automatic.BOUNCE, about=sent)
    facts = world.take(bounce)
    assert only(facts, InteractionBounced) == [InteractionBounced(interaction=sent, bounce=uid("b1"), at=NOON)]
    assert linked(facts) == [(uid("b1"), Reason.SIGNED_TOKEN)]
    assert only(facts, CustomerRegistered) == []


def test_a_late_original_joins_the_incident_of_the_reply_that_came_first():
    world = World()
    world.take(mail("m2", answers=("m1",), subject="Re: Printer", to=("bob@x.cu",)))
    facts = world.take(mail("m1", "bob@x.cu", to=("ana@x.cu",), subject="Printer"))
    assert linked(facts) == [(uid("m1"), Reason.REFERENCES)]
    assert len(world.groups()) == 1


def test_a_late_original_merges_the_higher_number_into_the_lower():
    world = World()
    world.take(mail("m2", "ana@x.cu", answers=("m1",)), mail("m3", "bob@x.cu", answers=("m1",)))
    first, second = world.placed()[uid("m2")], world.placed()[uid("m3")]
    facts = world.take(mail("m1", "carla@y.cu", to=("ana@x.cu", "bob@x.cu")))
    assert only(facts, IncidentMerged) == [
        IncidentMerged(incident=second, into=first, reason=Reason.REFERENCES, at=NOON),
    ]


def test_a_late_original_does_not_take_in_strangers_but_suggests_them():
    world = World()
    world.take(mail("m2", "eve@z.cu", answers=("m1",)))
    facts = world.take(mail("m1", "ana@x.cu"))
    assert linked(facts) == [(uid("m1"), Reason.NEW)]
    assert suggested(facts) == [SuggestionReason.STRANGER_WITH_REFERENCES]


def test_what_an_agent_separated_no_mail_joins_again():
    world = World()
    world.take(mail("m1", subject="One", to=("bob@x.cu",)), mail("m2", subject="Two", to=("bob@x.cu",)))
    one, two = world.placed()[uid("m1")], world.placed()[uid("m2")]
    world.known.record(
        [
            IncidentMerged(incident=two, into=one, by="eva", at=NOON),
            IncidentUnmerged(incident=two, out_of=one, by="eva", at=NOON),
        ],
        NO_CAUSE,
    )
    facts = world.take(mail("m3", "bob@x.cu", answers=("m1", "m2")))
    assert only(facts, IncidentMerged) == []
    assert world.placed()[uid("m3")] == two  # what it answers directly


def test_the_thread_of_a_form_that_comes_after_its_follow_up_finds_it():
    world = World()
    follow_up = replace(form("f2"), thread=uid("f1"), hints=Hints(thread_signed=True))
    world.take(follow_up, form("f1"))
    assert len(world.groups()) == 1


def test_subjects_are_compared_without_answer_marks_and_our_number():
    for subject in (
        "Printer on fire",
        "RE: Printer  on FIRE",
        "Fwd: Re: [#12] printer on fire",
        "RV: AW: Printer on fire [#3]",
        "回复\uff1aRe[2]: SV: Printer on fire",
        "[EXTERNAL] Antw: R: Re: Printer on fire",
        "TR : ENC: Printer on fire",
        "***SPAM*** Re: Printer on fire",
    ):
        assert topic_of_subject(subject) == "printer on fire"


def test_a_subject_keeps_what_is_no_mark():
    for subject in ("Reply: none", "Reset: printer", "C: drive full", "[urgent] printer"):
        assert topic_of_subject(subject) == subject.casefold()
    assert topic_of_subject("Re: " * 250) == ""


PEOPLE = ("ana@x.cu", "bob@x.cu", "carla@y.cu", "agent@us.example")


@st.composite
def conversations(draw):
    """Six mails, each answering one before it, with the References its client would write; anybody may be in copy."""
    mails = [
        mail("m0", draw(st.sampled_from(PEOPLE)), to=tuple(draw(st.sets(st.sampled_from(PEOPLE)))), subject="Printer")
    ]
    chains = [()]
    for index in range(1, 6):
        parent = draw(st.integers(0, index - 1))
        whole = draw(st.booleans())
        chain = (*chains[parent], f"m{parent}") if whole else (f"m{parent}",)
        before = mails[parent]
        within = sorted({before.sender.address, *(party.address for party in before.recipients)})
        sender = draw(st.sampled_from(within)).removeprefix("email:")
        automatic = Automatic.REPLY if index == 5 and draw(st.booleans()) else None
        to = tuple(draw(st.sets(st.sampled_from(PEOPLE))))
        mark = draw(st.sampled_from(("Re: ", "RV: ", "AW: ", "回复\uff1a", "[EXTERNAL] SV: ", "")))
        subject = mark + draw(st.sampled_from(("Printer", "Something else")))
        mails.append(mail(f"m{index}", sender, to=to, subject=subject, answers=chain, automatic=automatic))
        chains.append(chain)
    # the same mail, to another mailbox of ours
    copied = draw(st.sampled_from([each for each in mails if each.hints.automatic is None]))
    return [*mails, replace(copied, id=uid("copy"), thread=uid("copy"), contact=uid("copy"))]


@settings(max_examples=300)
@given(conversations(), st.permutations(range(7)))
def test_every_order_of_a_conversation_gives_the_same_grouping(conversation, order):
    in_order, shuffled = World(), World()
    in_order.take(*conversation)
    shuffled.take(*(conversation[index] for index in order))
    everything = frozenset(item.id for item in conversation)
    assert in_order.groups() == shuffled.groups() == {everything}


@st.composite
def quarrels(draw):
    """Six mails whose writers may be strangers to what they answer; each writes on a subject of their own."""
    mails = []
    for index in range(6):
        sender = draw(st.sampled_from(PEOPLE))
        answers = tuple(f"m{other}" for other in sorted(draw(st.sets(st.integers(0, index - 1))))) if index else ()
        to = tuple(draw(st.sets(st.sampled_from(PEOPLE))))
        mails.append(mail(f"m{index}", sender, to=to, subject=f"Subject {index}", answers=answers))
    return mails


@settings(max_examples=300)
@given(quarrels(), st.permutations(range(6)))
def test_the_grouping_is_that_of_the_answers_whose_writers_took_part_in_any_order(mails, order):
    world = World()
    world.take(*(mails[index] for index in order))
    groups = {index: {index} for index in range(6)}
    for index, item in enumerate(mails):
        for reference in item.hints.references:
            other = int(reference[1])
            parties = {mails[other].sender.address, *(party.address for party in mails[other].recipients)}
            if item.sender.address in parties:
                joined = groups[index] | groups[other]
                for member in joined:
                    groups[member] = joined
    assert world.groups() == {frozenset(mails[index].id for index in group) for group in groups.values()}
