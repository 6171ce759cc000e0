/* SPDX-License-Identifier: MIT
 *
 * The syntax of a configuration file, which is that of systemd's units (systemd.syntax(7)): sections "[server]" and
 * "[desktop NAME]", entries "key = value", comments from # or ; at the beginning of a line, and a backslash at its end
 * that stands for a space and the next line. Quotes and other backslashes are part of the value. What the sections and
 * keys mean is the caller's. Pure. Thread-safety: reentrant.
 */
#ifndef ORIEL_CLI_CONFIG_H
#define ORIEL_CLI_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

enum {
  ORIEL_CONFIG_SIZE_MAX = 1 << 20, /* bytes of a file: 1024 desktops of 1 KiB */
  ORIEL_CONFIG_ENTRY_MAX = 8192,   /* bytes of an entry with its continued lines */
};

/** A section's beginning, or an entry of it. Texts are valid during the call. */
struct oriel_config_item {
  unsigned line;            /* where it begins, from 1 */
  const char *section;      /* "server", "desktop" */
  const char *argument;     /* of the section: "web"; "" = none */
  const char *key, *value;  /* NULL at a section's beginning */
};

struct oriel_config_reader {
  void *user;
  /** 0; below it `why` (at least 512 bytes) is what is wrong with it. */
  int (*item)(void *user, const struct oriel_config_item *item, char *why, size_t why_size);
  /** What is wrong in a line. True: the rest is read all the same. */
  bool (*problem)(void *user, unsigned line, const char *why);
};

/** Reads a file's text. Entries of a section that was refused are left out. 0; -EINVAL when there was a problem. */
int oriel_config_read(const char *text, size_t size, const struct oriel_config_reader *reader);

#endif
