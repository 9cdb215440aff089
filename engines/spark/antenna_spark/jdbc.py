"""Addresses of PostgreSQL as its JDBC driver reads them, in libpq's words: src/config/jdbc_*.c in Python."""

import ipaddress
import math
import re
import urllib.parse

import psycopg
from psycopg import conninfo

from antenna_spark.command import MistakeError

PREFIX = "jdbc:postgresql:"
PLACES = ("PGHOST", "PGPORT", "PGDBNAME")
PORT = re.compile(r"\+?[0-9]+")

# libpq has them by another name.
PASSED = {
    "ApplicationName": "application_name",
    "kerberosServerName": "krbsrvname",
    "password": "password",
    "requireAuth": "require_auth",
    "service": "service",
    "sslcert": "sslcert",
    "sslpassword": "sslpassword",
    "user": "user",
}
REFUSED = {
    *("authenticationPluginClassName", "localSocketAddress", "replication", "socketFactory", "sslpasswordcallback"),
}
TRANSLATED = {
    *(*PLACES, "channelBinding", "connectTimeout", "currentSchema", "gssEncMode", "loadBalanceHosts", "loginTimeout"),
    *("options", "readOnly", "readOnlyMode", "ssl", "sslfactory", "sslhostnameverifier", "sslkey", "sslmode"),
    *("sslNegotiation", "sslrootcert", "targetServerType"),
}
# They change how Java works, and nothing here.
IGNORED = {
    *("adaptiveFetch", "adaptiveFetchMaximum", "adaptiveFetchMinimum", "allowEncodingChanges", "autosave"),
    *("assumeMinServerVersion", "binaryTransfer", "binaryTransferDisable", "binaryTransferEnable"),
    *("cancelSignalTimeout", "classLoaderStrategy", "cleanupSavepoints", "connectExecutor", "connectExecutorArg"),
    *("convertBooleanToNumeric", "databaseMetadataCacheFields", "databaseMetadataCacheFieldsMiB"),
    *("defaultRowFetchSize", "disableColumnSanitiser", "escapeSyntaxCallMode", "flushCacheOnDdl", "gsslib"),
    *("groupStartupParameters", "gssResponseTimeout", "gssUseDefaultCreds", "hideUnprivilegedObjects"),
    *("hostRecheckSeconds", "jaasApplicationName", "jaasLogin", "loggerFile", "loggerLevel", "logServerErrorDetail"),
    *("logUnclosedConnections", "maxResultBuffer", "maxSendBufferSize", "pemKeyAlgorithm", "preferQueryMode"),
    *("preparedStatementCacheQueries", "preparedStatementCacheSizeMiB", "prepareThreshold", "protocolVersion"),
    *("queryTimeout", "quoteReturningIdentifiers", "receiveBufferSize", "reWriteBatchedInserts"),
    *("reWriteBatchedInsertsSize", "scramMaxIterations", "sendBufferSize", "socketFactoryArg", "socketTimeout"),
    *("sslfactoryarg", "sslResponseTimeout", "sspiServiceClass", "stringtype", "tcpKeepAlive", "tcpNoDelay"),
    *("unknownLength", "useSpnego", "xmlFactoryFactory"),
}
TARGETS = {
    "any": "any",
    "primary": "read-write",
    "master": "read-write",
    "preferPrimary": "read-write",
    "secondary": "read-only",
    "slave": "read-only",
    "preferSecondary": "prefer-standby",
    "preferSlave": "prefer-standby",
}
SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


def refuse(reason, hint="write jdbc:postgresql://host:port/database"):
    """Raises MistakeError. No value is in the reason: it may be a password."""
    raise MistakeError(f"invalid jdbc-uri: {reason}", hint)


def decode(name, text):
    """As java.net.URLDecoder; a NUL and what is no UTF-8 is refused."""
    if re.search(r"%(?![0-9A-Fa-f]{2})|%00", text):
        refuse(f"broken %-escape in {name}")
    try:
        return urllib.parse.unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        return refuse(f"broken %-escape in {name}")


def split_list(text):
    """Java's split(): empty entries at the end are none, but one empty text is one."""
    return text.rstrip(",").split(",") if text.rstrip(",") or not text else []


def place_of(text):
    """The properties that precede the "?"."""
    if text in ("//", "///"):
        text = ""
    if not text.startswith("//"):
        if text.startswith("/"):
            refuse("a single / precedes the database")
        return {"PGDBNAME": decode("PGDBNAME", text)}
    authority, slash, database = text[2:].partition("/")
    if "@" in authority:
        refuse("something precedes an @ in the host", "give user and password by their own arguments")
    if not slash or "/" in database:
        refuse("one / follows the host")
    entries = [re.fullmatch(r"(.*?)(?::([^:\]]*))?", entry).groups() for entry in split_list(authority)]
    hosts = ",".join(host for host, _ in entries) if entries else ","
    place = {"PGHOST": hosts, "PGPORT": ",".join("5432" if port is None else port for _, port in entries)}
    return place | ({"PGDBNAME": decode("PGDBNAME", database)} if database else {})


def properties_of(text):
    """All properties; the last of a name counts."""
    place, _, query = text.partition("?")
    properties = place_of(place)
    for token in filter(None, query.split("&")):
        name, equals, value = token.partition("=")
        if equals and f"PG{name.upper()}" in PLACES:
            name = f"PG{name.upper()}"
        properties[name] = decode(name, value)
    return properties


def host_of(text):
    """A host as libpq wants it."""
    if "/" in text or "@" in text:
        refuse("the host is no name and no address")
    if "[" in text or "]" in text:
        try:
            ipaddress.IPv6Address(re.fullmatch(r"\[(.*)]", text)[1])
        except (TypeError, ValueError):
            refuse("the host in brackets is no IPv6 address", "write [::1]:5432")
    return text.strip("[]") or "localhost"


def port_of(text):
    """A port as libpq wants it."""
    if not PORT.fullmatch(text) or not 1 <= int(text) <= 65535:
        refuse("the port is no number from 1 to 65535")
    return str(int(text))


def translate_places(properties):
    """Host, port and database; what the address leaves open, a service says."""
    hosts, ports = (split_list(properties.get(*pair)) for pair in (("PGHOST", ""), ("PGPORT", "5432")))
    if not hosts or len(hosts) != len(ports):
        refuse("the lists of hosts and ports differ in length or are empty")
    words = {
        "host": ",".join(map(host_of, hosts)),
        "port": ",".join(map(port_of, ports)),
        "dbname": properties.get("PGDBNAME", ""),
    }
    if "service" in properties:
        words = {word: text for word, text in words.items() if f"PG{word.upper()}" in properties}
    return words


def choose(properties, name, choices, fold=str.lower):
    """The value of a property, one of the choices, or None."""
    value = properties.get(name)
    if value is None:
        return None
    if fold(value) not in choices:
        refuse(f"unknown value of {name}", f"give one of {', '.join(choices)}")
    return fold(value)


def translate_tls(properties):
    """ssl, sslmode and the classes of Java's that may stand for them."""
    factory = properties.get("sslfactory", "org.postgresql.ssl.LibPQFactory")
    validates = factory in ("org.postgresql.ssl.LibPQFactory", "org.postgresql.ssl.jdbc4.LibPQFactory")
    if not validates and factory != "org.postgresql.ssl.NonValidatingFactory":
        refuse("sslfactory is a class of Java's", "leave it out, and give sslrootcert")
    if properties.get("sslhostnameverifier", "org.postgresql.ssl.PGjdbcHostnameVerifier") != (
        "org.postgresql.ssl.PGjdbcHostnameVerifier"
    ):
        refuse("sslhostnameverifier is a class of Java's", "leave it out, or give sslmode=verify-ca")
    if properties.get("sslrootcert") == "":
        refuse("sslrootcert is empty", "give the file of the authority's certificate")
    if properties.get("sslkey", "").lower().endswith((".p12", ".pfx")):
        refuse("sslkey is a PKCS-12 store, which libpq does not read", "write its parts to files")
    words = {"sslmode": "verify-full"} if properties.get("ssl", "false").lower() in ("", "true") else {}
    mode = choose(properties, "sslmode", SSL_MODES)
    words |= {"sslmode": mode} if mode else {}
    words |= {name: properties[name] for name in ("sslrootcert", "sslkey") if name in properties}
    if not validates:
        words.pop("sslrootcert", None)
        if words.get("sslmode", "").startswith("verify"):
            words["sslmode"] = "require"
    return words


def translate_protection(properties):
    """Channel binding, GSSAPI, which the driver tries only when it is told, and the way to TLS."""
    words = {}
    if binding := choose(properties, "channelBinding", ("disable", "prefer", "require"), str):
        words["channel_binding"] = binding
    gss = choose(properties, "gssEncMode", ("disable", "allow", "prefer", "require"))
    words["gssencmode"] = "disable" if gss in (None, "allow") else gss
    if properties.get("sslNegotiation") == "direct":
        words["sslnegotiation"] = "direct"
    return words


def translate_session(properties):
    """The kind of server, the search path with options, and times."""
    words = {}
    if target := choose(properties, "targetServerType", TARGETS, str):
        single = target == "preferPrimary" and "," not in properties.get("PGHOST", "").rstrip(",")
        words["target_session_attrs"] = "any" if single else TARGETS[target]
    options = properties.get("options", "")
    if "currentSchema" in properties:
        # PostgreSQL ignores the last of an odd number of \, which would protect our blank.
        options = options[: len(options) - (len(options) - len(options.rstrip("\\"))) % 2]
        options += " -csearch_path=" + re.sub(r"([\s\\])", r"\\\1", properties["currentSchema"])
    if options:
        words["options"] = options
    connect = properties.get("connectTimeout")
    if connect is not None and not PORT.fullmatch(connect):
        refuse("connectTimeout is no number of seconds")
    login = re.match(r"\s*[0-9.]+", properties.get("loginTimeout", ""))
    seconds = [number for number in (int(connect or 0), math.ceil(float(login[0])) if login else 0) if number]
    if connect is not None or seconds:
        words["connect_timeout"] = str(min(seconds, default=0))
    if properties.get("readOnly", "").lower() == "true" and properties.get("readOnlyMode", "").lower() != "ignore":
        refuse("readOnly lets no job write", "leave it out")
    return words


def libpq_words(uri):
    """The keywords of a JDBC address, of a libpq URI or of a conninfo string. Raises MistakeError.

    An empty dbname of a JDBC address is the user's name.
    """
    if not uri.startswith(PREFIX):
        try:
            if uri[:5].lower() == "jdbc:":
                raise psycopg.ProgrammingError
            return conninfo.conninfo_to_dict(uri)
        except psycopg.ProgrammingError as error:
            raise MistakeError(
                "could not understand the jdbc-uri", "write jdbc:postgresql://host:port/database"
            ) from error
    properties = properties_of(uri.removeprefix(PREFIX))
    for name in properties:
        if name in REFUSED:
            refuse(f"{name} cannot be honoured", "leave it out")
        if name not in {*PASSED, *TRANSLATED, *IGNORED}:
            refuse(f'unknown property "{name}"', "leave it out")
    words = {PASSED[name]: value for name, value in properties.items() if name in PASSED}
    for translate in (translate_places, translate_tls, translate_protection, translate_session):
        words |= translate(properties)
    return words
