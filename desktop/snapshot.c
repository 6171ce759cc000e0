/* SPDX-License-Identifier: MIT
 *
 * One picture as PNG, for whoever does not watch. Any thread that may block for two seconds.
 */
#include "desktop/snapshot.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "desktop/state.h"
#include "desktop/watch.h"
#include "media/png.h"
#include "media/shrink.h"

static const uint64_t patience_ns = 2 * ORIEL_NS_PER_SECOND;

/* Whoever wakes the capture has changed one of these before. */
static int wait_fresh(struct oriel_hub *hub, struct oriel_capture *capture) {
  const uint64_t until_ns = oriel_clock_ns() + patience_ns;
  for (bool in_time = true;;) {
    pthread_mutex_lock(&hub->lock);
    const bool fresh = hub->fresh_picture, ends = hub->stopping || hub->captures_end;
    pthread_mutex_unlock(&hub->lock);
    const int error = oriel_capture_check(capture);
    if (error || fresh)
      return error;
    if (ends || !in_time)
      return -EAGAIN;
    in_time = oriel_waiter_wait(&capture->waiter, until_ns);
  }
}

void oriel_desktop_end_snapshot_waits(struct oriel_desktop *desktop) {
  struct oriel_hub *hub = &desktop->hub;
  pthread_mutex_lock(&hub->lock);
  hub->captures_end = true;
  oriel_captures_wake(&hub->captures);
  pthread_mutex_unlock(&hub->lock);
}

static void begin(struct oriel_desktop *desktop, struct oriel_capture *capture) {
  pthread_mutex_lock(&desktop->hub.lock);
  oriel_list_append(&desktop->hub.captures, &capture->node);
  pthread_mutex_unlock(&desktop->hub.lock);
  oriel_desktop_update_watch(desktop);
}

static void end(struct oriel_desktop *desktop, struct oriel_capture *capture) {
  pthread_mutex_lock(&desktop->hub.lock);
  oriel_list_remove(&capture->node);
  pthread_mutex_unlock(&desktop->hub.lock);
  oriel_desktop_update_watch(desktop);
}

/* A copy of the surface, so that coding it holds no lock. */
static int copy_surface(struct oriel_surface *surface, uint8_t **pixels, unsigned *width, unsigned *height) {
  struct oriel_surface_view view;
  int error = 0;
  oriel_surface_lock(surface, NULL, &view);
  size_t line = (size_t)view.width * 4;
  uint8_t *copy = view.width && view.height ? malloc(line * view.height) : NULL;
  if (copy) {
    for (unsigned y = 0; y < view.height; y++)
      memcpy(copy + y * line, view.bgrx + (size_t)y * (size_t)view.stride, line);
    *pixels = copy;
    *width = view.width;
    *height = view.height;
  } else {
    error = view.width && view.height ? -ENOMEM : -EAGAIN;
  }
  oriel_surface_unlock(surface, NULL);
  return error;
}

/* The current picture, owned by the caller. */
static int take_picture(struct oriel_desktop *desktop, struct oriel_capture *capture, uint8_t **pixels,
                        unsigned *width, unsigned *height) {
  int error = oriel_capture_check(capture);
  if (error)
    return error;
  begin(desktop, capture);
  error = wait_fresh(&desktop->hub, capture);
  if (!error)
    error = copy_surface(desktop->surface, pixels, width, height);
  end(desktop, capture);
  return error;
}

int oriel_desktop_snapshot(struct oriel_desktop *desktop, struct oriel_capture *capture, uint8_t **png, size_t *size) {
  assert(desktop && capture && png && size);
  uint8_t *pixels = NULL;
  unsigned width = 0, height = 0;
  int error = take_picture(desktop, capture, &pixels, &width, &height);
  if (!error)
    error = oriel_capture_check(capture);
  if (!error)
    error = oriel_png_encode(pixels, (int)(width * 4), width, height, png, size);
  free(pixels);
  return error;
}

int oriel_desktop_thumbnail(struct oriel_desktop *desktop, struct oriel_capture *capture, unsigned max_width,
                            unsigned max_height, uint8_t **png, size_t *size) {
  assert(desktop && capture && max_width && max_height && png && size);
  uint8_t *pixels = NULL, *small = NULL;
  unsigned width = 0, height = 0, small_width, small_height;
  int error = take_picture(desktop, capture, &pixels, &width, &height);
  if (error)
    return error;
  oriel_shrink_fit(width, height, max_width, max_height, &small_width, &small_height);
  small = malloc((size_t)small_width * small_height * 4);
  error = small ? oriel_shrink(pixels, (int)(width * 4), width, height, small, small_width, small_height) : -ENOMEM;
  if (!error)
    error = oriel_png_encode(small, (int)(small_width * 4), small_width, small_height, png, size);
  free(small);
  free(pixels);
  return error;
}
