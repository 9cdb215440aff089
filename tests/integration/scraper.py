"""Asks a running job what it serves by --listen."""

import http.client
import re
import urllib.parse

from prometheus_client.parser import text_string_to_metric_families
from waiting import wait_until

SERVES = re.compile(r"serves /metrics, /healthz and /readyz at (http://\S+)$", re.M)
ANSWER_SECONDS = 30


class Scraper:
    """The pages of a job that was started with `--listen`, found by what it says."""

    def __init__(self, running):
        running.wait_for("serves /metrics")
        self.url = urllib.parse.urlsplit(SERVES.search(running.err)[1])

    def request(self, method, path):
        """The answer to a request: status, headers and text."""
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=ANSWER_SECONDS)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def get(self, path):
        """Status and text of a page."""
        status, _, text = self.request("GET", path)
        return status, text

    def families(self):
        """The metrics as Prometheus' own library reads them, by name."""
        status, text = self.get("/metrics")
        assert status == 200, text
        return {family.name: family for family in text_string_to_metric_families(text)}

    def samples(self):
        """Each sample's value by its name and the values of its labels, such as ("antenna_bytes_total", "devices")."""
        return {
            (sample.name, *sample.labels.values()): sample.value
            for family in self.families().values()
            for sample in family.samples
        }

    def value(self, name, *labels):
        """The value of one sample."""
        return self.samples()[name, *labels]

    def wait_until_ready(self):
        """Waits until the job could do its work to the end."""
        wait_until(lambda: self.get("/readyz") == (200, "ok\n"), "it is ready")

    def wait_until_not_ready(self, words, seconds=30):
        """Waits until the job says that it is not ready, with these words, or one of a tuple of them, in the reason;
        fails after `seconds`.
        """
        alternatives = words if isinstance(words, tuple) else (words,)

        def look():
            status, text = self.get("/readyz")
            return status == 503 and any(one in text for one in alternatives)

        wait_until(look, f"it is not ready: {words}", seconds)
