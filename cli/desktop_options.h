/* SPDX-License-Identifier: MIT
 *
 * The options of one desktop: the rows of the option table whose scope is a desktop, its name and its address.
 * Thread-safety: none.
 */
#ifndef ORIEL_CLI_DESKTOP_OPTIONS_H
#define ORIEL_CLI_DESKTOP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/texts.h"
#include "desktop/desktop.h"

enum {
  ORIEL_WORDS_MAX = 32,
  ORIEL_DESKTOPS_MAX = 1024,
  ORIEL_DESKTOP_NAME_SIZE = 64, /* 1 to 63 characters and the NUL */
};

/** Words of a list option. `words` is NULL-terminated; they lie in the options' texts. */
struct oriel_words {
  const char *words[ORIEL_WORDS_MAX + 1];
  size_t count;
};

struct oriel_desktop_options {
  char name[ORIEL_DESKTOP_NAME_SIZE]; /* "" = the only desktop, given by its address alone */
  const char *address;
  const char *token, *token_file, *view_token, *view_token_file; /* its own, beside the server's; NULL = none */
  const char *encoder;
  struct oriel_words audio_listen;
  const char *audio_udp_listen, *audio_microphone; /* NULL = none */
  const char *clipboard_listen; /* NULL = the VM's own port, where it has one */
  bool audio_passthru;
  enum oriel_control control;
  enum oriel_clipboard_way clipboard;
  unsigned fps, bitrate_kbps, cpu_percent, audio_frame_ms, viewers_max;
  unsigned line;    /* of its section in the configuration file; 0 = it is of another place */
  uint64_t given;   /* rows of the table that it was given itself, a bit each */
  struct oriel_texts texts; /* of every string above */
};

/** 1 to 63 of [a-z0-9._-], of which the first is a letter or a digit. */
bool oriel_desktop_name_valid(const char *name);
/** Whether all is there and fits together. 0; -EINVAL with a sentence in `why`. */
int oriel_desktop_options_check(const struct oriel_desktop_options *desktop, char *why, size_t why_size);
void oriel_desktop_options_finish(struct oriel_desktop_options *desktop);

#endif
