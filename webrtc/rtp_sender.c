/* SPDX-License-Identifier: MIT
 *
 * A viewer's stream. Called by the network thread.
 */
#include "webrtc/rtp_sender.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "webrtc/rtcp.h"
#include "webrtc/rtcp_write.h"
#include "webrtc/rtp_history.h"
#include "webrtc/rtp_unit.h"

enum { RTX_NUMBER_SIZE = 2, ROUND_TRIP_MAX_S = 10 };

int oriel_rtp_sender_init(struct oriel_rtp_sender *sender, const struct oriel_rtp_sender_config *config) {
  struct oriel_rtp_sent *sent = config->rtx_type ? calloc(ORIEL_RTP_SENDER_SENT, sizeof *sent) : NULL;
  if (config->rtx_type && !sent)
    return -ENOMEM;
  *sender = (struct oriel_rtp_sender){.config = *config, .sequence = config->first_sequence,
                                      .rtx_sequence = config->first_rtx_sequence, .sent = sent,
                                      .half_credits = 2 * ORIEL_RTP_SENDER_CREDIT};
  return 0;
}

void oriel_rtp_sender_finish(struct oriel_rtp_sender *sender) {
  free(sender->sent);
  sender->sent = NULL;
}

static void fill(const struct oriel_rtp_sender *sender, const struct oriel_rtp_unit *unit, uint32_t index,
                 const struct oriel_rtp_stamp *stamp, struct oriel_rtp_header *packet) {
  const struct oriel_rtp_sender_config *config = &sender->config;
  *packet = (struct oriel_rtp_header){
    .marker = config->marks_end && index + 1 == unit->count,
    .timestamp = config->first_timestamp + unit->timestamp,
    .extensions = {.has_transport = stamp->has_transport, .transport = stamp->transport, .has_send_time = true,
                   .send_time = oriel_rtp_send_time(stamp->now_ns)},
  };
  packet->payload = oriel_rtp_unit_payload(unit, index, &packet->size);
  if (sender->confirmed)
    return;
  packet->extensions.has_playout = true; /* 0/0: shown at once */
  if (config->mid[0]) {
    packet->extensions.mid = config->mid;
    packet->extensions.mid_size = strlen(config->mid);
  }
}

size_t oriel_rtp_sender_write(struct oriel_rtp_sender *sender, const struct oriel_rtp_unit *unit, uint32_t index,
                              const struct oriel_rtp_stamp *stamp, uint8_t *data, size_t size) {
  struct oriel_rtp_header packet;
  fill(sender, unit, index, stamp, &packet);
  packet.type = sender->config.type;
  packet.ssrc = sender->config.ssrc;
  packet.sequence = sender->sequence;
  const size_t head = oriel_rtp_write(&packet, &sender->config.ids, data, size);
  if (!head || size - head < packet.size)
    return 0;
  if (packet.size)
    memcpy(data + head, packet.payload, packet.size);
  if (sender->sent)
    sender->sent[sender->sequence % ORIEL_RTP_SENDER_SENT] = (struct oriel_rtp_sent){.number = unit->first + index};
  sender->sequence++;
  sender->half_credits += sender->half_credits < 2 * ORIEL_RTP_SENDER_CREDIT;
  sender->packets++;
  sender->total++;
  sender->bytes += (uint32_t)packet.size;
  return head + packet.size;
}

/* What was sent with this sequence, if that is remembered and may be sent again. */
static struct oriel_rtp_sent *find(struct oriel_rtp_sender *sender, uint16_t sequence) {
  const uint16_t back = (uint16_t)(sender->sequence - 1 - sequence);
  if (!sender->sent || back >= ORIEL_RTP_SENDER_SENT || back >= sender->total)
    return NULL;
  return &sender->sent[sequence % ORIEL_RTP_SENDER_SENT];
}

bool oriel_rtp_sender_wants(struct oriel_rtp_sender *sender, uint16_t sequence, uint64_t round_trip_ns,
                            uint64_t now_ns) {
  struct oriel_rtp_sent *sent = find(sender, sequence);
  const uint32_t now_ms = (uint32_t)(now_ns / ORIEL_NS_PER_MS) | 1; /* 0 means never */
  if (!sent || sender->half_credits < 2 ||
      (sent->resent_ms && now_ms - sent->resent_ms < round_trip_ns / ORIEL_NS_PER_MS))
    return false;
  sender->half_credits -= 2;
  sent->resent_ms = now_ms;
  return true;
}

size_t oriel_rtp_sender_write_again(struct oriel_rtp_sender *sender, const struct oriel_rtp_history *history,
                                    uint16_t sequence, const struct oriel_rtp_stamp *stamp, uint8_t *data,
                                    size_t size) {
  const struct oriel_rtp_sent *sent = find(sender, sequence);
  uint32_t index;
  const struct oriel_rtp_unit *unit = sent ? oriel_rtp_history_find(history, sent->number, &index) : NULL;
  if (!unit)
    return 0;
  struct oriel_rtp_header packet;
  fill(sender, unit, index, stamp, &packet);
  packet.type = sender->config.rtx_type;
  packet.ssrc = sender->config.rtx_ssrc;
  packet.sequence = sender->rtx_sequence;
  const size_t head = oriel_rtp_write(&packet, &sender->config.ids, data, size);
  if (!head || size - head < RTX_NUMBER_SIZE + packet.size)
    return 0;
  data[head] = (uint8_t)(sequence >> 8);
  data[head + 1] = (uint8_t)sequence;
  memcpy(data + head + RTX_NUMBER_SIZE, packet.payload, packet.size);
  sender->rtx_sequence++;
  sender->resent++;
  return head + RTX_NUMBER_SIZE + packet.size;
}

bool oriel_rtp_sender_recent(const struct oriel_rtp_sender *sender, unsigned back, uint16_t *sequence) {
  if (!sender->sent || back >= ORIEL_RTP_SENDER_SENT || back >= sender->total)
    return false;
  *sequence = (uint16_t)(sender->sequence - 1 - back);
  return true;
}

void oriel_rtp_sender_report(struct oriel_rtp_sender *sender, uint64_t now_ns,
                             struct oriel_rtcp_sender_report *report) {
  assert(sender->total);
  *report = (struct oriel_rtcp_sender_report){
    .ssrc = sender->config.ssrc, .ntp = oriel_rtp_ntp(now_ns), .packets = sender->packets, .bytes = sender->bytes,
    .timestamp = sender->config.first_timestamp + oriel_rtp_ticks(now_ns, sender->config.clock_rate),
  };
  sender->reports[sender->next_report++ % ORIEL_RTP_SENDER_REPORTS] = (uint32_t)(report->ntp >> 16);
}

static bool is_ours(const struct oriel_rtp_sender *sender, uint32_t time) {
  for (unsigned i = 0; time && i < ORIEL_RTP_SENDER_REPORTS; i++)
    if (sender->reports[i] == time)
      return true;
  return false;
}

bool oriel_rtp_sender_take_block(struct oriel_rtp_sender *sender, const struct oriel_rtcp_block *block, uint64_t now_ns,
                                 uint64_t *round_trip_ns) {
  if (block->ssrc != sender->config.ssrc || !sender->total)
    return false;
  sender->confirmed = true;
  if (!is_ours(sender, block->last_report))
    return false;
  const uint32_t now = (uint32_t)(oriel_rtp_ntp(now_ns) >> 16), trip = now - block->last_report - block->delay;
  if (trip > ROUND_TRIP_MAX_S << 16)
    return false;
  *round_trip_ns = (uint64_t)trip * ORIEL_NS_PER_SECOND >> 16;
  return true;
}
