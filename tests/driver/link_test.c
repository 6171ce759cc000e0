/* SPDX-License-Identifier: MIT
 *
 * The transport threads, against a real peer on a UNIX socket. Host time is real here: IO cycles are played at their
 * pace.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <netinet/in.h>
#include <opus/opus.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "tests/driver/rig.h"
#include "wire/audio.h"

static void link_sends_pcm_bit_exact_and_at_once(void **state) {
  (void)state;
  struct rig_scene scene;
  rig_begin(&scene, ENGINE_OUTPUT, "?format=pcm", NULL);
  int64_t expected = -1, seen = 0, total = 0;
  unsigned long cuts = 0;
  for (int i = 0; i < 2000 && total < 50 * 512; i++) {
    rig_play(&scene, 512);
    struct pollfd fd = {.fd = scene.peer.fd, .events = POLLIN};
    while (poll(&fd, 1, 0) == 1) {
      float frames[375];
      const size_t size = rig_packet(&scene.peer, (uint8_t *)frames);
      assert_true(size > 0 && size % 8 == 0 && size <= 1500);
      for (size_t f = 0; f < size / 8; f++) {
        if (expected < 0 || seen < 240) { /* the first 5 ms are faded in */
          seen++;
          const int64_t at = rig_frame_of(frames + 2 * f);
          expected = at >= 0 ? at + 1 : expected;
          continue;
        }
        if (frames[2 * f] != rig_sample(expected, 0) || frames[2 * f + 1] != rig_sample(expected, 1)) {
          /* On a machine too busy to run it, the pump cuts its backlog. */
          assert_true(rig_number(scene.engine, "trims", false) > cuts++);
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
  assert_true(total >= 50 * 512);
  assert_true(rig_logged("sound goes to unix://"));
  rig_end(&scene);
}

/* Lesson 53: a cycle of 85 ms is no backlog, whatever is one among cycles of 10 ms. */
static void link_sends_long_cycles_whole(void **state) {
  (void)state;
  enum { CYCLES = 12, CYCLE = 4096 };
  struct rig_scene scene;
  rig_begin(&scene, ENGINE_OUTPUT, "?format=pcm", NULL);
  for (int i = 0; i < CYCLES; i++) {
    struct pollfd fd = {.fd = scene.peer.fd, .events = POLLIN};
    uint8_t packet[1500];
    rig_play(&scene, CYCLE);
    while (poll(&fd, 1, 0) == 1)
      assert_true(rig_packet(&scene.peer, packet) > 0);
  }
  /* A machine too busy to run the pump loses some; a bound below a cycle would lose each. */
  assert_true(rig_number(scene.engine, "trims", false) < CYCLES / 2);
  rig_end(&scene);
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
    struct settings settings = rig_settings();
    struct rig_scene scene;
    settings.rate = kinds[k].rate;
    settings.output_channels = kinds[k].channels;
    rig_begin(&scene, ENGINE_OUTPUT, kinds[k].options, &settings);
    for (int i = 0; i < 20; i++)
      rig_play(&scene, 512);
    for (int i = 0; i < 4; i++) {
      uint8_t packet[1500];
      const size_t size = rig_packet(&scene.peer, packet);
      assert_true(size > 0);
      assert_int_equal(opus_packet_get_nb_samples(packet, (opus_int32)size, 48000), kinds[k].frames);
    }
    rig_end(&scene);
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

/* Whether the pump's thread has not turned for a while. */
static bool rests(void *context) {
  struct engine *engine = context;
  const unsigned long before = rig_number(engine, "wakes", false);
  poll(NULL, 0, 100);
  return rig_number(engine, "wakes", false) == before;
}

static void link_sends_no_backlog_to_a_late_peer(void **state) { /* lesson 27 */
  (void)state;
  struct rig_scene scene;
  rig_begin(&scene, ENGINE_OUTPUT, "?format=pcm", NULL);
  assert_int_equal(engine_stop(scene.engine, ENGINE_OUTPUT, 1), 0);
  assert_true(rig_until(rests, scene.engine));
  /* This is played before anybody runs: it is gone. */
  for (int i = 0; i < 16; i++)
    rig_play(&scene, 512);
  assert_int_equal(engine_start(scene.engine, ENGINE_OUTPUT, 1), 0);
  const size_t before = drain(&scene.peer);
  assert_true(before <= 512 * 8);
  for (int i = 0; i < 8; i++)
    rig_play(&scene, 512);
  const size_t after = drain(&scene.peer);
  /* Not all of it where the machine was busy and the pump trimmed; never more than was played since. */
  assert_true(after >= 512 * 8 && after <= 9 * 512 * 8);
  rig_end(&scene);
}

static void link_parks_when_nothing_plays(void **state) { /* lesson 30 */
  (void)state;
  struct settings settings = rig_settings();
  struct rig_peer peer;
  rig_listen(&peer, "?format=pcm");
  strcpy(settings.transport, peer.address);
  struct engine *engine = rig_engine(&settings);
  struct pollfd fd = {.fd = oriel_listener_fd(peer.listener), .events = POLLIN};
  assert_int_equal(poll(&fd, 1, 50), 0); /* not even a connection */
  engine_destroy(engine);
  rig_close(&peer);
  struct rig_scene scene;
  rig_begin(&scene, ENGINE_OUTPUT, "?format=pcm", NULL);
  for (int i = 0; i < 10; i++)
    rig_play(&scene, 512);
  /* About once a cycle, not every 2 ms or more. */
  assert_true(rig_number(scene.engine, "wakes", false) < 60);
  assert_int_equal(engine_stop(scene.engine, ENGINE_OUTPUT, 1), 0);
  assert_true(rig_until(rests, scene.engine));
  rig_end(&scene);
}

/** Frames of all packets that come until none comes for a while; the last is left in `packet`. */
static size_t count_frames(struct rig_peer *peer, bool is_pcm, uint8_t packet[1500], size_t *size) {
  size_t frames = 0;
  struct pollfd fd = {.fd = peer->fd, .events = POLLIN};
  while (poll(&fd, 1, 300) == 1) {
    *size = rig_packet(peer, packet);
    assert_true(*size > 0);
    frames += is_pcm ? *size / 8 : (size_t)opus_packet_get_nb_samples(packet, (opus_int32)*size, 48000);
  }
  return frames;
}

/* A sound that ends inside a packet is heard to its end, and from its first frame on; the next has nothing of it. */
static void link_sends_a_sound_to_its_end(void **state) {
  (void)state;
  static const char *const options[] = {"", "?frame=5", "?format=pcm"};
  for (int k = 0; k < 3; k++) {
    struct rig_scene scene;
    const bool is_pcm = k == 2;
    rig_begin(&scene, ENGINE_OUTPUT, options[k], NULL);
    for (int turn = 0; turn < 3; turn++) {
      uint8_t packet[1500];
      size_t size = 0;
      if (turn > 0)
        assert_int_equal(engine_start(scene.engine, ENGINE_OUTPUT, 1), 0);
      for (int i = 0; i < 3; i++)
        rig_play(&scene, 500);
      assert_int_equal(engine_stop(scene.engine, ENGINE_OUTPUT, 1), 0);
      const size_t heard = count_frames(&scene.peer, is_pcm, packet, &size);
      /* And its fade. The first one begins when the connection is noticed. */
      assert_true(turn == 0 || heard >= 1500 + 240);
      assert_true(heard <= 1500 + 512 + 336 + 960);
      if (is_pcm) /* silent at the end */
        for (size_t i = 0; i < size; i++)
          assert_int_equal(packet[i], 0);
    }
    rig_end(&scene);
  }
}

/* Datagrams of PCM have numbers, so that what is lost is known. */
static void link_numbers_datagrams_of_pcm(void **state) {
  (void)state;
  struct settings settings = rig_settings();
  struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t place_size = sizeof place;
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  assert_int_equal(bind(fd, (struct sockaddr *)&place, sizeof place), 0);
  assert_int_equal(getsockname(fd, (struct sockaddr *)&place, &place_size), 0);
  snprintf(settings.transport, sizeof settings.transport, "udp://127.0.0.1:%u?format=pcm&frame=20",
           (unsigned)ntohs(place.sin_port));
  struct rig_scene scene = {.settings = settings, .engine = rig_engine(&settings)};
  assert_int_equal(engine_start(scene.engine, ENGINE_OUTPUT, 1), 0);
  uint32_t last = 0, datagrams = 0;
  for (int i = 0; i < 500 && datagrams < 40; i++) {
    rig_play(&scene, 512);
    uint8_t bytes[1600];
    for (ssize_t got; (got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0; datagrams++) {
      size_t size = (size_t)got;
      uint32_t number = 0;
      assert_true(got <= 1500);
      assert_true(oriel_audio_cut_number(bytes, &size, &number));
      assert_true(size % 8 == 0 && size > 0);
      assert_true(datagrams == 0 || number == last + 1);
      last = number;
    }
  }
  assert_true(datagrams >= 40);
  engine_destroy(scene.engine);
  close(fd);
}

/* What plays in channel `c` alone, at 0.5, as it comes out of the stream. */
static void fold_one(struct rig_scene *scene, unsigned c, float out[2]) {
  static float frames[512 * 6];
  uint8_t packet[1500];
  size_t have = 0, size = 0;
  memset(frames, 0, sizeof frames);
  for (int i = 0; i < 512; i++)
    frames[i * 6 + (int)c] = 0.5f;
  engine_write(scene->engine, scene->at, frames, 512, rig_world.now());
  scene->at += 512;
  for (; have < 512; have += size / 8)
    assert_true((size = rig_packet(&scene->peer, packet)) >= 8);
  memcpy(out, packet + size - 8, 8);
}

static void link_folds_by_where_the_speakers_are(void **state) {
  (void)state;
  struct settings settings = rig_settings();
  struct rig_scene scene;
  float out[2];
  uint8_t packet[1500];
  size_t heard = 0, size = 0;
  settings.output_channels = 6;
  rig_begin(&scene, ENGINE_OUTPUT, "?format=pcm", &settings);
  for (int i = 0; i < 20 && heard == 0; i++) { /* until the pump has noticed its connection */
    rig_play(&scene, 512);
    heard = count_frames(&scene.peer, true, packet, &size);
  }
  static const float sides[6][2] = {{0.5f, 0}, {0, 0.5f}, {0.35355f, 0.35355f}, {0, 0}, {0.35355f, 0}, {0, 0.35355f}};
  for (unsigned c = 0; c < 6; c++) {
    fold_one(&scene, c, out);
    assert_float_equal(out[0], sides[c][0], 1e-5f);
    assert_float_equal(out[1], sides[c][1], 1e-5f);
  }
  enum oriel_speaker layout[ORIEL_SPEAKERS_MAX];
  oriel_layout(6, layout);
  layout[0] = ORIEL_SPEAKER_RIGHT;
  layout[1] = ORIEL_SPEAKER_LEFT;
  engine_place(scene.engine, layout);
  bool is_other = false;
  for (int i = 0; i < 500 && !is_other; i++) { /* the thread takes it up at its next turn */
    fold_one(&scene, 0, out);
    is_other = out[0] == 0 && out[1] == 0.5f;
  }
  assert_true(is_other);
  rig_end(&scene);
}

static bool connected_again(void *context) {
  struct pollfd fd = {.fd = oriel_listener_fd(((struct rig_peer *)context)->listener), .events = POLLIN};
  return poll(&fd, 1, 0) == 1;
}

static void link_reconnects_with_current_sound(void **state) { /* lessons 27, 29 */
  (void)state;
  struct rig_scene scene;
  rig_begin(&scene, ENGINE_OUTPUT, "?format=pcm", NULL);
  for (int i = 0; i < 5; i++)
    rig_play(&scene, 512);
  rig_hang_up(&scene.peer);
  for (int i = 0; i < 400 && !connected_again(&scene.peer); i++)
    rig_play(&scene, 512);
  rig_accept(&scene.peer);
  const int64_t now = scene.at;
  for (int i = 0; i < 6; i++)
    rig_play(&scene, 512);
  float frames[375];
  int64_t first = -1;
  while (first < 0) {
    const size_t size = rig_packet(&scene.peer, (uint8_t *)frames);
    assert_true(size > 0);
    for (size_t f = 0; f < size / 8 && first < 0; f++)
      first = rig_frame_of(frames + 2 * f);
  }
  /* The first frame that is not faded any more was played after the connection, or in the cycle before it; and within
   * what was played since, however late the pump ran. */
  const int64_t from = (first - now % 32768 + 32768 + 16384) % 32768 - 16384;
  assert_true(from >= -512 && from <= 6 * 512);
  rig_end(&scene);
}

static bool hears(struct rig_scene *scene) {
  float frames[2 * 480], peak = 0;
  rig_record(scene, frames, 480);
  for (int i = 0; i < 960; i++)
    peak = fabsf(frames[i]) > peak ? fabsf(frames[i]) : peak;
  return peak > 0.2f;
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
  struct rig_scene scene;
  bool heard = false;
  rig_begin(&scene, ENGINE_INPUT, "?format=pcm", NULL);
  for (int i = 0; i < 500 && !heard; i++) {
    send_tone(&scene.peer, 4);
    heard = hears(&scene);
  }
  assert_true(heard);
  float first[2 * 480], second[2 * 480];
  engine_read(scene.engine, scene.at, first, 480, oriel_clock_ns());
  engine_read(scene.engine, scene.at, second, 480, oriel_clock_ns());
  assert_memory_equal(first, second, sizeof first);
  rig_end(&scene);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(link_sends_pcm_bit_exact_and_at_once),
    cmocka_unit_test(link_sends_long_cycles_whole),
    cmocka_unit_test(link_sends_opus_of_the_asked_length),
    cmocka_unit_test(link_sends_no_backlog_to_a_late_peer),
    cmocka_unit_test(link_parks_when_nothing_plays),
    cmocka_unit_test(link_sends_a_sound_to_its_end),
    cmocka_unit_test(link_numbers_datagrams_of_pcm),
    cmocka_unit_test(link_folds_by_where_the_speakers_are),
    cmocka_unit_test(link_reconnects_with_current_sound),
    cmocka_unit_test(link_brings_the_microphone_to_all_recorders),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
