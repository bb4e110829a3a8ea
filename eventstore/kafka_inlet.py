"""From the topic `events` to a follower: a subscription that begins at the topic's end, and the batch that waits."""

# aiokafka awaits what a listener returns, though its annotation says None
# pyright: reportIncompatibleMethodOverride=false

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Sequence

from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from eventstore.kafka_client import Fetched
from eventstore.kafka_records import Published, published
from eventstore.kafka_subscription import Subscription
from eventstore.kafka_topics import KafkaTopics
from schemas.errors import EpochChangedError, OperatorError
from schemas.topics import EVENTS

_PAUSE_SECONDS = 0.5
_FETCH_RECORDS = 1000


def epoch_changed() -> EpochChangedError:
    """The error, with what to do."""
    return EpochChangedError(
        "the event store was restored or failed over: restart the hub, and rebuild the projections (`cauce rebuild`)"
    )


class Inlet:
    """Holds one batch, so that a slow handler slows the fetching."""

    def __init__(self) -> None:
        self._batches: asyncio.Queue[Sequence[Published]] = asyncio.Queue(maxsize=1)
        self._bell = asyncio.Event()
        self._began = False
        self.doubted = asyncio.Event()
        self._failed: OperatorError | None = None

    async def put(self, batch: Sequence[Published]) -> None:
        """Waits until the one before was taken."""
        await self._batches.put(batch)
        self._bell.set()

    def begin(self) -> None:
        """The topic is read from its end of a moment ago: what was before that is only in the table."""
        self._began = True
        self._bell.set()

    def doubt(self) -> None:
        """The table goes on and nothing comes: subscribe anew."""
        self.doubted.set()

    def fail(self, error: OperatorError) -> None:
        """The follower raises it."""
        self._failed = error
        self._bell.set()

    async def wait(self, seconds: float) -> bool:
        """Is there something? Raises what `fail` was given."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._bell.wait()
        rung = self._bell.is_set()
        self._bell.clear()
        if self._failed is not None:
            raise self._failed
        return rung

    def take(self) -> Sequence[Sequence[Published]]:
        """The batch that waits, if one does."""
        return [] if self._batches.empty() else [self._batches.get_nowait()]

    def take_began(self) -> bool:
        """Did the reading begin since last asked?"""
        began, self._began = self._began, False
        return began


class Listening(ConsumerRebalanceListener):  # type: ignore[misc]  # -- aiokafka is not typed
    """The subscription of one follower."""

    def __init__(self, bootstrap: str, group: str, topics: KafkaTopics, inlet: Inlet) -> None:
        self._epoch = topics.epoch
        self._inlet = inlet
        self._assigned = asyncio.Event()
        self._subscription = Subscription(
            bootstrap,
            topic=topics.name_of(EVENTS),
            group=group,
            listener=self,
            deliver=self._deliver,
            max_records=_FETCH_RECORDS,
        )

    async def run(self) -> None:
        """Until cancelled, or the follower doubts that it works. Raises KafkaError."""
        self._inlet.doubted.clear()
        beginning = asyncio.create_task(self._begin_whenever_assigned())
        doubted = asyncio.create_task(self._inlet.doubted.wait())
        try:
            await self._subscription.start()
            await asyncio.wait({beginning, doubted}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            beginning.cancel()
            doubted.cancel()
            await self._subscription.stop()

    async def _begin_whenever_assigned(self) -> None:
        while True:
            await self._assigned.wait()
            self._assigned.clear()
            await self._begin_at_end()

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Nothing to do: whoever follows next has the checkpoint."""

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Hold it until its end is known; nothing may be awaited before that.

        A coroutine all the same: FastStream calls a plain function in a thread.
        """
        consumer = self._subscription.consumer
        for partition in assigned:
            consumer.pause(partition)
            consumer.seek(partition, 0)  # any place will do: without one aiokafka would ask Kafka for its commit
        if assigned:
            self._assigned.set()

    async def _begin_at_end(self) -> None:
        consumer = self._subscription.consumer
        try:
            partitions = list(consumer.assignment())
            for partition, end in (await consumer.end_offsets(partitions)).items():
                consumer.seek(partition, end)
            consumer.resume(*partitions)
        except IllegalStateError:
            return  # taken away meanwhile
        except (KafkaError, OSError):
            self._assigned.set()
            await asyncio.sleep(_PAUSE_SECONDS)
            return
        # the relay sends in order: all it had sent before that end is in the table
        self._inlet.begin()

    async def _deliver(self, fetched: Sequence[Fetched]) -> None:
        found = [event for event in map(published, fetched) if event is not None]
        if any(event.epoch != self._epoch for event in found):
            self._inlet.fail(epoch_changed())
        elif found:
            await self._inlet.put(found)
