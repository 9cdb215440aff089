/* Where the server listens: the value of --listen. */
#ifndef ANTENNA_METRICS_ADDRESS_H
#define ANTENNA_METRICS_ADDRESS_H

#include <netdb.h>

#include "base/attributes.h"
#include "base/error.h"

/**
 * Reads `HOST:PORT`, `[IPV6]:PORT` or `PORT`, which is one of 127.0.0.1, and looks the host up. A host must be named to
 * be reached from elsewhere: `0.0.0.0:PORT` or `[::]:PORT`, the latter for IPv4 too. Errors: ERROR_USAGE; ERROR_MISTAKE
 * for a host that is not known. Free with freeaddrinfo().
 */
int address_parse(const char *text, struct addrinfo **ret_address, struct error *error) must_check;

#endif
