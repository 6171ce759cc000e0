/* SPDX-License-Identifier: MIT
 *
 * Options as they are kept. Any thread.
 */
#include "cli/options.h"

#include <stdlib.h>

const char *oriel_command_name(enum oriel_command command) {
  switch (command) {
  case ORIEL_CLI_RUN: return "run";
  case ORIEL_CLI_SERVE: return "serve";
  case ORIEL_CLI_DOCTOR: return "doctor";
  case ORIEL_CLI_CONFIG: return "config";
  }
  return "unknown";
}

void oriel_options_finish(struct oriel_options *options) {
  for (unsigned i = 0; i < options->desktop_count; i++)
    oriel_desktop_options_finish(&options->desktops[i]);
  free(options->desktops);
  oriel_desktop_options_finish(&options->defaults);
  oriel_texts_finish(&options->texts);
  options->desktops = NULL;
  options->desktop_count = 0;
}
