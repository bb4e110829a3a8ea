"""Mail that fails its sender's checks: held where it could pass for somebody we know, until a person lets it in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eventstore.received import AGAIN, RELEASED
from schemas.facts.customer import AddressProven
from schemas.facts.incident import InteractionLinked, MergeSuggested, Reason
from schemas.held import HeldReason
from schemas.interaction import Authentication, Automatic
from services import quarantine
from services.incidents.requests import Reply
from tests.services.incidents.hubs import records
from tests.services.incidents.world import form, mail, uid

FAIL = Authentication.FAIL


@pytest.fixture
def held(taking):
    def read():
        with taking.hub.database.transaction() as connection:
            return {item.id: (item.reason, item.sender) for item in quarantine.find(connection).items}

    return read


def placed(taking):
    return {fact.interaction: fact.incident for fact in taking.facts() if isinstance(fact, InteractionLinked)}


def kept_with(taking):
    with taking.hub.database.transaction() as connection:
        return dict(connection.execute("SELECT id, incident FROM quarantine").fetchall())


async def test_it_does_not_join_a_known_customers_incident_but_waits(taking, held):
    await taking.take(mail("m1", subject="Printer"))
    await taking.take(mail("m2", subject="Printer", answers=("m1",), authentication=FAIL), form("f1"))
    assert held() == {uid("m2"): ("claims_a_customer", "email:ana@x.cu")}
    assert placed(taking).keys() == {uid("m1"), uid("f1")}
    assert taking.outcomes() == {uid("m1"): "recorded", uid("m2"): "quarantined", uid("f1"): "recorded"}


async def test_who_became_known_in_the_same_batch_is_known(taking, held):
    await taking.take(mail("m1"), mail("m2", authentication=FAIL))
    assert held().keys() == {uid("m2")}


async def test_a_stranger_who_answers_a_known_incident_waits(taking, held):
    await taking.take(mail("m1", subject="Printer"))
    await taking.take(mail("m2", "eva@y.cu", answers=("m1",), authentication=FAIL))
    assert held() == {uid("m2"): ("claims_an_incident", "email:eva@y.cu")}


async def test_a_token_does_not_let_it_in(taking, commands, held):
    await taking.take(mail("m1", subject="Printer"))
    await commands.run(Reply(incident=1, text="Off and on?"), by="luis")
    await taking.take(mail("m2", "eva@y.cu", thread=uid("m1"), authentication=FAIL))
    assert held() == {uid("m2"): ("claims_an_incident", "email:eva@y.cu")}


async def test_which_incident_it_answers_or_names_is_kept_with_it(taking, commands):
    await taking.take(mail("m1", subject="Printer"), mail("n1", "luz@z.cu", subject="Screen"))
    await commands.run(Reply(incident=1, text="Off and on?"), by="luis")
    await taking.take(
        mail("a", answers=("n1", "m1"), authentication=FAIL),
        mail("b", "eva@y.cu", answers=("nowhere", "m1"), authentication=FAIL),
        mail("c", "eva@y.cu", answers=("n1",), thread=uid("m1"), authentication=FAIL),
        mail("d", subject="[#2]", number=2, authentication=FAIL),
        mail("e", subject="Else", authentication=FAIL),
        mail("f", "eva@y.cu", subject="[#2]", number=2, authentication=FAIL),
    )
    where = placed(taking)
    printer, screen = where[uid("m1")], where[uid("n1")]
    expected = {uid(name): printer for name in ("a", "b", "c")} | {uid("d"): screen, uid("e"): None}
    assert kept_with(taking) == expected


async def test_held_again_for_another_reason_it_is_still_of_its_incident(taking):
    await taking.take(mail("m1", subject="Printer"))
    suspect = mail("m2", "eva@y.cu", answers=("m1",), authentication=FAIL)
    await taking.take(suspect)
    (record,) = records([suspect], taking.position())
    with taking.hub.database.transaction() as connection:
        quarantine.hold(connection, record, topic="interactions", reason=HeldReason.UNDECIDABLE, error="")
    assert kept_with(taking) == {uid("m2"): placed(taking)[uid("m1")]}


@pytest.mark.parametrize("result", [Authentication.NONE, Authentication.TEMPERROR, Authentication.PASS])
async def test_fail_alone_is_fail(taking, held, result):
    await taking.take(mail("m1", subject="Printer"), mail("m2", answers=("m1",), authentication=result))
    assert held() == {}
    assert len(set(placed(taking).values())) == 1


async def test_a_stranger_who_claims_nobody_we_know_opens_an_incident(taking, held):
    await taking.take(mail("m1", authentication=FAIL))
    assert held() == {}
    assert placed(taking).keys() == {uid("m1")}


async def test_what_nobody_wrote_is_kept_and_joins_nothing(taking, held):
    await taking.take(mail("m1"), mail("a1", automatic=Automatic.REPLY, answers=("m1",), authentication=FAIL))
    assert held() == {}
    assert placed(taking).keys() == {uid("m1")}


async def test_what_nobody_wrote_joins_by_a_token_alone(taking, commands, held):
    await taking.take(mail("m1", subject="Printer"))
    await commands.run(Reply(incident=1, text="Off and on?"), by="luis")
    away = mail("a1", "eva@y.cu", thread=uid("m1"), automatic=Automatic.REPLY, authentication=FAIL)
    await taking.take(away)
    assert held() == {}
    assert placed(taking)[uid("a1")] == placed(taking)[uid("m1")]


async def test_let_in_it_is_a_claim_and_waits_no_more(taking, held):
    await taking.take(mail("m1", subject="Printer"))
    suspect = mail("m2", subject="Printer", answers=("m1",), authentication=FAIL)
    await taking.take(suspect)
    (record,) = records([suspect], taking.position())
    with taking.hub.database.transaction() as connection:  # as quarantine.release does
        connection.execute("DELETE FROM inbox WHERE id = %s AND outcome = 'quarantined'", (suspect.id,))
        connection.execute("UPDATE quarantine SET state = 'reprocessed'")
    await taking.take_records([replace(record, headers={**record.headers, AGAIN: "1", RELEASED: "eva"})])
    assert held() == {}
    links = {fact.interaction: fact for fact in taking.facts() if isinstance(fact, InteractionLinked)}
    let_in = links[uid("m2")]
    assert (let_in.reason, let_in.proven) == (Reason.NEW, False)
    assert let_in.incident != links[uid("m1")].incident
    assert [fact for fact in taking.facts() if isinstance(fact, AddressProven)] == []
    assert [fact.other for fact in taking.facts() if isinstance(fact, MergeSuggested)] == [links[uid("m1")].incident]
