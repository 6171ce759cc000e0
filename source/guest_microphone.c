/* SPDX-License-Identifier: MIT
 *
 * The microphone's queue and its stream, see guest_microphone.h.
 */
#include "source/guest_microphone.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"

/* What a socket may hold for a guest that does not read: about five packets of 20 ms. It is all that could be heard
 * late by an agent that comes later. */
enum { SOCKET_BYTES = 2304 };
static const uint64_t age_ns = 100 * ORIEL_NS_PER_MS;
static const uint64_t taken_ns = 1500 * ORIEL_NS_PER_MS; /* bytes that wait for less than this are on their way */
static const uint64_t retry_ns = 100 * ORIEL_NS_PER_MS;   /* between attempts to duplicate, for want of descriptors */
/* 20 ms of Opus' silence: harmless to hear, and once it is gone from the socket somebody reads. */
static const uint8_t silence[] = {0xfc, 0xff, 0xfe};

int guest_microphone_init(struct guest_microphone *microphone) {
  microphone->watched_fd = -1;
  microphone->link.fd = -1;
  return pthread_mutex_init(&microphone->lock, NULL) ? -ENOMEM : 0;
}

int guest_microphone_open(struct guest_microphone *microphone, const char *address, bool dial_unix, char *why,
                          size_t why_size) {
  return guest_link_open(&microphone->link, address, dial_unix, why, why_size);
}

static void set_connected(struct guest_microphone *microphone, bool is_connected) {
  pthread_mutex_lock(&microphone->lock);
  const int old = microphone->watched_fd;
  microphone->is_connected = is_connected;
  microphone->is_watched = is_connected && microphone->is_probed;
  microphone->watched_fd = -1;
  microphone->emptied_ns = 0;
  microphone->connections += is_connected;
  microphone->dropped += microphone->count;
  microphone->count = 0;
  pthread_mutex_unlock(&microphone->lock);
  if (old >= 0)
    close(old);
}

void guest_microphone_finish(struct guest_microphone *microphone) {
  set_connected(microphone, false);
  guest_link_finish(&microphone->link);
  pthread_mutex_destroy(&microphone->lock);
}

bool guest_microphone_wants_write(const struct guest_microphone *microphone) {
  return microphone->out_sent < microphone->out_size;
}

static void load(struct guest_microphone *microphone, const void *packet, size_t size) {
  oriel_audio_write_length(microphone->out, size);
  memcpy(microphone->out + ORIEL_AUDIO_LENGTH_SIZE, packet, size);
  microphone->out_size = ORIEL_AUDIO_LENGTH_SIZE + size;
  microphone->out_sent = 0;
}

/* False when nothing waits. What became old meanwhile is left out (lesson 27). */
static bool load_next(struct guest_microphone *microphone, uint64_t now_ns) {
  bool found = false;
  pthread_mutex_lock(&microphone->lock);
  while (microphone->count > 0 && !found) {
    const unsigned slot = microphone->first;
    microphone->first = (slot + 1) % GUEST_MICROPHONE_SLOTS;
    microphone->count--;
    found = now_ns < microphone->slots[slot].pushed_ns + age_ns;
    if (found)
      load(microphone, microphone->slots[slot].bytes, microphone->slots[slot].size);
    else
      microphone->dropped++;
  }
  microphone->packets += found;
  pthread_mutex_unlock(&microphone->lock);
  return found;
}

/* True while what was sent last waits unread for longer than may be heard late: what comes meanwhile waits here, where
 * it is dropped when it is old. */
static bool is_behind(const struct guest_microphone *microphone, uint64_t now_ns) {
  const int fd = guest_link_fd(&microphone->link);
  const uint64_t since_ns = guest_unread_since(&microphone->unread, guest_unread_waiting(fd));
  return since_ns && now_ns > since_ns + age_ns + guest_unread_way_ns(fd);
}

static void send_all(struct guest_microphone *microphone, uint64_t now_ns) {
  while (microphone->link.is_connected &&
         (guest_microphone_wants_write(microphone) ||
          (!is_behind(microphone, now_ns) && load_next(microphone, now_ns)))) {
    const ssize_t sent = guest_link_send(&microphone->link, microphone->out + microphone->out_sent,
                                         microphone->out_size - microphone->out_sent, now_ns);
    if (sent < 0)
      return;
    microphone->out_sent += (size_t)sent;
    if (!guest_microphone_wants_write(microphone))
      guest_unread_sent(&microphone->unread, microphone->out_size, now_ns);
  }
}

/* A guest says a byte for each packet that it has read. Not so behind QEMU's ports, where another program may take the
 * first one's place unseen; there the socket tells. Reading is also how the end is noticed. */
static void receive_credit(struct guest_microphone *microphone, uint64_t now_ns) {
  uint8_t data[1024];
  for (int turn = 0; turn < 4; turn++) {
    const ssize_t got = guest_link_receive(&microphone->link, data, sizeof data, now_ns);
    if (got <= 0)
      return;
    if (!microphone->is_probed)
      guest_unread_credit(&microphone->unread, (size_t)got);
  }
}

/* Makes what other threads ask. Without a descriptor for it nobody knows who reads, until the next attempt. */
static void watch(struct guest_microphone *microphone, uint64_t now_ns) {
  const int fd = fcntl(guest_link_fd(&microphone->link), F_DUPFD_CLOEXEC, 0);
  microphone->watch_ns = fd < 0 ? now_ns + retry_ns : 0;
  pthread_mutex_lock(&microphone->lock);
  microphone->watched_fd = fd;
  pthread_mutex_unlock(&microphone->lock);
}

static void begin(struct guest_microphone *microphone, uint64_t now_ns) {
  const int fd = guest_link_fd(&microphone->link);
  const int bytes = SOCKET_BYTES;
  microphone->connection = microphone->link.connections;
  microphone->out_size = microphone->out_sent = 0;
  microphone->unread = (struct guest_unread){.bytes = 0};
  microphone->is_probed = microphone->link.dialer && microphone->link.address.scheme == ORIEL_TRANSPORT_UNIX;
  if (microphone->link.address.scheme == ORIEL_TRANSPORT_UNIX)
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  if (microphone->is_probed)
    load(microphone, silence, sizeof silence);
  set_connected(microphone, true);
  microphone->watch_ns = 0;
  if (microphone->is_probed)
    watch(microphone, now_ns);
  oriel_debug("source/guest_audio", "microphone at %s: connected", microphone->link.text);
}

void guest_microphone_step(struct guest_microphone *microphone, const struct pollfd *polls, uint64_t now_ns) {
  guest_link_step(&microphone->link, polls, now_ns);
  if (microphone->link.is_connected && microphone->connection != microphone->link.connections)
    begin(microphone, now_ns);
  if (microphone->link.is_connected) {
    if (microphone->watch_ns && now_ns >= microphone->watch_ns)
      watch(microphone, now_ns);
    receive_credit(microphone, now_ns);
    send_all(microphone, now_ns);
  }
  if (!microphone->link.is_connected && microphone->connection) {
    microphone->connection = 0;
    microphone->out_size = microphone->out_sent = 0;
    microphone->watch_ns = 0;
    set_connected(microphone, false);
  }
}

int guest_microphone_timeout_ms(const struct guest_microphone *microphone, uint64_t now_ns) {
  if (!microphone->watch_ns)
    return -1;
  return microphone->watch_ns > now_ns ? (int)((microphone->watch_ns - now_ns) / ORIEL_NS_PER_MS) + 1 : 0;
}

int guest_microphone_push(struct guest_microphone *microphone, const void *opus, size_t size, uint64_t now_ns) {
  int error = -ENOTCONN;
  pthread_mutex_lock(&microphone->lock);
  if (microphone->is_connected) {
    if (microphone->count == GUEST_MICROPHONE_SLOTS) {
      microphone->first = (microphone->first + 1) % GUEST_MICROPHONE_SLOTS;
      microphone->count--;
      microphone->dropped++;
    }
    const unsigned slot = (microphone->first + microphone->count++) % GUEST_MICROPHONE_SLOTS;
    microphone->slots[slot].pushed_ns = now_ns;
    microphone->slots[slot].size = size;
    memcpy(microphone->slots[slot].bytes, opus, size);
    error = 0;
  }
  pthread_mutex_unlock(&microphone->lock);
  return error;
}

bool guest_microphone_is_taken(struct guest_microphone *microphone, uint64_t now_ns) {
  pthread_mutex_lock(&microphone->lock);
  bool taken = microphone->is_connected;
  if (taken && microphone->is_watched) {
    if (microphone->watched_fd >= 0 && !guest_unread_waiting(microphone->watched_fd))
      microphone->emptied_ns = now_ns;
    taken = microphone->emptied_ns && now_ns < microphone->emptied_ns + taken_ns;
  }
  pthread_mutex_unlock(&microphone->lock);
  return taken;
}
