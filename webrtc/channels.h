/* SPDX-License-Identifier: MIT
 *
 * Data channels of one peer (RFC 8831, RFC 8832): it opens them by label, of which the owner names those that it takes.
 * One channel a label; what has another label, or one that is open, is refused by resetting its stream, and so is a
 * stream on which something comes that was never opened. Messages are taken one by one, so that whoever takes none lets
 * the peer wait.
 *
 * Thread-safety: none; one thread for all of them, see sctp.h.
 */
#ifndef ORIEL_WEBRTC_CHANNELS_H
#define ORIEL_WEBRTC_CHANNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ORIEL_CHANNELS_MAX = 8 };

enum oriel_channel_event_type {
  ORIEL_CHANNEL_OPENED,
  ORIEL_CHANNEL_MESSAGE,
  ORIEL_CHANNEL_CLOSED,  /* by the peer, or with all the others because it is gone */
  ORIEL_CHANNEL_REFUSED, /* a channel that the peer opened */
  ORIEL_CHANNEL_STRAY,   /* a message that is of no channel, or means nothing: dropped */
};

struct oriel_channel_event {
  enum oriel_channel_event_type type;
  unsigned channel;    /* of the first three: place of its label in the owner's table */
  const uint8_t *data; /* MESSAGE: what it says; REFUSED: the label, as it came. Borrowed until the next call */
  size_t size;         /* bytes, at most ORIEL_SCTP_MESSAGE_MAX */
};

struct oriel_channels;

/** Begins with a peer whose SCTP has this port. `labels` ends with NULL, has at most ORIEL_CHANNELS_MAX, and is
 *  borrowed for its life. As oriel_sctp_create. */
int oriel_channels_create(uint16_t port, const char *const *labels, uint64_t now_ns, struct oriel_channels **channels);
/** Sends nothing. NULL is fine. */
void oriel_channels_destroy(struct oriel_channels *channels);
/** Takes a packet of SCTP; afterwards ask for events, then for packets. */
void oriel_channels_receive(struct oriel_channels *channels, const uint8_t *data, size_t size, uint64_t now_ns);
/** The next packet to send, at most ORIEL_SCTP_PACKET_MAX bytes: its size; 0 = none. */
size_t oriel_channels_next(struct oriel_channels *channels, uint8_t *packet);
bool oriel_channels_has_packet(const struct oriel_channels *channels);
/** The next thing that happened; false: nothing did. */
bool oriel_channels_take(struct oriel_channels *channels, struct oriel_channel_event *event);
/** Whether something may have. */
bool oriel_channels_has_event(const struct oriel_channels *channels);
/** Says a text of 0 to ORIEL_SCTP_MESSAGE_MAX bytes in an open channel. 0; -EAGAIN: the peer takes less than waits, try
 *  again later; -EMSGSIZE; -ENOTCONN: it is not open. */
int oriel_channels_say(struct oriel_channels *channels, unsigned channel, const char *text, size_t size);

#endif
