/* SPDX-License-Identifier: MIT
 *
 * flash: shows the test card of wire/testcard.h. The block changes colour on each key and button press, the counter
 * counts redraws, a cross marks the last click. Tests and benchmarks of remote displays read it from the pixels.
 * One thread.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <wayland-client.h>

#include "input.h"
#include "log.h"
#include "window.h"
#include "xdg-shell.h"

static const char usage[] =
  "usage: flash [--window] [--scene static|typing|scroll|motion] [--animate] [--fps N] [--log PATH [--log-motion]]\n"
  "\n"
  "Shows a test card: the block changes colour on each key and button press, the row of cells counts redraws in\n"
  "binary, a cross marks the last click. Escape or Ctrl-Q ends it.\n"
  "\n"
  "  --window      in a window instead of the full screen\n"
  "  --scene NAME  what moves behind the card: nothing, a typist, scrolling text, a flowing gradient\n"
  "  --animate     redraws all the time, at most --fps times a second, also without a moving scene\n"
  "  --fps N       1 to 240; default 30 for scenes and 60 for --animate; typing always has 10 steps a second\n"
  "  --log PATH    appends a line for each event: `ready W H`, `size W H`, `key CODE 1|0`,\n"
  "                `button CODE 1|0 X Y`, `axis AXIS VALUE`, `focus 1|0`\n"
  "  --log-motion  also `motion X Y`\n";

struct flash {
  struct wl_compositor *compositor;
  struct wl_shm *shm;
  struct wl_seat *seat;
  struct xdg_wm_base *shell;
  struct window *window;
  struct input input;
  struct card card;
  int timer_fd;
  int interval_ms;
  int fps;
  bool fullscreen;
  bool animate;
  const char *log_path;
};

static void on_ping(void *data, struct xdg_wm_base *shell, uint32_t serial) {
  (void)data;
  xdg_wm_base_pong(shell, serial);
}

static const struct xdg_wm_base_listener shell_listener = { .ping = on_ping };

static void on_global(void *data, struct wl_registry *registry, uint32_t name, const char *interface,
                      uint32_t version) {
  struct flash *flash = data;
  if (strcmp(interface, wl_compositor_interface.name) == 0 && version >= 4) {
    flash->compositor = wl_registry_bind(registry, name, &wl_compositor_interface, 4);
  } else if (strcmp(interface, wl_shm_interface.name) == 0) {
    flash->shm = wl_registry_bind(registry, name, &wl_shm_interface, 1);
  } else if (strcmp(interface, wl_seat_interface.name) == 0 && !flash->seat) {
    flash->seat = wl_registry_bind(registry, name, &wl_seat_interface, version < 4 ? version : 4);
  } else if (strcmp(interface, xdg_wm_base_interface.name) == 0) {
    flash->shell = wl_registry_bind(registry, name, &xdg_wm_base_interface, 1);
    xdg_wm_base_add_listener(flash->shell, &shell_listener, NULL);
  }
}

static void on_global_remove(void *data, struct wl_registry *registry, uint32_t name) {
  (void)data;
  (void)registry;
  (void)name;
}

static const struct wl_registry_listener registry_listener = { .global = on_global,
                                                               .global_remove = on_global_remove };

static int parse_fps(const char *text) {
  char *end;
  long value = strtol(text, &end, 10);
  return *end == '\0' && value >= 1 && value <= 240 ? (int)value : -1;
}

/* Returns -1, or the exit status if the program has nothing more to do. */
static int parse(struct flash *flash, int argc, char **argv) {
  enum { OPTION_WINDOW = 1, OPTION_SCENE, OPTION_ANIMATE, OPTION_FPS, OPTION_LOG, OPTION_LOG_MOTION, OPTION_HELP };
  static const struct option options[] = {
    { "window", no_argument, NULL, OPTION_WINDOW },     { "scene", required_argument, NULL, OPTION_SCENE },
    { "animate", no_argument, NULL, OPTION_ANIMATE },   { "fps", required_argument, NULL, OPTION_FPS },
    { "log", required_argument, NULL, OPTION_LOG },     { "log-motion", no_argument, NULL, OPTION_LOG_MOTION },
    { "help", no_argument, NULL, OPTION_HELP },         { NULL, 0, NULL, 0 },
  };
  flash->fullscreen = true;
  for (int option = getopt_long(argc, argv, "", options, NULL); option != -1;
       option = getopt_long(argc, argv, "", options, NULL)) {
    switch (option) {
    case OPTION_WINDOW: flash->fullscreen = false; break;
    case OPTION_ANIMATE: flash->animate = true; break;
    case OPTION_LOG: flash->log_path = optarg; break;
    case OPTION_LOG_MOTION: flash->input.log_motion = true; break;
    case OPTION_HELP: fputs(usage, stdout); return 0;
    case OPTION_FPS:
      flash->fps = parse_fps(optarg);
      if (flash->fps < 0) {
        fprintf(stderr, "flash: --fps %s: give a number from 1 to 240\n", optarg);
        return 2;
      }
      break;
    case OPTION_SCENE:
      if (!scene_by_name(optarg, &flash->card.scene.kind)) {
        fprintf(stderr, "flash: --scene %s: choose static, typing, scroll or motion\n", optarg);
        return 2;
      }
      break;
    default: fputs(usage, stderr); return 2;
    }
  }
  if (optind < argc) {
    fputs(usage, stderr);
    return 2;
  }
  return -1;
}

/* A virtual screen has no refresh to wait for, so a timer and not the frame callback sets the pace. */
static int start_timer(struct flash *flash) {
  enum scene_kind kind = flash->card.scene.kind;
  flash->interval_ms = scene_interval_ms(kind);
  if (flash->animate && flash->interval_ms == 0) {
    flash->interval_ms = 16;
  }
  flash->timer_fd = -1;
  if (flash->interval_ms == 0) {
    return 0;
  }
  int64_t interval_ns = (int64_t)flash->interval_ms * 1000000;
  if (flash->fps > 0 && kind != SCENE_TYPING) {
    interval_ns = 1000000000 / flash->fps;
  }
  struct timespec interval = { .tv_sec = interval_ns / 1000000000, .tv_nsec = interval_ns % 1000000000 };
  struct itimerspec setting = { .it_interval = interval, .it_value = interval };
  flash->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
  return flash->timer_fd < 0 || timerfd_settime(flash->timer_fd, 0, &setting, NULL) < 0 ? -errno : 0;
}

static void on_timer(struct flash *flash) {
  uint64_t count;
  /* A guest too slow for the pace skips pictures and keeps one speed of time for nobody: steps count pictures. */
  if (read(flash->timer_fd, &count, sizeof count) == sizeof count && !window_busy(flash->window)) {
    flash->card.scene.step++;
    window_changed(flash->window);
  }
}

static int connect_globals(struct flash *flash, struct wl_display *display) {
  struct wl_registry *registry = wl_display_get_registry(display);
  wl_registry_add_listener(registry, &registry_listener, flash);
  if (wl_display_roundtrip(display) < 0 || !flash->compositor || !flash->shm || !flash->seat || !flash->shell) {
    fprintf(stderr, "flash: the compositor lacks wl_compositor 4, wl_shm, wl_seat or xdg_wm_base\n");
    return -1;
  }
  flash->input.compositor = flash->compositor;
  flash->input.shm = flash->shm;
  flash->input.card = &flash->card;
  flash->window = window_create(flash->compositor, flash->shm, flash->shell, flash->fullscreen, &flash->card);
  if (!flash->window) {
    fprintf(stderr, "flash: out of memory\n");
    return -1;
  }
  flash->input.window = flash->window;
  input_init(&flash->input, flash->seat);
  return 0;
}

static int serve(struct flash *flash, struct wl_display *display) {
  while (!flash->input.quit && !window_closed(flash->window)) {
    wl_display_flush(display);
    struct pollfd fds[] = { { .fd = wl_display_get_fd(display), .events = POLLIN },
                            { .fd = flash->timer_fd, .events = POLLIN },
                            { .fd = log_pending() ? log_fd() : -1, .events = POLLOUT } };
    int count = poll(fds, 3, window_wait_ms(flash->window));
    if (count < 0 && errno != EINTR) {
      return 1;
    }
    if (count == 0) {
      window_ask_again(flash->window);
    }
    if (fds[0].revents && wl_display_dispatch(display) < 0) {
      return 1;
    }
    if (fds[1].revents) {
      on_timer(flash);
    }
    if (fds[2].revents) {
      log_flush();
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  static struct flash flash;
  int status = parse(&flash, argc, argv);
  if (status >= 0) {
    return status;
  }
  int error = flash.log_path ? log_open(flash.log_path) : 0;
  if (error) {
    fprintf(stderr, "flash: cannot open %s: %s; name a file or tty that you may write to\n", flash.log_path,
            strerror(-error));
    return 1;
  }
  struct wl_display *display = wl_display_connect(NULL);
  if (!display) {
    fprintf(stderr, "flash: no Wayland compositor: start it from a terminal on the desktop\n");
    return 1;
  }
  if (connect_globals(&flash, display) < 0 || start_timer(&flash) < 0) {
    return 1;
  }
  status = serve(&flash, display);
  window_destroy(flash.window);
  wl_display_disconnect(display);
  return status;
}
