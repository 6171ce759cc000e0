/* SPDX-License-Identifier: MIT
 *
 * oriel-agent-screen: an X11 desktop follows the size that the host asks for. Runs in the desktop's session, by its
 * autostart, and ends with the X server. A program of its own, so that the sound devices need no X11. One thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xcb/randr.h>
#include <xcb/xcb.h>

#include "core/log.h"
#include "guest/agent/screen_plan.h"
#include "guest/agent/settings.h"
#include "guest/agent/settings_load.h"

#define SUBSYSTEM "agent/screen"

struct view {
  xcb_connection_t *connection;
  xcb_window_t root;
  struct agent_screen_memory memory;
  /* Of the last look. */
  struct agent_screen screen;
  xcb_timestamp_t config_time;
};

/* ---- looking ---- */

static const xcb_randr_mode_info_t *find_mode(const xcb_randr_get_screen_resources_current_reply_t *resources,
                                              xcb_randr_mode_t id) {
  xcb_randr_mode_info_iterator_t at = xcb_randr_get_screen_resources_current_modes_iterator(resources);
  for (; at.rem > 0; xcb_randr_mode_info_next(&at))
    if (at.data->id == id)
      return at.data;
  return NULL;
}

/** Whether an output of the server drives this CRTC already, or was offered it. */
static bool is_taken(const struct view *view, xcb_randr_crtc_t crtc) {
  for (size_t i = 0; i < view->screen.count; i++)
    if (view->screen.outputs[i].crtc == crtc || view->screen.outputs[i].free_crtc == crtc)
      return true;
  return false;
}

static void look_at_crtc(const struct view *view, struct agent_screen_output *output) {
  xcb_randr_get_crtc_info_reply_t *crtc = xcb_randr_get_crtc_info_reply(
    view->connection, xcb_randr_get_crtc_info(view->connection, output->crtc, view->config_time), NULL);
  if (crtc) {
    output->mode = crtc->mode;
    output->x = crtc->x;
    output->y = crtc->y;
    output->width = crtc->width;
    output->height = crtc->height;
  }
  free(crtc);
}

/** What it prefers is the first of its preferred modes; of none, the first of all, as `xrandr --auto` has it. */
static void look_at_output(struct view *view, const xcb_randr_get_screen_resources_current_reply_t *resources,
                           xcb_randr_output_t id) {
  xcb_randr_get_output_info_reply_t *info = xcb_randr_get_output_info_reply(
    view->connection, xcb_randr_get_output_info(view->connection, id, view->config_time), NULL);
  if (!info)
    return;
  struct agent_screen_output *output = &view->screen.outputs[view->screen.count];
  *output = (struct agent_screen_output){
    .id = id, .is_connected = info->connection == XCB_RANDR_CONNECTION_CONNECTED, .crtc = info->crtc};
  const xcb_randr_mode_info_t *mode =
    info->num_modes > 0 ? find_mode(resources, xcb_randr_get_output_info_modes(info)[0]) : NULL;
  if (mode) {
    output->preferred = mode->id;
    output->preferred_width = mode->width;
    output->preferred_height = mode->height;
  }
  const xcb_randr_crtc_t *crtcs = xcb_randr_get_output_info_crtcs(info);
  for (int i = 0; i < info->num_crtcs && output->crtc == 0 && output->free_crtc == 0; i++)
    if (!is_taken(view, crtcs[i]))
      output->free_crtc = crtcs[i];
  if (output->crtc != 0)
    look_at_crtc(view, output);
  view->screen.count++;
  free(info);
}

static bool look(struct view *view) {
  view->screen = (struct agent_screen){.count = 0};
  xcb_randr_get_screen_size_range_reply_t *range = xcb_randr_get_screen_size_range_reply(
    view->connection, xcb_randr_get_screen_size_range(view->connection, view->root), NULL);
  xcb_randr_get_screen_resources_current_reply_t *resources = xcb_randr_get_screen_resources_current_reply(
    view->connection, xcb_randr_get_screen_resources_current(view->connection, view->root), NULL);
  const bool has = range && resources;
  if (has) {
    view->screen.width_most = range->max_width;
    view->screen.height_most = range->max_height;
    view->config_time = resources->config_timestamp;
    const xcb_randr_output_t *outputs = xcb_randr_get_screen_resources_current_outputs(resources);
    /* Those in use first, or one of theirs would be offered to another. */
    for (int i = 0; i < resources->num_outputs && view->screen.count < AGENT_SCREEN_OUTPUTS; i++)
      look_at_output(view, resources, outputs[i]);
  }
  free(resources);
  free(range);
  return has;
}

/* ---- changing ---- */

static bool set_crtc(const struct view *view, const struct agent_screen_place *place, bool is_on) {
  xcb_randr_output_t output = place->output;
  xcb_randr_set_crtc_config_reply_t *reply = xcb_randr_set_crtc_config_reply(
    view->connection,
    xcb_randr_set_crtc_config(view->connection, place->crtc, XCB_CURRENT_TIME, view->config_time,
                              is_on ? place->x : 0, 0, is_on ? place->mode : XCB_NONE, XCB_RANDR_ROTATION_ROTATE_0,
                              is_on ? 1 : 0, &output), NULL);
  const bool is_set = reply && reply->status == XCB_RANDR_SET_CONFIG_SUCCESS;
  free(reply);
  return is_set;
}

static const struct agent_screen_output *output_of(const struct view *view, uint32_t id) {
  for (size_t i = 0; i < view->screen.count; i++)
    if (view->screen.outputs[i].id == id)
      return &view->screen.outputs[i];
  return NULL;
}

/** The X server refuses a screen that a CRTC reaches out of: what would is switched off for the moment in between. */
static bool change(const struct view *view, const struct agent_screen_plan *plan) {
  bool is_done = true;
  xcb_grab_server(view->connection);
  for (size_t i = 0; i < plan->count; i++) {
    const struct agent_screen_output *now = output_of(view, plan->places[i].output);
    if (now->mode != 0 && (plan->places[i].mode == 0 || now->x + now->width > plan->width ||
                           now->y + now->height > plan->height))
      is_done &= set_crtc(view, &plan->places[i], false);
  }
  enum { DPI_10 = 960, MM_10 = 254 };
  xcb_randr_set_screen_size(view->connection, view->root, plan->width, plan->height,
                            (uint32_t)plan->width * MM_10 / DPI_10, (uint32_t)plan->height * MM_10 / DPI_10);
  for (size_t i = 0; i < plan->count; i++)
    if (plan->places[i].mode != 0)
      is_done &= set_crtc(view, &plan->places[i], true);
  xcb_ungrab_server(view->connection);
  xcb_flush(view->connection);
  return is_done;
}

static bool is_wanted(int argc, char **argv) {
  struct agent_settings settings;
  char why[AGENT_WHY_SIZE];
  if (agent_settings_load(&settings, argc, argv, why, sizeof why) == 0)
    return settings.screen_follows;
  oriel_warn(SUBSYSTEM, "%s", why);
  return true;
}

static void follow(struct view *view, int argc, char **argv) {
  struct agent_screen_plan plan;
  if (!look(view))
    return;
  switch (agent_screen_plan(&view->screen, &view->memory, &plan)) {
  case AGENT_SCREEN_RIGHT: return;
  case AGENT_SCREEN_BEYOND: oriel_warn(SUBSYSTEM,
                                       "the size that the host asks for is larger than this X server allows: "
                                       "the screen stays as it is"); return;
  case AGENT_SCREEN_CHANGE: break;
  }
  if (!is_wanted(argc, argv)) {
    oriel_info(SUBSYSTEM,
               "a screen of %ux%u is asked for; with screen = none it stays as it is", plan.width, plan.height);
    return;
  }
  if (change(view, &plan))
    oriel_info(SUBSYSTEM, "the screen is %ux%u", plan.width, plan.height);
  else
    oriel_warn(SUBSYSTEM, "the X server refuses a screen of %ux%u", plan.width, plan.height);
}

/* ---- life ---- */

static int start(struct view *view) {
  int number = 0;
  view->connection = xcb_connect(NULL, &number);
  if (xcb_connection_has_error(view->connection)) {
    fprintf(stderr,
            "oriel-agent-screen: no X server at DISPLAY \"%s\": this is for X11 desktops, and runs in their session\n",
            getenv("DISPLAY") ? getenv("DISPLAY") : "");
    return 1;
  }
  xcb_screen_iterator_t screens = xcb_setup_roots_iterator(xcb_get_setup(view->connection));
  while (number-- > 0 && screens.rem > 1)
    xcb_screen_next(&screens);
  view->root = screens.data->root;
  const xcb_query_extension_reply_t *randr = xcb_get_extension_data(view->connection, &xcb_randr_id);
  xcb_randr_query_version_reply_t *version = randr && randr->present
    ? xcb_randr_query_version_reply(view->connection, xcb_randr_query_version(view->connection, 1, 3), NULL) : NULL;
  const bool is_new = version && (version->major_version > 1 || version->minor_version >= 3);
  free(version);
  if (!is_new) {
    fputs("oriel-agent-screen: this X server has no RandR 1.3: its size cannot be changed\n", stderr);
    return 1;
  }
  xcb_randr_select_input(view->connection, view->root,
                         XCB_RANDR_NOTIFY_MASK_SCREEN_CHANGE | XCB_RANDR_NOTIFY_MASK_OUTPUT_CHANGE |
                           XCB_RANDR_NOTIFY_MASK_CRTC_CHANGE);
  return 0;
}

int main(int argc, char **argv) {
  static struct view view;
  struct agent_settings settings;
  char why[AGENT_WHY_SIZE];
  if (agent_settings_load(&settings, argc, argv, why, sizeof why) < 0) {
    fprintf(stderr, "oriel-agent-screen: %s\n", why);
    return 2;
  }
  oriel_log_configure(settings.log_level, settings.log_json);
  if (settings.action != AGENT_RUN) {
    puts("usage: oriel-agent-screen [--config FILE]\n\n"
         "Makes an X11 desktop follow the size that the host asks for. Wayland desktops do so by themselves.\n"
         "`screen = none` in oriel-agent's settings keeps the size.");
    return 0;
  }
  const int error = start(&view);
  for (bool goes_on = error == 0; goes_on;) {
    follow(&view, argc, argv);
    xcb_generic_event_t *event = xcb_wait_for_event(view.connection);
    goes_on = event != NULL; /* else the X server is gone, and the session with it */
    for (; event; event = xcb_poll_for_event(view.connection))
      free(event);
  }
  xcb_disconnect(view.connection);
  return error;
}
