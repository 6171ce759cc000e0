/* SPDX-License-Identifier: MIT
 *
 * desktop/sound with a real guest_audio: a guest's packets reach a viewer as they are, and give way to the device and
 * back. Every wait has a bound.
 */
#include <errno.h>
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
#include "fake.h"
#include "guest.h"
#include "media/opus.h"

enum { PACKET = 960, GUEST_HZ = 440, DEVICE_HZ = 1000 };

struct fixture {
  struct fake fake;
  char folder[64], path[96], address[128];
  struct oriel_desktop *desktop;
  struct oriel_viewer *viewer;
  struct oriel_opus_encoder *encoder;
  struct oriel_opus_decoder *decoder;
  int peer;
  uint64_t guest_frames, device_frames, device_ns;
};

static int set_up_format(void **state, const char *options) {
  struct fixture *fixture = calloc(1, sizeof *fixture);
  char why[512];
  strcpy(fixture->folder, "/tmp/oriel-sound-XXXXXX");
  assert_non_null(mkdtemp(fixture->folder));
  snprintf(fixture->path, sizeof fixture->path, "%s/s", fixture->folder);
  snprintf(fixture->address, sizeof fixture->address, "unix://%s%s", fixture->path, options);
  const char *const streams[] = {fixture->address};
  const struct oriel_guest_audio_config guest = {.streams = streams, .stream_count = 1};
  struct oriel_guest_audio *audio = NULL;
  assert_int_equal(oriel_guest_audio_create(&guest, &audio, why, sizeof why), 0);
  fake_init(&fixture->fake, 640, 480);
  fixture->desktop = fake_desktop_heard(&fixture->fake, "null", audio, true);
  fixture->viewer = fake_viewer(fixture->desktop, ORIEL_ROLE_VIEWER, true, true);
  oriel_viewer_want(fixture->viewer, false, true);
  fake_drain(fixture->viewer);
  assert_int_equal(oriel_opus_encoder_create(20, 96, &fixture->encoder), 0);
  assert_int_equal(oriel_opus_decoder_create(&fixture->decoder), 0);
  fixture->peer = -1;
  *state = fixture;
  return 0;
}

static int set_up(void **state) {
  return set_up_format(state, "");
}

static int set_up_pcm(void **state) {
  return set_up_format(state, "?format=pcm");
}

static int tear_down(void **state) {
  struct fixture *fixture = *state;
  if (fixture->peer >= 0)
    close(fixture->peer);
  oriel_viewer_detach(fixture->viewer);
  oriel_desktop_destroy(fixture->desktop);
  fake_finish(&fixture->fake);
  oriel_opus_encoder_destroy(fixture->encoder);
  oriel_opus_decoder_destroy(fixture->decoder);
  assert_int_equal(rmdir(fixture->folder), 0); /* the socket file went with the desktop */
  free(fixture);
  return 0;
}

static void dial(struct fixture *fixture) {
  fixture->peer = guest_dial(fixture->path);
}

static void hang_up(struct fixture *fixture) {
  close(fixture->peer);
  fixture->peer = -1;
}

/* The next 20 ms of the guest's tone; the packet, to compare. */
static struct oriel_packet *speak(struct fixture *fixture) {
  float frames[PACKET * 2];
  struct oriel_packet *packet = NULL;
  guest_tone(frames, PACKET, fixture->guest_frames, GUEST_HZ);
  fixture->guest_frames += PACKET;
  assert_int_equal(oriel_opus_encode(fixture->encoder, frames, 1, &packet), 0);
  guest_send(fixture->peer, packet->data, packet->size);
  return packet;
}

static void play(struct fixture *fixture) {
  float frames[PACKET * 2];
  guest_tone(frames, PACKET, fixture->device_frames, DEVICE_HZ);
  fixture->fake.sink->sound(fixture->fake.sink->user, frames, PACKET, oriel_clock_ns());
  fixture->device_frames += PACKET;
}

static struct oriel_packet *take(struct fixture *fixture) {
  struct oriel_delivery delivery = fake_next_of(&fixture->fake, fixture->viewer, ORIEL_DELIVERY_AUDIO);
  assert_int_equal(delivery.type, ORIEL_DELIVERY_AUDIO);
  return delivery.packet;
}

static void stats_of(struct fixture *fixture, struct oriel_sound_stats *sound) {
  static _Thread_local struct oriel_desktop_stats stats; /* the stalled thread looks, too */
  oriel_desktop_stats(fixture->desktop, &stats);
  *sound = stats.sound;
}

static void guest_packets_pass_untouched(void **state) {
  struct fixture *fixture = *state;
  struct oriel_sound_stats sound;
  dial(fixture);
  for (unsigned i = 0; i < 30; i++) {
    struct oriel_packet *sent = speak(fixture), *heard = take(fixture);
    assert_int_equal(heard->size, sent->size);
    assert_memory_equal(heard->data, sent->data, sent->size);
    assert_int_equal(heard->sequence, i + 1);
    assert_true(heard->captured_ns && heard->captured_ns <= oriel_clock_ns());
    oriel_packet_unref(heard);
    oriel_packet_unref(sent);
  }
  stats_of(fixture, &sound);
  assert_int_equal(sound.passed, 30);
  assert_int_equal(sound.active, 0);
  assert_string_equal(sound.input[0].kind, "stream");
}

struct hearing {
  size_t frames; /* in `heard` */
  unsigned same; /* of the last packets were the guest's own */
  bool stalled;  /* the machine did, so that a packet may have been padded with silence */
};

/* Runs device and guest side by side at the pace of sound for `packets` x 20 ms and decodes what a viewer hears. */
static struct hearing run(struct fixture *fixture, unsigned packets, bool speaks, bool plays, float *heard) {
  const uint64_t start_ns = oriel_clock_ns();
  struct hearing hearing = {0};
  for (unsigned i = 0; i < packets; i++) {
    struct oriel_packet *sent = speaks ? speak(fixture) : NULL;
    struct oriel_delivery delivery;
    if (plays)
      play(fixture);
    guest_pace(start_ns, (i + 1) * PACKET);
    hearing.stalled |= oriel_clock_ns() > start_ns + (i + 1) * 20 * ORIEL_NS_PER_MS + 15 * ORIEL_NS_PER_MS;
    while (oriel_viewer_next(fixture->viewer, &delivery)) {
      if (delivery.type == ORIEL_DELIVERY_AUDIO) {
        const int count = oriel_opus_decode(fixture->decoder, delivery.packet->data, delivery.packet->size,
                                            heard + hearing.frames * 2);
        assert_true(count > 0);
        hearing.frames += (size_t)count;
        const bool is_same = sent && delivery.packet->size == sent->size &&
                             !memcmp(delivery.packet->data, sent->data, sent->size);
        hearing.same = is_same ? hearing.same + 1 : 0;
      }
      oriel_packet_unref(delivery.packet);
    }
    oriel_packet_unref(sent);
  }
  return hearing;
}

static float heard[48000 * 2 * 4];

static void run_until_device(struct fixture *fixture) {
  double there = 0;
  for (int i = 0; i < 20 && there < 0.2; i++) {
    const struct hearing hearing = run(fixture, 15, false, true, heard);
    there = hearing.frames < 4800 ? 0 : guest_level(heard + (hearing.frames - 4800) * 2, 4800, DEVICE_HZ);
  }
  assert_true(there > 0.2);
}

/* No hole on the way, nothing above what two tones make. */
static void expect_even(const struct hearing *hearing) {
  for (size_t from = 0; from + 480 <= hearing->frames; from += 480) {
    double most = 0;
    for (size_t i = from; i < from + 480; i++)
      most = fmax(most, fabs((double)heard[2 * i]));
    assert_true(most < 0.6);
    assert_true(most > 0.1 || hearing->stalled);
  }
}

static double level_at_end(const struct hearing *hearing, double hz) {
  return hearing->frames < 4800 ? 0 : guest_level(heard + (hearing->frames - 4800) * 2, 4800, hz);
}

static void two_that_sound_are_mixed(void **state) {
  struct fixture *fixture = *state;
  struct oriel_sound_stats sound;
  struct hearing hearing = {0};
  double guest = 0, device = 0;
  run_until_device(fixture);
  dial(fixture);
  for (int i = 0; i < 20 && (guest < 0.2 || device < 0.2); i++) {
    hearing = run(fixture, 30, true, true, heard);
    expect_even(&hearing);
    guest = level_at_end(&hearing, GUEST_HZ);
    device = level_at_end(&hearing, DEVICE_HZ);
  }
  assert_true(guest > 0.2 && guest < 0.3);
  assert_true(device > 0.2 && device < 0.3);
  stats_of(fixture, &sound);
  assert_true(sound.mixed > 10);
  assert_int_equal(sound.active, 1); /* it was there first, and so keeps its pace */
  /* The guest's alone: its own packets, once it has been alone for a while. */
  for (int i = 0; i < 20 && hearing.same < 10; i++)
    hearing = run(fixture, 30, true, false, heard);
  assert_true(hearing.same >= 10);
  assert_true(level_at_end(&hearing, GUEST_HZ) > 0.2 && level_at_end(&hearing, DEVICE_HZ) < 0.01);
}

enum beside { SILENCE, TONE };

/* `count` beeps of a guest, 300 ms each in 600, while the device plays all the time. Returns how many
 * milliseconds of them were heard. */
static unsigned hear_beeps(struct fixture *fixture, enum beside beside, unsigned count) {
  enum { ON = 15, CYCLE = 30, BLOCK = 480 };
  const uint64_t start_ns = oriel_clock_ns();
  struct oriel_delivery delivery;
  unsigned good_ms = 0;
  size_t frames = 0;
  for (unsigned i = 0; i < count * CYCLE + CYCLE; i++) {
    float own[PACKET * 2] = {0};
    if (beside == TONE)
      guest_tone(own, PACKET, fixture->device_frames, DEVICE_HZ);
    fixture->device_frames += PACKET;
    fixture->fake.sink->sound(fixture->fake.sink->user, own, PACKET, oriel_clock_ns());
    if (i < count * CYCLE && i % CYCLE < ON)
      oriel_packet_unref(speak(fixture));
    guest_pace(start_ns, (uint64_t)(i + 1) * PACKET);
    while (oriel_viewer_next(fixture->viewer, &delivery)) {
      if (delivery.type == ORIEL_DELIVERY_AUDIO && frames + PACKET < sizeof heard / sizeof *heard / 2)
        frames += (size_t)oriel_opus_decode(fixture->decoder, delivery.packet->data, delivery.packet->size,
                                            heard + frames * 2);
      oriel_packet_unref(delivery.packet);
    }
  }
  for (size_t at = 0; at + BLOCK <= frames; at += BLOCK)
    good_ms += guest_level(heard + at * 2, BLOCK, GUEST_HZ) > 0.12 ? 10 : 0;
  return good_ms;
}

/* A guest's card that plays silence all the time, and one that plays music. */
static void beeps_are_heard_whatever_the_device_plays(void **state) {
  struct fixture *fixture = *state;
  struct oriel_sound_stats sound;
  dial(fixture);
  for (enum beside beside = SILENCE; beside <= TONE; beside++) {
    unsigned good_ms = 0;
    for (int turn = 0; turn < 8 && good_ms < 5 * 280; turn++) { /* a machine that stalls costs sound */
      good_ms = hear_beeps(fixture, beside, 5);
      print_message("%u of %d ms were heard\n", good_ms, 5 * 300);
    }
    assert_true(good_ms >= 5 * 280);
    stats_of(fixture, &sound);
    if (beside == SILENCE)
      assert_true(sound.passed > 10); /* as they are, once it has been alone for a second */
    else
      assert_true(sound.mixed > 60);
  }
}

/* A sender that leaves out what is silent (DTX) beside a device that plays silence: no pause costs it anything. */
static void pauses_of_a_sender_are_not_punished(void **state) {
  struct fixture *fixture = *state;
  struct oriel_sound_stats sound;
  float nothing[PACKET * 2] = {0};
  uint64_t sent = 0, passed = 0;
  dial(fixture);
  for (unsigned turn = 0; turn < 8; turn++) {
    const uint64_t start_ns = oriel_clock_ns();
    stats_of(fixture, &sound);
    passed = turn < 2 ? sound.passed : passed; /* it has had a second to itself by then */
    sent = turn < 2 ? 0 : sent;
    for (unsigned i = 0; i < 50; i++) {
      if (i % 10 < 3) {
        oriel_packet_unref(speak(fixture));
        sent++;
      }
      fixture->fake.sink->sound(fixture->fake.sink->user, nothing, PACKET, oriel_clock_ns());
      guest_pace(start_ns, (uint64_t)(i + 1) * PACKET);
      fake_drain(fixture->viewer);
    }
  }
  stats_of(fixture, &sound);
  print_message("%llu of %llu packets were handed on as they are\n", (unsigned long long)(sound.passed - passed),
                (unsigned long long)sent);
  assert_true(sound.passed - passed > sent * 3 / 4);
}

static void dead_guest_gives_way_to_the_device(void **state) {
  struct fixture *fixture = *state;
  struct oriel_sound_stats sound;
  dial(fixture);
  run(fixture, 10, true, true, heard);
  hang_up(fixture);
  run_until_device(fixture);
  stats_of(fixture, &sound);
  assert_int_equal(sound.active, 1);
  assert_string_equal(sound.input[1].kind, "device");
}

/* Sent as a guest sends; a machine that stalls costs sound, which the receiver makes up for, so ten tries are allowed
 * for 400 ms that are whole. */
static void pcm_of_a_guest_is_coded_once(void **state) {
  struct fixture *fixture = *state;
  struct oriel_sound_stats sound;
  float block[120 * 2];
  uint8_t bytes[sizeof block];
  double most = 0;
  dial(fixture);
  for (unsigned turn = 0; turn < 10 && most < 0.2; turn++) {
    struct oriel_delivery delivery;
    const uint64_t start_ns = oriel_clock_ns();
    size_t frames = 0;
    for (unsigned i = 0; i < 200; i++) { /* half a second, 2.5 ms each */
      guest_tone(block, 120, fixture->guest_frames, GUEST_HZ);
      fixture->guest_frames += 120;
      memcpy(bytes, block, sizeof bytes);
      guest_send(fixture->peer, bytes, sizeof bytes);
      guest_pace(start_ns, (i + 1) * 120);
      while (oriel_viewer_next(fixture->viewer, &delivery)) {
        if (delivery.type == ORIEL_DELIVERY_AUDIO) {
          const uint64_t now = oriel_clock_ns(), captured = delivery.packet->captured_ns;
          assert_true(captured && captured <= now && now - captured < 2 * ORIEL_NS_PER_SECOND);
          frames += (size_t)oriel_opus_decode(fixture->decoder, delivery.packet->data, delivery.packet->size,
                                              heard + frames * 2);
        }
        oriel_packet_unref(delivery.packet);
      }
    }
    if (frames >= 19200)
      most = fmax(most, guest_level(heard + (frames - 19200) * 2, 19200, GUEST_HZ));
  }
  assert_true(most > 0.2);
  stats_of(fixture, &sound);
  assert_int_equal(sound.passed, 0);
}

static void unheard_guest_is_not_kept(void **state) {
  struct fixture *fixture = *state;
  struct oriel_sound_stats sound;
  const uint64_t until = oriel_clock_ns() + 2 * ORIEL_NS_PER_SECOND;
  oriel_viewer_want(fixture->viewer, false, false);
  dial(fixture);
  for (int i = 0; i < 20; i++)
    oriel_packet_unref(speak(fixture));
  do {
    stats_of(fixture, &sound);
  } while (sound.input[0].guest.packets < 20 && oriel_clock_ns() < until && !fake_yield());
  assert_int_equal(sound.input[0].guest.packets, 20);
  assert_int_equal(sound.passed, 0);
  oriel_viewer_want(fixture->viewer, false, true);
  struct oriel_packet *sent = speak(fixture), *packet = take(fixture);
  assert_int_equal(packet->size, sent->size); /* the newest, not the first of those before */
  assert_memory_equal(packet->data, sent->data, sent->size);
  oriel_packet_unref(packet);
  oriel_packet_unref(sent);
}

/* Keeps the thread that handed on the first packet until the last has arrived. */
static void stall_until_all_arrived(void *user) {
  struct fixture *fixture = user;
  struct oriel_sound_stats sound;
  const uint64_t until = oriel_clock_ns() + ORIEL_NS_PER_SECOND;
  do {
    stats_of(fixture, &sound);
  } while (sound.input[0].guest.packets < 64 && oriel_clock_ns() < until && !fake_yield());
}

/* Lesson 27: what came in one burst after a stall is trimmed. */
static void burst_is_trimmed(void **state) {
  struct fixture *fixture = *state;
  struct oriel_sound_stats sound;
  uint8_t burst[64 * 5];
  const uint64_t until = oriel_clock_ns() + 2 * ORIEL_NS_PER_SECOND;
  for (size_t i = 0; i < sizeof burst; i += 5)
    memcpy(burst + i, (const uint8_t[]){0, 3, 0xfc, 0xff, 0xfe}, 5);
  dial(fixture);
  pthread_mutex_lock(&fixture->fake.lock);
  fixture->fake.woken = stall_until_all_arrived;
  fixture->fake.woken_user = fixture;
  pthread_mutex_unlock(&fixture->fake.lock);
  assert_int_equal(send(fixture->peer, burst, sizeof burst, 0), sizeof burst); /* 1.28 s */
  do {
    stats_of(fixture, &sound);
  } while (sound.passed + sound.trimmed < 64 && oriel_clock_ns() < until && !fake_yield());
  assert_int_equal(sound.passed + sound.trimmed, 64);
  assert_true(sound.trimmed >= 20);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(guest_packets_pass_untouched, set_up, tear_down),
    cmocka_unit_test_setup_teardown(two_that_sound_are_mixed, set_up, tear_down),
    cmocka_unit_test_setup_teardown(beeps_are_heard_whatever_the_device_plays, set_up, tear_down),
    cmocka_unit_test_setup_teardown(pauses_of_a_sender_are_not_punished, set_up, tear_down),
    cmocka_unit_test_setup_teardown(dead_guest_gives_way_to_the_device, set_up, tear_down),
    cmocka_unit_test_setup_teardown(pcm_of_a_guest_is_coded_once, set_up_pcm, tear_down),
    cmocka_unit_test_setup_teardown(unheard_guest_is_not_kept, set_up, tear_down),
    cmocka_unit_test_setup_teardown(burst_is_trimmed, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
