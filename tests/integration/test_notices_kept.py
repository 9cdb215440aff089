"""No notice is lost while the users are loaded again, nor after a restore of the database."""

import contextlib

import psycopg
import pytest
from mail_server import MailServer
from test_fence import Backup
from test_notify import by_mail, notices, notify, start, users
from waiting import wait_until

__all__ = ["users"]

pytestmark = pytest.mark.timeout(60)


@pytest.fixture(scope="session")
def kafka():
    """Nothing here reads a topic: no broker is started."""
    return None


@pytest.fixture
def mail():
    with contextlib.closing(MailServer()) as server:
        yield server


@pytest.fixture
def ada(users):
    return users({"ada": ("Ada Lovelace", "ada@example.org")})


# How users go and come back, in two transactions.
RELOADS = {
    "deleted": "DELETE FROM user_metadata",
    "truncated": "TRUNCATE user_metadata",
    "renamed": "UPDATE user_metadata SET id = 'other'",
}


@pytest.mark.parametrize("gone", RELOADS.values(), ids=RELOADS)
def test_users_who_are_loaded_again(ada, mail, gone):
    """A user who comes back within an hour was never away."""
    ada.execute(gone)
    notify(ada, *by_mail(mail), code=5)
    assert notices(ada) == [("ada", "waiting", 0, None)]
    ada.execute("DELETE FROM user_metadata; INSERT INTO user_metadata VALUES ('ada', 'Ada', 'ada@example.org', 100)")
    notify(ada, *by_mail(mail))
    assert notices(ada) == [("ada", "sent", 1, None)]
    assert [recipients for _, recipients, _ in mail.mails] == [["ada@example.org"]]


@pytest.mark.parametrize("gone", RELOADS.values(), ids=RELOADS)
def test_users_who_were_deleted(ada, mail, gone):
    ada.execute(gone)
    notify(ada, *by_mail(mail), code=5)
    ada.execute("UPDATE antenna.user_quota SET valid_until = valid_until - INTERVAL '1 hour' WHERE id = 'ada'")
    assert notify(ada, *by_mail(mail)).out == "sent 0 notices, skipped 1, gave up 0, 0 wait\n"
    assert notices(ada) == [("ada", "skipped", 0, "the user was deleted")]
    assert not mail.mails


def test_a_threshold_that_was_stored_while_the_clock_was_ahead(ada, mail):
    """It counts from the running hour on, instead of from an hour that is still to come."""
    ada.execute("DELETE FROM antenna.notice; UPDATE antenna.notice_threshold SET since = '2099-01-01'")
    notify(ada, *by_mail(mail))
    assert notices(ada) == [("ada", "sent", 1, None)]
    assert ada.value("SELECT since <= now() AT TIME ZONE 'UTC' FROM antenna.notice_threshold")


def test_a_copy_of_the_database(ada, mail):
    """Its notices are the other's, until an operator takes them over; a dry run, which sends nothing, is allowed."""
    copy = f"{ada.database}_copy"
    with psycopg.connect(ada.postgres.conninfo(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {copy}")
        try:
            Backup(ada, "dump").restore(copy)
            uri = ada.postgres.jdbc_uri(copy)
            refused = notify(ada, *by_mail(mail), code=3, uri=uri).err
            assert "ANT-N007: this database is a copy" in refused
            assert "antenna provision with --adopt-notices" in refused
            assert not mail.mails
            assert "would send 1 notices" in notify(ada, "--dry-run", uri=uri).out
            assert ada.program.run("provision", uri, *ada.login[1:], "--adopt-notices").code == 0
            notify(ada, *by_mail(mail), uri=uri)
            assert len(mail.mails) == 1
        finally:
            connection.execute(f"DROP DATABASE {copy} WITH (FORCE)")
    notify(ada, *by_mail(mail))
    assert len(mail.mails) == 2


def test_a_database_that_was_restored_to_before_the_first_start(ada, mail):
    """Its thresholds are stored again by a service that runs."""
    running = start(ada, *by_mail(mail))
    mail.wait_for(1)
    ada.execute("TRUNCATE antenna.notice, antenna.notice_threshold")
    ada.end_sessions()
    mail.wait_for(2)
    assert ada.query("SELECT threshold FROM antenna.notice_threshold") == [(100,)]
    wait_until(lambda: notices(ada) == [("ada", "sent", 1, None)], "it is noted")
    running.terminate()
