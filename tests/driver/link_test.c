/* SPDX-License-Identifier: MIT
 *
 * The transport threads, against a real peer on a UNIX socket. Host time is real here: IO cycles are played at their pace.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <opus/opus.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "tests/driver/rig.h"

static struct settings base(void) {
  struct settings settings = settings_default;
  settings.transport[0] = settings.microphone[0] = settings.shared_memory[0] = '\0';
  return settings;
}

static struct engine *make(const struct settings *settings) {
  struct engine *engine = NULL;
  rig_forget();
  assert_int_equal(engine_create(&rig_world, settings, &engine), 0);
  return engine;
}

struct player {
  struct engine *engine;
  int64_t at;
  uint64_t next_ns;
  unsigned channels, rate;
};

/* One cycle at its time: up to the next millisecond's grain. */
static void play(struct player *player, size_t count) {
  static float frames[16 * 4096];
  const uint64_t now = oriel_clock_ns();
  if (!player->next_ns)
    player->next_ns = now;
  if (player->next_ns > now)
    poll(NULL, 0, (int)((player->next_ns - now) / ORIEL_NS_PER_MS));
  rig_fill(frames, player->at, count, player->channels);
  engine_write(player->engine, player->at, frames, count, oriel_clock_ns());
  player->at += (int64_t)count;
  player->next_ns += count * ORIEL_NS_PER_SECOND / player->rate;
}

/* Which frame a stereo frame is, from rig_sample; faded frames are none. -1. */
static int64_t frame_of(const float *frame) {
  for (int64_t at = 0; at < 32768; at++)
    if (rig_sample(at, 0) == frame[0] && rig_sample(at, 1) == frame[1])
      return at;
  return -1;
}

/* Times that the pump cut a backlog: on a machine too busy to run it, it must. */
static unsigned long trims(struct engine *engine) {
  char text[ENGINE_STATUS_SIZE];
  engine_status(engine, text);
  return strtoul(strstr(text, "\"trims\": ") + 9, NULL, 10);
}

static void link_sends_pcm_bit_exact_and_at_once(void **state) {
  (void)state;
  struct settings settings = base();
  struct rig_peer peer;
  rig_listen(&peer, "?format=pcm");
  strcpy(settings.transport, peer.address);
  struct engine *engine = make(&settings);
  struct player player = {.engine = engine, .channels = 2, .rate = 48000, .at = 100000};
  assert_int_equal(engine_start(engine, ENGINE_OUTPUT, 1), 0);
  rig_accept(&peer);
  int64_t expected = -1, seen = 0, total = 0;
  unsigned long cuts = 0;
  for (int i = 0; i < 60; i++) {
    play(&player, 512);
    struct pollfd fd = {.fd = peer.fd, .events = POLLIN};
    while (poll(&fd, 1, 0) == 1) {
      float frames[375];
      const size_t size = rig_packet(&peer, (uint8_t *)frames);
      assert_true(size > 0 && size % 8 == 0 && size <= 1500);
      for (size_t f = 0; f < size / 8; f++) {
        if (expected < 0 || seen < 240) { /* the first 5 ms are faded in */
          seen++;
          const int64_t at = frame_of(frames + 2 * f);
          expected = at >= 0 ? at + 1 : expected;
          continue;
        }
        if (frames[2 * f] != rig_sample(expected, 0) || frames[2 * f + 1] != rig_sample(expected, 1)) {
          assert_true(trims(engine) > cuts++);
          expected = -1;
          seen = 0;
          continue;
        }
        expected = (expected + 1) % 32768;
        seen++;
        total++;
      }
    }
  }
  assert_true(total > 20 * 512 && (cuts || total > 50 * 512));
  assert_true(rig_logged("sound goes to unix://"));
  engine_destroy(engine);
  rig_close(&peer);
}

static void link_sends_opus_of_the_asked_length(void **state) {
  (void)state;
  static const struct {
    const char *options;
    int frames;
    uint32_t rate;
    uint32_t channels;
  } kinds[] = {{"", 960, 48000, 2}, {"?frame=10", 480, 44100, 1}, {"?frame=5", 240, 96000, 6}};
  for (int k = 0; k < 3; k++) {
    struct settings settings = base();
    struct rig_peer peer;
    rig_listen(&peer, kinds[k].options);
    strcpy(settings.transport, peer.address);
    settings.rate = kinds[k].rate;
    settings.output_channels = kinds[k].channels;
    struct engine *engine = make(&settings);
    struct player player = {.engine = engine, .channels = kinds[k].channels, .rate = kinds[k].rate, .at = 4096};
    assert_int_equal(engine_start(engine, ENGINE_OUTPUT, 1), 0);
    rig_accept(&peer);
    for (int i = 0; i < 20; i++)
      play(&player, 512);
    for (int i = 0; i < 4; i++) {
      uint8_t packet[1500];
      const size_t size = rig_packet(&peer, packet);
      assert_true(size > 0);
      assert_int_equal(opus_packet_get_nb_samples(packet, (opus_int32)size, 48000), kinds[k].frames);
    }
    engine_destroy(engine);
    rig_close(&peer);
  }
}

static size_t drain(struct rig_peer *peer) {
  size_t bytes = 0;
  uint8_t packet[1500];
  struct pollfd fd = {.fd = peer->fd, .events = POLLIN};
  while (poll(&fd, 1, 200) == 1) {
    const size_t size = rig_packet(peer, packet);
    if (!size)
      break;
    bytes += size;
  }
  return bytes;
}

static void link_sends_no_backlog_to_a_late_peer(void **state) { /* lesson 27 */
  (void)state;
  struct settings settings = base();
  struct rig_peer peer;
  rig_listen(&peer, "?format=pcm");
  strcpy(settings.transport, peer.address);
  struct engine *engine = make(&settings);
  struct player player = {.engine = engine, .channels = 2, .rate = 48000, .at = 4096};
  /* Half of this was played before anybody ran: it is gone. */
  for (int i = 0; i < 16; i++)
    play(&player, 512);
  assert_int_equal(engine_start(engine, ENGINE_OUTPUT, 1), 0);
  rig_accept(&peer);
  const size_t before = drain(&peer);
  assert_true(before <= 512 * 8);
  for (int i = 0; i < 8; i++)
    play(&player, 512);
  const size_t after = drain(&peer);
  /* Not all of it where the machine was busy and the pump trimmed; never more than was played since. */
  assert_true(after >= 512 * 8 && after <= 9 * 512 * 8);
  engine_destroy(engine);
  rig_close(&peer);
}

static void link_parks_when_nothing_plays(void **state) { /* lesson 30 */
  (void)state;
  struct settings settings = base();
  struct rig_peer peer;
  char before[ENGINE_STATUS_SIZE], after[ENGINE_STATUS_SIZE];
  rig_listen(&peer, "?format=pcm");
  strcpy(settings.transport, peer.address);
  struct engine *engine = make(&settings);
  struct pollfd fd = {.fd = oriel_listener_fd(peer.listener), .events = POLLIN};
  assert_int_equal(poll(&fd, 1, 50), 0); /* not even a connection */
  assert_int_equal(engine_start(engine, ENGINE_OUTPUT, 1), 0);
  rig_accept(&peer);
  struct player player = {.engine = engine, .channels = 2, .rate = 48000, .at = 4096};
  for (int i = 0; i < 10; i++)
    play(&player, 512);
  assert_int_equal(engine_stop(engine, ENGINE_OUTPUT, 1), 0);
  poll(NULL, 0, 20); /* its last turn */
  engine_status(engine, before);
  poll(NULL, 0, 100);
  engine_status(engine, after);
  const char *wakes = strstr(before, "\"wakes\": "), *later = strstr(after, "\"wakes\": ");
  assert_non_null(wakes);
  assert_int_equal(strtoul(wakes + 9, NULL, 10), strtoul(later + 9, NULL, 10));
  /* While it played it woke about once a cycle, not every 2 ms or more. */
  assert_true(strtoul(wakes + 9, NULL, 10) < 60);
  engine_destroy(engine);
  rig_close(&peer);
}

static bool connected_again(void *context) {
  struct pollfd fd = {.fd = oriel_listener_fd(((struct rig_peer *)context)->listener), .events = POLLIN};
  return poll(&fd, 1, 0) == 1;
}

static void link_reconnects_with_current_sound(void **state) { /* lessons 27, 29 */
  (void)state;
  struct settings settings = base();
  struct rig_peer peer;
  rig_listen(&peer, "?format=pcm");
  strcpy(settings.transport, peer.address);
  struct engine *engine = make(&settings);
  struct player player = {.engine = engine, .channels = 2, .rate = 48000, .at = 4096};
  assert_int_equal(engine_start(engine, ENGINE_OUTPUT, 1), 0);
  rig_accept(&peer);
  for (int i = 0; i < 5; i++)
    play(&player, 512);
  rig_hang_up(&peer);
  for (int i = 0; i < 400 && !connected_again(&peer); i++)
    play(&player, 512);
  rig_accept(&peer);
  const int64_t now = player.at;
  for (int i = 0; i < 6; i++)
    play(&player, 512);
  float frames[375];
  int64_t first = -1;
  while (first < 0) {
    const size_t size = rig_packet(&peer, (uint8_t *)frames);
    assert_true(size > 0);
    for (size_t f = 0; f < size / 8 && first < 0; f++)
      first = frame_of(frames + 2 * f);
  }
  /* The first frame that is not faded any more: played after the connection, within a cycle and the fade of it. */
  const int64_t from = first - now % 32768;
  assert_true(from >= -512 && from <= 2 * 512 + 240);
  engine_destroy(engine);
  rig_close(&peer);
}

struct recorder {
  struct engine *engine;
  int64_t at;
  float peak;
};

static bool hears(void *context) {
  struct recorder *recorder = context;
  float frames[2 * 480];
  engine_read(recorder->engine, recorder->at, frames, 480, oriel_clock_ns());
  recorder->at += 480;
  for (int i = 0; i < 960; i++)
    recorder->peak = fabsf(frames[i]) > recorder->peak ? fabsf(frames[i]) : recorder->peak;
  poll(NULL, 0, 9);
  return recorder->peak > 0.2f;
}

static void send_tone(struct rig_peer *peer, int packets) {
  uint8_t bytes[2 + 120 * 8];
  for (int p = 0; p < packets; p++) {
    bytes[0] = (120 * 8) >> 8;
    bytes[1] = (120 * 8) & 255;
    for (int i = 0; i < 120; i++) {
      const float value = 0.5f * sinf((float)(p * 120 + i) * 0.1f), frame[2] = {value, value};
      memcpy(bytes + 2 + i * 8, frame, 8);
    }
    assert_int_equal(oriel_stream_send(peer->fd, bytes, sizeof bytes), sizeof bytes);
  }
}

static void link_brings_the_microphone_to_all_recorders(void **state) { /* lesson 25 */
  (void)state;
  struct settings settings = base();
  struct rig_peer peer;
  rig_listen(&peer, "?format=pcm");
  strcpy(settings.microphone, peer.address);
  struct engine *engine = make(&settings);
  assert_int_equal(engine_start(engine, ENGINE_INPUT, 1), 0);
  rig_accept(&peer);
  struct recorder recorder = {.engine = engine, .at = 48000};
  for (int i = 0; i < 60 && recorder.peak <= 0.2f; i++) {
    send_tone(&peer, 4);
    hears(&recorder);
  }
  assert_true(recorder.peak > 0.2f);
  float first[2 * 480], second[2 * 480];
  engine_read(engine, recorder.at, first, 480, oriel_clock_ns());
  engine_read(engine, recorder.at, second, 480, oriel_clock_ns());
  assert_memory_equal(first, second, sizeof first);
  engine_destroy(engine);
  rig_close(&peer);
}

static bool was_refused(void *context) {
  (void)context;
  return rig_logged("no packets of 1 to 1500 bytes");
}

static void link_ends_a_malformed_microphone(void **state) {
  (void)state;
  struct settings settings = base();
  struct rig_peer peer;
  rig_listen(&peer, "");
  strcpy(settings.microphone, peer.address);
  struct engine *engine = make(&settings);
  assert_int_equal(engine_start(engine, ENGINE_INPUT, 1), 0);
  rig_accept(&peer);
  assert_int_equal(oriel_stream_send(peer.fd, "\x00\x03\xff\xff\xff\x00\x00", 7), 7); /* garbage, then a length of 0 */
  assert_true(rig_until(was_refused, NULL));
  char byte;
  assert_false(rig_read(&peer, &byte, 1)); /* closed */
  engine_destroy(engine);
  rig_close(&peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(link_sends_pcm_bit_exact_and_at_once),
    cmocka_unit_test(link_sends_opus_of_the_asked_length),
    cmocka_unit_test(link_sends_no_backlog_to_a_late_peer),
    cmocka_unit_test(link_parks_when_nothing_plays),
    cmocka_unit_test(link_reconnects_with_current_sound),
    cmocka_unit_test(link_brings_the_microphone_to_all_recorders),
    cmocka_unit_test(link_ends_a_malformed_microphone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
