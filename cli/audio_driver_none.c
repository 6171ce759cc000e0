/* SPDX-License-Identifier: MIT
 *
 * Where there is no CoreAudio there is no driver to ask. Main thread.
 */
#include "cli/audio_driver.h"

#include <errno.h>
#include <stdio.h>

static int refuse(char *why, size_t why_size) {
  snprintf(why, why_size, "OrielAudio.driver runs on macOS only: run this on the Mac, or set the agent here");
  return -ENOSYS;
}

int oriel_audio_driver_status(char *text, size_t size, char *why, size_t why_size) {
  (void)text, (void)size;
  return refuse(why, why_size);
}

int oriel_audio_driver_set(const char *lines, char *text, size_t size, char *why, size_t why_size) {
  (void)lines, (void)text, (void)size;
  return refuse(why, why_size);
}
