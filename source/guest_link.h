/* SPDX-License-Identifier: MIT
 *
 * One address of guest_audio, listened at or dialed, with the one stream that lives there: the newest. Its thread
 * alone.
 */
#ifndef ORIEL_SOURCE_GUEST_LINK_H
#define ORIEL_SOURCE_GUEST_LINK_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "transport/address.h"

enum { GUEST_LINK_POLLS = 2, GUEST_LINK_TEXT = 300 };

struct guest_link {
  struct oriel_transport_address address;
  char text[GUEST_LINK_TEXT]; /* the address, for people */
  struct oriel_listener *listener; /* one of the two */
  struct oriel_dialer *dialer;
  uint64_t dialer_failures;
  int fd; /* of the listener's newest; -1 = none */
  bool is_connected;
  uint64_t connections; /* rises when another stream begins */
  uint64_t retry_at_ns; /* nobody is taken in before, for want of descriptors or memory; 0 = no such time */
};

/** 0 or -errno with `why`. */
int guest_link_open(struct guest_link *link, const char *text, bool dial_unix, char *why, size_t why_size);
/** Also for one that is all zero. */
void guest_link_finish(struct guest_link *link);
/** Always GUEST_LINK_POLLS entries; unused ones have fd -1. */
void guest_link_poll(const struct guest_link *link, bool wants_write, struct pollfd polls[GUEST_LINK_POLLS]);
int guest_link_timeout_ms(const struct guest_link *link, uint64_t now_ns);
/** Takes new streams in, goes on with dialing. */
void guest_link_step(struct guest_link *link, const struct pollfd polls[GUEST_LINK_POLLS], uint64_t now_ns);
/** The live stream's file; -1 = none. */
int guest_link_fd(const struct guest_link *link);
/** As oriel_stream_*: other errors than -EAGAIN mean that the stream has ended and is closed. */
ssize_t guest_link_receive(struct guest_link *link, void *data, size_t size, uint64_t now_ns);
ssize_t guest_link_send(struct guest_link *link, const void *data, size_t size, uint64_t now_ns);
/** Ends the stream. */
void guest_link_drop(struct guest_link *link, uint64_t now_ns);

#endif
