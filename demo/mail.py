"""The demo's mail server, which delivers nothing: it prints each mail as its reader would see it, to its log."""

import asyncio
import email
import email.policy
import pathlib
import socket
import sys

from aiosmtpd.smtp import SMTP
from stack.server import Server


class Mail(Server):
    """The server as a process."""

    name = "mail"

    def _command(self):
        return [sys.executable, str(pathlib.Path(__file__)), str(self.port)]

    def _is_ready(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Printer:
    """What aiosmtpd calls for each mail."""

    async def handle_DATA(self, _server, _session, envelope):
        """Prints it."""
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        print(f"To: {mail['To']}\nSubject: {mail['Subject']}\n\n{mail.get_content()}", flush=True)
        return "250 OK"


async def serve(port):
    """Takes mails until the process is stopped."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(Printer(), loop=loop), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
