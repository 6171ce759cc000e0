/* SPDX-License-Identifier: MIT
 *
 * From a viewer's bytes to whole messages: wslay takes the frames apart, this assembles the few fragments that are
 * allowed. A message is at most 64 KiB over all its fragments and at most 64 fragments, and memory is taken only for
 * bytes that came, never for a length that was promised (lesson 31). Thread-safety: one owner, the loop thread.
 */
#ifndef ORIEL_SERVER_INBOX_H
#define ORIEL_SERVER_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
  ORIEL_INBOX_FRAGMENTS_MAX = 64,
  ORIEL_INBOX_SMALL = 256,           /* input messages are far below it and need no allocation */
  ORIEL_INBOX_TURN_MAX = 64 * 1024,  /* bytes read before other viewers get their turn; and what is pending then */
  ORIEL_CONTROL_MAX = 125,           /* RFC 6455 section 5.5 */
};

/** Where whole messages go. A slot that returns false ends reading: its owner is closing. */
struct oriel_inbox_ops {
  /** Every frame that starts, before anything is kept of it; for rate limits. */
  bool (*frame)(void *user);
  bool (*message)(void *user, const uint8_t *data, size_t size);
  bool (*ping)(void *user, const uint8_t *data, size_t size);
  /** The peer's close frame; code 0 when it had none. */
  void (*close)(void *user, uint16_t code);
  /** recv(2)'s result: bytes, 0 at the end, -EAGAIN, other -errno. */
  ssize_t (*read)(void *user, uint8_t *data, size_t size);
  /** Bytes that `read` has and that no descriptor announces: they are read, too, once the turn is over. Optional: 0. */
  size_t (*pending)(void *user);
};

struct wslay_frame_context;

struct oriel_inbox {
  const struct oriel_inbox_ops *ops;
  void *user;
  struct wslay_frame_context *frames;
  size_t turn_left;
  int read_status; /* 0, or why the last read gave nothing */
  /* The frame being read. */
  bool in_frame, fin;
  uint8_t opcode;
  uint64_t frame_left;
  /* The message being put together. */
  bool in_message;
  unsigned fragments;
  uint8_t *data; /* `small`, or allocated */
  size_t size, capacity;
  /* The control frame being read; it may come in the middle of a message. */
  uint8_t control[ORIEL_CONTROL_MAX];
  size_t control_size;
  uint8_t small[ORIEL_INBOX_SMALL];
};

/** `ops` and `user` are borrowed for the inbox's life. 0, -ENOMEM. */
int oriel_inbox_init(struct oriel_inbox *inbox, const struct oriel_inbox_ops *ops, void *user);
void oriel_inbox_finish(struct oriel_inbox *inbox);
/** Reads what is there, at most ORIEL_INBOX_TURN_MAX bytes and what is pending behind them. 0 = the peer goes on; 1 = a
 *  slot ended reading, or the close frame came; -ECONNRESET = end of the stream; -EBADMSG = not what RFC 6455 or our
 *  limits allow; -ENOMEM. */
int oriel_inbox_read(struct oriel_inbox *inbox);

#endif
