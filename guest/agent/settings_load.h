/* SPDX-License-Identifier: MIT
 *
 * Where settings come from: /etc/oriel/agent.conf, then the user's agent.conf, then the command line; the later wins.
 * Thread-safety: main thread.
 */
#ifndef ORIEL_GUEST_AGENT_SETTINGS_LOAD_H
#define ORIEL_GUEST_AGENT_SETTINGS_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "guest/agent/settings.h"

/** Defaults, files, arguments. `--config FILE` reads that file instead of the two. 0; -EINVAL with one line in `why`
 * (at least AGENT_WHY_SIZE); -errno of a file that is there and cannot be read, also with `why`. */
int agent_settings_load(struct agent_settings *settings, int argc, char *const argv[], char *why, size_t why_size);
/** Reads one file's text, for which `shown` stands in errors. 0, -EINVAL. */
int agent_settings_parse(struct agent_settings *settings, const char *shown, const char *text, size_t size, char *why,
                         size_t why_size);
/** Path of the user's own file; false where neither XDG_CONFIG_HOME nor HOME says. */
bool agent_settings_user_file(char *path, size_t size);

#endif
