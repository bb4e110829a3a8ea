"""Call-me-back: a customer's wish to be telephoned, onto the log `interactions`; answers with a status link.

It is an interaction of the channel `phone` like any call, so that timeline and reports see it. The number is a claim.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from channels import http_body
from channels.form import Email, Forms, Locale, Name
from channels.intake import Intake
from channels.limits import Limit, Rate
from channels.moment import Moment
from channels.opening_hours import OpeningHours, zone_of
from channels.text import clean
from schemas.address import email_address, phone_address
from schemas.errors import InvalidError
from schemas.ids import new_id, scoped_id
from schemas.interaction import Channel, Hints, Interaction, Party, Window
from schemas.language import locale_language

BODY_MAX_BYTES = 64 * 1024
AHEAD_MAX = timedelta(days=31)
WINDOW_LEAST = timedelta(minutes=15)
_LATE = timedelta(minutes=5)  # a clock that is a little behind
OF_ONE_NUMBER = Rate(burst=5, per_second=1 / 600)  # each is a telephone that rings
_SUBJECT = {"es": "Llámenme", "en": "Call me back"}


def _phone(text: str) -> str:
    try:
        phone_address(text)
    except InvalidError as error:
        raise ValueError(str(error)) from error
    return text


class CallbackForm(BaseModel):
    """What a customer fills in. `website` stays empty: people don't see it, programs that fill in everything do."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    phone: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64), AfterValidator(_phone)]
    email: Email | None = None
    since: Moment
    until: Moment
    time_zone: Annotated[str, StringConstraints(max_length=64)] | None = None
    about: Annotated[str, StringConstraints(max_length=2000), AfterValidator(clean)] = ""
    locale: Locale | None = None
    website: Annotated[str, StringConstraints(max_length=200)] = ""


class CallbackReceipt(BaseModel):
    """Taken: durable on the log. `callback` and `interaction_id` are the same id."""

    callback: UUID
    interaction_id: UUID
    status_url: str


class Callbacks:
    """Takes wishes. `forms` limits places and makes status links; `hours`: when anybody is there to call."""

    def __init__(self, intake: Intake, forms: Forms, hours: OpeningHours, *, rate_limit: bool = True) -> None:
        self._intake = intake
        self._forms = forms
        self._numbers = Limit(OF_ONE_NUMBER, on=rate_limit)
        self.hours = hours

    async def submit(self, form: CallbackForm, *, key: str, digest: bytes) -> CallbackReceipt:
        """Onto the log, then the link. The same `key` and `digest` is the same wish.

        Raises InvalidError, RateLimitedError, LogUnavailableError.
        """
        if form.website:
            raise InvalidError("leave this field empty", field="website")
        now = datetime.now(UTC)
        window = self._window(form, now)
        address = phone_address(form.phone)
        self._numbers.take(address)
        interaction = scoped_id("callback", key or str(new_id()), digest)
        language = locale_language(form.locale)
        subject = _subject(window, language)
        about = form.about.strip().replace("\r\n", "\n")
        await self._intake.submit(
            Interaction(
                id=interaction,
                channel=Channel.PHONE,
                sender=Party(address=address, name=form.name),
                claims=(Party(address=email_address(form.email), name=form.name),) if form.email else (),
                subject=subject,
                text=about or subject,
                thread=interaction,
                contact=interaction,
                occurred_at=now,
                received_at=now,
                language=language,
                hints=Hints(callback=window),
            )
        )
        return CallbackReceipt(
            callback=interaction, interaction_id=interaction, status_url=self._forms.status_url(interaction)
        )

    def _window(self, form: CallbackForm, now: datetime) -> Window:
        since, until = form.since, form.until
        zone = zone_of(form.time_zone).key if form.time_zone else self.hours.zone.key
        if until - since < WINDOW_LEAST:
            raise InvalidError("a window has at least 15 minutes", field="until")
        if until < now + WINDOW_LEAST - _LATE:
            raise InvalidError("this is over already", field="until")
        if since > now + AHEAD_MAX:
            raise InvalidError("at most 31 days ahead", field="since")
        if not self.hours.covers(since, until):
            raise InvalidError("nobody is there all that time", field="since")
        return Window(since, until, zone)


def _subject(window: Window, language: str) -> str:
    zone = zone_of(window.time_zone)
    since, until = window.since.astimezone(zone), window.until.astimezone(zone)
    return f"{_SUBJECT.get(language, _SUBJECT['es'])}: {since:%Y-%m-%d %H:%M}-{until:%H:%M} ({zone.key})"


def router(callbacks: Callbacks, forms: Forms) -> APIRouter:
    """`POST /callbacks`, to be mounted under `/api/v1`."""
    routes = APIRouter(tags=["callbacks"])
    content = {http_body.JSON: {"schema": CallbackForm.model_json_schema()}}

    @routes.post("/callbacks", status_code=202, openapi_extra={"requestBody": {"required": True, "content": content}})
    async def post_callback(request: Request) -> CallbackReceipt:  # pyright: ignore[reportUnusedFunction]  # -- a route
        """Ask to be called within a window of time. The same Idempotency-Key and body is the same wish."""
        forms.admit(http_body.peer(request))
        key = http_body.idempotency_key(request)
        http_body.media_type(request, http_body.JSON)
        body = await http_body.read(request, BODY_MAX_BYTES)
        return await callbacks.submit(http_body.parse_json(CallbackForm, body), key=key, digest=body)

    return routes
