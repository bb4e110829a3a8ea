"""Facts of a user: who may come in, as what, and who came. Login names stand in them as `by` does everywhere.

Where somebody came from, and their mail address, is personal: sealed with a key of their own, whose `address` is the
user's id.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from schemas.facts.kind import Fact, Personal, fact


class Method(StrEnum):
    """How somebody showed who they are. The second factors stand for both."""

    PASSWORD = "password"  # noqa: S105 -- a method's name
    CODE = "code"
    RECOVERY_CODE = "recovery_code"
    PROVIDER = "provider"


class Refusal(StrEnum):
    """Why somebody was not let in."""

    WRONG_PASSWORD = "wrong_password"  # noqa: S105 -- a refusal's name
    WRONG_CODE = "wrong_code"
    THROTTLED = "throttled"
    NOT_OURS = "not_ours"


class SessionEnd(StrEnum):
    """Why a session ended."""

    SIGNED_OUT = "signed_out"
    SIGNED_IN_AGAIN = "signed_in_again"
    ENDED = "ended"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 -- a reason's name
    DISABLED = "disabled"
    EXPIRED = "expired"


class Place(Personal, frozen=True, kw_only=True):
    """Where from: the network address and the program, as it calls itself."""

    network: str = ""
    browser: str = ""


class Mailbox(Personal, frozen=True, kw_only=True):
    """The mail address an identity provider means them by; empty: none."""

    email: str = ""


@fact("user.created.v1")
class UserCreated(Fact, frozen=True, kw_only=True):
    """They may come in."""

    user: UUID
    name: str
    role: str
    by: str
    at: datetime


@fact("user.role_changed.v1")
class RoleChanged(Fact, frozen=True, kw_only=True):
    """They may do other things now."""

    user: UUID
    name: str
    role: str
    was: str
    by: str
    at: datetime


@fact("user.disabled.v1")
class UserDisabled(Fact, frozen=True, kw_only=True):
    """They may not come in any more; their sessions and tokens ended."""

    user: UUID
    name: str
    by: str
    at: datetime


@fact("user.enabled.v1")
class UserEnabled(Fact, frozen=True, kw_only=True):
    """They may come in again."""

    user: UUID
    name: str
    by: str
    at: datetime


@fact("user.password_changed.v1")
class PasswordChanged(Fact, frozen=True, kw_only=True):
    """A new password: their own doing, or an admin's."""

    user: UUID
    name: str
    by: str
    at: datetime


@fact("user.email_changed.v1")
class EmailChanged(Fact, frozen=True, kw_only=True):
    """An identity provider that names this mail address speaks for them, if none does yet."""

    user: UUID
    name: str
    address: UUID
    by: str
    at: datetime
    personal: Mailbox | None = None


@fact("user.provider_linked.v1")
class ProviderLinked(Fact, frozen=True, kw_only=True):
    """An identity provider speaks for them from now on."""

    user: UUID
    name: str
    issuer: str
    by: str
    at: datetime


@fact("user.provider_unlinked.v1")
class ProviderUnlinked(Fact, frozen=True, kw_only=True):
    """That identity speaks for nobody here any more: their own doing, or an admin's. Their other sessions ended."""

    user: UUID
    name: str
    issuer: str
    by: str
    at: datetime


@fact("user.second_factor_set.v1")
class SecondFactorSet(Fact, frozen=True, kw_only=True):
    """From now on a code is asked for besides the password; earlier recovery codes are void."""

    user: UUID
    name: str
    by: str
    at: datetime


@fact("user.second_factor_removed.v1")
class SecondFactorRemoved(Fact, frozen=True, kw_only=True):
    """No code is asked for: their own doing, or an admin's."""

    user: UUID
    name: str
    by: str
    at: datetime


@fact("user.joined_team.v1")
class JoinedTeam(Fact, frozen=True, kw_only=True):
    """They work for a team."""

    user: UUID
    name: str
    team: str
    by: str
    at: datetime


@fact("user.left_team.v1")
class LeftTeam(Fact, frozen=True, kw_only=True):
    """They don't any more."""

    user: UUID
    name: str
    team: str
    by: str
    at: datetime


@fact("user.signed_in.v1")
class SignedIn(Fact, frozen=True, kw_only=True):
    """They came in."""

    user: UUID
    name: str
    session: UUID
    method: Method
    address: UUID
    at: datetime
    personal: Place | None = None


@fact("user.sign_in_failed.v1")
class SignInFailed(Fact, frozen=True, kw_only=True):
    """Somebody was not let in. `name` only if it is a user's: what else was typed may be a secret."""

    user: UUID
    name: str = ""
    reason: Refusal
    address: UUID
    at: datetime
    personal: Place | None = None


@fact("user.session_ended.v1")
class SessionEnded(Fact, frozen=True, kw_only=True):
    """A session opens nothing any more."""

    user: UUID
    name: str
    session: UUID
    reason: SessionEnd
    by: str
    at: datetime


@fact("user.places_forgotten.v1")
class PlacesForgotten(Fact, frozen=True, kw_only=True):
    """Where they came from, and which mail address they had, can't be read any more: the key was destroyed."""

    user: UUID
    name: str
    by: str
    at: datetime
