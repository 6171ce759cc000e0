/* SPDX-License-Identifier: MIT
 *
 * Shared parts of the driver's tests.
 */
#include "tests/driver/rig.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static char logged[16384];

static void keep(enum engine_log_level level, const char *text) {
  (void)level;
  pthread_mutex_lock(&log_lock);
  const size_t size = strlen(logged);
  snprintf(logged + size, sizeof logged - size, "%s\n", text);
  pthread_mutex_unlock(&log_lock);
}

static _Atomic uint64_t passed;

static uint64_t now_ns(void) {
  return oriel_clock_ns() + atomic_load(&passed);
}

void rig_pass(uint64_t ns) {
  atomic_fetch_add(&passed, ns);
}

const struct engine_world rig_world = {.now = now_ns, .ticks_per_second = 1000000000, .log = keep};

bool rig_logged(const char *part) {
  pthread_mutex_lock(&log_lock);
  const bool found = strstr(logged, part) != NULL;
  pthread_mutex_unlock(&log_lock);
  return found;
}

void rig_forget(void) {
  pthread_mutex_lock(&log_lock);
  logged[0] = '\0';
  pthread_mutex_unlock(&log_lock);
}

static void fail(const char *what) {
  fprintf(stderr, "rig: %s\n", what);
  abort();
}

void rig_listen(struct rig_peer *peer, const char *options) {
  struct oriel_transport_address address;
  char why[256];
  static unsigned number;
  const bool is_tcp = strncmp(options, "tcp:", 4) == 0;
  if (is_tcp)
    snprintf(peer->address, sizeof peer->address, "%s", options);
  else
    snprintf(peer->address, sizeof peer->address, "unix:///tmp/oriel-driver-test.%d.%u%s", (int)getpid(), number++,
             options);
  peer->fd = -1;
  if (oriel_transport_address_parse(peer->address, &address, why, sizeof why) < 0 ||
      oriel_listener_create(&address, &peer->listener, why, sizeof why) < 0)
    fail(why);
  const char *behind = strchr(options, '?');
  if (is_tcp)
    snprintf(peer->address, sizeof peer->address, "tcp://127.0.0.1:%u%s",
             (unsigned)oriel_listener_port(peer->listener), behind ? behind : "");
}

void rig_accept(struct rig_peer *peer) {
  struct pollfd fd = {.fd = oriel_listener_fd(peer->listener), .events = POLLIN};
  if (poll(&fd, 1, 5000) != 1)
    fail("nobody dialled");
  peer->fd = oriel_listener_accept(peer->listener);
  if (peer->fd < 0)
    fail("accept");
}

void rig_hang_up(struct rig_peer *peer) {
  if (peer->fd >= 0)
    close(peer->fd);
  peer->fd = -1;
}

void rig_close(struct rig_peer *peer) {
  rig_hang_up(peer);
  oriel_listener_destroy(peer->listener);
}

bool rig_read(struct rig_peer *peer, void *data, size_t size) {
  const uint64_t until = oriel_clock_ns() + 5 * ORIEL_NS_PER_SECOND;
  for (size_t have = 0; have < size;) {
    struct pollfd fd = {.fd = peer->fd, .events = POLLIN};
    if (oriel_clock_ns() > until || poll(&fd, 1, 5000) != 1)
      return false;
    const ssize_t got = read(peer->fd, (char *)data + have, size - have);
    if (got == 0 || (got < 0 && errno != EAGAIN))
      return false;
    have += got > 0 ? (size_t)got : 0;
  }
  return true;
}

bool rig_closed(struct rig_peer *peer) {
  const uint64_t until = oriel_clock_ns() + 10 * ORIEL_NS_PER_SECOND;
  while (oriel_clock_ns() < until) {
    char bytes[4096];
    struct pollfd fd = {.fd = peer->fd, .events = POLLIN};
    if (poll(&fd, 1, 1000) != 1)
      continue;
    const ssize_t got = read(peer->fd, bytes, sizeof bytes);
    if (got == 0 || (got < 0 && errno == ECONNRESET))
      return true;
    if (got < 0 && errno != EAGAIN && errno != EINTR)
      return false;
  }
  return false;
}

size_t rig_packet(struct rig_peer *peer, uint8_t packet[1500]) {
  uint8_t length[2];
  if (!rig_read(peer, length, 2))
    return 0;
  const size_t size = (size_t)length[0] << 8 | length[1];
  return size >= 1 && size <= 1500 && rig_read(peer, packet, size) ? size : 0;
}

struct settings rig_settings(void) {
  struct settings settings = settings_default;
  settings.transport[0] = settings.microphone[0] = settings.shared_memory[0] = '\0';
  return settings;
}

struct engine *rig_engine(const struct settings *settings) {
  struct engine *engine = NULL;
  rig_forget();
  if (engine_create(&rig_world, settings, &engine) != 0)
    fail("no engine");
  return engine;
}

unsigned long rig_number(struct engine *engine, const char *name, bool microphone) {
  char text[ENGINE_STATUS_SIZE], key[64];
  engine_status(engine, text);
  snprintf(key, sizeof key, "\"%s\": ", name);
  const char *part = strstr(text, microphone ? "\"microphone\": {" : "\"transport\": {");
  const char *at = part ? strstr(part, key) : NULL;
  if (!at)
    fail(name);
  return strtoul(at + strlen(key), NULL, 10);
}

void rig_begin(struct rig_scene *scene, enum engine_side side, const char *options, const struct settings *settings) {
  *scene = (struct rig_scene){.settings = settings ? *settings : rig_settings()};
  rig_listen(&scene->peer, options);
  strcpy(side == ENGINE_OUTPUT ? scene->settings.transport : scene->settings.microphone, scene->peer.address);
  scene->engine = rig_engine(&scene->settings);
  if (engine_start(scene->engine, side, 1) != 0)
    fail("no start");
  rig_accept(&scene->peer);
  uint64_t frame, host, seed;
  engine_stamp(scene->engine, side, &frame, &host, &seed);
  scene->at = (int64_t)(frame + (now_ns() - host) * scene->settings.rate / ORIEL_NS_PER_SECOND);
}

void rig_end(struct rig_scene *scene) {
  engine_destroy(scene->engine);
  rig_close(&scene->peer);
}

/* Waits until the cycle is due. */
static void wait_for(struct rig_scene *scene, size_t count) {
  const uint64_t now = oriel_clock_ns();
  if (!scene->next_ns)
    scene->next_ns = now;
  if (scene->next_ns > now)
    poll(NULL, 0, (int)((scene->next_ns - now) / ORIEL_NS_PER_MS));
  scene->next_ns += count * ORIEL_NS_PER_SECOND / scene->settings.rate;
}

void rig_play(struct rig_scene *scene, size_t count) {
  static float frames[16 * 4096];
  wait_for(scene, count);
  rig_fill(frames, scene->at, count, scene->settings.output_channels);
  engine_write(scene->engine, scene->at, frames, count, now_ns());
  scene->at += (int64_t)count;
}

void rig_record(struct rig_scene *scene, float *frames, size_t count) {
  static float dropped[16 * 4096];
  wait_for(scene, count);
  engine_read(scene->engine, scene->at, frames ? frames : dropped, count, now_ns());
  scene->at += (int64_t)count;
}

int64_t rig_frame_of(const float *frame) {
  for (int64_t at = 0; at < 32768; at++)
    if (rig_sample(at, 0) == frame[0] && rig_sample(at, 1) == frame[1])
      return at;
  return -1;
}

float rig_sample(int64_t at, unsigned c) {
  return (float)((uint64_t)at * 2 % 65536 + c + 1) / 131072.0f;
}

void rig_fill(float *frames, int64_t at, size_t count, unsigned channels) {
  for (size_t i = 0; i < count; i++)
    for (unsigned c = 0; c < channels; c++)
      frames[i * channels + c] = rig_sample(at + (int64_t)i, c);
}

bool rig_until(bool (*condition)(void *context), void *context) {
  const uint64_t until = oriel_clock_ns() + 5 * ORIEL_NS_PER_SECOND;
  while (!condition(context)) {
    if (oriel_clock_ns() > until)
      return false;
    poll(NULL, 0, 1);
  }
  return true;
}
