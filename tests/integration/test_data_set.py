"""One schema antenna is one data set: which jobs may count beside which, and with which tables."""

import events
import pytest
from oracle import expect

pytestmark = pytest.mark.timeout(60)

OWN = "own_bytes"
TOTALS = ("--no-archive",)


def make_table(case, name=OWN):
    case.execute(f"CREATE TABLE public.{name} (LIKE bytes INCLUDING ALL)")


def make_child(case):
    case.execute(f"CREATE TABLE public.{OWN} (PRIMARY KEY (date, type, id)) INHERITS (bytes)")


def make_parent(case):
    case.execute(f"CREATE TABLE public.{OWN} (LIKE bytes INCLUDING ALL) PARTITION BY RANGE (date)")
    case.execute(f"ALTER TABLE public.{OWN} ATTACH PARTITION bytes DEFAULT")


def retire(case, job="first"):
    case.execute(f"UPDATE antenna.progress SET archived_until = 'infinity' WHERE job = '{job}'")


def retire_archived(case):
    """As a job that was killed when it had archived more than it had totalled."""
    case.execute("UPDATE antenna.progress SET totals_offset = 0")
    retire(case)


def run(case, job, *options, **changes):
    """A run of a job to the topic's end."""
    return case.program.run(*case.speed_arguments("--until-end", "--job", job, *options, **changes))


def other_topic(case):
    case.topic += "-two"
    case.create_topic(1)
    case.produce(events.draw(50, seed=5))


# Of a second job beside a first one that archives into `bytes`: what is done before, its options, and why it is refused
# (None: it is not).
BESIDE_AN_ARCHIVE = {
    "the same topic": (None, (), {}, "each message would be counted twice"),
    "another topic": (other_topic, (), {}, None),
    "another table": (make_table, (), {"table": OWN}, "ANT-D003"),
    "another topic and table": (lambda case: (make_table(case), other_topic(case)), (), {"table": OWN}, "ANT-D003"),
    "totals into the same table": (other_topic, TOTALS, {}, "missing in every batch run"),
    "totals into its own table": (make_table, TOTALS, {"table": OWN}, None),
    "totals of another topic into its own table": (
        lambda case: (make_table(case), other_topic(case)),
        TOTALS,
        {"table": OWN},
        None,
    ),
    "totals into a child of its table": (make_child, TOTALS, {"table": OWN}, "and its own share rows"),
    "totals into a table of which its is a partition": (make_parent, TOTALS, {"table": OWN}, "and its own share rows"),
    "totals into the batch layer's table": (None, TOTALS, {"table": "bytes_hourly"}, "belongs to the batch layer"),
    "after a retired one": (retire, (), {}, "messages before its end would be counted twice"),
    "after a retired one that only archived": (retire_archived, (), {}, "before its end would be counted twice"),
    "after a retired one, behind its end": (retire, ("--start", "latest"), {}, None),
    "another archive": (None, (), {"root": "another"}, "ANT-A019"),
}


@pytest.mark.parametrize("name", BESIDE_AN_ARCHIVE)
def test_a_job_beside_one_that_archives(case, name):
    before, options, changes, refused = BESIDE_AN_ARCHIVE[name]
    case.prepare(1)
    case.produce(events.draw(100))
    assert run(case, "first").code == 0
    expected = expect(case.messages())
    if before:
        before(case)
    if "root" in changes:
        changes = {"root": case.folder / changes["root"]}
    result = run(case, "second", *options, **changes)
    if refused:
        code, *words = [refused] if refused.startswith("ANT-") else ["ANT-D004", refused]
        result.fails(code, *words)
        assert case.query("SELECT FROM antenna.progress WHERE job = 'second'") == []
        case.check_totals(expected)
        assert case.value("SELECT sum(rows) FROM antenna.archive_file") == expected.events
        return
    assert result.code == 0, result.err
    second = expect(case.messages())
    table = changes.get("table", "bytes")
    if table == OWN:
        assert case.totals(OWN) == dict(second.windows)
        case.check_totals(expected)
    elif name == "another topic":
        assert sum(case.totals().values()) == sum(expected.windows.values()) + sum(second.windows.values())
    else:
        case.check_totals(expected)
    for hour in second.hours:
        case.batch(hour)
    assert sum(case.totals("bytes_hourly").values()) == sum(case.totals("bytes").values())
    case.verify()


# Of the same job, started again.
AGAIN = {
    "as before": (None, (), {}, None),
    "without its archive": (None, TOTALS, {}, "missing in every batch run"),
    "retired": (retire, (), {}, "was retired"),
    "in another table": (make_table, TOTALS, {"table": OWN}, "has counted into the table"),
    "after a rename": (
        lambda case: (case.execute("ALTER TABLE bytes RENAME TO traffic"), case.provision("--jdbc-table", "traffic")),
        (),
        {"table": "traffic"},
        None,
    ),
}


@pytest.mark.parametrize("name", AGAIN)
def test_a_job_again(case, name):
    before, options, changes, refused = AGAIN[name]
    case.prepare(1)
    case.produce(events.draw(100))
    assert run(case, "first").code == 0
    if before:
        before(case)
    result = run(case, "first", *options, **changes)
    if refused:
        result.fails("ANT-D004", refused)
    else:
        assert result.code == 0, result.err


BESIDE_TOTALS = {
    "an archive": ((), {}, "has counted without an archive"),
    "totals into the same table": (TOTALS, {}, None),
    "totals into another table": (TOTALS, {"table": OWN}, None),
}


@pytest.mark.parametrize("name", BESIDE_TOTALS)
def test_a_job_of_another_topic_beside_one_that_only_totals(case, name):
    options, changes, refused = BESIDE_TOTALS[name]
    case.prepare(1)
    make_table(case)
    case.produce(events.draw(100))
    assert run(case, "first", *TOTALS).code == 0
    other_topic(case)
    result = run(case, "second", *options, **changes)
    if refused:
        result.fails("ANT-D004", refused)
    else:
        assert result.code == 0, result.err


def test_two_jobs_that_start_at_once(case):
    """One of them counts."""
    case.prepare(1)
    case.produce(events.draw(100))
    jobs = [case.program.start(*case.speed_arguments("--until-end", "--job", f"job-{i}")) for i in range(3)]
    codes = sorted(job.wait().code for job in jobs)
    assert codes == [0, 3, 3], [job.err for job in jobs]
    case.check_totals(expect(case.messages()))


@pytest.mark.parametrize("table", ["hourly", "offenders", "users"])
def test_batch_with_another_table(used, table):
    names = {"hourly": "bytes_hourly", "offenders": "user_quota_limit", "users": "user_metadata"}
    used.execute(f"CREATE TABLE public.other (LIKE {names[table]} INCLUDING ALL)")
    used.program.run(*used.batch_arguments("2022-02-20T09:00:00Z", **{table: "other"})).fails("ANT-D003")
    assert used.query("SELECT FROM other") == []


@pytest.mark.parametrize(("table", "filled"), [("bytes", True), ("bytes_hourly", True), ("user_metadata", False)])
def test_provision_with_another_table(used, table, filled):
    """One that holds rows is not left behind."""
    option = f"--{'jdbc' if table == 'bytes' else table.replace('_', '-')}-table".replace(
        "hourly-table", "hourly-table"
    )
    result = used.program.run("provision", *used.login, option, "other")
    if filled:
        result.fails("ANT-D003")
        assert used.value("SELECT to_regclass('other')") is None
    else:
        assert result.code == 0, result.err
        assert used.value("SELECT user_metadata FROM antenna.data_set") == "public.other"


# Commands that read a table or its views, and the tables that may be replaced under them.
READERS = {
    "speed": lambda case: case.speed_arguments("--until-end"),
    "batch": lambda case: case.batch_arguments("-", "--pending"),
    "verify": lambda case: case.verify_arguments(),
    "notify": lambda case: ("notify", *case.login, "--dry-run"),
}


@pytest.mark.parametrize("table", ["bytes", "bytes_hourly", "user_quota_limit"])
def test_a_table_that_was_replaced(used, table):
    """The views would go on showing the one that was renamed, which nobody fills any more."""
    used.batch_pending()
    used.execute(
        f"ALTER TABLE {table} RENAME TO {table}_before; "
        f"CREATE TABLE public.{table} (LIKE {table}_before INCLUDING ALL); "
        f"INSERT INTO public.{table} SELECT * FROM {table}_before"
    )
    for arguments in READERS.values():
        used.program.run(*arguments(used)).fails("ANT-D019", f"public.{table}", "antenna provision")
    used.provision()
    for arguments in READERS.values():
        assert used.program.run(*arguments(used)).code == 0
    used.verify("--deep")
    shown = used.value("SELECT sum(value) FROM antenna.hourly")
    assert shown == used.value("SELECT sum(value) FROM bytes_hourly")
