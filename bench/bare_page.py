"""The bar for a page: a bare FastAPI app, a Jinja2 page of the same weight that reads one row. Imports nothing of ours.

`python bench/bare_page.py PORT DATABASE_URL`
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment
from psycopg_pool import AsyncConnectionPool

_PAGE = "<!doctype html><title>{{ row[1] }}</title><h1>{{ row[0] }}</h1><p>{{ row[1] }}</p>"


def app(url: str) -> FastAPI:
    """One route, one table, one row."""
    pool = AsyncConnectionPool(url, min_size=4, max_size=8, open=False)
    page = Environment(autoescape=True).from_string(_PAGE)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncGenerator[None]:
        await pool.open()
        async with pool.connection() as connection:
            await connection.execute("CREATE TABLE IF NOT EXISTS bare_rows (id bigint PRIMARY KEY, body text NOT NULL)")
            await connection.execute("INSERT INTO bare_rows VALUES (1, repeat('x', 200)) ON CONFLICT DO NOTHING")
        yield
        await pool.close()

    bare = FastAPI(lifespan=life)

    @bare.get("/page", response_class=HTMLResponse)
    async def show() -> str:
        async with pool.connection() as connection:
            row = await (await connection.execute("SELECT id, body FROM bare_rows WHERE id = 1")).fetchone()
        return page.render(row=row)

    return bare


if __name__ == "__main__":
    uvicorn.run(app(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
