"""Alerts and dashboard for Prometheus and Grafana: they load, and all that they name is there."""

import json
import pathlib
import re

import promql_parser
import promtool
import pytest
import yaml
from program import CHECKOUT

MONITORING = CHECKOUT / "deploy" / "monitoring"
ALERTS_TEST = pathlib.Path(__file__).with_name("alerts_test.yml")
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| ([\w, ]*) \| ([\w, ]+) \| (.+) \|$", re.M)
METRICS = {row[0]: row[1:] for row in ROW.findall((CHECKOUT / "docs" / "metrics.md").read_text())}

# What Prometheus itself adds.
OF_PROMETHEUS = {"up"}
TARGET_LABELS = {"job", "instance"}
HISTOGRAM_ENDS = ("_bucket", "_sum", "_count")

# What Grafana puts in the place of its variables.
VARIABLES = {"$__rate_interval": "5m", "$instance": ".*", "$job": ".*"}
UNITS = {"short", "s", "bytes", "Bps", "percentunit"}
COLUMNS = 24

# What Grafana's schema demands of the options of a panel.
OPTIONS = {
    "stat": {
        *("colorMode", "graphMode", "justifyMode", "orientation", "percentChangeColorMode", "reduceOptions"),
        *("showPercentChange", "textMode", "wideLayout"),
    },
    "timeseries": {"legend", "tooltip"},
}
LEGEND_OPTIONS = {"calcs", "displayMode", "placement", "showLegend"}


def series_of(name):
    """The metric whose series has this name."""
    for end in HISTOGRAM_ENDS:
        base = name.removesuffix(end)
        if base != name and METRICS.get(base, [""])[0] == "histogram":
            return base
    return name


def selectors(expression):
    """All vector selectors of a parsed expression."""
    found = []

    def visit(node):
        if isinstance(node, promql_parser.MatrixSelector):
            found.append(node.vector_selector)
        elif isinstance(node, promql_parser.VectorSelector) and node not in found:
            found.append(node)

    promql_parser.walk(expression, visit)
    return found


def check_expression(text):
    """It is PromQL, and each metric and label in it is in the table; returns the names."""
    found = selectors(promql_parser.parse(text))
    names = {selector.name for selector in found}
    assert found or "vector(" in text, text
    for selector in found:
        metric = series_of(selector.name)
        assert metric in METRICS or metric in OF_PROMETHEUS, f"{selector.name} of {text} is not served"
        allowed = TARGET_LABELS | {"le"} | set(METRICS.get(metric, ["", ""])[1].split(", "))
        assert {matcher.name for matcher in selector.matchers.matchers} <= allowed, text
    return names


def test_promtool_reads_the_alerts():
    promtool.check("check", "rules", "--lint-fatal", MONITORING / "alerts.yml")


def test_alerts_fire_in_time():
    """And not before; alerts_test.yml has a case for each."""
    promtool.check("test", "rules", ALERTS_TEST)
    tests = yaml.safe_load(ALERTS_TEST.read_text())["tests"]
    cases = [case for test in tests for case in test["alert_rule_test"]]
    for wanted in (True, False):
        tried = {case["alertname"] for case in cases if ("exp_alerts" in case) == wanted}
        assert tried == {rule["alert"] for _, rule in rules()}


def rules():
    """The alerts, each with its group's name."""
    file = yaml.safe_load((MONITORING / "alerts.yml").read_text())
    assert file.keys() == {"groups"}
    return [(group["name"], rule) for group in file["groups"] for rule in group["rules"]]


@pytest.mark.parametrize(("group", "rule"), rules(), ids=[rule["alert"] for _, rule in rules()])
def test_alerts(group, rule):
    assert rule.keys() - {"for"} == {"alert", "expr", "labels", "annotations"}
    assert re.fullmatch(r"Antenna[A-Za-z]+", rule["alert"])
    assert re.fullmatch(r"[0-9]+[mh]", rule.get("for", "0m"))
    assert rule["labels"]["severity"] in ("warning", "critical")
    assert rule["annotations"].keys() == {"summary", "description"}
    names = check_expression(rule["expr"])
    layer = group.partition("-")[2]
    assert all(layer in METRICS[series_of(name)][2] for name in names - OF_PROMETHEUS)
    for label in re.findall(r"\$labels\.(\w+)", str(rule["annotations"])):
        assert label in TARGET_LABELS | {"topic", "partition", "reason"}


def test_each_trouble_has_an_alert():
    groups = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"]
    assert [group["name"] for group in groups] == ["antenna", "antenna-speed", "antenna-batch", "antenna-notify"]
    alerts = [rule["alert"] for _, rule in rules()]
    assert len(set(alerts)) == len(alerts)
    watched = set().union(*(check_expression(rule["expr"]) for _, rule in rules()))
    assert watched >= {
        "antenna_ready",
        "antenna_partition_lag_seconds",
        "antenna_messages_rejected_total",
        "antenna_last_commit_timestamp_seconds",
        "antenna_partition_archive_offset",
        "antenna_storage_free_bytes",
        "antenna_fenced_total",
        "antenna_batch_runs_total",
    }


DASHBOARD = json.loads((MONITORING / "grafana.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def with_values(text):
    for name, value in VARIABLES.items():
        text = text.replace(name, value)
    assert "$" not in text, f"a variable in {text} is not known"
    return text


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_panels(panel):
    options = panel["options"]
    assert options.keys() == OPTIONS[panel["type"]]
    assert "legend" not in options or options["legend"].keys() == LEGEND_OPTIONS
    assert panel["description"].endswith(".")
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["targets"]
    for target in panel["targets"]:
        assert target["datasource"] == panel["datasource"]
        check_expression(with_values(target["expr"]))
        for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
            assert label in target["expr"] or label in TARGET_LABELS
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_panels_do_not_overlap():
    taken = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= COLUMNS
        assert not cells & taken, panel["title"]
        taken |= cells
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)


def test_the_dashboard_itself():
    assert DASHBOARD["uid"] == "antenna"
    assert DASHBOARD["schemaVersion"] >= 36
    assert "id" not in DASHBOARD, "Grafana gives it one when it is imported"
    variables = {variable["name"]: variable for variable in DASHBOARD["templating"]["list"]}
    assert variables.keys() == {"datasource", "job", "instance"}
    assert variables["datasource"]["type"] == "datasource"
    for name in ("job", "instance"):
        query = variables[name]["query"]["query"]
        selector = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
        assert selector[2] == name
        check_expression(with_values(selector[1]))


def test_every_metric_of_the_layers_is_shown_or_watched():
    """What is worth serving is worth looking at; what stands beside the rest only explains it."""
    expressions = [with_values(target["expr"]) for panel in PANELS for target in panel["targets"]]
    expressions += [rule["expr"] for _, rule in rules()]
    used = {series_of(name) for expression in expressions for name in check_expression(expression)}
    unused = {name for name in METRICS if name.startswith("antenna_")} - used
    assert unused == {
        "antenna_archive_files_total",
        "antenna_batch_bytes_total",
        "antenna_build_info",
        "antenna_last_roll_timestamp_seconds",
        "antenna_notice_duration_seconds",
        "antenna_notices_total",
        "antenna_partition_end_offset",
        "antenna_partition_epoch",
        "antenna_workers",
    }
