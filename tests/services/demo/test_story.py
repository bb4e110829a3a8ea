"""The demo's story: the same each time, in order, with everything a support desk lives through."""

from collections import Counter
from datetime import UTC, datetime

from schemas.interaction import Automatic, Channel
from services.demo.steps import Answer, AskCallback, Call, LearnPhone, Publish, Spend, Visit, Work, Write
from services.demo.story import INTERACTIONS_A_CASE, Plan, tell

PLAN = Plan.over(seed=7, until=datetime(2026, 11, 23, tzinfo=UTC), days=90, cases=1200)
STEPS = list(tell(PLAN))


def test_the_same_seed_tells_the_same_story():
    assert list(tell(PLAN)) == STEPS
    assert list(tell(Plan.over(seed=8, until=PLAN.until, days=90, cases=1200))) != STEPS


def test_time_only_goes_forward_and_stays_inside_the_days():
    moments = [step.at for step in STEPS]
    assert moments == sorted(moments)
    assert PLAN.since <= moments[0]
    assert moments[-1] < PLAN.until


def test_every_channel_both_languages_and_every_kind_of_step_occur():
    assert {step.channel for step in STEPS if isinstance(step, Write)} == set(Channel) - {Channel.PHONE}
    assert {step.customer.language for step in STEPS if isinstance(step, Write)} == {"es", "en"}
    assert {type(step) for step in STEPS} == {Write, Call, AskCallback, Spend, LearnPhone, Answer, Work, Publish, Visit}
    assert {step.what for step in STEPS if isinstance(step, Work)} == {
        "assign", "prioritize", "tag", "note", "resolve", "close",
    }  # fmt: skip


def test_people_switch_channel_repeat_themselves_are_away_and_bounce():
    channels = {}
    for step in STEPS:
        if isinstance(step, Write | Call) and getattr(step, "automatic", None) is None:
            channels.setdefault(step.case, set()).add(step.channel if isinstance(step, Write) else Channel.PHONE)
    assert sum(len(used) > 1 for used in channels.values()) > 50
    assert sum(isinstance(step, Write) and step.again for step in STEPS) > 10
    automatic = Counter(step.automatic for step in STEPS if isinstance(step, Write))
    assert automatic[Automatic.REPLY] > 5
    assert automatic[Automatic.BOUNCE] > 0


def test_who_finds_no_help_writes_to_us_or_gives_up():
    visits = [step for step in STEPS if isinstance(step, Visit)]
    ends = Counter((visit.solved, visit.wrote) for visit in visits)
    assert ends.keys() == {(True, False), (False, True), (False, False)}
    assert min(ends.values()) > len(visits) / 10


def test_only_a_repetition_repeats_an_id():
    first = [step.id for step in STEPS if not getattr(step, "again", False)]
    assert len(first) == len(set(first))


def test_the_slots_of_every_text_are_filled():
    texts = [step.subject + step.text for step in STEPS if isinstance(step, Write)]
    texts += [step.text for step in STEPS if isinstance(step, Answer | Work)]
    assert [text for text in texts if "{" in text or "}" in text] == []


def test_a_case_has_about_as_many_interactions_as_scaling_counts_on():
    interactions = sum(isinstance(step, Write | Call | Answer) for step in STEPS)
    assert abs(interactions / PLAN.cases - INTERACTIONS_A_CASE) < 0.25


def test_some_want_to_be_called_back_one_of_them_since_too_long():
    wishes = [step for step in STEPS if isinstance(step, AskCallback)]
    assert len([wish for wish in wishes if not wish.done and wish.until < PLAN.until]) == 1
    assert len([wish for wish in wishes if wish.since > PLAN.until]) > 1
    assert {(bool(wish.agent), wish.done) for wish in wishes} == {(False, False), (True, False), (True, True)}
