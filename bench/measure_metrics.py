"""What `--listen` costs: CPU of the speed layer while its metrics are scraped each second, and without them."""

import threading
import urllib.request

from measure_speed import measure
from results import median, with_spread
from stack import free_port
from systems import Antenna, warm_up
from workloads import WORKLOADS

NAME = "metrics"
TITLE = "Metrics, scraped each second"
WORKLOAD = WORKLOADS["city"]
SCRAPE_SECONDS = 1
ANSWER_SECONDS = 10


class Scraped(Antenna):
    """`antenna speed --listen`, asked for its metrics each second; `scrapes` counts the answers of the last run."""

    def __init__(self):
        """Takes a port that is free."""
        self._port = free_port()
        super().__init__("antenna, scraped", ["--listen", f"127.0.0.1:{self._port}"])
        self.scrapes = 0

    def run(self, lab, load, job, root):
        """Reads the load while it is scraped; returns its Usage."""
        ended = threading.Event()
        self.scrapes = 0
        scraper = threading.Thread(target=self._scrape, args=(ended,))
        scraper.start()
        try:
            return super().run(lab, load, job, root)
        finally:
            ended.set()
            scraper.join()

    def _scrape(self, ended):
        while not ended.wait(SCRAPE_SECONDS):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics", timeout=ANSWER_SECONDS) as answer:
                    answer.read()
            except OSError:
                continue  # it has not begun to listen, or has ended
            self.scrapes += 1


def run(bench):
    """Measures both in turn; returns the rows."""
    systems = [Antenna("antenna"), Scraped()]
    warm_up(bench, systems[0])
    load = bench.loads.get(WORKLOAD.scaled(bench.scale))
    runs = {system: [] for system in systems}
    for number in range(bench.runs):
        for system in systems if number % 2 else reversed(systems):
            figures = measure(bench.lab, system, load, f"metrics-{len(system.options)}-{number}")
            if "differs" in figures:
                raise RuntimeError(figures["differs"])
            runs[system].append(figures | {"scrapes": getattr(system, "scrapes", 0)})
    return [
        {"workload": load.workload.name, "system": system.name, "messages": load.sent, "runs": runs[system]}
        for system in systems
    ]


def table(rows):
    """Columns and cells."""
    cells = [
        [
            f"{row['workload']}, {row['system']}",
            f"{row['messages']:,}",
            with_spread(row["runs"], "cpu", ".2f"),
            f"{median(row['runs'], 'cpu') / row['messages'] * 1e6:.3f}",
            f"{median(row['runs'], 'scrapes'):.0f}",
        ]
        for row in rows
    ]
    return ["", "messages", "CPU-s", "CPU-s/M", "scrapes"], cells


def plots(_rows):
    """No picture."""
    return {}
