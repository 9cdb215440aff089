"""Locks that one waits for: the log says which process of PostgreSQL holds them, and since when."""

import psycopg
import psycopg.conninfo
import pytest

pytestmark = pytest.mark.timeout(60)

HOUR = "2022-02-20 09:00:00"

# Who waits, and for which lock.
WAITS = {
    "batch": f"antenna batch {HOUR}",
    "verify": f"antenna batch {HOUR}",
    "provision": "antenna provision",
}


@pytest.mark.parametrize("command", WAITS)
def test_a_wait_names_the_holder(used, command):
    arguments = {
        "batch": used.batch_arguments("2022-02-20T09:00:00Z"),
        "verify": used.verify_arguments(),
        "provision": ("provision", *used.login),
    }[command]
    conninfo = psycopg.conninfo.make_conninfo(used.postgres.conninfo(used.database), application_name="left-behind")
    with psycopg.connect(conninfo, autocommit=True) as holder:
        holder.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [WAITS[command]])
        waiting = used.program.start(*arguments)
        waiting.wait_for(f"which process {holder.info.backend_pid} of PostgreSQL holds")
        waiting.wait_for('application "left-behind"): idle since 20')
        assert waiting.is_running()
    assert waiting.wait().code == 0
