#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

/* The network 127.0.0.0/8, also where IPv6 writes an address of IPv4. */
#define LOOPBACK_BYTE 127
#define MAPPED_BEGIN 12

bool address_is_local(const struct sockaddr_storage *address)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;

    switch (address->ss_family) {
    case AF_UNIX:
        return true;
    case AF_INET:
        memcpy(&v4, address, sizeof(v4));
        return ntohl(v4.sin_addr.s_addr) >> 24 == LOOPBACK_BYTE;
    case AF_INET6:
        memcpy(&v6, address, sizeof(v6));
        return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) && v6.sin6_addr.s6_addr[MAPPED_BEGIN] == LOOPBACK_BYTE);
    default:
        return false;
    }
}
