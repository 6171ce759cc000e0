/* SPDX-License-Identifier: MIT
 *
 * See window.h. Called by flash's only thread.
 */
#include "window.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wayland-client.h>

#include "log.h"
#include "xdg-shell.h"

enum {
  BUFFERS = 3, /* one on screen, one on its way, one to paint on */
  DEFAULT_WIDTH = 800,
  DEFAULT_HEIGHT = 480,
  ASK_AGAIN_MS = 500,
};

struct buffer {
  struct wl_buffer *wl;
  struct canvas canvas;
  struct card shown;
  bool painted; /* whether `shown` holds */
  bool busy;    /* the compositor reads it */
  bool retired; /* wrong size: to be freed on release */
};

struct window {
  struct wl_shm *shm;
  struct wl_surface *surface;
  struct xdg_surface *xdg_surface;
  struct xdg_toplevel *toplevel;
  struct wl_callback *frame;
  struct buffer *buffers[BUFFERS];
  struct card *card;
  struct card committed;
  int width;
  int height;
  bool ever_committed;
  bool full_damage;
  bool configured;
  bool changed;
  bool closed;
  bool fullscreen_wanted;
  bool fullscreen;
  bool told_ready;
  bool unasked; /* full screen was taken back, to ask for it once more */
};

static void buffer_destroy(struct buffer *buffer) {
  wl_buffer_destroy(buffer->wl);
  munmap(buffer->canvas.pixels, (size_t)buffer->canvas.width * (size_t)buffer->canvas.height * 4);
  free(buffer);
}

static void paint(struct window *window);

static void on_release(void *data, struct wl_buffer *wl) {
  (void)wl;
  struct buffer *buffer = data;
  buffer->busy = false;
  if (buffer->retired) {
    buffer_destroy(buffer);
  }
}

static const struct wl_buffer_listener buffer_listener = { .release = on_release };

static struct wl_buffer *make_buffer(struct wl_shm *shm, int width, int height, uint32_t format, uint32_t **pixels) {
  size_t size = (size_t)width * (size_t)height * 4;
  int fd = memfd_create("flash", MFD_CLOEXEC);
  if (fd < 0) {
    return NULL;
  }
  struct wl_buffer *wl = NULL;
  void *memory = ftruncate(fd, (off_t)size) == 0 ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                                                 : MAP_FAILED;
  if (memory != MAP_FAILED) {
    struct wl_shm_pool *pool = wl_shm_create_pool(shm, fd, (int32_t)size);
    wl = wl_shm_pool_create_buffer(pool, 0, width, height, width * 4, format);
    wl_shm_pool_destroy(pool);
    *pixels = memory;
  }
  close(fd);
  return wl;
}

struct wl_buffer *window_make_buffer(struct wl_shm *shm, int width, int height, uint32_t **pixels) {
  return make_buffer(shm, width, height, WL_SHM_FORMAT_ARGB8888, pixels);
}

static struct buffer *buffer_create(struct window *window) {
  struct buffer *buffer = calloc(1, sizeof *buffer);
  if (!buffer) {
    return NULL;
  }
  buffer->canvas.width = window->width;
  buffer->canvas.height = window->height;
  buffer->wl = make_buffer(window->shm, window->width, window->height, WL_SHM_FORMAT_XRGB8888,
                           &buffer->canvas.pixels);
  if (!buffer->wl) {
    free(buffer);
    return NULL;
  }
  wl_buffer_add_listener(buffer->wl, &buffer_listener, buffer);
  return buffer;
}

/* A buffer that the compositor does not read, or NULL until it releases one. */
static struct buffer *free_buffer(struct window *window) {
  for (int i = 0; i < BUFFERS; i++) {
    if (!window->buffers[i]) {
      window->buffers[i] = buffer_create(window);
    }
    if (window->buffers[i] && !window->buffers[i]->busy) {
      return window->buffers[i];
    }
  }
  return NULL;
}

static void retire_buffers(struct window *window) {
  for (int i = 0; i < BUFFERS; i++) {
    struct buffer *buffer = window->buffers[i];
    window->buffers[i] = NULL;
    if (buffer && buffer->busy) {
      buffer->retired = true;
    } else if (buffer) {
      buffer_destroy(buffer);
    }
  }
}

static void on_frame(void *data, struct wl_callback *callback, uint32_t time) {
  (void)time;
  struct window *window = data;
  wl_callback_destroy(callback);
  window->frame = NULL;
  paint(window);
}

static const struct wl_callback_listener frame_listener = { .done = on_frame };

static void damage_surface(struct window *window, const struct canvas *canvas) {
  struct card_damage damage;
  if (!window->ever_committed || window->full_damage) {
    wl_surface_damage_buffer(window->surface, 0, 0, window->width, window->height);
    return;
  }
  card_compare(canvas, &window->committed, window->card, &damage);
  for (int i = 0; i < damage.count; i++) {
    struct rect rect = damage.rects[i];
    wl_surface_damage_buffer(window->surface, rect.x, rect.y, rect.width, rect.height);
  }
}

/* Some compositors show a window before they make it as large as the screen. */
static void tell_ready(struct window *window) {
  if (!window->told_ready && window->fullscreen == window->fullscreen_wanted) {
    window->told_ready = true;
    log_line("ready %d %d", window->width, window->height);
  }
}

/* Shows the card now, unless a frame is under way or nothing changed. */
static void paint(struct window *window) {
  if (!window->configured || window->frame || !window->changed) {
    return;
  }
  struct buffer *buffer = free_buffer(window);
  if (!buffer) {
    return;
  }
  window->changed = false;
  if (window->ever_committed) {
    window->card->counter = (window->card->counter + 1) & 0xFFFF;
  }
  if (buffer->painted) {
    card_update(&buffer->canvas, &buffer->shown, window->card);
  } else {
    card_draw(&buffer->canvas, window->card);
  }
  buffer->shown = *window->card;
  buffer->painted = true;
  buffer->busy = true;
  damage_surface(window, &buffer->canvas);
  window->frame = wl_surface_frame(window->surface);
  wl_callback_add_listener(window->frame, &frame_listener, window);
  wl_surface_attach(window->surface, buffer->wl, 0, 0);
  wl_surface_commit(window->surface);
  window->committed = *window->card;
  window->ever_committed = true;
  window->full_damage = false;
  tell_ready(window);
}

static void on_surface_configure(void *data, struct xdg_surface *xdg_surface, uint32_t serial) {
  struct window *window = data;
  xdg_surface_ack_configure(xdg_surface, serial);
  if (window->width == 0 || window->height == 0) {
    window->width = DEFAULT_WIDTH;
    window->height = DEFAULT_HEIGHT;
  }
  window->configured = true;
  if (!window->ever_committed || window->full_damage) {
    /* A frame callback of the old size may never come while the compositor waits for the new size. */
    if (window->frame) {
      wl_callback_destroy(window->frame);
      window->frame = NULL;
    }
    window->changed = true;
    paint(window);
  } else {
    wl_surface_commit(window->surface);
  }
}

static const struct xdg_surface_listener surface_listener = { .configure = on_surface_configure };

static void on_toplevel_configure(void *data, struct xdg_toplevel *toplevel, int32_t width, int32_t height,
                                  struct wl_array *states) {
  (void)toplevel;
  struct window *window = data;
  const uint32_t *state;
  window->fullscreen = false;
  wl_array_for_each(state, states) {
    window->fullscreen = window->fullscreen || *state == XDG_TOPLEVEL_STATE_FULLSCREEN;
  }
  if (width <= 0 || height <= 0 || (width == window->width && height == window->height)) {
    return;
  }
  window->width = width;
  window->height = height;
  window->full_damage = true;
  retire_buffers(window);
  if (window->told_ready) {
    log_line("size %d %d", width, height);
  }
}

static void on_close(void *data, struct xdg_toplevel *toplevel) {
  (void)toplevel;
  struct window *window = data;
  window->closed = true;
}

static const struct xdg_toplevel_listener toplevel_listener = { .configure = on_toplevel_configure,
                                                                .close = on_close };

struct window *window_create(struct wl_compositor *compositor, struct wl_shm *shm, struct xdg_wm_base *shell,
                             bool fullscreen, struct card *card) {
  struct window *window = calloc(1, sizeof *window);
  if (!window) {
    return NULL;
  }
  window->shm = shm;
  window->card = card;
  window->fullscreen_wanted = fullscreen;
  window->surface = wl_compositor_create_surface(compositor);
  window->xdg_surface = xdg_wm_base_get_xdg_surface(shell, window->surface);
  xdg_surface_add_listener(window->xdg_surface, &surface_listener, window);
  window->toplevel = xdg_surface_get_toplevel(window->xdg_surface);
  xdg_toplevel_add_listener(window->toplevel, &toplevel_listener, window);
  xdg_toplevel_set_title(window->toplevel, "flash");
  xdg_toplevel_set_app_id(window->toplevel, "flash");
  if (fullscreen) {
    xdg_toplevel_set_fullscreen(window->toplevel, NULL);
  }
  wl_surface_commit(window->surface);
  return window;
}

void window_destroy(struct window *window) {
  if (!window) {
    return;
  }
  if (window->frame) {
    wl_callback_destroy(window->frame);
  }
  retire_buffers(window);
  xdg_toplevel_destroy(window->toplevel);
  xdg_surface_destroy(window->xdg_surface);
  wl_surface_destroy(window->surface);
  free(window);
}

void window_changed(struct window *window) {
  window->changed = true;
  paint(window);
}

bool window_busy(const struct window *window) {
  return window->frame != NULL;
}

int window_wait_ms(const struct window *window) {
  return window->ever_committed && !window->told_ready ? ASK_AGAIN_MS : -1;
}

void window_ask_again(struct window *window) {
  /* One request at a time: of both together only the last would count, which is the one it thinks fulfilled. */
  window->unasked = !window->unasked;
  if (window->unasked) {
    xdg_toplevel_unset_fullscreen(window->toplevel);
  } else {
    xdg_toplevel_set_fullscreen(window->toplevel, NULL);
  }
}

bool window_closed(const struct window *window) {
  return window->closed;
}
