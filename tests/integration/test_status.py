"""status tells what is in the tables."""

import json
import re

import events
import pytest
from oracle import expect
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)


@pytest.mark.core
def test_status(case):
    case.prepare()
    case.produce([*events.draw(2000), b"nonsense", b"", b"more nonsense"])
    case.speed()
    case.batch("2022-02-20T09:00:00Z")
    result = case.program.run("status", *case.login, "--json")
    assert result.code == 0, result.err
    status = json.loads(result.out)
    expected = expect(case.messages())
    assert {one["partition"]: one["totals_offset"] for one in status["partitions"]} == expected.ends
    for partition in status["partitions"]:
        assert partition["archive_offset"] == partition["totals_offset"]
        assert (partition["lag_messages"], partition["lag_seconds"], partition["epoch"]) == (0, 0, 1)
        assert partition["owner"].endswith(":1")
        assert partition["messages_per_second"] == 0
    assert sum(one["read"] for one in status["partitions"]) == 2003
    assert sum(one["rejected"] for one in status["partitions"]) == 3
    hours = status["hours"]
    assert (hours["open"], hours["new"], hours["dirty"], hours["clean"]) == (0, 1, 0, 1)
    assert hours["sealed_until"] > "2022-02-20T11:00:00Z"
    new, clean = hours["list"]
    assert (new["hour"], new["state"], new["batched"]) == ("2022-02-20T10:00:00Z", "new", None)
    assert (clean["hour"], clean["state"], clean["sealed"], clean["dirty"]) == (
        *("2022-02-20T09:00:00Z", "clean", True, False),
    )
    assert clean["batched"] > "2022-02-20T11:00:00Z"
    assert sum(hour["rows"] for hour in hours["list"]) == 2000
    files = [*(case.root / "data").rglob("*.parquet")]
    assert status["archive"] == {
        "files": len(files),
        "rows": 2000,
        "bytes": sum(row[3] * count for row, count in expected.rows.items()),
        "size": sum(path.stat().st_size for path in files),
    }
    assert status["rejected"] == {"not_json": 2, "empty": 1}


def test_tables(case):
    case.prepare()
    case.produce([*events.draw(100), b""])
    case.speed()
    lines = case.program.run("status", *case.login).out.splitlines()
    assert lines[0] == f"job antenna-speed, topic {case.topic}: 0 messages/s, 0 waiting, 0 s behind"
    assert [line.split()[0] for line in lines[2:5]] == ["0", "1", "2"]
    assert lines[5].startswith("hours     0 open, 2 new, 0 dirty, 0 clean; sealed until 2")
    assert [line.split()[:2] for line in lines[7:9]] == [
        *(["2022-02-20T10:00:00Z", "new"], ["2022-02-20T09:00:00Z", "new"]),
    ]
    assert lines[-1] == "rejected  empty 1"
    case.execute("UPDATE antenna.progress SET updated_at = now() - interval '5 minutes' WHERE partition = 1")
    line = case.program.run("status", *case.login).out.splitlines()[0]
    assert re.search(r": 0 messages/s, 0 waiting, 0 s behind as of 30\d s ago, the last commit$", line), line


def test_rate(case):
    case.prepare(1)
    with_rates = case.start_speed()
    case.start_simulate("--rate", "1000")

    def look():
        assert with_rates.is_running(), with_rates.err
        status = json.loads(case.program.run("status", *case.login, "--json").out)
        return status["partitions"] and status["partitions"][0]["messages_per_second"]

    # On a loaded machine what was held up comes at once; no wrong unit comes near this.
    wait_until(lambda: 500 < (look() or 0) < 2000, "about a thousand messages a second")


def test_before_anything_has_run(case):
    case.program.run("status", *case.login).fails("ANT-P016", "antenna provision")
    case.provision()
    result = case.program.run("status", *case.login)
    assert (result.code, "rejected  nothing" in result.out) == (0, True)


LAGGING = (
    "UPDATE antenna.progress SET end_offset = totals_offset + 9, "
    "totalled_until = now() AT TIME ZONE 'UTC' - interval '{}'"
)
SILENT = "UPDATE antenna.progress SET updated_at = now() - interval '{}'"

# What is done to the progress of an idle job, and with which options status then ends how.
LAGS = [
    (None, ["--max-lag", "1s"], 0),
    (LAGGING.format("10 min"), [], 0),
    (LAGGING.format("10 min"), ["--max-lag", "5m"], 4),
    (LAGGING.format("10 min"), ["--max-lag", "5m", "--json"], 4),
    (LAGGING.format("10 min"), ["--max-lag", "1h"], 0),
    (LAGGING.format("10 min") + " WHERE partition = 2", ["--max-lag", "5m"], 4),
    (SILENT.format("80 s"), ["--max-lag", "1m"], 0),
    (SILENT.format("10 min"), ["--max-lag", "5m"], 4),
    (SILENT.format("10 min") + " WHERE partition = 1", ["--max-lag", "5m", "--job", "antenna-speed"], 4),
    (SILENT.format("10 min"), ["--max-lag", "1h"], 0),
    (LAGGING.format("10 min"), ["--max-lag", "5m", "--job", "another"], 3),
    (LAGGING.format("10 min"), ["--max-lag", "5m", "--topic", "another"], 3),
    ("DELETE FROM antenna.progress", ["--max-lag", "5m"], 3),
    ("DELETE FROM antenna.progress", [], 0),
    (None, ["--max-lag", "500ms"], 2),
    (None, ["--max-lag", "soon"], 2),
    (None, ["--max-lag", "5m", "--watch"], 2),
]


def test_a_limit_of_lag(case):
    case.prepare()
    case.speed()
    case.execute("CREATE TABLE saved AS SELECT * FROM antenna.progress")
    for change, options, code in LAGS:
        case.execute(f"DELETE FROM antenna.progress; INSERT INTO antenna.progress SELECT * FROM saved; {change or ''}")
        result = case.program.run("status", *case.login, *options)
        assert result.code == code, f"{change} {options}:\n{result.out}{result.err}"
        assert ("s behind, last commit" in result.err and result.out != "") == (code == 4)


def test_a_limit_of_lag_while_the_server_is_down(program):
    result = program.run("status", "jdbc:postgresql://127.0.0.1:1/x", "u", "-", "--max-lag", "5m")
    result.fails("ANT-P001")


def test_one_job_and_one_topic(case):
    case.prepare()
    case.speed()
    case.execute(
        'INSERT INTO antenna.progress SELECT (jsonb_populate_record(row, \'{"job": "other", "topic": "t"}\')).* '
        "FROM antenna.progress AS row"
    )
    for options, count in (
        *(([], 6), (["--job", "other"], 3), (["--topic", "t"], 3), (["--topic", case.topic], 3)),
        (["--job", "other", "--topic", "t"], 3),
    ):
        result = case.program.run("status", *case.login, "--json", *options)
        assert len(json.loads(result.out)["partitions"]) == count, options
    result = case.program.run("status", *case.login, "--job", "other", "--topic", case.topic)
    result.fails(
        "ANT-D008", f'no partition belongs to job "other" and topic "{case.topic}"', "correct --job and --topic"
    )
    assert "antenna-speed" not in case.program.run("config", "status", *case.login).out
