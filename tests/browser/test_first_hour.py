"""The tutorial with its dashboards; `make pictures` takes all its pictures from here."""

import shutil

import pytest
from first_hour import HOST, HOST_IN_PICTURES, PICTURES, FirstHour, own_demo
from pages import SCREENSHOTS, Browser
from stack import Superset, free_port
from test_dashboards import SLUGS, charts_of

pytestmark = [pytest.mark.pictures, pytest.mark.timeout(900)]

WIDTH = 1280

# Pictures do not name the machine that they were made on.
RENAME = """([own, other]) => [...document.querySelectorAll('td')].filter(cell => cell.innerText.startsWith(own + ':'))
    .forEach(cell => { cell.innerText = cell.innerText.replace(own, other); })"""


def look_at(browser):
    """Takes a picture of each dashboard; returns the texts of all charts by title."""
    texts = {}
    for slug in SLUGS:
        with browser.open(slug, WIDTH) as dashboard:
            texts |= dashboard.wait(charts_of(slug))
            dashboard.page.evaluate(RENAME, [HOST, HOST_IN_PICTURES])
            dashboard.screenshot()
            shutil.copy(SCREENSHOTS / f"{slug}-{WIDTH}.png", PICTURES / f"{slug}.png")
    return texts


def test_the_dashboards_of_the_first_hour(chromium, tmp_path):
    texts = {}
    with own_demo() as home:
        reader = FirstHour(tmp_path, home, {"DASHBOARD_PORT": str(free_port())})
        reader.follow(lambda: texts.update(look_at(Browser(chromium, Superset(home)))))
    assert "me@example.org" in texts["Quota in this hour"]
    assert "me@example.org" in texts["Heaviest users"]
    assert "timestamp_in_milliseconds" in texts["Rejected by reason"]
