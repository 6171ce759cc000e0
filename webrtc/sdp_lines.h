/* SPDX-License-Identifier: MIT
 *
 * A description as lines "x=value", of bytes that come from outside. Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_SDP_LINES_H
#define ORIEL_WEBRTC_SDP_LINES_H

#include <stdbool.h>
#include <stddef.h>

enum { ORIEL_SDP_LINE_MAX = 1024 };

/** Text that does not end with a zero; borrowed from the description. */
struct oriel_sdp_text {
  const char *at;
  size_t size;
};

struct oriel_sdp_lines {
  struct oriel_sdp_text rest;
  const char *fault; /* a sentence, once a line is none; NULL = so far they are */
};

/** The next line's letter, and what stands behind "x="; '\0' at the end, and at a fault. Lines end with CRLF or LF,
 *  hold no control characters, and are at most ORIEL_SDP_LINE_MAX bytes long. */
char oriel_sdp_lines_next(struct oriel_sdp_lines *lines, struct oriel_sdp_text *value);

/** Takes what stands before `separator`, or all of it, off the front, and the separator with it. */
struct oriel_sdp_text oriel_sdp_take(struct oriel_sdp_text *text, char separator);
/** Whether it begins with `prefix`, which is then taken off. */
bool oriel_sdp_skip(struct oriel_sdp_text *text, const char *prefix);
/** Whether it is `word`; of `fold`, whatever the case of its letters. */
bool oriel_sdp_is(struct oriel_sdp_text text, const char *word);
bool oriel_sdp_is_fold(struct oriel_sdp_text text, const char *word);
/** Copies it with a zero behind; false when it is longer than `size` - 1, or has nothing in it. */
bool oriel_sdp_copy(struct oriel_sdp_text text, char *copy, size_t size);

#endif
