/* SPDX-License-Identifier: MIT
 *
 * The few messages of the protocol wlr-layer-shell-unstable-v1 that a wallpaper needs. Debian has no package with the
 * protocol's XML file; message numbers and signatures are the protocol's.
 * Thread-safety: as libwayland-client's proxies.
 */
#ifndef ORIEL_GUEST_WALLPAPER_LAYER_SHELL_H
#define ORIEL_GUEST_WALLPAPER_LAYER_SHELL_H

#include <stdint.h>
#include <wayland-client.h>

extern const struct wl_interface layer_shell_interface;

/** Events of a layer surface, in protocol order. */
struct layer_surface_listener {
  void (*configure)(void *data, struct wl_proxy *surface, uint32_t serial, uint32_t width, uint32_t height);
  void (*closed)(void *data, struct wl_proxy *surface);
};

/** Makes a surface the background of an output: behind all windows, as large as the output. */
struct wl_proxy *layer_surface_create_background(struct wl_proxy *layer_shell, struct wl_surface *surface,
                                                 struct wl_output *output,
                                                 const struct layer_surface_listener *listener, void *data);

void layer_surface_ack_configure(struct wl_proxy *layer_surface, uint32_t serial);

void layer_surface_destroy(struct wl_proxy *layer_surface);

#endif
