"""A TCP proxy that, told so, holds back what the server says after so many bytes: a fetch that is in its middle."""

from __future__ import annotations

import contextlib
import socket
import threading


class HoldingProxy:
    """In front of a server on loopback. `holding` is set once a connection was stopped; `let_go` ends that for good."""

    def __init__(self, port: int, hold_after_bytes: int) -> None:
        self._port = port
        self._left = hold_after_bytes
        self.holding = threading.Event()
        self._let_go = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def let_go(self) -> None:
        self._let_go.set()

    def close(self) -> None:
        self.let_go()
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._port))
                threading.Thread(target=self._pump, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, client, True), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, may_hold: bool) -> None:
        with contextlib.suppress(OSError), source, target:
            while data := source.recv(16 * 1024):
                if may_hold and not self._let_go.is_set():
                    self._left -= len(data)
                    if self._left < 0:
                        self.holding.set()
                        self._let_go.wait()
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
