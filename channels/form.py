"""The web form: what a customer writes on a page or a program posts, onto the log `interactions`; answers with a link.

Also what is written later on the status page behind that link. First of the HTTP channels; knows no incident.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from channels import http_body
from channels.attachments import Attachments, Upload
from channels.intake import Intake, in_time
from channels.limits import Limit, Rate, network_of
from channels.text import clean
from channels.tokens import ThreadTokens
from eventstore.blobs import Blobs
from schemas.address import Kind, email_address
from schemas.errors import InvalidError, NotFoundError
from schemas.ids import form_id, new_id
from schemas.interaction import Attachment, Channel, Hints, Interaction, Party
from schemas.language import locale_language

BODY_MAX_CHARACTERS = 50_000
JSON_MAX_BYTES = 512 * 1024  # BODY_MAX_CHARACTERS, escaped
POST_MAX_BYTES = 25 * 1024 * 1024
FILES_MAX = 10
IDEMPOTENCY_FIELD = "idempotency_key"
TRAP_FIELD = "website"
"""People don't see it, programs fill it in. Who fills it all the same is told to leave it empty: nothing is lost."""

FROM_ONE_PLACE = Rate(burst=60, per_second=1.0)
OF_ONE_ADDRESS = Rate(burst=20, per_second=0.1)  # each form also makes us mail that address


def _email(text: str) -> str:
    try:
        email_address(text)
    except InvalidError as error:
        raise ValueError(str(error)) from error
    return text


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(clean)]
Subject = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(clean)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=BODY_MAX_CHARACTERS, pattern=r"\S")]
Email = Annotated[str, StringConstraints(strip_whitespace=True, max_length=320), AfterValidator(_email)]
Locale = Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,4}$")]


class ContactForm(BaseModel):
    """What a customer fills in."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    email: Email
    subject: Subject
    body: Text
    product: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None = None
    locale: Locale | None = None


class FollowUp(BaseModel):
    """More words on the same thread, from its status page."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    body: Text


class FormReceipt(BaseModel):
    """Taken: durable on the log."""

    interaction_id: UUID
    status_url: str


class FollowUpReceipt(BaseModel):
    """Taken: durable on the log."""

    interaction_id: UUID


@dataclass(frozen=True)
class Posted:
    """A page's form as it came: `fields` to show again beside an error, `files` that were chosen."""

    fields: dict[str, str]
    files: tuple[Upload, ...] = ()


class Forms:
    """Takes forms. `sender_of`: who began a thread, as far as the timeline knows; `public_url` without a last slash."""

    def __init__(
        self,
        intake: Intake,
        tokens: ThreadTokens,
        blobs: Blobs,
        *,
        public_url: str,
        sender_of: Callable[[UUID], Awaitable[Party | None]],
        rate_limit: bool = True,
    ) -> None:
        self._intake = intake
        self._tokens = tokens
        self._attachments = Attachments(blobs)
        self._public_url = public_url
        self._sender_of = sender_of
        self._places = Limit(FROM_ONE_PLACE, on=rate_limit)
        self._addresses = Limit(OF_ONE_ADDRESS, on=rate_limit)

    def admit(self, peer: str) -> None:
        """Count one request from a place, before its body is read. Raises RateLimitedError."""
        self._places.take(network_of(peer))

    async def submit(
        self, form: ContactForm, *, key: str, digest: bytes, attachments: tuple[Attachment, ...] = ()
    ) -> FormReceipt:
        """Onto the log, then the link. The same `key` and `digest` (of all that was sent) is the same contact.

        Without a key each submission is a contact of its own. Raises RateLimitedError, LogUnavailableError.
        """
        address = email_address(form.email)
        self._addresses.take(address)
        interaction = form_id(key or str(new_id()), digest)
        now = datetime.now(UTC)
        await self._intake.submit(
            Interaction(
                id=interaction,
                channel=Channel.FORM,
                sender=Party(address=address, name=form.name),
                subject=form.subject,
                text=_lines(form.body),
                attachments=attachments,
                thread=interaction,
                contact=interaction,
                occurred_at=now,
                received_at=now,
                language=locale_language(form.locale),
                hints=Hints(product=form.product or ""),
            )
        )
        return FormReceipt(interaction_id=interaction, status_url=self.status_url(interaction))

    async def submit_posted(self, posted: Posted) -> FormReceipt:
        """A page's form, its files into the blob store first. Raises RequestValidationError, TooLargeError.

        The hidden field `idempotency_key` makes a second press of the button the same contact.
        """
        if posted.fields.get(TRAP_FIELD):
            raise InvalidError("leave this field empty", field=TRAP_FIELD)
        fields = {name: value for name, value in posted.fields.items() if name not in {IDEMPOTENCY_FIELD, TRAP_FIELD}}
        optional = {name: value for name, value in fields.items() if value or name not in {"product", "locale"}}
        form = http_body.validate(ContactForm, optional)
        async with in_time():  # the files and the log together
            attachments, digests = await self._attachments.keep(posted.files)
            digest = hashlib.sha256(form.model_dump_json().encode() + b"".join(digests)).digest()
            return await self.submit(
                form, key=posted.fields.get(IDEMPOTENCY_FIELD, ""), digest=digest, attachments=attachments
            )

    async def submit_posted_follow_up(self, token: str, posted: Posted) -> FollowUpReceipt:
        """The status page's form, its files into the blob store first. Raises as `submit_follow_up`, TooLargeError."""
        if self._tokens.verify(token) is None:
            raise NotFoundError("no such request")
        follow_up = http_body.validate(FollowUp, {"body": posted.fields.get("body", "")})
        key = posted.fields.get(IDEMPOTENCY_FIELD, "")
        async with in_time():
            attachments, digests = await self._attachments.keep(posted.files)
            return await self.submit_follow_up(
                token, follow_up, key=key, attachments=attachments, files=b"".join(digests)
            )

    async def submit_follow_up(
        self,
        token: str,
        follow_up: FollowUp,
        *,
        key: str,
        attachments: tuple[Attachment, ...] = (),
        files: bytes = b"",
    ) -> FollowUpReceipt:
        """More words on the thread of a status link. Raises NotFoundError for a link that isn't ours.

        `files`: the digests of the attachments, so that the same words with another file are another message.
        """
        thread = self._tokens.verify(token)
        if thread is None:
            raise NotFoundError("no such request")
        self._addresses.take(str(thread))
        # holding the link proves the thread, not whose it is: the sender stays a claim
        sender = await self._sender_of(thread) or Party(address=f"{Kind.CHAT}:{thread}")
        interaction = form_id(key or str(new_id()), thread.bytes + follow_up.body.encode() + files)
        now = datetime.now(UTC)
        await self._intake.submit(
            Interaction(
                id=interaction,
                channel=Channel.FORM,
                sender=Party(address=sender.address, name=sender.name),
                text=_lines(follow_up.body),
                attachments=attachments,
                thread=thread,
                contact=interaction,
                occurred_at=now,
                received_at=now,
                hints=Hints(thread_signed=True),
            )
        )
        return FollowUpReceipt(interaction_id=interaction)

    def status_url(self, thread: UUID) -> str:
        """The link to follow a thread by."""
        return f"{self._public_url}/status/{self._tokens.sign(thread)}"


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n")


@asynccontextmanager
async def posted(request: Request) -> AsyncGenerator[Posted]:
    """A page's form, urlencoded or multipart; its files are gone afterwards.

    Raises UnsupportedMediaTypeError, TooLargeError while it still streams in, MalformedError.
    """
    if http_body.media_type(request, http_body.URLENCODED, http_body.MULTIPART) == http_body.URLENCODED:
        yield Posted(dict(http_body.parse_urlencoded(await http_body.read(request, JSON_MAX_BYTES))))
        return
    parts = await http_body.parse_multipart(
        request, POST_MAX_BYTES, max_files=FILES_MAX, max_fields_bytes=JSON_MAX_BYTES
    )
    try:
        fields = {name: value for name, value in parts.multi_items() if isinstance(value, str)}
        chosen = (value for _, value in parts.multi_items() if not isinstance(value, str))
        # a browser sends an empty part for an input without a file
        yield Posted(fields, tuple(file for file in chosen if file.filename))
    finally:
        await parts.close()


def router(forms: Forms) -> APIRouter:
    """`POST /forms`, to be mounted under `/api/v1`."""
    routes = APIRouter(tags=["form"])

    @routes.post("/forms", status_code=202, openapi_extra=_json_body(ContactForm))
    async def post_form(request: Request) -> FormReceipt:  # pyright: ignore[reportUnusedFunction]  # -- a route
        """Send a contact form. A repeat with the same Idempotency-Key and body is the same contact."""
        forms.admit(http_body.peer(request))
        key = http_body.idempotency_key(request)
        http_body.media_type(request, http_body.JSON)
        body = await http_body.read(request, JSON_MAX_BYTES)
        return await forms.submit(http_body.parse_json(ContactForm, body), key=key, digest=body)

    return routes


def status_router(forms: Forms) -> APIRouter:
    """`POST /status/{token}/messages`, to be mounted beside the status page."""
    routes = APIRouter(tags=["form"])

    @routes.post("/status/{token}/messages", status_code=202, openapi_extra=_json_body(FollowUp))
    async def post_follow_up(token: str, request: Request) -> FollowUpReceipt:  # pyright: ignore[reportUnusedFunction]  # -- a route
        """Write more on the request behind a status link."""
        forms.admit(http_body.peer(request))
        key = http_body.idempotency_key(request)
        http_body.media_type(request, http_body.JSON)
        body = await http_body.read(request, JSON_MAX_BYTES)
        async with in_time():
            return await forms.submit_follow_up(token, http_body.parse_json(FollowUp, body), key=key)

    return routes


def _json_body(model: type[BaseModel]) -> dict[str, object]:
    content = {http_body.JSON: {"schema": model.model_json_schema()}}
    return {"requestBody": {"required": True, "content": content}}
