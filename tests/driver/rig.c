/* SPDX-License-Identifier: MIT
 *
 * Shared parts of the driver's tests.
 */
#include "tests/driver/rig.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
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

const struct engine_world rig_world = {.now = oriel_clock_ns, .ticks_per_second = 1000000000, .log = keep};

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
  snprintf(peer->address, sizeof peer->address, "unix:///tmp/oriel-driver-test.%d.%u%s", (int)getpid(), number++, options);
  peer->fd = -1;
  if (oriel_transport_address_parse(peer->address, &address, why, sizeof why) < 0 ||
      oriel_listener_create(&address, &peer->listener, why, sizeof why) < 0)
    fail(why);
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

size_t rig_packet(struct rig_peer *peer, uint8_t packet[1500]) {
  uint8_t length[2];
  if (!rig_read(peer, length, 2))
    return 0;
  const size_t size = (size_t)length[0] << 8 | length[1];
  return size >= 1 && size <= 1500 && rig_read(peer, packet, size) ? size : 0;
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
