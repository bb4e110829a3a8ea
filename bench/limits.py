"""The bars our figures are held against: the least work that does the same thing. Imports nothing of ours.

`python bench/limits.py` prints their own rates.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from email import message_from_bytes
from pathlib import Path

import msgspec
import psycopg
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Row = tuple[object, ...]


def copy_rows(
    url: str, table: str, columns: Sequence[str], types: Sequence[str], rows: Sequence[Row], batch: int
) -> int:
    """Binary COPY, one transaction a batch. The bar for appending events and for filling a read model."""
    names = ", ".join(f'"{column}"' for column in columns)
    statement = f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)"
    with psycopg.connect(url) as connection:
        for start in range(0, len(rows), batch):
            with connection.cursor().copy(statement.encode()) as copy:
                copy.set_types(types)
                for row in rows[start : start + batch]:
                    copy.write_row(row)
            connection.commit()
    return len(rows)


def copy_tables(
    url: str, tables: Sequence[tuple[str, Sequence[str], Sequence[int], Sequence[Row]]], transactions: int
) -> int:
    """Binary COPY into several tables (name, columns, type oids, rows), a share of each in every transaction."""
    with psycopg.connect(url) as connection:
        for number in range(transactions):
            for table, columns, types, rows in tables:
                names = ", ".join(f'"{column}"' for column in columns)
                with connection.cursor().copy(f"COPY {table} ({names}) FROM STDIN (FORMAT BINARY)".encode()) as copy:
                    copy.set_types(types)
                    for row in rows[number * len(rows) // transactions : (number + 1) * len(rows) // transactions]:
                        copy.write_row(row)
            connection.commit()
    return sum(len(rows) for _, _, _, rows in tables)


class FsyncSink:
    """A mail sink that makes each mail durable before its 250: write, fsync. The bar for SMTP intake."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802, D102 -- aiosmtpd's
        self._number += 1
        await asyncio.to_thread(self._write, self._folder / f"{self._number}.eml", envelope.content)
        return "250 kept"

    @staticmethod
    def _write(path: Path, content: bytes | str | None) -> None:
        data = content if isinstance(content, bytes) else (content or "").encode()
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())


def fsync_sink(folder: Path) -> Controller:
    """A bare aiosmtpd on a loopback port, in a thread of its own."""
    return Controller(FsyncSink(folder), hostname="127.0.0.1", port=0)


def read_and_decode(url: str, keys: dict[bytes, AESGCM]) -> int:
    """Read the event table in pages of 2,000 and decode each event, opening sealed parts. The bar for a replay."""
    decode = msgspec.msgpack.decode
    position = done = 0
    with psycopg.connect(url) as connection:
        while True:
            rows = connection.execute(
                "SELECT position, type, stream, data, recorded_at FROM events"
                " WHERE position > %s ORDER BY position LIMIT 2000",
                (position,),
                binary=True,
            ).fetchall()
            if not rows:
                return done
            for position, kind, stream, data, _ in rows:  # noqa: B007 -- the last position is where we go on
                clear, address, sealed = decode(data)
                if sealed is not None and address in keys:
                    decode(keys[address].decrypt(sealed[:12], sealed[12:], f"{kind} {stream}".encode()))
                del clear
            done += len(rows)
            connection.rollback()


def parse_only(mails: Sequence[bytes]) -> int:
    """compat32 parse and walk."""
    for mail in mails:
        for part in message_from_bytes(mail).walk():
            part.get_payload(decode=True)
    return len(mails)


def main() -> None:
    """Print what this machine does: COPY and fsync."""
    folder = Path(os.environ.get("TMPDIR", ".")) / "cauce-limits"
    folder.mkdir(exist_ok=True)
    begun = time.perf_counter()
    for number in range(200):
        FsyncSink._write(folder / f"{number}", b"x" * 4096)  # noqa: SLF001 -- our own
    print(f"fsync of 4 KiB files: {200 / (time.perf_counter() - begun):,.0f}/s")


if __name__ == "__main__":
    main()
