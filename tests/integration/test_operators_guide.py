"""The SQL and the configuration of the guides do what the guides say."""

import datetime
import re

import events
import pytest
from documents import DOCS, block_with
from oracle import expect
from spark_tables import SPARK_TABLES

pytestmark = pytest.mark.timeout(60)

HOUR = "2022-02-20T09:00:00Z"
CUT = datetime.datetime(2022, 2, 20, 10)


def test_what_to_watch(case):
    case.prepare()
    case.produce([*events.draw(300), b"nonsense"])
    case.speed()
    case.batch(HOUR)
    case.produce(events.draw(300, seed=2))
    case.speed()
    found = []
    with case.connect() as connection:
        cursor = connection.execute(block_with("FROM antenna.loss"))
        for _ in cursor.results():
            found.append(cursor.fetchall())
    progress, rejected, hours, losses = found
    assert len(progress) == 3
    assert [row[:2] for row in rejected] == [("not_json", 1)]
    assert dict(hours) == {CUT - datetime.timedelta(hours=1): "dirty", CUT: "new"}
    assert losses == []


def test_a_retired_job(case):
    case.prepare()
    case.produce(events.draw(300))
    case.speed("--job", "retired")
    case.execute("UPDATE antenna.progress SET archived_until = '2022-01-01'")
    assert case.batch_pending() == {}
    case.execute(block_with("'infinity'"))
    assert len(case.batch_pending()) == 2


def test_coming_from_spark(case):
    case.execute(SPARK_TABLES)
    case.create_topic()
    before, after = CUT - datetime.timedelta(minutes=5), CUT
    case.execute(
        f"INSERT INTO bytes (date, id, value, type) VALUES ('{before}', 'SKYPE', 5, 'app_bytes_total'),"
        f" ('{before}', 'SKYPE', 7, 'app_bytes_total'), ('{after}', 'SKYPE', 9, 'app_bytes_total')"
    )
    case.provision("--adopt")
    case.execute(block_with("RENAME TO bytes_spark", document="docs/from-spark.md"))
    case.provision()
    case.produce(events.draw(300))
    case.speed()
    case.execute(block_with("FROM bytes_spark", document="docs/from-spark.md"))
    expected = expect(case.messages())
    late = {key: value for key, value in expected.windows.items() if key[0] >= CUT}
    assert case.totals() == late | {(before, "app_bytes_total", "SKYPE"): 12}


def test_one_file_for_all_commands(program, tmp_path):
    path = tmp_path / "antenna.ini"
    path.write_text(block_with("[doctor]", "ini"))
    users = {command: "antenna_batch" for command in ("batch", "verify", "status")}
    for command, user in (users | {"speed": "antenna_speed", "doctor": "antenna_speed"}).items():
        result = program.run("config", command, "--config", path)
        assert result.code == 0, result.err
        assert "is missing" not in result.out
        assert f"\njdbc-user = {user}\n" in result.out
    command = block_with("antenna config", "sh").replace("/etc/antenna/antenna.ini", str(path)).split()
    assert "# argument\nworkers = 4\n" in program.run(*command[1:]).out


def test_messages_are_those_of_the_program():
    """Each message that is explained is one that the program has."""
    sources = "".join(path.read_text() for path in (DOCS.parent / "src").rglob("*.[ch]"))
    texts = "".join(part or "%" for part in re.findall(r'"((?:[^"\\\n]|\\.)*)"', sources)).replace('\\"', '"')
    rows = re.findall(r"^\| `(.*?)` \|", (DOCS / "troubleshooting.md").read_text(), re.MULTILINE)
    assert len(rows) > 15
    parts = {part.strip(' "') for row in rows for part in re.split("…|`, `", row)}
    unknown = {part for part in parts if part not in texts}
    assert not unknown
