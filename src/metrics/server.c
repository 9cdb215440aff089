#include "metrics/server.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "metrics/address.h"
#include "metrics/exposition.h"

/* A scraper, a balancer and some people; a client that sends nothing for this long is disconnected. */
#define CONNECTIONS_MAX 16U
#define CONNECTION_TIMEOUT_SECONDS 10U

#define PLAIN_TEXT "text/plain; charset=utf-8"

struct metrics_server {
    struct metrics_source source;
    const char *command;
    struct MHD_Daemon *daemons[ADDRESSES_MAX]; /* one for each address */
    size_t count;
};

/* An answer: status and body. */
struct answer {
    unsigned status;
    const char *type;
    struct buffer text;
};

static void write_metrics(const struct metrics_server *server, struct answer *answer)
{
    const struct label labels[] = {{"command", server->command}, {"version", ANTENNA_VERSION}, {NULL, NULL}};
    cleanup(buffer_release) struct buffer reason = {0};

    answer->type = EXPOSITION_TYPE;
    exposition_begin(&answer->text, METRIC_BUILD_INFO);
    exposition_count(&answer->text, METRIC_BUILD_INFO, labels, 1);
    exposition_single(&answer->text, METRIC_READY, server->source.is_ready(server->source.context, &reason));
    server->source.write(server->source.context, &answer->text);
    process_write(&answer->text);
}

/* "ok", or 503 with the reason. */
static void write_state(const struct metrics_server *server, bool (*is_so)(void *context, struct buffer *reason),
                        struct answer *answer)
{
    if (is_so(server->source.context, &answer->text))
        buffer_text(&answer->text, "ok");
    else {
        answer->status = MHD_HTTP_SERVICE_UNAVAILABLE;
        text_make_printable(answer->text.data);
    }
    buffer_text(&answer->text, "\n");
}

static void answer_path(const struct metrics_server *server, const char *path, struct answer *answer)
{
    if (strcmp(path, "/metrics") == 0)
        write_metrics(server, answer);
    else if (strcmp(path, "/healthz") == 0)
        write_state(server, server->source.is_alive, answer);
    else if (strcmp(path, "/readyz") == 0)
        write_state(server, server->source.is_ready, answer);
    else {
        answer->status = MHD_HTTP_NOT_FOUND;
        buffer_text(&answer->text, "not found; there are /metrics, /healthz and /readyz\n");
    }
}

/* The response takes over the text. */
static enum MHD_Result send_answer(struct MHD_Connection *connection, const struct answer *answer)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(answer->text.size, answer->text.data, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result result;

    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
    if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    result = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}

/* Called with the headers first and, when nothing was answered, again behind the body. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *body, size_t *body_size,
                                  void **state)
{
    static int begun;
    struct answer answer = {.status = MHD_HTTP_OK, .type = PLAIN_TEXT};
    bool allowed = strcmp(method, MHD_HTTP_METHOD_GET) == 0 || strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;

    (void)version;
    (void)body;
    if (allowed && !*state) {
        *state = &begun;
        return MHD_YES;
    }
    *body_size = 0;
    if (allowed)
        answer_path(context, path, &answer);
    else {
        answer.status = MHD_HTTP_METHOD_NOT_ALLOWED;
        buffer_text(&answer.text, "only GET and HEAD\n");
    }
    return send_answer(connection, &answer);
}

static struct MHD_Daemon *start_daemon(struct metrics_server *server, int file)
{
    return MHD_start_daemon(MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET,
                            file, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
                            CONNECTION_TIMEOUT_SECONDS, MHD_OPTION_END);
}

static void log_address(const struct metrics_server *server, const char *text)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemons[0], MHD_DAEMON_INFO_BIND_PORT);
    const char *colon = strrchr(text, ':');
    const char *host = !colon ? "127.0.0.1" : colon == text ? "0.0.0.0" : text;

    log_line(LEVEL_INFO, "serves /metrics, /healthz and /readyz at http://%.*s:%u",
             host == text ? (int)(colon - text) : (int)strlen(host), host, info ? (unsigned)info->port : 0);
}

int metrics_server_check(const struct config *config, struct error *error)
{
    const char *text = config_text(config, OPTION_LISTEN);

    return text ? address_check(text, error) : 0;
}

int metrics_server_open(const struct config *config, const struct metrics_source *source,
                        struct metrics_server **ret_server, struct error *error)
{
    const char *text = config_text(config, OPTION_LISTEN);
    struct metrics_server *server;
    int files[ADDRESSES_MAX];
    size_t count;

    *ret_server = NULL;
    if (!text)
        return 0;
    if (address_listen(text, files, &count, error))
        return -1;
    server = memory_new(1, sizeof(*server));
    server->source = *source;
    server->command = command_table[config_command(config)].name;
    for (size_t i = 0; i < count; i++) {
        struct MHD_Daemon *daemon = start_daemon(server, files[i]);

        if (daemon)
            server->daemons[server->count++] = daemon;
        else
            close(files[i]);
    }
    if (server->count < count) {
        metrics_server_close(server);
        return error_set(error, ANT_START_FAILED, "could not serve at \"%s\"", text);
    }
    log_address(server, text);
    *ret_server = server;
    return 0;
}

void metrics_server_close(struct metrics_server *server)
{
    if (!server)
        return;
    while (server->count)
        MHD_stop_daemon(server->daemons[--server->count]);
    free(server);
}
