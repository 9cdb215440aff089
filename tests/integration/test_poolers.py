"""Poolers in front of PostgreSQL: by session all works; by transaction or statement is recognised and refused."""

import argparse
import contextlib
import threading
import types

import events
import psycopg
import psycopg.conninfo
import pytest
from antenna_spark.command import MistakeError
from antenna_spark.postgres import TABLES, connected
from bouncer import Bouncer
from stack import free_port, running

pytestmark = pytest.mark.timeout(90)

# How a pool hands out its servers, of how many, and where that is set.
POOLS = {
    f"{mode}, {name}": (mode, settings)
    for mode in ("transaction", "statement")
    for name, settings in {
        "one server": {"default_pool_size": 1},
        "few servers, the last one used": {"default_pool_size": 4},
        "few servers, in turn": {"default_pool_size": 4, "server_round_robin": 1},
        "many servers": {"default_pool_size": 40, "min_pool_size": 20},
        "many servers, in turn": {"default_pool_size": 40, "min_pool_size": 20, "server_round_robin": 1},
    }.items()
} | {
    "transaction, for the database": ("session", {"database_mode": "transaction"}),
    "transaction, for the user": ("session", {"user_mode": "transaction"}),
}


@contextlib.contextmanager
def pooled(case, home, mode, port=None, **settings):
    """The case's database, or what is at another port, behind a pool; yields its address."""
    own = case.postgres
    server = types.SimpleNamespace(port=port or own.port, user=own.user, password=own.password)
    bouncer = Bouncer(home / f"bouncer-{case.database}", server, mode, **settings)
    with running(bouncer):
        yield bouncer.jdbc_uri(case.database)


def each_command(case, uri):
    login = (uri, *case.login[1:])
    yield ("provision", *login)
    yield case.speed_arguments("--until-end", uri=uri)
    yield case.batch_arguments("-", "--pending", "--compact", uri=uri)
    yield case.batch_arguments("-", "--follow", uri=uri)
    yield ("verify", *login, "--storage-path", case.root / "data")
    yield ("notify", *login, "--dry-run")
    yield ("status", *login)


def connect_spark(case, uri):
    """Connects as the Spark engine does."""
    _, user, password = case.login
    return connected(
        argparse.Namespace(jdbc_uri=uri, jdbc_user=user, jdbc_password=password), dict(zip(TABLES, TABLES, strict=True))
    )


def are_refused(case, uri):
    """All commands at once, and the Spark engine."""
    (case.root / "data").mkdir(parents=True)
    started = [case.program.start(*arguments) for arguments in each_command(case, uri)]
    for command in started:
        command.wait().fails("ANT-P009", "pool_mode = session")
    doctor = case.program.run("doctor", uri, *case.login[1:])
    assert (doctor.code, "pools by transaction or statement" in doctor.out) == (3, True), doctor.out
    with pytest.raises(MistakeError, match="pools by transaction or statement"), connect_spark(case, uri):
        pass


@pytest.mark.parametrize("pool", POOLS)
def test_a_pool_by_transaction_is_refused(case, home, pool):
    mode, settings = POOLS[pool]
    case.create_topic()
    with pooled(case, home, mode, **settings) as uri:
        are_refused(case, uri)


def test_a_pool_by_transaction_is_refused_while_others_use_it(case, home):
    case.create_topic()
    ended = threading.Event()

    def work(conninfo):
        with psycopg.connect(conninfo, prepare_threshold=None) as session:
            while not ended.is_set():
                session.execute("SELECT pg_sleep(0.002)")
                session.commit()

    with pooled(case, home, "transaction", default_pool_size=3) as uri:
        address = uri.removeprefix("jdbc:postgresql://").partition("/")[0]
        port = address.partition(":")[2]
        conninfo = psycopg.conninfo.make_conninfo(case.postgres.conninfo(case.database), port=port)
        others = [threading.Thread(target=work, args=(conninfo,)) for _ in range(4)]
        for other in others:
            other.start()
        try:
            are_refused(case, uri)
        finally:
            ended.set()
            for other in others:
                other.join()


def test_a_pool_by_session_does_all(case, home):
    case.create_topic()
    case.produce(events.draw(1000))
    with pooled(case, home, "session", default_pool_size=8) as uri:
        login = (uri, *case.login[1:])
        for arguments in (
            ("provision", *login),
            case.speed_arguments("--until-end", "--workers", "2", uri=uri),
            case.batch_arguments("-", "--pending", "--compact", uri=uri),
            ("verify", *login, "--storage-path", case.root / "data"),
            ("notify", *login, "--dry-run"),
            ("status", *login),
        ):
            result = case.program.run(*arguments)
            assert result.code == 0, f"{arguments[0]}: {result.err}"
        with connect_spark(case, uri) as database:
            assert database.window()
    case.check_exact()


# What keeps a pooler from answering all that is asked, and what a command says.
NO_ANSWERS = {
    "no second client": ({"max_client_conn": 1}, "ANT-P002", "no more connections allowed"),
    "no server": ({"port": free_port(), "query_wait_timeout": 1}, "ANT-P001", "query_wait_timeout"),
}


@pytest.mark.parametrize("mode", ["session", "transaction"])
@pytest.mark.parametrize("why", NO_ANSWERS)
def test_a_pooler_that_cannot_be_judged_is_waited_for(case, home, mode, why):
    case.provision()
    settings, code, words = NO_ANSWERS[why]
    with pooled(case, home, mode, **settings) as uri:
        login = (uri, *case.login[1:])
        started = [case.program.start(command, *login) for command in ("provision", "status")]
        for command in started:
            command.wait().fails(code, words)


def test_a_full_pool_by_session_is_no_pool_by_transaction(case, home):
    case.provision()
    with pooled(case, home, "session", default_pool_size=1) as uri:
        result = case.program.run("status", uri, *case.login[1:])
        assert result.code == 0, result.err
        with connect_spark(case, uri) as database:
            assert database.window()
