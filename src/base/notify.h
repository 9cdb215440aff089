/*
 * What a service manager such as systemd is told: ready, alive, stopping, and a line of status, by the protocol of
 * sd_notify(3): a datagram of assignments, one a line, to the socket that $NOTIFY_SOCKET names. Without that variable
 * nothing is told and nothing fails.
 */
#ifndef ANTENNA_BASE_NOTIFY_H
#define ANTENNA_BASE_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"

/** Whether a manager listens. */
bool notify_wanted(void);

/**
 * Sends assignments, such as "READY=1\nSTATUS=reads"; sd_notify(3) has the list. Returns false when the manager is busy
 * and its queue full: send it again. Any other failure is logged, as the job goes on without. Safe from every thread.
 */
bool notify_send(const char *format, ...) printf_like(1, 2);

/**
 * How often the job is to say that it is alive, in milliseconds: a quarter of the time after which the manager takes it
 * for dead ($WATCHDOG_USEC, for this process by $WATCHDOG_PID). 0: never.
 */
int64_t notify_alive_interval_ms(void);

/** Says that the job is alive, unless it said so within that interval. For one thread of the process. */
void notify_alive(void);

#endif
