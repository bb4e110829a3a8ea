"""Users, teams, tokens, sessions and the record of access over the API: for admins, and for one's own."""

from __future__ import annotations

from uuid import uuid4

from services.access.identity import Role
from tests.services.web.serving import PASSWORD, Web


async def test_a_user_is_let_in_changed_and_put_out_at_once(web: Web) -> None:
    async with web.client(Role.ADMIN) as admin, web.client() as eva:
        await admin.post("/api/v1/teams", json={"name": "soporte", "title": "Soporte"})
        new = {"name": "Eva", "role": "agent", "password": "long enough", "teams": ["soporte"], "email": "eva@x.cu"}
        came = await admin.post("/api/v1/users", json=new)
        assert came.status_code == 201
        user = came.json()["user"]
        assert (user["name"], user["role"], user["teams"], user["email"]) == ("eva", "agent", ["soporte"], "eva@x.cu")
        assert "long enough" not in came.text
        assert (await eva.post("/login", data={"name": "eva", "password": "long enough"})).status_code == 303
        assert (await eva.get("/api/v1/me")).json() == {
            "name": "eva",
            "role": "agent",
            "teams": ["soporte"],
            "scopes": [],
            "session": True,
        }
        assert (await eva.get("/api/v1/events")).status_code == 403
        await admin.patch("/api/v1/users/eva", json={"role": "analyst"})
        assert (await eva.get("/api/v1/events")).status_code == 200
        await admin.patch("/api/v1/users/eva", json={"disabled": True})
        assert (await eva.get("/api/v1/me")).status_code == 401
        assert (await admin.post("/api/v1/users", json=new)).status_code == 409
        await web.settled()
        record = (await admin.get("/api/v1/audit?who=eva")).json()["items"]
    assert [entry["fact"] for entry in record] == [
        "SessionEnded",
        "UserDisabled",
        "RoleChanged",
        "SignedIn",
        "JoinedTeam",
        "EmailChanged",
        "UserCreated",
    ]
    assert record[5]["detail"] == {"email": "eva@x.cu"}
    assert record[2]["detail"] == {"was": "agent", "role": "analyst"}
    assert record[2]["by"] == "admin program"
    assert (record[3]["network"], record[3]["browser"][:12]) == ("127.0.0.1", "python-httpx")


async def test_a_token_is_shown_once_limited_by_its_scopes_and_ends_when_revoked(web: Web) -> None:
    async with web.client(Role.ADMIN) as admin:
        asked = {"role": "agent", "name": "reader", "scopes": ["incidents", "read"], "expires_days": 3}
        made = (await admin.post("/api/v1/tokens", json=asked, headers={"Idempotency-Key": "k"})).json()
        assert (await admin.post("/api/v1/tokens", json=asked, headers={"Idempotency-Key": "k"})).status_code == 409
        listed = (await admin.get("/api/v1/tokens")).text
        assert made["id"] in listed
        assert made["token"] not in listed
        async with web.client(headers={"Authorization": f"Bearer {made['token']}"}) as program:
            assert (await program.get("/api/v1/incidents")).status_code == 200
            assert (await program.get("/api/v1/me")).json()["scopes"] == ["incidents", "read"]
            for method, path in (
                ("GET", "/api/v1/reports"),
                ("GET", "/agent"),
                ("GET", "/api/v1/users"),
                ("POST", "/api/v1/incidents/1/notes"),
            ):
                came = await program.request(method, path, json={"text": "x"} if method == "POST" else None)
                assert came.status_code == 403, path
            await admin.post(f"/api/v1/tokens/{made['id']}/revoke")
            assert (await program.get("/api/v1/incidents")).status_code == 401
        assert (await admin.post(f"/api/v1/tokens/{uuid4()}/revoke")).status_code == 404


async def test_what_a_disabled_admin_made_ends_with_them_also_what_their_token_made(web: Web) -> None:
    async with web.browser(Role.ADMIN) as boss, web.client(Role.ADMIN) as program:
        first = (await boss.post("/api/v1/tokens", json={"role": "admin"})).json()["token"]
        async with web.client(headers={"Authorization": f"Bearer {first}"}) as child:
            second = (await child.post("/api/v1/tokens", json={"role": "admin"})).json()["token"]
        await program.post("/api/v1/users", json={"name": "second", "role": "admin"})
        await program.patch("/api/v1/users/admin", json={"disabled": True})
        for token in (first, second):
            async with web.client(headers={"Authorization": f"Bearer {token}"}) as ended:
                assert (await ended.get("/api/v1/me")).status_code == 401
        assert (await boss.get("/api/v1/me")).status_code == 401


async def test_sessions_are_listed_and_ended_by_their_own_and_by_admins(web: Web) -> None:
    async with web.browser(Role.AGENT) as one, web.browser(Role.AGENT) as two, web.browser(Role.ANALYST) as other:
        mine = (await one.get("/api/v1/me/sessions")).json()["items"]
        assert [session["user"] for session in mine] == ["agent", "agent"]
        assert sum(session["current"] for session in mine) == 1
        theirs = next(session["id"] for session in mine if not session["current"])
        assert (await other.post(f"/api/v1/me/sessions/{theirs}/end")).status_code == 404
        assert (await other.get("/api/v1/sessions")).status_code == 403
        assert (await two.get("/api/v1/me")).status_code == 200
        assert (await one.post(f"/api/v1/me/sessions/{theirs}/end")).status_code == 200
        assert (await two.get("/api/v1/me")).status_code == 401
        async with web.client(Role.ADMIN) as admin:
            everybodys = (await admin.get("/api/v1/sessions?user=agent")).json()["items"]
            assert len(everybodys) == 1
            assert (await admin.post(f"/api/v1/sessions/{everybodys[0]['id']}/end")).status_code == 200
            assert (await admin.get("/api/v1/me/sessions")).json()["items"] == []
            own = (await other.get("/api/v1/me/sessions")).json()["items"][0]["id"]
            assert (await admin.post(f"/api/v1/me/sessions/{own}/end")).status_code == 404
        assert (await one.get("/api/v1/me")).status_code == 401


async def test_a_new_sign_in_ends_the_session_of_the_browser(web: Web) -> None:
    async with web.browser(Role.AGENT) as client:
        before = client.cookies["cauce"]
        await client.post("/login", data={"name": "analyst", "password": PASSWORD})
        assert client.cookies["cauce"] != before
        async with web.client(cookies={"cauce": before}) as old:
            assert (await old.get("/api/v1/me")).status_code == 401


_REFUSED: tuple[tuple[str, str, object, int], ...] = (
    ("POST", "users", {"name": "a b", "role": "agent"}, 422),
    ("POST", "users", {"name": "ok", "role": "boss"}, 422),
    ("POST", "users", {"name": "ok", "role": "agent", "password": "short"}, 422),
    ("POST", "users", {"name": "ok", "role": "agent", "password": "x" * 257}, 422),
    ("POST", "users", {"name": "ok", "role": "agent", "teams": ["nowhere"]}, 404),
    ("POST", "users", {"name": "ok", "role": "agent", "email": "no"}, 422),
    ("POST", "users", {"name": "ok", "role": "agent", "admin": True}, 422),
    ("POST", "users", {"name": "agent program", "role": "agent"}, 422),
    ("PATCH", "users/nobody", {"role": "agent"}, 404),
    ("PATCH", "users/%00", {"role": "agent"}, 422),
    ("PATCH", "users/admin", {"role": "agent"}, 409),
    ("PATCH", "users/admin", {"disabled": True}, 409),
    ("POST", "users/nobody/reset-totp", None, 404),
    ("POST", "teams", {"name": "Ñ"}, 422),
    ("POST", "teams", {"name": "ok", "members": ["nobody"]}, 404),
    ("PATCH", "teams/nowhere", {"title": "x"}, 404),
    ("POST", "teams/nowhere/retire", None, 404),
    ("GET", "teams/nowhere", None, 404),
    ("POST", "tokens", {"role": "agent", "scopes": ["everything"]}, 422),
    ("POST", "tokens", {"role": "agent", "expires_days": 0}, 422),
    ("POST", "tokens/no-id/revoke", None, 404),
    ("GET", "audit?cursor=!!", None, 422),
    ("GET", "audit?who=%00", None, 200),
    ("GET", "sessions?user=%00", None, 200),
)


async def test_what_makes_no_sense_is_refused_and_says_why(web: Web) -> None:
    async with web.client(Role.ADMIN) as admin:
        for method, path, body, status in _REFUSED:
            came = await admin.request(method, f"/api/v1/{path}", json=body)
            assert came.status_code == status, f"{method} {path} {body}: {came.text}"
            assert "Traceback" not in came.text
        lone = b'{"name":"ok","role":"agent","password":"\\ud800 surrogates"}'
        came = await admin.post("/api/v1/users", content=lone, headers={"Content-Type": "application/json"})
        assert came.status_code == 422
