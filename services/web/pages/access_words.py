"""The words for who may come in, what they may do, and what the access log says of it. Part of words.py."""

from __future__ import annotations

from collections.abc import Mapping

SIGN_IN: Mapping[str, str] = {
    "wrong": "The name or the password is wrong.",
    "wait": "Too many attempts. Please wait a little.",
    "again": "That took too long. Please sign in again.",
    "code": "This code is wrong, or was used already.",
    "provider": "Signing in there did not work. Please try again.",
    "not_ours": "Nobody here goes by that sign-in. Ask an administrator.",
}

ROLE: Mapping[str, str] = {"agent": "agent", "analyst": "analyst", "admin": "administrator"}

SCOPE: Mapping[str, str] = {
    "read": "reads only, changes nothing",
    "incidents": "incidents, customers, calls, chats",
    "reports": "reports and the history",
    "knowledge": "articles and search",
    "administration": "users, teams, tokens, lines",
}

SCOPE_NAME: Mapping[str, str] = {
    "read": "reading",
    "incidents": "Incidents",
    "reports": "Reports",
    "knowledge": "Knowledge",
    "administration": "Administration",
}

FACT: Mapping[str, str] = {
    "UserCreated": "User made",
    "RoleChanged": "Role changed",
    "UserDisabled": "Not let in any more",
    "UserEnabled": "Let in again",
    "PasswordChanged": "Password changed",
    "EmailChanged": "Mail address changed",
    "ProviderLinked": "Linked to an identity provider",
    "ProviderUnlinked": "Identity provider unlinked",
    "SecondFactorSet": "Second factor set up",
    "SecondFactorRemoved": "Second factor removed",
    "JoinedTeam": "Joined a team",
    "LeftTeam": "Left a team",
    "SignedIn": "Signed in",
    "SignInFailed": "Not let in",
    "SessionEnded": "Session ended",
    "TeamCreated": "Team made",
    "TeamRenamed": "Team renamed",
    "TeamClosed": "Team closed to others",
    "TeamOpened": "Team opened to all agents",
    "TeamMailSet": "How a team writes changed",
    "TeamRetired": "Team retired",
    "TokenCreated": "Token made",
    "TokenRevoked": "Token revoked",
    "LineCreated": "Telephone line made",
    "LineKeyRenewed": "Telephone line's key renewed",
    "LineRevoked": "Telephone line revoked",
    "WidgetCreated": "Chat widget made",
    "WidgetChanged": "Chat widget changed",
    "WidgetRemoved": "Chat widget removed",
    "HeldReprocessed": "Tried again from quarantine",
    "HeldReleased": "Let in from quarantine",
    "HeldDiscarded": "Discarded from quarantine",
    "HeldRestored": "Put back into quarantine",
    "PlacesForgotten": "Places forgotten",
}

DETAIL: Mapping[str, str] = {
    "password": "by password",
    "code": "by password and code",
    "recovery_code": "by a recovery code",
    "provider": "by the identity provider",
    "wrong_password": "wrong password",
    "wrong_code": "wrong code",
    "throttled": "too many attempts",
    "not_ours": "a stranger from the identity provider",
    "signed_out": "signed out",
    "signed_in_again": "signed in again",
    "ended": "ended by somebody",
    "password_changed": "the password changed",
    "disabled": "not let in any more",
    "expired": "after its hours",
    "agent": "agent",
    "analyst": "analyst",
    "admin": "administrator",
}
"""Codes in an entry of the access log; anything else is a name, and shown as it is."""

GROUPS = (SIGN_IN, ROLE, SCOPE, SCOPE_NAME, FACT, DETAIL)
