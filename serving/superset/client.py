"""A session with a Superset over its REST API, whose failures say what to do."""

import http.cookiejar
import json
import urllib.error
import urllib.request
import uuid

MINIMUM_VERSION = (6, 1)
TIMEOUT_SECONDS = 120


class Trouble(Exception):
    """The operator must fix something; the message says what, why, and what to do. The import exits with 3."""

    exit_code = 3


class Unavailable(Trouble):
    """Superset does not answer now; a retry may help. The import exits with 5."""

    exit_code = 5


class Refused(Exception):
    """Superset answered with an error; `status` and the message are its own."""

    def __init__(self, status, message):
        """As the class says."""
        super().__init__(message)
        self.status = status


def find_message(body):
    """The words in the body of an error: Superset has several shapes for them."""
    try:
        answer = json.loads(body)
    except ValueError:
        return body.decode(errors="replace")[:200].strip() or "no message"
    found = [error.get("message", "") for error in answer.get("errors", [])]
    for error in answer.get("errors", []):
        for name, detail in (error.get("extra") or {}).items():
            if name not in ("issue_codes", "engine_name"):
                found.append(f"{name}: {json.dumps(detail)}")
    return "; ".join(filter(None, found)) or str(answer.get("message") or answer)


class Client:
    """Logged in to a Superset."""

    def __init__(self, url, user, password, provider="db"):
        """Checks address and version and logs in. Raises Trouble."""
        self.url = url.rstrip("/")
        self._user = user
        self._headers = {"Accept": "application/json", "Referer": self.url}
        cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(cookies)
        self._check_version()
        self._log_in(password, provider)

    def get(self, path):
        """The answer to a GET. Raises Unavailable and Refused."""
        return self._send("GET", path)

    def post(self, path, value):
        """The answer to a POST of JSON. Raises Unavailable and Refused."""
        return self._send("POST", path, json.dumps(value).encode(), "application/json")

    def upload(self, path, name, content):
        """The answer to a POST of one file as the form's field `name`. Raises Unavailable and Refused."""
        boundary = uuid.uuid4().hex
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}.zip"\r\n'
            "Content-Type: application/zip\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        return self._send("POST", path, body, f"multipart/form-data; boundary={boundary}")

    def _send(self, method, path, body=None, kind=None):
        headers = self._headers | ({"Content-Type": kind} if kind else {})
        try:
            request = urllib.request.Request(self.url + path, body, headers, method=method)
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise Refused(error.code, find_message(error.read())) from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise Unavailable(
                f"could not reach Superset at {self.url}: {reason}\ncheck SUPERSET_URL and that Superset runs there"
            ) from None
        try:
            return json.loads(text)
        except ValueError:
            raise Refused(200, f"{path} does not answer as Superset does") from None

    def _check_version(self):
        minimum = ".".join(map(str, MINIMUM_VERSION))
        try:
            version = self.get("/version")["version_string"]
        except (Refused, KeyError, TypeError):
            raise Trouble(
                f"{self.url} does not tell its version, so it is no Superset or one older than {minimum}\n"
                f"check SUPERSET_URL, or upgrade Superset to {minimum} or newer"
            ) from None
        numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
        # A development build of Superset calls itself 0.0.0.
        if numbers < MINIMUM_VERSION and numbers != (0, 0):
            raise Trouble(
                f"Superset at {self.url} is version {version}, and the dashboards need {minimum} or newer\n"
                f"upgrade Superset, or let make dashboard run one of its own"
            )

    def _log_in(self, password, provider):
        login = {"username": self._user, "password": password, "provider": provider, "refresh": False}
        try:
            token = self.post("/api/v1/security/login", login)["access_token"]
            self._headers["Authorization"] = f"Bearer {token}"
            self._headers["X-CSRFToken"] = self.get("/api/v1/security/csrf_token/")["result"]
        except Refused as error:
            raise Trouble(
                f'Superset at {self.url} refused the login of "{self._user}": {error}\n'
                "check SUPERSET_USER and SUPERSET_PASSWORD"
            ) from None
