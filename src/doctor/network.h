/* Whether an address can be reached from here. */
#ifndef ANTENNA_DOCTOR_NETWORK_H
#define ANTENNA_DOCTOR_NETWORK_H

#include <stdbool.h>

#include "base/attributes.h"
#include "base/error.h"

/** Milliseconds that an address has to answer. */
#define NETWORK_TIMEOUT_MS 3000

/**
 * Connects to a TCP port, by each address of the host in turn, and closes the connection. `ret_local` is whether it
 * stays on this machine. Error: ERROR_UNAVAILABLE with the reason of the last address.
 */
int network_reach(const char *host, int port, bool *ret_local, struct error *error) must_check;

#endif
