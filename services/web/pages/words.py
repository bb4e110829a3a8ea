"""The words for what the API names: English here, which is also the key of the catalogs in `locales/`."""

from __future__ import annotations

from collections.abc import Mapping

from services.web.pages import article_words as articles
from services.web.pages import help_words as helping
from services.web.pages import mail_words as mail
from services.web.pages import refusal_words as refusals
from services.web.pages import usage_words as usage

STATUS: Mapping[str, str] = {
    "new": "new",
    "open": "open",
    "waiting": "waiting",
    "resolved": "resolved",
    "closed": "closed",
}

PRIORITY: Mapping[str, str] = {"low": "low", "normal": "normal", "high": "high", "urgent": "urgent"}

CHANNEL: Mapping[str, str] = {
    "form": "form",
    "email": "email",
    "chat": "chat",
    "phone": "phone",
    "in_person": "in person",
}

DELIVERY: Mapping[str, str] = {
    "queued": "on its way",
    "sent": "delivered",
    "delayed": "delayed",
    "failed": "not delivered",
    "bounced": "came back",
    "uncertain": "delivery uncertain",
    "withdrawn": "taken back",
}

CONFIRMATION: Mapping[str, str] = {
    "queued": "Our confirmation is on its way.",
    "sending": "Our confirmation is being sent.",
    "delayed": "Our confirmation is delayed.",
    "sent": "Our confirmation was sent.",
    "failed": "Our confirmation was not delivered.",
    "uncertain": "It is uncertain whether our confirmation arrived.",
    "withheld": "No confirmation was sent:",
}

WITHHELD: Mapping[str, str] = {
    "muted": "automatic mail to this address is muted.",
    "too_many": "they had many automatic mails already.",
}

LABEL: Mapping[str, str] = {
    "encrypted": "encrypted",
    "signed": "signed",
    "invitation": "invitation",
    "invitation_changed": "changed invitation",
    "invitation_cancelled": "cancelled invitation",
    "invitation_answered": "answer to an invitation",
    "incomplete": "more in the original",
    "forwarded": "passed on",
    "via_list": "through a list",
    "on_behalf": "on behalf",
    "reply_elsewhere": "wants answers elsewhere",
    "several_authors": "several senders",
    "name_is_address": "the name is another address",
    "name_is_ours": "the name is one of ours",
    "hidden_characters": "unseen characters in the name",
    "link_elsewhere": "a link leads elsewhere than it says",
}

WARNING = frozenset(
    ("reply_elsewhere", "several_authors", "name_is_address", "name_is_ours", "hidden_characters", "link_elsewhere")
)
"""Labels that ask for a second look."""

MAIL_DETAIL: Mapping[str, str] = {
    "called": "Calls themselves",
    "forwarded_by": "Passed on by",
    "written_from": "Sent from",
    "sent_by": "Sent by",
    "list": "Mailing list",
    "reply_to": "Wants answers at",
}
"""What is said below a message of who else had a hand in it, in this order."""

CALL_STATE: Mapping[str, str] = {"ringing": "ringing", "active": "talking", "ended": "ended"}

CALL_LOOK: Mapping[str, str] = {"ringing": "ringing", "active": "talking", "held": "on hold", "ended": "ended"}

OUTCOME: Mapping[str, str] = {
    "solved": "Solved",
    "informed": "Answered a question",
    "promised": "We will get back to them",
    "again": "They will call again",
    "unreached": "Nobody reached",
    "wrong_number": "Wrong number",
    "normalClearing": "hung up",
    "busy": "busy",
    "cancel": "given up",
    "noAnswer": "no answer",
    "congestion": "line congested",
    "notFound": "no such number",
    "forwarded": "forwarded",
}
OUTCOMES = ("solved", "informed", "promised", "again", "unreached", "wrong_number")
"""What an agent chooses from; the others are a telephone system's words."""

CHAT_STATE: Mapping[str, str] = {"waiting": "waiting", "active": "talking", "closed": "ended", "missed": "missed"}

CHAT: Mapping[str, str] = {"goodbye": "Thank you for writing to us. Goodbye!"}

DIRECTION: Mapping[str, str] = {"in": "incoming", "out": "outgoing"}

REASON: Mapping[str, str] = {
    "signed_token": "it came through our own link",
    "references": "it answers a message of this incident",
    "subject_number": "its subject names the incident",
    "same_mail": "the same mail came to another mailbox of ours",
    "session": "it is part of the same chat or call",
    "same_customer": "the same customer had this open",
    "new": "nothing fitting was open",
    "agent": "an agent said so",
    "follows": "it goes on with one that was closed long ago",
    "followed_by": "somebody went on with it after it was closed",
    "claimed_address": "somebody gave this customer's address, unverified",
    "stranger_with_number": "a stranger's subject names it",
    "stranger_with_references": "a stranger answers its messages",
    "timeout": "nobody came in time",
    "nobody_available": "nobody was available",
}

FACT: Mapping[str, str] = {
    "IncidentOpened": "Incident opened",
    "InteractionLinked": "Added here",
    "InteractionUnlinked": "Moved to another incident",
    "ParticipantAdded": "Takes part",
    "MergeSuggested": "Probably the same as another incident",
    "IncidentMerged": "Merged",
    "IncidentUnmerged": "Stands alone again",
    "IncidentAssigned": "Assigned",
    "IncidentTeamAssigned": "Given to a team",
    "IncidentSnoozed": "Was snoozed",
    "IncidentWoken": "Woken",
    "IncidentPrioritized": "Priority set",
    "IncidentTagged": "Tags changed",
    "IncidentNoted": "Note",
    "IncidentResolved": "Resolved",
    "IncidentClosed": "Closed",
    "IncidentReopened": "Reopened",
    "IncidentRestored": "Undone",
    "WorkStarted": "Work began",
    "WorkStopped": "Time spent",
    "IncidentRated": "Rated by the customer",
    "AgentsMentioned": "Called in",
    "NoteFilesAdded": "Files added to a note",
    "ArticleLinked": "Article linked",
    "ArticleUnlinked": "Article taken off",
    "ReplyWithdrawn": "Reply taken back",
    "InteractionHeld": "Held for a moment",
    "InteractionPostponed": "delivery delayed",
    "InteractionRequeued": "sent again",
    "InteractionWithdrawn": "Taken back",
    "CallStarted": "The telephone rang",
    "CallRang": "It rang at",
    "CallAnswered": "Call answered",
    "CallHeld": "Call on hold",
    "CallResumed": "Call resumed",
    "CallEnded": "Call ended",
    "CallNoted": "Call notes",
    "CallOutcomeSet": "Outcome of the call",
    "CallAttached": "Call attached",
    "CallIdentified": "Logged and reported: one call",
    "CallParted": "Two calls after all",
    "InteractionDelivered": "Delivered",
    "InteractionDeliveryFailed": "Could not be delivered",
    "InteractionDeliveryUncertain": "Nobody knows whether it arrived",
    "InteractionBounced": "Came back",
    "InteractionDelayed": "Delayed on its way",
    "InteractionComplained": "Called spam by its reader",
    "CustomerRegistered": "Customer registered",
    "AddressAdded": "Address added",
    "AddressProven": "Address verified",
    "CustomerMerged": "Customers merged",
    "CustomerUnmerged": "Customers separated again",
    "CustomerJoinedOrganization": "Belongs to an organization",
    "CustomerLeftOrganization": "Left an organization",
    "PersonErased": "Personal data erased",
    "ChatAccepted": "Chat accepted",
    "ChatTransferred": "Chat handed on",
    "ChatTransferUndone": "Not handed on after all",
    "ChatClosed": "Chat ended",
    "ChatMissed": "Nobody accepted the chat",
}

COLUMN: Mapping[str, str] = {
    "day": "day",
    "hour": "hour",
    "channel": "channel",
    "contacts": "contacts",
    "interactions_in": "messages in",
    "interactions_out": "messages out",
    "opened": "incidents opened",
    "resolved": "incidents resolved",
    "reopened": "incidents reopened",
    "first_response_p50_seconds": "first answer, median",
    "first_response_p90_seconds": "first answer, 90 %",
    "resolution_p50_seconds": "solved after, median",
    "resolution_p90_seconds": "solved after, 90 %",
    "share": "share",
    "article": "article",
    "title": "title",
    "views": "views",
    "searches": "found in searches",
    "helpful": "helpful",
    "unhelpful": "not helpful",
    "suggested": "suggested",
    "suggestion_opened": "suggestion opened",
    "contacts_after": "contacts after reading",
}

REPORT: Mapping[str, str] = {
    "channel_report": "Contacts by channel",
    "knowledge_usage": "Use of the knowledge base",
}

PROBLEM: Mapping[int, str] = {
    400: "That could not be read.",
    401: "Please sign in.",
    403: "You may not do that.",
    404: "There is nothing here.",
    405: "That is not possible here.",
    409: "That is not possible now.",
    413: "That is too large.",
    415: "That kind of content is not taken.",
    422: "Something in the form is not right.",
    429: "Too many attempts. Please wait a little.",
    500: "Something went wrong on our side.",
    503: "We can't take that right now. Please try again in a moment.",
}

REBUILD: Mapping[str, str] = {
    "starting": "starting",
    "loading": "loading",
    "indexing": "indexing",
    "catching_up": "catching up",
    "stopped": "stopped",
}

SIGN_IN: Mapping[str, str] = {
    "wrong": "The name or the password is wrong.",
    "wait": PROBLEM[429],
    "again": "That took too long. Please sign in again.",
    "code": "This code is wrong, or was used already.",
    "provider": "Signing in there did not work. Please try again.",
    "not_ours": "Nobody here goes by that sign-in. Ask an administrator.",
}

ARTICLE_KIND: Mapping[str, str] = {
    "faq": "Frequent questions",
    "how_to": "Guides",
    "known_issue": "Known problems",
    "release_note": "What is new",
    "checklist": "Checklists",
    "legal": "Legal",
    "download": "Downloads",
    "guide": "Step by step",
}

FACET: Mapping[str, str] = {
    "kind": "Kind",
    "category": "Category",
    "product": "Product",
    "language": "Language",
}

SCORE: Mapping[str, str] = {"1": "Badly", "2": "Not well", "3": "So-so", "4": "Well", "5": "Very well"}

SAME_CALL: Mapping[str, str] = {
    "same_agent": "the same number and agent, within five minutes",
    "same_number": "the same number, within five minutes",
}

TAKEN_BACK: Mapping[str, str] = {
    "assigned": "the assignment",
    "resolved": "the resolution",
    "closed": "the closing",
    "reopened": "the reopening",
    "moved": "the move",
    "split": "the split",
}
"""What an `IncidentRestored` undid."""

UNDO: Mapping[str, str] = {
    "refused": "That can't be undone any more: somebody changed it since, or it was more than ten minutes ago.",
}

VIEW: Mapping[str, str] = {
    "mine": "Mine",
    "unassigned": "Unassigned",
    "waiting": "Waiting",
    "breaching": "Running out",
    "snoozed": "Snoozed",
    "all": "All",
}
"""The views of the inbox."""

EMPTY_VIEW: Mapping[str, str] = {
    "mine": "Nothing is waiting for you. Quiet waters.",
    "unassigned": "Everything is somebody's. Quiet waters.",
    "waiting": "No customer owes us an answer.",
    "breaching": "No target is about to be missed.",
    "snoozed": "Nothing sleeps.",
    "all": "No incident fits. Quiet waters.",
}

PLACE: Mapping[str, str] = {
    "call": "New call",
    "in_person": "In person",
    "mine": "My incidents",
    "unassigned": "Unassigned incidents",
    "breaching": "Incidents running out",
    "waiting": "Waiting incidents",
    "snoozed": "Snoozed incidents",
    "incidents": "Incidents",
    "chats": "Chats",
    "calls": "Calls",
    "work": "Work in progress",
    "customers": "Customers",
    "organizations": "Organizations",
    "knowledge": "Knowledge",
    "searches": "Saved searches",
    "canned": "Canned replies",
    "quarantine": "Quarantine",
    "reports": "Reports",
    "users": "Users",
    "teams": "Teams",
    "targets": "Service targets",
    "account": "My account",
    "help": "Help centre",
}
"""Where the command palette leads (palette.py)."""

UNIT: Mapping[str, str] = {"minutes": "minutes", "hours": "hours", "days": "days"}

SEND: Mapping[str, str] = {
    "email": "Send by email",
    "chat": "Send by chat",
    "form": "Put on the status page",
    "phone": "Put on the status page",
    "in_person": "Put on the status page",
}
"""What the button of a reply says, by its channel."""

DONE: Mapping[str, str] = {
    "changed": "Changed.",
    "withdrawn": "Taken back. Your words are in the composer again.",
    "saved": "Saved.",
    "undone": "Undone.",
    "received": "We have your message.",
    "closed": "Closed. Thank you for telling us.",
    "reopened": "It is open again. We'll look at it.",
    "rated": "Thank you. This helps us to do better.",
    "mail_again": "You get automatic mail again.",
    "chat_transferred": "Handed on.",
    "call_ended": "The call has ended.",
    "call_parted": "They are two calls now.",
    "callback_take": "It is yours.",
    "callback_release": "Back on the list.",
    "callback_reschedule": "Another time it is.",
    "callback_done": "Called back.",
    "callback_cancel": "Called off.",
    "callback_asked": "We will call you. Here you can follow it.",
    "work_started": "Your stopwatch runs.",
    "work_stopped": "Your stopwatch stands still.",
    "line_revoked": "The line is revoked.",
    "sent_again": "On its way again.",
    "held_release": "Let in. It is on its way.",
    "held_reprocess": "Trying again.",
    "held_discard": "Discarded.",
    "held_restore": "Put back.",
    "article_begun": "Begun. Only agents see it.",
    "article_saved": "Draft saved.",
    "article_published": "Published: readers see it now.",
    "article_asked": "Somebody else is to read it.",
    "article_declined": "Back to its writers.",
    "article_dropped": "The draft is given up.",
    "article_restored": "That edition is the draft now.",
    "article_retired": "Retired: readers find it no more.",
    "article_reinstated": "Readers find it again.",
    "team_closed": "Closed: others see its incidents no more.",
    "team_opened": "Open: every agent sees its incidents.",
    "gap_noticed": "Noted: it waits for a writer.",
    "gap_filled": "That article answers it now.",
    "gap_dismissed": "Closed. Below, it can be opened again.",
    "doubted": "Flagged: whoever writes sees it.",
    "doubt_settled": "Settled.",
}
"""What a page says was done just before it: `redirect(request, path, done="saved")`."""

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

ACCESS: Mapping[str, str] = {
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

ACCESS_DETAIL: Mapping[str, str] = {
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

HELD: Mapping[str, str] = {
    "undecodable": "Can't be read",
    "unparsable": "The mail can't be parsed",
    "raw_missing": "Its bytes are gone",
    "undecidable": "Can't be decided",
    "refused_by_the_database": "The database refuses it",
    "claims_a_customer": "Not from the customer it names",
    "claims_an_incident": "Not genuine, and answers an incident",
}
"""Why something is held in quarantine."""

HELD_ADVICE: Mapping[str, str] = {
    "undecodable": "It is damaged, or of another version of Cauce. Try again after an upgrade; else discard it.",
    "unparsable": "It stopped the parser twice. Try again after an upgrade; meanwhile read it here and answer by hand.",
    "raw_missing": "The file it names is not in the store. Bring the store back from a backup and try again.",
    "undecidable": "A rule failed on it: a defect of ours. Try again after the repair.",
    "refused_by_the_database": "Something in it can't be stored, too large for example. Try again after the repair.",
    "claims_a_customer": "The checks of its sender failed. Ask the customer by another way; let it in if it is theirs.",
    "claims_an_incident": "The checks of its sender failed. Let in, it opens an incident of its own, as a claim.",
}
"""What to do about it."""

HELD_DECISION: Mapping[str, str] = {
    "HeldReprocessed": "Tried again",
    "HeldReleased": "Let in as it is",
    "HeldDiscarded": "Discarded",
    "HeldRestored": "Put back",
}

MENDING: Mapping[str, str] = {"merge": "Merge", "move": "Move", "split": "Split"}
"""What a re-correlation would do."""

MENDING_LEFT: Mapping[str, str] = {"a person decided": "a person decided"}

MAIL_JOB: Mapping[str, str] = {"running": "under way", "done": "done", "stopped": "stopped", "failed": "failed"}

GROUPS = (
    *articles.GROUPS,
    *helping.GROUPS,
    *mail.GROUPS,
    *refusals.GROUPS,
    *usage.GROUPS,
    STATUS,
    PRIORITY,
    CHANNEL,
    DELIVERY,
    CONFIRMATION,
    WITHHELD,
    LABEL,
    MAIL_DETAIL,
    CALL_STATE,
    CALL_LOOK,
    OUTCOME,
    CHAT,
    CHAT_STATE,
    DIRECTION,
    REASON,
    FACT,
    TAKEN_BACK,
    SAME_CALL,
    COLUMN,
    REPORT,
    PROBLEM,
    REBUILD,
    SIGN_IN,
    DONE,
    SEND,
    ARTICLE_KIND,
    FACET,
    SCORE,
    ROLE,
    SCOPE,
    SCOPE_NAME,
    ACCESS,
    ACCESS_DETAIL,
    HELD,
    HELD_ADVICE,
    HELD_DECISION,
    MAIL_JOB,
    MENDING,
    MENDING_LEFT,
    UNDO,
    VIEW,
    EMPTY_VIEW,
    PLACE,
    UNIT,
)
"""All of them: the catalogs must hold every word."""
