"""`/knowledge/new` and `/knowledge/{article}`: write an article, see it as readers will, publish it and all else.

What is typed is kept while it is typed, for whoever types it; saving is a fact, and says which text it was begun with.
"""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from channels import http_body
from channels.attachments import FILE_MAX_BYTES
from eventstore.database import Connection
from projections.articles import GapRow, desk
from schemas.errors import InvalidError, NotFoundError
from schemas.ids import new_id
from services.access.policy import may_publish_alone
from services.drafts import article_autosaves
from services.knowledge.article_files import kept
from services.knowledge.articles import BODY_MAX_CHARACTERS, TITLE_MAX_CHARACTERS
from services.knowledge.difference import difference
from services.knowledge.gaps import FillGap
from services.web.guard import caller
from services.web.pages import article_view, posted
from services.web.pages.article_acts import BACK, asked, begin, number
from services.web.pages.article_kinds import said
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router

POST_MAX_BYTES = FILE_MAX_BYTES + 1024 * 1024
_FILES_AT_ONCE = 10
_CONFLICT = 409


def router(parts: Parts, screen: Screen) -> Router:
    """The editor. To be mounted behind all other pages below `/knowledge/`: `{article}` would take their names."""
    routes = Router(include_in_schema=False)
    _beginning(routes, parts, screen)
    _showing(routes, parts, screen)
    _writing(routes, parts, screen)
    _acting(routes, parts, screen)
    return routes


def _beginning(routes: Router, parts: Parts, screen: Screen) -> None:
    async def page(request: Request, fields: Mapping[str, str], error: Exception | None = None) -> Response:
        gap = await parts.hub.database.run(_gap, fields.get("gap", ""))
        words = {"title": gap.words, "language": gap.language} if gap else {}
        shown = {"kind": "faq", "title": "", "source": "", "gap": "", **words, **{k: v for k, v in fields.items() if v}}
        shown.setdefault("language", screen.language(request))
        shown.setdefault("id", str(new_id()))
        status, headers, refused = posted.outcome(error)
        context = {"fields": shown, **refused}
        return screen.render(request, "agent/article_new.html", context, status=status, headers=headers)

    @routes.get("/knowledge/new")
    async def new(request: Request) -> Response:
        return await page(request, dict(request.query_params))

    @routes.post("/knowledge/new")
    async def make(request: Request) -> Response:
        fields = await posted.fields(request)
        by = caller(request).name
        try:
            begun = begin(fields, by=by)
            gap = posted.uuid(fields["gap"], "gap") if fields.get("gap") else None
            filled = (FillGap(gap=gap, article=begun.article, by=by, now=begun.now),) if gap else ()
            position = await parts.library.run(begun, *filled, repeatable=True)
        except posted.REFUSALS as error:
            return await page(request, fields, error)
        await parts.wait_for(position, "articles")
        return redirect(request, f"/knowledge/{begun.article}", min_position=position)


def _showing(routes: Router, parts: Parts, screen: Screen) -> None:
    @routes.get("/knowledge/{article}")
    async def show(
        request: Request,
        article: UUID,
        back: Annotated[str, Query(max_length=20)] = "",
        seen: Annotated[int | None, Query(ge=0, le=2**31)] = None,
        min_position: posted.Position = 0,
    ) -> Response:
        if min_position:
            await parts.wait_for(min_position, "articles")
        return await shown(parts, screen, request, article, back=back, seen=seen)

    @routes.get("/knowledge/{article}/compare")
    async def compare(
        request: Request,
        article: UUID,
        before: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        after: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> Response:
        context = await parts.hub.database.run(_compared, article, before, after)
        return screen.render(request, "agent/article_compare.html", context)


def _writing(routes: Router, parts: Parts, screen: Screen) -> None:
    database = parts.hub.database

    @routes.post("/knowledge/{article}/keep")
    async def keep(request: Request, article: UUID) -> Response:
        """What is typed is kept, and shown as readers would see it."""
        fields = await posted.fields(request)
        kind = await database.run(_keep, article, fields, caller(request).name)
        if "hx-request" in request.headers:
            body = fields.get("body", "")
            context = {"body": body, "said": said(kind, body), "kept": True}
            return screen.render(request, "agent/article_preview.html", context)
        return redirect(request, f"/knowledge/{article}")

    @routes.post("/knowledge/{article}/forget")
    async def forget(request: Request, article: UUID) -> Response:
        await database.run(article_autosaves.drop, article, by=caller(request).name)
        return redirect(request, f"/knowledge/{article}")

    @routes.post("/knowledge/{article}/files")
    async def upload(request: Request, article: UUID) -> Response:
        http_body.media_type(request, http_body.MULTIPART)
        form = await http_body.parse_multipart(request, POST_MAX_BYTES, max_files=_FILES_AT_ONCE, max_fields_bytes=1024)
        who = caller(request)
        by, alone = who.name, may_publish_alone(who, reviewed=parts.hub.settings.article_review)
        release, sent = str(form.get("release") or ""), str(form.get("form") or new_id())
        try:
            files = [each for _, each in form.multi_items() if isinstance(each, UploadFile) and each.filename]
            if not files:
                raise InvalidError("which file?", field="file")
            await database.run(_refuse_unknown, article)
            requests = [
                await asyncio.to_thread(
                    kept,
                    parts.hub.blobs,
                    await each.read(),
                    article=article,
                    name=each.filename or "",
                    kind=each.content_type or "",
                    release=release,
                    form=sent,
                    alone=alone,
                    by=by,
                    now=datetime.now(UTC),
                )
                for each in files
            ]
            position = await parts.library.run(*requests)
        except NotFoundError:
            raise
        except posted.REFUSALS as error:
            return await shown(parts, screen, request, article, error=error)
        finally:
            await form.close()
        await parts.wait_for(position, "articles")
        if "hx-request" in request.headers:
            context = {"view": await database.run(article_view.read, article, by), "alone": alone}
            return screen.render(request, "agent/article_files.html", context)
        return redirect(request, f"/knowledge/{article}", done="saved")


def _acting(routes: Router, parts: Parts, screen: Screen) -> None:
    database = parts.hub.database

    @routes.post("/knowledge/{article}/{action}")
    async def act(request: Request, article: UUID, action: str) -> Response:
        fields, who = await posted.fields(request), caller(request)
        row = await database.run(desk.get, article)
        if row is None:
            raise NotFoundError("no such article")
        alone = may_publish_alone(who, reviewed=parts.hub.settings.article_review)
        try:
            what = asked(row, action, fields, by=who.name, alone=alone)
            position = await parts.library.run(*what.requests, repeatable=True)
        except NotFoundError:
            raise
        except posted.REFUSALS as error:
            if "body" in fields:  # nothing that was typed is lost
                await database.run(_keep, article, fields, who.name)
            return await shown(parts, screen, request, article, error=error)
        if what.text:
            await database.run(article_autosaves.drop, article, by=who.name)
        await parts.wait_for(position, "articles")
        path = f"/knowledge/{what.goes_to or article}"
        return redirect(request, path, min_position=position, done=what.done, back=what.back or None, seen=what.seen)


async def shown(
    parts: Parts,
    screen: Screen,
    request: Request,
    article: UUID,
    *,
    back: str = "",
    seen: int | None = None,
    error: Exception | None = None,
) -> Response:
    """The editor, with a refusal where there is one."""
    who = caller(request)
    view = await parts.hub.database.run(article_view.read, article, who.name)
    status, headers, refused = posted.outcome(error)
    if status == _CONFLICT and view.theirs is not None:
        refused = {"problem": "", "errors": ()}  # what others wrote is shown, and what can be done about it
    undo = {"undo_at": f"/knowledge/{article}/{back}", "undo_seen": seen} if back in BACK else {}
    alone = may_publish_alone(who, reviewed=parts.hub.settings.article_review)
    context = {"view": view, "said": said(view.row.kind, view.typed.body), "alone": alone, **refused, **undo}
    return screen.render(request, "agent/article_edit.html", context, status=status, headers=headers)


def _keep(connection: Connection, article: UUID, fields: Mapping[str, str], by: str) -> str:
    """The article's kind."""
    row = desk.get(connection, article)
    if row is None:
        raise NotFoundError("no such article")
    typed = fields.get("title", ""), fields.get("body", "")
    if typed == article_view.text_of(row):
        article_autosaves.drop(connection, article, by=by)
        return row.kind
    if len(typed[0]) > 2 * TITLE_MAX_CHARACTERS or len(typed[1]) > 2 * BODY_MAX_CHARACTERS:
        raise InvalidError("too long, and not by a little: what is to be shortened is kept")
    seen = number(fields["wording"], "wording") if fields.get("wording") else row.wording
    article_autosaves.keep(connection, article, title=typed[0], body=typed[1], wording=seen, by=by)
    return row.kind


def _refuse_unknown(connection: Connection, article: UUID) -> None:
    if desk.get(connection, article) is None:
        raise NotFoundError("no such article")


def _gap(connection: Connection, gap: str) -> GapRow | None:
    return desk.gap(connection, posted.uuid(gap, "gap")) if gap else None


def _compared(connection: Connection, article: UUID, before: int, after: int) -> dict[str, object]:
    """Two editions; 0 is the draft, or what stands in its place."""
    row = desk.get(connection, article)
    editions = desk.editions(connection, article)
    if row is None or max(before, after) > len(editions):
        raise NotFoundError("no such edition")

    def text(edition: int) -> tuple[str, str]:
        return (editions[edition - 1].title, editions[edition - 1].body) if edition else article_view.text_of(row)

    (title, body), (new_title, new_body) = text(before), text(after)
    return {
        "row": row,
        "editions": editions,
        "before": before,
        "after": after,
        "title": difference(title, new_title),
        "body": difference(body, new_body),
    }
