/* SPDX-License-Identifier: MIT
 *
 * The facts' names. Any thread.
 */
#include "source/facts.h"

#include <stddef.h>

const char *oriel_source_state_name(enum oriel_source_state state) {
  switch (state) {
  case ORIEL_SOURCE_CONNECTING:
    return "connecting";
  case ORIEL_SOURCE_RUNNING:
    return "running";
  case ORIEL_SOURCE_PAUSED:
    return "paused";
  case ORIEL_SOURCE_GONE:
    return "gone";
  }
  return "unknown";
}

const char *oriel_source_display_name(enum oriel_source_display display) {
  static const char *const names[] = {
    [ORIEL_DISPLAY_SHOWN] = "shown", [ORIEL_DISPLAY_OFF] = "off", [ORIEL_DISPLAY_REFUSED] = "refused"};
  return (size_t)display < sizeof names / sizeof *names ? names[display] : "unknown";
}
