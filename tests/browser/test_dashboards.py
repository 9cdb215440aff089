"""What a person sees: every chart drawn, with the numbers that SQL gives for the same period."""

import datetime
import re

import pytest
from pages import format_bytes
from program import CHECKOUT

pytestmark = pytest.mark.timeout(300)

ASSETS = CHECKOUT / "serving" / "superset" / "assets"
EMPTY = ("No results", "No data", "rror")
PERIOD = datetime.timedelta(hours=24)


def charts_of(slug):
    """The names of the charts of a dashboard, from its YAML: `uuid` of each chart, and the file with that uuid."""
    text = (ASSETS / "dashboards" / f"{slug.replace('-', '_')}.yaml").read_text()
    names = []
    for path in (ASSETS / "charts").glob("*.yaml"):
        lines = dict(line.split(": ", 1) for line in path.read_text().splitlines() if ": " in line)
        if lines["uuid"] in text:
            names.append(lines["slice_name"].strip("'"))
    return names


SLUGS = ["total-bytes", "antenna-quota", "antenna-operation"]


def test_every_chart_is_on_a_dashboard_and_in_the_guide():
    titles = {title for slug in SLUGS for title in charts_of(slug)}
    assert len(titles) == len(list((ASSETS / "charts").glob("*.yaml")))
    guide = (CHECKOUT / "docs" / "dashboards.md").read_text()
    assert not [title for title in titles if f"| {title} |" not in guide]


def test_colours_are_the_same_on_every_dashboard():
    texts = [path.read_text() for path in (ASSETS / "dashboards").glob("*.yaml")]
    colours = {re.search(r"(?s)label_colors:\n(.*?)\n  native_filter", text)[1] for text in texts}
    assert len(texts) == len(SLUGS)
    assert len(colours) == 1


@pytest.mark.parametrize("width", [1600, 1280])
@pytest.mark.parametrize("slug", SLUGS)
def test_every_chart_is_drawn(browser, slug, width):
    with browser.open(slug, width) as dashboard:
        texts = dashboard.wait(charts_of(slug))
        assert len(texts) >= 8
        assert not [text for text in texts.values() if any(word in text for word in EMPTY)]
        assert dashboard.overflowing() == []
        dashboard.screenshot()
        assert dashboard.blank() == []


def between(shown, statement, *parameters):
    """The value for the period of the dashboards, whose end moves: now, and when the page began to load."""
    now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    ends = (now, now - datetime.timedelta(seconds=60))
    return [shown.query(statement, end - PERIOD, end, *parameters)[0] for end in ends]


USER_BYTES = "SELECT sum(value) FROM bytes WHERE date >= %s AND date < %s AND type = 'user_bytes_total'"
TOP_USER = """
    SELECT name, email, sum(value) FROM bytes JOIN user_metadata USING (id)
    WHERE date >= %s AND date < %s AND type = 'user_bytes_total' GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 1"""


def test_numbers_are_those_of_sql(browser, shown):
    with browser.open("total-bytes") as dashboard:
        dashboard.wait(charts_of("total-bytes"))
        totals = between(shown, USER_BYTES)
        tops = between(shown, TOP_USER)
        assert dashboard.number("User bytes") in [format_bytes(total) for (total,) in totals]
        assert dashboard.number("Users") == "20"
        assert dashboard.number("Antennas") == "5"
        assert dashboard.number("Totals behind") == "0"
        name, email, shown_bytes = dashboard.rows("Heaviest users")[0]
        assert (name, email, shown_bytes) in [(*top[:2], format_bytes(top[2])) for top in tops]


def test_an_antenna_is_chosen(browser, shown):
    antenna = "22222222-2222-2222-2222-222222222222"
    with browser.open("total-bytes") as dashboard:
        dashboard.wait(charts_of("total-bytes"))
        assert len(dashboard.rows("Heaviest antennas")) == 5
        dashboard.choose("Antenna", antenna)
        dashboard.wait_for_number("Antennas", ["1"])
        dashboard.wait(charts_of("total-bytes"))
        found = between(
            shown,
            "SELECT sum(value) FROM bytes WHERE date >= %s AND date < %s AND type = 'antenna_bytes_total' AND id = %s",
            antenna,
        )
        rows = dashboard.rows("Heaviest antennas")
        assert rows in [[[antenna, format_bytes(total)]] for (total,) in found]
        assert dashboard.number("Apps") == "5"


def test_a_user_is_clicked(browser, shown):
    with browser.open("total-bytes") as dashboard:
        dashboard.wait(charts_of("total-bytes"))
        before = dashboard.number("User bytes")
        name, _, total = dashboard.rows("Heaviest users")[1]
        dashboard.chart("Heaviest users").get_by_text(name, exact=True).click()
        dashboard.wait_for_number("Users", ["1"])
        dashboard.wait_for_number("User bytes", [total])
        assert total != before


def test_offenders_are_those_of_sql(browser, shown):
    count_over = "SELECT count(*) FROM antenna.quota_now WHERE exceeded"
    over = [shown.value(count_over)]
    with browser.open("antenna-quota") as dashboard:
        dashboard.wait(charts_of("antenna-quota"))
        (offender,) = shown.query(
            "SELECT date, email, usage, quota, usage - quota FROM user_quota_limit ORDER BY 5 DESC LIMIT 1"
        )
        date, email, *numbers = offender
        expected = [f"{date:%Y-%m-%d %H:%M}", email, *map(format_bytes, numbers)]
        assert dashboard.rows("Users over quota")[0] == expected
        over.append(shown.value(count_over))  # another one, if the hour has just ended
        assert dashboard.number("Over quota now") in map(str, over)
        assert dashboard.rows("Repeat offenders")[0][0] == shown.value(
            "SELECT email FROM antenna.offenders ORDER BY excess DESC LIMIT 1"
        )


def test_silent_antennas_are_those_of_sql(browser, shown):
    with browser.open("antenna-operation") as dashboard:
        dashboard.wait(charts_of("antenna-operation"))
        ((antenna, since),) = shown.query("SELECT antenna, silent_since FROM antenna.silent_antennas")
        ((shown_antenna, shown_since, *_),) = dashboard.rows("Silent antennas")
        assert (shown_antenna, shown_since) == (antenna, f"{since:%Y-%m-%d %H:%M}")


def test_notices_are_those_of_sql(browser, shown):
    with browser.open("antenna-operation") as dashboard:
        dashboard.wait(charts_of("antenna-operation"))
        counts = shown.query("SELECT kind, state, count(*)::text FROM antenna.notice GROUP BY 1, 2")
        assert {(kind, state) for kind, state, _ in counts} == {
            *(("quota", "sent"), ("quota", "waiting"), ("silence", "dead"))
        }
        assert sorted(map(tuple, dashboard.rows("Notices"))) == sorted(counts)
        unsent = shown.query("SELECT id, state, reason FROM antenna.notice WHERE state IN ('waiting', 'dead')")
        rows = dashboard.rows("Notices that wait or are dead")
        assert len(rows) == min(len(unsent), 6)
        assert {(row[1], row[4], row[5]) for row in rows} <= set(unsent)


def test_pruned_hours_are_those_of_sql(browser, shown):
    with browser.open("antenna-operation") as dashboard:
        dashboard.wait(charts_of("antenna-operation"))
        ((hour, files, size),) = shown.query(
            "SELECT hour, pruned_files, pruned_bytes FROM antenna.hour WHERE archive_pruned_at IS NOT NULL"
        )
        ((shown_hour, _, _, _, shown_files, shown_size, _),) = dashboard.rows("Pruned hours")
        assert (shown_hour, shown_files, shown_size) == (f"{hour:%Y-%m-%d %H:%M}", f"{files}", format_bytes(size))


def test_rejected_messages_are_those_of_sql(browser, shown):
    with browser.open("antenna-operation") as dashboard:
        dashboard.wait(charts_of("antenna-operation"))
        rejected = shown.query("SELECT reason, sum(messages)::bigint FROM antenna.rejected_count GROUP BY 1")
        assert dashboard.number("Rejected") == f"{sum(count for _, count in rejected):,}"
        found = {reason: int(count.replace(",", "")) for reason, count in dashboard.rows("Rejected by reason")}
        assert found.items() <= dict(rejected).items()
        hours = dashboard.rows("Hours: what each layer holds")
        assert {row[-1] for row in hours if row[1] == "clean"} == {"0B"}
