/* SPDX-License-Identifier: MIT
 *
 * Who may connect: how many connections there may be in all and of one address, and who gives way to a newcomer. With
 * TLS the relays are counted, from accept to the close of their descriptors, without it the HTTP connections; viewers
 * are counted as viewers.
 *
 * Thread-safety: the loop thread only.
 */
#ifndef ORIEL_SERVER_ADMISSION_H
#define ORIEL_SERVER_ADMISSION_H

#include <stdbool.h>
#include <sys/socket.h>

struct oriel_connections;
struct oriel_proxies;
struct oriel_relays;

/** Whose connections are counted; all borrowed. */
struct oriel_admission {
  struct oriel_connections *connections;
  const struct oriel_relays *relays; /* NULL without TLS */
  const struct oriel_proxies *proxies;
};

/** Whether one more connection from this address is within the limits, if need be after the one that has waited longest
 *  without showing a credential was ended. Counts what it ends and what it refuses. */
bool oriel_admission_admits(const struct oriel_admission *admission, const struct sockaddr *address);

#endif
