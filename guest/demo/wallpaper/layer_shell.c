/* SPDX-License-Identifier: MIT
 *
 * See layer_shell.h. Called by wallpaper's only thread.
 */
#include "layer_shell.h"

enum { SHELL_GET_LAYER_SURFACE = 0 };
enum {
  SURFACE_SET_ANCHOR = 1,
  SURFACE_SET_EXCLUSIVE_ZONE = 2,
  SURFACE_ACK_CONFIGURE = 6,
  SURFACE_DESTROY = 7,
};
enum { LAYER_BACKGROUND = 0, ANCHOR_ALL = 15, ZONE_IGNORE_OTHERS = -1 };

static const struct wl_interface layer_surface_interface;

static const struct wl_interface *get_layer_surface_types[] = { &layer_surface_interface, &wl_surface_interface,
                                                                &wl_output_interface, NULL, NULL };
static const struct wl_interface *no_types[4];

static const struct wl_message shell_requests[] = {
  { "get_layer_surface", "no?ous", get_layer_surface_types },
};

const struct wl_interface layer_shell_interface = { "zwlr_layer_shell_v1", 1, 1, shell_requests, 0, NULL };

static const struct wl_message surface_requests[] = {
  { "set_size", "uu", no_types },
  { "set_anchor", "u", no_types },
  { "set_exclusive_zone", "i", no_types },
  { "set_margin", "iiii", no_types },
  { "set_keyboard_interactivity", "u", no_types },
  { "get_popup", "o", no_types },
  { "ack_configure", "u", no_types },
  { "destroy", "", no_types },
};

static const struct wl_message surface_events[] = {
  { "configure", "uuu", no_types },
  { "closed", "", no_types },
};

static const struct wl_interface layer_surface_interface = { "zwlr_layer_surface_v1", 1, 8, surface_requests, 2,
                                                             surface_events };

struct wl_proxy *layer_surface_create_background(struct wl_proxy *layer_shell, struct wl_surface *surface,
                                                 struct wl_output *output,
                                                 const struct layer_surface_listener *listener, void *data) {
  struct wl_proxy *proxy = wl_proxy_marshal_flags(layer_shell, SHELL_GET_LAYER_SURFACE, &layer_surface_interface,
                                                  wl_proxy_get_version(layer_shell), 0, NULL, surface, output,
                                                  LAYER_BACKGROUND, "wallpaper");
  uint32_t version = wl_proxy_get_version(proxy);
  wl_proxy_add_listener(proxy, (void (**)(void))(uintptr_t)listener, data);
  wl_proxy_marshal_flags(proxy, SURFACE_SET_ANCHOR, NULL, version, 0, ANCHOR_ALL);
  wl_proxy_marshal_flags(proxy, SURFACE_SET_EXCLUSIVE_ZONE, NULL, version, 0, ZONE_IGNORE_OTHERS);
  return proxy;
}

void layer_surface_ack_configure(struct wl_proxy *layer_surface, uint32_t serial) {
  wl_proxy_marshal_flags(layer_surface, SURFACE_ACK_CONFIGURE, NULL, wl_proxy_get_version(layer_surface), 0, serial);
}

void layer_surface_destroy(struct wl_proxy *layer_surface) {
  wl_proxy_marshal_flags(layer_surface, SURFACE_DESTROY, NULL, wl_proxy_get_version(layer_surface),
                         WL_MARSHAL_FLAG_DESTROY);
}
