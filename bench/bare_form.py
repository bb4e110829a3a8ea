"""The bar for the form endpoint: a bare FastAPI app, one durable insert a request. Imports nothing of ours.

`python bench/bare_form.py PORT DATABASE_URL`
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel


class Form(BaseModel):
    """The same fields as ours."""

    name: str
    email: str
    subject: str
    body: str


def app(url: str) -> FastAPI:
    """One route, one table."""
    pool = AsyncConnectionPool(url, min_size=8, max_size=16, open=False)

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncGenerator[None]:
        await pool.open()
        async with pool.connection() as connection:
            await connection.execute(
                "CREATE TABLE IF NOT EXISTS bare_forms (id bigserial PRIMARY KEY, body text NOT NULL)"
            )
        yield
        await pool.close()

    bare = FastAPI(lifespan=life)

    @bare.post("/forms", status_code=202)
    async def take(form: Form) -> dict[str, int]:
        async with pool.connection() as connection:
            cursor = await connection.execute(
                "INSERT INTO bare_forms (body) VALUES (%s) RETURNING id", (form.model_dump_json(),)
            )
            row = await cursor.fetchone()
        return {"id": row[0] if row else 0}

    return bare


if __name__ == "__main__":
    uvicorn.run(app(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
