"""The commands of the recipes, as they stand there, on a database and an archive that need them."""

import os
import re
import subprocess

import documents
import events
import pytest
import readers
from program import BINARY, CHECKOUT, environment
from test_upgrade import take_back

pytestmark = pytest.mark.timeout(60)

URI = "jdbc:postgresql://db.example.org:5432/antenna"
ROOT = "/var/lib/antenna"


def blocks(title, language="sh"):
    """The blocks of a recipe."""
    found = [block.text for block in documents.blocks("docs/recipes.md", language, title)]
    assert found, f"nothing to run in {title}"
    return found


def run(case, text, code=0):
    """Runs a block in a shell, with the test's own addresses in the place of the example's."""
    folder = case.folder / "bin"
    folder.mkdir(exist_ok=True)
    if not (folder / "antenna").exists():
        (folder / "antenna").symlink_to(BINARY)
    uri, user, password = case.login
    for example, own in (
        ("postgresql://owner@db.example.org:5432/antenna", f"'{case.postgres.conninfo(case.database)}'"),
        (URI, uri),
        (ROOT, str(case.root)),
        ("kafka.example.org:9092", case.kafka.address),
        ("/opt/kafka", str(CHECKOUT / ".deps" / "kafka")),
        ("--topic devices", f"--topic {case.topic}"),
    ):
        text = text.replace(example, own)
    text = re.sub(r" (owner|antenna_batch) -", f" {user} {password}", text)
    path = f"{folder}:{os.environ['PATH']}"
    command = ["bash", "-euc", text]
    result = subprocess.run(
        command, cwd=case.folder, env=environment({"PATH": path}), capture_output=True, text=True, check=False
    )
    assert result.returncode == code, result.stdout + result.stderr
    return result.stdout


def test_run_a_day_again(used):
    used.execute("UPDATE bytes_hourly SET value = value + 1")
    batch, allow_less, verify = blocks("Rerun a day")
    run(used, batch, code=3)
    run(used, allow_less)
    run(used, verify)
    used.check_layers()


def test_change_a_quota(used):
    hour = "2022-02-20 09:00"
    quotas = "id,name,email,quota\n" + "".join(f"{events.user(i)},U{i},u{i}@x.org,%d\n" for i in range(20))
    for quota, offenders in ((0, True), (10**12, False)):
        (used.folder / "users.csv").write_text(quotas.replace("%d", str(quota)))
        for block in blocks("Change a quota"):
            run(used, block)
        assert bool(used.value("SELECT count(*) FROM user_quota_limit WHERE date = %s", hour)) == offenders


def test_a_lost_file(used):
    path = used.root / "data" / readers.list_files(used.root)[0]
    saved = path.read_bytes()
    path.unlink()
    (block,) = blocks("Restore a lost archive file")
    assert path.name in run(used, block, code=4)
    path.write_bytes(saved)
    run(used, block)


def test_start_over(used):
    (block,) = blocks("Start over", "sql")
    used.execute("DELETE FROM antenna.progress")
    used.program.run(*used.speed_arguments("--until-end")).fails("ANT-D006")
    used.execute(block)
    used.program.run(*used.speed_arguments("--until-end")).fails("ANT-A020")
    (used.root / "data").rename(used.folder / "aside")
    used.speed()
    used.batch_pending()
    used.check_layers()


def test_add_partitions(used):
    add, look = blocks("Add partitions")
    run(used, add)
    used.produce(events.draw(500, seed=2))
    used.speed("-X", "topic.metadata.refresh.interval.ms=500")
    said = run(used, look)
    assert all(re.search(rf"^ +{partition} ", said, re.MULTILINE) for partition in range(5))
    used.check_exact()


def test_what_was_rejected(used):
    (block,) = blocks("Show and delete rejected messages", "sql")
    used.execute("UPDATE antenna.rejected_message SET rejected_at = now() - INTERVAL '31 days'")
    with used.connect() as connection:
        rows = connection.execute(block.partition(";")[0]).fetchall()
        connection.execute(block)
    assert [row[:1] + row[2:3] for row in rows] == [("not_json", "nonsense")]
    assert used.value("SELECT count(*) FROM antenna.rejected_message") == 0
    assert used.value("SELECT sum(messages) FROM antenna.rejected_count") == 1


def test_fewer_and_larger_files(used):
    used.produce(events.draw(300, seed=3))
    used.speed()
    before = len(readers.list_files(used.root))
    (block,) = blocks("Merge small archive files")
    run(used, block)
    assert len(readers.list_files(used.root)) < before
    used.check_layers()


def test_upgrade(used):
    """From the version before, with messages that came while nothing ran."""
    take_back(used)
    used.produce(events.draw(300, seed=4))
    back_up, _, provision, _, prove = blocks("Upgrade")
    assert run(used, back_up).startswith("antenna ")
    listed = subprocess.run(
        ["pg_restore", "--list", used.folder / "antenna.dump"], capture_output=True, text=True, check=True
    ).stdout
    assert "TABLE DATA antenna progress" in listed
    assert "TABLE DATA public bytes" in listed
    assert "migrated from version 1" in run(used, provision)
    used.speed()
    used.batch_pending()
    run(used, prove)
    used.check_layers()
