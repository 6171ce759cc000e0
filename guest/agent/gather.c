/* SPDX-License-Identifier: MIT
 *
 * A text piece by piece. Clipboard thread.
 */
#include "guest/agent/gather.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clipboard.h"
#include "core/clock.h"

enum { ROOM_FIRST = 4096 };

void agent_gather_begin(struct agent_gather *gather, uint64_t now_ns) {
  agent_gather_end(gather);
  gather->due_ns = now_ns + AGENT_SELECTION_PATIENCE_MS * ORIEL_NS_PER_MS;
}

bool agent_gather_is_on(const struct agent_gather *gather) {
  return gather->due_ns != 0;
}

bool agent_gather_is_due(const struct agent_gather *gather, uint64_t now_ns) {
  return gather->due_ns != 0 && now_ns >= gather->due_ns;
}

/** Not realloc, which would leave a copy where the bytes were. */
static int grow(struct agent_gather *gather, size_t size) {
  size_t room = gather->room ? gather->room : ROOM_FIRST;
  while (room < size)
    room *= 2;
  uint8_t *bytes = malloc(room);
  if (!bytes)
    return -ENOMEM;
  if (gather->size > 0)
    memcpy(bytes, gather->bytes, gather->size);
  if (gather->bytes)
    explicit_bzero(gather->bytes, gather->room);
  free(gather->bytes);
  gather->bytes = bytes;
  gather->room = room;
  return 0;
}

int agent_gather_add(struct agent_gather *gather, const void *bytes, size_t size) {
  if (size > ORIEL_CLIPBOARD_MAX - gather->size)
    return -EMSGSIZE;
  if (size > gather->room - gather->size && grow(gather, gather->size + size) < 0)
    return -ENOMEM;
  if (size > 0)
    memcpy(gather->bytes + gather->size, bytes, size);
  gather->size += size;
  return 0;
}

void agent_gather_restart(struct agent_gather *gather) {
  const uint64_t due_ns = gather->due_ns;
  agent_gather_end(gather);
  gather->due_ns = due_ns;
}

bool agent_gather_is(const struct agent_gather *gather, const char *word) {
  return gather->size == strlen(word) && memcmp(gather->bytes, word, gather->size) == 0;
}

void agent_gather_tell(struct agent_gather *gather, const struct agent_selection_sink *sink) {
  struct oriel_packet *text = NULL;
  const int error = oriel_clipboard_create(gather->bytes, gather->size, &text);
  agent_gather_end(gather);
  if (error < 0)
    sink->refused(sink->owner, AGENT_SELECTION_NO_TEXT);
  else
    sink->copied(sink->owner, text);
  oriel_packet_unref(text);
}

void agent_gather_end(struct agent_gather *gather) {
  if (gather->bytes)
    explicit_bzero(gather->bytes, gather->room);
  free(gather->bytes);
  *gather = (struct agent_gather){.bytes = NULL};
}

void agent_gather_earlier(int *timeout_ms, uint64_t due_ns, uint64_t now_ns) {
  if (due_ns == 0)
    return;
  const int left_ms = now_ns >= due_ns ? 0 : (int)((due_ns - now_ns) / ORIEL_NS_PER_MS) + 1;
  if (*timeout_ms < 0 || left_ms < *timeout_ms)
    *timeout_ms = left_ms;
}
