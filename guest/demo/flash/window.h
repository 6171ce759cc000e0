/* SPDX-License-Identifier: MIT
 *
 * One Wayland window with buffers that remember which card they show. Paints at once when something changes and no
 * frame is under way, else when the compositor asks for the next frame.
 * Thread-safety: none needed, flash has one thread.
 */
#ifndef ORIEL_GUEST_FLASH_WINDOW_H
#define ORIEL_GUEST_FLASH_WINDOW_H

#include <stdbool.h>

#include "card.h"

struct wl_compositor;
struct wl_shm;
struct wl_surface;
struct xdg_wm_base;

struct window;

/** Creates the window and asks for full screen if wanted. The card is borrowed for the window's life. NULL when out of
 *  memory. */
struct window *window_create(struct wl_compositor *compositor, struct wl_shm *shm, struct xdg_wm_base *shell,
                             bool fullscreen, struct card *card);

/** Accepts NULL. */
void window_destroy(struct window *window);

/** The card changed: shows it as soon as the compositor takes a picture. Counts one redraw per picture shown. */
void window_changed(struct window *window);

/** True while a picture waits for the compositor. */
bool window_busy(const struct window *window);

/** Milliseconds after which window_ask_again is due, or -1 = never. */
int window_wait_ms(const struct window *window);

/** Asks for full screen again: sway forgets to tell a window its size when another one changes its own at that moment.
 */
void window_ask_again(struct window *window);

/** True when the user or the compositor closed the window. */
bool window_closed(const struct window *window);

/** Pixels for another surface, for example a pointer's: a buffer of width x height ARGB, owned by the caller. */
struct wl_buffer *window_make_buffer(struct wl_shm *shm, int width, int height, uint32_t **pixels);

#endif
