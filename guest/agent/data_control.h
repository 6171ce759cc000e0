/* SPDX-License-Identifier: MIT
 *
 * Wayland's data-control, the clipboard for programs without a window: `ext_data_control_v1` and the older
 * `zwlr_data_control_unstable_v1`, which are the same but for their names. The tables say what wayland-scanner would
 * make of either XML; of wlr's it is version 1, which leaves out the selection of the mouse.
 *
 * Thread-safety: that of the objects' display.
 */
#ifndef ORIEL_GUEST_AGENT_DATA_CONTROL_H
#define ORIEL_GUEST_AGENT_DATA_CONTROL_H

#include <stdint.h>
#include <wayland-client-core.h>

struct wl_seat;

/** One of the two protocols. */
struct data_control {
  const struct wl_interface *manager, *device, *source, *offer;
};

enum { DATA_CONTROL_COUNT = 2 };
/** The standard one first. */
extern const struct data_control data_controls[DATA_CONTROL_COUNT];

/* Events, as wl_proxy_add_listener takes them. */
struct data_control_device_events {
  void (*data_offer)(void *user, struct wl_proxy *device, struct wl_proxy *offer); /* new; says its types next */
  void (*selection)(void *user, struct wl_proxy *device, struct wl_proxy *offer);  /* NULL: nothing is in it */
  void (*finished)(void *user, struct wl_proxy *device);
  void (*primary_selection)(void *user, struct wl_proxy *device, struct wl_proxy *offer); /* of the mouse */
};
struct data_control_source_events {
  void (*send)(void *user, struct wl_proxy *source, const char *type, int32_t fd); /* the fd is the receiver's */
  void (*cancelled)(void *user, struct wl_proxy *source);
};
struct data_control_offer_events {
  void (*offer)(void *user, struct wl_proxy *offer, const char *type);
};

/** `events` is a struct of those above, static. */
void data_control_listen(struct wl_proxy *proxy, const void *events, void *user);

/* Requests. What makes an object returns it, NULL where memory is short. */
struct wl_proxy *data_control_create_source(struct wl_proxy *manager, const struct data_control *of);
struct wl_proxy *data_control_get_device(struct wl_proxy *manager, const struct data_control *of, struct wl_seat *seat);
void data_control_set_selection(struct wl_proxy *device, struct wl_proxy *source);
void data_control_source_offer(struct wl_proxy *source, const char *type);
void data_control_offer_receive(struct wl_proxy *offer, const char *type, int32_t fd);
/** Each tells the compositor and frees. NULL is fine. */
void data_control_manager_destroy(struct wl_proxy *manager);
void data_control_device_destroy(struct wl_proxy *device);
void data_control_source_destroy(struct wl_proxy *source);
void data_control_offer_destroy(struct wl_proxy *offer);

#endif
