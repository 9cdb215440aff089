"""status tells what is in the tables."""

import json

import events
import pytest
from oracle import expect

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
    hours = status["hours"]
    assert (hours["open"], hours["new"], hours["dirty"], hours["clean"]) == (0, 1, 0, 1)
    assert hours["sealed_until"] > "2022-02-20T11:00:00Z"
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
    assert lines[0] == f"job antenna-speed, topic {case.topic}"
    assert [line.split()[0] for line in lines[2:5]] == ["0", "1", "2"]
    assert lines[5].startswith("hours     0 open, 2 new, 0 dirty, 0 clean; sealed until 2")
    assert lines[-1] == "rejected  empty 1"


def test_before_anything_has_run(case):
    case.program.run("status", *case.login).fails(3, "antenna provision")
    case.provision()
    result = case.program.run("status", *case.login)
    assert (result.code, "rejected  nothing" in result.out) == (0, True)
