/* SPDX-License-Identifier: MIT
 *
 * Who owns a Wayland session's clipboard as no program should; and as a password manager does. For clipboard_test.py.
 *
 * usage: wayland_owner hang | drip | large | image | broken | secret | marked    owns the clipboard until it ends
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wayland-client-protocol.h>

#include "guest/agent/data_control.h"

enum { LARGE = 3 * 1024 * 1024 };

static const struct data_control *of;
static struct wl_proxy *manager;
static struct wl_seat *seat;
static const char *mode;
static bool is_over;

static bool is(const char *word) {
  return strcmp(mode, word) == 0;
}

static void on_global(void *user, struct wl_registry *registry, uint32_t name, const char *interface,
                      uint32_t version) {
  (void)user, (void)version;
  if (strcmp(interface, wl_seat_interface.name) == 0)
    seat = wl_registry_bind(registry, name, &wl_seat_interface, 1);
  for (size_t i = 0; i < DATA_CONTROL_COUNT; i++)
    if (!manager && strcmp(interface, data_controls[i].manager->name) == 0) {
      of = &data_controls[i];
      manager = wl_registry_bind(registry, name, of->manager, 1);
    }
}

static void on_global_remove(void *user, struct wl_registry *registry, uint32_t name) {
  (void)user, (void)registry, (void)name;
}

static void say(int fd, const char *text) {
  if (write(fd, text, strlen(text)) < 0)
    fputs("who pastes has gone\n", stderr);
  close(fd);
}

/* On its own: it takes for ever, or as long as the other takes. */
static void talk_on(int fd) {
  static char bytes[LARGE];
  if (fork() != 0) {
    close(fd);
    return;
  }
  memset(bytes, 'x', sizeof bytes);
  alarm(20);
  for (size_t at = 0; is("drip") || at < sizeof bytes;) {
    const ssize_t size = write(fd, bytes + at, is("drip") ? 1 : sizeof bytes - at);
    if (size < 0)
      break;
    at += is("drip") ? 0 : (size_t)size;
    if (is("drip"))
      usleep(1000);
  }
  _exit(0);
}

static void on_send(void *user, struct wl_proxy *source, const char *type, int32_t fd) {
  (void)user, (void)source;
  if (strcmp(type, "x-kde-passwordManagerHint") == 0)
    say(fd, mode);
  else if (is("broken"))
    say(fd, "\xff\xfe");
  else if (is("drip") || is("large"))
    talk_on(fd);
  else if (!is("hang")) /* that keeps it open, with nothing in it */
    say(fd, "kept");
}

static void on_cancelled(void *user, struct wl_proxy *source) {
  (void)user, (void)source;
  is_over = true;
}

int main(int argc, char *argv[]) {
  static const struct wl_registry_listener registry_events = {on_global, on_global_remove};
  static const struct data_control_source_events events = {on_send, on_cancelled};
  if (argc < 2)
    return 2;
  mode = argv[1];
  signal(SIGPIPE, SIG_IGN);
  signal(SIGCHLD, SIG_IGN);
  struct wl_display *display = wl_display_connect(NULL);
  if (!display)
    return 1;
  wl_registry_add_listener(wl_display_get_registry(display), &registry_events, NULL);
  if (wl_display_roundtrip(display) < 0 || !manager || !seat)
    return 1;
  struct wl_proxy *device = data_control_get_device(manager, of, seat), *source = data_control_create_source(manager, of);
  data_control_listen(source, &events, NULL);
  data_control_source_offer(source, is("image") ? "image/png" : "text/plain;charset=utf-8");
  if (is("secret") || is("marked"))
    data_control_source_offer(source, "x-kde-passwordManagerHint");
  data_control_set_selection(device, source);
  if (wl_display_roundtrip(display) < 0)
    return 1;
  puts("ready");
  fflush(stdout);
  while (!is_over && wl_display_dispatch(display) >= 0)
    ;
  _exit(0); /* its objects go with it */
}
