/* SPDX-License-Identifier: MIT
 *
 * Two of all that sound may come from (datagrams, a guest's Opus, a guest's PCM, the device): one joins the other and
 * leaves it, as a viewer hears them. Every wait has a bound. Lesson 28.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/log.h"
#include "fake.h"
#include "guest.h"
#include "media/opus.h"

enum { PACKET = 960, PCM_PACKET = 120, TURNS_MOST = 400, TRIES_MOST = 8, ALONE = 65 };
/* Two packets of PCM: later than that, a receiver may run dry. */
static const uint64_t punctual_ns = 5 * ORIEL_NS_PER_MS;
enum input { UDP, OPUS, PCM, DEVICE, INPUTS };
static const double hz_of[INPUTS] = {330, 550, 770, 990};
/* Of two tones at once, and as much again for what coding adds, above all where an encoder begins anew. A tone that
 * stops or begins at once is a step of 0.25. */
#define STEP_MOST(a, b) (0.25 * 6.2832 / 48000 * (hz_of[a] + hz_of[b]) * 2.2)

struct fixture {
  struct fake fake;
  char folder[64];
  struct oriel_desktop *desktop;
  struct oriel_viewer *viewer;
  struct oriel_opus_encoder *encoders[2];
  struct oriel_opus_decoder *decoder;
  int peers[3];
  uint64_t frames, start_ns; /* sent so far; by each that plays */
  bool begun[INPUTS]; /* since it last stopped */
  bool apart;   /* what plays beside another does so half a packet later */
  bool stalled; /* this thread slept too long: what waited was trimmed, which is heard */
  float last;
  double step_most;
  size_t heard_count;
  float heard[PACKET * 2 * 64]; /* the newest, in a row */
};

/* Port 0 cannot be given to guest_audio, which does not tell what it got; so some that nobody is likely to have. */
static struct oriel_guest_audio *listen_at(struct fixture *fixture, uint16_t *port) {
  char why[512], udp[32], opus[128], pcm[128];
  struct oriel_guest_audio *audio = NULL;
  snprintf(opus, sizeof opus, "unix://%s/o", fixture->folder);
  snprintf(pcm, sizeof pcm, "unix://%s/p?format=pcm", fixture->folder);
  const char *const streams[] = {opus, pcm};
  const struct oriel_guest_audio_config config = {.udp = udp, .streams = streams, .stream_count = 2};
  for (int i = 0; i < 50 && !audio; i++) {
    *port = (uint16_t)(20000 + (getpid() * 61 + i * 97) % 12000);
    snprintf(udp, sizeof udp, "127.0.0.1:%u", *port);
    (void)oriel_guest_audio_create(&config, &audio, why, sizeof why);
  }
  return audio;
}

static int set_up(void **state) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  uint16_t port;
  oriel_log_configure(ORIEL_LOG_ERROR, false);
  strcpy(fixture->folder, "/tmp/oriel-change-XXXXXX");
  assert_non_null(mkdtemp(fixture->folder));
  struct oriel_guest_audio *audio = listen_at(fixture, &port);
  assert_non_null(audio);
  fake_init(&fixture->fake, 640, 480);
  fixture->desktop = fake_desktop_heard(&fixture->fake, "null", audio, true);
  fixture->viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, true);
  oriel_viewer_want(fixture->viewer, false, true);
  fake_drain(fixture->viewer);
  for (int i = 0; i < 2; i++)
    assert_int_equal(oriel_opus_encoder_create(20, 128, &fixture->encoders[i]), 0);
  assert_int_equal(oriel_opus_decoder_create(&fixture->decoder), 0);
  fixture->peers[UDP] = guest_dial_udp(port);
  fixture->peers[OPUS] = fixture->peers[PCM] = -1;
  fixture->start_ns = oriel_clock_ns();
  *state = fixture;
  return 0;
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  for (int i = 0; i < 3; i++)
    if (fixture->peers[i] >= 0)
      close(fixture->peers[i]);
  oriel_viewer_detach(fixture->viewer);
  oriel_desktop_destroy(fixture->desktop);
  fake_finish(&fixture->fake);
  for (int i = 0; i < 2; i++)
    oriel_opus_encoder_destroy(fixture->encoders[i]);
  oriel_opus_decoder_destroy(fixture->decoder);
  assert_int_equal(rmdir(fixture->folder), 0);
  free(fixture);
  return 0;
}

static void play_opus(struct fixture *fixture, enum input input, const float *frames) {
  struct oriel_packet *packet = NULL;
  assert_int_equal(oriel_opus_encode(fixture->encoders[input], frames, 1, &packet), 0);
  if (input == UDP)
    assert_int_equal(send(fixture->peers[UDP], packet->data, packet->size, 0), packet->size);
  else
    guest_send(fixture->peers[OPUS], packet->data, packet->size);
  oriel_packet_unref(packet);
}

/* From silence over a whole packet: a tone that began at full height would be a step of the sender's own. */
static void fade_in(float *frames) {
  for (int i = 0; i < PACKET; i++) {
    frames[2 * i] *= (float)i / PACKET;
    frames[2 * i + 1] *= (float)i / PACKET;
  }
}

/* The next 20 ms. */
static void play(struct fixture *fixture, enum input input) {
  float frames[PACKET * 2];
  char path[96];
  guest_tone(frames, PACKET, fixture->frames, hz_of[input]);
  if (!fixture->begun[input])
    fade_in(frames);
  fixture->begun[input] = true;
  if (input == DEVICE) {
    fixture->fake.sink->sound(fixture->fake.sink->user, frames, PACKET, oriel_clock_ns());
    return;
  }
  if (fixture->peers[input] < 0) {
    snprintf(path, sizeof path, "%s/%c", fixture->folder, input == OPUS ? 'o' : 'p');
    fixture->peers[input] = guest_dial(path);
  }
  if (input != PCM)
    play_opus(fixture, input, frames);
  else
    for (size_t at = 0; at < PACKET; at += PCM_PACKET)
      guest_send(fixture->peers[PCM], frames + 2 * at, PCM_PACKET * 2 * sizeof(float));
}

/* What it plays next begins anew. */
static void stop(struct fixture *fixture, enum input input) {
  fixture->begun[input] = false;
  if (input == UDP || input == OPUS) {
    oriel_opus_encoder_destroy(fixture->encoders[input]);
    assert_int_equal(oriel_opus_encoder_create(20, 128, &fixture->encoders[input]), 0);
  }
  if (input != OPUS && input != PCM)
    return;
  close(fixture->peers[input]);
  fixture->peers[input] = -1;
}

static void hear(struct fixture *fixture) {
  struct oriel_delivery delivery;
  float frames[ORIEL_OPUS_FRAMES_MAX * 2];
  while (oriel_viewer_next(fixture->viewer, &delivery)) {
    if (delivery.type == ORIEL_DELIVERY_AUDIO) {
      const int count = oriel_opus_decode(fixture->decoder, delivery.packet->data, delivery.packet->size, frames);
      assert_true(count > 0);
      for (int i = 0; i < count; i++) {
        fixture->step_most = fmax(fixture->step_most, fabs((double)(frames[2 * i] - fixture->last)));
        fixture->last = frames[2 * i];
        if (fixture->heard_count == PACKET * 64)
          fixture->heard_count = 0;
        memcpy(fixture->heard + 2 * fixture->heard_count++, frames + 2 * i, 2 * sizeof(float));
      }
    }
    oriel_packet_unref(delivery.packet);
  }
}

/* True when the newest 200 ms are these two (or one) and nothing else. */
static bool is_heard(struct fixture *fixture, enum input one, enum input other) {
  enum { WINDOW = 9600 };
  for (int i = 0; i < INPUTS; i++) {
    if (fixture->heard_count < WINDOW)
      return false;
    const double level = guest_level(fixture->heard + 2 * (fixture->heard_count - WINDOW), WINDOW, hz_of[i]);
    if (i == (int)one || i == (int)other ? level < 0.2 : level > 0.02)
      return false;
  }
  return true;
}

/* Waits until the next packet's time, and so many frames. */
static void pace(struct fixture *fixture, uint64_t later) {
  const uint64_t at = fixture->frames + later;
  guest_pace(fixture->start_ns, at);
  if (oriel_clock_ns() > fixture->start_ns + at * ORIEL_NS_PER_SECOND / 48000 + punctual_ns)
    fixture->stalled = true;
}

/* Plays these at the pace of sound until they are what is heard, at least 200 ms. */
static void play_until_heard(struct fixture *fixture, enum input one, enum input other) {
  int turn = 0;
  fixture->heard_count = 0;
  do {
    pace(fixture, 0);
    play(fixture, one);
    if (other != one && fixture->apart)
      pace(fixture, PACKET / 2);
    if (other != one)
      play(fixture, other);
    fixture->frames += PACKET;
    hear(fixture);
  } while (++turn < TURNS_MOST && (turn < 10 || !is_heard(fixture, one, other)));
  assert_true(is_heard(fixture, one, other));
}

/* Largest steps between two samples while `one` plays alone, as `other` joins it, and as `one` ends. */
static void change_once(struct fixture *fixture, enum input one, enum input other, int turns, double *up,
                        double *down) {
  fixture->start_ns = oriel_clock_ns();
  fixture->frames = 0;
  fixture->stalled = false;
  play_until_heard(fixture, one, one);
  fixture->step_most = 0;
  play_until_heard(fixture, one, other);
  *up = fixture->step_most;
  stop(fixture, one);
  fixture->step_most = 0;
  play_until_heard(fixture, other, other);
  for (int turn = 0; turn < turns; turn++) { /* alone for more than a second: back to its own packets */
    pace(fixture, 0);
    play(fixture, other);
    fixture->frames += PACKET;
    hear(fixture);
  }
  play_until_heard(fixture, other, other);
  *down = fixture->step_most;
  stop(fixture, other);
}

static void change(struct fixture *fixture, enum input one, enum input other, int turns) {
  static struct oriel_desktop_stats stats;
  const double most = STEP_MOST(one, other);
  double up, down;
  int tries = 0;
  bool whole;
  do {
    change_once(fixture, one, other, turns, &up, &down);
    oriel_desktop_stats(fixture->desktop, &stats);
    whole = up <= most && down <= most && stats.sound.mixed > 10;
  } while (++tries < TRIES_MOST && fixture->stalled && !whole);
  if (up > most || down > most)
    print_message("%d and %d: steps of %f and %f, most %f\n", one, other, up, down, most);
  assert_true(up <= most);
  assert_true(down <= most);
  assert_true(stats.sound.switches >= 2);
  assert_true(stats.sound.mixed > 10);
  if (turns && other == OPUS)
    assert_true(stats.sound.passed > 10);
}

/* Both ways round. */
static void change_both(struct fixture *fixture, enum input one, enum input other) {
  change(fixture, one, other, ALONE);
  change(fixture, other, one, 0);
}

static void datagrams_and_a_stream(void **state) {
  change_both(*state, UDP, OPUS);
}

/* Their packets never come together. */
static void datagrams_between_a_streams_packets(void **state) {
  struct fixture *fixture = *state;
  fixture->apart = true;
  change_both(fixture, UDP, OPUS);
}

static void datagrams_and_pcm(void **state) {
  change_both(*state, UDP, PCM);
}

static void datagrams_and_the_device(void **state) {
  change_both(*state, UDP, DEVICE);
}

static void stream_and_pcm(void **state) {
  change_both(*state, OPUS, PCM);
}

static void stream_and_the_device(void **state) {
  change_both(*state, OPUS, DEVICE);
}

static void pcm_and_the_device(void **state) {
  change_both(*state, PCM, DEVICE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(datagrams_and_a_stream, set_up, tear_down),
    cmocka_unit_test_setup_teardown(datagrams_between_a_streams_packets, set_up, tear_down),
    cmocka_unit_test_setup_teardown(datagrams_and_pcm, set_up, tear_down),
    cmocka_unit_test_setup_teardown(datagrams_and_the_device, set_up, tear_down),
    cmocka_unit_test_setup_teardown(stream_and_pcm, set_up, tear_down),
    cmocka_unit_test_setup_teardown(stream_and_the_device, set_up, tear_down),
    cmocka_unit_test_setup_teardown(pcm_and_the_device, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
