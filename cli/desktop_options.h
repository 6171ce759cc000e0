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
  ORIEL_LIST_MAX = 32,
  ORIEL_DESKTOPS_MAX = 1024,
  ORIEL_DESKTOP_NAME_SIZE = 64, /* 1 to 63 characters and the NUL */
};

/** Words of a list option. `words` is NULL-terminated; they lie in the options' texts. */
struct oriel_list {
  const char *words[ORIEL_LIST_MAX + 1];
  size_t count;
};

struct oriel_desktop_options {
  char name[ORIEL_DESKTOP_NAME_SIZE]; /* "" = the only desktop, given by its address alone */
  const char *address;
  const char *token, *token_file, *view_token, *view_token_file; /* its own, beside the server's; NULL = none */
  const char *encoder;
  struct oriel_list audio_listen;
  const char *audio_udp_listen, *audio_microphone; /* NULL = none */
  bool audio_passthru;
  enum oriel_control control;
  unsigned fps, bitrate_kbps, audio_frame_ms, viewers_max;
  unsigned line;    /* of its section in the configuration file; 0 = it is of another place */
  uint64_t given;   /* rows of the table that it was given itself, a bit each */
  struct oriel_texts texts; /* of every string above */
};

/** 1 to 63 of [a-z0-9._-], of which the first is a letter or a digit. */
bool oriel_desktop_name_valid(const char *name);
/** Sets row `index` of the option table from `text`; `shown` is the option as the user wrote it. 0; -EINVAL, -ENOMEM
 *  with a sentence in `why`. */
int oriel_desktop_options_set(struct oriel_desktop_options *desktop, int index, const char *shown, const char *text,
                              char *why, size_t why_size);
/** Reads "ADDRESS[,key=value]...", in which a backslash takes a special meaning from what follows: "\," is a comma. 0;
 *  -EINVAL, -ENOMEM with a sentence in `why` that names the desktop by the name that is set before. */
int oriel_desktop_options_read(struct oriel_desktop_options *desktop, const char *text, char *why, size_t why_size);
/** Copies what was not given from `defaults`. 0, -ENOMEM. */
int oriel_desktop_options_inherit(struct oriel_desktop_options *desktop, const struct oriel_desktop_options *defaults);
/** Whether all is there and fits together. 0; -EINVAL with a sentence in `why`. */
int oriel_desktop_options_check(const struct oriel_desktop_options *desktop, char *why, size_t why_size);
/** A deep copy into `copy`, which is overwritten. 0; -ENOMEM, then there is nothing to finish. */
int oriel_desktop_options_copy(const struct oriel_desktop_options *desktop, struct oriel_desktop_options *copy);
/** Same name, address and values; where they were given does not matter. */
bool oriel_desktop_options_equal(const struct oriel_desktop_options *a, const struct oriel_desktop_options *b);
void oriel_desktop_options_finish(struct oriel_desktop_options *desktop);

#endif
