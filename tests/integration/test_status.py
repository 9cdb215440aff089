"""status tells what is in the tables."""

import json
import re

import events
import pytest
from oracle import expect
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)


@pytest.mark.asan
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
    case.program.run("status", *case.login).fails(3, "antenna provision")
    case.provision()
    result = case.program.run("status", *case.login)
    assert (result.code, "rejected  nothing" in result.out) == (0, True)
