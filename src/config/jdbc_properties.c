/* From the driver's properties to libpq's keywords: what becomes of each. */
#include <string.h>

#include "config/jdbc_driver.h"
#include "config/option.h"

/* A name that is this far from one that is known is no longer taken for it. */
#define NEAREST_EDITS 4

// One property a line reads better than what the formatter makes of it.
// clang-format off
/* Those that libpq has, too, by another name, and those that cannot be honoured. */
static const struct {
    const char *name;
    const char *keyword; /* libpq's, or NULL */
    const char *hint;    /* when it is refused */
} special[] = {
    {"ApplicationName", "application_name", NULL},
    {"kerberosServerName", "krbsrvname", NULL},
    {"password", "password", NULL},
    {"requireAuth", "require_auth", NULL},
    {"service", "service", NULL},
    {"sslcert", "sslcert", NULL},
    {"sslpassword", "sslpassword", NULL},
    {"user", "user", NULL},
    {"authenticationPluginClassName", NULL, "leave it out, and write the password to a file for --password-file"},
    {"localSocketAddress", NULL, "leave it out, and choose the local address by a route"},
    {"replication", NULL, "leave it out: a replication connection runs no SQL with parameters"},
    {"socketFactory", NULL, "leave it out; for Cloud SQL run its Auth Proxy and give the proxy's host and port"},
    {"sslpasswordcallback", NULL, "leave it out, and give sslpassword"},
};

/*
 * Those of jdbc_translate.c, and behind them those that change how Java works, and nothing that we do. Whether a peer
 * still answers (socketTimeout, tcpKeepAlive) is probed as postgres/connection.c says, whatever the address wishes.
 */
static const char *const plain[] = {
    PROPERTY_HOST, PROPERTY_PORT, PROPERTY_DATABASE, "channelBinding", "connectTimeout", "currentSchema",
    "gssEncMode", "loadBalanceHosts", "loginTimeout", "options", "readOnly", "readOnlyMode", "ssl", "sslfactory",
    "sslhostnameverifier", "sslkey", "sslmode", "sslNegotiation", "sslrootcert", "targetServerType",

    "adaptiveFetch", "adaptiveFetchMaximum", "adaptiveFetchMinimum", "allowEncodingChanges", "assumeMinServerVersion",
    "autosave", "binaryTransfer", "binaryTransferDisable", "binaryTransferEnable", "cancelSignalTimeout",
    "classLoaderStrategy", "cleanupSavepoints", "connectExecutor", "connectExecutorArg", "convertBooleanToNumeric",
    "databaseMetadataCacheFields", "databaseMetadataCacheFieldsMiB", "defaultRowFetchSize", "disableColumnSanitiser",
    "escapeSyntaxCallMode", "flushCacheOnDdl", "groupStartupParameters", "gsslib", "gssResponseTimeout",
    "gssUseDefaultCreds", "hideUnprivilegedObjects", "hostRecheckSeconds", "jaasApplicationName", "jaasLogin",
    "loggerFile", "loggerLevel", "logServerErrorDetail", "logUnclosedConnections", "maxResultBuffer",
    "maxSendBufferSize", "pemKeyAlgorithm", "preferQueryMode", "preparedStatementCacheQueries",
    "preparedStatementCacheSizeMiB", "prepareThreshold", "protocolVersion", "queryTimeout",
    "quoteReturningIdentifiers", "receiveBufferSize", "reWriteBatchedInserts", "reWriteBatchedInsertsSize",
    "scramMaxIterations", "sendBufferSize", "socketFactoryArg", "sslfactoryarg", "sslResponseTimeout",
    "sspiServiceClass", "stringtype", "unknownLength", "useSpnego", "xmlFactoryFactory", "socketTimeout",
    "tcpKeepAlive", "tcpNoDelay",
};
// clang-format on

#define SPECIAL (sizeof(special) / sizeof(*special))
#define PLAIN (sizeof(plain) / sizeof(*plain))

/* The property's name, counted through both tables. */
static const char *name_of(size_t index)
{
    return index < SPECIAL ? special[index].name : plain[index - SPECIAL];
}

/* The driver passes by a name that it does not know; it may be a misspelt one that was meant to protect. */
static int refuse_unknown(const char *name, struct error *error)
{
    const char *nearest = NULL;
    size_t fewest = NEAREST_EDITS;

    for (size_t i = 0; i < SPECIAL + PLAIN; i++)
        if (option_is_nearer(name, strlen(name), name_of(i), &fewest))
            nearest = name_of(i);
    error_set(error, ANT_JDBC_INVALID, "invalid jdbc-uri: unknown property \"%s\"", name);
    if (nearest)
        return error_hint(error, "did you mean %s? Else leave it out", nearest);
    return error_hint(error, "leave it out, as the JDBC driver ignores it, or give a libpq URI (postgresql://…), whose "
                             "parameters are those of libpq");
}

static int pass(const char *name, const char *value, struct jdbc_address *address, struct error *error)
{
    size_t index = 0;

    while (index < SPECIAL + PLAIN && strcmp(name_of(index), name) != 0)
        index++;
    if (index == SPECIAL + PLAIN)
        return refuse_unknown(name, error);
    if (index >= SPECIAL)
        return 0;
    if (special[index].keyword) {
        jdbc_set(address, special[index].keyword, value);
        return 0;
    }
    error_set(error, ANT_JDBC_INVALID, "invalid jdbc-uri: %s cannot be honoured", name);
    return error_hint(error, "%s", special[index].hint);
}

int jdbc_driver_pass(const struct jdbc_properties *properties, struct jdbc_address *address, struct error *error)
{
    for (size_t i = 0; i < properties->count; i++)
        if (pass(properties->entries[i].name, properties->entries[i].value, address, error))
            return -1;
    for (size_t i = 0; i < address->count; i++)
        if (!jdbc_is_keyword(address->keywords[i])) {
            error_set(error, ANT_JDBC_INVALID, "invalid jdbc-uri: this libpq has no %s", address->keywords[i]);
            return error_hint(error, "leave it out, or install a newer libpq");
        }
    return 0;
}
