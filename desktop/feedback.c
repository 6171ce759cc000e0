/* SPDX-License-Identifier: MIT
 *
 * What a viewer's connection and page report: sent, received, decoded, painted, round trips, wishes for a key frame.
 * Feeds the stages, the windows and the bitrate. All from the network thread; everything a page says is clamped to what
 * was really sent to it.
 */
#include "desktop/feedback.h"

#include "core/clock.h"
#include "desktop/hub.h"
#include "desktop/notify.h"

/* The record of a picture on its way or lately received; NULL when it is not (any more) known. */
static struct oriel_sent *sent_find(struct oriel_viewer *viewer, uint32_t sequence) {
  uint64_t oldest = viewer->sent_count > ORIEL_SENT_RING ? viewer->sent_count - ORIEL_SENT_RING : 0;
  for (uint64_t i = viewer->sent_count; i > oldest; i--) {
    struct oriel_sent *sent = &viewer->sent[(i - 1) % ORIEL_SENT_RING];
    if (sent->sequence == sequence)
      return sent;
  }
  return NULL;
}

/* How many pictures the viewer has when it has all up to `sequence`: a position after the newest one not above it. */
static uint64_t sent_position(const struct oriel_viewer *viewer, uint32_t sequence, uint64_t least) {
  uint64_t oldest = viewer->sent_count > ORIEL_SENT_RING ? viewer->sent_count - ORIEL_SENT_RING : 0;
  if (least > oldest)
    oldest = least;
  for (uint64_t i = viewer->sent_count; i > oldest; i--)
    if ((int32_t)(sequence - viewer->sent[(i - 1) % ORIEL_SENT_RING].sequence) >= 0)
      return i;
  return least;
}

void oriel_viewer_sent(struct oriel_viewer *viewer, const struct oriel_packet *packet, uint64_t sent_ns) {
  struct oriel_hub *hub = &viewer->desktop->hub;
  pthread_mutex_lock(&hub->lock);
  struct oriel_sent *sent = sent_find(viewer, packet->sequence);
  if (sent && !sent->sent_ns) {
    sent->sent_ns = sent_ns;
    if (sent->timed && viewer == oriel_hub_reference_locked(hub))
      oriel_stage_add(hub->stages, ORIEL_STAGE_SEND, sent->taken_ns, sent_ns);
  }
  pthread_mutex_unlock(&hub->lock);
}

/* No picture took longer than until its acknowledgement came, less the way back, nor was it held up by more than the
 * transport was: a page that claims more lies, and would take the picture's quality from everybody. */
static int64_t believable_us(int64_t excess_us, const struct oriel_sent *sent, int64_t path_us, int64_t rtt_us,
                             uint64_t now_ns) {
  int64_t most_us = (int64_t)((now_ns - sent->sent_ns) / ORIEL_NS_PER_US) - rtt_us;
  most_us = most_us < path_us ? most_us : path_us;
  return excess_us < most_us ? excess_us : most_us;
}

/* One-way delay: only its growth means something, since the clocks are mapped by halving round trips. */
static void note_delay_locked(struct oriel_hub *hub, struct oriel_viewer *viewer, const struct oriel_sent *sent,
                              int64_t path_us, uint64_t now_ns) {
  if (!sent->sent_ns || !sent->received_ns)
    return;
  int64_t delay_us = ((int64_t)(sent->received_ns - sent->sent_ns)) / (int64_t)ORIEL_NS_PER_US;
  int64_t least_us = 0, rtt_us = 0;
  oriel_minimum_add(&viewer->delay_min, delay_us, now_ns);
  oriel_minimum_read(&viewer->delay_min, now_ns, &least_us);
  oriel_minimum_read(&viewer->rtt_min, now_ns, &rtt_us);
  struct oriel_channel *channel = &hub->channels[viewer->channel];
  if (viewer == channel->reference && channel->rate.cap_kbps)
    oriel_bitrate_delay(&channel->rate, believable_us(delay_us - least_us, sent, path_us, rtt_us, now_ns),
                        (uint32_t)rtt_us, now_ns);
}

static void note_received_locked(struct oriel_hub *hub, struct oriel_viewer *viewer,
                                 const struct oriel_viewer_ack *ack, bool reference, uint64_t now_ns) {
  uint64_t position = sent_position(viewer, ack->received, viewer->received_count);
  if (position == viewer->received_count)
    return;
  viewer->received_count = position;
  viewer->acked_ns = now_ns;
  struct oriel_sent *sent = sent_find(viewer, ack->received);
  if (!sent)
    return;
  sent->received_ns = ack->received_ns;
  if (reference && sent->timed)
    oriel_stage_add(hub->stages, ORIEL_STAGE_WIRE, sent->sent_ns, ack->received_ns);
  note_delay_locked(hub, viewer, sent, ack->path_us, now_ns);
}

static void note_decoded_locked(struct oriel_hub *hub, struct oriel_viewer *viewer,
                                const struct oriel_viewer_ack *ack, bool reference) {
  uint64_t position = sent_position(viewer, ack->decoded, viewer->decoded_count);
  if (position > viewer->received_count)
    position = viewer->received_count;
  if (position == viewer->decoded_count)
    return;
  viewer->decoded_count = position;
  struct oriel_sent *sent = sent_find(viewer, ack->decoded);
  if (!sent)
    return;
  sent->decoded_ns = ack->decoded_ns;
  if (reference && sent->timed)
    oriel_stage_add(hub->stages, ORIEL_STAGE_DECODE, sent->received_ns, ack->decoded_ns);
}

static void note_painted_locked(struct oriel_hub *hub, struct oriel_viewer *viewer,
                                const struct oriel_viewer_ack *ack, bool reference, uint64_t now_ns) {
  if (ack->painted == viewer->painted_sequence)
    return;
  struct oriel_sent *sent = sent_find(viewer, ack->painted);
  if (!sent)
    return;
  viewer->painted_sequence = ack->painted;
  if (viewer->subscriber.content_until_ns) {
    viewer->subscriber.content_until_ns = 0;
    oriel_hub_wake_locked(hub, ORIEL_WAIT_VIEWERS);
  }
  viewer->paints_ns[viewer->painted++ % ORIEL_PAINT_RING] = now_ns;
  if (!reference || !sent->timed)
    return;
  oriel_stage_add(hub->stages, ORIEL_STAGE_PAINT, sent->decoded_ns, ack->painted_ns);
  oriel_stage_add(hub->stages, ORIEL_STAGE_TOTAL, sent->captured_ns, ack->painted_ns);
}

void oriel_viewer_ack(struct oriel_viewer *viewer, const struct oriel_viewer_ack *ack) {
  struct oriel_hub *hub = &viewer->desktop->hub;
  uint64_t now = oriel_clock_ns();
  pthread_mutex_lock(&hub->lock);
  bool reference = viewer == oriel_hub_reference_locked(hub);
  bool was_open = oriel_hub_window_open_locked(hub, viewer, now);
  if (ack->received)
    note_received_locked(hub, viewer, ack, reference, now);
  if (ack->decoded)
    note_decoded_locked(hub, viewer, ack, reference);
  if (ack->painted)
    note_painted_locked(hub, viewer, ack, reference, now);
  bool opened = !was_open && oriel_hub_window_open_locked(hub, viewer, now);
  bool waits = opened && viewer->subscriber.waiting;
  if (opened)
    oriel_hub_wake_locked(hub, ORIEL_WAIT_VIEWERS);
  pthread_mutex_unlock(&hub->lock);
  if (waits)
    oriel_desktop_wake(viewer->desktop); /* the picture in the slot may leave now */
}

void oriel_viewer_rtt(struct oriel_viewer *viewer, uint32_t rtt_us) {
  struct oriel_hub *hub = &viewer->desktop->hub;
  uint64_t now = oriel_clock_ns();
  pthread_mutex_lock(&hub->lock);
  bool was_open = oriel_hub_window_open_locked(hub, viewer, now);
  viewer->rtt_us = rtt_us ? rtt_us : 1;
  oriel_minimum_add(&viewer->rtt_min, viewer->rtt_us, now);
  bool opened = !was_open && oriel_hub_window_open_locked(hub, viewer, now);
  bool waits = opened && viewer->subscriber.waiting;
  if (opened)
    oriel_hub_wake_locked(hub, ORIEL_WAIT_VIEWERS);
  pthread_mutex_unlock(&hub->lock);
  if (waits)
    oriel_desktop_wake(viewer->desktop);
}

void oriel_viewer_request_key(struct oriel_viewer *viewer) {
  struct oriel_hub *hub = &viewer->desktop->hub;
  uint64_t now = oriel_clock_ns();
  pthread_mutex_lock(&hub->lock);
  hub->key_requests++;
  if (viewer->subscriber.looks) {
    /* A back-off that runs goes on; one who asks again and again waits longer, since everybody pays for a key frame.
     * What the decoder was given before is not waited for. */
    uint64_t after_ns = viewer->subscriber.key_after_ns;
    if (viewer->subscriber.sync != ORIEL_SYNC_NEEDS_KEY) {
      const uint64_t peer_ns = oriel_keys_ask(&hub->keys, viewer->peer, now);
      after_ns = oriel_backoff_break(&viewer->subscriber.backoff, now);
      after_ns = after_ns > peer_ns ? after_ns : peer_ns;
    }
    oriel_hub_need_key_locked(viewer, after_ns);
    viewer->decoded_count = viewer->received_count;
    oriel_hub_wake_locked(hub, 0);
  }
  pthread_mutex_unlock(&hub->lock);
}
