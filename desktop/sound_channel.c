/* SPDX-License-Identifier: MIT
 *
 * See sound_channel.h.
 */
#include "desktop/sound_channel.h"

#include <errno.h>

#include "core/clock.h"
#include "media/opus.h"
#include "media/opus_packet.h"

enum { SECOND_MS = 1000, STALLED_MS = 160, TARGET_MS = 60 };

int oriel_sound_channel_init(struct oriel_sound_channel *channel, unsigned packet_ms) {
  *channel = (struct oriel_sound_channel){.packet_us = packet_ms * 1000};
  oriel_list_init(&channel->subscribers);
  for (unsigned i = 0; i < ORIEL_SOUND_STAGES; i++)
    oriel_histogram_init(&channel->stages[i]);
  return pthread_mutex_init(&channel->lock, NULL) ? -ENOMEM : 0;
}

void oriel_sound_channel_finish(struct oriel_sound_channel *channel) {
  pthread_mutex_destroy(&channel->lock);
}

int oriel_sound_subscriber_init(struct oriel_sound_subscriber *subscriber, unsigned packet_ms) {
  *subscriber = (struct oriel_sound_subscriber){.listens = false};
  oriel_list_init(&subscriber->node);
  return oriel_queue_init(&subscriber->queue, SECOND_MS / packet_ms, ORIEL_QUEUE_DROP_OLDEST);
}

void oriel_sound_subscriber_finish(struct oriel_sound_subscriber *subscriber) {
  oriel_queue_finish(&subscriber->queue);
}

static void note_waiting(struct oriel_sound_subscriber *subscriber) {
  const unsigned count = (unsigned)subscriber->queue.count;
  atomic_store_explicit(&subscriber->waiting, count, memory_order_relaxed); /* see oriel_sound_channel_waits */
}

void oriel_sound_channel_listen(struct oriel_sound_channel *channel, struct oriel_sound_subscriber *subscriber,
                                bool listens) {
  pthread_mutex_lock(&channel->lock);
  oriel_list_remove(&subscriber->node);
  if (listens)
    oriel_list_append(&channel->subscribers, &subscriber->node);
  else
    oriel_queue_clear(&subscriber->queue);
  subscriber->listens = listens;
  note_waiting(subscriber);
  pthread_mutex_unlock(&channel->lock);
}

/* Leaves at most so many ms, whatever the length of a guest's own packets. */
static void trim(const struct oriel_sound_channel *channel, struct oriel_sound_subscriber *subscriber, uint64_t ms) {
  for (; subscriber->queue.count * channel->packet_us > ms * 1000; subscriber->trimmed++)
    oriel_packet_unref(oriel_queue_pop(&subscriber->queue));
}

/* At most a second waits (lesson 32). */
static void offer(const struct oriel_sound_channel *channel, struct oriel_sound_subscriber *subscriber,
                  struct oriel_packet *packet) {
  oriel_queue_push(&subscriber->queue, packet);
  trim(channel, subscriber, SECOND_MS);
  note_waiting(subscriber);
}

void oriel_sound_channel_publish(struct oriel_sound_channel *channel, struct oriel_packet *packet) {
  const int frames = oriel_opus_packet_frames(packet->data, packet->size);
  struct oriel_list *node;
  pthread_mutex_lock(&channel->lock);
  if (frames > 0)
    channel->packet_us = (uint32_t)frames * 1000 / (ORIEL_OPUS_RATE / 1000);
  oriel_sound_stage_add(channel->stages, ORIEL_SOUND_STAGE_HOST,
                        packet->converted_ns ? packet->converted_ns : packet->captured_ns, packet->encoded_ns);
  packet->sequence = ++channel->sequence;
  channel->packets++;
  channel->bytes += packet->size;
  oriel_list_each(node, &channel->subscribers)
    offer(channel, oriel_list_entry(node, struct oriel_sound_subscriber, node), packet);
  pthread_mutex_unlock(&channel->lock);
  oriel_packet_unref(packet);
}

struct oriel_packet *oriel_sound_channel_take(struct oriel_sound_channel *channel,
                                              struct oriel_sound_subscriber *subscriber) {
  if (!oriel_sound_channel_waits(subscriber))
    return NULL;
  pthread_mutex_lock(&channel->lock);
  if (subscriber->queue.count * channel->packet_us > STALLED_MS * 1000)
    trim(channel, subscriber, TARGET_MS);
  struct oriel_packet *packet = oriel_queue_pop(&subscriber->queue);
  note_waiting(subscriber);
  if (packet) {
    subscriber->sent++;
    subscriber->bytes += packet->size;
    oriel_sound_stage_add(channel->stages, ORIEL_SOUND_STAGE_QUEUE, packet->encoded_ns, oriel_clock_ns());
  }
  pthread_mutex_unlock(&channel->lock);
  return packet;
}
