/* SPDX-License-Identifier: MIT
 *
 * The simulated viewer.
 */
#include "call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/clock.h"
#include "feedback.h"
#include "webrtc/rtcp.h"
#include "webrtc/rtcp_transport.h"

#define MS ORIEL_NS_PER_MS
#define STEP_NS (MS / 2)
#define PROBE_OLD UINT32_MAX

static struct call *make_call(uint64_t now_ns, uint64_t start_bps, uint32_t seed) {
  struct call *call = calloc(1, sizeof *call);
  assert_non_null(call);
  call->now_ns = now_ns;
  call->link.seed = seed; /* also of one that joins: its pictures differ */
  call->wanted_bps = 20000000;
  call->frame_ns = ORIEL_NS_PER_SECOND / 60;
  call->feedback_ns = 50 * MS;
  call->next_picture_ns = call->now_ns + seed % 16 * MS;
  call->next_feedback_ns = call->now_ns + seed % 50 * MS;
  call->sequence = call->feedback_from = call->feedback_to = (uint16_t)(65000 + seed);
  call->estimate = oriel_estimate_create(start_bps, call->now_ns);
  assert_non_null(call->estimate);
  oriel_pacer_init(&call->pacer, oriel_estimate_pacing_bps(call->estimate), call->now_ns);
  return call;
}

struct call *call_start(uint64_t rate_bps, uint64_t start_bps, uint32_t seed) {
  struct call *call = make_call(1000 * ORIEL_NS_PER_SECOND, start_bps, seed);
  call->link.rate_bps = rate_bps;
  call->link.delay_ns = 20 * MS;
  call->link.queue_max = 250000;
  call->link.now_ns = call->now_ns;
  call->first = call->flows[0] = call;
  call->flow_count = 1;
  return call;
}

struct call *call_join(struct call *first, uint64_t start_bps, uint32_t seed) {
  assert_in_range(first->flow_count, 1, CALL_FLOWS - 1);
  struct call *call = make_call(first->now_ns, start_bps, seed);
  call->first = first;
  call->flow = first->flow_count;
  first->flows[first->flow_count++] = call;
  return call;
}

void call_end(struct call *call) {
  for (unsigned i = call->flow_count; i-- > 0;) {
    oriel_estimate_destroy(call->flows[i]->estimate);
    free(call->flows[i]);
  }
}

static void send_again_later(struct call *call, uint32_t picture) {
  if (picture == PROBE_OLD || call->again_count == CALL_AGAIN)
    return;
  const unsigned index = (call->again_first + call->again_count++) % CALL_AGAIN;
  call->again[index].picture = picture;
  call->again[index].at_ns = call->now_ns + call->first->link.delay_ns + call->apart_ns + 5 * MS; /* the request's way back */
}

static void send(struct call *call, uint32_t picture, unsigned probe) {
  const uint16_t sequence = call->sequence++;
  call->packets[sequence].picture = picture;
  call->packets[sequence].arrived_us = FEEDBACK_LOST;
  oriel_estimate_sent(call->estimate, sequence, PACKET_BYTES, probe, call->now_ns);
  oriel_pacer_sent(&call->pacer, PACKET_BYTES, call->now_ns);
  call->sent_bytes += PACKET_BYTES;
  if (!link_send(&call->first->link, PACKET_BYTES, call->flow << 16 | sequence))
    send_again_later(call, picture);
}

/* A picture at the last moment: none while one waits. */
static void make_picture(struct call *call) {
  if (call->now_ns < call->next_picture_ns)
    return;
  if (!call->wanted_bps || call->waiting || !oriel_estimate_may_send(call->estimate, call->now_ns))
    return;
  call->next_picture_ns = call->now_ns + call->frame_ns;
  const uint64_t bps = oriel_estimate_bps(call->estimate);
  const double rate = (double)(bps < call->wanted_bps ? bps : call->wanted_bps);
  double bytes = rate / 8 * (double)call->frame_ns * 1e-9 * (0.7 + 0.6 * link_random(&call->link)) * 0.97;
  if (call->key_factor > 0)
    bytes *= call->key_factor;
  call->key_factor = 0;
  call->carry_bytes += bytes;
  call->waiting = (uint32_t)(call->carry_bytes / PACKET_BYTES);
  call->carry_bytes -= call->waiting * (double)PACKET_BYTES;
  if (!call->waiting)
    return; /* less than a packet: with the next */
  call->picture++;
  assert_true(call->picture < CALL_PICTURES);
  call->pictures[call->picture] = (struct call_picture){.captured_ns = call->now_ns, .packets = call->waiting};
}

static bool next_packet(struct call *call, uint32_t *picture) {
  if (call->again_count && call->again[call->again_first].at_ns <= call->now_ns) {
    *picture = call->again[call->again_first].picture;
    call->again_first = (call->again_first + 1) % CALL_AGAIN;
    call->again_count--;
    return true;
  }
  if (!call->waiting)
    return false;
  call->waiting--;
  *picture = call->picture;
  return true;
}

static void send_probe(struct call *call) {
  while (call->probe_left && call->probe_free_ns <= call->now_ns) {
    uint32_t picture = PROBE_OLD;
    next_packet(call, &picture);
    send(call, picture, call->probe.id);
    call->probe_left = call->probe_left > PACKET_BYTES ? call->probe_left - PACKET_BYTES : 0;
    call->probe_free_ns += PACKET_BYTES * 8 * ORIEL_NS_PER_SECOND / call->probe.bps;
  }
}

static void send_paced(struct call *call) {
  const bool media = call->now_ns < call->next_picture_ns + ORIEL_NS_PER_SECOND;
  if (!call->probe_left && media &&
      oriel_estimate_wants_probe(call->estimate, call->wanted_bps, call->now_ns, &call->probe)) {
    call->probe_left = call->probe.bytes;
    call->probe_free_ns = call->now_ns;
  }
  send_probe(call);
  uint32_t picture;
  oriel_pacer_rate(&call->pacer, oriel_estimate_pacing_bps(call->estimate));
  while (oriel_pacer_next_ns(&call->pacer) <= call->now_ns && oriel_estimate_may_send(call->estimate, call->now_ns) &&
         next_packet(call, &picture))
    send(call, picture, 0);
}

static void arrive(struct call *call, const struct link_packet *packet) {
  const uint16_t sequence = (uint16_t)packet->id;
  const uint32_t picture = call->packets[sequence].picture;
  if (packet->lost) {
    send_again_later(call, picture);
    return;
  }
  const uint64_t at_ns = packet->at_ns + call->apart_ns;
  call->packets[sequence].arrived_us = (int64_t)(at_ns / ORIEL_NS_PER_US) + 123456789;
  if ((int16_t)(sequence - call->feedback_to) >= 0)
    call->feedback_to = (uint16_t)(sequence + 1);
  if (picture == PROBE_OLD)
    return;
  struct call_picture *shown = &call->pictures[picture];
  if (++shown->got == shown->packets)
    shown->arrived_ns = at_ns;
  while (call->newest < call->picture && call->pictures[call->newest + 1].arrived_ns)
    call->newest++;
}

static void report(struct call *call) {
  static int64_t arrived[CALL_PACKETS];
  if (call->now_ns < call->next_feedback_ns)
    return;
  call->next_feedback_ns = call->now_ns + call->feedback_ns;
  uint16_t count = (uint16_t)(call->feedback_to - call->feedback_from);
  if (!count || call->report_count == 64)
    return;
  for (uint16_t i = 0; i < count; i++)
    arrived[i] = call->packets[(uint16_t)(call->feedback_from + i)].arrived_us;
  const unsigned index = (call->report_first + call->report_count) % 64;
  call->reports[index].size = feedback_write(call->reports[index].data, sizeof call->reports[index].data,
                                             call->feedback_number++, call->feedback_from, arrived, count);
  call->reports[index].at_ns = call->now_ns + call->first->link.delay_ns + 2 * call->apart_ns;
  call->report_count += !call->silent;
  call->feedback_from = call->feedback_to;
}

static void take_report(struct call *call) {
  while (call->report_count && call->reports[call->report_first].at_ns <= call->now_ns) {
    const unsigned index = call->report_first;
    struct oriel_rtcp_cursor cursor;
    struct oriel_rtcp_packet packet;
    struct oriel_rtcp_transport transport;
    call->report_first = (call->report_first + 1) % 64;
    call->report_count--;
    assert_int_equal(oriel_rtcp_begin(&cursor, call->reports[index].data, call->reports[index].size), 0);
    assert_true(oriel_rtcp_next(&cursor, &packet));
    assert_int_equal(oriel_rtcp_transport_begin(&transport, &packet), 0);
    oriel_estimate_feedback(call->estimate, &transport, call->now_ns);
  }
}

static void step_flow(struct call *call) {
  report(call);
  take_report(call);
  oriel_estimate_tick(call->estimate, call->now_ns);
  make_picture(call);
  send_paced(call);
}

void call_step(struct call *call) {
  struct link_packet packet;
  for (unsigned i = 0; i < call->flow_count; i++)
    call->flows[i]->now_ns += STEP_NS;
  link_run(&call->link, call->now_ns);
  while (link_take(&call->link, &packet))
    if (packet.id == RIVAL_ID)
      rival_arrived(&call->rival, &call->link, &packet);
    else
      arrive(call->flows[packet.id >> 16], &packet);
  rival_step(&call->rival, &call->link);
  for (unsigned i = 0; i < call->flow_count; i++)
    step_flow(call->flows[i]);
}

void call_run(struct call *call, unsigned ms) {
  for (const uint64_t end_ns = call->now_ns + ms * MS; call->now_ns < end_ns;)
    call_step(call);
}

uint64_t call_behind_ns(const struct call *call) {
  return call->newest ? call->now_ns - call->pictures[call->newest].captured_ns : 0;
}
