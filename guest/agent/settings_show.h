/* SPDX-License-Identifier: MIT
 *
 * Settings for people. Thread-safety: main thread.
 */
#ifndef ORIEL_GUEST_AGENT_SETTINGS_SHOW_H
#define ORIEL_GUEST_AGENT_SETTINGS_SHOW_H

#include <stdio.h>

#include "guest/agent/settings.h"

/** Prints what is in force, in the form of the file. */
void agent_settings_print(const struct agent_settings *settings, FILE *file);
void agent_settings_help(FILE *file);

#endif
