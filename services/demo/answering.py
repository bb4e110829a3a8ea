"""What agents of the demo answer with: canned replies, notes that call a colleague, a picture, a draft half written."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import zlib
from collections.abc import Sequence

from eventstore.database import Connection
from schemas.errors import RefusedError
from schemas.interaction import Attachment
from services.access.identity import Role
from services.commands import Commands
from services.drafts import canned, drafts, uploads
from services.drafts.drafts import Draft, Kind
from services.incidents.requests import Note
from services.incidents.state import Incident
from services.wiring import Hub

_CANNED = (
    (
        "es",
        "Saludo",
        (
            "Hola {{customer.name}}:\n\nGracias por escribirnos sobre «{{incident.subject}}». Su incidencia es la"
            " #{{incident.number}}.\n\n\n\nUn saludo,\n{{agent.name}}"
        ),
    ),
    ("es", "Pedir el registro", "¿Puede enviarnos el registro? Está en Ayuda > Soporte > Guardar registro."),
    ("es", "Reiniciar", "Apague el equipo, espere diez segundos, enciéndalo y pruebe otra vez, por favor."),
    ("es", "Cerrar", "Damos la incidencia por resuelta. Si vuelve a ocurrir, basta con responder a este mensaje."),
    (
        "en",
        "Greeting",
        (
            "Hello {{customer.name}},\n\nThank you for writing about “{{incident.subject}}”. Your incident is"
            " #{{incident.number}}.\n\n\n\nKind regards,\n{{agent.name}}"
        ),
    ),
    ("en", "Ask for the log", "Could you send us the log? You find it under Help > Support > Save log."),
    ("en", "Close", "We take this as solved. Should it happen again, just answer this message."),
)
_NOTES = (
    "@admin ¿puedes mirarlo? El cliente tiene contrato de mantenimiento hasta junio.",
    "@admin same as last month: the driver of the new printer.",
    "He hablado con @admin: esperamos la pieza el jueves.",
)


async def furnish(hub: Hub, commands: Commands, incidents: Sequence[Incident]) -> None:
    """Once, for the newest open incidents."""
    await hub.database.run(_canned)
    picture = await asyncio.to_thread(hub.blobs.put, _picture())
    for place, (incident, text) in enumerate(zip(incidents[::3], _NOTES, strict=False)):
        files = await hub.database.run(_upload, incident, picture) if place == 0 else ()
        note = Note(incident=incident.number, text=text, uploads=tuple(each.id for each in files))
        with contextlib.suppress(RefusedError):  # its person was erased in the history
            await commands.run(note, by=Role.AGENT)
    for incident in incidents[:1]:
        with contextlib.suppress(RefusedError):
            await hub.database.run(_draft, hub, incident)


def _canned(connection: Connection) -> None:
    known = {(each.language, each.name) for each in canned.of(connection, Role.ADMIN)}
    for language, name, body in _CANNED:
        if (language, name) not in known:
            canned.create(connection, name=name, body=body, language=language, personal=False, by=Role.ADMIN)


def _upload(connection: Connection, incident: Incident, picture: str) -> list[uploads.Upload]:
    file = Attachment(name="pantalla.png", bytes=len(_picture()), media_type="image/png", blob=picture)
    return uploads.keep(connection, [file], by=Role.AGENT, address=incident.address)


def _draft(connection: Connection, hub: Hub, incident: Incident) -> None:
    draft = Draft(text="Hola:\n\nLo hemos reproducido; ", version=incident.version)
    drafts.save(connection, hub.keys, incident.id, incident.address, Kind.REPLY, draft, by=Role.AGENT)


def _picture(width: int = 240, height: int = 150) -> bytes:
    """A little picture, as PNG: stripes."""
    rows = b"".join(
        b"\0" + b"".join(bytes((60 + row, 120, 160 + column // 4)) for column in range(width)) for row in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
