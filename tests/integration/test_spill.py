"""What DuckDB cannot keep in memory: where it goes, and what is said when there is no room."""

import duckdb
import pytest
from foreign import HOUR, folder_of

pytestmark = pytest.mark.timeout(180)

ROWS = 1_200_000
LITTLE = ("--all-files", "--memory-limit", "200MiB")

# A working directory that nobody can write to.
READ_ONLY = ("env", "--chdir=/proc")


@pytest.fixture
def large(case):
    """An hour with so many ids that little memory does not do."""
    case.provision()
    path = case.root / "data" / folder_of(HOUR) / "large.parquet"
    path.parent.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT TIMESTAMPTZ '2022-02-20 10:00:00+00' AS timestamp, "
            f"'user-000000000000000000000000-' || i AS id, "
            f"'a' AS antenna_id, 1::BIGINT AS bytes, 'SKYPE' AS app FROM range({ROWS}) AS every (i)) "
            f"TO '{path}' (FORMAT parquet)"
        )
    return case


def leftovers(folder):
    return [path.name for path in folder.iterdir() if path.name.startswith("spill-")]


@pytest.mark.parametrize("place", ["staging", "temporary"])
def test_an_hour_that_memory_does_not_hold_spills_to_a_folder_of_ours(large, place):
    temporary = large.folder / "tmp"
    temporary.mkdir()
    folder = temporary
    if place == "staging":
        folder = large.root / ".staging"
        folder.mkdir()
    dead = folder / "spill-dead00"
    dead.mkdir()
    (dead / "duckdb_temp_block-1.block").touch()
    arguments = large.batch_arguments(HOUR, *LITTLE)
    running = large.program.start(*arguments, environment={"TMPDIR": str(temporary)}, via=READ_ONLY)
    result = running.wait(150)
    assert result.code == 0, result.err
    assert large.value("SELECT sum(value) FROM bytes_hourly WHERE type = 'user_bytes_total'") == ROWS
    assert leftovers(folder) == []


def test_without_room_to_spill_memory_is_blamed_and_no_file(large):
    """A file system of a few pages takes no more."""
    temporary = large.folder / "tmp"
    temporary.mkdir()
    arguments = large.batch_arguments(HOUR, *LITTLE)
    mount = f'mount -t tmpfs -o size=4m none {temporary} && exec "$0" "$@"'
    via = ("unshare", "--mount", "sh", "-c", mount)
    result = large.program.start(*arguments, environment={"TMPDIR": str(temporary)}, via=via).wait(150)
    assert result.code in (3, 5), result.out + result.err
    assert "large.parquet" not in result.err
    assert large.value("SELECT count(*) FROM bytes_hourly") == 0


def test_a_folder_for_temporary_files_that_is_none(large):
    result = large.program.run(*large.batch_arguments(HOUR, *LITTLE), environment={"TMPDIR": "/nonexistent"})
    result.fails("ANT-A002", "/nonexistent", "TMPDIR")
