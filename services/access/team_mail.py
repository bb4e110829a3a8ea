"""How a team writes: mailbox, name and signature of its answers. Owns `team_mail`; for services/deliveries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from channels.email.mailboxes import Mailboxes
from channels.text import one_line
from eventstore.database import Connection
from schemas.errors import InvalidError, NotFoundError
from schemas.facts.team import TeamMailSet
from services.access.desk import AccessDesk

SENDER_MAX_CHARACTERS = 100
SIGNATURE_MAX_CHARACTERS = 2_000
AGENT, TEAM = "{agent}", "{team}"
"""Stand in a signature for who wrote the answer, and for the team's title."""


class TeamMail(msgspec.Struct, frozen=True):
    """What is empty is as without a team. Signatures may hold AGENT and TEAM."""

    mailbox: str = ""
    sender: str = ""
    signature_es: str = ""
    signature_en: str = ""

    def signature(self, language: str, *, agent: str, team: str) -> str:
        """In a customer's language, or the other where only that is written."""
        english, spanish = self.signature_en, self.signature_es
        written = english or spanish if language == "en" else spanish or english
        return written.replace(AGENT, agent).replace(TEAM, team)


NONE = TeamMail()


def of_teams(connection: Connection) -> Mapping[str, TeamMail]:
    """Team → how it writes, where it differs."""
    rows: Sequence[tuple[str, str, str, str, str]] = connection.execute(
        "SELECT team, mailbox, sender, signature_es, signature_en FROM team_mail"
    ).fetchall()
    return {team: TeamMail(*written) for team, *written in rows}


def set_mail(desk: AccessDesk, team: str, mail: TeamMail, ours: Mailboxes) -> None:
    """It writes so from now on. Raises NotFoundError, InvalidError."""
    kept = _checked(mail, ours)
    row = desk.connection.execute("SELECT id FROM teams WHERE name = %s AND retired_at IS NULL", (team,)).fetchone()
    if row is None:
        raise NotFoundError(f"no team {team}")
    if of_teams(desk.connection).get(team, NONE) == kept:
        return
    desk.connection.execute(
        "INSERT INTO team_mail (team, mailbox, sender, signature_es, signature_en) VALUES (%s, %s, %s, %s, %s)"
        " ON CONFLICT (team) DO UPDATE SET mailbox = excluded.mailbox, sender = excluded.sender,"
        " signature_es = excluded.signature_es, signature_en = excluded.signature_en",
        (team, kept.mailbox, kept.sender, kept.signature_es, kept.signature_en),
    )
    said = msgspec.structs.asdict(kept)
    desk.record(TeamMailSet(team=row[0], name=team, by=desk.by, at=desk.now, **said))


def _checked(mail: TeamMail, ours: Mailboxes) -> TeamMail:
    mailbox = ours.of(mail.mailbox) if mail.mailbox.strip() else ""
    if mailbox is None:
        raise InvalidError("not one of our own addresses (CAUCE_MAIL_ADDRESSES)", field="mailbox")
    sender = one_line(mail.sender)
    if len(sender) > SENDER_MAX_CHARACTERS:
        raise InvalidError(f"at most {SENDER_MAX_CHARACTERS} characters", field="sender")
    signatures = [each.strip() for each in (mail.signature_es, mail.signature_en)]
    if any(len(each) > SIGNATURE_MAX_CHARACTERS for each in signatures):
        raise InvalidError(f"at most {SIGNATURE_MAX_CHARACTERS} characters", field="signature")
    return TeamMail(mailbox, sender, *signatures)
