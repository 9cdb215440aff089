"""A proxy in front of PostgreSQL that refuses logins as a server in any language, or a pooler, does."""

import contextlib
import socket
import threading

from proxy import Link, Proxy, connections, fatal_error

ENCRYPTION_REQUESTS = (80877103, 80877104)


class Refuser(Proxy):
    """While `answer`, an SQLSTATE, a text and maybe a severity, is set, logins are refused with it and counted."""

    answer = None
    refused = 0

    def _accept(self):
        for client, server in connections(self._listener, lambda: self._target):
            serve = self._refuse if self.answer else lambda *ends: Link(self, *ends).serve()
            threading.Thread(target=serve, args=(client, server), daemon=True).start()

    def _refuse(self, client, server):
        answer = self.answer
        server.close()
        with contextlib.suppress(OSError), client, client.makefile("rb") as requests:
            while True:
                size = int.from_bytes(requests.read(4), "big")
                if int.from_bytes(requests.read(size - 4)[:4], "big") not in ENCRYPTION_REQUESTS:
                    break
                client.sendall(b"N")
            client.sendall(fatal_error(*answer))
            self.refused += 1
            client.shutdown(socket.SHUT_WR)
            requests.read()
