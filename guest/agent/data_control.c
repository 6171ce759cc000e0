/* SPDX-License-Identifier: MIT
 *
 * Interfaces and requests of data-control. Clipboard thread.
 */
#include "guest/agent/data_control.h"

#include <stddef.h>
#include <wayland-client-protocol.h>

enum {
  MANAGER_CREATE_SOURCE, MANAGER_GET_DEVICE, MANAGER_DESTROY,
  DEVICE_SET_SELECTION = 0, DEVICE_DESTROY,
  SOURCE_OFFER = 0, SOURCE_DESTROY,
  OFFER_RECEIVE = 0, OFFER_DESTROY,
};

static const struct wl_interface *no_types[] = {NULL, NULL};

/* Signatures: n a new object, o one that is there, ? it may be none, s a string, h a file descriptor. */
static const struct wl_message source_requests[] = {{"offer", "s", no_types}, {"destroy", "", no_types}};
static const struct wl_message source_events[] = {{"send", "sh", no_types}, {"cancelled", "", no_types}};
static const struct wl_message offer_requests[] = {{"receive", "sh", no_types}, {"destroy", "", no_types}};
static const struct wl_message offer_events[] = {{"offer", "s", no_types}};

#define FAMILY(id, prefix)                                                                                     \
  static const struct wl_interface id##_source = {prefix "_source_v1", 1, 2, source_requests, 2, source_events};\
  static const struct wl_interface id##_offer = {prefix "_offer_v1", 1, 2, offer_requests, 1, offer_events};   \
  static const struct wl_interface *id##_source_types[] = {&id##_source};                                      \
  static const struct wl_interface *id##_offer_types[] = {&id##_offer};                                        \
  static const struct wl_message id##_device_requests[] = {                                                    \
    {"set_selection", "?o", id##_source_types},                                                                \
    {"destroy", "", no_types},                                                                                 \
    {"set_primary_selection", "?o", id##_source_types},                                                        \
  };                                                                                                           \
  static const struct wl_message id##_device_events[] = {                                                      \
    {"data_offer", "n", id##_offer_types},                                                                     \
    {"selection", "?o", id##_offer_types},                                                                     \
    {"finished", "", no_types},                                                                                \
    {"primary_selection", "?o", id##_offer_types},                                                             \
  };                                                                                                           \
  static const struct wl_interface id##_device = {prefix "_device_v1", 1, 3, id##_device_requests, 4,          \
                                                  id##_device_events};                                         \
  static const struct wl_interface *id##_get_device_types[] = {&id##_device, &wl_seat_interface};              \
  static const struct wl_message id##_manager_requests[] = {                                                   \
    {"create_data_source", "n", id##_source_types},                                                            \
    {"get_data_device", "no", id##_get_device_types},                                                          \
    {"destroy", "", no_types},                                                                                 \
  };                                                                                                           \
  static const struct wl_interface id##_manager = {prefix "_manager_v1", 1, 3, id##_manager_requests, 0, NULL}

FAMILY(ext, "ext_data_control");
FAMILY(wlr, "zwlr_data_control");

const struct data_control data_controls[DATA_CONTROL_COUNT] = {
  {&ext_manager, &ext_device, &ext_source, &ext_offer},
  {&wlr_manager, &wlr_device, &wlr_source, &wlr_offer},
};

void data_control_listen(struct wl_proxy *proxy, const void *events, void *user) {
  wl_proxy_add_listener(proxy, (void (**)(void))(uintptr_t)events, user);
}

struct wl_proxy *data_control_create_source(struct wl_proxy *manager, const struct data_control *of) {
  return wl_proxy_marshal_flags(manager, MANAGER_CREATE_SOURCE, of->source, wl_proxy_get_version(manager), 0, NULL);
}

struct wl_proxy *data_control_get_device(struct wl_proxy *manager, const struct data_control *of,
                                         struct wl_seat *seat) {
  return wl_proxy_marshal_flags(manager, MANAGER_GET_DEVICE, of->device, wl_proxy_get_version(manager), 0, NULL, seat);
}

void data_control_set_selection(struct wl_proxy *device, struct wl_proxy *source) {
  wl_proxy_marshal_flags(device, DEVICE_SET_SELECTION, NULL, wl_proxy_get_version(device), 0, source);
}

void data_control_source_offer(struct wl_proxy *source, const char *type) {
  wl_proxy_marshal_flags(source, SOURCE_OFFER, NULL, wl_proxy_get_version(source), 0, type);
}

void data_control_offer_receive(struct wl_proxy *offer, const char *type, int32_t fd) {
  wl_proxy_marshal_flags(offer, OFFER_RECEIVE, NULL, wl_proxy_get_version(offer), 0, type, fd);
}

static void destroy(struct wl_proxy *proxy, uint32_t request) {
  if (proxy)
    wl_proxy_marshal_flags(proxy, request, NULL, wl_proxy_get_version(proxy), WL_MARSHAL_FLAG_DESTROY);
}

void data_control_manager_destroy(struct wl_proxy *manager) {
  destroy(manager, MANAGER_DESTROY);
}

void data_control_device_destroy(struct wl_proxy *device) {
  destroy(device, DEVICE_DESTROY);
}

void data_control_source_destroy(struct wl_proxy *source) {
  destroy(source, SOURCE_DESTROY);
}

void data_control_offer_destroy(struct wl_proxy *offer) {
  destroy(offer, OFFER_DESTROY);
}
