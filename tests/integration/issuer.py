"""An issuer of tokens (OpenID Connect, client credentials) by HTTPS on loopback, and the keys that brokers get."""

import base64
import http.server
import json
import ssl
import subprocess
import threading
import time
import urllib.parse
import uuid

from certificates import openssl

AUDIENCE = "kafka"
CLIENT = "antenna"
SECRET = "geheim-und-richtig"
PATH = "/oauth2/token"


def encode(data):
    """Base 64 as JSON Web Tokens have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=")


class Issuer:
    """The server. Its attributes may be changed while it runs."""

    def __init__(self, folder, certificate):
        self._key = folder / "issuer.key"
        openssl("genrsa", "-out", self._key, "2048")
        self.keys = folder / "keys.json"
        self.keys.write_text(json.dumps({"keys": [self._public_key()]}))
        self.issued = 0
        self.reset()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.handle_error = lambda *_: None  # a client that gave up
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate[1], certificate[0])
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def reset(self):
        """Issues good tokens again, which are valid for an hour."""
        self.seconds = 3600
        self.claims = {}
        self.answer = None  # (status, content type, body) in place of a token
        self.hangs = False

    @property
    def url(self):
        """The address of the endpoint."""
        return f"https://127.0.0.1:{self._server.server_port}{PATH}"

    def close(self):
        """Ends it."""
        self.reset()
        self._server.shutdown()
        self._server.server_close()

    def _public_key(self):
        words = ["openssl", "rsa", "-in", self._key, "-noout", "-modulus"]
        said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        modulus = encode(bytes.fromhex(said.strip().removeprefix("Modulus="))).decode()
        return {"kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "n": modulus, "e": "AQAB"}

    def _token(self):
        now = int(time.time())
        claims = {"sub": CLIENT, "aud": AUDIENCE, "iat": now, "exp": now + self.seconds, "jti": uuid.uuid4().hex}
        parts = ({"alg": "RS256", "kid": "1", "typ": "JWT"}, claims | self.claims)
        text = b".".join(encode(json.dumps(part).encode()) for part in parts)
        words = ["openssl", "dgst", "-sha256", "-sign", self._key]
        signature = subprocess.run(words, input=text, check=True, capture_output=True).stdout
        return b".".join((text, encode(signature))).decode()

    def answer_to(self, path, authorization, form):
        """Status, content type and body for a request."""
        while self.hangs:
            time.sleep(0.05)
        if self.answer:
            return self.answer
        expected = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if path != PATH:
            return 404, "text/plain", "nothing is here"
        if authorization != f"Basic {expected}":
            return 401, "application/json", '{"error":"invalid_client"}'
        if form.get("grant_type") != ["client_credentials"]:
            return 400, "application/json", '{"error":"unsupported_grant_type"}'
        self.issued += 1
        return 200, "application/json", json.dumps({"access_token": self._token(), "token_type": "Bearer"})

    def _handler(self):
        issuer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            """Answers one request."""

            def do_POST(self):
                """A request for a token."""
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                authorization = self.headers["Authorization"]
                status, kind, text = issuer.answer_to(self.path, authorization, urllib.parse.parse_qs(body))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *words):
                """Says nothing."""

        return Handler
