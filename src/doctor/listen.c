#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "doctor/subjects.h"
#include "metrics/address.h"

#define LISTEN "listen"

/* A job answers at once; what does not is no job of ours. */
#define ANSWER_SECONDS 2
#define ANSWER_SIZE_MAX (1 << 20)
#define PIECE_SIZE 4096

#define OF_JOB "antenna_build_info{command=\""

static int connect_to(const struct addrinfo *address)
{
    const struct timeval limit = {.tv_sec = ANSWER_SECONDS};
    int file = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (file < 0)
        return -1;
    setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)); /* of connecting, too */
    if (connect(file, address->ai_addr, address->ai_addrlen) == 0)
        return file;
    close(file);
    return -1;
}

/* Reads the metrics that are served there into a text that is empty when there are none. */
static void read_metrics(const struct addrinfo *address, struct buffer *text)
{
    static const char request[] = "GET /metrics HTTP/1.0\r\n\r\n";
    int file = connect_to(address);
    ssize_t size = file < 0 ? -1 : send(file, request, sizeof(request) - 1, MSG_NOSIGNAL);

    while (size > 0 && text->size < ANSWER_SIZE_MAX) {
        size = recv(file, buffer_reserve(text, PIECE_SIZE), PIECE_SIZE - 1, 0);
        if (size > 0) {
            text->size += (size_t)size;
            text->data[text->size] = '\0';
        }
    }
    if (file >= 0)
        close(file);
}

/* Whether a job of ours serves at one of the addresses; its command, such as speed, is at the text's beginning. */
static bool find_job(const char *listen, struct buffer *ret_command)
{
    struct addrinfo *addresses;
    struct error ignored;
    bool found = false;

    if (address_parse(listen, &addresses, &ignored))
        return false;
    for (const struct addrinfo *address = addresses; address && !found; address = address->ai_next) {
        cleanup(buffer_release) struct buffer text = {0};
        const char *job;

        read_metrics(address, &text);
        job = text.size ? strstr(text.data, OF_JOB) : NULL;
        if (job)
            buffer_append(ret_command, job + strlen(OF_JOB), strcspn(job + strlen(OF_JOB), "\""));
        found = job;
    }
    freeaddrinfo(addresses);
    return found;
}

void examine_listen(struct doctor *doctor)
{
    const char *listen = config_text(doctor->config, OPTION_LISTEN);
    cleanup(buffer_release) struct buffer command = {0};
    struct error error;

    if (!listen)
        return;
    if (address_check(listen, &error) == 0)
        found_ok(doctor, LISTEN, "\"%s\" is free", listen);
    else if (find_job(listen, &command))
        found_ok(doctor, LISTEN, "antenna %s runs and serves at \"%s\": no other job can", command.data, listen);
    else
        found_error(doctor, LISTEN, &error);
}
