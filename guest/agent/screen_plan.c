/* SPDX-License-Identifier: MIT
 *
 * From outputs to places. Any thread.
 */
#include "guest/agent/screen_plan.h"

#include <string.h>

/** Whether the output prefers a size that it did not when it was last seen. */
static bool is_news(const struct agent_screen_memory *memory, const struct agent_screen_output *output) {
  for (size_t i = 0; i < memory->count; i++)
    if (memory->seen[i].id == output->id)
      return memory->seen[i].width != output->preferred_width || memory->seen[i].height != output->preferred_height;
  return true;
}

/** Who is not connected is forgotten: it is news when it comes back. */
static void remember(struct agent_screen_memory *memory, const struct agent_screen *screen) {
  memory->count = 0;
  for (size_t i = 0; i < screen->count; i++)
    if (screen->outputs[i].is_connected) {
      memory->seen[memory->count].id = screen->outputs[i].id;
      memory->seen[memory->count].width = screen->outputs[i].preferred_width;
      memory->seen[memory->count++].height = screen->outputs[i].preferred_height;
    }
}

/** Left of the other: what is in use, by its place; then the rest. */
static bool is_before(const struct agent_screen_output *one, const struct agent_screen_output *other) {
  if ((one->mode != 0) != (other->mode != 0))
    return one->mode != 0;
  return one->mode != 0 && one->x < other->x;
}

static void sort(const struct agent_screen *screen, const struct agent_screen_output *order[AGENT_SCREEN_OUTPUTS]) {
  for (size_t i = 0; i < screen->count; i++) {
    size_t at = i;
    for (; at > 0 && is_before(&screen->outputs[i], order[at - 1]); at--)
      order[at] = order[at - 1];
    order[at] = &screen->outputs[i];
  }
}

/** Where one output goes, at `x`. False: it stays out of it. */
static bool place(const struct agent_screen_output *output, bool is_wanted, uint32_t x,
                  struct agent_screen_place *place) {
  const bool needs_mode = output->is_connected && is_wanted && output->preferred != 0 &&
                          (output->mode == 0 || output->width != output->preferred_width ||
                           output->height != output->preferred_height);
  *place = (struct agent_screen_place){.output = output->id, .crtc = output->crtc, .x = (int16_t)x};
  if (needs_mode) {
    place->crtc = output->crtc != 0 ? output->crtc : output->free_crtc;
    place->mode = output->preferred;
    place->width = output->preferred_width;
    place->height = output->preferred_height;
  } else if (output->is_connected && output->mode != 0) {
    place->mode = output->mode;
    place->width = output->width;
    place->height = output->height;
  }
  return place->crtc != 0 && (place->mode != 0 || output->mode != 0);
}

enum agent_screen_verdict agent_screen_plan(const struct agent_screen *screen, struct agent_screen_memory *memory,
                                            struct agent_screen_plan *plan) {
  const struct agent_screen_output *order[AGENT_SCREEN_OUTPUTS];
  struct agent_screen_plan made = {.count = 0};
  bool is_other = false;
  uint32_t width = 0, height = 0;
  sort(screen, order);
  for (size_t i = 0; i < screen->count; i++) {
    struct agent_screen_place *at = &made.places[made.count];
    if (width > INT16_MAX || !place(order[i], is_news(memory, order[i]), width, at))
      continue;
    made.count++;
    is_other |= at->mode != order[i]->mode;
    width += at->width;
    height = at->height > height ? at->height : height;
  }
  remember(memory, screen);
  if (!is_other || width == 0)
    return AGENT_SCREEN_RIGHT;
  if (width > screen->width_most || height > screen->height_most)
    return AGENT_SCREEN_BEYOND;
  made.width = (uint16_t)width;
  made.height = (uint16_t)height;
  *plan = made;
  return AGENT_SCREEN_CHANGE;
}
