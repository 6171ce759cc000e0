/* SPDX-License-Identifier: MIT
 *
 * Receiving WebSocket messages. Loop thread.
 *
 * wslay's frame layer is used and not its event layer: the latter keeps every fragment and every unsent pong in a list
 * of its own, without a bound on their number.
 */
#include "server/inbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "wire/viewer.h"

static ssize_t receive(uint8_t *data, size_t size, int flags, void *user) {
  (void)flags;
  struct oriel_inbox *inbox = user;
  size_t most = inbox->turn_left;
  if (most == 0 && inbox->ops->pending)
    most = inbox->ops->pending(inbox->user);
  if (size > most)
    size = most;
  if (size == 0) { /* the turn is over; the socket stays readable */
    inbox->read_status = -EAGAIN;
    return -1;
  }
  ssize_t count = inbox->ops->read(inbox->user, data, size);
  if (count <= 0) {
    inbox->read_status = count == 0 ? -ECONNRESET : (int)count;
    return -1;
  }
  inbox->turn_left -= (size_t)count < inbox->turn_left ? (size_t)count : inbox->turn_left;
  return count;
}

int oriel_inbox_init(struct oriel_inbox *inbox, const struct oriel_inbox_ops *ops, void *user) {
  static const struct wslay_frame_callbacks callbacks = {.recv_callback = receive};
  *inbox = (struct oriel_inbox){.ops = ops, .user = user, .capacity = sizeof inbox->small};
  inbox->data = inbox->small;
  return wslay_frame_context_init(&inbox->frames, &callbacks, inbox) == 0 ? 0 : -ENOMEM;
}

/* It may have been a token or a secret. */
static void drop_message(struct oriel_inbox *inbox) {
  explicit_bzero(inbox->data, inbox->size);
  if (inbox->data != inbox->small)
    free(inbox->data);
  inbox->data = inbox->small;
  inbox->capacity = sizeof inbox->small;
  inbox->size = 0;
  inbox->fragments = 0;
  inbox->in_message = false;
}

void oriel_inbox_finish(struct oriel_inbox *inbox) {
  if (!inbox->frames)
    return;
  drop_message(inbox);
  wslay_frame_context_free(inbox->frames);
  inbox->frames = NULL;
}

static bool is_control(uint8_t opcode) {
  return opcode & 8;
}

/** Whether a frame may start here. */
static int start_frame(struct oriel_inbox *inbox, const struct wslay_frame_iocb *frame) {
  if (!frame->mask || frame->rsv != WSLAY_RSV_NONE)
    return -EBADMSG;
  switch (frame->opcode) {
  case WSLAY_BINARY_FRAME:
    if (inbox->in_message)
      return -EBADMSG;
    inbox->in_message = true;
    break;
  case WSLAY_CONTINUATION_FRAME:
    if (!inbox->in_message)
      return -EBADMSG;
    break;
  case WSLAY_CONNECTION_CLOSE:
  case WSLAY_PING:
  case WSLAY_PONG:
    if (!frame->fin || frame->payload_length > ORIEL_CONTROL_MAX)
      return -EBADMSG;
    inbox->control_size = 0;
    break;
  default: /* text is not part of the protocol; the rest is reserved */
    return -EBADMSG;
  }
  if (!is_control(frame->opcode) && (++inbox->fragments > ORIEL_INBOX_FRAGMENTS_MAX ||
                                     frame->payload_length > ORIEL_VIEWER_MESSAGE_MAX - inbox->size))
    return -EBADMSG;
  inbox->in_frame = true;
  inbox->fin = frame->fin;
  inbox->opcode = frame->opcode;
  inbox->frame_left = frame->payload_length;
  return 0;
}

/** Room for `more` bytes, which have arrived: doubling, up to the largest message. */
static int grow(struct oriel_inbox *inbox, size_t more) {
  if (more <= inbox->capacity - inbox->size)
    return 0;
  size_t capacity = inbox->capacity;
  while (capacity - inbox->size < more)
    capacity *= 2;
  uint8_t *data = malloc(capacity);
  if (!data)
    return -ENOMEM;
  memcpy(data, inbox->data, inbox->size);
  explicit_bzero(inbox->data, inbox->size);
  if (inbox->data != inbox->small)
    free(inbox->data);
  inbox->data = data;
  inbox->capacity = capacity;
  return 0;
}

static int take_bytes(struct oriel_inbox *inbox, const uint8_t *data, size_t size) {
  if (size > inbox->frame_left)
    return -EBADMSG;
  if (size) {
    if (is_control(inbox->opcode)) {
      memcpy(inbox->control + inbox->control_size, data, size);
      inbox->control_size += size;
    } else {
      int status = grow(inbox, size);
      if (status < 0)
        return status;
      memcpy(inbox->data + inbox->size, data, size);
      inbox->size += size;
    }
  }
  inbox->frame_left -= size;
  return 0;
}

/** Network order (RFC 6455 section 5.5.1); 0 when the frame has none. */
static uint16_t close_code(const struct oriel_inbox *inbox) {
  if (inbox->control_size < 2)
    return 0;
  return (uint16_t)(inbox->control[0] << 8 | inbox->control[1]);
}

static int end_control(struct oriel_inbox *inbox) {
  switch (inbox->opcode) {
  case WSLAY_PING:
    return inbox->ops->ping(inbox->user, inbox->control, inbox->control_size) ? 0 : 1;
  case WSLAY_CONNECTION_CLOSE:
    if (inbox->control_size == 1)
      return -EBADMSG;
    inbox->ops->close(inbox->user, close_code(inbox));
    return 1;
  default: /* a pong nobody asked for means nothing (RFC 6455 section 5.5.3) */
    return 0;
  }
}

static int end_frame(struct oriel_inbox *inbox) {
  inbox->in_frame = false;
  if (is_control(inbox->opcode))
    return end_control(inbox);
  if (!inbox->fin)
    return 0;
  bool more = inbox->ops->message(inbox->user, inbox->data, inbox->size);
  drop_message(inbox);
  return more ? 0 : 1;
}

/** One piece of a frame from wslay. */
static int take_piece(struct oriel_inbox *inbox, const struct wslay_frame_iocb *frame) {
  int status = 0;
  if (!inbox->in_frame) {
    if (!inbox->ops->frame(inbox->user))
      return 1;
    status = start_frame(inbox, frame);
  }
  if (status == 0)
    status = take_bytes(inbox, frame->data, frame->data_length);
  if (status == 0 && inbox->frame_left == 0)
    status = end_frame(inbox);
  return status;
}

int oriel_inbox_read(struct oriel_inbox *inbox) {
  inbox->turn_left = ORIEL_INBOX_TURN_MAX;
  for (;;) {
    struct wslay_frame_iocb frame = {0};
    inbox->read_status = 0;
    ssize_t count = wslay_frame_recv(inbox->frames, &frame);
    if (count == WSLAY_ERR_WANT_READ) {
      if (inbox->read_status == 0)
        continue; /* bytes came, but not yet a whole frame header */
      return inbox->read_status == -EAGAIN ? 0 : -ECONNRESET;
    }
    if (count < 0)
      return -EBADMSG;
    int status = take_piece(inbox, &frame);
    if (status != 0)
      return status;
  }
}
