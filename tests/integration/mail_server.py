"""A mail server and a webhook of the tests' own, which refuse, hang and call back when a test says so."""

import asyncio
import contextlib
import email
import email.policy
import http.server
import ssl
import threading

from aiosmtpd.smtp import SMTP, AuthResult
from waiting import wait_until


def server_context(pair):
    """TLS of a server with (key, certificate)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair[1], pair[0])
    return context


class MailServer:
    """An SMTP server (aiosmtpd). `answers` says what it answers to MAIL, RCPT, DATA and QUIT, and to the end of a mail
    (TAKEN), instead of taking it: a text, "hang", or a function of the address, which may also do something else and
    return None.
    """

    def __init__(self, starttls=None, tls=None, login=None):
        """`starttls`, `tls`: a pair of key and certificate; `login`: (user, password), which is asked for then."""
        self.answers = {}
        self.mails = []  # (sender, recipients, the mail as Python reads it)
        self.contents = []
        self._login = login
        self._ended = threading.Event()
        self._loop = asyncio.new_event_loop()
        options = {
            "tls_context": server_context(starttls) if starttls else None,
            "require_starttls": bool(starttls),
            "authenticator": self._authenticate if login else None,
            "auth_required": bool(login),
            "auth_require_tls": not tls,
            "enable_SMTPUTF8": True,
        }
        begin = self._loop.create_server(
            lambda: SMTP(self, loop=self._loop, **options), "127.0.0.1", 0, ssl=server_context(tls) if tls else None
        )
        self._server = self._loop.run_until_complete(begin)
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def close(self):
        """Stops to listen, and ends what hangs."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _authenticate(self, server, session, envelope, mechanism, data):
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self._login, handled=False)

    async def _answer(self, command, address):
        answer = self.answers.get(command)
        if callable(answer):
            answer = await asyncio.get_running_loop().run_in_executor(None, answer, address)
        while answer == "hang" and not self._ended.is_set():
            await asyncio.sleep(0.05)
        return answer

    async def handle_MAIL(self, server, session, envelope, address, options):
        answer = await self._answer("MAIL", address)
        if not answer:
            envelope.mail_from = address
        return answer or "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = await self._answer("RCPT", address)
        if not answer:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server, session, envelope):
        before = await self._answer("DATA", envelope.rcpt_tos[0])
        if before:
            return before
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.contents.append(envelope.content)
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, mail))
        return await self._answer("TAKEN", envelope.rcpt_tos[0]) or "250 OK"

    async def handle_QUIT(self, server, session, envelope):
        return await self._answer("QUIT", None) or "221 Bye"

    def wait_for(self, count):
        """Waits until so many mails have come."""
        wait_until(lambda: len(self.mails) >= count, f"{count} mails have come")


class Webhook:
    """An HTTP server. `answer` is a function of the request's number, from 1, that returns the status; None hangs."""

    def __init__(self, tls=None, answer=lambda number: 200):
        self.requests = []
        self.answer = answer
        self._ended = threading.Event()
        own = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                own.requests.append((self.path, dict(self.headers), body))
                status = own.answer(len(own.requests))
                if status is None:
                    own._ended.wait()
                    return
                self.send_response(status)
                self.end_headers()
                with contextlib.suppress(OSError):
                    self.wfile.write(b"so says the webhook\n")

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            self._server.socket = server_context(tls).wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self._server.server_address[1]

    def close(self):
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
