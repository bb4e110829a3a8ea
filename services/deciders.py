"""Every request there is, and who decides it: the capability in charge. Asked by services/commands.py."""

from __future__ import annotations

from typing import TypeAlias

from services import bulk, targets, thresholds, undo
from services.bulk import Bulk
from services.callbacks import handle as callbacks
from services.callbacks.requests import (
    CallbackRequest,
    CancelCallback,
    FinishCallback,
    ReleaseCallback,
    RescheduleCallback,
    TakeCallback,
)
from services.calls import handle as calls
from services.calls.requests import CallRequest, ChangeCall, StartCall
from services.chats import handle as chats
from services.chats.requests import (
    AcceptChat,
    ChatRequest,
    CloseChat,
    LeaveEmail,
    MissChat,
    TakeBackTransfer,
    TransferChat,
)
from services.customers import handle as customers
from services.customers.requests import (
    AddAddress,
    CustomerRequest,
    ErasePerson,
    MergeCustomers,
    RegisterCustomer,
    SetOrganization,
    UnmergeCustomers,
)
from services.desk import Desk, Done
from services.incidents.requests import IncidentRequest
from services.muting import handle as muting
from services.muting.requests import MuteAgain, MuteRequest, Resubscribe, Unmute, Unsubscribe
from services.organizations import handle as organizations
from services.organizations.requests import (
    ChangeOrganization,
    OrganizationRequest,
    RegisterOrganization,
    RestoreOrganization,
    RetireOrganization,
)
from services.targets import SetTarget
from services.thresholds import SetThreshold
from services.undo import Undo
from services.worktime import handle as worktime
from services.worktime.requests import StartWork, StopWork, WorkRequest

Request: TypeAlias = (
    IncidentRequest
    | CustomerRequest
    | OrganizationRequest
    | CallRequest
    | CallbackRequest
    | ChatRequest
    | WorkRequest
    | MuteRequest
    | Undo
    | Bulk
    | SetTarget
    | SetThreshold
)


def decide(desk: Desk, request: Request) -> Done:  # noqa: C901, PLR0911 -- a category a return
    """What it leads to, by whoever is in charge of its kind."""
    match request:
        case Undo():
            return undo.handle(desk, request)
        case Bulk():
            return bulk.handle(desk, request)
        case SetTarget():
            return targets.handle(desk, request)
        case SetThreshold():
            return thresholds.handle(desk, request)
        case StartCall() | ChangeCall():
            return calls.handle(desk, request)
        case TakeCallback() | ReleaseCallback() | RescheduleCallback() | FinishCallback() | CancelCallback():
            return callbacks.handle(desk, request)
        case StartWork() | StopWork():
            return worktime.handle(desk, request)
        case AcceptChat() | TransferChat() | TakeBackTransfer() | CloseChat() | MissChat() | LeaveEmail():
            return chats.handle(desk, request)
        case (
            RegisterCustomer()
            | AddAddress()
            | MergeCustomers()
            | UnmergeCustomers()
            | SetOrganization()
            | ErasePerson()
        ):
            return customers.handle(desk, request)
        case Unmute() | MuteAgain() | Unsubscribe() | Resubscribe():
            return muting.handle(desk, request)
        case RegisterOrganization() | ChangeOrganization() | RetireOrganization() | RestoreOrganization():
            return organizations.handle(desk, request)
        case _:
            return undo.done(desk, request)
