"""A proxy in front of PostgreSQL that stops the program at a chosen statement, to hit each point of a transaction."""

import contextlib
import select
import socket
import threading

CHUNK = 1 << 16


def statement(text):
    """What all messages have that send a statement: in a Query or a Parse the text is followed by a NUL."""
    return text.encode() + b"\0"


def fatal_error(code, text, severity="FATAL"):
    """A server's last words: an ErrorResponse with SQLSTATE, text and severity, both in the server's language."""
    fields = {"S": severity, "V": "FATAL", "C": code, "M": text}
    body = b"".join(kind.encode() + value.encode() + b"\0" for kind, value in fields.items()) + b"\0"
    return b"E" + (len(body) + 4).to_bytes(4, "big") + body


BEGIN, COMMIT = statement("BEGIN"), statement("COMMIT")


def connections(listener, target):
    """Each connection that comes in until the listener is closed, with one to the address that `target()` gives then.

    One that finds nobody there is closed.
    """
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        try:
            server = socket.create_connection(target())
        except OSError:
            client.close()
            continue
        yield client, server


class Link:
    """One connection through the proxy, served by one thread."""

    def __init__(self, proxy, client, server):
        self._proxy = proxy
        self._client = client
        self._server = server
        self._transaction = b""

    @property
    def kind(self):
        """What the open transaction is: a roll lists files, a commit does not."""
        return "roll" if b"archive_file" in self._transaction else "commit"

    def serve(self):
        try:
            while self._pass_on():
                pass
        except OSError:
            pass
        finally:
            self._client.close()
            self._server.close()

    def _pass_on(self):
        for ready in select.select([self._client, self._server], [], [])[0]:
            data = ready.recv(CHUNK)
            if not data:
                return False
            if ready is self._server:
                self._client.sendall(data)
            elif not self._take_request(data):
                return False
        return True

    def _take_request(self, data):
        self._transaction = data if BEGIN in data else self._transaction + data
        action = self._proxy.action_for(data, self.kind)
        if action:
            return action(self, data)
        return self.release(data)

    def release(self, data):
        """Passes a request on as if nothing had been."""
        self._server.sendall(data)
        return True

    def forward(self, data, tag):
        """Passes a request on, with what follows, and swallows the answers until one has this command tag.

        Returns whether it came before either end closed. A request may come in pieces, and behind others that are not
        answered yet.
        """
        self._server.sendall(data)
        answer = b""
        while tag not in answer:
            for ready in select.select([self._client, self._server], [], [])[0]:
                piece = ready.recv(CHUNK)
                if not piece:
                    return False
                if ready is self._server:
                    answer += piece
                else:
                    self._server.sendall(piece)
        return True

    def refuse(self, answer):
        """Answers in the server's place, and ends the connection."""
        self._client.sendall(answer)
        return False


class Proxy:
    """Listens on a free port. An action is called with the link and the request, which is not passed on yet; it returns
    whether the connection lives on.
    """

    def __init__(self, port, listener=None):
        self._target = ("127.0.0.1", port)
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._wanted = None
        self.happened = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self):
        return self._listener.getsockname()[1]

    def lead_to(self, port):
        """New connections go to this port of 127.0.0.1; where nobody listens they are closed at once."""
        self._target = ("127.0.0.1", port)

    def arm(self, request, kind, number, action):
        """Has the action called, once, at the `number`th request with these bytes in a transaction of that kind (None:
        any).
        """
        self._wanted = [request, kind, number, action]

    def action_for(self, request, kind):
        with self._lock:
            if not self._wanted or self._wanted[0] not in request or self._wanted[1] not in (kind, None):
                return None
            self._wanted[2] -= 1
            if self._wanted[2]:
                return None
            action, self._wanted = self._wanted[3], None
        self.happened.set()
        return action

    def _accept(self):
        for client, server in connections(self._listener, lambda: self._target):
            threading.Thread(target=Link(self, client, server).serve, daemon=True).start()

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # ends the accept() that waits, too
        self._listener.close()
