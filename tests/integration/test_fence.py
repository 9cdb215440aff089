"""A database that changes under a running worker, by a restore or by hand: no message is lost or counted twice."""

import pathlib
import subprocess

import events
import psycopg
import pytest
from case import QUICK_ROLLS, Case
from oracle import expect
from program import CHECKOUT, Program
from proxy import BEGIN
from stack.postgres import find_programs
from test_protocol import fall_asleep_at
from waiting import wait_until

pytestmark = pytest.mark.timeout(60)

SQL = CHECKOUT / "src" / "postgres" / "sql"
PARTITIONS = 2
FENCED = "ANT-D007"
DELETED = 'the progress of job "antenna-speed" in topic "'

# What a job has written, the archive's files aside.
EVERYTHING = (
    "TRUNCATE bytes, antenna.hour_bytes, antenna.progress, antenna.topic, antenna.archive_file, antenna.hour,"
    " antenna.rejected_message, antenna.rejected_count"
)


class Backup:
    """What pg_dump has written of the case's database."""

    def __init__(self, case, name):
        self._case = case
        self._path = pathlib.Path(case.folder) / name
        self._run("pg_dump", "--format=custom", f"--file={self._path}", case.postgres.conninfo(case.database))

    def restore(self, database=None):
        """Puts it in the place of what is there, or into an empty database, in one transaction."""
        target = f"--dbname={self._case.postgres.conninfo(database or self._case.database)}"
        self._run("pg_restore", *([] if database else ["--clean"]), "--single-transaction", target, self._path)

    @staticmethod
    def _run(name, *arguments):
        subprocess.run([find_programs() / name, *arguments], check=True, capture_output=True)


class Scene:
    """A service that has read two parts of the topic, with a backup from after each."""

    def __init__(self, case):
        self.case = case
        case.prepare(PARTITIONS)
        self.backups = []
        case.produce(events.draw(100))
        self.speed = case.start_speed(*QUICK_ROLLS)
        for seed in (2, 3):
            self.wait_until_archived()
            self.backups.append(Backup(case, f"backup-{seed}"))
            case.produce(events.draw(100, seed=seed))
        self.wait_until_archived()

    def wait_until_archived(self):
        """Until all that the topic holds is totalled and archived."""
        ends = self.case.ends()

        def look():
            assert self.speed.is_running(), self.speed.err
            rows = self.case.query("SELECT partition, totals_offset, archive_offset FROM antenna.progress")
            return {row[0]: row[1:] for row in rows} == {key: (end, end) for key, end in ends.items()}

        wait_until(look, "all messages are archived")

    def wait_until_noticed(self, count=1):
        """Until the idle worker has claimed its partitions again."""
        self.speed.wait_for(FENCED, count=count)
        self.speed.wait_for("goes on after", count=count)


def restore_older(scene):
    scene.backups[0].restore()
    scene.wait_until_noticed()


def restore_older_and_newer(scene):
    scene.backups[0].restore()
    scene.wait_until_noticed()
    scene.wait_until_archived()
    scene.backups[1].restore()
    scene.wait_until_noticed(2)


def restore_busy(scene):
    scene.case.produce(events.draw(500, seed=4))
    scene.backups[1].restore()
    scene.case.produce(events.draw(500, seed=5))


def set_offsets_back(scene):
    """As a copy of the tables that somebody puts back by hand; the epochs stay."""
    scene.case.execute(
        "TRUNCATE bytes, antenna.archive_file, antenna.hour; UPDATE antenna.progress SET totals_offset = 0,"
        " archive_offset = 0, records_totalled = 0, bytes_totalled = 0, records_archived = 0, bytes_archived = 0"
    )
    scene.wait_until_noticed()


def empty_everything(scene):
    scene.case.execute(EVERYTHING)
    scene.wait_until_noticed()


@pytest.mark.parametrize(
    "change", [restore_older, restore_older_and_newer, restore_busy, set_offsets_back, empty_everything]
)
def test_a_database_that_is_changed_under_a_worker(case, change):
    scene = Scene(case)
    change(scene)
    case.produce(events.draw(100, seed=9))
    scene.wait_until_archived()
    scene.speed.terminate()
    expected = expect(case.messages())
    case.check_totals(expected)
    assert case.value("SELECT sum(rows) FROM antenna.archive_file") == expected.events


def delete_all(case):
    case.execute("DELETE FROM antenna.progress")


def delete_one(case):
    case.execute("DELETE FROM antenna.progress WHERE partition = 1")


@pytest.mark.parametrize("delete", [delete_all, delete_one])
def test_progress_deleted_under_a_worker(case, delete):
    """It does not begin again: what it has counted would be counted twice."""
    scene = Scene(case)
    before = case.totals()
    delete(case)
    scene.speed.wait().fails("ANT-D006", DELETED, "Start over in the recipes")
    assert case.totals() == before


def keep_everything(case):
    return case


def delete_topics(case):
    case.execute("DELETE FROM antenna.topic")


def delete_files(case):
    case.execute("TRUNCATE antenna.archive_file, antenna.hour")


@pytest.mark.parametrize("also", [keep_everything, delete_topics, delete_files])
def test_a_start_after_progress_was_deleted(case, also):
    case.prepare()
    case.produce(events.draw(100))
    case.speed()
    before = case.totals()
    delete_all(case)
    also(case)
    case.program.run(*case.speed_arguments("--until-end", "--start", "latest")).fails("ANT-D006", DELETED)
    assert case.totals() == before
    assert case.query("SELECT FROM antenna.progress") == []
    case.execute(EVERYTHING)
    case.speed()
    case.check_totals(expect(case.messages()))


# What somebody does to antenna.progress alone, or to a topic that was shortened, and whether the job still starts.
SET_BACK = {
    "all": ("UPDATE antenna.progress SET totals_offset = 0, archive_offset = 0", False),
    "one message": ("UPDATE antenna.progress SET archive_offset = archive_offset - 1 WHERE partition = 1", False),
    "nothing": ("SELECT", True),
    "a shortened partition": (
        "UPDATE antenna.progress SET archive_offset = archive_offset - 1 WHERE partition = 1;"
        " INSERT INTO antenna.loss SELECT job, topic, partition, 'archive', archive_offset + 1, archive_offset"
        " FROM antenna.progress WHERE partition = 1",
        True,
    ),
}


@pytest.mark.parametrize("name", SET_BACK)
def test_a_start_after_progress_was_set_back(case, name):
    change, starts = SET_BACK[name]
    case.prepare(PARTITIONS)
    case.produce(events.draw(100))
    case.speed()
    before = case.totals()
    case.execute(change)
    result = case.program.run(*case.speed_arguments("--until-end"))
    if starts:
        assert result.code == 0, result.err
    else:
        result.fails("ANT-D005")
    assert case.totals() == before


def delete_progress(case):
    delete_all(case)
    return case.start_speed(*QUICK_ROLLS).wait_for("nothing was counted, and it begins again")


def empty_tables(case):
    case.execute(EVERYTHING)
    return case.start_speed(*QUICK_ROLLS)


def overtake_and_restore(case):
    """The claim is the sleeper's own again, and so are its offsets: its messages are counted by itself."""
    backup = Backup(case, "backup")
    second = case.start_speed(*QUICK_ROLLS)
    case.wait_until_read(second)
    second.kill()
    backup.restore()


@pytest.mark.parametrize("change", [delete_progress, empty_tables, overtake_and_restore])
def test_a_worker_that_sleeps_before_its_commit(case, proxy, change):
    case.prepare(PARTITIONS)
    case.produce(events.draw(100))
    first, wake = fall_asleep_at(case, proxy, BEGIN)
    second = change(case)
    if second:
        case.wait_until_read(second)
    wake()
    first.wait_for(FENCED) if second else case.wait_until_read(first)
    case.produce(events.draw(100, seed=2))
    case.wait_until_read(first)
    first.terminate()
    if second:
        second.terminate()
    case.check_totals(expect(case.messages()))


def statement(name):
    """The SQL of an operation."""
    return (SQL / f"{name}.sql").read_text()


TIME = "2022-02-20 10:00"

# A partition at totals offset 7 and archive offset 5, and what each statement is given of it: (epoch, offsets).
STATEMENTS = {
    "advance_totals": lambda epoch, totals, _: ([0], [epoch], [totals], [9], [1], [0], [1], [TIME], [9]),
    "advance_archive": lambda epoch, _, archive: ([0], [epoch], [archive], [6], [1], [1], [TIME]),
    "note_idle": lambda epoch, totals, archive: ([0], [epoch], [totals], [archive], TIME),
    "skip_lost": lambda epoch, totals, archive: (0, epoch, totals, archive, 9, 9),
}
STATES = {
    "as known": (0, 7, 5, True),
    "another epoch": (1, 7, 5, False),
    "older": (0, 3, 2, False),
    "newer": (0, 8, 8, False),
}


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("name", STATEMENTS)
def test_a_statement_moves_only_what_it_knows(fenced_row, name, state):
    connection, epoch = fenced_row
    off, totals, archive, right = STATES[state]
    values = STATEMENTS[name](epoch + off, totals, archive)
    result = connection.execute(statement(name), ("job", "topic", *values))
    assert (result.fetchone()[0] if result.description else result.rowcount) == right


def test_every_statement_that_moves_an_offset_is_in_the_table():
    moving = {path.stem for path in SQL.glob("*.sql") if "UPDATE antenna.progress" in path.read_text()}
    assert moving == STATEMENTS.keys() | {"fence_jobs"}, "fence_jobs raises epochs only"


@pytest.fixture(scope="module")
def provisioned(kafka, postgres, tmp_path_factory):
    """A database with the schema."""
    folder = tmp_path_factory.mktemp("fence")
    case = Case(kafka, postgres, Program(folder), folder)
    case.provision()
    yield case
    case.close()


@pytest.fixture
def connection(provisioned):
    """A connection whose changes are rolled back, as the program's own are sent."""
    with psycopg.connect(
        provisioned.postgres.conninfo(provisioned.database), cursor_factory=psycopg.RawCursor
    ) as connection:
        connection.execute("INSERT INTO antenna.topic (job, topic, id) VALUES ('job', 'topic', 'id')")
        yield connection
        connection.rollback()


def claim(connection, again=False):
    """The epoch of a claim."""
    values = ("job", "topic", "owner", [0], [0], again, 300, [], "--max-bytes 1")
    return connection.execute(statement("claim_progress"), values).fetchone()[3]


@pytest.fixture
def fenced_row(connection):
    epoch = claim(connection)
    connection.execute("UPDATE antenna.progress SET totals_offset = 7, archive_offset = 5")
    return connection, epoch


def test_no_epoch_is_given_twice(connection):
    """Also when a row was put back or deleted in between, and there is no sequence that could be put back with it."""
    epochs = [claim(connection)]
    for change in (
        *(
            "UPDATE antenna.progress SET epoch = 0",
            "DELETE FROM antenna.progress",
            "UPDATE antenna.topic SET begun = '{}'",
        ),
        "UPDATE antenna.progress SET epoch = 7",  # as older versions of the program gave it
    ):
        connection.execute(change)
        epochs.append(claim(connection, again=True))
        epochs.append(claim(connection))
    assert len(set(epochs)) == len(epochs)
    assert [epoch // 10**9 for epoch in epochs] == [1, 1, 2, 1, 2, 3, 4, 1, 2]
