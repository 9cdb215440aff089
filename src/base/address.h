/* Addresses of sockets. */
#ifndef ANTENNA_BASE_ADDRESS_H
#define ANTENNA_BASE_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

#define PORT_MAX 65535

/** Whether what is sent there stays on this machine: a loopback address, or a socket that has a path. */
bool address_is_local(const struct sockaddr_storage *address);

#endif
