/* SPDX-License-Identifier: MIT
 *
 * The driver's checks with peers of its transports. The test's thread, and threads that play the daemon's IO or a peer.
 */
#include "tests/darwin/driver/checks_impl.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/darwin/host_time.h"
#include "wire/audio.h"

/* What is played comes out of the transport bit for bit, from the newest on, and no frame is missing or doubled; also
 * when the far end goes and comes back. */
enum { SETTINGS_PROPERTY = 0x6f736574, STATUS_PROPERTY = 0x6f737461, RUN_FRAMES = 24000, CYCLE = 256 };

static float sound_of(int64_t frame, unsigned channel) {
  return (float)(frame % 60000 + 1) / (channel ? -65536.0f : 65536.0f);
}

struct far_end {
  int listener, fd;
  char path[64];
  struct oriel_audio_framer framer;
  int64_t last;  /* the frame heard last, -1: none yet */
  int64_t whole; /* frames in a row that were bit for bit what was played */
  unsigned gaps;
};

static void far_listen(struct far_end *end) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memset(end, 0, sizeof *end);
  static unsigned number;
  snprintf(end->path, sizeof end->path, "/tmp/oriel-hal-%d.%u", (int)getpid(), number++);
  unlink(end->path);
  strcpy(address.sun_path, end->path);
  end->fd = -1;
  end->last = -1;
  end->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(end->listener, (struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(end->listener, 1), 0);
}

static void far_close(struct far_end *end) {
  if (end->fd >= 0)
    close(end->fd);
  close(end->listener);
  unlink(end->path);
}

static void far_accept(struct far_end *end) {
  struct pollfd fd = {.fd = end->listener, .events = POLLIN};
  assert_int_equal(poll(&fd, 1, 5000), 1);
  end->fd = accept4(end->listener, NULL, NULL, SOCK_CLOEXEC);
  assert_true(end->fd >= 0);
}

/* How the frames that were heard go on from those before. */
static void far_hear(struct far_end *end, const float *samples, size_t frames) {
  for (size_t i = 0; i < frames; i++) {
    int64_t frame = (int64_t)(samples[2 * i] * 65536.0f) - 1;
    bool exact = samples[2 * i] == sound_of(frame, 0) && samples[2 * i + 1] == sound_of(frame, 1) && frame >= 0;
    if (exact && end->last >= 0 && frame != (end->last + 1) % 60000)
      end->gaps++;
    end->whole = exact ? end->whole + 1 : 0;
    end->last = exact ? frame : -1;
  }
}

static void far_packet(struct far_end *end, const uint8_t *packet, size_t size) {
  float samples[ORIEL_AUDIO_PCM_FRAMES_MAX * 2];
  size_t frames = 0;
  assert_int_equal(oriel_audio_read_pcm(packet, size, samples, &frames), 0);
  far_hear(end, samples, frames);
}

/* Takes what is there, without waiting. */
static void far_drain(struct far_end *end) {
  uint8_t bytes[8192];
  if (end->fd < 0)
    end->fd = accept4(end->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  ssize_t count = 0;
  while (end->fd >= 0 && (count = read(end->fd, bytes, sizeof bytes)) > 0) {
    const uint8_t *data = bytes, *packet = NULL;
    size_t size = (size_t)count, packet_size = 0;
    while (oriel_audio_framer_next(&end->framer, &data, &size, &packet, &packet_size) == 1)
      far_packet(end, packet, packet_size);
  }
}

/* Sets a transport ("Transport" or "Microphone") to a far end; NULL = none. */
static void set_transport(struct hal *hal, const char *key, const struct far_end *end) {
  char text[160];
  snprintf(text, sizeof text, end ? "%s = unix://%s?format=pcm\n" : "%s = none\n", key, end ? end->path : "");
  CFStringRef string = CFStringCreateWithCString(NULL, text, kCFStringEncodingUTF8);
  assert_int_equal(hal_set(hal, kAudioObjectPlugInObject, SETTINGS_PROPERTY, kAudioObjectPropertyScopeGlobal, &string,
                           sizeof string),
                   0);
  CFRelease(string);
}

/* Cycles at their pace until `wanted` frames in a row were heard; false after `limit` cycles. */
static bool play_until(struct hal *hal, const struct hal_device *device, UInt32 client, struct far_end *end,
                       int64_t *at, int64_t wanted, unsigned limit) {
  float samples[CYCLE * 2];
  double start = (double)*at;
  uint64_t begin = host_time_now();
  for (unsigned i = 0; i < limit && end->whole < wanted; i++) {
    for (size_t k = 0; k < CYCLE; k++)
      for (unsigned c = 0; c < 2; c++)
        samples[2 * k + c] = sound_of(*at + (int64_t)k, c);
    hal_play(hal, device, client, (double)*at, CYCLE, samples);
    *at += CYCLE;
    double due = ((double)*at - start) / device->rate, passed = 0;
    do {
      poll(&(struct pollfd){.fd = end->fd < 0 ? end->listener : end->fd, .events = POLLIN}, 1, 1);
      far_drain(end);
      passed = (double)(host_time_now() - begin) / host_time_ticks_per_second();
    } while (passed < due);
  }
  return end->whole >= wanted;
}

void driver_carries_what_is_played(void **state) {
  (void)state;
  struct hal *hal = checks_open(true);
  struct hal_device devices[HAL_DEVICES_MAX];
  struct far_end end;
  assert_true(hal_devices(hal, devices) > 0);
  const struct hal_device *output = &devices[0];
  assert_int_equal(output->output_channels, 2);
  far_listen(&end);
  set_transport(hal, "Transport", &end);
  UInt32 client = hal_client_add(hal, output->id);
  hal_client_start(hal, output->id, client);
  int64_t at = (int64_t)hal_sample_time(hal, output->id, client) + 512;
  assert_true(play_until(hal, output, client, &end, &at, RUN_FRAMES, 1000));
  /* The far end goes; the driver comes back by itself, a second later. */
  close(end.fd);
  end.fd = -1;
  end.whole = 0;
  end.last = -1;
  memset(&end.framer, 0, sizeof end.framer);
  assert_true(play_until(hal, output, client, &end, &at, RUN_FRAMES / 2, 1500));
  if (end.gaps > 2) /* a machine too busy to run the driver's thread makes it cut its backlog */
    fail_msg("%u gaps", end.gaps);
  set_transport(hal, "Transport", NULL);
  hal_client_stop(hal, output->id, client);
  hal_client_remove(hal, output->id, client);
  far_close(&end);
  checks_close(hal);
}

/* The number behind `"name": ` in the driver's state, after the part's name. */
static unsigned long status_number(struct hal *hal, const char *part, const char *name) {
  char text[4096], key[64];
  hal_text(hal, kAudioObjectPlugInObject, STATUS_PROPERTY, text, sizeof text);
  snprintf(key, sizeof key, "\"%s\": {", part);
  const char *at = strstr(text, key);
  snprintf(key, sizeof key, "\"%s\": ", name);
  at = at ? strstr(at, key) : NULL;
  assert_non_null(at);
  at += strlen(key);
  return *at == 't' ? 1 : strtoul(at, NULL, 10);
}

static void wait_for(struct hal *hal, const char *part, const char *name, unsigned long at_least) {
  for (int i = 0; i < 5000 && status_number(hal, part, name) < at_least; i++)
    poll(NULL, 0, 1);
  assert_true(status_number(hal, part, name) >= at_least);
}

/* `count` frames from `frame` on, in packets. */
static void far_send(struct far_end *end, int64_t frame, size_t count) {
  float samples[2 * CYCLE];
  for (size_t sent = 0; sent < count;) {
    uint8_t packet[ORIEL_AUDIO_LENGTH_SIZE + ORIEL_AUDIO_PACKET_MAX];
    const size_t some = count - sent < CYCLE / 2 ? count - sent : CYCLE / 2;
    for (size_t i = 0; i < some; i++)
      for (unsigned c = 0; c < 2; c++)
        samples[2 * i + c] = sound_of(frame + (int64_t)(sent + i), c);
    const size_t size = oriel_audio_write_pcm(samples, some, packet + ORIEL_AUDIO_LENGTH_SIZE);
    oriel_audio_write_length(packet, size);
    assert_int_equal(send(end->fd, packet, ORIEL_AUDIO_LENGTH_SIZE + size, MSG_NOSIGNAL),
                     ORIEL_AUDIO_LENGTH_SIZE + size);
    sent += some;
  }
}

/* What a peer sends is recorded bit for bit, no frame missing or doubled: in the host's own time, which stands still
 * while it arrives. */
void driver_brings_what_is_sent(void **state) {
  (void)state;
  static float samples[HAL_FRAMES_MAX * HAL_CHANNELS_MAX];
  struct hal *hal = checks_open(false);
  struct hal_device devices[HAL_DEVICES_MAX];
  struct far_end end;
  assert_true(hal_devices(hal, devices) > 1);
  const struct hal_device *input = &devices[1];
  assert_int_equal(input->input_channels, 2);
  far_listen(&end);
  set_transport(hal, "Microphone", &end);
  UInt32 client = hal_client_add(hal, input->id);
  hal_client_start(hal, input->id, client);
  far_accept(&end);
  double at = hal_sample_time(hal, input->id, client);
  for (int64_t cycle = 0; cycle < 2000 && end.whole < RUN_FRAMES; cycle++) {
    far_send(&end, cycle * CYCLE, CYCLE);
    wait_for(hal, "microphone", "packets", (unsigned long)(cycle + 1) * 2);
    hal_pass(CYCLE, input->rate);
    hal_sample_time(hal, input->id, client);
    hal_record(hal, input, client, at, CYCLE, samples);
    far_hear(&end, samples, CYCLE);
    at += CYCLE;
  }
  assert_true(end.whole >= RUN_FRAMES);
  assert_int_equal(end.gaps, 0);
  set_transport(hal, "Microphone", NULL);
  hal_client_stop(hal, input->id, client);
  hal_client_remove(hal, input->id, client);
  far_close(&end);
  checks_close(hal);
}

struct peers {
  struct far_end hears, speaks;
  atomic_bool end;
};

/* The far ends of both devices: takes all, sends without a pause. */
static void *peers_main(void *argument) {
  struct peers *peers = argument;
  while (!atomic_load(&peers->end)) {
    uint8_t bytes[8192], packet[ORIEL_AUDIO_LENGTH_SIZE + CYCLE / 2 * 8] = {CYCLE * 4 >> 8, CYCLE * 4 & 255};
    struct pollfd fds[2] = {{.fd = peers->hears.fd, .events = POLLIN}, {.fd = peers->speaks.fd, .events = POLLOUT}};
    poll(fds, 2, 10);
    if (fds[0].revents & POLLIN && read(peers->hears.fd, bytes, sizeof bytes) < 0)
      break;
    if (fds[1].revents & POLLOUT && send(peers->speaks.fd, packet, sizeof packet, MSG_NOSIGNAL) != sizeof packet)
      break;
    poll(NULL, 0, 1);
  }
  return NULL;
}

/* While both transports carry, too, callbacks of all sizes allocate, lock, call and log nothing. */
void driver_callbacks_wait_for_no_peer(void **state) {
  (void)state;
  struct hal *hal = checks_open(false);
  struct hal_device devices[HAL_DEVICES_MAX];
  struct peers peers = {.end = false};
  pthread_t thread;
  UInt32 clients[2];
  assert_true(hal_devices(hal, devices) == 2);
  far_listen(&peers.hears);
  far_listen(&peers.speaks);
  set_transport(hal, "Transport", &peers.hears);
  set_transport(hal, "Microphone", &peers.speaks);
  for (int i = 0; i < 2; i++) {
    clients[i] = hal_client_add(hal, devices[i].id);
    hal_client_start(hal, devices[i].id, clients[i]);
  }
  far_accept(&peers.hears);
  far_accept(&peers.speaks);
  assert_int_equal(pthread_create(&thread, NULL, peers_main, &peers), 0);
  wait_for(hal, "transport", "connected", 1);
  wait_for(hal, "microphone", "packets", 10);
  for (int i = 0; i < 20 && (!i || !status_number(hal, "transport", "packets")); i++)
    hal_check_cycles(hal);
  assert_true(status_number(hal, "transport", "packets") > 0);
  assert_int_equal(status_number(hal, "transport", "connections"), 1);
  assert_int_equal(status_number(hal, "microphone", "connections"), 1);
  assert_int_equal(status_number(hal, "microphone", "connected"), 1);
  for (int i = 0; i < 2; i++) {
    hal_client_stop(hal, devices[i].id, clients[i]);
    hal_client_remove(hal, devices[i].id, clients[i]);
  }
  atomic_store(&peers.end, true);
  pthread_join(thread, NULL);
  far_close(&peers.hears);
  far_close(&peers.speaks);
  checks_close(hal);
}

struct cycles {
  struct hal *hal;
  struct hal_device devices[HAL_DEVICES_MAX];
  UInt32 clients[2];
  atomic_uint done;
  atomic_bool end;
};

static void *cycles_main(void *argument) {
  static float samples[HAL_FRAMES_MAX * HAL_CHANNELS_MAX];
  struct cycles *cycles = argument;
  double at = 48000;
  for (; !atomic_load(&cycles->end); at += 64) {
    hal_play(cycles->hal, &cycles->devices[0], cycles->clients[0], at, 64, samples);
    hal_record(cycles->hal, &cycles->devices[1], cycles->clients[1], at, 64, samples);
    atomic_fetch_add(&cycles->done, 1);
  }
  return NULL;
}

/* Devices and clients go while the daemon's cycles are still under way: at last the very client that they are of. */
void driver_survives_removal_in_mid_cycle(void **state) {
  (void)state;
  static struct cycles cycles;
  pthread_t thread;
  memset(&cycles, 0, sizeof cycles);
  struct hal *hal = cycles.hal = checks_open(false);
  assert_true(hal_devices(hal, cycles.devices) == 2);
  for (int i = 0; i < 2; i++) {
    cycles.clients[i] = hal_client_add(hal, cycles.devices[i].id);
    hal_client_start(hal, cycles.devices[i].id, cycles.clients[i]);
  }
  assert_int_equal(pthread_create(&thread, NULL, cycles_main, &cycles), 0);
  for (unsigned round = 0; round <= 200; round++) {
    for (int i = 0; i < 2; i++) {
      UInt32 client = cycles.clients[i];
      if (round < 200) {
        client = hal_client_add(hal, cycles.devices[i].id);
        hal_client_start(hal, cycles.devices[i].id, client);
      }
      hal_client_remove(hal, cycles.devices[i].id, client);
    }
    const unsigned done = atomic_load(&cycles.done);
    while (atomic_load(&cycles.done) < done + 2)
      poll(NULL, 0, 0);
  }
  for (int i = 0; i < 2; i++)
    assert_int_equal(hal_u32(hal, cycles.devices[i].id, kAudioDevicePropertyDeviceIsRunning,
                             kAudioObjectPropertyScopeGlobal, 9), 0);
  atomic_store(&cycles.end, true);
  pthread_join(thread, NULL);
  hal_check_clients(hal);
  checks_close(hal);
}
