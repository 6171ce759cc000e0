/* SPDX-License-Identifier: MIT
 *
 * Texts on a byte stream. Its owner's thread.
 */
#include "wire/clipboard_stream.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/clock.h"
#include "core/utf8.h"

enum {
  LENGTH_SIZE = ORIEL_CLIPBOARD_LENGTH_SIZE,
  ROOM_FIRST = 4096, /* doubles up to the text's length: a length alone costs its sender's peer nothing */
};
static const uint64_t patience_ns = 30 * ORIEL_NS_PER_SECOND; /* 1 MiB over a serial port of 400 kbit/s takes 21 s */

/* Wiped first, through volatile so that no compiler finds that nobody reads it: it may be a password. */
static void drop(struct oriel_clipboard_bytes *of) {
  volatile uint8_t *bytes = of->bytes;
  for (size_t i = 0; i < of->size; i++)
    bytes[i] = 0;
  free(of->bytes);
  *of = (struct oriel_clipboard_bytes){.bytes = NULL};
}

static bool is_length(size_t size) {
  return size >= 1 && size <= ORIEL_CLIPBOARD_TEXT_MAX;
}

void oriel_clipboard_stream_finish(struct oriel_clipboard_stream *stream) {
  drop(&stream->in);
  drop(&stream->out);
  drop(&stream->next);
  drop(&stream->last);
  *stream = (struct oriel_clipboard_stream){.have = 0};
}

/* The newest of what was to go goes first. */
static void advance(struct oriel_clipboard_stream *stream) {
  drop(&stream->out);
  stream->out = stream->next;
  stream->next = (struct oriel_clipboard_bytes){.bytes = NULL};
  stream->sent = 0;
}

void oriel_clipboard_stream_forget(struct oriel_clipboard_stream *stream) {
  drop(&stream->last);
}

/* ---- in ---- */

/* Moves bytes to `out` until `until` of the message are there. True when they are. */
static bool fill(struct oriel_clipboard_stream *stream, size_t until, uint8_t *out, const uint8_t **data,
                 size_t *size) {
  const size_t missing = until - stream->have, taken = missing < *size ? missing : *size;
  if (taken)
    memcpy(out, *data, taken);
  stream->have += taken;
  *data += taken;
  *size -= taken;
  return taken == missing;
}

static int make_room(struct oriel_clipboard_stream *stream, size_t length) {
  const size_t doubled = stream->in.size ? 2 * stream->in.size : ROOM_FIRST;
  const size_t room = doubled < length ? doubled : length;
  uint8_t *bytes = malloc(room); /* not realloc, which would leave a copy behind */
  if (!bytes)
    return -ENOMEM;
  if (stream->in.size)
    memcpy(bytes, stream->in.bytes, stream->in.size);
  drop(&stream->in);
  stream->in = (struct oriel_clipboard_bytes){bytes, room};
  return 0;
}

/* 1: the whole text is there; 0; -ENOMEM. */
static int fill_text(struct oriel_clipboard_stream *stream, size_t length, const uint8_t **data, size_t *size) {
  while (*size) {
    const size_t have = stream->have - LENGTH_SIZE;
    if (have == stream->in.size && make_room(stream, length) < 0)
      return -ENOMEM;
    if (fill(stream, LENGTH_SIZE + stream->in.size, stream->in.bytes + have, data, size) && stream->in.size == length)
      return 1;
  }
  return 0;
}

static bool is_last(const struct oriel_clipboard_stream *stream, const void *text, size_t size) {
  return stream->last.bytes && stream->last.size == size && memcmp(stream->last.bytes, text, size) == 0;
}

/* What waits to go is older than what has come: sent behind it, it would take its place at the other end. */
static void forget_older(struct oriel_clipboard_stream *stream) {
  drop(&stream->next);
  if (!stream->sent)
    drop(&stream->out);
}

/* What has come becomes the last that both ends have, and is lent from there. */
static int complete(struct oriel_clipboard_stream *stream, const char **text, size_t *text_size) {
  struct oriel_clipboard_bytes in = stream->in;
  stream->in = (struct oriel_clipboard_bytes){.bytes = NULL};
  stream->have = 0;
  stream->due_ns = 0;
  const bool is_knock = in.size == 1 && in.bytes[0] == 0;
  if (is_knock || !oriel_utf8_valid(in.bytes, in.size)) {
    drop(&in);
    return is_knock ? -ENOMSG : -EILSEQ;
  }
  const bool is_known = is_last(stream, in.bytes, in.size);
  if (!is_known)
    forget_older(stream);
  drop(&stream->last);
  stream->last = in;
  *text = (const char *)in.bytes;
  *text_size = in.size;
  return !is_known;
}

int oriel_clipboard_stream_take(struct oriel_clipboard_stream *stream, const uint8_t **data, size_t *size,
                                const char **text, size_t *text_size) {
  int result;
  do {
    if (stream->have < LENGTH_SIZE && !fill(stream, LENGTH_SIZE, stream->length + stream->have, data, size))
      return 0;
    struct oriel_reader reader;
    oriel_reader_init(&reader, stream->length, sizeof stream->length);
    /* Stays when it is wrong, so that every further call says so too. */
    const size_t length = oriel_read_u32_be(&reader);
    if (!is_length(length))
      return -EBADMSG;
    result = fill_text(stream, length, data, size);
    if (result <= 0)
      return result;
    result = complete(stream, text, text_size);
  } while (result == 0); /* known already */
  return result;
}

bool oriel_clipboard_stream_is_lost(struct oriel_clipboard_stream *stream, uint64_t now_ns) {
  if (!stream->have)
    stream->due_ns = 0;
  else if (!stream->due_ns)
    stream->due_ns = now_ns + patience_ns;
  return stream->due_ns && now_ns >= stream->due_ns;
}

/* ---- out ---- */

static int make_message(const char *text, size_t size, struct oriel_clipboard_bytes *message) {
  uint8_t *bytes = malloc(LENGTH_SIZE + size);
  if (!bytes)
    return -ENOMEM;
  struct oriel_writer writer;
  oriel_writer_init(&writer, bytes, LENGTH_SIZE + size);
  oriel_write_u32_be(&writer, (uint32_t)size);
  oriel_write_bytes(&writer, text, size);
  *message = (struct oriel_clipboard_bytes){bytes, LENGTH_SIZE + size};
  return 0;
}

static int remember(struct oriel_clipboard_stream *stream, const char *text, size_t size) {
  uint8_t *bytes = malloc(size);
  if (!bytes)
    return -ENOMEM;
  memcpy(bytes, text, size);
  drop(&stream->last);
  stream->last = (struct oriel_clipboard_bytes){bytes, size};
  return 0;
}

int oriel_clipboard_stream_put(struct oriel_clipboard_stream *stream, const char *text, size_t size) {
  if (!is_length(size))
    return -EMSGSIZE;
  if (!oriel_utf8_valid(text, size))
    return -EILSEQ;
  if (is_last(stream, text, size))
    return -EALREADY;
  struct oriel_clipboard_bytes message;
  int error = make_message(text, size, &message);
  if (error < 0)
    return error;
  error = remember(stream, text, size);
  if (error < 0) {
    drop(&message);
    return error;
  }
  drop(&stream->next);
  stream->next = message;
  if (!stream->sent)
    advance(stream);
  return 0;
}

int oriel_clipboard_stream_knock(struct oriel_clipboard_stream *stream) {
  return stream->out.bytes ? 0 : make_message("", 1, &stream->out);
}

size_t oriel_clipboard_stream_due(const struct oriel_clipboard_stream *stream, const uint8_t **bytes) {
  if (!stream->out.bytes)
    return 0;
  *bytes = stream->out.bytes + stream->sent;
  return stream->out.size - stream->sent;
}

void oriel_clipboard_stream_sent(struct oriel_clipboard_stream *stream, size_t size) {
  assert(size <= stream->out.size - stream->sent);
  stream->sent += size;
  if (stream->sent == stream->out.size)
    advance(stream);
}
