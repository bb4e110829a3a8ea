"""The pages of access: two steps to sign in, one's own account, what admins do. As people use them, without scripts."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from eventstore import store
from services.access import totp
from services.access.identity import Role
from tests.services.web.serving import PASSWORD, Web


def _code(secret: str, later: int = 0) -> str:
    raw = base64.b32decode(secret + "=" * (-len(secret) % 8))
    return totp.code_at(raw, totp.step_of(datetime.now(UTC) + timedelta(seconds=later)))


def _secret(page: str) -> str:
    (shown,) = re.findall(r"<code>([A-Z2-7 ]+)</code>", page)
    return shown.replace(" ", "")


async def test_a_second_factor_is_set_up_asked_for_and_switched_off(web: Web) -> None:
    async with web.browser(Role.AGENT) as mine:
        for shown in ({}, {"password": "guess"}):
            assert (await mine.post("/account/totp", data=shown)).status_code == 422
        assert (await mine.get("/account/totp")).headers["location"] == "/account", "nothing waits for a code"
        begun = await mine.post("/account/totp", data={"password": PASSWORD})
        assert begun.headers["location"] == "/account/totp"
        page = (await mine.get("/account/totp")).text
        assert '<img class="qr" src="data:image/svg+xml' in page
        secret = _secret(page)
        assert (await mine.post("/account/totp/confirm", data={"code": "000000"})).status_code == 422
        on = await mine.post("/account/totp/confirm", data={"code": _code(secret)})
        recovery = re.findall(r"<code>([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})</code>", on.text)
        assert len(recovery) == 10
        assert recovery[0] not in (await mine.get("/account")).text
        assert (await mine.get("/account/totp")).headers["location"] == "/account"
    async with web.client(headers={"Accept": "text/html"}) as again:
        came = await again.post("/login", data={"name": "agent", "password": PASSWORD, "next": "/agent/calls"})
        assert (came.status_code, came.headers["location"]) == (303, "/login/code")
        assert "cauce" not in again.cookies
        assert (await again.get("/agent")).status_code == 303
        assert (await again.get("/api/v1/me")).status_code == 401
        assert (await again.get("/login/code")).status_code == 200
        wrong = await again.post("/login/code", data={"code": "123"})
        assert wrong.status_code == 401
        later = _code(secret, 30)  # each is good once
        right = await again.post("/login/code", data={"code": later})
        assert right.headers["location"] == "/agent/calls"
        assert (await again.get("/api/v1/me")).json()["name"] == "agent"
        assert (await again.get("/login/code")).headers["location"] == "/login"
        refused = await again.post("/account/totp/remove", data={"code": later})
        assert refused.status_code == 422
        assert (await again.post("/account/totp/remove", data={"code": recovery[0]})).status_code == 303
    async with web.browser(Role.AGENT) as without:
        assert (await without.get("/api/v1/me")).status_code == 200


async def test_a_step_cookie_opens_nothing_and_only_its_own_step(web: Web) -> None:
    async with web.client() as client:
        for cookie in ("", "nothing", "x" * 3000):
            client.cookies.set("cauce_step", cookie)
            came = await client.post("/login/code", data={"code": "000000"})
            assert came.status_code == 401
        for site in ("cross-site", "same-site"):
            headers = {"Sec-Fetch-Site": site}
            assert (await client.post("/login/code", data={"code": "1"}, headers=headers)).status_code == 403


async def test_who_shows_no_session_and_no_step_holds_nobody_up_and_waits_for_nobody(web: Web) -> None:
    async with web.client() as stranger:
        stranger.cookies.set("cauce", "nothing")
        stranger.cookies.set("cauce_step", "nothing")
        with web.hub.database.transaction() as connection:
            store.lock(connection)
            assert (await stranger.post("/logout")).status_code == 303
            assert (await stranger.post("/login/code", data={"code": "000000"})).status_code == 401


async def test_a_password_is_changed_by_who_knows_the_old_one_and_ends_the_other_sessions(web: Web) -> None:
    async with web.browser(Role.AGENT) as this, web.browser(Role.AGENT) as other:
        for old, new, status in (
            ("wrong", "another horse", 422),
            (PASSWORD, "short", 422),
            (PASSWORD, "another horse", 303),
        ):
            came = await this.post("/account/password", data={"password": old, "new": new})
            assert came.status_code == status, came.text
        assert (await this.get("/api/v1/me")).status_code == 200
        assert (await other.get("/api/v1/me")).status_code == 401
        for _ in range(6):
            came = await this.post("/account/password", data={"password": "guess", "new": "another horse"})
        assert came.status_code == 429


def _link(web: Web, name: str, *, password: bool = True) -> None:
    with web.hub.database.transaction() as connection:
        connection.execute(
            "UPDATE users SET issuer = 'https://id.example', subject = name,"
            " password_hash = CASE WHEN %s THEN password_hash END WHERE name = %s",
            (password, name),
        )


async def test_an_identity_is_unlinked_by_its_user_with_the_password_and_by_an_admin(web: Web) -> None:
    async with web.browser(Role.AGENT) as this, web.browser(Role.AGENT) as other, web.browser(Role.ADMIN) as admin:
        assert (await this.post("/account/provider/unlink", data={"password": PASSWORD})).status_code == 409
        _link(web, "agent")
        assert "Unlink it" in (await this.get("/en/account")).text
        assert (await this.post("/account/provider/unlink", data={"password": "guess"})).status_code == 422
        assert (await this.post("/account/provider/unlink", data={"password": PASSWORD})).status_code == 303
        assert (await this.get("/api/v1/me")).status_code == 200
        assert (await other.get("/api/v1/me")).status_code == 401
        assert "Unlink it" not in (await this.get("/en/account")).text
        _link(web, "analyst")
        assert "Unlink the identity provider" in (await admin.get("/en/admin/users/analyst")).text
        assert (await admin.post("/admin/users/analyst/unlink-provider")).status_code == 303
        assert (await admin.post("/api/v1/users/analyst/unlink-provider")).status_code == 409
        await web.settled()
        told = (await admin.get("/api/v1/audit?fact=ProviderUnlinked")).json()["items"]
        assert [(each["subject"], each["by"]) for each in told] == [("analyst", "admin"), ("agent", "agent")]
        assert "Identity provider unlinked" in (await admin.get("/en/admin/audit")).text


async def test_who_has_no_password_has_no_other_way_in_and_needs_none_for_a_second_factor(web: Web) -> None:
    async with web.browser(Role.AGENT) as this:
        _link(web, "agent", password=False)
        assert "is your only way in" in (await this.get("/en/account")).text
        assert (await this.post("/account/provider/unlink", data={"password": PASSWORD})).status_code == 422
        assert (await this.post("/account/totp")).headers["location"] == "/account/totp"


async def test_sessions_are_ended_on_ones_own_page(web: Web) -> None:
    async with web.browser(Role.AGENT) as this, web.browser(Role.AGENT) as other, web.browser(Role.ANALYST) as else_:
        page = (await this.get("/account")).text
        (ending,) = re.findall(r"/account/sessions/([0-9a-f-]{36})/end", page)
        (theirs,) = [each["id"] for each in (await else_.get("/api/v1/me/sessions")).json()["items"]]
        await this.post(f"/account/sessions/{theirs}/end")
        assert (await else_.get("/api/v1/me")).status_code == 200
        await this.post(f"/account/sessions/{ending}/end")
        assert (await other.get("/api/v1/me")).status_code == 401
        async with web.browser(Role.AGENT) as third:
            await third.post("/account/sessions/end-others")
            assert len((await third.get("/api/v1/me/sessions")).json()["items"]) == 1
        assert (await this.get("/api/v1/me")).status_code == 401


async def test_what_somebody_likes_goes_with_them(web: Web) -> None:
    async with web.browser(Role.AGENT) as one:
        await one.post("/preferences", data={"language": "en", "keys": "off", "next": "/account"})
    headers = {"Accept-Language": "es"}
    async with web.browser(Role.AGENT) as elsewhere:
        page = await elsewhere.get("/account", headers=headers)
        assert 'lang="en"' in page.text
        assert '<option value="off" selected>' in page.text
        assert 'lang="es"' in (await elsewhere.get("/es/account")).text
        await elsewhere.post("/preferences", data={"language": "", "keys": "on"})
        assert 'lang="es"' in (await elsewhere.get("/account", headers=headers)).text


async def test_an_admin_lets_somebody_in_changes_and_puts_them_out(web: Web) -> None:
    async with web.browser(Role.ADMIN) as admin, web.client() as eva:
        await admin.post("/admin/teams", data={"name": "soporte", "title": "Soporte", "member:agent": "on"})
        new = {"name": "Eva", "role": "agent", "password": "long enough", "team:soporte": "on"}
        assert (await admin.post("/admin/users", data=new | {"password": "short"})).status_code == 422
        came = await admin.post("/admin/users", data=new)
        assert came.headers["location"].startswith("/admin/users/eva?")
        assert (await admin.post("/admin/users", data=new)).status_code == 409
        await eva.post("/login", data={"name": "eva", "password": "long enough"})
        assert (await eva.get("/api/v1/me")).json()["teams"] == ["soporte"]
        assert (await eva.get("/admin/users")).status_code == 403
        await admin.post("/admin/users/eva", data={"role": "analyst", "email": "eva@x.cu"})
        me = (await eva.get("/api/v1/me")).json()
        assert (me["role"], me["teams"]) == ("analyst", [])
        await admin.post("/admin/users/eva/end-sessions")
        assert (await eva.get("/api/v1/me")).status_code == 401
        await eva.post("/login", data={"name": "eva", "password": "long enough"})
        came = await admin.post("/admin/users/eva/disable")
        assert (await eva.get("/api/v1/me")).status_code == 401
        page = (await admin.get(came.headers["location"])).text
        assert "/admin/users/eva/enable" in page
        await admin.post("/admin/users/eva/enable")
        assert (await eva.post("/login", data={"name": "eva", "password": "long enough"})).status_code == 303
        assert (await admin.post("/admin/users/admin/disable")).status_code == 409
        for path in ("/admin/users/nobody", "/admin/users/eva/explode", "/admin/users/nobody/disable"):
            assert (await admin.post(path, data={"role": "agent"})).status_code == 404
        await web.settled()
        log = (await admin.get("/es/admin/audit?who=eva")).text
        assert "Rol cambiado" in log
        assert "agente → analista" in log
        everything = await admin.get("/es/admin/audit")
        assert everything.status_code == 200
        assert "Clave creada" in everything.text
        assert "127.0.0.1" in log


async def test_teams_are_made_changed_and_retired_on_their_page(web: Web) -> None:
    async with web.browser(Role.ADMIN) as admin:
        await admin.post("/admin/teams", data={"name": "ventas", "title": "Ventas", "member:agent": "on"})
        assert (await admin.post("/admin/teams", data={"name": "ventas", "title": "x"})).status_code == 409
        assert (await admin.post("/admin/teams", data={"name": "ñ", "title": "x"})).status_code == 422
        await admin.post("/admin/teams/ventas", data={"title": "Ventas y más", "member:admin": "on"})
        (team,) = (await admin.get("/api/v1/teams")).json()["items"]
        assert (team["title"], team["members"]) == ("Ventas y más", ["admin"])
        assert (await admin.post("/admin/teams/ventas/retire")).status_code == 303
        assert (await admin.get("/api/v1/teams")).json()["items"] == []
        assert (await admin.post("/admin/teams/ventas", data={"title": "x"})).status_code == 404


async def test_a_token_stands_on_the_page_that_made_it_and_on_no_other(web: Web) -> None:
    async with web.browser(Role.ADMIN) as admin:
        asked = {"name": "informes", "role": "analyst", "scope:reports": "on", "scope:read": "on", "expires": "7"}
        assert (await admin.post("/admin/tokens", data=asked | {"expires": "soon"})).status_code == 422
        made = (await admin.post("/admin/tokens", data=asked)).text
        (token,) = re.findall(r"cauce_[\w-]{43}", made)
        listed = (await admin.get("/admin/tokens")).text
        assert token not in listed
        assert "informes" in listed
        async with web.client(headers={"Authorization": f"Bearer {token}"}) as program:
            assert (await program.get("/api/v1/me")).json()["scopes"] == ["read", "reports"]
            assert (await program.get("/reports/channel_report")).status_code == 403
            (found,) = [each for each in (await admin.get("/api/v1/tokens")).json()["items"] if each["scopes"]]
            assert found["owner"] == "admin"
            await admin.post(f"/admin/tokens/{found['id']}/revoke")
            assert (await program.get("/api/v1/me")).status_code == 401


async def test_no_role_reaches_what_is_not_its_own(web: Web) -> None:
    doors = (
        ("GET", "/admin/users"),
        ("GET", "/admin/users/admin"),
        ("POST", "/admin/users"),
        ("POST", "/admin/users/agent"),
        ("POST", "/admin/users/agent/enable"),
        ("GET", "/admin/teams"),
        ("POST", "/admin/teams/x"),
        ("GET", "/admin/tokens"),
        ("POST", "/admin/tokens"),
        ("GET", "/admin/audit"),
        ("POST", f"/admin/sessions/{UUID(int=1)}/end"),
    )
    for role in (Role.AGENT, Role.ANALYST):
        async with web.browser(role) as client:
            for method, path in doors:
                came = await client.request(method, path, data={"role": "admin"} if method == "POST" else None)
                assert came.status_code == 403, f"{role} {method} {path}: {came.status_code}"
            assert (await client.get("/api/v1/me")).json()["role"] == role
