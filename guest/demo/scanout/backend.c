/* SPDX-License-Identifier: MIT
 *
 * A display back end for wlroots 0.15 on top of card.h, for virtual graphics cards. Preloaded into the compositor, it
 * takes the place of wlr_backend_autocreate and so of wlroots' own DRM back end; input stays wlroots' libinput.
 * Called by the compositor's only thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <wayland-server-core.h>
#include <wlr/backend.h>
#include <wlr/backend/interface.h>
#include <wlr/backend/libinput.h>
#include <wlr/backend/multi.h>
#include <wlr/backend/session.h>
#include <wlr/interfaces/wlr_output.h>
#include <wlr/render/drm_format_set.h>
#include <wlr/types/wlr_buffer.h>
#include <wlr/types/wlr_output.h>
#include <wlr/util/log.h>

#include <drm_fourcc.h>

#include "card.h"

enum {
  FRAME_MS = 8, /* least time between pictures: a virtual card never says when it has shown one */
  RECTS_MAX = 32,
};

struct screen {
  struct wlr_backend backend;
  struct wlr_output output;
  struct wl_display *display;
  struct wl_event_source *frame_timer;
  struct wlr_drm_format_set cursor_formats;
  struct card card;
  int hot_x;
  int hot_y;
};

static struct screen *screen_of(struct wlr_output *output) {
  struct screen *screen;
  return wl_container_of(output, screen, output);
}

static bool output_test(struct wlr_output *output) {
  const struct wlr_output_state *pending = &output->pending;
  const uint32_t known = WLR_OUTPUT_STATE_BACKEND_OPTIONAL | WLR_OUTPUT_STATE_BUFFER | WLR_OUTPUT_STATE_MODE |
                         WLR_OUTPUT_STATE_ENABLED;
  if (pending->committed & ~known) {
    return false;
  }
  if (pending->committed & WLR_OUTPUT_STATE_MODE) {
    int width = pending->custom_mode.width;
    int height = pending->custom_mode.height;
    return pending->mode_type == WLR_OUTPUT_STATE_MODE_CUSTOM && width > 0 && height > 0 && width <= CARD_SIZE_MAX &&
           height <= CARD_SIZE_MAX;
  }
  return true;
}

/* Copies the damage of a commit. Returns the number of rectangles, or -1 if all of the picture counts as changed. */
static int damage_of(const struct wlr_output_state *pending, const struct wlr_buffer *buffer,
                     struct card_rect rects[RECTS_MAX]) {
  int count = 0;
  if (!(pending->committed & WLR_OUTPUT_STATE_DAMAGE)) {
    return -1;
  }
  pixman_region32_t clipped;
  pixman_region32_init(&clipped);
  pixman_region32_intersect_rect(&clipped, (pixman_region32_t *)&pending->damage, 0, 0, (unsigned)buffer->width,
                                 (unsigned)buffer->height);
  const pixman_box32_t *boxes = pixman_region32_rectangles(&clipped, &count);
  if (count > RECTS_MAX) {
    boxes = pixman_region32_extents(&clipped);
    count = 1;
  }
  for (int i = 0; i < count; i++) {
    rects[i] = (struct card_rect){ boxes[i].x1, boxes[i].y1, boxes[i].x2, boxes[i].y2 };
  }
  pixman_region32_fini(&clipped);
  return count;
}

static bool show(struct screen *screen) {
  struct wlr_buffer *buffer = screen->output.pending.buffer;
  struct card_rect rects[RECTS_MAX];
  void *pixels;
  uint32_t format;
  size_t stride;
  if (!wlr_buffer_begin_data_ptr_access(buffer, WLR_BUFFER_DATA_PTR_ACCESS_READ, &pixels, &format, &stride)) {
    return false;
  }
  int count = damage_of(&screen->output.pending, buffer, rects);
  int error = card_show(&screen->card, pixels, stride, buffer->width, buffer->height, count < 0, rects,
                        count < 0 ? 0 : count);
  wlr_buffer_end_data_ptr_access(buffer);
  if (error) {
    wlr_log(WLR_ERROR, "cannot show a picture of %dx%d: %s", buffer->width, buffer->height, strerror(-error));
  }
  return !error;
}

static bool output_commit(struct wlr_output *output) {
  struct screen *screen = screen_of(output);
  const struct wlr_output_state *pending = &output->pending;
  if (!output_test(output)) {
    return false;
  }
  if ((pending->committed & WLR_OUTPUT_STATE_ENABLED) && !pending->enabled) {
    card_hide(&screen->card);
  } else if ((pending->committed & WLR_OUTPUT_STATE_BUFFER) && !show(screen)) {
    return false;
  }
  if (pending->committed & WLR_OUTPUT_STATE_ENABLED) {
    wlr_output_update_enabled(output, pending->enabled);
  }
  if (pending->committed & WLR_OUTPUT_STATE_MODE) {
    wlr_output_update_custom_mode(output, pending->custom_mode.width, pending->custom_mode.height,
                                  pending->custom_mode.refresh);
  }
  if (pending->committed & WLR_OUTPUT_STATE_BUFFER) {
    struct wlr_output_event_present event = { .commit_seq = output->commit_seq + 1, .presented = true };
    wlr_output_send_present(output, &event);
    wl_event_source_timer_update(screen->frame_timer, FRAME_MS);
  }
  return true;
}

static int on_frame_timer(void *data) {
  struct screen *screen = data;
  wlr_output_send_frame(&screen->output);
  return 0;
}

static bool output_set_cursor(struct wlr_output *output, struct wlr_buffer *buffer, int hot_x, int hot_y) {
  struct screen *screen = screen_of(output);
  void *pixels = NULL;
  uint32_t format;
  size_t stride = 0;
  screen->hot_x = hot_x;
  screen->hot_y = hot_y;
  if (!buffer) {
    return card_set_cursor(&screen->card, NULL, 0, 0, 0) == 0;
  }
  if (buffer->width != CARD_CURSOR_SIZE || buffer->height != CARD_CURSOR_SIZE ||
      !wlr_buffer_begin_data_ptr_access(buffer, WLR_BUFFER_DATA_PTR_ACCESS_READ, &pixels, &format, &stride)) {
    return false;
  }
  int error = card_set_cursor(&screen->card, pixels, stride, hot_x, hot_y);
  wlr_buffer_end_data_ptr_access(buffer);
  return error == 0;
}

static bool output_move_cursor(struct wlr_output *output, int x, int y) {
  struct screen *screen = screen_of(output);
  card_move_cursor(&screen->card, x - screen->hot_x, y - screen->hot_y);
  return true;
}

static const struct wlr_drm_format_set *output_cursor_formats(struct wlr_output *output, uint32_t buffer_caps) {
  (void)buffer_caps;
  return &screen_of(output)->cursor_formats;
}

static void output_cursor_size(struct wlr_output *output, int *width, int *height) {
  (void)output;
  *width = CARD_CURSOR_SIZE;
  *height = CARD_CURSOR_SIZE;
}

static void output_destroy(struct wlr_output *output) {
  struct screen *screen = screen_of(output);
  wl_event_source_remove(screen->frame_timer);
  card_finish(&screen->card);
}

static const struct wlr_output_impl output_impl = {
  .set_cursor = output_set_cursor,
  .move_cursor = output_move_cursor,
  .destroy = output_destroy,
  .test = output_test,
  .commit = output_commit,
  .get_cursor_formats = output_cursor_formats,
  .get_cursor_size = output_cursor_size,
};

static bool backend_start(struct wlr_backend *backend) {
  struct screen *screen = wl_container_of(backend, screen, backend);
  struct wlr_output *output = &screen->output;
  wlr_output_init(output, backend, &output_impl, screen->display);
  wlr_output_update_custom_mode(output, screen->card.preferred_width, screen->card.preferred_height, 0);
  wlr_output_set_name(output, screen->card.name);
  wlr_output_set_description(output, "Virtual screen");
  screen->frame_timer = wl_event_loop_add_timer(wl_display_get_event_loop(screen->display), on_frame_timer, screen);
  wlr_output_update_enabled(output, true);
  wl_signal_emit(&backend->events.new_output, output);
  return true;
}

static void backend_destroy(struct wlr_backend *backend) {
  struct screen *screen = wl_container_of(backend, screen, backend);
  if (screen->frame_timer) {
    wlr_output_destroy(&screen->output);
  }
  wlr_backend_finish(backend);
  wlr_drm_format_set_finish(&screen->cursor_formats);
  free(screen);
}

static uint32_t backend_buffer_caps(struct wlr_backend *backend) {
  (void)backend;
  return WLR_BUFFER_CAP_DATA_PTR | WLR_BUFFER_CAP_SHM;
}

static const struct wlr_backend_impl backend_impl = {
  .start = backend_start,
  .destroy = backend_destroy,
  .get_buffer_caps = backend_buffer_caps,
};

/* The first card with something connected; the session opens it and owns the descriptor. */
static int find_card(struct wlr_session *session, struct card *card) {
  enum { CARDS_MAX = 4 };
  struct wlr_device *devices[CARDS_MAX];
  ssize_t count = wlr_session_find_gpus(session, CARDS_MAX, devices);
  int error = -ENODEV;
  for (ssize_t i = 0; i < count && error; i++) {
    error = card_init(card, devices[i]->fd);
  }
  return error;
}

static struct wlr_backend *screen_create(struct wl_display *display, struct wlr_session *session) {
  struct screen *screen = calloc(1, sizeof *screen);
  if (!screen) {
    return NULL;
  }
  screen->display = display;
  int error = find_card(session, &screen->card);
  if (error) {
    wlr_log(WLR_ERROR, "no usable graphics card: %s; start QEMU with -device virtio-vga", strerror(-error));
    free(screen);
    return NULL;
  }
  wlr_drm_format_set_add(&screen->cursor_formats, DRM_FORMAT_ARGB8888, DRM_FORMAT_MOD_INVALID);
  wlr_drm_format_set_add(&screen->cursor_formats, DRM_FORMAT_ARGB8888, DRM_FORMAT_MOD_LINEAR);
  wlr_backend_init(&screen->backend, &backend_impl);
  return &screen->backend;
}

struct wlr_backend *wlr_backend_autocreate(struct wl_display *display) {
  unsetenv("LD_PRELOAD"); /* this library is for the compositor, not for its children */
  struct wlr_session *session = wlr_session_create(display);
  struct wlr_backend *multi = session ? wlr_multi_backend_create(display) : NULL;
  struct wlr_backend *input = multi ? wlr_libinput_backend_create(display, session) : NULL;
  struct wlr_backend *screen = input ? screen_create(display, session) : NULL;
  if (!screen) {
    wlr_log(WLR_ERROR, "cannot create the session, input or display back end");
    return NULL;
  }
  wlr_multi_backend_add(multi, input);
  wlr_multi_backend_add(multi, screen);
  return multi;
}
