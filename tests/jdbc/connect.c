/*
 * What becomes of addresses here, for the comparison with the JDBC driver in tests/integration/test_jdbc.py: connects
 * to each of stdin's lines with the user and password that are the arguments, as every command does, and prints a line:
 * "refused" with the reason, or "connected" with the values of the query that is the third argument, all divided by
 * tabulators.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/jdbc.h"
#include "postgres/client.h"

static int ask(char *uri, char **argv, PGresult **ret_result, struct error *error)
{
    cleanup(config_cleanup) struct config *config = NULL;
    cleanup(jdbc_release) struct jdbc_address address = {0};
    cleanup(postgres_cleanup) struct postgres *postgres = NULL;
    char *user = strdup(argv[1]), *password = strdup(argv[2]);
    char *login[] = {uri, user, password};
    int status = config_load(COMMAND_STATUS, 3, login, &config, error);

    free(user);
    free(password);
    if (status || jdbc_from_config(config, &address, error) || postgres_open(&address, &postgres, error))
        return -1;
    return postgres_run(postgres, argv[3], NULL, ret_result, error);
}

int main(int argc, char **argv)
{
    static char line[4096];

    if (argc != 4)
        return 2;
    while (fgets(line, sizeof(line), stdin)) {
        cleanup(postgres_clear) PGresult *result = NULL;
        struct error error;

        line[strcspn(line, "\n")] = '\0';
        if (ask(line, argv, &result, &error)) {
            printf("refused\t%s\n", error.message);
            continue;
        }
        printf("connected");
        for (int column = 0; column < PQnfields(result); column++)
            printf("\t%s", PQgetvalue(result, 0, column));
        printf("\n");
    }
    return 0;
}
