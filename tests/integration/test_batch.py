"""The batch layer: an hour's files become hourly totals and quota offenders, the same at each run."""

import csv
import datetime
import json

import events
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from antenna_spark.tables import FIELDS
from oracle import expect
from readers import SCHEMA
from spark_tables import SPARK_TABLES

pytestmark = pytest.mark.timeout(60)

FIRST_HOUR = datetime.datetime(2022, 2, 20, 9)
SECOND_HOUR = datetime.datetime(2022, 2, 20, 10)

# In an hour of draw(2000) a user has about 2.5 MB; the thirteenth user is on the line to the byte.
QUOTAS = {events.user(number): (f"user{number}@example.org", 10**number) for number in range(10)}


def write_users(path, quotas):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "name", "email", "quota"])
        writer.writerows([name, f"Name, {name}", email, quota] for name, (email, quota) in quotas.items())
    return path


def snapshot(case):
    """Both tables of the batch layer, whole."""
    return (
        sorted(case.query("SELECT date, type, id, value FROM bytes_hourly")),
        sorted(case.query("SELECT email, usage, quota, date FROM user_quota_limit")),
    )


@pytest.fixture
def archived(case):
    """Two hours in the archive, and users."""
    case.provision("--users", write_users(case.folder / "users.csv", QUOTAS))
    case.create_topic()
    case.produce(events.draw(2000))
    case.speed()
    return case


@pytest.mark.valgrind
@pytest.mark.core
def test_totals_and_offenders_of_each_hour(archived):
    expected = expect(archived.messages())
    for hour in expected.hours:
        archived.batch(hour)
    assert archived.totals("bytes_hourly") == dict(expected.hourly)
    for hour in expected.hours:
        archived.check_batch(expected, hour, QUOTAS)
        assert 0 < len(expected.offenders(QUOTAS, hour)) < len(QUOTAS)


def test_only_the_hour_that_is_asked_for(archived):
    expected = expect(archived.messages())
    archived.batch(FIRST_HOUR)
    assert {date for date, _, _ in archived.totals("bytes_hourly")} == {FIRST_HOUR}
    archived.check_batch(expected, FIRST_HOUR, QUOTAS)


def test_report_adds_up(archived):
    expected = expect(archived.messages())
    header, line = archived.batch(FIRST_HOUR).out.splitlines()
    rows = expected.rows_of(FIRST_HOUR)
    files = len(list(archived.root.glob("data/*/*/*/hour=9/*.parquet")))
    amount = sum(row[3] * count for row, count in rows.items())
    over = len(expected.offenders(QUOTAS, FIRST_HOUR))
    assert header.split() == ["hour", "files", "rows", "bytes", "no", "metadata", "over", "quota"]
    assert line.split() == ["2022-02-20T09:00:00Z", *map(str, (files, rows.total(), amount, 10, over))]
    assert "recomputed" in archived.batch(FIRST_HOUR).out


def test_report_for_scripts(archived):
    expected = expect(archived.messages())
    report = json.loads(archived.batch(FIRST_HOUR, "--json").out)
    rows = expected.rows_of(FIRST_HOUR)
    assert report == {
        "hour": "2022-02-20T09:00:00Z",
        "files": report["files"],
        "rows": rows.total(),
        "bytes": sum(row[3] * count for row, count in rows.items()),
        "antennas": 5,
        "apps": 5,
        "users": 20,
        "users_without_metadata": 10,
        "users_over_quota": len(expected.offenders(QUOTAS, FIRST_HOUR)),
        "rerun": False,
        "provisional": False,
        "unlisted_files": 0,
        "left_out_files": 0,
        "rejected_rows": 0,
        "rows_without_bytes": 0,
        "replaced_bytes": 0,
    }


def test_the_same_hour_twice(archived):
    archived.batch(FIRST_HOUR)
    archived.batch(SECOND_HOUR)
    before = snapshot(archived)
    archived.batch(FIRST_HOUR)
    archived.batch(FIRST_HOUR)
    assert snapshot(archived) == before


def test_late_events_change_their_hour_at_the_next_run(archived):
    archived.batch(FIRST_HOUR)
    assert archived.query("SELECT hour, dirty FROM antenna.hour ORDER BY 1") == [
        (FIRST_HOUR, False),
        (SECOND_HOUR, False),
    ]
    archived.produce(events.draw(100, seed=9, seconds=3600))
    archived.speed()
    assert archived.value("SELECT dirty FROM antenna.hour WHERE hour = %s", FIRST_HOUR)
    archived.batch(FIRST_HOUR)
    archived.check_batch(expect(archived.messages()), FIRST_HOUR, QUOTAS)
    assert not archived.value("SELECT dirty FROM antenna.hour WHERE hour = %s", FIRST_HOUR)


def test_changed_quota_counts_for_past_hours_if_asked(archived):
    archived.batch(FIRST_HOUR)
    before = snapshot(archived)
    archived.execute("UPDATE user_metadata SET quota = 9000000000000000000")
    archived.batch(FIRST_HOUR)
    assert snapshot(archived) == before
    archived.batch(FIRST_HOUR, "--quota-as-of", "now")
    assert archived.value("SELECT count(*) FROM user_quota_limit") == 0


def test_quota_is_exceeded_by_one_byte_and_not_by_none(case):
    quotas = {events.user(1): ("exact@example.org", 1000), events.user(2): ("over@example.org", 999)}
    case.provision("--users", write_users(case.folder / "users.csv", quotas))
    case.create_topic()
    case.produce(events.encode(user_id=name, size=size) for name in quotas for size in (400, 600))
    case.speed()
    case.batch(FIRST_HOUR)
    assert case.query("SELECT email, usage, quota FROM user_quota_limit") == [("over@example.org", 1000, 999)]


@pytest.mark.parametrize("text", ["2022-02-20T10:00:00+01:00", "2022-02-20T09:59:59.9Z", "2022-02-19T23:30-10:00"])
def test_any_time_within_the_hour_names_it(archived, text):
    result = archived.program.run(*archived.batch_arguments(text))
    assert result.code == 0, result.err
    archived.check_batch(expect(archived.messages()), FIRST_HOUR, QUOTAS)


def test_an_hour_without_files(archived):
    result = archived.program.run(*archived.batch_arguments("2021-01-01T00:00:00Z"))
    assert result.code == 0
    assert "the archive has no file of that hour" in result.err
    assert snapshot(archived) == ([], [])


@pytest.mark.parametrize("hour", [FIRST_HOUR, "-"])
def test_a_new_archive_is_empty(case, hour):
    """Before the speed layer has run, and before it has archived anything."""
    case.prepare()
    (case.root / "data").mkdir(parents=True)
    pending = ["--pending"] * (hour == "-")
    case.batch(hour, "--compact", *pending)
    case.speed()
    case.batch(hour, "--compact", *pending)


@pytest.mark.parametrize("options", [("--no-archive",), ()], ids=["totals are known", "the archive is elsewhere"])
def test_a_folder_without_archive_is_no_new_one(case, options):
    case.prepare()
    case.produce([b"nonsense"])
    case.speed(*options)
    (case.folder / "empty").mkdir()
    result = case.program.run(*case.batch_arguments(FIRST_HOUR, path=case.folder / "empty"))
    result.fails("ANT-A008", "has no folder year=NUMBER")


def test_tables_of_other_names(case):
    case.provision(
        *("--bytes-hourly-table", "hourly", "--user-metadata-table", "people", "--user-quota-limit-table", "caught"),
        *("--users", write_users(case.folder / "users.csv", QUOTAS)),
    )
    case.create_topic()
    case.produce(events.draw(100, seconds=3600))
    case.speed()
    arguments = case.batch_arguments(FIRST_HOUR, hourly="hourly", users="people", offenders="caught")
    result = case.program.run(*arguments)
    assert result.code == 0, result.err
    assert case.totals("hourly") == dict(expect(case.messages()).hourly)
    assert case.value("SELECT count(*) FROM caught") > 0


FOREIGN_COLUMNS = [["u", "u", "v"], ["a", "b", "a"], [1, 2, 4], ["x"] * 3]
FOREIGN = {
    ("antenna_bytes_total", "a"): 5,
    ("antenna_bytes_total", "b"): 2,
    ("app_bytes_total", "x"): 7,
    ("user_bytes_total", "u"): 3,
    ("user_bytes_total", "v"): 4,
}


def write_foreign_file(case, name="part-0000.snappy.parquet", columns=FOREIGN_COLUMNS):
    """A file as the Spark job would leave it: 7 bytes of two users, unless it is told."""
    hour = FIRST_HOUR
    times = [hour.replace(tzinfo=datetime.UTC)] * len(columns[0])
    folder = case.root / "data" / f"year={hour.year}" / f"month={hour.month}" / f"day={hour.day}" / f"hour={hour.hour}"
    folder.mkdir(parents=True, exist_ok=True)
    names = [field.name for field in FIELDS if field.required]
    schema = pa.schema([SCHEMA.field(name) for name in names])
    pq.write_table(pa.table([times, *columns], schema=schema), folder / name)


def test_bytes_that_are_null_count_for_nothing(case):
    """The Spark job archives an event without bytes like that."""
    case.provision()
    users = [f"u{number}" for number in range(5000)]
    write_foreign_file(case, columns=[users, ["a"] * 5000, [7, None] * 2500, ["x"] * 5000])
    case.batch(FIRST_HOUR, "--all-files")
    hourly = hourly_of(case, FIRST_HOUR)
    assert hourly.pop(("antenna_bytes_total", "a")) == hourly.pop(("app_bytes_total", "x")) == 7 * 2500
    assert hourly == {("user_bytes_total", user): 7 * (1 - number % 2) for number, user in enumerate(users)}


def hourly_of(case, hour):
    return {key[1:]: value for key, value in case.totals("bytes_hourly").items() if key[0] == hour}


def test_files_that_somebody_else_wrote_are_read_when_asked(case):
    case.provision()
    write_foreign_file(case)
    assert "1 files not listed and left out" in case.batch(FIRST_HOUR).out
    assert hourly_of(case, FIRST_HOUR) == {}
    assert "1 files not listed" in case.batch(FIRST_HOUR, "--all-files").out
    assert hourly_of(case, FIRST_HOUR) == FOREIGN
    assert "recomputed" in case.batch(FIRST_HOUR, "--all-files").out
    assert hourly_of(case, FIRST_HOUR) == FOREIGN


def test_files_of_both_jobs_in_one_hour(archived):
    write_foreign_file(archived)
    expected = expect(archived.messages())
    archived.batch(FIRST_HOUR)
    archived.check_batch(expected, FIRST_HOUR, QUOTAS)
    archived.batch(FIRST_HOUR, "--all-files")
    hourly = hourly_of(archived, FIRST_HOUR)
    assert FOREIGN.items() <= hourly.items()
    assert hourly == FOREIGN | {key[1:]: value for key, value in expected.hourly.items() if key[0] == FIRST_HOUR}
    # it is not dirty: nothing that is listed has come since
    assert archived.batch_pending().keys() == {"2022-02-20T10:00:00Z"}


@pytest.mark.parametrize("name", ["*.parquet", "p?rt.parquet", "[p]art.parquet", "['].parquet"])
def test_a_name_that_could_be_a_pattern_is_a_name(case, name):
    case.provision()
    write_foreign_file(case, "part.parquet")
    write_foreign_file(case, name)
    case.batch(FIRST_HOUR, "--all-files")
    assert hourly_of(case, FIRST_HOUR) == {key: 2 * value for key, value in FOREIGN.items()}


def test_without_bookkeeping_folders_are_simply_read(case):
    """The database and the archive of the Spark job, and nothing of ours."""
    case.execute(SPARK_TABLES)
    write_foreign_file(case)
    for _ in range(2):  # a rerun of that job doubles its rows, which are no more than one
        case.execute(f"INSERT INTO bytes_hourly VALUES ('{FIRST_HOUR}', 'x', 7, 'app_bytes_total')")
    for _ in range(2):
        case.batch(FIRST_HOUR)
        assert hourly_of(case, FIRST_HOUR) == FOREIGN
    case.program.run(*case.batch_arguments("-", "--pending")).fails("ANT-D002", "--pending", "antenna provision")


def test_a_missing_file_is_no_empty_hour(archived):
    archived.batch(FIRST_HOUR)
    before = snapshot(archived)
    next(archived.root.glob("data/*/*/*/hour=9/*.parquet")).unlink()
    result = archived.program.run(*archived.batch_arguments(FIRST_HOUR))
    result.fails("ANT-A011", "is missing", "hint: ")
    assert snapshot(archived) == before


LESS_LISTED = {
    "the hour's rows": "DELETE FROM antenna.archive_file WHERE path LIKE '%/hour=9/%'",
    "all rows": "TRUNCATE antenna.archive_file",
}


@pytest.mark.parametrize("name", LESS_LISTED)
def test_a_list_that_lost_files_is_no_smaller_hour(archived, name):
    archived.execute(LESS_LISTED[name])
    archived.program.run(*archived.batch_arguments(FIRST_HOUR)).fails("ANT-H003", "antenna.hour counts")
    assert archived.value("SELECT count(*) FROM bytes_hourly") == 0
    assert archived.program.run(*archived.batch_arguments(FIRST_HOUR, "--allow-less")).code == 0


def test_a_damaged_file_changes_nothing(archived):
    archived.batch(FIRST_HOUR)
    before = snapshot(archived)
    path = next(archived.root.glob("data/*/*/*/hour=9/*.parquet"))
    path.write_bytes(path.read_bytes()[:-20])
    archived.program.run(*archived.batch_arguments(FIRST_HOUR)).fails("ANT-A007", path.name)
    assert snapshot(archived) == before


def test_a_file_with_other_rows_changes_nothing(archived):
    """As many rows as there were, but with other bytes."""
    archived.batch(FIRST_HOUR)
    before = snapshot(archived)
    path = next(archived.root.glob("data/*/*/*/hour=9/*.parquet"))
    table = pq.read_table(path)
    pq.write_table(table.set_column(3, "bytes", pa.array([1] * len(table), pa.int64())), path)
    archived.program.run(*archived.batch_arguments(FIRST_HOUR)).fails(
        "ANT-A012", path.name, "bytes instead of", "hint: "
    )
    assert snapshot(archived) == before


def test_root_instead_of_its_data_folder(archived):
    result = archived.program.run(*archived.batch_arguments(FIRST_HOUR, path=archived.root))
    result.fails("ANT-A008", "is a storage-root and no storage-path", "/data")


def test_no_such_folder(case):
    case.provision()
    case.program.run(*case.batch_arguments(FIRST_HOUR)).fails("ANT-A008", "could not open the storage-path", "year=")


def test_two_runs_at_the_same_time(archived):
    runs = [archived.program.start(*archived.batch_arguments(FIRST_HOUR)) for _ in range(3)]
    for run in runs:
        assert run.wait().code == 0, run.err
    archived.check_batch(expect(archived.messages()), FIRST_HOUR, QUOTAS)
