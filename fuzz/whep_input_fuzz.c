/* SPDX-License-Identifier: MIT
 *
 * Messages of the data channel `input`.
 */
#include <stdlib.h>
#include <string.h>

#include "server/whep_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct oriel_viewer_in *event) {
  switch (event->type) {
  case ORIEL_VIEWER_POINTER:
  case ORIEL_VIEWER_MOTION:
  case ORIEL_VIEWER_WHEEL:
    break;
  case ORIEL_VIEWER_BUTTON:
    if (event->button.button > 4)
      abort();
    break;
  case ORIEL_VIEWER_KEY:
    if (!event->key.usage)
      abort();
    break;
  default:
    abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct oriel_whep_input input = {.video_width = 640, .video_height = 360, .width = 1280, .height = 720};
  struct oriel_viewer_in events[ORIEL_WHEP_INPUT_EVENTS];
  for (unsigned i = 0; i < 3; i++) { /* what is left of one goes into the next */
    const char *why = NULL;
    const int count = oriel_whep_input_parse(&input, data, size, events, &why);
    if (count > ORIEL_WHEP_INPUT_EVENTS || (count < 0) != (why != NULL))
      abort();
    for (int at = 0; at < count; at++)
      check(&events[at]);
  }
  return 0;
}
