/* SPDX-License-Identifier: MIT
 *
 * Addresses and names of IP, of Darwin's C library; see driver/darwin/libc.h.
 */
#ifndef ORIEL_DARWIN_LIBC_NETWORK_H
#define ORIEL_DARWIN_LIBC_NETWORK_H

#include "driver/darwin/libc/socket.h"

/* netinet/in.h, netinet/tcp.h, arpa/inet.h, netdb.h, net/if.h */
typedef uint16_t in_port_t;
typedef uint32_t in_addr_t;
struct in_addr {
  in_addr_t s_addr;
};
struct in6_addr {
  union {
    uint8_t __u6_addr8[16];
    uint16_t __u6_addr16[8];
    uint32_t __u6_addr32[4];
  } __u6_addr;
};
extern const struct in6_addr in6addr_any, in6addr_loopback;
#define s6_addr __u6_addr.__u6_addr8
struct sockaddr_in {
  uint8_t sin_len;
  sa_family_t sin_family;
  in_port_t sin_port;
  struct in_addr sin_addr;
  char sin_zero[8];
};
struct sockaddr_in6 {
  uint8_t sin6_len;
  sa_family_t sin6_family;
  in_port_t sin6_port;
  uint32_t sin6_flowinfo;
  struct in6_addr sin6_addr;
  uint32_t sin6_scope_id;
};
struct addrinfo {
  int ai_flags, ai_family, ai_socktype, ai_protocol;
  socklen_t ai_addrlen;
  char *ai_canonname;
  struct sockaddr *ai_addr;
  struct addrinfo *ai_next;
};
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_IPV6 41
#define IPV6_V6ONLY 27
#define TCP_NODELAY 0x01
#define INADDR_ANY 0x00000000u
#define INADDR_LOOPBACK 0x7f000001u
#define INET_ADDRSTRLEN 16
#define INET6_ADDRSTRLEN 46
#define AI_PASSIVE 0x00000001
#define AI_NUMERICHOST 0x00000004
#define AI_ADDRCONFIG 0x00000400
#define AI_NUMERICSERV 0x00001000
#define EAI_AGAIN 2
#define EAI_FAIL 4
#define EAI_MEMORY 6
#define EAI_NONAME 8
#define EAI_SYSTEM 11
#define NI_NUMERICHOST 0x00000002
#define NI_NUMERICSERV 0x00000008
#define htons(x) ((uint16_t)__builtin_bswap16((uint16_t)(x)))
#define ntohs(x) htons(x)
#define htonl(x) __builtin_bswap32(x)
#define ntohl(x) htonl(x)
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **result);
void freeaddrinfo(struct addrinfo *result);
const char *gai_strerror(int error);
int inet_pton(int family, const char *text, void *address);
const char *inet_ntop(int family, const void *address, char *text, socklen_t size);
unsigned if_nametoindex(const char *name);

#endif
