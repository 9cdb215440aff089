"""The Spark engine obeys the rules of one data set (test_data_set.py), beside Spark."""

import pathlib

import pytest
from antenna_spark import identity
from antenna_spark.command import MistakeError, WorldError
from test_spark_session import KEY, connected

OWN, OTHER = "own", "12345678-1234-1234-1234-123456789abc"
FILE = "year=2022/month=2/day=20/hour=9/20220220T09-0123456789abcdef-1.parquet"


@pytest.fixture
def database(case):
    case.provision()
    with connected(case) as database:
        yield database


# What the folder says that it is, whether a root was marked, whether files are listed and there; what a writer and a
# reader get: the identity, none, or a refusal.
ARCHIVES = {
    "the archive": (OWN, True, "there", OWN, OWN),
    "the archive, not marked": (OWN, False, "none", OWN, OWN),
    "another archive": (OTHER, True, "there", None, None),
    "another archive, none marked": (OTHER, False, "none", None, None),
    "another archive, none marked, files listed": (OTHER, False, "missing", None, None),
    "of a database restored from before the mark": (OTHER, False, "there", OTHER, OTHER),
    "damaged": (OTHER[:20], False, "there", None, None),
    "new": (None, False, "none", OWN, ""),
    "of an older version": (None, False, "there", OWN, ""),
    "of an older version, not mounted": (None, False, "missing", None, None),
    "not mounted": (None, True, "missing", None, None),
    "not mounted, empty": (None, True, "none", None, ""),
    "lost its file": (None, True, "there", None, None),
}


def check_archive(database, data, is_writer, wanted):
    """A reader changes nothing, and nobody changes anything when the folder is refused."""
    before = identity.read_identity(data), database.archive_identity()
    if wanted is None:
        with pytest.raises(MistakeError, match="archive"):
            identity.check_identity(database, data, is_writer)
    else:
        assert identity.check_identity(database, data, is_writer) == wanted
        identity.look(data, wanted)
    after = identity.read_identity(data), database.archive_identity()
    if is_writer and wanted:
        assert after == (wanted, (wanted, True, before[1][2]))
    else:
        assert after == before


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive(case, database, name):
    said, is_marked, files, *expected = ARCHIVES[name]
    own, data = database.archive_identity()[0], case.root / "data"
    data.mkdir(parents=True)
    if said:
        (data / identity.NAME).write_text(f"{own if said == OWN else said}\n")
    if is_marked:
        database.mark_archive(own)
    if files != "none":
        case.execute(
            "INSERT INTO antenna.archive_file (path, hour, rows, bytes_total, min_timestamp, max_timestamp, size, job,"
            f" topic, offsets) VALUES ('{FILE}', '2022-02-20 09:00', 1, 1, now(), now(), 1, 'j', 't', '{{}}')"
        )
    if files == "there":
        (data / FILE).parent.mkdir(parents=True)
        (data / FILE).touch()
    for is_writer, wanted in zip([False, True], reversed(expected), strict=True):
        check_archive(database, data, is_writer, own if wanted == OWN else wanted)


@pytest.mark.parametrize("change", ["unmounted", "another"])
def test_a_root_that_vanishes_is_waited_for(case, database, change):
    data = case.root / "data"
    own = identity.check_identity(database, data, True)
    if change == "another":
        (data / identity.NAME).write_text(OTHER)
    else:
        pathlib.Path(data / identity.NAME).unlink()
    with pytest.raises(WorldError):
        identity.look(data, own)


OTHER_JOB = "INSERT INTO antenna.progress (job, topic, partition, totals_offset, archive_offset, owner, archived_until,"
READER = f"{OTHER_JOB} records_totalled) VALUES ('other', '{KEY[1]}', 0, 7, 7, '', %s, 1)"

# What is there, and the words of the refusal.
CONFLICTS = {
    "a live job reads the topic": (READER % "NULL", "would be counted twice"),
    "a retired job has read the topic": (READER % "'infinity'", "would be counted twice"),
    "the job was retired": (
        READER.replace("'other'", f"'{KEY[0]}'") % "'infinity'",
        "was retired",
    ),
}


@pytest.mark.parametrize("name", CONFLICTS)
def test_another_job_of_the_data_set(case, database, name):
    sql, words = CONFLICTS[name]
    case.execute(sql)
    with pytest.raises(MistakeError, match=words):
        database.note_topic(KEY, "id", [0])
    assert case.query("SELECT FROM antenna.topic") == []


def test_a_job_that_has_begun_goes_on_beside_a_retired_one(case, database):
    """Only the start of a new job must lie behind what the retired one has read."""
    case.execute(CONFLICTS["a retired job has read the topic"][0])
    with pytest.raises(MistakeError):
        database.note_topic(KEY, "id", [0])
    assert database.note_topic(KEY, "id", [7]) == "id"
    database.begin_progress(KEY, [7])
    assert database.note_topic(KEY, "id") == "id"


@pytest.mark.parametrize("kind", ["bytes", "bytes_hourly", "user_metadata", "user_quota_limit"])
def test_another_table(case, kind):
    case.provision()
    case.execute(f"CREATE TABLE other (LIKE {kind} INCLUDING ALL)")
    with pytest.raises(MistakeError, match="is not the data set's"), connected(case, {kind: "other"}):
        pass
