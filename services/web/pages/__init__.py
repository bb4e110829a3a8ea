"""The server-rendered pages: plain HTML that works without scripts; `static/live.js` keeps what is open fresh."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from channels.chat.gateway import ChatGateway
from services.web.pages import (
    account,
    addresses_page,
    admin_audit,
    admin_teams,
    admin_tokens,
    admin_users,
    article_file,
    article_hints,
    article_page,
    call_board,
    call_pages,
    callback_page,
    canned_page,
    chat_pages,
    contact,
    customer_pages,
    docs,
    figures_behind,
    figures_files,
    gate,
    help_centre,
    in_person_page,
    inbox,
    incident,
    incident_knowledge,
    knowledge_editor,
    knowledge_figures,
    knowledge_list,
    knowledge_queue,
    knowledge_transfer,
    lines_page,
    mentions_page,
    my_requests,
    organization_pages,
    original_page,
    palette,
    preferences,
    projections_page,
    quarantine_page,
    recorrelation_page,
    report_page,
    searching,
    status,
    status_acts,
    synonyms_page,
    targets_page,
    undo_page,
    unsubscribe_page,
    visit_beacon,
    widget,
    widget_admin,
    work_page,
)
from services.web.pages.files import StaticFiles
from services.web.pages.screen import Screen, redirect
from services.web.pages.words import PROBLEM
from services.web.parts import Parts
from services.web.problems import Problem
from services.web.routing import Router, mount

_SERVER_ERROR = 500
_UNAUTHENTICATED = 401


def install(app: FastAPI, parts: Parts, chat: ChatGateway) -> None:
    """Mount all pages, and show errors as one."""
    files = StaticFiles()
    screen = Screen(parts.hub.settings.locale)
    plain = Router(include_in_schema=False)
    plain.add_route("/static/{path:path}", files.serve, methods=["GET"])
    mount(app, plain)
    mount(app, docs.router(app, screen))
    mount(app, preferences.router(parts.guard, parts.hub.database))
    for module in (knowledge_figures, figures_behind, figures_files):  # before /knowledge/{article}
        mount(app, module.router(parts, screen))
    for module in (
        article_file,
        help_centre,
        searching,
        article_page,
        contact,
        status,
        status_acts,
        gate,
        inbox,
        incident_knowledge,
        article_hints,
        incident,
        knowledge_list,
        knowledge_queue,
        synonyms_page,
        original_page,
        customer_pages,
        addresses_page,
        organization_pages,
        canned_page,
        mentions_page,
        quarantine_page,
        recorrelation_page,
        report_page,
        my_requests,
        unsubscribe_page,
        account,
        admin_users,
        admin_teams,
        admin_tokens,
        admin_audit,
    ):
        mount(app, module.router(parts, screen))
    for module in (undo_page, palette, targets_page):
        mount(app, module.router(parts, screen))
    for module in (call_board, call_pages, callback_page, work_page, in_person_page, lines_page):
        mount(app, module.router(parts, screen))
    mount(app, chat_pages.router(parts, screen))
    mount(app, widget.router(parts, screen, chat))
    mount(app, widget_admin.router(parts, screen))
    mount(app, projections_page.router(parts, screen))
    mount(app, knowledge_transfer.router(parts, screen))
    mount(app, knowledge_editor.router(parts, screen))  # the last below /knowledge/: see there
    mount(app, visit_beacon.router(parts))

    async def problem_page(request: Request, problem: Problem, headers: Mapping[str, str]) -> Response:
        if problem.status == _UNAUTHENTICATED and request.method == "GET":
            query = f"?{request.url.query}" if request.url.query else ""
            return redirect(request, "/login", next=request.scope["path"] + query)
        context = {
            "text": PROBLEM.get(problem.status, PROBLEM[_SERVER_ERROR]),
            "status": problem.status,
            "detail": "" if problem.status >= _SERVER_ERROR else problem.detail,
        }
        return screen.render(request, "public/problem.html", context, status=problem.status, headers=headers)

    app.state.problem_page = problem_page
