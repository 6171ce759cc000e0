/* SPDX-License-Identifier: MIT
 *
 * The clipboard between a guest and a host over a byte stream, both directions alike: `u32` big-endian length 1..1 MiB,
 * then that many bytes of UTF-8; no handshake. A length of 0 or above 1 MiB ends the connection; a text that is not
 * UTF-8, or holds a NUL, is skipped. A text that both ends have already is not sent, so that nothing echoes. Behind a
 * serial port nobody sees who comes: there a text that is one NUL is a knock, which says that somebody is there.
 * Documented in docs/protocols/clipboard.md.
 *
 * This is one end without its I/O: what comes is cut into texts, what is to go waits for room. It holds at most four
 * texts: one coming in, one on its way out, the next one, and the last that both ends have.
 *
 * Thread-safety: one object, one thread.
 */
#ifndef ORIEL_WIRE_CLIPBOARD_STREAM_H
#define ORIEL_WIRE_CLIPBOARD_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  ORIEL_CLIPBOARD_TEXT_MAX = 1 << 20, /* bytes */
  ORIEL_CLIPBOARD_LENGTH_SIZE = 4,
  ORIEL_CLIPBOARD_PORT = 5002, /* vsock: guest to host; the host listens */
};

/** A text of the stream's own; `bytes` NULL = none. */
struct oriel_clipboard_bytes {
  uint8_t *bytes;
  size_t size;
};

/** Zero-initialised; finish frees. */
struct oriel_clipboard_stream {
  uint8_t length[ORIEL_CLIPBOARD_LENGTH_SIZE]; /* of the text that comes in */
  size_t have;                                 /* bytes of it and its length */
  struct oriel_clipboard_bytes in;             /* `size` is the room so far: it grows with what comes */
  uint64_t due_ns;                             /* when it must have ended; 0 = none has begun, or is_lost was not asked */
  struct oriel_clipboard_bytes out, next;      /* with their lengths in front */
  size_t sent;                                 /* of out */
  struct oriel_clipboard_bytes last;           /* came or was put last */
};

/** Frees what it holds: it is as new then, for another connection. */
void oriel_clipboard_stream_finish(struct oriel_clipboard_stream *stream);
/** The ends may not have the same any more: this one's clipboard got something else that was not put. A text that they
 *  had is taken and put again. */
void oriel_clipboard_stream_forget(struct oriel_clipboard_stream *stream);

/** Takes from *data, *size (both advanced) up to the end of one text. 1: *text (lent until the next call) is *text_size
 *  bytes of UTF-8 which this end did not have; 0: all was taken, more is needed; -EILSEQ: a text was skipped that is no
 *  UTF-8, and -ENOMSG: it was a knock, call again; -EBADMSG: a length out of range, and -ENOMEM: the connection must be closed. Room for a text is
 *  made as its bytes come. What was to go and has not begun is forgotten with a text that comes: that is the newer. */
int oriel_clipboard_stream_take(struct oriel_clipboard_stream *stream, const uint8_t **data, size_t *size,
                                const char **text, size_t *text_size);
/** To be asked once what came was taken, and at due_ns: whether a text has been on its way for half a minute. The place
 *  in the stream is lost then (a serial port whose peer was replaced), or the peer plays: its owner closes it. */
bool oriel_clipboard_stream_is_lost(struct oriel_clipboard_stream *stream, uint64_t now_ns);

/** Queues a text, copied, behind the one on its way; one that waits there already is replaced, and so is one of which
 *  nothing was sent. 0; -EALREADY: the other end has it; -EMSGSIZE (no bytes, or more than 1 MiB); -EILSEQ (no UTF-8,
 *  or a NUL); -ENOMEM. */
int oriel_clipboard_stream_put(struct oriel_clipboard_stream *stream, const char *text, size_t size);
/** Queues a knock, unless something waits to go that says as much. 0, -ENOMEM. */
int oriel_clipboard_stream_knock(struct oriel_clipboard_stream *stream);
/** Bytes to be sent next, lent until the next call, and how many; 0: there are none. */
size_t oriel_clipboard_stream_due(const struct oriel_clipboard_stream *stream, const uint8_t **bytes);
/** `size` of them were. */
void oriel_clipboard_stream_sent(struct oriel_clipboard_stream *stream, size_t size);

#endif
