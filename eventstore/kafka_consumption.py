"""One consumer of a topic: from Kafka's batches to a BatchHandler, from the position that PostgreSQL holds.

That position rules. Whom Kafka gives a partition to, what it has committed, whether its listener worked, only decides
who reads: records before the position are dropped, one after it makes us seek back, and the handler's
compare-and-set fences off whoever handles what another already has.
"""

# aiokafka awaits what a listener returns, though its annotation says None
# pyright: reportIncompatibleMethodOverride=false

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Sequence
from itertools import count, groupby

import psycopg
import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError

from eventstore import positions
from eventstore.database import Database
from eventstore.kafka_client import Fetched
from eventstore.kafka_places import Place, after, place_of, with_gap
from eventstore.kafka_records import log_record
from eventstore.kafka_subscription import Subscription
from eventstore.log import Batch, BatchHandler, LogRecord
from schemas.errors import OperatorError, RetryableError, StalePositionError

log = structlog.get_logger()

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0
_TEND_SECONDS = 1.0
_COMMIT_EVERY = 5
_ANSWER_SECONDS = 2.0
_STUCK_EVERY = 10
_STUCK_SECONDS = 30.0


class Consumption(ConsumerRebalanceListener):  # type: ignore[misc]  # -- aiokafka is not typed
    """`run` until cancelled. `topic` and `consumer` name the positions, `kafka_topic` and `group` the same in Kafka."""

    def __init__(
        self,
        bootstrap: str,
        *,
        group: str,
        topic: str,
        kafka_topic: str,
        consumer: str,
        database: Database,
        handle: BatchHandler,
        max_records: int,
        longest_batch_seconds: float,
    ) -> None:
        self._topic = topic
        self._kafka_topic = kafka_topic
        self._name = consumer
        self._database = database
        self._handle = handle
        self._subscription = Subscription(
            bootstrap,
            topic=kafka_topic,
            group=group,
            listener=self,
            deliver=self._deliver,
            max_records=max_records,
            longest_batch_seconds=longest_batch_seconds,
        )
        self._places: dict[int, Place] = {}
        self._assignment = 0  # counts them: what was begun under an earlier one must not touch a later one
        self._unplaced = asyncio.Event()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pause = _FIRST_PAUSE_SECONDS
        self._heard = 0.0
        self._busy = False

    async def run(self) -> None:
        """Read and handle. Returns when it should be begun anew.

        Raises KafkaError when no broker answers at the start, OperatorError when a person must act.
        """
        tasks: list[asyncio.Task[None]] = []
        try:
            await self._subscription.start()
            self._heard = asyncio.get_running_loop().time()
            tasks = [asyncio.create_task(self._place_for_ever()), asyncio.create_task(self._tend())]
            await asyncio.wait({self._failed, *tasks}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await self._subscription.stop()
        for ended in (self._failed, *tasks):
            if ended.done() and not ended.cancelled():
                ended.result()

    # what Kafka calls

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:  # noqa: ARG002 -- aiokafka's own
        """Forget: somebody else may move the positions from now on."""
        self._assignment += 1
        self._places.clear()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Hold everything until the stored positions are known; nothing may be awaited before that.

        A coroutine all the same: FastStream calls a plain function in a thread.
        """
        self._assignment += 1
        self._places.clear()
        self._hold(assigned)

    def _hold(self, partitions: Iterable[TopicPartition]) -> None:
        consumer = self._subscription.consumer
        for partition in partitions:
            consumer.pause(partition)
            consumer.seek(partition, 0)  # any place will do: without one aiokafka would ask Kafka for its commit
        self._unplaced.set()

    # where to read from

    async def _place_for_ever(self) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            await self._unplaced.wait()
            self._unplaced.clear()
            try:
                await self._place()
            except (KafkaError, RetryableError, psycopg.Error, OSError) as error:
                log.warning("positions_not_loaded", topic=self._topic, consumer=self._name, error=repr(error))
                self._unplaced.set()
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            else:
                pause = _FIRST_PAUSE_SECONDS

    async def _place(self) -> None:
        consumer, assignment = self._subscription.consumer, self._assignment
        wanted = self._without_place()
        if not wanted:
            return
        stored = await self._database.run(positions.stored, self._name, self._topic)
        begins, ends = await consumer.beginning_offsets(wanted), await consumer.end_offsets(wanted)
        if assignment != self._assignment:
            self._unplaced.set()
            return
        for partition in wanted:
            found = stored.get(partition.partition)
            place = place_of(self._where(partition.partition), found, begins[partition], ends[partition])
            consumer.seek(partition, place.start)
            self._places[partition.partition] = place
        consumer.resume(*wanted)

    def _without_place(self) -> list[TopicPartition]:
        return [place for place in self._subscription.consumer.assignment() if place.partition not in self._places]

    def _where(self, partition: int) -> str:
        return f"{self._name} in {self._kafka_topic}[{partition}]"

    # handling

    async def _deliver(self, fetched: Sequence[Fetched]) -> None:
        self._heard = asyncio.get_running_loop().time()
        self._busy = True
        worked = True
        try:
            for partition, records in groupby(fetched, key=lambda record: record.partition):
                if self._failed.done():
                    return
                worked = await self._deliver_partition(partition, [log_record(record) for record in records]) and worked
        except OperatorError as error:
            if not self._failed.done():
                self._failed.set_exception(error)
            return
        finally:
            self._busy = False
        if worked:
            self._pause = _FIRST_PAUSE_SECONDS
        else:
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)

    async def _deliver_partition(self, partition: int, records: Sequence[LogRecord]) -> bool:
        """True unless the handler failed and the same records come again."""
        assignment, place = self._assignment, self._places.get(partition)
        if place is None:
            self._again(partition, None)  # slipped through from Kafka's commit
            return True
        place, fresh = after(self._where(partition), place, records)
        self._places[partition] = place
        if not fresh:
            return True
        if fresh[0].offset > place.next:
            self._again(partition, with_gap(self._where(partition), place, fresh[0].offset))
            return True
        batch = Batch(self._topic, partition, self._name, place.stored, fresh[-1].offset + 1, fresh)
        worked, next_place = await self._try(batch, place)
        if assignment == self._assignment:
            if worked:
                self._places[partition] = Place(next=batch.next_position, stored=batch.next_position)
            else:
                self._again(partition, next_place)
        return worked

    async def _try(self, batch: Batch, place: Place) -> tuple[bool, Place | None]:
        try:
            await self._handle(batch)
        except OperatorError:
            raise
        except StalePositionError as error:
            log.warning("batch_was_anothers", topic=self._topic, partition=batch.partition, error=str(error))
            return False, None
        except Exception:  # an outage passes, and poison is the handler's own business: the same records again
            log.exception("batch_failed", topic=self._topic, partition=batch.partition, records=len(batch.records))
            return False, place
        return True, None

    def _again(self, partition: int, place: Place | None) -> None:
        """Read from the place once more; without one, from what the database says."""
        wanted = TopicPartition(self._kafka_topic, partition)
        with contextlib.suppress(IllegalStateError):  # no longer ours: the next assignment begins anew
            if place is not None:
                self._places[partition] = place
                self._subscription.consumer.seek(wanted, place.start)
            else:
                self._places.pop(partition, None)
                self._hold([wanted])

    # tending

    async def _tend(self) -> None:
        """Heal what nobody noticed: a partition without a place; a consumer that gets nothing, which begins anew."""
        for turn in count(1):
            await asyncio.sleep(_TEND_SECONDS)
            forgotten = self._without_place()
            if forgotten and not self._unplaced.is_set():
                with contextlib.suppress(IllegalStateError):
                    self._hold(forgotten)
            # Kafka's answers are advice here: without them the consumer goes on as it is
            with contextlib.suppress(KafkaError, OSError, TimeoutError, IllegalStateError):
                async with asyncio.timeout(_ANSWER_SECONDS):
                    if turn % _COMMIT_EVERY == 0:
                        await self._commit()
                    if turn % _STUCK_EVERY == 0 and await self._is_stuck():
                        log.error("consumer_stuck", topic=self._topic, consumer=self._name)
                        return

    async def _commit(self) -> None:
        """Tell Kafka where we are, for its own tools."""
        offsets = {TopicPartition(self._kafka_topic, number): place.next for number, place in self._places.items()}
        if offsets:
            await self._subscription.consumer.commit(offsets)

    async def _is_stuck(self) -> bool:
        quiet_seconds = asyncio.get_running_loop().time() - self._heard
        if self._busy or quiet_seconds < _STUCK_SECONDS:
            return False
        behind = {TopicPartition(self._kafka_topic, number): place.next for number, place in self._places.items()}
        ends = await self._subscription.consumer.end_offsets(behind)
        return any(ends[partition] > next_ for partition, next_ in behind.items())
