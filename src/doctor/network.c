#include "doctor/network.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/address.h"

#define PORT_TEXT_SIZE 12

/* Waits until the connection is there. Returns 0, or the errno of its failure. */
static int await_connection(int file)
{
    struct pollfd wait = {.fd = file, .events = POLLOUT};
    int failure = 0;
    socklen_t size = sizeof(failure);

    if (poll(&wait, 1, NETWORK_TIMEOUT_MS) <= 0)
        return ETIMEDOUT;
    if (getsockopt(file, SOL_SOCKET, SO_ERROR, &failure, &size))
        return errno;
    return failure;
}

/* Returns 0, or the errno of the failure. */
static int try_address(const struct addrinfo *address)
{
    int file = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), failure = 0;

    if (file < 0)
        return errno;
    if (connect(file, address->ai_addr, address->ai_addrlen))
        failure = errno == EINPROGRESS ? await_connection(file) : errno;
    close(file);
    return failure;
}

static bool is_local(const struct addrinfo *address)
{
    struct sockaddr_storage storage = {0};

    memcpy(&storage, address->ai_addr, address->ai_addrlen);
    return address_is_local(&storage);
}

int network_reach(const char *host, int port, bool *ret_local, struct error *error)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *addresses;
    char service[PORT_TEXT_SIZE];
    int failure;

    snprintf(service, sizeof(service), "%d", port);
    failure = getaddrinfo(host, service, &hints, &addresses);
    if (failure)
        return error_set(error, ANT_KAFKA_UNAVAILABLE, "%s",
                         failure == EAI_SYSTEM ? strerror(errno) : gai_strerror(failure));
    failure = EADDRNOTAVAIL;
    for (const struct addrinfo *address = addresses; address && failure; address = address->ai_next) {
        failure = try_address(address);
        if (!failure)
            *ret_local = is_local(address);
    }
    freeaddrinfo(addresses);
    return failure ? error_set(error, ANT_KAFKA_UNAVAILABLE, "%s", strerror(failure)) : 0;
}
