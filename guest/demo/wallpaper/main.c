/* SPDX-License-Identifier: MIT
 *
 * wallpaper: a soft light from the upper left on blue-grey, behind all windows of the desktop. No saturated colour and
 * no texture, so that lossy video shows it as it is at hardly any cost. Painted once for each size of the screen.
 * A right click on it opens a terminal: it hears the clicks because the compositor itself would take the keyboard away
 * from the window that has it. One thread.
 */
#include <linux/input-event-codes.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wayland-client.h>
#include <wayland-cursor.h>

#include "layer_shell.h"

enum { SIZE_MAX_PIXELS = 16384, LEVELS = 1024, CURSOR_SIZE = 24 };

static struct {
  struct wl_compositor *compositor;
  struct wl_shm *shm;
  struct wl_output *output;
  struct wl_proxy *layer_shell;
  struct wl_surface *surface;
  struct wl_seat *seat;
  struct wl_pointer *pointer;
  struct wl_surface *arrow;
  int hot_x;
  int hot_y;
  int width;
  int height;
  int closed;
} wallpaper;

/* Pixels cost one multiplication and one look-up each: the light's fall-off is a product of one in x and one in y. */
static void draw(uint32_t *pixels, int width, int height) {
  static const double dark[3] = { 33, 39, 47 };
  static const double light[3] = { 108, 123, 138 };
  static uint32_t colours[LEVELS + 1];
  static uint32_t across[SIZE_MAX_PIXELS];
  for (int i = 0; i <= LEVELS; i++) {
    colours[i] = 0;
    for (int channel = 0; channel < 3; channel++) {
      double value = dark[channel] + (light[channel] - dark[channel]) * i / LEVELS;
      colours[i] = colours[i] << 8 | (uint32_t)lrint(value);
    }
  }
  for (int x = 0; x < width; x++) {
    double distance = (double)x / width - 0.28;
    across[x] = (uint32_t)lrint(LEVELS * exp(-1.9 * distance * distance));
  }
  for (int y = 0; y < height; y++) {
    double distance = (double)y / height + 0.12;
    uint32_t down = (uint32_t)lrint(LEVELS * exp(-1.2 * distance * distance));
    uint32_t *row = pixels + (size_t)y * (size_t)width;
    for (int x = 0; x < width; x++) {
      row[x] = colours[across[x] * down / LEVELS];
    }
  }
}

static void on_release(void *data, struct wl_buffer *buffer) {
  (void)data;
  wl_buffer_destroy(buffer);
}

static const struct wl_buffer_listener buffer_listener = { .release = on_release };

/* The compositor keeps the memory for as long as it needs the buffer; this side gives up its view at once. */
static struct wl_buffer *make_buffer(int width, int height) {
  size_t size = (size_t)width * (size_t)height * 4;
  int fd = memfd_create("wallpaper", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, (off_t)size) < 0) {
    return NULL;
  }
  void *pixels = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (pixels == MAP_FAILED) {
    close(fd);
    return NULL;
  }
  draw(pixels, width, height);
  munmap(pixels, size);
  struct wl_shm_pool *pool = wl_shm_create_pool(wallpaper.shm, fd, (int32_t)size);
  struct wl_buffer *buffer = wl_shm_pool_create_buffer(pool, 0, width, height, width * 4, WL_SHM_FORMAT_XRGB8888);
  wl_shm_pool_destroy(pool);
  close(fd);
  wl_buffer_add_listener(buffer, &buffer_listener, NULL);
  return buffer;
}

static void on_configure(void *data, struct wl_proxy *layer_surface, uint32_t serial, uint32_t width,
                         uint32_t height) {
  (void)data;
  layer_surface_ack_configure(layer_surface, serial);
  if (width == 0 || height == 0 || width > SIZE_MAX_PIXELS || height > SIZE_MAX_PIXELS ||
      ((int)width == wallpaper.width && (int)height == wallpaper.height)) {
    return;
  }
  struct wl_buffer *buffer = make_buffer((int)width, (int)height);
  if (!buffer) {
    return;
  }
  wallpaper.width = (int)width;
  wallpaper.height = (int)height;
  wl_surface_attach(wallpaper.surface, buffer, 0, 0);
  wl_surface_damage_buffer(wallpaper.surface, 0, 0, (int)width, (int)height);
  wl_surface_commit(wallpaper.surface);
}

static void on_closed(void *data, struct wl_proxy *layer_surface) {
  (void)data;
  (void)layer_surface;
  wallpaper.closed = 1;
}

static const struct layer_surface_listener layer_listener = { .configure = on_configure, .closed = on_closed };

/* The desktop's arrow, loaded when the pointer first comes here. */
static void load_arrow(void) {
  struct wl_cursor_theme *theme = wl_cursor_theme_load(getenv("XCURSOR_THEME"), CURSOR_SIZE, wallpaper.shm);
  struct wl_cursor *cursor = theme ? wl_cursor_theme_get_cursor(theme, "left_ptr") : NULL;
  if (!cursor) {
    return;
  }
  struct wl_cursor_image *image = cursor->images[0];
  wallpaper.hot_x = (int)image->hotspot_x;
  wallpaper.hot_y = (int)image->hotspot_y;
  wallpaper.arrow = wl_compositor_create_surface(wallpaper.compositor);
  wl_surface_attach(wallpaper.arrow, wl_cursor_image_get_buffer(image), 0, 0);
  wl_surface_damage_buffer(wallpaper.arrow, 0, 0, (int32_t)image->width, (int32_t)image->height);
  wl_surface_commit(wallpaper.arrow);
}

static void on_enter(void *data, struct wl_pointer *pointer, uint32_t serial, struct wl_surface *surface, wl_fixed_t x,
                     wl_fixed_t y) {
  (void)data;
  (void)surface;
  (void)x;
  (void)y;
  if (!wallpaper.arrow) {
    load_arrow();
  }
  wl_pointer_set_cursor(pointer, serial, wallpaper.arrow, wallpaper.hot_x, wallpaper.hot_y);
}

static void on_leave(void *data, struct wl_pointer *pointer, uint32_t serial, struct wl_surface *surface) {
  (void)data;
  (void)pointer;
  (void)serial;
  (void)surface;
}

static void on_motion(void *data, struct wl_pointer *pointer, uint32_t time, wl_fixed_t x, wl_fixed_t y) {
  (void)data;
  (void)pointer;
  (void)time;
  (void)x;
  (void)y;
}

static void on_button(void *data, struct wl_pointer *pointer, uint32_t serial, uint32_t time, uint32_t button,
                      uint32_t state) {
  (void)data;
  (void)pointer;
  (void)serial;
  (void)time;
  if (button == BTN_RIGHT && state == WL_POINTER_BUTTON_STATE_PRESSED && fork() == 0) {
    setsid();
    execl("/usr/bin/foot", "foot", (char *)NULL);
    _exit(127);
  }
}

static void on_axis(void *data, struct wl_pointer *pointer, uint32_t time, uint32_t axis, wl_fixed_t value) {
  (void)data;
  (void)pointer;
  (void)time;
  (void)axis;
  (void)value;
}

static const struct wl_pointer_listener pointer_listener = {
  .enter = on_enter, .leave = on_leave, .motion = on_motion, .button = on_button, .axis = on_axis,
};

static void on_capabilities(void *data, struct wl_seat *seat, uint32_t capabilities) {
  (void)data;
  if ((capabilities & WL_SEAT_CAPABILITY_POINTER) && !wallpaper.pointer) {
    wallpaper.pointer = wl_seat_get_pointer(seat);
    wl_pointer_add_listener(wallpaper.pointer, &pointer_listener, NULL);
  }
}

static const struct wl_seat_listener seat_listener = { .capabilities = on_capabilities };

static void on_global(void *data, struct wl_registry *registry, uint32_t name, const char *interface,
                      uint32_t version) {
  (void)data;
  (void)version;
  if (strcmp(interface, wl_compositor_interface.name) == 0) {
    wallpaper.compositor = wl_registry_bind(registry, name, &wl_compositor_interface, 4);
  } else if (strcmp(interface, wl_shm_interface.name) == 0) {
    wallpaper.shm = wl_registry_bind(registry, name, &wl_shm_interface, 1);
  } else if (strcmp(interface, wl_output_interface.name) == 0 && !wallpaper.output) {
    wallpaper.output = wl_registry_bind(registry, name, &wl_output_interface, 1);
  } else if (strcmp(interface, wl_seat_interface.name) == 0 && !wallpaper.seat) {
    wallpaper.seat = wl_registry_bind(registry, name, &wl_seat_interface, 1); /* without names, frames or repeat */
    wl_seat_add_listener(wallpaper.seat, &seat_listener, NULL);
  } else if (strcmp(interface, layer_shell_interface.name) == 0) {
    wallpaper.layer_shell = wl_registry_bind(registry, name, &layer_shell_interface, 1);
  }
}

static void on_global_remove(void *data, struct wl_registry *registry, uint32_t name) {
  (void)data;
  (void)registry;
  (void)name;
}

static const struct wl_registry_listener registry_listener = { .global = on_global,
                                                               .global_remove = on_global_remove };

int main(void) {
  signal(SIGCHLD, SIG_IGN); /* nobody waits for the terminals */
  struct wl_display *display = wl_display_connect(NULL);
  if (!display) {
    fprintf(stderr, "wallpaper: no Wayland compositor: the desktop starts this program\n");
    return 1;
  }
  wl_registry_add_listener(wl_display_get_registry(display), &registry_listener, NULL);
  if (wl_display_roundtrip(display) < 0 || !wallpaper.compositor || !wallpaper.shm || !wallpaper.layer_shell) {
    fprintf(stderr, "wallpaper: the compositor lacks wl_compositor 4, wl_shm or zwlr_layer_shell_v1\n");
    return 1;
  }
  wallpaper.surface = wl_compositor_create_surface(wallpaper.compositor);
  struct wl_proxy *layer_surface = layer_surface_create_background(wallpaper.layer_shell, wallpaper.surface,
                                                                   wallpaper.output, &layer_listener, NULL);
  wl_surface_commit(wallpaper.surface);
  while (!wallpaper.closed && wl_display_dispatch(display) >= 0) {
  }
  layer_surface_destroy(layer_surface);
  wl_display_disconnect(display);
  return 0;
}
