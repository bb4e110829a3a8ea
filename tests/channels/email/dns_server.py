"""A real DNS server on loopback, for a test's own names: answers over UDP, or says nothing."""

from __future__ import annotations

import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


class Zone:
    """TXT records by name, without the last dot. `asked`: how often for each; `silent`: as if it were away."""

    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.asked: Counter[str] = Counter()
        self.silent = False
        self.address = ""

    def answer(self, wire: bytes) -> bytes | None:
        """The reply to a query."""
        query = dns.message.from_wire(wire)
        name = query.question[0].name.to_text(omit_final_dot=True)
        self.asked[name] += 1
        if self.silent:
            return None
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        text = self.texts.get(name.lower())
        if text is None:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        else:
            pieces = " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))
            reply.answer.append(dns.rrset.from_text(query.question[0].name, 600, "IN", "TXT", pieces))
        return reply.to_wire()


@contextmanager
def serving() -> Iterator[Zone]:
    """A zone that answers at its `address`."""
    zone = Zone()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            wire, socket = self.request
            reply = zone.answer(wire)
            if reply is not None:
                socket.sendto(reply, self.client_address)

    with socketserver.UDPServer(("127.0.0.1", 0), Handler) as server:
        zone.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield zone
        server.shutdown()
        thread.join()
