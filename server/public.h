/* SPDX-License-Identifier: MIT
 *
 * The address under which browsers know this server when a proxy stands before it: https://host[:port][/path/].
 * Thread-safety: immutable after parse.
 */
#ifndef ORIEL_SERVER_PUBLIC_H
#define ORIEL_SERVER_PUBLIC_H

#include <stdbool.h>
#include <stdint.h>

enum { ORIEL_PUBLIC_HOST_MAX = 262, ORIEL_PUBLIC_PATH_MAX = 128 };

struct oriel_public {
  bool tls;
  uint16_t port;
  /* as a Host header has it: lower case, the port only where it is not the scheme's */
  char host[ORIEL_PUBLIC_HOST_MAX];
  char origin[ORIEL_PUBLIC_HOST_MAX + 8];  /* "https://vm.example:8443" */
  char path[ORIEL_PUBLIC_PATH_MAX];        /* "/" or "/vms/one/": begins and ends with a slash */
};

/** Parses an http or https URL: a name, an IPv4 or a bracketed IPv6 address, a port from 1 on, a path of letters,
 *  digits, - . _ ~ and / without empty or dotted parts; no user, query or fragment. 0, -EINVAL. */
int oriel_public_parse(const char *url, struct oriel_public *address);
/** The path behind ours, with its slash: a proxy may pass ours on or take it away. "/vms/one/ws" and "/ws" are both
 *  "/ws"; what lies elsewhere is itself. Borrowed from `path`. */
const char *oriel_public_inner(const struct oriel_public *address, const char *path);

#endif
