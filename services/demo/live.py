"""The demo's live part: the same kind of story, acted out now at the public doors, spread over some minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import aiosmtplib
import httpx
import msgspec
import structlog

from schemas.interaction import Channel
from services.demo import shelf
from services.demo.chat_desk import ChatDesk, somebody_waits
from services.demo.desk import Desk
from services.demo.doors import Conversation, Doors
from services.demo.odd_mails import send_odd_mails, send_unreachable_forms
from services.demo.steps import Answer, AnyStep, AskCallback, Call, LearnPhone, Publish, Spend, Visit, Work, Write
from services.demo.story import Plan, tell
from services.ports import reachable
from services.settings import Settings

log = structlog.get_logger()

_FIRST_HOURS = timedelta(hours=9)  # of each case: the rest stays for whoever tries the screens
_AT_ONCE = 8
_MISSES_AN_ARTICLE = 6
"""One answer of so many has no article that says the same."""


@dataclass(frozen=True)
class Pace:
    """How much and how fast: `cases` begin within `seconds`."""

    cases: int
    seconds: float
    seed: int


class Keys(msgspec.Struct, frozen=True):
    """What lets the demo in: an API token, and the key of the telephone line."""

    token: str
    line: str


class Live:
    """Acts steps out. A step that fails is logged and counted, the others go on."""

    def __init__(self, doors: Doors, desk: Desk, chats: ChatDesk) -> None:
        self._doors = doors
        self._desk = desk
        self._chats = chats
        self._talks: dict[int, Conversation] = {}
        self._turns: dict[int, asyncio.Lock] = {}
        self._calls: dict[int, int] = {}
        self.failed = 0

    async def act(self, step: AnyStep) -> None:
        """One step, after the ones before it in its case."""
        async with self._turns.setdefault(step.case, asyncio.Lock()):
            try:
                await self._act(step, self._talks.setdefault(step.case, Conversation()))
            except httpx.HTTPStatusError as error:
                self.failed += 1
                answer = error.response
                log.warning(
                    "demo_step_refused", step=type(step).__name__, status=answer.status_code, path=answer.url.path
                )
            except (httpx.HTTPError, aiosmtplib.SMTPException, OSError, TimeoutError) as error:
                self.failed += 1
                log.warning("demo_step_failed", step=type(step).__name__, error=type(error).__name__)

    async def _act(self, step: AnyStep, talk: Conversation) -> None:
        match step:
            case Write(channel=Channel.IN_PERSON):
                contact = await self._desk.visit_in_person(step)
                talk.contacts.extend([contact] if contact is not None else [])
            case Write():
                await self._doors.write(step, talk)
            case Visit():
                await self._doors.visit(step, talk)
            case Call():
                number = await self._desk.call(step)
                if number is not None:
                    self._calls[step.case] = number
            case AskCallback():
                await self._doors.ask_callback(step)
            case Answer() | Work() | Spend() | LearnPhone():
                await self._work(step, talk.contacts)
                if isinstance(step, Work):
                    await self._chats.work(step, talk.session, talk.language)
            case Publish():
                pass  # the history has them

    async def _work(self, step: Answer | Work | Spend | LearnPhone, contacts: list[UUID]) -> None:
        number = await self._desk.number_of(contacts) if contacts else self._calls.get(step.case)
        if number is None:
            return
        match step:
            case Answer():
                await self._desk.answer(step, number)
                if step.id.int % _MISSES_AN_ARTICLE == 0:
                    gaps = shelf.load().gap
                    gap = gaps[step.id.int // _MISSES_AN_ARTICLE % len(gaps)]
                    await self._desk.miss_an_article(number, gap.words[0], gap.language, step.id)
            case Work():
                await self._desk.work(step, number)
            case Spend():
                await self._desk.spend(step, number)
            case LearnPhone():
                await self._desk.learn_phone(step, number)

    async def end(self) -> None:
        """Close what is open."""
        for talk in self._talks.values():
            await self._doors.leave(talk)


async def run_live(settings: Settings, keys: Keys, pace: Pace, progress: Callable[[int, int], None]) -> int:
    """Act the story out at the given pace; returns how many steps failed."""
    steps = _steps(pace)
    pause = pace.seconds / max(len(steps), 1)
    base = f"http://{reachable(settings.http)}"
    async with httpx.AsyncClient(base_url=base, timeout=30, trust_env=False) as client:
        desk = Desk(client, keys.token, keys.line)
        await desk.begin()
        chats = ChatDesk(client, keys.token)
        await chats.open()
        doors = Doors(
            client,
            reachable(settings.http),
            reachable(settings.smtp),
            settings.mail_addresses[0],
            settings.opening_hours,
        )
        live = Live(doors, desk, chats)
        room = asyncio.Semaphore(_AT_ONCE)
        await send_odd_mails(settings.mail_addresses[0], reachable(settings.smtp))
        await send_unreachable_forms(client)
        waiting = asyncio.create_task(somebody_waits(reachable(settings.http)))
        try:
            async with asyncio.TaskGroup() as group:
                for number, step in enumerate(steps):
                    await room.acquire()
                    acting = group.create_task(live.act(step))
                    acting.add_done_callback(lambda _: room.release())
                    progress(number + 1, len(steps))
                    await asyncio.sleep(pause)
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await live.end()
    return live.failed


def _steps(pace: Pace) -> list[AnyStep]:
    began = datetime.now(UTC).replace(microsecond=0)
    plan = Plan(pace.seed, began, began + timedelta(days=1), pace.cases)
    opened: dict[int, datetime] = {}
    found: list[AnyStep] = []
    for step in tell(plan):
        first = opened.setdefault(step.case, step.at)
        if step.at - first < _FIRST_HOURS and not isinstance(step, Publish):
            found.append(step)
    return found
