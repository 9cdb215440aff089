#include "metrics/address.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/address.h"
#include "base/memory.h"

#define PORT_DIGITS_MAX 5

static int refuse(const char *text, struct error *error)
{
    error_set(error, ANT_VALUE_INVALID, "invalid value for listen: \"%s\"", text);
    return error_hint(error, "give HOST:PORT, [IPV6]:PORT, PORT alone for 127.0.0.1, or :PORT for all addresses");
}

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");

    return digits >= 1 && digits <= PORT_DIGITS_MAX && !text[digits] && strtol(text, NULL, 10) <= PORT_MAX;
}

/* The host before the port, without brackets, "" for all addresses; NULL when the text is no address. */
static char *copy_host(const char *text, const char *port)
{
    size_t size;

    if (port == text)
        return memory_text("127.0.0.1", strlen("127.0.0.1"));
    size = (size_t)(port - text) - 1;
    if (size > 2 && text[0] == '[' && text[size - 1] == ']')
        return memory_text(text + 1, size - 2);
    return !memchr(text, ':', size) && *text != '[' ? memory_text(text, size) : NULL;
}

/* Whether an address of the other family is in the list, too. */
static bool is_alone(const struct addrinfo *addresses)
{
    for (const struct addrinfo *other = addresses; other; other = other->ai_next)
        if (other->ai_family != addresses->ai_family)
            return false;
    return true;
}

static int bind_to(const struct addrinfo *address, bool alone)
{
    int yes = 1, only = address->ai_family == AF_INET6 && !alone;
    int file = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (file < 0)
        return -1;
    setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    if (address->ai_family == AF_INET6)
        setsockopt(file, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
    if (bind(file, address->ai_addr, address->ai_addrlen) == 0 && listen(file, SOMAXCONN) == 0)
        return file;
    close(file);
    return -1;
}

/* The port of an address, in network order, where sockaddr_in and sockaddr_in6 have it alike. */
static in_port_t *port_of(struct sockaddr *address)
{
    return address->sa_family == AF_INET6 ? &((struct sockaddr_in6 *)(void *)address)->sin6_port
                                          : &((struct sockaddr_in *)(void *)address)->sin_port;
}

/* Gives all addresses the port that the first has got. */
static void share_port(int file, struct addrinfo *addresses)
{
    struct sockaddr_in6 bound = {0}; /* of either family: both have the port at one place */
    socklen_t size = sizeof(bound);

    if (getsockname(file, (struct sockaddr *)&bound, &size))
        return;
    for (; addresses; addresses = addresses->ai_next)
        *port_of(addresses->ai_addr) = bound.sin6_port;
}

static bool is_same(const struct addrinfo *left, const struct addrinfo *right)
{
    return left->ai_addrlen == right->ai_addrlen && memcmp(left->ai_addr, right->ai_addr, left->ai_addrlen) == 0;
}

/* A name may have an address twice, and one of a family that this machine does not have. */
static int listen_to_all(struct addrinfo *addresses, int files[ADDRESSES_MAX], size_t *ret_count)
{
    bool alone = is_alone(addresses);

    for (struct addrinfo *address = addresses; address && *ret_count < ADDRESSES_MAX; address = address->ai_next) {
        const struct addrinfo *twin = addresses;

        while (twin != address && !is_same(twin, address))
            twin = twin->ai_next;
        if (twin != address)
            continue;
        files[*ret_count] = bind_to(address, alone);
        if (files[*ret_count] < 0 && errno != EADDRNOTAVAIL && errno != EAFNOSUPPORT)
            return -1;
        if (files[*ret_count] >= 0)
            share_port(files[(*ret_count)++], addresses);
    }
    return *ret_count ? 0 : -1;
}

int address_listen(const char *text, int files[ADDRESSES_MAX], size_t *ret_count, struct error *error)
{
    struct addrinfo *addresses = NULL;
    size_t count = 0;

    if (address_parse(text, &addresses, error))
        return -1;
    if (listen_to_all(addresses, files, &count)) {
        error_set(error, ANT_LISTEN_FAILED, "could not listen on \"%s\": %m", text);
        error_hint(error, "give another address as --listen; ss -ltnp shows which process has this one");
        while (count)
            close(files[--count]);
        freeaddrinfo(addresses);
        return -1;
    }
    freeaddrinfo(addresses);
    *ret_count = count;
    return 0;
}

int address_check(const char *text, struct error *error)
{
    int files[ADDRESSES_MAX];
    size_t count;

    if (address_listen(text, files, &count, error))
        return -1;
    while (count)
        close(files[--count]);
    return 0;
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
    code = getaddrinfo(*host ? host : NULL, port, &wanted, ret_address);
    if (code == 0)
        return 0;
    error_set(error, ANT_LISTEN_FAILED, "could not listen on \"%s\": %s", text, gai_strerror(code));
    return error_hint(error, "check the host in --listen");
}
