"""A broker with one more listener, which is reached through a proxy: far away, or of an older version."""

import contextlib
import queue
import socket
import struct
import threading
import time

from stack import Kafka, free_port

LISTENER = "FRONT"
API_VERSIONS, METADATA = 18, 3
HIGHEST_METADATA = range(10, 30)  # versions that brokers of today know at most
NO_TOPIC_IDS = 9  # the last version of Metadata without topic ids (KIP-516)


class FrontedKafka(Kafka):
    """As Kafka, whose own port the tests use; `front` is the proxy that its other listener is advertised at."""

    def __init__(self, home):
        super().__init__(home, tied=True)
        self._front_port = free_port()
        self.front = BrokerProxy(self._front_port)

    def _properties(self, data):
        more = {
            "listeners=": f",{LISTENER}://127.0.0.1:{self._front_port}",
            "advertised.listeners=": f",{LISTENER}://{self.front.address}",
            "listener.security.protocol.map=": f",{LISTENER}:PLAINTEXT",
        }
        lines = super()._properties(data).splitlines()
        return "".join(line + more.get(line[: line.index("=") + 1], "") + "\n" for line in lines)


class BrokerProxy:
    """Passes on frames, each `delay` seconds later, and with `has_topic_ids` false as a broker before Kafka 2.8."""

    def __init__(self, port):
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.delay = 0
        self.has_topic_ids = True
        self._connections = []
        threading.Thread(target=self._accept, daemon=True).start()

    def disconnect(self):
        """Ends all connections: clients come again and learn what the broker is by now."""
        while self._connections:
            with contextlib.suppress(OSError):
                self._connections.pop().shutdown(socket.SHUT_RDWR)

    def close(self):
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # ends the accept() that waits, too
        self._listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._port))
            except OSError:
                client.close()
                continue
            self._connections.append(client)
            asked = set()  # correlation ids of requests for the versions of the protocol
            self._pump(client, server, lambda frame, asked=asked: note_request(frame, asked))
            self._pump(server, client, lambda frame, asked=asked: self._answer(frame, asked))

    def _pump(self, source, target, transform):
        for end in (source, target):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        waiting = queue.SimpleQueue()
        threading.Thread(target=self._take, args=(source, waiting, transform), daemon=True).start()
        threading.Thread(target=give, args=(target, waiting), daemon=True).start()

    def _take(self, source, waiting, transform):
        with contextlib.suppress(OSError):
            while frame := read_frame(source):
                waiting.put((time.monotonic() + self.delay, transform(frame)))
        waiting.put(None)

    def _answer(self, frame, asked):
        if self.has_topic_ids or frame[:4] not in asked:
            return frame
        for place in range(4, len(frame) - 6):
            # An entry of the answer: a request's key, its lowest version and its highest.
            key, lowest, highest = struct.unpack_from(">hhh", frame, place)
            if key == METADATA and lowest in (0, 1) and highest in HIGHEST_METADATA:
                return frame[: place + 4] + struct.pack(">h", NO_TOPIC_IDS) + frame[place + 6 :]
        raise AssertionError("the broker does not tell its versions of Metadata")


def note_request(frame, asked):
    """Remembers the correlation id of a request for the versions, and passes the request on."""
    if struct.unpack_from(">h", frame)[0] == API_VERSIONS:
        asked.add(frame[4:8])
    return frame


def read_frame(source):
    """The next frame without its size; empty at the end."""
    head = source.recv(4, socket.MSG_WAITALL)
    return source.recv(int.from_bytes(head), socket.MSG_WAITALL) if len(head) == 4 else b""


def give(target, waiting):
    """Sends each frame when its time has come."""
    with contextlib.suppress(OSError):
        while item := waiting.get():
            due, frame = item
            time.sleep(max(0, due - time.monotonic()))
            target.sendall(len(frame).to_bytes(4) + frame)
        target.shutdown(socket.SHUT_RDWR)
