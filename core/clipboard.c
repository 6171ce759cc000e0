/* SPDX-License-Identifier: MIT
 *
 * A clipboard's text. Pure; any thread.
 */
#include "core/clipboard.h"

#include <errno.h>
#include <string.h>

#include "core/utf8.h"

int oriel_clipboard_check(const void *text, size_t size) {
  if (size == 0)
    return -ENODATA;
  if (size > ORIEL_CLIPBOARD_MAX)
    return -EMSGSIZE;
  return oriel_utf8_valid(text, size) ? 0 : -EILSEQ;
}

int oriel_clipboard_create(const void *text, size_t size, struct oriel_packet **packet) {
  const int error = oriel_clipboard_check(text, size);
  if (error)
    return error;
  struct oriel_packet *made = oriel_packet_create(ORIEL_PACKET_CLIPBOARD, size);
  if (!made)
    return -ENOMEM;
  memcpy(made->data, text, size);
  *packet = made;
  return 0;
}

bool oriel_clipboard_equal(const struct oriel_packet *one, const struct oriel_packet *other) {
  return one && other && one->size == other->size && !memcmp(one->data, other->data, one->size);
}
