#include "metrics/address.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define PORT_MAX 65535
#define PORT_DIGITS_MAX 5

static int refuse(const char *text, struct error *error)
{
    error_set(error, ERROR_USAGE, "invalid value for listen: \"%s\"", text);
    return error_hint(error, "give HOST:PORT, [IPV6]:PORT, or PORT alone for 127.0.0.1; 0.0.0.0:PORT listens on all "
                             "addresses");
}

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits >= 1 && digits <= PORT_DIGITS_MAX && !text[digits] && strtol(text, NULL, 10) <= PORT_MAX;
}

/* The host before the port, without brackets; NULL when the text is no address. */
static char *copy_host(const char *text, const char *port)
{
    size_t size;

    if (port == text)
        return memory_text("127.0.0.1", strlen("127.0.0.1"));
    size = (size_t)(port - text) - 1;
    if (size > 2 && text[0] == '[' && text[size - 1] == ']')
        return memory_text(text + 1, size - 2);
    return size && !memchr(text, ':', size) && *text != '[' ? memory_text(text, size) : NULL;
}

int address_parse(const char *text, struct addrinfo **ret_address, struct error *error)
{
    const struct addrinfo wanted = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    const char *colon = strrchr(text, ':');
    const char *port = colon ? colon + 1 : text;
    cleanup(memory_free) char *host = copy_host(text, port);
    int code;

    if (!host || !is_port(port))
        return refuse(text, error);
    code = getaddrinfo(host, port, &wanted, ret_address);
    if (code == 0)
        return 0;
    error_set(error, ERROR_MISTAKE, "could not listen on \"%s\": %s", text, gai_strerror(code));
    return error_hint(error, "check the host in --listen");
}
