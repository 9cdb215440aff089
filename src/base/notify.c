#include "base/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"

#define MESSAGE_SIZE 1024

/* Notifications within the watchdog's time. systemd advises half of it (sd_watchdog_enabled(3)); a quarter allows for
 * one that is lost, as when the manager's queue is full. */
#define ALIVE_PER_WATCHDOG 4

/* The path of the manager's socket; NULL without a manager. */
static const char *socket_path(void)
{
    const char *path = getenv("NOTIFY_SOCKET");

    return path && *path ? path : NULL;
}

bool notify_wanted(void)
{
    return socket_path();
}

/* A path, or with @ before it a name in the abstract namespace (unix(7)). Returns the address's size, 0: too long. */
static socklen_t set_address(struct sockaddr_un *address, const char *path)
{
    size_t size = strlen(path);

    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (size >= sizeof(address->sun_path))
        return 0;
    memcpy(address->sun_path, path, size);
    if (path[0] == '@')
        address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
}

/* Does not wait for a manager that does not read. Returns 0, or -1 with errno. */
static int send_to(const char *path, const char *message)
{
    struct sockaddr_un address;
    socklen_t size = set_address(&address, path);
    int file, status;

    if (size == 0) {
        errno = ENAMETOOLONG;
        return -1;
    }
    file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (file < 0)
        return -1;
    status = sendto(file, message, strlen(message), MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address, size) < 0
                 ? -1
                 : 0;
    close(file);
    return status;
}

bool notify_send(const char *format, ...)
{
    const char *path = socket_path();
    char message[MESSAGE_SIZE];
    va_list arguments;

    if (!path)
        return true;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    if (send_to(path, message) == 0)
        return true;
    if (errno == EAGAIN)
        return false;
    log_line(LEVEL_WARNING, "could not send to the service manager at \"%s\" \"%s\": %m", path, message);
    return true;
}

int64_t notify_alive_interval_ms(void)
{
    const char *microseconds = getenv("WATCHDOG_USEC"), *process = getenv("WATCHDOG_PID");

    if (!notify_wanted() || !microseconds || (process && strtol(process, NULL, 10) != getpid()))
        return 0;
    return strtoll(microseconds, NULL, 10) / US_PER_MS / ALIVE_PER_WATCHDOG;
}

void notify_alive(void)
{
    static int64_t next_ms;
    int64_t interval_ms = notify_alive_interval_ms(), now = time_monotonic_ms();

    if (interval_ms <= 0 || now < next_ms)
        return;
    if (notify_send("WATCHDOG=1"))
        next_ms = now + interval_ms;
}
