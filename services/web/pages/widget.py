"""`/chat`, and the chat on other people's pages: `/widget.js`, which they name, and `/widget/{site}`, which it frames.

The frame is ours: its session is a cookie that only our own pages under `/widget/{site}` get, kept apart for each site
that frames it (`Partitioned`), and that no script reads. Only the origins a site names may frame it.
"""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import Request, WebSocket
from starlette.requests import HTTPConnection
from starlette.responses import Response

from channels import http_body
from channels.chat.gateway import ChatGateway
from channels.form import IDEMPOTENCY_FIELD, ContactForm, FormReceipt
from channels.http_body import validate
from channels.text import one_line
from schemas.errors import ForbiddenError, NotFoundError
from schemas.ids import new_id
from services.chats import presence
from services.knowledge.visits import Kind
from services.web.headers import policy_framed_by
from services.web.languages import LANGUAGES
from services.web.pages import posted
from services.web.pages.readers import Readers
from services.web.pages.screen import Screen
from services.web.pages.visitor import visitors_of
from services.web.parts import Parts
from services.web.routing import Router
from services.widgets import sites
from services.widgets.sites import Site

LOADER_MAX_BYTES = 2048
_LOADER = Path(__file__).parent.parent / "static" / "widget" / "loader.js"
_COOKIE_SECONDS = 30 * 24 * 3600
_FIELDS = ("name", "email", "body")
_PRODUCT_CHARACTERS = 200
_SUBJECT_CHARACTERS = 80
_POLICY_VIOLATION = 1008


def router(parts: Parts, screen: Screen, chat: ChatGateway) -> Router:
    """The page; the loader, the frame, its form and its socket."""
    routes = Router(include_in_schema=False)
    frames = _Frames(parts, screen, chat)
    for path, serve, method in (
        ("/chat", frames.page, "GET"),
        ("/widget.js", frames.load, "GET"),
        ("/widget/{site}", frames.show, "GET"),
        ("/widget/{site}/look.css", frames.look, "GET"),
        ("/widget/{site}/form", frames.write, "POST"),
    ):
        routes.add_api_route(path, serve, methods=[method])
    routes.add_api_websocket_route("/widget/{site}/chat", frames.talk)
    return routes


class _Frames:
    """What the routes answer."""

    def __init__(self, parts: Parts, screen: Screen, chat: ChatGateway) -> None:
        self._parts = parts
        self._screen = screen
        self._chat = chat
        self._readers = Readers(parts)
        self._visitors = visitors_of(parts)
        self._loader = packed_loader()
        self._cookie = "__Secure-cauce-chat" if parts.hub.settings.public_url.startswith("https:") else "cauce-chat"

    async def page(self, request: Request) -> Response:
        """`/chat`."""
        context = {"widget": False, "socket": "/api/v1/chat", "product": "", **await self._offered()}
        return self._screen.render(request, "public/chat.html", context)

    async def load(self) -> Response:
        """The script: any page may load it."""
        headers = {
            "Cache-Control": "public, max-age=300",
            "ETag": f'"{hashlib.sha256(self._loader).hexdigest()[:16]}"',
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        return Response(self._loader, headers=headers, media_type="text/javascript; charset=utf-8")

    async def show(self, request: Request, site: str) -> Response:
        """The frame."""
        response = await self._frame(request, await self._site(site), {})
        self._visitors.greet(request, response)
        return response

    async def look(self, site: str) -> Response:
        """Its colour: no style stands in a page of ours."""
        found = await self._site(site)
        sheet = f":root {{ --widget: {found.colour}; }}\n"
        return Response(sheet, headers={"Cache-Control": "public, max-age=300"}, media_type="text/css")

    async def write(self, request: Request, site: str) -> Response:
        """What is left when nobody is there: a form like any other."""
        self._parts.forms.admit(http_body.peer(request))
        found = await self._site(site)
        fields = await posted.fields(request)
        try:
            receipt = await _send(self._parts, fields, _language(request, found), found)
        except posted.REFUSALS as error:
            status, headers, shown = posted.refusal(error)
            typed = {name: fields.get(name, "") for name in _FIELDS}
            shown |= {"fields": typed, "available": False, "product": fields.get("product", "")}
            return await self._frame(request, found, shown, status=status, headers=headers)
        response = await self._frame(request, found, {"status_url": urlsplit(receipt.status_url).path})
        reader = await self._readers.of(request)
        self._visitors.note(
            request,
            response,
            Kind.CONTACT_SENT,
            reader=reader,
            interaction=receipt.interaction_id,
            product_typed=fields.get("product", ""),
        )
        return response

    async def talk(self, websocket: WebSocket, site: str) -> None:
        """The frame's socket: its session is the cookie's."""
        try:
            found = await self._site(site)
            _refuse_foreign(websocket, self._parts.hub.settings.public_url)
        except (NotFoundError, ForbiddenError):
            await websocket.close(_POLICY_VIOLATION)
            return
        await self._chat.serve_framed(websocket, websocket.cookies.get(self._cookie), found.name)

    async def _site(self, key: str) -> Site:
        return await self._parts.hub.database.run(sites.get, key)

    async def _offered(self) -> dict[str, object]:
        hub = self._parts.hub
        return {"available": bool(await hub.database.run(presence.available)), "mail": hub.settings.mail_addresses[0]}

    async def _frame(
        self,
        request: Request,
        site: Site,
        shown: Mapping[str, object],
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        if language := _language(request, site):
            request.scope.setdefault("state", {})["language"] = language
        context = {
            "site": site,
            "widget": True,
            "product": one_line(request.query_params.get("product", ""))[:_PRODUCT_CHARACTERS],
            "socket": f"/widget/{site.key}/chat",
            **await self._offered(),
            "fields": dict.fromkeys(_FIELDS, ""),
            "key": str(new_id()),
            "problem": "",
            "errors": (),
            "status_url": "",
        }
        response = self._screen.render(
            request, "widget/frame.html", context | dict(shown), status=status, headers=headers
        )
        response.headers["Content-Security-Policy"] = policy_framed_by(site.origins)
        if self._cookie not in request.cookies:
            token = self._chat.shared.sessions.fresh()
            kept = f"{self._cookie}={token}; Path=/widget/{site.key}; Max-Age={_COOKIE_SECONDS}"
            # each site that frames it has a jar of its own, which browsers keep although the frame is a stranger there
            response.headers.append("Set-Cookie", f"{kept}; Secure; HttpOnly; SameSite=None; Partitioned")
        return response


def _language(request: Request, site: Site) -> str:
    wanted = site.language or request.query_params.get("lang", "")
    return wanted if wanted in LANGUAGES else ""


def packed_loader() -> bytes:
    """The loader without its comment and indentation: every page of a site loads it."""
    lines = _LOADER.read_text().splitlines()[1:]
    return "".join(line.strip() for line in lines).encode()


async def _send(parts: Parts, fields: Mapping[str, str], language: str, site: Site) -> FormReceipt:
    text = fields.get("body", "")
    subject = textwrap.shorten(text, _SUBJECT_CHARACTERS, placeholder="…") or site.name
    given = {
        "name": fields.get("name", ""),
        "email": fields.get("email", ""),
        "subject": subject,
        "body": text,
        "product": fields.get("product", ""),
    } | ({"locale": language} if language else {})
    form = validate(ContactForm, given)
    digest = hashlib.sha256(form.model_dump_json().encode()).digest()
    return await parts.forms.submit(form, key=fields.get(IDEMPOTENCY_FIELD, ""), digest=digest)


def _refuse_foreign(connection: HTTPConnection, public_url: str) -> None:
    """The cookie comes with whatever page opens the socket: only our own frame may. Raises ForbiddenError."""
    origin = urlsplit(connection.headers.get("origin", "")).netloc
    if not origin or origin not in {connection.headers.get("host", ""), urlsplit(public_url).netloc}:
        raise ForbiddenError("this socket is for our own frame")
