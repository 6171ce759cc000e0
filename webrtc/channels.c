/* SPDX-License-Identifier: MIT
 *
 * Which channel is which stream. One thread.
 */
#include "webrtc/channels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "webrtc/dcep.h"
#include "webrtc/sctp.h"

struct channel {
  bool open, unordered;
  uint16_t stream;
};

struct oriel_channels {
  struct oriel_sctp *sctp;
  const char *const *labels;
  unsigned count;
  struct channel list[ORIEL_CHANNELS_MAX]; /* by label */
  uint64_t refused;                        /* streams that we ended, and the peer has not yet */
  char refused_label[ORIEL_DCEP_LABEL_MAX + 1];
};

int oriel_channels_create(uint16_t port, const char *const *labels, uint64_t now_ns, struct oriel_channels **out) {
  struct oriel_channels *channels = calloc(1, sizeof *channels);
  if (!channels)
    return -ENOMEM;
  channels->labels = labels;
  while (channels->count < ORIEL_CHANNELS_MAX && labels[channels->count])
    channels->count++;
  const int status = oriel_sctp_create(port, now_ns, &channels->sctp);
  if (status < 0) {
    free(channels);
    return status;
  }
  *out = channels;
  return 0;
}

void oriel_channels_destroy(struct oriel_channels *channels) {
  if (!channels)
    return;
  oriel_sctp_destroy(channels->sctp);
  free(channels);
}

/* ---- packets ---- */

void oriel_channels_receive(struct oriel_channels *channels, const uint8_t *data, size_t size, uint64_t now_ns) {
  oriel_sctp_receive(channels->sctp, data, size, now_ns);
}

size_t oriel_channels_next(struct oriel_channels *channels, uint8_t *packet) {
  return oriel_sctp_next(channels->sctp, packet);
}

bool oriel_channels_has_packet(const struct oriel_channels *channels) {
  return oriel_sctp_has_packet(channels->sctp);
}

bool oriel_channels_has_event(const struct oriel_channels *channels) {
  return oriel_sctp_has_message(channels->sctp);
}

/* ---- opening and closing ---- */

/** The open channel of a stream; NULL = it is none's. */
static struct channel *find(struct oriel_channels *channels, uint16_t stream) {
  for (unsigned i = 0; i < channels->count; i++) {
    if (channels->list[i].open && channels->list[i].stream == stream)
      return &channels->list[i];
  }
  return NULL;
}

/** The channel of a label; NULL = there is none, or it is open. */
static struct channel *find_free(struct oriel_channels *channels, const char *label) {
  for (unsigned i = 0; i < channels->count; i++) {
    if (strcmp(channels->labels[i], label) == 0)
      return channels->list[i].open ? NULL : &channels->list[i];
  }
  return NULL;
}

static unsigned index_of(const struct oriel_channels *channels, const struct channel *channel) {
  return (unsigned)(channel - channels->list);
}

/* The peer answers with a reset of its own, which is not answered again: two who did would never end. */
static void refuse(struct oriel_channels *channels, uint16_t stream) {
  channels->refused |= UINT64_C(1) << stream;
  oriel_sctp_reset(channels->sctp, stream);
}

static bool close_channel(struct channel *channel, struct oriel_channels *channels,
                          struct oriel_channel_event *event) {
  channel->open = false;
  *event = (struct oriel_channel_event){.type = ORIEL_CHANNEL_CLOSED, .channel = index_of(channels, channel)};
  return true;
}

static void refuse_label(struct oriel_channels *channels, uint16_t stream, const struct oriel_dcep_open *open,
                         struct oriel_channel_event *event) {
  refuse(channels, stream);
  memcpy(channels->refused_label, open->label, sizeof channels->refused_label);
  *event = (struct oriel_channel_event){.type = ORIEL_CHANNEL_REFUSED,
                                        .data = (const uint8_t *)channels->refused_label,
                                        .size = strlen(channels->refused_label)};
}

static void open_channel(struct oriel_channels *channels, uint16_t stream, const struct oriel_dcep_open *open,
                         struct oriel_channel_event *event) {
  static const uint8_t answer = ORIEL_DCEP_ACK;
  struct channel *channel = find_free(channels, open->label);
  if (!channel ||
      oriel_sctp_send(channels->sctp, stream, ORIEL_DCEP_CONTROL, false, &answer, sizeof answer) < 0) {
    refuse_label(channels, stream, open, event);
    return;
  }
  *channel = (struct channel){.open = true, .unordered = open->unordered, .stream = stream};
  *event = (struct oriel_channel_event){.type = ORIEL_CHANNEL_OPENED, .channel = index_of(channels, channel)};
}

static bool take_reset(struct oriel_channels *channels, uint16_t stream, struct oriel_channel_event *event) {
  const uint64_t bit = UINT64_C(1) << stream;
  struct channel *channel = find(channels, stream);
  if (!channel) {
    channels->refused &= ~bit;
    return false;
  }
  oriel_sctp_reset(channels->sctp, stream);
  return close_channel(channel, channels, event);
}

/* ---- messages ---- */

/** What is none of an open channel: it opens one, or its stream is ended. */
static void take_of_nobody(struct oriel_channels *channels, const struct oriel_sctp_message *message,
                           struct oriel_channel_event *event) {
  struct oriel_dcep_open open;
  *event = (struct oriel_channel_event){.type = ORIEL_CHANNEL_STRAY};
  if (channels->refused >> message->stream & 1)
    return; /* it left before the peer knew */
  if (message->kind == ORIEL_DCEP_CONTROL &&
      oriel_dcep_parse(message->data, message->size, &open) == ORIEL_DCEP_OPENS)
    open_channel(channels, message->stream, &open, event);
  else
    refuse(channels, message->stream);
}

static void take_of_channel(const struct oriel_channels *channels, const struct channel *channel,
                            const struct oriel_sctp_message *message, struct oriel_channel_event *event) {
  *event = (struct oriel_channel_event){.type = ORIEL_CHANNEL_MESSAGE, .channel = index_of(channels, channel),
                                        .data = message->data, .size = message->size};
  switch (message->kind) {
  case ORIEL_DCEP_TEXT:
  case ORIEL_DCEP_BINARY:
    break;
  case ORIEL_DCEP_TEXT_EMPTY:
  case ORIEL_DCEP_BINARY_EMPTY:
    event->size = 0;
    break;
  default:
    *event = (struct oriel_channel_event){.type = ORIEL_CHANNEL_STRAY};
  }
}

bool oriel_channels_take(struct oriel_channels *channels, struct oriel_channel_event *event) {
  struct oriel_sctp_message message;
  while (oriel_sctp_take(channels->sctp, &message)) {
    if (message.reset) {
      if (take_reset(channels, message.stream, event))
        return true;
      continue;
    }
    const struct channel *channel = find(channels, message.stream);
    if (channel)
      take_of_channel(channels, channel, &message, event);
    else
      take_of_nobody(channels, &message, event);
    return true;
  }
  return false;
}

int oriel_channels_say(struct oriel_channels *channels, unsigned channel, const char *text, size_t size) {
  const struct channel *said = channel < channels->count ? &channels->list[channel] : NULL;
  if (!said || !said->open)
    return -ENOTCONN;
  if (!size)
    return oriel_sctp_send(channels->sctp, said->stream, ORIEL_DCEP_TEXT_EMPTY, said->unordered, "", 1);
  return oriel_sctp_send(channels->sctp, said->stream, ORIEL_DCEP_TEXT, said->unordered, text, size);
}
