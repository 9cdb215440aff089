"""Addresses as PostgreSQL's JDBC driver reads them: the driver and both engines connect by each alike.

A case is a line of a table. {at} is the server's host:port, {port} its port, {db} the test's database, {closed} a port
where nobody listens, {ca} and {stranger} files with a certificate of the authority that signed the server's, and of
another.
"""

import pathlib
import subprocess

import psycopg
import pytest
from antenna_spark.command import MistakeError
from antenna_spark.jdbc import libpq_words
from certificates import openssl
from program import BINARY, CHECKOUT, environment
from psycopg import sql
from test_tls_postgres import secured  # noqa: F401

pytestmark = pytest.mark.timeout(90)

DRIVER = CHECKOUT / ".deps/jdbc/libs"
SCHEMAS = ("billing", "with blank", "back\\slash")
DATABASES = (
    "a=b",
    "host=nowhere",
    "with blank",
    "plus+",
    "per%cent",
    "sla/sh",
    "ünï",
    "postgresql://x/y",
    "a,b",
    "a;b",
)

# By what a session shows what the address made of it.
SEEN = """
SELECT current_database(), session_user, array_to_string(current_schemas(false), '|'),
    coalesce(current_setting('a.b', true), 'unset') || '|' || coalesce(current_setting('a.c', true), 'unset'),
    CASE current_setting('application_name') WHEN 'antenna' THEN '-' WHEN 'PostgreSQL JDBC Driver' THEN '-'
        ELSE current_setting('application_name') END,
    (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid())::text
"""

# The driver and we connect in the same way, or both do not.
SAME = [
    # Places.
    "jdbc:postgresql://{at}/{db}",
    "jdbc:postgresql://{at}/",
    "jdbc:postgresql://{at}/?",
    "jdbc:postgresql://{at}/{db}?&",
    "jdbc:postgresql://{at}/{db}?&&ApplicationName=x&",
    "jdbc:postgresql://{at}",
    "jdbc:postgresql://{at}?user=antenna",
    "jdbc:postgresql://{at}/{db}/",
    "jdbc:postgresql://{at}//{db}",
    "jdbc:postgresql:{db}?port={port}",
    "jdbc:postgresql:?port={port}",
    "jdbc:postgresql:?PGPORT={port}&PGDBNAME={db}",
    "jdbc:postgresql:/{db}?port={port}",
    "jdbc:postgresql:/?port={port}",
    "jdbc:postgresql://?port={port}",
    "jdbc:postgresql:///?port={port}",
    "jdbc:postgresql:///{db}?port={port}",
    "jdbc:postgresql:////{db}?port={port}",
    "jdbc:postgresql://:{port}/{db}",
    "jdbc:postgresql://127.0.0.1:/{db}",
    "jdbc:postgresql://127.0.0.1:+{port}/{db}",
    "jdbc:postgresql://127.0.0.1:0{port}/{db}",
    "jdbc:postgresql://127.0.0.1: {port}/{db}",
    "jdbc:postgresql://127.0.0.1:{port}x/{db}",
    "jdbc:postgresql://127.0.0.1:0/{db}",
    "jdbc:postgresql://127.0.0.1:-1/{db}",
    "jdbc:postgresql://127.0.0.1:65536/{db}",
    "jdbc:postgresql://127.0.0.1:99999999999/{db}",
    "JDBC:postgresql://{at}/{db}",
    "jdbc:POSTGRESQL://{at}/{db}",
    "jdbc:postgres://{at}/{db}",
    " jdbc:postgresql://{at}/{db}",
    "jdbc:postgresql//{at}/{db}",
    # The database's name.
    "jdbc:postgresql://{at}/a=b",
    "jdbc:postgresql://{at}/a%3Db",
    "jdbc:postgresql://{at}/host=nowhere",
    "jdbc:postgresql://{at}/with%20blank",
    "jdbc:postgresql://{at}/with+blank",
    "jdbc:postgresql://{at}/with blank",
    "jdbc:postgresql://{at}/plus%2B",
    "jdbc:postgresql://{at}/plus+",
    "jdbc:postgresql://{at}/per%25cent",
    "jdbc:postgresql://{at}/per%cent",
    "jdbc:postgresql://{at}/per%",
    "jdbc:postgresql://{at}/per%2",
    "jdbc:postgresql://{at}/sla%2Fsh",
    "jdbc:postgresql://{at}/sla/sh",
    "jdbc:postgresql://{at}/ünï",
    "jdbc:postgresql://{at}/%C3%BCn%c3%af",
    "jdbc:postgresql://{at}/postgresql:%2F%2Fx%2Fy",
    "jdbc:postgresql://{at}/a,b",
    "jdbc:postgresql://{at}/a;b",
    "jdbc:postgresql://{at}/?dbname=a%3Db",
    "jdbc:postgresql://{at}/{db}?dbname=a=b",
    "jdbc:postgresql:postgresql:%2F%2Fx%2Fy?port={port}",
    # Several hosts.
    "jdbc:postgresql://127.0.0.1:{closed},{at}/{db}",
    "jdbc:postgresql://{at},127.0.0.1:{closed}/{db}",
    "jdbc:postgresql://{at},/{db}",
    "jdbc:postgresql://{at},,/{db}",
    "jdbc:postgresql://127.0.0.1:{closed},,{at}/{db}",
    "jdbc:postgresql://,/{db}",
    "jdbc:postgresql://127.0.0.1:{closed}, {at}/{db}",
    "jdbc:postgresql://{at},127.0.0.1:x/{db}",
    "jdbc:postgresql://127.0.0.1:{closed}/{db}?port={port}",
    "jdbc:postgresql://nowhere.invalid:{port}/{db}?host=127.0.0.1",
    "jdbc:postgresql://nowhere.invalid:{port}/{db}?HOST=127.0.0.1",
    "jdbc:postgresql:{db}?Host=127.0.0.1,127.0.0.1&Port={closed},{port}",
    "jdbc:postgresql:{db}?host=127.0.0.1,127.0.0.1&port={port}",
    "jdbc:postgresql:{db}?host=127.0.0.1&port={port},{closed}",
    "jdbc:postgresql:{db}?host=127.0.0.1,&port={port},",
    "jdbc:postgresql:{db}?host=&port={port}",
    "jdbc:postgresql:{db}?host=,&port={port}",
    "jdbc:postgresql:{db}?host=/tmp&port={port}",
    "jdbc:postgresql:{db}?port=",
    # IPv6 and what looks like it; the server has none.
    "jdbc:postgresql://[::1]junk:{port}/{db}",
    "jdbc:postgresql://junk[::1]:{port}/{db}",
    "jdbc:postgresql://[::1:{port}/{db}",
    "jdbc:postgresql://::1]:{port}/{db}",
    "jdbc:postgresql://[localhost]:{port}/{db}",
    "jdbc:postgresql://[127.0.0.1]:{port}/{db}",
    "jdbc:postgresql://[]:{port}/{db}",
    "jdbc:postgresql://[::1]:{closed},{at}/{db}",
    "jdbc:postgresql://::1:{closed},{at}/{db}",
    "jdbc:postgresql://[::ffff:127.0.0.1]:{port}/{db}",
    # Values.
    "jdbc:postgresql://{at}/{db}?ApplicationName=a+b",
    "jdbc:postgresql://{at}/{db}?ApplicationName=a%2Bb%20%26c%3Dd%25",
    "jdbc:postgresql://{at}/{db}?ApplicationName=a=b=c",
    "jdbc:postgresql://{at}/{db}?ApplicationName=a?b=c",
    "jdbc:postgresql://{at}/{db}?ApplicationName=a#b",
    "jdbc:postgresql://{at}/{db}?ApplicationName=%zz",
    "jdbc:postgresql://{at}/{db}?ApplicationName=%",
    "jdbc:postgresql://{at}/{db}?ApplicationName=%00",
    "jdbc:postgresql://{at}/{db}?ApplicationName=a&ApplicationName=b",
    "jdbc:postgresql://{at}/{db}?ApplicationName=a;b",
    "jdbc:postgresql://{at}/{db}?stringtype=unspecified&reWriteBatchedInserts=true&prepareThreshold=0",
    "jdbc:postgresql://{at}/{db}?preferQueryMode=simple&defaultRowFetchSize=10&autosave=always&binaryTransfer=false",
    "jdbc:postgresql://{at}/{db}?tcpKeepAlive=true&socketTimeout=30&tcpNoDelay=false&logUnclosedConnections=true",
    # The search path and options.
    "jdbc:postgresql://{at}/{db}?currentSchema=billing",
    "jdbc:postgresql://{at}/{db}?currentSchema=billing,public",
    "jdbc:postgresql://{at}/{db}?currentSchema=billing,%20public",
    "jdbc:postgresql://{at}/{db}?currentSchema=billing,+public",
    "jdbc:postgresql://{at}/{db}?currentSchema=billing%09,public",
    'jdbc:postgresql://{at}/{db}?currentSchema="with blank",public',
    "jdbc:postgresql://{at}/{db}?currentSchema=%22back%5Cslash%22,public",
    "jdbc:postgresql://{at}/{db}?currentSchema=nowhere",
    "jdbc:postgresql://{at}/{db}?currentSchema=",
    "jdbc:postgresql://{at}/{db}?currentSchema=a b",
    "jdbc:postgresql://{at}/{db}?options=-c%20a.b=1",
    "jdbc:postgresql://{at}/{db}?options=-c+a.b%3D1",
    "jdbc:postgresql://{at}/{db}?options=-c+a.b%3Dx%5C%20y+-ca.c%3D2",
    "jdbc:postgresql://{at}/{db}?options=-c+search_path%3Dbilling",
    "jdbc:postgresql://{at}/{db}?currentSchema=billing&options=-c%20a.b=1",
    "jdbc:postgresql://{at}/{db}?options=-c%20a.b=1&currentSchema=billing,%20public",
    "jdbc:postgresql://{at}/{db}?options=-c%20search_path=public&currentSchema=billing",
    "jdbc:postgresql://{at}/{db}?currentSchema=billing&options=--search_path=public%20-ca.b=1",
    "jdbc:postgresql://{at}/{db}?currentSchema=billing&options=-ca.b=1%5C",
    "jdbc:postgresql://{at}/{db}?currentSchema=billing&options=-ca.b=1%20",
    "jdbc:postgresql://{at}/{db}?options=",
    "jdbc:postgresql://{at}/{db}?options=nonsense",
    "jdbc:postgresql://{at}/{db}?currentSchema=billing&currentSchema=public",
    # Which server.
    *(
        "jdbc:postgresql://{at}/{db}?targetServerType=" + kind
        for kind in (
            *("any", "primary", "master", "secondary", "slave", "preferPrimary", "preferSecondary", "preferSlave"),
            *("", "Primary", "PRIMARY", "standby", "preferMaster", "preferStandby", "read-write"),
        )
    ),
    "jdbc:postgresql://127.0.0.1:{closed},{at}/{db}?targetServerType=primary",
    "jdbc:postgresql://127.0.0.1:{closed},{at}/{db}?targetServerType=preferSecondary",
    "jdbc:postgresql://{at},127.0.0.1:{closed}/{db}?targetServerType=primary&loadBalanceHosts=true",
    # Times.
    "jdbc:postgresql://{at}/{db}?connectTimeout=5&loginTimeout=5",
    "jdbc:postgresql://{at}/{db}?loginTimeout=2.5",
    "jdbc:postgresql://{at}/{db}?loginTimeout=soon",
    "jdbc:postgresql://{at}/{db}?connectTimeout=0",
    "jdbc:postgresql://{at}/{db}?connectTimeout=5s",
    "jdbc:postgresql://{at}/{db}?connectTimeout=2.5",
    "jdbc:postgresql://{at}/{db}?connectTimeout=-1",
    "jdbc:postgresql://{at}/{db}?connectTimeout=",
    # GSSAPI and channel binding.
    *(
        "jdbc:postgresql://{at}/{db}?gssEncMode=" + mode
        for mode in ("disable", "allow", "ALLOW", "prefer", "Prefer", "require", "", "yes")
    ),
    *("jdbc:postgresql://{at}/{db}?channelBinding=" + mode for mode in ("disable", "prefer", "", "yes", "PREFER")),
    # Classes of Java's that are not there.
    "jdbc:postgresql://{at}/{db}?socketFactory=com.google.cloud.sql.postgres.SocketFactory&cloudSqlInstance=a:b:c",
    "jdbc:postgresql://{at}/{db}?authenticationPluginClassName=com.example.Plugin",
]

# TLS, tried with a server that has it, and with one that has not.
TLS = [
    "jdbc:postgresql://{at}/{db}" + query
    for query in (
        "",
        *(
            f"?ssl{value}"
            for value in ("", "=", "=true", "=True", "=TRUE", "=tRuE", "=false", "=0", "=1", "=yes", "=+true")
        ),
        *(f"?ssl{value}&sslrootcert={{ca}}" for value in ("", "=", "=true", "=True", "=TRUE", "=false", "=t")),
        "?ssl=true&sslrootcert={stranger}",
        "?ssl=true&sslrootcert=/nowhere/ca.pem",
        "?ssl=true&sslrootcert=",
        *(f"?sslmode={mode}" for mode in ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")),
        *(
            f"?sslmode={mode}&sslrootcert={{ca}}"
            for mode in (
                *("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
                *("Require", "REQUIRE", "VERIFY-FULL", "verify_full", "verifyfull", "", "true"),
            )
        ),
        "?sslmode=verify-ca&sslrootcert={stranger}",
        "?sslmode=verify-full&sslrootcert={stranger}",
        "?sslmode=disable&ssl=true",
        "?ssl=true&sslmode=require",
        "?ssl=false&sslmode=require",
        "?ssl=true&ssl=false",
        "?ssl=true&sslfactory=org.postgresql.ssl.NonValidatingFactory",
        "?sslmode=verify-ca&sslfactory=org.postgresql.ssl.NonValidatingFactory&sslrootcert={stranger}",
        "?sslmode=require&sslfactory=org.postgresql.ssl.NonValidatingFactory",
        "?sslmode=disable&sslfactory=org.postgresql.ssl.NonValidatingFactory",
        "?sslfactory=org.postgresql.ssl.NonValidatingFactory",
        "?ssl=true&sslfactory=org.postgresql.ssl.LibPQFactory&sslrootcert={ca}",
        "?ssl=true&sslfactory=org.postgresql.ssl.jdbc4.LibPQFactory&sslrootcert={ca}",
        "?ssl=true&sslfactory=com.example.Factory&sslrootcert={ca}",
        "?ssl=true&sslhostnameverifier=com.example.Verifier&sslrootcert={ca}",
        "?sslmode=require&sslcert={crt}&sslkey={pk8}",
        "?sslmode=require&channelBinding=require",
        "?channelBinding=require",
        "?sslmode=require&gssEncMode=prefer",
    )
]

# What the driver takes and we refuse, and why.
STRICTER = {
    "?host=[::1]junk,127.0.0.1&port={port},{port}": "in brackets is no IPv6 address",
    "?sslMode=require": "unknown property",
    "?SSL=true": "unknown property",
    "?SslRootCert={ca}": "unknown property",
    "?application_name=x": "unknown property",
    "?target_session_attrs=read-write": "unknown property",
    "?connect_timeout=5": "unknown property",
    "?passwort=x": "unknown property",
    "?=x": "unknown property",
    "?nonsense": "unknown property",
    "?useUnicode=true&characterEncoding=utf8": "unknown property",
    "?readOnly=true": "readOnly lets no job write",
    "?readOnly=TRUE&readOnlyMode=always": "readOnly lets no job write",
    "?localSocketAddress=127.0.0.1": "localSocketAddress cannot be honoured",
    "?sslpasswordcallback=com.example.Callback": "sslpasswordcallback cannot be honoured",
    "?sslkey=/nowhere/client.p12": "PKCS-12",
    "?sslkey=/nowhere/client.PFX": "PKCS-12",
    "?sslrootcert=": "sslrootcert is empty",
    "?ssl=false&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory": "sslfactory is a class of Java's",
    "?ApplicationName=%ff": "broken %-escape in ApplicationName",
}


def find_driver():
    jars = sorted(DRIVER.glob("postgresql-*.jar"))
    assert jars, f"no JDBC driver below {DRIVER}: run tools/setup test"
    return jars[0]


def ask(command, case, addresses, seen):
    done = subprocess.run(
        [*command, case.postgres.user, case.postgres.password, seen],
        input="".join(f"{address}\n" for address in addresses),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env=environment({"HOME": str(case.folder)}),
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == len(addresses), f"{len(lines)} answers to {len(addresses)} addresses:\n{done.stderr}"
    return [line.partition("\t")[::2] for line in lines]


def client_files(folder, key, certificate):
    """A client's certificate, with its key as PEM and as the driver wants it, which is DER."""
    files = {"crt": certificate, "pem": folder / "client.key", "pk8": folder / "client.pk8"}
    files["pem"].write_bytes(key.read_bytes())
    openssl("pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in", key, "-out", files["pk8"])
    for name in ("pem", "pk8"):
        files[name].chmod(0o600)
    return files


def ask_spark_engine(case, addresses, seen):
    """The same of the engine that runs on Spark, which is Python."""
    for address in addresses:
        try:
            words = libpq_words(address) | {"user": case.postgres.user, "password": case.postgres.password}
            with psycopg.connect(**words | {"dbname": words["dbname"] or words["user"]}) as connection:
                row = connection.execute(seen.replace("'antenna'", "''")).fetchone()
            yield "connected", "\t".join(row)
        except (MistakeError, psycopg.OperationalError) as error:
            yield "refused", str(error)


def compare(case, certificates, queries, stricter=()):
    """Asserts that both find the same by each address, except that we refuse those with a reason in `stricter`."""
    names = {
        "at": case.postgres.address,
        "port": case.postgres.port,
        "db": case.database,
        "closed": 1,
        "ca": certificates.authority,
        "stranger": certificates.stranger,
        **client_files(case.folder, *certificates.trusted),
    }
    addresses = [query.format(**names) for query in queries]
    seen = " ".join(SEEN.split())
    source = pathlib.Path(CHECKOUT / "tests/jdbc/Connect.java")
    theirs = ask(["java", f"-Duser.home={case.folder}", "-cp", find_driver(), source], case, addresses, seen)
    ours = ask([BINARY.parent / "tests/jdbc-connect"], case, addresses, seen)
    spark = ask_spark_engine(case, addresses, seen)
    wrong = []
    for address, driver, program in [
        *zip(addresses, theirs, ours, strict=True),
        *zip(addresses, theirs, spark, strict=True),
    ]:
        reason = dict(zip(addresses, stricter, strict=True))[address] if stricter else None
        if reason:
            right = driver[0] == "connected" and program[0] == "refused" and reason in program[1]
        else:
            right = driver[0] == program[0] and (driver[0] == "refused" or driver[1] == program[1])
        if not right:
            wrong.append(f"{address}\n  the driver: {' '.join(driver)}\n  we: {' '.join(program)}")
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def odd(case):
    """The case with schemas and databases of odd names."""
    with case.connect() as connection:
        for schema in SCHEMAS:
            connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(schema)))
        for name in DATABASES:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield case
    with psycopg.connect(case.postgres.conninfo(), autocommit=True) as connection:
        for name in DATABASES:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def test_addresses_mean_what_the_driver_makes_of_them(odd, certificates):
    compare(odd, certificates, SAME)


def test_a_server_that_only_reads_is_the_drivers_secondary(case, certificates):
    case.execute(f"ALTER DATABASE {case.database} SET default_transaction_read_only TO on")
    kinds = ("any", "primary", "secondary", "preferPrimary", "preferSecondary", "slave", "master")
    compare(case, certificates, [f"jdbc:postgresql://{{at}}/{{db}}?targetServerType={kind}" for kind in kinds])


def test_tls_where_the_server_has_none(case, certificates):
    compare(case, certificates, TLS)


def test_tls_where_the_server_has_it(secured, certificates):  # noqa: F811
    compare(secured(certificates.trusted, ""), certificates, TLS)


def test_addresses_that_only_the_driver_accepts(case, certificates):
    queries = [f"jdbc:postgresql://{{at}}/{{db}}{query}" for query in STRICTER]
    compare(case, certificates, queries, list(STRICTER.values()))
