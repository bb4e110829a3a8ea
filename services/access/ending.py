"""What ends with something else: all sessions of a user, all tokens of theirs. Called where users change."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from schemas.facts.api_token import TokenRevoked
from schemas.facts.user import SessionEnd, SessionEnded
from services.access.desk import AccessDesk


def end_all(desk: AccessDesk, user: UUID, name: str, why: SessionEnd, *, keep: bytes | None = None) -> int:
    """End all their sessions but the one with the digest `keep`; returns how many those were."""
    rows: Sequence[tuple[UUID]] = desk.connection.execute(
        "DELETE FROM sessions WHERE user_name = %s AND digest IS DISTINCT FROM %s RETURNING id", (name, keep)
    ).fetchall()
    desk.record(
        *(
            SessionEnded(user=user, name=name, session=session, reason=why, by=desk.by, at=desk.now)
            for (session,) in sorted(rows)
        )
    )
    desk.connection.execute("DELETE FROM sign_in_steps WHERE user_name = %s", (name,))
    return len(rows)


def revoke_all(desk: AccessDesk, owner: str) -> None:
    """Their tokens open nothing any more."""
    rows: Sequence[tuple[UUID, str]] = desk.connection.execute(
        "UPDATE api_tokens SET revoked_at = now() WHERE owner = %s AND revoked_at IS NULL RETURNING id, name", (owner,)
    ).fetchall()
    desk.record(*(TokenRevoked(token=token, name=name, by=desk.by, at=desk.now) for token, name in sorted(rows)))
