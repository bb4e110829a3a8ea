"""What the public channels may know of a conversation: who began it, and what was said in its thread. Nothing else."""

from __future__ import annotations

from uuid import UUID

from channels.chat.frames import FileLink, Words
from channels.chat.rooms import ChatLine
from eventstore import store
from eventstore.database import Connection
from projections import incidents, reading, timeline
from projections.timeline import Entry
from schemas.facts import stream_id
from schemas.facts.interaction import InteractionReceived
from schemas.interaction import Channel, Direction, Party
from schemas.threads import begun
from services.wiring import Hub

_HISTORY_MAX = 1000
_FINAL = frozenset({"sent", "failed", "bounced"})


class Conversations:
    """Questions of the channels, answered from the store and the timeline."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    async def sender_of(self, thread: UUID) -> Party | None:
        """Who began the thread, by the fact that began it or else by its first line."""
        return await self._hub.database.run(self._sender_in, thread)

    def _sender_in(self, connection: Connection, thread: UUID) -> Party | None:
        stream = stream_id(InteractionReceived.category, begun(thread))
        for fact in self._hub.ledger.load(connection, [stream])[stream].facts:
            if isinstance(fact, InteractionReceived):
                return fact.personal.sender if fact.personal else None
        for entry in timeline.of_thread(connection, thread).items:
            if entry.direction == Direction.IN and entry.sender:
                return Party(address=entry.sender, name=entry.author or "")
        return None

    async def incident_of(self, number: int) -> UUID | None:
        """The incident of a number."""
        found = await self._hub.database.run(incidents.get, number)
        return None if found is None else found.id

    async def history(self, thread: UUID) -> list[ChatLine]:
        """The last messages of a thread, oldest first, as new as the store is now."""
        database = self._hub.database
        position = await database.run(store.last_position)
        await reading.wait_for(database, position, ("timeline",))
        found = await database.run(timeline.end_of_thread, thread, _HISTORY_MAX)
        return [line for entry in found.items if (line := self._line(entry, thread)) is not None]

    def file_url(self, thread: UUID, interaction: UUID, index: int) -> str:
        """Where the customer of a thread finds a file of it."""
        return status_file(self._hub.tokens.sign(thread), interaction, index)

    def _line(self, entry: Entry, thread: UUID) -> ChatLine | None:
        if entry.interaction_id is None or not (entry.text or entry.attachments):
            return None
        files = tuple(
            FileLink(file.name, self.file_url(thread, entry.interaction_id, index), file.bytes)
            for index, file in enumerate(entry.attachments)
        )
        return _line(entry, entry.interaction_id, files)


def status_file(token: str, interaction: UUID, index: int) -> str:
    """The path of a file that a status link opens."""
    return f"/status/{token}/files/{interaction}/{index}"


def _line(entry: Entry, interaction: UUID, files: tuple[FileLink, ...]) -> ChatLine:
    answer = entry.direction == Direction.OUT
    words = Words("agent" if answer else "customer", interaction, entry.text, entry.occurred_at, files)
    # what went out by mail is that channel's to report; seeing it here too proves nothing about the mail
    return ChatLine(words=words, delivered=not answer or entry.channel != Channel.CHAT or entry.delivery in _FINAL)
