"""Files before they are sent: uploaded one by one, attached by their ids, gone after a week."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from channels import http_body
from channels.attachments import FILE_MAX_BYTES, Attachments
from channels.form import FILES_MAX
from eventstore.database import Connection
from projections import incidents
from projections.page import Page
from schemas.errors import InvalidError, NotFoundError
from schemas.interaction import Attachment
from services.drafts import uploads
from services.drafts.uploads import Upload
from services.web.api.shapes import NUMBER_MAX, Caller, answers, json
from services.web.parts import Parts
from services.web.routing import Router

POST_MAX_BYTES = uploads.ONE_MESSAGE_MAX_BYTES + 1024 * 1024
_DOCUMENTED = {
    "requestBody": {
        "required": True,
        "content": {
            http_body.MULTIPART: {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary", "maxLength": FILE_MAX_BYTES}},
                }
            }
        },
    }
}


def router(parts: Parts) -> Router:
    """`/api/v1/uploads`."""
    routes = Router(prefix="/api/v1/uploads", tags=["incidents"])
    database = parts.hub.database
    attachments = Attachments(parts.hub.blobs)

    @routes.post("", status_code=201, responses=answers(Page[Upload], 201), openapi_extra=_DOCUMENTED)
    async def upload(
        request: Request,
        who: Caller,
        incident: Annotated[int | None, Query(ge=1, le=NUMBER_MAX, description="What they are for")] = None,
    ) -> Response:
        """Keep files until a reply or a note takes them. Erasing the incident's customer takes them too."""
        http_body.media_type(request, http_body.MULTIPART)
        form = await http_body.parse_multipart(request, POST_MAX_BYTES, max_files=FILES_MAX, max_fields_bytes=1024)
        try:
            files = [value for _, value in form.multi_items() if isinstance(value, UploadFile) and value.filename]
            if not files:
                raise InvalidError("which file?", field="file")
            kept, _ = await attachments.keep(files)
        finally:
            await form.close()
        return json(Page(await database.run(keep, kept, by=who.name, incident=incident)), 201)

    @routes.delete("/{upload}", status_code=204, response_class=Response)
    async def discard(upload: UUID, who: Caller) -> Response:
        """Not to be sent after all."""
        if not await database.run(uploads.discard, upload, by=who.name):
            raise NotFoundError("no such upload of yours")
        return Response(status_code=204)

    return routes


def keep(connection: Connection, kept: tuple[Attachment, ...], *, by: str, incident: int | None) -> list[Upload]:
    """Remember files whose bytes are durable."""
    found = incidents.sealed_by(connection, incident) if incident is not None else None
    if incident is not None and found is None:
        raise NotFoundError(f"no incident {incident}")
    return uploads.keep(connection, kept, by=by, address=found[1] if found else None)
