/* SPDX-License-Identifier: MIT
 *
 * What a QEMU's pictures lose to those of another one: how late a small update of one desktop, 60 times a second, is in
 * its surface, while another desktop's QEMU sends whole pictures of 1920 x 1080. Each QEMU is a process that only says
 * what one would. Windows in turning order: the other is quiet; it floods, read by the same process ("same"); it floods,
 * read by a process of its own ("peer"), which costs the machine the same. What `same` has more than `peer` is ours.
 */
#include <errno.h>
#include <gio/gio.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/series.h"
#include "core/clock.h"
#include "source/source.h"
#include "tests/source/fake_qemu.h"

enum { ROUNDS = 6, WINDOW_S = 4, X8R8G8B8 = 0x20020888, SMALL = 64, WIDTH = 1920, HEIGHT = 1080 };
enum mode { QUIET, SAME, PEER, MODES };
static const unsigned frames_per_second[] = {60, 0 /* as fast as they are read */};

/** Between the processes of a window. */
struct shared {
  atomic_bool counts; /* lateness is noted */
  atomic_uint ready;  /* desktops that have a picture */
  atomic_uint count, pictures;
  double late_ms[WINDOW_S * 120];
};
static struct shared *shared;

static void must(bool works, const char *what) {
  if (works)
    return;
  fprintf(stderr, "qemu_bench: %s does not work: %s\n", what, strerror(errno));
  exit(1);
}

/* ---- a QEMU, as a process ---- */

/** A call of the display listener as bytes; `pixels` is where those begin. */
static uint8_t *write_call(const char *member, GVariant *body, size_t *size) {
  GDBusMessage *call = g_dbus_message_new_method_call(NULL, "/org/qemu/Display1/Listener", "org.qemu.Display1.Listener",
                                                      member);
  g_dbus_message_set_flags(call, G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);
  g_dbus_message_set_serial(call, 7);
  g_dbus_message_set_body(call, body);
  uint8_t *bytes = g_dbus_message_to_blob(call, size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
  g_object_unref(call);
  must(bytes != NULL, "writing a message");
  return bytes;
}

static GVariant *pixels_of(size_t count) {
  uint8_t *pixels = g_malloc0(count * 4);
  GVariant *array = g_variant_new_from_data(G_VARIANT_TYPE("ay"), pixels, count * 4, TRUE, g_free, pixels);
  return array;
}

static bool send_all(int fd, const uint8_t *data, size_t size) {
  while (size) {
    const ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
    if (sent < 0)
      return false;
    data += sent;
    size -= (size_t)sent;
  }
  return true;
}

/** Updates of the whole picture, each with the time of its sending in its first pixels. */
static void speak(int fd, int width, int height, unsigned per_second) {
  size_t size, pixels = (size_t)width * (size_t)height;
  uint8_t *scanout = write_call("Scanout", g_variant_new("(uuuu@ay)", width, height, width * 4, X8R8G8B8,
                                                         pixels_of(pixels)), &size);
  must(send_all(fd, scanout, size), "sending");
  uint8_t *update = write_call("Update", g_variant_new("(iiiiuu@ay)", 0, 0, width, height, width * 4, X8R8G8B8,
                                                       pixels_of(pixels)), &size);
  uint8_t *first = update + size - pixels * 4;
  for (uint64_t at = oriel_clock_ns();; at += per_second ? ORIEL_NS_PER_SECOND / per_second : 0) {
    const uint64_t now = oriel_clock_ns();
    if (at > now)
      g_usleep((at - now) / 1000);
    const uint64_t sent_us = oriel_clock_ns() / 1000;
    memcpy(first, &sent_us, 3);
    memcpy(first + 4, (const uint8_t *)&sent_us + 3, 3);
    if (!send_all(fd, update, size))
      return;
  }
}

static pid_t begin_child(void) {
  const pid_t child = fork();
  must(child >= 0, "fork");
  if (!child)
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  return child;
}

/** A QEMU of this picture; per_second 0: as often as it is read. */
static pid_t begin_qemu(const char *path, int width, int height, unsigned per_second) {
  const pid_t child = begin_child();
  if (child)
    return child;
  struct fake_qemu *fake = fake_qemu_start(path, &(struct fake_qemu_options){.raw = true});
  for (unsigned count = 1;; count++) {
    must(fake_qemu_wait_listener(fake, FAKE_DISPLAY, count), "the listener");
    speak(fake_qemu_raw(fake, FAKE_DISPLAY), width, height, per_second);
  }
}

/* ---- a desktop's source ---- */

struct reader {
  struct oriel_source *source;
  struct oriel_source_sink sink;
  bool measured, begun;
};

static void on_damaged(void *user) {
  struct reader *reader = user;
  struct oriel_surface_view view;
  uint64_t sent_us = 0;
  if (!reader->begun)
    atomic_fetch_add(&shared->ready, 1);
  reader->begun = true;
  if (!reader->measured) {
    atomic_fetch_add(&shared->pictures, atomic_load(&shared->counts));
    return;
  }
  oriel_surface_lock(oriel_source_surface(reader->source), NULL, &view);
  memcpy(&sent_us, view.bgrx, 3);
  memcpy((uint8_t *)&sent_us + 3, view.bgrx + 4, 3);
  oriel_surface_unlock(oriel_source_surface(reader->source), NULL);
  if (!atomic_load(&shared->counts) || !sent_us)
    return;
  const unsigned at = atomic_fetch_add(&shared->count, 1);
  if (at < sizeof shared->late_ms / sizeof *shared->late_ms)
    shared->late_ms[at] = (double)(oriel_clock_ns() / 1000 - sent_us) / 1000;
}

static void no_cursor(void *user, struct oriel_packet *packet) {
  (void)user, (void)packet;
}

static void no_move(void *user, int32_t x, int32_t y, bool visible) {
  (void)user, (void)x, (void)y, (void)visible;
}

static void no_state(void *user, enum oriel_source_state state, const char *detail) {
  (void)user, (void)state, (void)detail;
}

static void no_mode(void *user, bool absolute) {
  (void)user, (void)absolute;
}

static void no_sound(void *user, const float *frames, size_t count, uint64_t captured_ns) {
  (void)user, (void)frames, (void)count, (void)captured_ns;
}

static void begin_reading(struct reader *reader, const char *path, bool measured) {
  char address[128], why[256];
  *reader = (struct reader){.measured = measured, .sink = {.user = reader, .damaged = on_damaged, .cursor = no_cursor,
    .cursor_moved = no_move, .state = no_state, .pointer_mode = no_mode, .sound = no_sound}};
  snprintf(address, sizeof address, "qemu:%s", path);
  must(!oriel_source_create(address, &reader->source, why, sizeof why), "the source");
  must(!oriel_source_start(reader->source, &reader->sink), "starting the source");
  oriel_source_watch(reader->source, ORIEL_WATCH_PICTURES);
}

/* ---- windows ---- */

/** A process that reads these two, of which each may be NULL. */
static pid_t begin_server(const char *measured, const char *other) {
  static struct reader readers[2];
  const pid_t child = begin_child();
  if (child)
    return child;
  if (measured)
    begin_reading(&readers[0], measured, true);
  if (other)
    begin_reading(&readers[1], other, false);
  for (;;)
    pause();
}

static void end_child(pid_t child) {
  if (child <= 0)
    return;
  (void)kill(child, SIGKILL);
  (void)waitpid(child, NULL, 0);
}

static void add_samples(struct series *series) {
  for (unsigned i = 0; i < atomic_load(&shared->count) && i < sizeof shared->late_ms / sizeof *shared->late_ms; i++)
    series_add(series, shared->late_ms[i]);
}

static int compare(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double p99(void) {
  const unsigned count = atomic_load(&shared->count);
  must(count > 10, "measuring");
  qsort(shared->late_ms, count, sizeof *shared->late_ms, compare);
  return shared->late_ms[(count - 1) * 99 / 100];
}

/** Lateness in one window. Returns its p99, ms. */
static double measure(enum mode mode, unsigned per_second, struct series *series) {
  char quiet[64], busy[64];
  snprintf(quiet, sizeof quiet, "/tmp/oriel-bench-%d-quiet", (int)getpid());
  snprintf(busy, sizeof busy, "/tmp/oriel-bench-%d-busy", (int)getpid());
  memset(shared, 0, sizeof *shared);
  pid_t children[4] = {begin_qemu(quiet, SMALL, SMALL, 60)};
  if (mode != QUIET)
    children[1] = begin_qemu(busy, WIDTH, HEIGHT, per_second);
  g_usleep(300 * 1000);
  children[2] = begin_server(quiet, mode == SAME ? busy : NULL);
  if (mode == PEER)
    children[3] = begin_server(NULL, busy);
  for (unsigned left = 1000; left && atomic_load(&shared->ready) < (mode == QUIET ? 1u : 2u); left--)
    g_usleep(10 * 1000);
  g_usleep(500 * 1000);
  atomic_store(&shared->counts, true);
  g_usleep(WINDOW_S * G_USEC_PER_SEC);
  atomic_store(&shared->counts, false);
  for (unsigned i = 0; i < 4; i++)
    end_child(children[3 - i]);
  (void)unlink(quiet);
  (void)unlink(busy);
  add_samples(series);
  return p99();
}

static void compare_modes(unsigned per_second) {
  static struct series windows[MODES], ours;
  const char *const names[MODES] = {"quiet", "same server", "peer"};
  char text[MODES + 1][96];
  for (unsigned i = 0; i < MODES; i++) {
    snprintf(text[i], sizeof text[i], "update of one QEMU beside %s of another, %s",
             per_second ? "60 pictures a second" : "a flood", names[i]);
    windows[i] = (struct series){.name = text[i], .unit = "ms"};
  }
  snprintf(text[MODES], sizeof text[MODES], "  p99, same server less peer, of rounds");
  ours = (struct series){
    .name = text[MODES], .unit = "ms", .target = "<= 2 ms", .limit = 2, .judge = SERIES_MEDIAN_MOST};
  for (unsigned round = 0; round < ROUNDS; round++) {
    double late[MODES];
    for (unsigned i = 0; i < MODES; i++) {
      const enum mode mode = (enum mode)((round + i) % MODES);
      late[mode] = measure(mode, per_second, &windows[mode]);
      fprintf(stderr, "%u %s p99 %.2f ms, %u pictures\n", round, names[mode], late[mode],
              atomic_load(&shared->pictures));
    }
    series_add(&ours, late[SAME] - late[PEER]);
  }
  for (unsigned i = 0; i < MODES; i++)
    series_report(&windows[i]);
  series_report(&ours);
}

int main(int argc, char **argv) {
  series_options(argc, argv);
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  must(shared != MAP_FAILED, "mmap");
  for (size_t i = 0; i < sizeof frames_per_second / sizeof *frames_per_second; i++)
    compare_modes(frames_per_second[i]);
  series_end();
  return 0;
}
