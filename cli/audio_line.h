/* SPDX-License-Identifier: MIT
 *
 * One end of a sound stream for `oriel audio test`: dials or listens, packets in, packets out, nothing blocks.
 * Thread-safety: one line, one thread.
 */
#ifndef ORIEL_CLI_AUDIO_LINE_H
#define ORIEL_CLI_AUDIO_LINE_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/address.h"
#include "transport/dialer.h"
#include "transport/listener.h"
#include "wire/audio.h"

struct oriel_audio_line {
  struct oriel_transport_address address;
  struct oriel_dialer *dialer;     /* one of the two */
  struct oriel_listener *listener;
  int fd;                          /* accepted; -1 */
  struct oriel_audio_framer framer;
  uint8_t unsent[ORIEL_AUDIO_LENGTH_SIZE + ORIEL_AUDIO_PACKET_MAX]; /* of a packet that did not fit whole */
  size_t unsent_size;
  uint64_t connections, sent, dropped, malformed;
};

typedef void oriel_audio_packet_fn(void *owner, const uint8_t *packet, size_t size, uint64_t now_ns);

/** 0; -errno with one line in `why` (at least 400 bytes). */
int oriel_audio_line_open(struct oriel_audio_line *line, const struct oriel_transport_address *address,
                          bool is_listener, char *why, size_t why_size);
void oriel_audio_line_close(struct oriel_audio_line *line);
bool oriel_audio_line_is_connected(const struct oriel_audio_line *line);
/** What to poll; returns 1 or 2 entries. */
int oriel_audio_line_poll(const struct oriel_audio_line *line, struct pollfd fds[2]);
/** Goes on after that poll; packets are handed to `packet`, or dropped where it is NULL. */
void oriel_audio_line_step(struct oriel_audio_line *line, const struct pollfd *fds, uint64_t now_ns,
                           oriel_audio_packet_fn *packet, void *owner);
/** Sends one packet whole or, when the peer does not take it, not at all. */
void oriel_audio_line_send(struct oriel_audio_line *line, const uint8_t *packet, size_t size, uint64_t now_ns);
/** Why nobody is connected, for the user; static. */
const char *oriel_audio_line_why(const struct oriel_audio_line *line);

#endif
