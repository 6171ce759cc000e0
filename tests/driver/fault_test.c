/* SPDX-License-Identifier: MIT
 *
 * The transport threads among peers that stall, flood, lie or change, and on a machine that was suspended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <opus/opus.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/driver/rig.h"

enum { CYCLE = 480, CYCLES_MAX = 1500 };

static float peak_of(const float *frames, size_t samples) {
  float peak = 0;
  for (size_t i = 0; i < samples; i++) {
    assert_true(isfinite(frames[i]));
    peak = fabsf(frames[i]) > peak ? fabsf(frames[i]) : peak;
  }
  return peak;
}

static float record(struct rig_scene *scene) {
  float frames[2 * CYCLE];
  rig_record(scene, frames, CYCLE);
  return peak_of(frames, 2 * CYCLE);
}

static void send_all(struct rig_peer *peer, const void *data, size_t size) {
  const uint8_t *at = data;
  while (size) {
    struct pollfd fd = {.fd = peer->fd, .events = POLLOUT};
    assert_int_equal(poll(&fd, 1, 5000), 1);
    const ssize_t sent = oriel_stream_send(peer->fd, at, size);
    assert_true(sent > 0 || sent == -EAGAIN);
    at += sent > 0 ? sent : 0;
    size -= sent > 0 ? (size_t)sent : 0;
  }
}

static void send_packet(struct rig_peer *peer, const void *packet, size_t size) {
  uint8_t bytes[2 + 65535];
  bytes[0] = (uint8_t)(size >> 8);
  bytes[1] = (uint8_t)size;
  memcpy(bytes + 2, packet, size);
  send_all(peer, bytes, 2 + size);
}

/* 10 ms of a tone, in either format: one packet of Opus, four of PCM. `phase` goes on. */
static void send_tone(struct rig_peer *peer, OpusEncoder *encoder, unsigned *phase) {
  float frames[2 * CYCLE];
  for (int i = 0; i < CYCLE; i++)
    frames[2 * i] = frames[2 * i + 1] = 0.5f * sinf((float)(*phase)++ * 0.1f);
  uint8_t packet[1500];
  if (encoder) {
    const int size = opus_encode_float(encoder, frames, CYCLE, packet, sizeof packet);
    assert_true(size > 0);
    send_packet(peer, packet, (size_t)size);
  }
  for (int i = 0; !encoder && i < 4; i++)
    send_packet(peer, frames + i * 240, 960);
}

/* Until the tone is heard, `cycles` in a row. Returns how many packets of it were sent. */
static unsigned long hear_tone(struct rig_scene *scene, OpusEncoder *encoder, int cycles) {
  unsigned phase = 0;
  int heard = 0, i = 0;
  for (; i < CYCLES_MAX && heard < cycles; i++) {
    send_tone(&scene->peer, encoder, &phase);
    const float peak = record(scene);
    assert_true(peak < 0.9f); /* one format taken for the other is noise */
    heard = peak > 0.2f ? heard + 1 : 0;
  }
  assert_int_equal(heard, cycles);
  return (unsigned long)i * (encoder ? 1 : 4);
}

struct counted {
  struct rig_scene *scene;
  const char *name;
  unsigned long at_least;
};

static bool has_counted(void *context) {
  const struct counted *counted = context;
  record(counted->scene);
  return rig_number(counted->scene->engine, counted->name, true) >= counted->at_least;
}

/* ---- the peer of what is played ---- */

/* Plays until the socket takes no more. Returns the bytes that it took. */
static unsigned long fill(struct rig_scene *scene) {
  unsigned long sent = 0, before;
  do {
    before = sent;
    for (int i = 0; i < 50; i++)
      rig_play(scene, CYCLE);
    sent = rig_number(scene->engine, "bytes", false);
  } while (sent != before && sent < 4000000);
  assert_true(sent == before);
  return sent;
}

static void fault_stalled_peer_is_waited_for(void **state) { /* lesson 27 */
  (void)state;
  struct rig_scene scene;
  rig_begin(&scene, ENGINE_OUTPUT, "?format=pcm", NULL);
  /* Connected, but stopped: it reads nothing until the socket is full, and then not for a second and a half. */
  const unsigned long sent = fill(&scene);
  const unsigned long wakes = rig_number(scene.engine, "wakes", false);
  for (int i = 0; i < 150; i++)
    rig_play(&scene, CYCLE);
  /* It waits for room: no byte more, no turn for each cycle, no second connection. */
  assert_int_equal(rig_number(scene.engine, "bytes", false), sent);
  assert_true(rig_number(scene.engine, "wakes", false) < wakes + 10);
  assert_int_equal(rig_number(scene.engine, "connections", false), 1);
  /* The peer goes on: what lay in the socket, then what is played now, nothing of what was played meanwhile. */
  const int64_t resumed = scene.at;
  float frames[375];
  unsigned long old = 0;
  int64_t age = 32768;
  for (int i = 0; i < CYCLES_MAX && age > 2 * CYCLE; i++) {
    rig_play(&scene, CYCLE);
    struct pollfd fd = {.fd = scene.peer.fd, .events = POLLIN};
    while (age > 2 * CYCLE && poll(&fd, 1, 0) == 1) {
      const size_t size = rig_packet(&scene.peer, (uint8_t *)frames);
      assert_true(size > 0);
      for (size_t f = 0; f < size / 8 && age > 2 * CYCLE; f += size / 8 - 1) {
        const int64_t at = rig_frame_of(frames + 2 * f);
        age = at < 0 ? age : (scene.at % 32768 - at + 32768) % 32768;
      }
      old += 2 + size;
    }
  }
  assert_true(age <= 2 * CYCLE);
  assert_true(old <= sent + (unsigned long)(scene.at - resumed + 4 * CYCLE) * 8 + 4096);
  assert_true(rig_number(scene.engine, "trims", false) >= 1);
  rig_end(&scene);
}

struct drained {
  struct rig_scene *scene;
  unsigned long bytes, wakes;
};

/* Reads what there is, packet by packet; true once that is all and the pump's thread turns no more. */
static bool is_drained(void *context) {
  struct drained *drained = context;
  struct pollfd fd = {.fd = drained->scene->peer.fd, .events = POLLIN};
  while (poll(&fd, 1, 100) == 1) {
    uint8_t packet[1500];
    const size_t size = rig_packet(&drained->scene->peer, packet);
    assert_true(size > 0); /* whole, to the last */
    drained->bytes += 2 + size;
  }
  const unsigned long before = drained->wakes;
  drained->wakes = rig_number(drained->scene->engine, "wakes", false);
  return drained->wakes == before && drained->bytes == rig_number(drained->scene->engine, "bytes", false);
}

/* IO stops while a packet waits for room (UNIX sockets take it whole or not at all, TCP also a part) and the connection
 * is kept: what has begun is ended, nothing follows, and the thread waits without turning. */
static void fault_stop_before_a_stalled_peer_rests(void **state) { /* lesson 30 */
  (void)state;
  static const char *const addresses[] = {"?format=pcm", "tcp://127.0.0.1:0?format=pcm"};
  for (int k = 0; k < 2; k++) {
    struct rig_scene scene;
    rig_begin(&scene, ENGINE_OUTPUT, addresses[k], NULL);
    fill(&scene);
    assert_int_equal(engine_stop(scene.engine, ENGINE_OUTPUT, 1), 0);
    const unsigned long wakes = rig_number(scene.engine, "wakes", false);
    struct drained drained = {.scene = &scene};
    assert_true(rig_until(is_drained, &drained));
    assert_true(drained.wakes < wakes + 20);
    /* It goes on, over the same connection. */
    assert_int_equal(engine_start(scene.engine, ENGINE_OUTPUT, 1), 0);
    struct pollfd fd = {.fd = scene.peer.fd, .events = POLLIN};
    for (int i = 0; i < CYCLES_MAX && poll(&fd, 1, 0) == 0; i++)
      rig_play(&scene, CYCLE);
    uint8_t packet[1500];
    assert_true(rig_packet(&scene.peer, packet) > 0);
    assert_int_equal(rig_number(scene.engine, "connections", false), 1);
    rig_end(&scene);
  }
}

static void fault_output_after_a_suspension_is_current(void **state) {
  (void)state;
  static const uint64_t lengths_ms[] = {40, 300, 3000, 3600000};
  struct rig_scene scene;
  rig_begin(&scene, ENGINE_OUTPUT, "?format=pcm", NULL);
  for (size_t k = 0; k < sizeof lengths_ms / sizeof *lengths_ms; k++) {
    for (int i = 0; i < 10; i++)
      rig_play(&scene, CYCLE);
    rig_pass(lengths_ms[k] * ORIEL_NS_PER_MS);
    scene.at += (int64_t)(lengths_ms[k] * 48 + 48 * 7); /* so that the ring's places do not match */
    const int64_t resumed = scene.at;
    int64_t at = -1;
    for (int i = 0; i < CYCLES_MAX && (at < 0 || (at - resumed % 32768 + 32768) % 32768 > 16384); i++) {
      float frames[375];
      rig_play(&scene, CYCLE);
      struct pollfd fd = {.fd = scene.peer.fd, .events = POLLIN};
      while (poll(&fd, 1, 0) == 1) {
        const size_t size = rig_packet(&scene.peer, (uint8_t *)frames);
        assert_true(size > 0);
        at = rig_frame_of(frames + 2 * (size / 8 - 1));
      }
    }
    /* Heard again, and what is heard was played since. */
    assert_true(at >= 0 && (at - resumed % 32768 + 32768) % 32768 <= 16384);
  }
  rig_end(&scene);
}

/* ---- the peer of what is recorded ---- */

static void fault_microphone_after_a_suspension_is_silent_first(void **state) { /* lesson 25 */
  (void)state;
  struct rig_scene scene;
  rig_begin(&scene, ENGINE_INPUT, "?format=pcm", NULL);
  /* All of it is in before: what the thread reads later was sent later, as far as it can know. */
  struct counted taken = {&scene, "packets", hear_tone(&scene, NULL, 20)};
  assert_true(rig_until(has_counted, &taken));
  rig_pass(3600 * ORIEL_NS_PER_SECOND);
  scene.at += 3600 * 48000;
  /* What waited in the receiver was sent before: its end is heard, how much of it depends on how the threads were
   * scheduled, and faded out, or what was made up where it had run dry. Then nothing comes, so nothing is heard. */
  int sounding = 0;
  while (record(&scene) != 0)
    assert_true(++sounding < 10);
  for (int i = 0; i < 30; i++)
    assert_true(record(&scene) == 0);
  hear_tone(&scene, NULL, 20);
  rig_end(&scene);
}

static void fault_microphone_changes_its_format(void **state) {
  (void)state;
  struct rig_scene scene;
  OpusEncoder *encoder = opus_encoder_create(48000, 2, OPUS_APPLICATION_AUDIO, NULL);
  assert_non_null(encoder);
  rig_begin(&scene, ENGINE_INPUT, "?format=pcm", NULL);
  hear_tone(&scene, NULL, 10);
  for (int turn = 0; turn < 4; turn++) {
    struct rig_peer other;
    rig_listen(&other, turn % 2 ? "?format=pcm" : "");
    strcpy(scene.settings.microphone, other.address);
    engine_apply(scene.engine, &scene.settings);
    rig_accept(&other);
    rig_close(&scene.peer);
    scene.peer = other;
    hear_tone(&scene, turn % 2 ? NULL : encoder, 10);
  }
  opus_encoder_destroy(encoder);
  rig_end(&scene);
}

/* Lengths that end the connection: it is told once, counted, and never heard. */
static void fault_microphone_lengths_beyond_the_wire_end_it(void **state) {
  (void)state;
  static const unsigned lengths[] = {0, 1501, 1502, 0x7fff, 0xffff};
  for (size_t k = 0; k < sizeof lengths / sizeof *lengths; k++) {
    struct rig_scene scene;
    uint8_t junk[65535];
    memset(junk, 0x55, sizeof junk);
    rig_begin(&scene, ENGINE_INPUT, k % 2 ? "?format=pcm" : "", NULL);
    uint8_t start[2 + 64] = {(uint8_t)(lengths[k] >> 8), (uint8_t)lengths[k]};
    memset(start + 2, 0x55, 64);
    send_all(&scene.peer, start, lengths[k] ? sizeof start : 2);
    struct counted counted = {&scene, "malformed", 1};
    assert_true(rig_until(has_counted, &counted));
    assert_true(rig_closed(&scene.peer));
    assert_true(rig_logged("no packets of 1 to 1500 bytes"));
    assert_true(record(&scene) == 0);
    rig_end(&scene);
  }
}

/* A bad packet among good ones is counted and concealed, and the stream goes on. */
static void fault_microphone_bad_packet_is_survived(void **state) {
  (void)state;
  struct rig_scene scene;
  OpusEncoder *encoder = opus_encoder_create(48000, 2, OPUS_APPLICATION_AUDIO, NULL);
  assert_non_null(encoder);
  rig_begin(&scene, ENGINE_INPUT, "", NULL);
  hear_tone(&scene, encoder, 10);
  send_packet(&scene.peer, "\xff", 1); /* says that it has many frames, and has not even their count */
  struct counted counted = {&scene, "bad", 1};
  assert_true(rig_until(has_counted, &counted));
  hear_tone(&scene, encoder, 10);
  assert_int_equal(rig_number(scene.engine, "malformed", true), 0);
  assert_int_equal(rig_number(scene.engine, "connections", true), 1);
  rig_end(&scene);
  opus_encoder_destroy(encoder);
}

/* Lengths that are right, with what is none of the format in them, as where the beginning of a packet was missed. */
static void fault_microphone_garbage_ends_it(void **state) {
  (void)state;
  for (int pcm = 0; pcm < 2; pcm++) {
    struct rig_scene scene;
    uint32_t seed = 1;
    uint8_t junk[1500];
    rig_begin(&scene, ENGINE_INPUT, pcm ? "?format=pcm" : "", NULL);
    for (size_t k = 0; k < 60; k++) { /* some thirty are enough; they fit the socket's buffer */
      const size_t size = 1 + 23 * k;
      for (size_t i = 0; i < size; i++)
        junk[i] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
      const uint8_t length[2] = {(uint8_t)(size >> 8), (uint8_t)size};
      if (send(scene.peer.fd, length, 2, MSG_NOSIGNAL) != 2 ||
          send(scene.peer.fd, junk, size, MSG_NOSIGNAL) != (ssize_t)size)
        break; /* it has been noticed */
    }
    struct counted counted = {&scene, "malformed", 1};
    assert_true(rig_until(has_counted, &counted));
    assert_true(rig_closed(&scene.peer));
    assert_true(rig_logged("something else than its format= says"));
    rig_end(&scene);
  }
}

/* The rest of a packet that never comes: its place in the stream is lost. */
static void fault_microphone_unfinished_packet_ends_it(void **state) {
  (void)state;
  struct rig_scene scene;
  rig_begin(&scene, ENGINE_INPUT, "", NULL);
  send_all(&scene.peer, "\0\x40half", 6);
  struct counted counted = {&scene, "malformed", 1};
  assert_true(rig_until(has_counted, &counted));
  assert_true(rig_closed(&scene.peer));
  assert_true(rig_logged("not its end for a second"));
  rig_end(&scene);
}

/* Ten seconds of sound as fast as the socket takes it: the depth stays what it may be, and the thread still obeys. */
static void fault_microphone_flood_is_trimmed(void **state) {
  (void)state;
  struct rig_scene scene;
  unsigned phase = 0;
  rig_begin(&scene, ENGINE_INPUT, "?format=pcm", NULL);
  for (int i = 0; i < 1000; i++) {
    send_tone(&scene.peer, NULL, &phase);
    if (i % 20 == 0)
      record(&scene);
  }
  struct counted counted = {&scene, "bytes", 1000 * 4 * 962};
  assert_true(rig_until(has_counted, &counted));
  assert_true(rig_number(scene.engine, "trimmed", true) > 0);
  unsigned long level = ULONG_MAX;
  for (int i = 0; i < CYCLES_MAX && level > 200000; i++) {
    send_tone(&scene.peer, NULL, &phase);
    record(&scene);
    level = rig_number(scene.engine, "level_us", true);
  }
  assert_true(level <= 200000);
  assert_int_equal(engine_stop(scene.engine, ENGINE_INPUT, 1), 0);
  assert_true(rig_closed(&scene.peer)); /* nobody records: it hangs up */
  rig_end(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(fault_stalled_peer_is_waited_for),
    cmocka_unit_test(fault_stop_before_a_stalled_peer_rests),
    cmocka_unit_test(fault_output_after_a_suspension_is_current),
    cmocka_unit_test(fault_microphone_after_a_suspension_is_silent_first),
    cmocka_unit_test(fault_microphone_changes_its_format),
    cmocka_unit_test(fault_microphone_lengths_beyond_the_wire_end_it),
    cmocka_unit_test(fault_microphone_bad_packet_is_survived),
    cmocka_unit_test(fault_microphone_garbage_ends_it),
    cmocka_unit_test(fault_microphone_unfinished_packet_ends_it),
    cmocka_unit_test(fault_microphone_flood_is_trimmed),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
