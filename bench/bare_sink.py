"""The bar for SMTP intake: a bare aiosmtpd that fsyncs each mail. `python bench/bare_sink.py PORT FOLDER`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP
from limits import FsyncSink


async def _serve(port: int, folder: Path) -> None:
    sink = FsyncSink(folder)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(sink, loop=asyncio.get_running_loop()), "127.0.0.1", port
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), Path(sys.argv[2])))
