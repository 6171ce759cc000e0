/* SPDX-License-Identifier: MIT
 *
 * One setting: its names, what it may be, where it goes. Main thread.
 */
#ifndef ORIEL_GUEST_AGENT_SETTING_H
#define ORIEL_GUEST_AGENT_SETTING_H

#include <stdbool.h>
#include <stddef.h>

#include "guest/agent/settings.h"

enum setting_type { NAME, END, STREAM, RATE, CHANNELS, NUMBER_OF_CHANNELS, BITRATE, FRAME, SHM, SOCKET, SCREEN, LEVEL, FLAG };

struct setting {
  const char *key, *value, *allowed, *help;
  const char *alias; /* the same setting in the macOS driver's property list */
  enum setting_type type;
  size_t offset;
};

/** All there are, in the order of the help. */
extern const struct setting agent_setting_table[];
extern const size_t agent_setting_count;

/** By either spelling; NULL: there is none. */
const struct setting *agent_setting_find(const char *key, size_t length);
/** Both spellings of a setting, whichever `word` of `length` bytes is: the agent's and the macOS driver's. False: there
 * is none. */
bool agent_settings_names(const char *word, size_t length, const char **key, const char **alias);
/** Sets it to `text`. `shown` says where that stands: "--rate" or "/etc/oriel/agent.conf:3: rate". 0; -EINVAL with a
 * line in `why`. */
int agent_setting_set(struct agent_settings *settings, const struct setting *setting, const char *shown,
                      const char *text, char *why, size_t why_size);

#endif
