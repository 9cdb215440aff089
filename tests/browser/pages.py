"""A real browser that is logged in to Superset, and what is read from a page of it."""

import contextlib
import re

from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from playwright.sync_api import sync_playwright
from program import CHECKOUT
from waiting import wait_until

CHROMIUM = "/usr/bin/chromium"
OPTIONS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
]
SCREENSHOTS = CHECKOUT / "build" / "dashboards"

# A page that is this high shows all charts at once: Superset renders what is in sight only.
HEIGHT = 3600
RENDER_SECONDS = 180

# Where a login leads, and how long one may take before it is tried again.
WELCOME = re.compile("/superset/welcome/")
LOGIN_MS = 15_000

# Not UTC, as most people's: the pages must show UTC all the same.
BROWSER_TIMEZONE = "America/New_York"

SI = ["B", "kB", "MB", "GB", "TB"]

# A chart whose script is still on its way has its container, with nothing in it.
CHARTS = """() => [...document.querySelectorAll('[data-test="chart-grid-component"]')].map(chart => ({
    name: chart.dataset.testChartName,
    drawn: [...chart.querySelectorAll('.slice_container')].some(
        container => container.innerText.trim() || container.querySelector('canvas')),
    loading: !!chart.querySelector('[data-test="loading-indicator"], .loading'),
    text: chart.innerText,
}))"""

# What does not fit into its box, on an element that would show a scrollbar.
OVERFLOWING = """() => [...document.querySelectorAll('.dashboard-component *')].filter(element => {
    const style = getComputedStyle(element), scrolls = value => value === 'auto' || value === 'scroll';
    return scrolls(style.overflowY) && element.scrollHeight > element.clientHeight + 1
        || scrolls(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
}).map(element => element.closest('.dashboard-component').innerText.slice(0, 60))"""

BLANK = """() => [...document.querySelectorAll('[data-test="chart-grid-component"]')].filter(chart =>
    [...chart.querySelectorAll('canvas')].some(canvas => !canvas.getContext('2d')
        .getImageData(0, 0, canvas.width, canvas.height).data.some(value => value)
)).map(chart => chart.dataset.testChartName)"""

BOTTOM = """() => Math.max(...[...document.querySelectorAll('.dashboard-component')].map(
    element => element.getBoundingClientRect().bottom))"""


def format_bytes(value):
    """A number of bytes as Superset's format MEMORY_DECIMAL shows it."""
    value, power = float(value), 0
    while abs(value) >= 1000 and power < len(SI) - 1:
        value, power = value / 1000, power + 1
    return f"{round(value, 2):g}{SI[power]}"


class Dashboard:
    """An open dashboard."""

    def __init__(self, page, slug, url):
        self.page = page
        self.slug = slug
        page.goto(f"{url}/superset/dashboard/{slug}/")

    def chart(self, name):
        """The element of a chart."""
        return self.page.locator(f'[data-test="chart-grid-component"][data-test-chart-name="{name}"]')

    def wait(self, names):
        """Waits until exactly these charts are drawn; returns their texts by name."""
        missing = []

        def look():
            charts = self.page.evaluate(CHARTS)
            drawn = {chart["name"]: chart["text"] for chart in charts if chart["drawn"] and not chart["loading"]}
            missing[:] = sorted(set(names) ^ set(drawn) | {chart["name"] for chart in charts} - set(drawn))
            return not missing and drawn

        try:
            return wait_until(look, "charts", RENDER_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"not drawn on {self.slug}, or not of it: {missing}") from error

    def number(self, name):
        """What a chart with one big number shows."""
        return self.chart(name).locator(".header-line").inner_text()

    def rows(self, name):
        """The cells of a table's rows."""
        rows = self.chart(name).locator("tbody tr").all()
        return [[cell.inner_text().strip() for cell in row.locator("td").all()] for row in rows]

    def wait_for_number(self, name, expected):
        """Waits until a big number is one of the expected."""
        wait_until(lambda: self.number(name) in expected, f"{name} is one of {expected}", RENDER_SECONDS)

    def choose(self, label, option):
        """Chooses an option of a native filter and applies it."""
        box = self.page.locator('[data-test="form-item-value"], .filter-item-wrapper').filter(has_text=label)
        box.locator("input").first.click()
        self.page.locator(f'.ant-select-item-option[title="{option}"]').click()
        self.page.keyboard.press("Escape")
        self.page.locator('[data-test="filter-bar__apply-button"]').click()

    def overflowing(self):
        """The beginnings of the texts that do not fit where they are."""
        return self.page.evaluate(OVERFLOWING)

    def blank(self):
        """The names of the charts whose canvas has nothing on it."""
        return self.page.evaluate(BLANK)

    def screenshot(self):
        """Keeps a picture of the whole page, once nothing moves any more, as an artefact of the tests."""
        width = self.page.viewport_size["width"]
        clip = {"x": 0, "y": 0, "width": width, "height": self.page.evaluate(BOTTOM) + 16}
        pictures = [b""]

        def look():
            pictures.append(self.page.screenshot(clip=clip))
            return pictures[-1] == pictures[-2]

        wait_until(look, "a picture in which nothing moves", RENDER_SECONDS)
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        (SCREENSHOTS / f"{self.slug}-{width}.png").write_bytes(pictures[-1])


class Browser:
    """Logged in; opens pages of a width."""

    def __init__(self, chromium, superset):
        self._superset = superset
        self._context = chromium.new_context(timezone_id=BROWSER_TIMEZONE)
        page = self._context.new_page()
        wait_until(lambda: self._is_let_in(page), "the login", RENDER_SECONDS)
        page.close()

    def _is_let_in(self, page):
        """Fills the form in, unless that was done; what is sent before the page's script has come is not taken."""
        page.goto(f"{self._superset.url}/login/")
        if WELCOME.search(page.url):
            return True
        page.locator("input#username").fill(self._superset.user)
        page.locator("input#password").fill(self._superset.password)
        page.keyboard.press("Enter")
        try:
            page.wait_for_url(WELCOME, timeout=LOGIN_MS)
        except PlaywrightTimeoutError:
            return False
        return True

    @contextlib.contextmanager
    def open(self, slug, width=1600):
        """A dashboard in a window of this width."""
        page = self._context.new_page()
        page.set_viewport_size({"width": width, "height": HEIGHT})
        try:
            yield Dashboard(page, slug, self._superset.url)
        finally:
            page.close()


@contextlib.contextmanager
def open_chromium():
    """Debian's Chromium without a window; one at a time in a process."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        try:
            yield chromium
        finally:
            chromium.close()
