"""Triggers, rules and row-level security that drop rows: no count is taken for written that is not."""

import events
import pytest
from findings import examine
from oracle import expect

pytestmark = pytest.mark.timeout(60)

FUNCTION = "CREATE FUNCTION public.drop_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
PARTITIONED = (
    "ALTER TABLE bytes RENAME TO old; CREATE TABLE public.bytes (LIKE old INCLUDING ALL) PARTITION BY RANGE (date);"
    "CREATE TABLE public.bytes_2022 PARTITION OF bytes FOR VALUES FROM ('2022-01-01') TO ('2023-01-01')"
)


def trigger(table, when="INSERT OR UPDATE"):
    """Drops rows of a table without an error."""
    return f"CREATE TRIGGER dropping BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION public.drop_row()"


# What is done before the start, and the table that is named.
DROPPING = {
    "the totals": (trigger("bytes"), "bytes"),
    "totals of one partition": (f"{PARTITIONED}; {trigger('bytes_2022')}", "bytes"),
    "totals by a rule": ("CREATE RULE nowhere AS ON INSERT TO bytes DO INSTEAD NOTHING", "bytes"),
    "new progress": (trigger("antenna.progress", "INSERT"), "antenna.progress"),
    "progress": (trigger("antenna.progress", "UPDATE"), "antenna.progress"),
    "the topic": (trigger("antenna.topic"), "antenna.topic"),
    "bytes of hours": (trigger("antenna.hour_bytes"), "antenna.hour_bytes"),
    "files": (trigger("antenna.archive_file"), "antenna.archive_file"),
    "hours": (trigger("antenna.hour"), "antenna.hour"),
    "rejected messages": (trigger("antenna.rejected_message"), "antenna.rejected_message"),
    "their counts": (trigger("antenna.rejected_count"), "antenna.rejected_count"),
}


@pytest.mark.parametrize("name", DROPPING)
def test_rows_that_are_dropped(case, name):
    sql, table = DROPPING[name]
    case.prepare(1)
    case.execute(f"{FUNCTION}; {sql}")
    if sql.startswith(PARTITIONED):
        case.provision()  # the views read the table that was renamed
    case.produce([*events.draw(50), b"nonsense"])
    result = case.program.run(*case.speed_arguments("--until-end"))
    code, words = ("ANT-P020", "nowhere") if "rule" in name else ("ANT-P024", "trigger dropping")
    result.fails(code, f'table "{table}"', words)
    assert case.value("SELECT count(*) FROM antenna.archive_file") == 0
    assert case.value("SELECT coalesce(sum(archive_offset), 0) FROM antenna.progress") == 0


def test_a_retirement_that_is_dropped(case):
    """What a dead writer left is not settled then."""
    case.prepare(1)
    case.execute(f"{FUNCTION}; {trigger('antenna.retired_writer')}")
    folder = case.root / ".staging" / "0123456789abcdef"
    folder.mkdir(parents=True)
    (folder / "20220220T09-0123456789abcdef-1.parquet").touch()
    case.produce(events.draw(50))
    result = case.speed()
    assert 'table "antenna.retired_writer"' in result.err
    assert [*folder.glob("*.parquet")]


def test_a_loss_that_is_dropped(case):
    case.prepare(1)
    case.produce(events.draw(50))
    case.speed()
    case.execute(f"{FUNCTION}; {trigger('antenna.loss')}")
    case.produce(events.draw(50, seed=2))
    case.delete_records({0: 60})
    case.program.run(*case.speed_arguments("--until-end", "--accept-loss")).fails("ANT-P024", 'table "antenna.loss"')
    assert case.value("SELECT totals_offset FROM antenna.progress") == 50


def test_row_level_security(case):
    """A role that it applies to is refused."""
    path = case.folder / "password"
    path.write_text("secret\n")
    case.provision("--speed-password-file", path)
    case.create_topic(1)
    case.produce(events.draw(50))
    case.execute("ALTER TABLE bytes ENABLE ROW LEVEL SECURITY")
    arguments = case.speed_arguments("--until-end", user="antenna_speed", password="secret")
    case.program.run(*arguments).fails("ANT-P020", "bytes")
    assert not case.totals()


# Tables that are made otherwise, and work.
INHERITED = (
    "ALTER TABLE bytes RENAME TO old; CREATE TABLE public.parent (LIKE old INCLUDING ALL);"
    "CREATE TABLE public.bytes (LIKE old INCLUDING ALL) INHERITS (parent)"
)
AUDITED = (
    "CREATE TABLE public.audit (at TIMESTAMPTZ); CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN INSERT INTO public.audit VALUES (now()); RETURN NEW; END';"
    "CREATE TRIGGER audit BEFORE INSERT OR UPDATE ON bytes FOR EACH ROW EXECUTE FUNCTION public.note()"
)


@pytest.mark.parametrize("sql", [PARTITIONED, INHERITED, AUDITED], ids=["partitioned", "inherited", "audited"])
def test_rows_that_are_kept(case, sql):
    case.prepare(1)
    case.execute(sql)
    case.provision()  # the views read the table that was renamed
    case.produce([*events.draw(50), b"nonsense"])
    case.speed()
    case.produce(events.draw(50, seed=2))
    case.speed()
    case.check_exact(expect(case.messages()))


FILTERS = {
    "trigger": (f"{FUNCTION}; {trigger('bytes')}", "warning", "trigger dropping on bytes"),
    "trigger of a partition": (f"{FUNCTION}; {PARTITIONED}; {trigger('bytes_2022')}", "warning", "bytes_2022"),
    "rule": (
        "CREATE RULE nowhere AS ON INSERT TO bytes_hourly DO INSTEAD NOTHING",
        "failed",
        "rule nowhere on bytes_hourly",
    ),
    "row-level security": ("ALTER TABLE user_metadata ENABLE ROW LEVEL SECURITY", "warning", "user_metadata"),
    "nothing": ("SELECT 1", "ok", "no trigger"),
}


@pytest.mark.parametrize("name", FILTERS)
def test_the_doctor_finds_them(healthy, name):
    sql, result, words = FILTERS[name]
    healthy.execute(sql)
    examine(healthy).tells("postgres_row_filters", result, words)
