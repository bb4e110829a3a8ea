"""What all chat connections of a process share: what they work with, and the limits of one place and one session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol
from uuid import UUID

from channels.chat.frames import State
from channels.chat.rooms import ChatLine, ChatRooms
from channels.chat.sessions import ChatSessions
from channels.form import FROM_ONE_PLACE, OF_ONE_ADDRESS
from channels.intake import Intake
from channels.limits import AtOnce, Limit, Rate

OPENED_FROM_ONE_PLACE = Rate(burst=60, per_second=2.0)
SAID_IN_ONE_SESSION = Rate(burst=30, per_second=5.0)
OPEN_AT_ONCE = 5000  # connections of a process
OPEN_FROM_ONE_PLACE = 200  # of those; an office has one address
TYPED_FROM_ONE_PLACE = Rate(burst=20, per_second=5.0)  # every open console is told

History = Callable[[UUID], Awaitable[Sequence[ChatLine]]]
"""The messages of a thread, oldest first, as new as the store is when it is called."""

Typed = Callable[[UUID], Awaitable[None]]
"""Told that the customer is writing in a session."""


class House(Protocol):
    """What a chat asks the hub beside its words."""

    async def state_of(self, session: UUID, thread: UUID) -> State:
        """How the chat stands."""
        ...

    async def left_email(self, session: UUID, thread: UUID, email: str) -> None:
        """Where to write to. Raises InvalidError, RetryableError."""
        ...

    async def ended(self, session: UUID) -> None:
        """The customer left for good."""
        ...


class Shared:
    """`typed`, `house`: where there is a hub behind, whose agents take chats."""

    def __init__(
        self,
        intake: Intake,
        sessions: ChatSessions,
        rooms: ChatRooms,
        history: History,
        *,
        typed: Typed | None = None,
        house: House | None = None,
        rate_limit: bool = True,
    ) -> None:
        self.intake = intake
        self.sessions = sessions
        self.rooms = rooms
        self.history = history
        self.typed = typed
        self.house = house
        self.opened = Limit(OPENED_FROM_ONE_PLACE, on=rate_limit)
        self.said = Limit(SAID_IN_ONE_SESSION, on=rate_limit)
        self.typing = Limit(TYPED_FROM_ONE_PLACE, on=rate_limit)
        # as for a form: naming an address makes us mail it
        self._mailed_to = Limit(OF_ONE_ADDRESS, on=rate_limit)
        self._mailed_from = Limit(FROM_ONE_PLACE, on=rate_limit)
        self.open_anywhere = AtOnce(OPEN_AT_ONCE)
        self.open_of_one_place = AtOnce(OPEN_FROM_ONE_PLACE, on=rate_limit)

    def named(self, address: str, place: str) -> None:
        """Count an address that somebody says is theirs. Raises RateLimitedError."""
        self._mailed_from.take(place)
        self._mailed_to.take(address)
