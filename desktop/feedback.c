/* SPDX-License-Identifier: MIT
 *
 * What a viewer's connection and page report: sent, received, decoded, painted, round trips, requests for a key frame.
 * Feeds the stages, the windows and the bitrate. All from the network thread. `_held` means that the lock of the
 * viewer's channel is held.
 */
#include "desktop/feedback.h"

#include "core/clock.h"
#include "desktop/hub.h"
#include "desktop/notify.h"

/* A stage of the viewer whose experience counts. */
static void add_stage(struct oriel_viewer *viewer, const struct oriel_sent *sent, enum oriel_stage stage,
                      uint64_t start_ns, uint64_t end_ns) {
  if (sent->timed && oriel_hub_refers_to(&viewer->desktop->hub, viewer))
    oriel_stages_add(&viewer->desktop->stages, stage, start_ns, end_ns);
}

void oriel_viewer_sent(struct oriel_viewer *viewer, const struct oriel_packet *packet, uint64_t sent_ns) {
  pthread_mutex_lock(&viewer->channel->lock);
  struct oriel_sent *sent = oriel_flight_find(&viewer->flight, packet->sequence);
  if (sent && !sent->sent_ns) {
    sent->sent_ns = sent_ns;
    add_stage(viewer, sent, ORIEL_STAGE_SEND, sent->taken_ns, sent_ns);
  }
  pthread_mutex_unlock(&viewer->channel->lock);
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
static void note_delay_held(struct oriel_viewer *viewer, const struct oriel_sent *sent, int64_t path_us,
                            uint64_t now_ns) {
  struct oriel_flight *flight = &viewer->flight;
  if (!sent->sent_ns || !sent->received_ns)
    return;
  const int64_t delay_us = ((int64_t)(sent->received_ns - sent->sent_ns)) / (int64_t)ORIEL_NS_PER_US;
  int64_t least_us = 0, rtt_us = 0;
  oriel_minimum_add(&flight->delay_min, delay_us, now_ns);
  oriel_minimum_read(&flight->delay_min, now_ns, &least_us);
  oriel_minimum_read(&flight->rtt_min, now_ns, &rtt_us);
  struct oriel_channel *channel = viewer->channel;
  if (&viewer->subscriber == channel->reference && channel->rate.cap_kbps)
    oriel_bitrate_delay(&channel->rate, believable_us(delay_us - least_us, sent, path_us, rtt_us, now_ns),
                        (uint32_t)rtt_us, now_ns);
}

static void note_received_held(struct oriel_viewer *viewer, const struct oriel_viewer_ack *ack, uint64_t now_ns) {
  struct oriel_sent *sent = oriel_flight_receive(&viewer->flight, ack->received);
  if (!sent)
    return;
  sent->received_ns = ack->received_ns;
  add_stage(viewer, sent, ORIEL_STAGE_WIRE, sent->sent_ns, ack->received_ns);
  note_delay_held(viewer, sent, ack->path_us, now_ns);
}

static void note_decoded_held(struct oriel_viewer *viewer, const struct oriel_viewer_ack *ack) {
  struct oriel_sent *sent = oriel_flight_decode(&viewer->flight, ack->decoded);
  if (!sent)
    return;
  sent->decoded_ns = ack->decoded_ns;
  add_stage(viewer, sent, ORIEL_STAGE_DECODE, sent->received_ns, ack->decoded_ns);
}

static void note_painted_held(struct oriel_viewer *viewer, const struct oriel_viewer_ack *ack, uint64_t now_ns) {
  const struct oriel_sent *sent = oriel_flight_paint(&viewer->flight, ack->painted, now_ns);
  if (!sent)
    return;
  if (viewer->subscriber.content_until_ns) {
    viewer->subscriber.content_until_ns = 0;
    oriel_hub_wake_by_viewer(&viewer->desktop->hub);
  }
  add_stage(viewer, sent, ORIEL_STAGE_PAINT, sent->decoded_ns, ack->painted_ns);
  add_stage(viewer, sent, ORIEL_STAGE_TOTAL, sent->captured_ns, ack->painted_ns);
}

static bool has_room_held(const struct oriel_viewer *viewer, uint64_t now_ns) {
  return oriel_flight_has_room(&viewer->flight, viewer->desktop->hub.fps, now_ns);
}

/* After a report: there may be room for a picture, where there was none. True when one waits, which may leave now. */
static bool make_room_held(struct oriel_viewer *viewer, bool had_room, uint64_t now_ns) {
  if (had_room || !has_room_held(viewer, now_ns))
    return false;
  oriel_hub_wake_by_viewer(&viewer->desktop->hub);
  return viewer->subscriber.waiting;
}

void oriel_viewer_ack(struct oriel_viewer *viewer, const struct oriel_viewer_ack *ack) {
  const uint64_t now = oriel_clock_ns();
  pthread_mutex_lock(&viewer->channel->lock);
  const bool had_room = has_room_held(viewer, now);
  if (ack->received)
    note_received_held(viewer, ack, now);
  if (ack->decoded)
    note_decoded_held(viewer, ack);
  if (ack->painted)
    note_painted_held(viewer, ack, now);
  const bool leaves = make_room_held(viewer, had_room, now);
  pthread_mutex_unlock(&viewer->channel->lock);
  if (leaves)
    oriel_desktop_wake(viewer->desktop);
}

void oriel_viewer_carries(struct oriel_viewer *viewer, uint32_t kbps) {
  pthread_mutex_lock(&viewer->channel->lock);
  viewer->carries_kbps = kbps;
  pthread_mutex_unlock(&viewer->channel->lock); /* the next picture is planned with it */
}

void oriel_viewer_hold(struct oriel_viewer *viewer, bool held) {
  const uint64_t now = oriel_clock_ns();
  pthread_mutex_lock(&viewer->channel->lock);
  const bool had_room = has_room_held(viewer, now);
  viewer->flight.held = held;
  const bool leaves = make_room_held(viewer, had_room, now);
  pthread_mutex_unlock(&viewer->channel->lock);
  if (leaves)
    oriel_desktop_wake(viewer->desktop);
}

void oriel_viewer_rtt(struct oriel_viewer *viewer, uint32_t rtt_us) {
  const uint64_t now = oriel_clock_ns();
  pthread_mutex_lock(&viewer->channel->lock);
  const bool had_room = has_room_held(viewer, now);
  viewer->flight.rtt_us = rtt_us ? rtt_us : 1;
  oriel_minimum_add(&viewer->flight.rtt_min, viewer->flight.rtt_us, now);
  const bool leaves = make_room_held(viewer, had_room, now);
  pthread_mutex_unlock(&viewer->channel->lock);
  if (leaves)
    oriel_desktop_wake(viewer->desktop);
}

/* A back-off that runs goes on; one who asks again and again waits longer, since everybody pays for a key frame. */
static uint64_t key_after_held(struct oriel_viewer *viewer) {
  struct oriel_subscriber *subscriber = &viewer->subscriber;
  const uint64_t now = oriel_clock_ns();
  if (subscriber->sync == ORIEL_SYNC_NEEDS_KEY)
    return subscriber->key_after_ns;
  const uint64_t peer_ns = oriel_keys_ask(&viewer->desktop->hub.keys, viewer->peer, now);
  const uint64_t own_ns = oriel_backoff_break(&subscriber->backoff, now);
  return own_ns > peer_ns ? own_ns : peer_ns;
}

void oriel_viewer_request_key(struct oriel_viewer *viewer) {
  pthread_mutex_lock(&viewer->channel->lock);
  viewer->channel->counters.key_requests++;
  if (viewer->subscriber.looks) {
    oriel_hub_need_key(viewer, key_after_held(viewer));
    viewer->flight.decoded_count = viewer->flight.received_count; /* what the decoder was given is not waited for */
    oriel_hub_wake(&viewer->desktop->hub, 0);
  }
  pthread_mutex_unlock(&viewer->channel->lock);
}
