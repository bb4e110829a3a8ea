"""A step of the story as the interaction its channel would have made of it. Keeps what each case has in hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from schemas.address import Kind, email_address, phone_address
from schemas.ids import chat_id, scoped_id
from schemas.interaction import Authentication, Automatic, Channel, Hints, Interaction, Party, Window
from schemas.threads import mailed
from services.demo.catalogue import Customer
from services.demo.steps import AskCallback, Write


@dataclass
class Case:
    """What a case has come to. `thread`: what its customer's link shows; `incident` None: nothing came in yet.

    `first`: what came in first, by whose link the incident is found after an interruption.
    """

    number: int
    customer: Customer | None = None
    thread: UUID | None = None
    session: UUID | None = None
    incident: UUID | None = None
    first: UUID | None = None
    last: Interaction | None = None
    sent: UUID | None = None
    references: list[str] = field(default_factory=list[str])

    @property
    def chat_session(self) -> UUID:
        """The id of its chat, should it have one."""
        return self.session or scoped_id("demo-session", str(self.number))


def interaction_of(step: Write, case: Case) -> Interaction:
    """What the log would carry; the case is moved on."""
    case.customer = step.customer
    match step.channel:
        case Channel.CHAT:
            made = _chat(step, case)
        case Channel.EMAIL:
            made = _mail(step, case)
        case _:
            made = _form_or_visit(step)
    if step.automatic is None:
        case.thread = case.thread or made.thread
        case.last = made
    return made


def _form_or_visit(step: Write) -> Interaction:
    return Interaction(
        id=step.id,
        channel=step.channel,
        sender=Party(
            address=email_address(step.customer.email),
            name=step.customer.name,
            proven=step.channel is Channel.IN_PERSON,
        ),
        subject=step.subject,
        text=step.text,
        thread=step.id,
        contact=step.id,
        occurred_at=step.at,
        received_at=step.at,
        language=step.customer.language,
        hints=Hints(product=step.product),
        by=step.agent,
    )


def _mail(step: Write, case: Case) -> Interaction:
    domain = step.customer.email.partition("@")[2]
    message_id = f"{step.id.hex}@{domain}"
    bounce = step.automatic is Automatic.BOUNCE
    signed = step.known and case.thread is not None
    made = Interaction(
        id=step.id,
        channel=Channel.EMAIL,
        sender=Party(
            address=email_address(f"mailer-daemon@{domain}" if bounce else step.customer.email),
            name="Mail Delivery System" if bounce else step.customer.name,
            proven=not bounce,
        ),
        subject=step.subject,
        text=step.text,
        thread=mailed(case.thread) if signed and case.thread is not None else step.id,
        contact=step.id,
        occurred_at=step.at,
        received_at=step.at,
        language=step.customer.language,
        authentication=Authentication.PASS,
        hints=Hints(
            thread_signed=signed,
            message_id=message_id,
            references=tuple(case.references) if step.known else (),
            automatic=step.automatic,
            about=case.sent if bounce else None,
        ),
    )
    case.references = [*case.references[-4:], message_id]
    return made


def _chat(step: Write, case: Case) -> Interaction:
    session = case.chat_session
    case.session = session
    return Interaction(
        id=chat_id(session, str(step.id)),
        channel=Channel.CHAT,
        sender=Party(address=f"{Kind.CHAT}:{session}", name=step.customer.name, proven=True),
        claims=(Party(address=email_address(step.customer.email), name=step.customer.name),),
        text=step.text,
        thread=case.thread or session,
        contact=session,
        occurred_at=step.at,
        received_at=step.at,
        language=step.customer.language,
        hints=Hints(thread_signed=case.thread not in {None, session}, session=session),
    )


def wish_of(step: AskCallback) -> Interaction:
    """A call-me-back, as its page would have made it: the number is a claim."""
    subject = "Llámenme" if step.customer.language == "es" else "Call me back"
    return Interaction(
        id=step.id,
        channel=Channel.PHONE,
        sender=Party(address=phone_address(step.customer.phone), name=step.customer.name),
        subject=f"{subject}: {step.since:%Y-%m-%d %H:%M}-{step.until:%H:%M} (UTC)",
        text=step.text or subject,
        thread=step.id,
        contact=step.id,
        occurred_at=step.at,
        received_at=step.at,
        language=step.customer.language,
        hints=Hints(callback=Window(step.since, step.until, "UTC")),
    )


def phone_party(customer: Customer) -> Party:
    """Who calls, as the telephone system says it: the number is shown to be theirs."""
    return Party(address=phone_address(customer.phone), proven=True)


def answered_by(last: Interaction) -> Channel:
    """The channel an answer to it takes: into the chat, else by mail."""
    return Channel.CHAT if last.channel is Channel.CHAT else Channel.EMAIL
