/* SPDX-License-Identifier: MIT
 *
 * What the tests of streams share: a folder of their own, a clock that only the test moves, and bounded waiting.
 */
#ifndef ORIEL_TESTS_TRANSPORT_RIG_H
#define ORIEL_TESTS_TRANSPORT_RIG_H

#include <stddef.h>
#include <stdint.h>

#include "transport/dialer.h"
#include "transport/listener.h"
#include "transport/stream.h"

struct rig {
  char folder[64];
  uint64_t now_ns;
  unsigned sigpipes; /* raised since setup; teardown fails the test when it is not 0 */
};

/* cmocka fixtures; *state is a struct rig. */
int rig_setup(void **state);
int rig_teardown(void **state);
/** Parses what the format yields; an address that is wrong fails the test. */
struct oriel_transport_address rig_address(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct oriel_dialer *rig_dialer(const struct oriel_transport_address *address);
struct oriel_listener *rig_listener(const struct oriel_transport_address *address);
/** A listener and a dialer that has found it, and the stream at the listener's end. */
struct rig_pair {
  struct oriel_listener *listener;
  struct oriel_dialer *dialer;
  int fd;
};
/** `address` may ask for port 0. */
struct rig_pair rig_pair(struct rig *rig, struct oriel_transport_address address);
/** `fd` may be closed already, and -1. */
void rig_unpair(struct rig_pair *pair);
/** One address of a UNIX socket and one of TCP, for what must be the same with both. */
void rig_addresses(struct rig *rig, struct oriel_transport_address addresses[2]);
/** A plain listening UNIX socket at the path. */
int rig_socket(const char *path);
/** Waits until poll reports one of the events, at most 5 s, or fails the test. */
void rig_wait(int fd, short events);
/** Steps, without moving the clock, until the dialer is in the state, or fails the test. */
void rig_until(struct rig *rig, struct oriel_dialer *dialer, enum oriel_stream_state state);
/** Accepts one that was announced by poll. */
int rig_accept(struct oriel_listener *listener);
/** Receives exactly so many bytes. */
void rig_read(int fd, void *data, size_t size);

#endif
