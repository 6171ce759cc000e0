/* SPDX-License-Identifier: MIT
 *
 * The clipboard on a byte stream: the first byte says how the rest is cut into reads. Texts do not depend on the cuts,
 * are well-formed and bounded, and what one end sends of them the other takes.
 */
#include "wire/clipboard_stream.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/hash.h"
#include "core/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
  unsigned texts, skipped, knocks;
  uint64_t hash;
  int result;
};

/* There and back: a text that came is one that goes. */
static void send_on(const char *text, size_t size) {
  struct oriel_clipboard_stream from = {.have = 0}, to = {.have = 0};
  const uint8_t *bytes = NULL;
  const char *taken = NULL;
  size_t taken_size = 0;
  if (oriel_clipboard_stream_put(&from, text, size) != 0)
    abort();
  size_t due = oriel_clipboard_stream_due(&from, &bytes);
  if (due != size + ORIEL_CLIPBOARD_LENGTH_SIZE ||
      oriel_clipboard_stream_take(&to, &bytes, &due, &taken, &taken_size) != 1 || due != 0 || taken_size != size ||
      memcmp(taken, text, size) != 0)
    abort();
  oriel_clipboard_stream_finish(&from);
  oriel_clipboard_stream_finish(&to);
}

static void look(struct seen *seen, const char *text, size_t size) {
  if (size < 1 || size > ORIEL_CLIPBOARD_TEXT_MAX || !oriel_utf8_valid(text, size))
    abort();
  seen->texts++;
  seen->hash = seen->hash * 31 + oriel_hash(text, size);
  send_on(text, size);
}

static struct seen cut(const uint8_t *data, size_t size, size_t step) {
  struct oriel_clipboard_stream stream = {.have = 0};
  struct seen seen = {.result = 0};
  for (size_t at = 0; at < size && seen.result == 0; at += step) {
    const uint8_t *next = data + at;
    size_t left = size - at < step ? size - at : step, text_size;
    const char *text;
    while ((seen.result = oriel_clipboard_stream_take(&stream, &next, &left, &text, &text_size)) == 1 ||
           seen.result == -EILSEQ || seen.result == -ENOMSG) {
      if (seen.result == 1)
        look(&seen, text, text_size);
      else
        ++*(seen.result == -ENOMSG ? &seen.knocks : &seen.skipped);
    }
    if (stream.in.size > ORIEL_CLIPBOARD_TEXT_MAX || (seen.result == 0 && left))
      abort();
  }
  oriel_clipboard_stream_finish(&stream);
  return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2)
    return 0;
  const struct seen whole = cut(data + 1, size - 1, size - 1);
  const struct seen parts = cut(data + 1, size - 1, data[0] ? data[0] : 1);
  if (whole.texts != parts.texts || whole.skipped != parts.skipped || whole.knocks != parts.knocks ||
      whole.hash != parts.hash ||
      whole.result != parts.result)
    abort();
  return 0;
}
