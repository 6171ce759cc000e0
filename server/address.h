/* SPDX-License-Identifier: MIT
 *
 * Socket addresses: the listening one from its text, and a client's in one canonical form, so that "::ffff:127.0.0.1"
 * and "127.0.0.1" are the same client everywhere (lesson 37). Thread-safety: stateless.
 */
#ifndef ORIEL_SERVER_ADDRESS_H
#define ORIEL_SERVER_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ORIEL_ADDRESS_TEXT_MAX = 64 }; /* "[" 45 bytes of IPv6 "]:65535" and the final 0 */

/** What a failure count belongs to: an IPv4 address as IPv4-mapped IPv6, or the /64 of an IPv6 address, since one
 *  subscriber holds at least a whole /64 (RFC 6177). */
struct oriel_address_key {
  uint8_t bytes[16];
};

/** Parses "127.0.0.1:8080", "[::1]:0" or "localhost:8080" (127.0.0.1); IPv4-mapped addresses become IPv4. 0,
 *  -EINVAL. */
int oriel_address_parse(const char *text, struct sockaddr_storage *address, socklen_t *size);
/** Binds a non-blocking listening socket. 0 with the socket in *fd (the caller closes it) and the bound address (its
 *  port filled in) in *bound, or -errno; `why` then holds one sentence for the user. */
int oriel_address_listen(const char *text, int *fd, struct sockaddr_storage *bound, char *why, size_t why_size);
/** Takes over a listening socket that somebody else bound. Outputs and errors as above; closed on failure. */
int oriel_address_adopt(int socket, int *fd, struct sockaddr_storage *bound, char *why, size_t why_size);
/** Port, or 0 for families other than IPv4 and IPv6. */
uint16_t oriel_address_port(const struct sockaddr *address);
/** 127.0.0.0/8, ::1, and their mapped forms. */
bool oriel_address_loopback(const struct sockaddr *address);
void oriel_address_key(const struct sockaddr *address, struct oriel_address_key *key);
/** "192.0.2.1:80" or "[2001:db8::1]:80", IPv4-mapped addresses as IPv4; "unknown" for other families. */
void oriel_address_text(const struct sockaddr *address, char text[ORIEL_ADDRESS_TEXT_MAX]);

#endif
