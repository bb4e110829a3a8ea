"""What the read models answer: whole values, from facts given."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from projections import article_search, articles, calls, channel_report, customers, incidents, knowledge_usage, timeline
from projections.customers import Address, Counts, Customer
from projections.incidents import Who
from projections.registry import ALL
from schemas.errors import InvalidError
from schemas.facts.article import ArticleKind, ArticlePublished, ArticleRetired
from schemas.facts.call import CallAnswered, CallAttached, CallEnded, CallNoted, CallOutcomeSet, CallStarted
from schemas.facts.customer import AddressAdded, AddressProven, CustomerRegistered, Handle, Person, PersonErased
from schemas.facts.earlier import CallOutcomeSetV1, IncidentReopenedV1
from schemas.facts.incident import (
    IncidentAssigned,
    IncidentNoted,
    IncidentOpened,
    IncidentReopened,
    IncidentResolved,
    IncidentTagged,
    InteractionLinked,
    InteractionUnlinked,
    ParticipantAdded,
    ProductNamed,
    Reason,
    Subject,
    Words,
)
from schemas.facts.interaction import InteractionContent, InteractionDelivered, InteractionReceived, InteractionSent
from schemas.facts.visit import ArticleOpened, ArticleSuggested, ArticleVoted, ContactSent, Searched
from schemas.interaction import Attachment, Channel, Direction, Label, Party
from services.rebuild import rebuild
from tests.projections.histories import Recorder, Story
from tests.projections.views import fold_all

_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_ANA, _ANA_MAIL = UUID(int=1 << 100), UUID(int=2 << 100)
_ONE, _TWO, _FORM, _REPLY, _NOTE = (UUID(int=number << 100) for number in range(3, 8))


def _at(minutes):
    return _NOON + timedelta(minutes=minutes)


@pytest.fixture
def record(database, keys):
    """Records facts and folds them into every view."""
    recorder = Recorder(database, keys)

    def record_and_fold(*facts):
        recorder.record(facts)
        fold_all(database, keys)

    return record_and_fold


@pytest.fixture
def connection(database):
    with database.transaction() as opened:
        opened.autocommit = False
        yield opened


def _received(interaction, channel, minutes, **more):
    return InteractionReceived(
        interaction=interaction,
        channel=channel,
        thread=interaction,
        contact=interaction,
        address=_ANA_MAIL,
        occurred_at=_at(minutes),
        received_at=_at(minutes),
        personal=InteractionContent(sender=Party(address="email:ana@x.cu", name="Ana"), **more),
    )


def _linked(incident, interaction, channel, minutes, **more):
    given = {"direction": Direction.IN, "reason": Reason.NEW, "thread": interaction, "starts_contact": True} | more
    return InteractionLinked(
        incident=incident, interaction=interaction, channel=channel, address=_ANA_MAIL, at=_at(minutes), **given
    )


_STORY = (
    CustomerRegistered(customer=_ANA, address=_ANA_MAIL, language="es", at=_at(0), personal=Person(name="Ana Pérez")),
    AddressAdded(customer=_ANA, address=_ANA_MAIL, at=_at(0), personal=Handle(address="email:ana@x.cu", name="Ana")),
    _received(
        _FORM,
        Channel.FORM,
        0,
        subject="La impresión falla",
        text="No sale papel",
        attachments=(Attachment(name="foto.png", bytes=7, media_type="image/png", blob="b7", inline=True),),
        labels=(Label.SIGNED, Label.INVITATION),
        details={"reply_to": "email:bea@x.cu"},
    ),
    IncidentOpened(
        incident=_ONE,
        number=1,
        customer=_ANA,
        address=_ANA_MAIL,
        channel=Channel.FORM,
        at=_at(0),
        personal=Subject(subject="La impresión falla"),
    ),
    _linked(_ONE, _FORM, Channel.FORM, 0),
    ParticipantAdded(incident=_ONE, address=_ANA_MAIL, at=_at(0), personal=Words(text="email:ana@x.cu")),
    IncidentAssigned(incident=_ONE, to="luis", by="luis", at=_at(5)),
    IncidentNoted(incident=_ONE, note=_NOTE, address=_ANA_MAIL, by="luis", at=_at(6), personal=Words(text="ver tóner")),
    InteractionSent(
        interaction=_REPLY,
        incident=_ONE,
        channel=Channel.EMAIL,
        thread=_FORM,
        address=_ANA_MAIL,
        by="luis",
        at=_at(30),
        personal=InteractionContent(
            sender=Party(address="email:support@cauce.example"),
            recipients=(Party(address="email:ana@x.cu"),),
            text="Cambie el tóner",
        ),
    ),
    _linked(
        _ONE,
        _REPLY,
        Channel.EMAIL,
        30,
        direction=Direction.OUT,
        reason=Reason.AGENT,
        thread=_FORM,
        by="luis",
        starts_contact=False,
    ),
    InteractionDelivered(interaction=_REPLY, at=_at(31)),
    IncidentTagged(incident=_ONE, added=("vip",), by="luis", at=_at(32)),
)


def test_an_incident_is_all_that_happened_to_it(record, database):
    record(*_STORY)
    with database.transaction() as connection:
        shown = incidents.get(connection, 1)
    assert shown == incidents.IncidentDetail(
        id=_ONE,
        number=1,
        subject="La impresión falla",
        status="waiting",
        priority="normal",
        channel="form",
        channels=["form", "email"],
        customer=Who(id=_ANA, name="Ana Pérez", proven=False),
        assignee="luis",
        team=None,
        tags=["vip"],
        opened_at=_at(0),
        updated_at=_at(32),
        first_response_at=_at(30),
        resolved_at=None,
        closed_at=None,
        merged_into=None,
        version=7,
        participants=["email:ana@x.cu"],
    )


def test_a_proof_that_comes_later_shows(record, database):
    record(*_STORY)
    record(AddressProven(customer=_ANA, address=_ANA_MAIL, interaction=_FORM, at=_at(40)))
    with database.transaction() as connection:
        assert incidents.get(connection, 1).customer.proven
        assert customers.get(connection, _ANA) == Customer(
            id=_ANA,
            name="Ana Pérez",
            language="es",
            organization=None,
            addresses=[Address("email:ana@x.cu", proven=True)],
            incidents=Counts(open=1, total=1),
        )


def test_a_timeline_tells_it_in_order(record, database):
    record(*_STORY)
    with database.transaction() as connection:
        told = timeline.of_incident(connection, 1).items
        assert timeline.of_customer(connection, _ANA).items == told
        assert timeline.of_incident(connection, 9) is None
    assert [(e.kind, e.fact, e.text, e.author, e.delivery) for e in told] == [
        ("interaction", "InteractionLinked", "No sale papel", "Ana", None),
        ("fact", "IncidentOpened", "La impresión falla", None, None),
        ("fact", "ParticipantAdded", "email:ana@x.cu", None, None),
        ("fact", "IncidentAssigned", "luis", "luis", None),
        ("note", "IncidentNoted", "ver tóner", "luis", None),
        ("interaction", "InteractionLinked", "Cambie el tóner", "luis", "sent"),
        ("fact", "IncidentTagged", "+vip", "luis", None),
    ]
    assert [(file.name, file.url) for file in told[0].attachments] == [
        ("foto.png", f"/api/v1/interactions/{_FORM}/attachments/0")
    ]
    with database.transaction() as connection:
        assert timeline.stored_file(connection, _FORM, 0).blob == "b7"
        assert timeline.stored_file(connection, _FORM, 1) is None


def test_a_timeline_comes_in_pages(record, database):
    record(*_STORY)
    with database.transaction() as connection:
        told, cursor = [], None
        while True:
            page = timeline.of_incident(connection, 1, cursor=cursor, limit=2)
            told.extend(page.items)
            if (cursor := page.next_cursor) is None:
                break
        assert told == timeline.of_incident(connection, 1).items
        with pytest.raises(InvalidError):
            timeline.of_incident(connection, 1, cursor="nonsense")


def test_what_a_message_is_besides_its_words_is_told(record, database):
    record(*_STORY)
    with database.transaction() as connection:
        form = next(e for e in timeline.of_incident(connection, 1).items if e.interaction_id == _FORM)
    assert form.details == {"reply_to": "email:bea@x.cu"}
    assert (form.labels, [(file.name, file.inline) for file in form.attachments]) == (
        ["signed", "invitation"],
        [("foto.png", True)],
    )


def test_a_thread_shows_its_interactions_and_nothing_else(record, database):
    record(*_STORY, _received(_TWO, Channel.EMAIL, 50, text="secreto"), _linked(_ONE, _TWO, Channel.EMAIL, 50))
    with database.transaction() as connection:
        thread = timeline.of_thread(connection, _FORM)
        assert (thread.incident, thread.number) == (_ONE, 1)
        assert [(e.kind, e.direction, e.text) for e in thread.items] == [
            ("interaction", "in", "No sale papel"),
            ("interaction", "out", "Cambie el tóner"),
        ]
        assert timeline.of_thread(connection, UUID(int=99)) == timeline.Thread(None, None, [])


@pytest.mark.usefixtures("searched")
def test_a_moved_interaction_is_where_it_was_moved_to(record, database):
    record(
        *_STORY,
        IncidentOpened(incident=_TWO, number=2, customer=_ANA, address=_ANA_MAIL, channel=Channel.FORM, at=_at(60)),
        InteractionUnlinked(incident=_ONE, interaction=_FORM, to=_TWO, by="luis", at=_at(60)),
        _linked(_TWO, _FORM, Channel.FORM, 60, reason=Reason.AGENT, by="luis"),
        InteractionUnlinked(incident=_ONE, interaction=_REPLY, to=_TWO, by="luis", at=_at(70)),
        _linked(_TWO, _REPLY, Channel.EMAIL, 70, direction=Direction.OUT, reason=Reason.AGENT, by="luis"),
    )
    with database.transaction() as connection:
        (moved,) = channel_report.read(connection, since=_at(-1), until=_at(99), by=()).rows
        assert (moved["contacts"], moved["first_response_p90_seconds"]) == (1, 1800.0)
        assert incidents.get(connection, 1).channels == ["form"]  # none is left: what it was opened on
        assert incidents.get(connection, 2).channels == ["form", "email"]
        assert incidents.get(connection, 2).first_response_at is None
        assert [e.text for e in timeline.of_incident(connection, 2).items if e.kind == "interaction"] == [
            "No sale papel",
            "Cambie el tóner",
        ]
        assert [e.fact for e in timeline.of_incident(connection, 1).items][-1] == "InteractionUnlinked"
        assert [found.number for found in incidents.find(connection, q="papel").items] == [2]


@pytest.mark.usefixtures("searched")
def test_lists_filter_search_and_page(record, database, keys):
    record(*_STORY)
    story = Story(4)
    story.work = []
    recorder = Recorder(database, keys)
    for _ in range(12):
        facts = story.open()
        recorder.record(
            [
                type(fact)(
                    **{name: getattr(fact, name) for name in fact.__struct_fields__} | {"number": fact.number + 1}
                )
                if isinstance(fact, IncidentOpened)
                else fact
                for fact in facts
            ]
        )
        story.now += timedelta(hours=1)
    fold_all(database, keys)
    with database.transaction() as connection:
        everything = incidents.find(connection, limit=200).items
        assert [item.updated_at for item in everything] == sorted((i.updated_at for i in everything), reverse=True)
        assert len(everything) == 13
        paged, cursor = [], None
        while True:
            page = incidents.find(connection, cursor=cursor, limit=5)
            paged.extend(page.items)
            if (cursor := page.next_cursor) is None:
                break
        assert paged == everything
        one = [incidents.find(connection, assignee="luis").items[0]]
        assert incidents.find(connection, status="waiting").items == one
        assert incidents.find(connection, customer=_ANA).items == one
        assert incidents.find(connection, q="impresion toner").items == []  # not in one interaction
        assert incidents.find(connection, q="IMPRESION papel").items == one
        assert incidents.find(connection, q="tóner", status="waiting").items == one
        assert incidents.find(connection, q="imposible OR toner").items == one
        assert incidents.find(connection, q='"sale papel"').items == one
        assert incidents.find(connection, q='"papel sale"').items == []
        assert incidents.find(connection, q="papel -tóner").items == one  # it stands in another interaction
        assert incidents.find(connection, q="papel -sale").items == []
        assert incidents.find(connection, q="-tóner").items == everything
        assert incidents.find(connection, q="#1").items == one
        assert incidents.find(connection, q='"; DROP & | !(').items == []
        assert [i for i in everything if "chat" in i.channels] == incidents.find(connection, channel="chat").items
        assert len(incidents.find(connection, assignee="").items) == 12


def test_calls_are_tracked(record, database):
    call = UUID(int=9 << 100)
    started = CallStarted(
        call=call,
        interaction=_TWO,
        direction=Direction.IN,
        address=_ANA_MAIL,
        at=_at(0),
        personal=Words(text="phone:+5351"),
    )
    record(*_STORY, started, CallAnswered(call=call, agent="luis", at=_at(1)))
    with database.transaction() as connection:
        (active,) = calls.find(connection, state="active").items
        assert (active.agent, active.seconds, active.number) == ("luis", None, None)
    record(
        CallAttached(call=call, incident=_ONE, number=1, at=_at(1)),
        CallNoted(call=call, address=_ANA_MAIL, by="luis", at=_at(2), personal=Words(text="tóner")),
        CallEnded(call=call, outcome="normal", at=_at(3)),
    )
    with database.transaction() as connection:
        assert calls.find(connection, state="active").items == []
        assert calls.get(connection, call) == calls.Call(
            id=call,
            number=1,
            state="ended",
            direction="in",
            phone="+5351",
            agent="luis",
            started_at=_at(0),
            answered_at=_at(1),
            ended_at=_at(3),
            seconds=120.0,
            notes="tóner",
            outcome="normal",
            customer=calls.Who(_ANA, "Ana Pérez"),
        )
        assert calls.find(connection, incident=_ONE).items == [calls.get(connection, call)]


def test_the_channel_report_counts_and_measures(record, database):
    record(
        *_STORY,
        IncidentResolved(incident=_ONE, address=_ANA_MAIL, by="luis", at=_at(60 * 13)),
        _received(_TWO, Channel.FORM, 60 * 14),
        _linked(_ONE, _TWO, Channel.FORM, 60 * 14),
    )
    since, until = _NOON - timedelta(days=1), _NOON + timedelta(days=3)
    blank = dict.fromkeys(
        ("contacts", "interactions_in", "interactions_out", "opened", "resolved", "reopened"), 0
    ) | dict.fromkeys(f"{what}_p{share}_seconds" for what in ("first_response", "resolution") for share in (50, 90))
    answered = {"first_response_p50_seconds": 1800.0, "first_response_p90_seconds": 1800.0}
    resolved = {"resolution_p50_seconds": 46800.0, "resolution_p90_seconds": 46800.0, "resolved": 1}
    with database.transaction() as connection:
        report = channel_report.read(connection, since=since, until=until)
        assert report.rows == [
            blank | {"day": "2026-03-02", "channel": "email", "interactions_out": 1, "share": 0.0},
            blank
            | answered
            | {"day": "2026-03-02", "channel": "form", "contacts": 1, "interactions_in": 1, "opened": 1, "share": 1.0},
            blank
            | resolved
            | {"day": "2026-03-03", "channel": "form", "contacts": 1, "interactions_in": 1, "share": 1.0},
        ]
        assert report.as_of_position == len(_STORY) + 3
        (havana_1, havana_2) = channel_report.read(
            connection, since=since, until=until, by=("day",), tz="Etc/GMT-11"
        ).rows
        assert (havana_1["day"], havana_1["contacts"], havana_2["share"]) == ("2026-03-02", 1, 0.5)
        assert channel_report.read(connection, since=until, until=until + timedelta(days=1)).rows == []
        for wrong in ({"by": ("agent",)}, {"tz": "Mars/Olympus"}, {"by": ("day", "day")}):
            with pytest.raises(InvalidError):
                channel_report.read(connection, since=since, until=until, **wrong)


def test_knowledge_is_found_and_its_use_counted(record, database):
    faq, old, visit = UUID(int=11 << 100), UUID(int=12 << 100), UUID(int=13 << 100)
    record(
        ArticlePublished(
            article=faq,
            kind=ArticleKind.FAQ,
            title="Impresión",
            body="Cambie el **tóner** de la impresora.",
            language="es",
            by="luis",
            at=_at(0),
        ),
        ArticlePublished(
            article=old, kind=ArticleKind.FAQ, title="Tóner", body="x", language="es", by="luis", at=_at(0)
        ),
        ArticleRetired(article=old, by="luis", at=_at(1)),
        Searched(visit=visit, query="toner", results=(faq,), found=1, at=_at(2)),
        ArticleSuggested(visit=visit, article=faq, at=_at(2)),
        ArticleOpened(visit=visit, article=faq, suggested=True, at=_at(3)),
        ArticleVoted(visit=visit, article=faq, helpful=False, at=_at(4)),
        ContactSent(visit=visit, articles=(faq,), at=_at(5)),
    )
    with database.transaction() as connection:
        (found,) = article_search.search(connection, articles.ANYBODY, "el toner roto", locale="es-CU").items
        assert (found.id, found.title, found.url) == (faq, "Impresión", f"/articles/{faq}")
        assert article_search.search(connection, articles.ANYBODY, "").items == []
        assert [each.id for each in articles.find(connection, articles.ANYBODY).items] == [faq]
        assert articles.get(connection, articles.ANYBODY, old) is None
        report = knowledge_usage.read(connection, since=_NOON, until=_NOON + timedelta(days=1))
    assert report.rows == [
        {
            "day": "2026-03-02",
            "article": str(faq),
            "title": "Impresión",
            "views": 1,
            "searches": 1,
            "helpful": 0,
            "unhelpful": 1,
            "suggested": 1,
            "suggestion_opened": 1,
            "contacts_after": 1,
        }
    ]


@pytest.mark.parametrize("as_recorded", ["before", "today"])
def test_what_was_said_of_an_erased_person_goes_however_it_was_recorded(record, database, keys, as_recorded):
    call, at, mail = UUID(int=8 << 100), _at(50), _ANA_MAIL
    reopened, product, outcome = (Words(text=text) for text in ("angryreason", "anasprinter", "anacalmed"))
    opened = IncidentOpened(
        incident=_TWO, number=2, customer=_ANA, address=mail, channel=Channel.FORM, at=at, personal=Subject(subject="x")
    )
    if as_recorded == "today":
        said = [
            opened,
            ProductNamed(incident=_TWO, address=mail, at=at, personal=product),
            IncidentReopened(incident=_TWO, address=mail, by="luis", at=at, personal=reopened),
            CallOutcomeSet(call=call, address=mail, by="luis", at=at, personal=outcome),
        ]
    else:
        said = [
            replace(opened, product=product.text),
            IncidentReopenedV1(incident=_TWO, by="luis", reason=reopened.text, at=at),
            CallOutcomeSetV1(call=call, outcome=outcome.text, by="luis", at=at),
        ]
    started = CallStarted(call=call, interaction=_FORM, direction=Direction.IN, address=mail, at=at)
    record(*_STORY, started, *said)
    with database.transaction() as connection:
        told = timeline.of_incident(connection, 2).items
        assert [(e.text, e.author) for e in told if e.fact == "IncidentReopened"] == [(reopened.text, "luis")]
        assert (incidents.get(connection, 2).product, calls.get(connection, call).outcome) == (
            "anasprinter",
            "anacalmed",
        )
        assert [found.number for found in incidents.find(connection, q="angryreason").items] == [2]
        keys.destroy(connection, [mail])
    record(PersonErased(customer=_ANA, addresses=(mail,), by="luis", at=_at(99)))
    for _ in range(2):
        with database.transaction() as connection:
            assert [e.text for e in timeline.of_incident(connection, 2).items] == [""] * 2
            assert (incidents.get(connection, 2).product, calls.get(connection, call).outcome) == ("", "")
            assert incidents.find(connection, q="angryreason").items == []
        rebuild(database, [each.name for each in ALL])


@pytest.mark.usefixtures("searched")
def test_who_was_erased_leaves_no_word(record, database, keys):
    record(*_STORY)
    with database.transaction() as connection:
        keys.destroy(connection, [_ANA_MAIL])
    record(PersonErased(customer=_ANA, addresses=(_ANA_MAIL,), by="luis", at=_at(99)))
    with database.transaction() as connection:
        shown = incidents.get(connection, 1)
        assert (shown.subject, shown.customer.name, shown.participants) == ("", "", [])
        told = timeline.of_incident(connection, 1).items
        assert [e.text for e in told] == ["", "", "", "luis", "", "", "+vip"]
        assert all(
            not (entry.to or entry.attachments or entry.labels or entry.details or entry.sender) for entry in told
        )
        assert customers.get(connection, _ANA).addresses == []
        for q in ("impresion", "papel", "toner"):
            assert incidents.find(connection, q=q).items == []
        words = connection.execute("SELECT string_agg(words::text, ' ') FROM incident_words").fetchone()
        assert words == ("'luis' 'vip'",)
        assert customers.find(connection, q="ana").items == []
