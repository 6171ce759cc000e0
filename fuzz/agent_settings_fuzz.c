/* SPDX-License-Identifier: MIT
 *
 * The agent's settings as the text of a file. What was taken, printed, gives the same settings again; what was refused
 * says why, in one line that names the file.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/agent/settings.h"
#include "guest/agent/settings_load.h"
#include "guest/agent/settings_show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** As text; owned by the caller. */
static char *print(const struct agent_settings *settings, size_t *size) {
  char *text = NULL;
  FILE *file = open_memstream(&text, size);
  if (!file)
    abort();
  agent_settings_print(settings, file);
  fclose(file);
  return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct agent_settings settings, again;
  char why[AGENT_WHY_SIZE] = "";
  agent_settings_default(&settings);
  agent_settings_default(&again);
  if (agent_settings_parse(&settings, "agent.conf", (const char *)data, size, why, sizeof why) < 0) {
    if (strncmp(why, "agent.conf:", 11) != 0 || strlen(why) >= sizeof why)
      abort();
    return 0;
  }
  if (settings.output_channels < 1 || settings.output_channels > AGENT_CHANNELS_MAX || settings.input_channels < 1 ||
      settings.input_channels > AGENT_CHANNELS_MAX || settings.bitrate_kbps < 16 || settings.bitrate_kbps > 510 ||
      !settings.output_name[0] || !settings.input_name[0])
    abort();
  size_t printed = 0, reprinted = 0;
  char *text = print(&settings, &printed);
  if (agent_settings_parse(&again, "again", text, printed, why, sizeof why) < 0)
    abort();
  char *same = print(&again, &reprinted);
  if (printed != reprinted || memcmp(text, same, printed) != 0)
    abort();
  free(same);
  free(text);
  return 0;
}
