/* Where the server listens: the value of --listen. */
#ifndef ANTENNA_METRICS_ADDRESS_H
#define ANTENNA_METRICS_ADDRESS_H

#include <netdb.h>

#include "base/attributes.h"
#include "base/error.h"

/** The addresses of a name on which the server listens at most. */
#define ADDRESSES_MAX 8

/**
 * Reads `HOST:PORT`, `[IPV6]:PORT`, `PORT`, which is one of 127.0.0.1, or `:PORT`, which is one of all addresses, and
 * looks the host up: a name may have several addresses. `[::]:PORT` is for IPv4 too. Errors: ERROR_USAGE;
 * ERROR_CONFIGURATION for a host that is not known. Free with freeaddrinfo().
 */
int address_parse(const char *text, struct addrinfo **ret_address, struct error *error) must_check;

/**
 * Listens on all addresses of the text that this machine has, with one port; the sockets are the caller's. Errors: as
 * address_parse(); ERROR_CONFIGURATION when one is in use, or there is none.
 */
int address_listen(const char *text, int files[ADDRESSES_MAX], size_t *ret_count, struct error *error) must_check;

/** Whether address_listen() would succeed now; the same errors. */
int address_check(const char *text, struct error *error) must_check;

#endif
