/* SPDX-License-Identifier: MIT
 *
 * The clipboard by Wayland's data-control. Clipboard thread.
 */
#include "guest/agent/selection_wayland.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wayland-client-protocol.h>

#include "core/clock.h"
#include "guest/agent/data_control.h"
#include "guest/agent/gather.h"
#include "guest/agent/giving.h"
#include "guest/agent/wayland_take.h"

#define MARK "application/x-oriel-agent;pid="

struct source {
  struct wl_proxy *proxy; /* NULL = nothing of ours is in the clipboard */
  struct oriel_packet *text;
  bool is_announced; /* what the compositor says of the clipboard before that is older */
};

struct wayland {
  struct agent_selection base;
  struct wl_display *display;
  struct wl_registry *registry;
  struct wl_callback *listed; /* until all globals have been announced */
  const struct data_control *of;
  uint32_t manager_name, seat_name;
  struct wl_seat *seat;
  struct wl_proxy *manager, *device;
  struct source source;
  struct oriel_packet *wanted; /* to be given once there is a device */
  struct wayland_take take;
  struct agent_givings givings;
  bool is_unable;
  char mark[sizeof MARK + 12];
};

/* ---- what we offer ---- */

static void drop_source(struct source *source) {
  data_control_source_destroy(source->proxy);
  oriel_packet_unref(source->text);
  *source = (struct source){.proxy = NULL};
}

static void on_send(void *user, struct wl_proxy *proxy, const char *type, int32_t fd) {
  struct wayland *wayland = user;
  (void)type; /* every type that we offer is the same text, also for who asks for the mark */
  if (proxy == wayland->source.proxy)
    agent_givings_add(&wayland->givings, wayland->source.text, fd, oriel_clock_ns());
  else
    close(fd);
}

static void on_cancelled(void *user, struct wl_proxy *proxy) {
  struct wayland *wayland = user;
  if (proxy == wayland->source.proxy)
    drop_source(&wayland->source);
}

/** The new source takes the old one's place, which is then destroyed: the clipboard is never empty in between. */
static void offer_wanted(struct wayland *wayland) {
  static const struct data_control_source_events events = {on_send, on_cancelled};
  static const char *const texts[AGENT_SELECTION_TEXT_COUNT] = AGENT_SELECTION_TEXTS;
  if (!wayland->device || !wayland->wanted)
    return;
  const struct source source = {data_control_create_source(wayland->manager, wayland->of), wayland->wanted, false};
  wayland->wanted = NULL;
  if (source.proxy) {
    data_control_listen(source.proxy, &events, wayland);
    for (size_t i = 0; i < AGENT_SELECTION_TEXT_COUNT; i++)
      data_control_source_offer(source.proxy, texts[i]);
    data_control_source_offer(source.proxy, wayland->mark);
    data_control_set_selection(wayland->device, source.proxy);
  }
  drop_source(&wayland->source);
  wayland->source = source;
}

static void give(struct agent_selection *selection, struct oriel_packet *text) {
  struct wayland *wayland = (struct wayland *)selection;
  wayland_take_stop(&wayland->take); /* what was copied before is older */
  oriel_packet_unref(wayland->wanted);
  wayland->wanted = oriel_packet_ref(text);
  offer_wanted(wayland);
}

/* ---- the device ---- */

static void on_data_offer(void *user, struct wl_proxy *device, struct wl_proxy *offer) {
  struct wayland *wayland = user;
  (void)device;
  wayland_take_offer(&wayland->take, offer);
}

static void on_selection(void *user, struct wl_proxy *device, struct wl_proxy *offer) {
  struct wayland *wayland = user;
  (void)device;
  if (wayland->take.coming.is_ours)
    wayland->source.is_announced = true;
  if (wayland->source.proxy && !wayland->source.is_announced)
    wayland_take_leave(&wayland->take, offer);
  else
    wayland_take_selection(&wayland->take, offer);
}

static void on_primary(void *user, struct wl_proxy *device, struct wl_proxy *offer) {
  struct wayland *wayland = user;
  (void)device;
  wayland_take_leave(&wayland->take, offer);
}

static void drop_device(struct wayland *wayland) {
  wayland_take_end(&wayland->take);
  data_control_device_destroy(wayland->device);
  wayland->device = NULL;
}

static void on_finished(void *user, struct wl_proxy *device) {
  (void)device;
  drop_device(user);
}

static void make_device(struct wayland *wayland) {
  static const struct data_control_device_events events = {on_data_offer, on_selection, on_finished, on_primary};
  if (wayland->device || !wayland->manager || !wayland->seat)
    return;
  wayland->device = data_control_get_device(wayland->manager, wayland->of, wayland->seat);
  if (wayland->device)
    data_control_listen(wayland->device, &events, wayland);
  offer_wanted(wayland);
}

/* ---- globals ---- */

static void bind_manager(struct wayland *wayland, uint32_t name, const struct data_control *of) {
  wayland->of = of;
  wayland->manager = wl_registry_bind(wayland->registry, name, of->manager, 1);
  wayland->manager_name = name;
}

static void on_global(void *user, struct wl_registry *registry, uint32_t name, const char *interface,
                      uint32_t version) {
  struct wayland *wayland = user;
  (void)version; /* the first is enough of each */
  if (!wayland->seat && strcmp(interface, wl_seat_interface.name) == 0) {
    wayland->seat = wl_registry_bind(registry, name, &wl_seat_interface, 1);
    wayland->seat_name = name;
  }
  for (size_t i = 0; i < DATA_CONTROL_COUNT; i++)
    if (!wayland->manager && strcmp(interface, data_controls[i].manager->name) == 0)
      bind_manager(wayland, name, &data_controls[i]);
  if (!wayland->listed)
    make_device(wayland);
}

static void on_global_remove(void *user, struct wl_registry *registry, uint32_t name) {
  struct wayland *wayland = user;
  (void)registry;
  if (wayland->seat && name == wayland->seat_name) {
    drop_device(wayland);
    wl_seat_destroy(wayland->seat);
    wayland->seat = NULL;
  }
  wayland->is_unable |= wayland->manager && name == wayland->manager_name;
}

static void on_listed(void *user, struct wl_callback *callback, uint32_t serial) {
  struct wayland *wayland = user;
  (void)serial;
  wl_callback_destroy(callback);
  wayland->listed = NULL;
  wayland->is_unable |= !wayland->manager;
  make_device(wayland);
}

/* ---- life ---- */

static void destroy(struct agent_selection *selection) {
  struct wayland *wayland = (struct wayland *)selection;
  drop_device(wayland);
  drop_source(&wayland->source);
  oriel_packet_unref(wayland->wanted);
  agent_givings_finish(&wayland->givings);
  data_control_manager_destroy(wayland->manager);
  if (wayland->seat)
    wl_seat_destroy(wayland->seat);
  if (wayland->listed)
    wl_callback_destroy(wayland->listed);
  if (wayland->registry)
    wl_registry_destroy(wayland->registry);
  if (wayland->display)
    wl_display_disconnect(wayland->display);
  free(wayland);
}

static size_t wayland_poll(struct agent_selection *selection, struct pollfd *polled, int *timeout_ms,
                           uint64_t now_ns) {
  struct wayland *wayland = (struct wayland *)selection;
  const bool is_full = wl_display_flush(wayland->display) < 0 && errno == EAGAIN;
  polled[0] = (struct pollfd){.fd = wl_display_get_fd(wayland->display),
                              .events = (short)(is_full ? POLLIN | POLLOUT : POLLIN)};
  polled[1] = (struct pollfd){.fd = wayland->take.fd, .events = POLLIN}; /* -1 is left out */
  agent_gather_earlier(timeout_ms, wayland->take.gather.due_ns, now_ns);
  return 2 + agent_givings_poll(&wayland->givings, polled + 2, timeout_ms, now_ns);
}

static int dispatch(struct wl_display *display) {
  while (wl_display_prepare_read(display) < 0)
    if (wl_display_dispatch_pending(display) < 0)
      return -ECONNRESET;
  if (wl_display_read_events(display) < 0 || wl_display_dispatch_pending(display) < 0)
    return -ECONNRESET;
  return 0;
}

static int step(struct agent_selection *selection, const struct pollfd *polled, size_t count, uint64_t now_ns) {
  struct wayland *wayland = (struct wayland *)selection;
  (void)polled, (void)count;
  const int error = dispatch(wayland->display);
  if (wayland->is_unable)
    return -ENOTSUP;
  wayland_take_step(&wayland->take, now_ns);
  agent_givings_step(&wayland->givings, now_ns);
  return error;
}

static const struct agent_selection_impl impl = {
  .name = "wayland", .destroy = destroy, .give = give, .poll = wayland_poll, .step = step,
};

static int connect_to(struct wayland *wayland, int fd) {
  static const struct wl_registry_listener registry_events = {on_global, on_global_remove};
  static const struct wl_callback_listener listed_events = {on_listed};
  wayland->display = wl_display_connect_to_fd(fd); /* closes it where it fails */
  if (wayland->display)
    wayland->registry = wl_display_get_registry(wayland->display);
  if (wayland->registry)
    wayland->listed = wl_display_sync(wayland->display);
  if (!wayland->listed)
    return -ENOMEM;
  wl_registry_add_listener(wayland->registry, &registry_events, wayland);
  wl_callback_add_listener(wayland->listed, &listed_events, wayland);
  return 0;
}

int agent_selection_wayland_open(int fd, const struct agent_selection_sink *sink, struct agent_selection **selection) {
  struct wayland *wayland = calloc(1, sizeof *wayland);
  if (!wayland) {
    close(fd);
    return -ENOMEM;
  }
  wayland->base = (struct agent_selection){&impl, *sink};
  snprintf(wayland->mark, sizeof wayland->mark, MARK "%d", getpid());
  wayland_take_init(&wayland->take, &wayland->base.sink, wayland->mark);
  const int error = connect_to(wayland, fd);
  if (error < 0)
    destroy(&wayland->base);
  else
    *selection = &wayland->base;
  return error;
}
