/* SPDX-License-Identifier: MIT
 *
 * See input.h. Called by flash's only thread.
 */
#include "input.h"

#include <linux/input-event-codes.h>
#include <stddef.h>
#include <unistd.h>
#include <wayland-client.h>

#include "log.h"
#include "testcard.h"
#include "window.h"

static void next_colour(struct input *input) {
  input->card->colour = (input->card->colour + 1) % ORIEL_TESTCARD_BLOCK_COLOURS;
  window_changed(input->window);
}

static void on_key(void *data, struct wl_keyboard *keyboard, uint32_t serial, uint32_t time, uint32_t key,
                   uint32_t state) {
  (void)keyboard;
  (void)serial;
  (void)time;
  struct input *input = data;
  bool pressed = state == WL_KEYBOARD_KEY_STATE_PRESSED;
  if (key == KEY_LEFTCTRL || key == KEY_RIGHTCTRL) {
    input->control += pressed ? 1 : -1;
  }
  if (pressed && (key == KEY_ESC || (key == KEY_Q && input->control > 0))) {
    input->quit = true;
  } else if (pressed) {
    next_colour(input); /* first the picture, then the log: the log may wait */
  }
  log_line("key %u %d", key, pressed);
}

static void on_keymap(void *data, struct wl_keyboard *keyboard, uint32_t format, int32_t fd, uint32_t size) {
  (void)data;
  (void)keyboard;
  (void)format;
  (void)size;
  close(fd);
}

static void on_keyboard_enter(void *data, struct wl_keyboard *keyboard, uint32_t serial, struct wl_surface *surface,
                              struct wl_array *keys) {
  (void)keyboard;
  (void)serial;
  (void)surface;
  (void)keys;
  struct input *input = data;
  input->control = 0;
  log_line("focus 1");
}

static void on_keyboard_leave(void *data, struct wl_keyboard *keyboard, uint32_t serial, struct wl_surface *surface) {
  (void)data;
  (void)keyboard;
  (void)serial;
  (void)surface;
  log_line("focus 0");
}

static void on_modifiers(void *data, struct wl_keyboard *keyboard, uint32_t serial, uint32_t depressed,
                         uint32_t latched, uint32_t locked, uint32_t group) {
  (void)data;
  (void)keyboard;
  (void)serial;
  (void)depressed;
  (void)latched;
  (void)locked;
  (void)group;
}

static void on_repeat_info(void *data, struct wl_keyboard *keyboard, int32_t rate, int32_t delay) {
  (void)data;
  (void)keyboard;
  (void)rate;
  (void)delay;
}

static const struct wl_keyboard_listener keyboard_listener = {
  .keymap = on_keymap, .enter = on_keyboard_enter,    .leave = on_keyboard_leave,
  .key = on_key,       .modifiers = on_modifiers, .repeat_info = on_repeat_info,
};

/* The pointer over the card: a small arrow, light with a dark rim, its tip at the top left corner. */
static struct wl_surface *make_arrow(struct input *input) {
  enum { SIZE = 24, LENGTH = 17 };
  uint32_t *pixels = NULL;
  struct wl_buffer *buffer = window_make_buffer(input->shm, SIZE, SIZE, &pixels);
  if (!buffer) {
    return NULL;
  }
  for (int y = 0; y < LENGTH; y++) {
    int width = y < 12 ? y : 2 * (LENGTH - 1 - y);
    for (int x = 0; x <= width; x++) {
      bool rim = x == 0 || x == width || y == LENGTH - 1;
      pixels[y * SIZE + x] = rim ? 0xFF181818 : 0xFFF4F4F4;
    }
  }
  struct wl_surface *surface = wl_compositor_create_surface(input->compositor);
  wl_surface_attach(surface, buffer, 0, 0);
  wl_surface_damage_buffer(surface, 0, 0, SIZE, SIZE);
  wl_surface_commit(surface);
  return surface;
}

static void move_to(struct input *input, wl_fixed_t x, wl_fixed_t y) {
  input->x = wl_fixed_to_int(x);
  input->y = wl_fixed_to_int(y);
  if (input->log_motion) {
    log_line("motion %d %d", input->x, input->y);
  }
}

static void on_pointer_enter(void *data, struct wl_pointer *pointer, uint32_t serial, struct wl_surface *surface,
                             wl_fixed_t x, wl_fixed_t y) {
  (void)surface;
  struct input *input = data;
  if (!input->arrow) {
    input->arrow = make_arrow(input);
  }
  wl_pointer_set_cursor(pointer, serial, input->arrow, 0, 0);
  move_to(input, x, y);
}

static void on_pointer_leave(void *data, struct wl_pointer *pointer, uint32_t serial, struct wl_surface *surface) {
  (void)data;
  (void)pointer;
  (void)serial;
  (void)surface;
}

static void on_motion(void *data, struct wl_pointer *pointer, uint32_t time, wl_fixed_t x, wl_fixed_t y) {
  (void)pointer;
  (void)time;
  move_to(data, x, y);
}

static void on_button(void *data, struct wl_pointer *pointer, uint32_t serial, uint32_t time, uint32_t button,
                      uint32_t state) {
  (void)pointer;
  (void)serial;
  (void)time;
  struct input *input = data;
  bool pressed = state == WL_POINTER_BUTTON_STATE_PRESSED;
  if (pressed) {
    input->card->cross = true;
    input->card->cross_x = input->x;
    input->card->cross_y = input->y;
    next_colour(input);
  }
  log_line("button %u %d %d %d", button, pressed, input->x, input->y);
}

static void on_axis(void *data, struct wl_pointer *pointer, uint32_t time, uint32_t axis, wl_fixed_t value) {
  (void)data;
  (void)pointer;
  (void)time;
  log_line("axis %u %d", axis, wl_fixed_to_int(value));
}

static const struct wl_pointer_listener pointer_listener = {
  .enter = on_pointer_enter, .leave = on_pointer_leave, .motion = on_motion, .button = on_button, .axis = on_axis,
};

static void on_capabilities(void *data, struct wl_seat *seat, uint32_t capabilities) {
  struct input *input = data;
  if ((capabilities & WL_SEAT_CAPABILITY_KEYBOARD) && !input->keyboard) {
    input->keyboard = wl_seat_get_keyboard(seat);
    wl_keyboard_add_listener(input->keyboard, &keyboard_listener, input);
  }
  if ((capabilities & WL_SEAT_CAPABILITY_POINTER) && !input->pointer) {
    input->pointer = wl_seat_get_pointer(seat);
    wl_pointer_add_listener(input->pointer, &pointer_listener, input);
  }
}

static void on_name(void *data, struct wl_seat *seat, const char *name) {
  (void)data;
  (void)seat;
  (void)name;
}

static const struct wl_seat_listener seat_listener = { .capabilities = on_capabilities, .name = on_name };

void input_init(struct input *input, struct wl_seat *seat) {
  wl_seat_add_listener(seat, &seat_listener, input);
}
