/* SPDX-License-Identifier: MIT
 *
 * Keyboard and pointer of the seat, turned into changes of the card and lines of the log.
 * Thread-safety: none needed, flash has one thread.
 */
#ifndef ORIEL_GUEST_FLASH_INPUT_H
#define ORIEL_GUEST_FLASH_INPUT_H

#include <stdbool.h>

#include "card.h"

struct wl_compositor;
struct wl_seat;
struct wl_shm;
struct window;

struct input {
  struct wl_compositor *compositor;
  struct wl_shm *shm;
  struct wl_keyboard *keyboard;
  struct wl_pointer *pointer;
  struct wl_surface *arrow;
  struct window *window;
  struct card *card;
  int control; /* how many Ctrl keys are down */
  int x;
  int y;
  bool log_motion;
  bool quit;
};

/** Listens to the seat. The input must stay where it is and its window, card, compositor and shm be set before events
 *  are dispatched. */
void input_init(struct input *input, struct wl_seat *seat);

#endif
