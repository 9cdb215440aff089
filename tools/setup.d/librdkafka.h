/*
 * Included before each source of librdkafka when the script beside it builds it: librdkafka waits until a time of the
 * wall clock. A wait during which that is set back by an hour would last an hour longer, and no heartbeat would be sent
 * meanwhile. With this it waits by the clock that nobody sets, as long as was left when the wait began.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <time.h>

#define NANOSECONDS 1000000000

static inline int wait_by_monotonic_clock(pthread_cond_t *condition, pthread_mutex_t *mutex,
                                          const struct timespec *until)
{
    struct timespec now, end;

    clock_gettime(CLOCK_REALTIME, &now);
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += until->tv_sec - now.tv_sec;
    end.tv_nsec += until->tv_nsec - now.tv_nsec;
    if (end.tv_nsec < 0) {
        end.tv_nsec += NANOSECONDS;
        end.tv_sec--;
    } else if (end.tv_nsec >= NANOSECONDS) {
        end.tv_nsec -= NANOSECONDS;
        end.tv_sec++;
    }
    /* Times before the clock's beginning are refused; there is nothing left to wait for all the same. */
    if (end.tv_sec < 0)
        end = (struct timespec){0, 0};
    return pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, &end);
}

#define pthread_cond_timedwait(condition, mutex, until) wait_by_monotonic_clock(condition, mutex, until)
