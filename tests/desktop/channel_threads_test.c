/* SPDX-License-Identifier: MIT
 *
 * desktop/channel and desktop/sound_channel: subscribers come, take and go on several threads while others publish.
 * Meant for TSan; what is asserted holds whatever the timing.
 */
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "desktop/channel.h"
#include "desktop/sound_channel.h"

enum { CHANNELS = 2, MEMBERS = 3, ROUNDS = 60, TAKEN = 4, KEY_EVERY = 5, PACKET_MS = 20 };

struct rig {
  struct oriel_channel channels[CHANNELS];
  struct oriel_sound_channel sound;
  atomic_bool stop;
  atomic_uint published[CHANNELS], published_sound;
  atomic_uint wrong; /* no assertion may end another thread than the test's */
};

struct role {
  struct rig *rig;
  unsigned index; /* of its channel */
};

static void expect(struct rig *rig, bool right) {
  atomic_fetch_add(&rig->wrong, !right);
}

static bool has_room(const struct oriel_subscriber *subscriber, uint64_t now_ns) {
  (void)subscriber;
  (void)now_ns;
  return true;
}
static const struct oriel_subscriber_impl impl = {.has_room = has_room};

static struct oriel_packet *packet_of(enum oriel_packet_kind kind) {
  struct oriel_packet *packet = oriel_packet_create(kind, 64);
  if (!packet)
    abort();
  memset(packet->data, 0, packet->size);
  packet->captured_ns = packet->taken_ns = packet->converted_ns = packet->encoded_ns = oriel_clock_ns();
  return packet;
}

/* ---- those who publish ---- */

static void *publish_pictures(void *argument) {
  const struct role *role = argument;
  struct oriel_channel *channel = &role->rig->channels[role->index];
  struct oriel_damage missed = {.count = 0};
  struct oriel_demand demand;
  for (uint32_t sequence = 1; !atomic_load(&role->rig->stop); sequence++) {
    struct oriel_packet *packet = packet_of(ORIEL_PACKET_VIDEO);
    packet->sequence = sequence;
    packet->key = sequence % KEY_EVERY == 1;
    oriel_channel_demand(channel, true, oriel_clock_ns(), &demand);
    expect(role->rig, demand.subscribers <= MEMBERS && demand.live <= demand.subscribers);
    (void)oriel_channel_publish(channel, packet);
    oriel_channel_missed(channel, &missed);
    (void)oriel_channel_kbps(channel, 1000, oriel_clock_ns());
    atomic_fetch_add(&role->rig->published[role->index], 1);
    sched_yield();
  }
  return NULL;
}

static void *publish_sound(void *argument) {
  const struct role *role = argument;
  while (!atomic_load(&role->rig->stop)) {
    oriel_sound_channel_publish(&role->rig->sound, packet_of(ORIEL_PACKET_AUDIO));
    atomic_fetch_add(&role->rig->published_sound, 1);
    sched_yield();
  }
  return NULL;
}

/* ---- those who subscribe ---- */

static void begin_to_look(struct oriel_channel *channel, struct oriel_subscriber *subscriber) {
  oriel_channel_join(channel, subscriber);
  pthread_mutex_lock(&channel->lock);
  subscriber->looks = true;
  if (channel->newest_key)
    oriel_subscriber_hand_over(subscriber, channel->newest_key);
  pthread_mutex_unlock(&channel->lock);
}

/* The first is a key frame, and then none comes twice or late. */
static void take_pictures(struct rig *rig, struct oriel_channel *channel, struct oriel_subscriber *subscriber) {
  uint32_t last = 0;
  for (unsigned taken = 0; taken < TAKEN;) {
    pthread_mutex_lock(&channel->lock);
    subscriber->is_stuck = false;
    struct oriel_packet *packet = oriel_subscriber_take(subscriber);
    pthread_mutex_unlock(&channel->lock);
    if (packet) {
      expect(rig, packet->sequence > last && (last || packet->key));
      last = packet->sequence;
      taken++;
    }
    oriel_packet_unref(packet);
    sched_yield();
  }
}

static void take_sound(struct rig *rig, struct oriel_sound_subscriber *subscriber) {
  uint32_t last = 0;
  for (unsigned taken = 0; taken < TAKEN;) {
    struct oriel_packet *packet = oriel_sound_channel_take(&rig->sound, subscriber);
    if (packet) {
      expect(rig, packet->sequence > last);
      last = packet->sequence;
      taken++;
    }
    oriel_packet_unref(packet);
    sched_yield();
  }
}

static void *come_and_go(void *argument) {
  const struct role *role = argument;
  struct rig *rig = role->rig;
  struct oriel_channel *channel = &rig->channels[role->index];
  for (unsigned round = 0; round < ROUNDS; round++) {
    struct oriel_subscriber subscriber;
    struct oriel_sound_subscriber listener;
    oriel_subscriber_init(&subscriber, &impl);
    expect(rig, !oriel_sound_subscriber_init(&listener, PACKET_MS));
    oriel_sound_channel_listen(&rig->sound, &listener, true);
    begin_to_look(channel, &subscriber);
    take_pictures(rig, channel, &subscriber);
    take_sound(rig, &listener);
    oriel_channel_keep_keys(channel, round % 2);
    oriel_channel_leave(channel, &subscriber);
    oriel_sound_channel_listen(&rig->sound, &listener, false);
    expect(rig, !oriel_sound_channel_waits(&listener));
    oriel_subscriber_finish(&subscriber);
    oriel_sound_subscriber_finish(&listener);
  }
  return NULL;
}

/* ---- the case ---- */

static void begin(pthread_t *thread, void *(*run)(void *), struct role *role) {
  assert_int_equal(pthread_create(thread, NULL, run, role), 0);
}

static void check_end(struct rig *rig) {
  for (unsigned i = 0; i < CHANNELS; i++) {
    assert_true(oriel_list_empty(&rig->channels[i].subscribers));
    assert_int_equal(rig->channels[i].counters.video, atomic_load(&rig->published[i]));
    assert_int_equal(rig->channels[i].sequence, atomic_load(&rig->published[i]));
    oriel_channel_finish(&rig->channels[i]);
  }
  assert_int_equal(rig->sound.packets, atomic_load(&rig->published_sound));
  oriel_sound_channel_finish(&rig->sound);
  assert_int_equal(atomic_load(&rig->wrong), 0);
}

static void subscribers_come_and_go_while_others_publish(void **state) {
  (void)state;
  static struct rig rig;
  struct role roles[CHANNELS];
  pthread_t publishers[CHANNELS + 1], members[CHANNELS][MEMBERS];
  assert_int_equal(oriel_sound_channel_init(&rig.sound, PACKET_MS), 0);
  for (unsigned i = 0; i < CHANNELS; i++) {
    roles[i] = (struct role){.rig = &rig, .index = i};
    assert_int_equal(oriel_channel_init(&rig.channels[i], i == 0), 0);
  }
  begin(&publishers[CHANNELS], publish_sound, &roles[0]);
  for (unsigned i = 0; i < CHANNELS; i++) {
    begin(&publishers[i], publish_pictures, &roles[i]);
    for (unsigned m = 0; m < MEMBERS; m++)
      begin(&members[i][m], come_and_go, &roles[i]);
  }
  for (unsigned i = 0; i < CHANNELS * MEMBERS; i++)
    pthread_join(members[i / MEMBERS][i % MEMBERS], NULL);
  atomic_store(&rig.stop, true);
  for (unsigned i = 0; i <= CHANNELS; i++)
    pthread_join(publishers[i], NULL);
  check_end(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(subscribers_come_and_go_while_others_publish),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
