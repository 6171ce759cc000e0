/* SPDX-License-Identifier: MIT
 *
 * RTP among packets of Opus. Pure.
 */
#include "source/guest_rtp.h"

#include "media/opus_packet.h"
#include "wire/rtp.h"

enum {
  AGREES_LEAST = 3, /* headers that make RTP of a sender of bare packets; by chance they agree once in 2^60 */
  DIFFERS_MOST = 3, /* packets in a row that end it */
  /* Any bytes may have the form of Opus; that their length agrees with the timestamps is no chance. A sender's second
   * packet may be off by what the first one had too much (GStreamer's is, by the encoder's delay). */
  PENALTY_MORE = 8, PENALTY_FOREIGN = 24,
  STAMP_SLACK = 2,      /* frames: timestamps that were rounded */
  STAMP_UNIT = 120,     /* frames: 2.5 ms, what all lengths of Opus are made of */
  STEP_MOST = 1000, /* a step of more, either way, does not go on from the packet before */
};

static int step_of(const struct guest_rtp *rtp, const struct oriel_rtp_packet *packet) {
  return (int16_t)(uint16_t)(packet->sequence - (uint16_t)rtp->number);
}

static bool goes_on(const struct guest_rtp *rtp, const struct oriel_rtp_packet *packet) {
  const int step = step_of(rtp, packet);
  const bool moves = step || packet->timestamp == rtp->timestamp; /* a double does not */
  return rtp->begun && packet->ssrc == rtp->ssrc && packet->type == rtp->type && moves && step <= STEP_MOST &&
         step >= -STEP_MOST;
}

static void follow(struct guest_rtp *rtp, const struct oriel_rtp_packet *packet, bool continues) {
  const uint32_t number = continues ? rtp->number + (uint32_t)step_of(rtp, packet) : packet->sequence;
  if (!continues || (int32_t)(number - rtp->number) > 0) {
    rtp->number = number;
    rtp->timestamp = packet->timestamp;
  }
  rtp->ssrc = packet->ssrc;
  rtp->type = packet->type;
  rtp->begun = true;
}

static enum guest_rtp_kind become_bare(struct guest_rtp *rtp) {
  *rtp = (struct guest_rtp){.bare = rtp->bare + 1};
  return GUEST_RTP_BARE;
}

/* Timestamps of Opus go on by the length of a packet, and by more where silence is left out. */
static bool is_stamped_as_opus(const struct guest_rtp *rtp, const struct oriel_rtp_packet *packet) {
  const uint32_t passed = packet->timestamp - rtp->timestamp + STAMP_SLACK;
  return step_of(rtp, packet) != 1 || !rtp->frames ||
         (passed >= rtp->frames && passed % STAMP_UNIT <= 2 * STAMP_SLACK);
}

/* Whether a packet of RTP has Opus in it, judged by those before, too. */
static bool is_foreign(struct guest_rtp *rtp, const struct oriel_rtp_packet *packet, bool continues, int frames) {
  const bool agrees = frames > 0 && (!continues || is_stamped_as_opus(rtp, packet));
  if (!agrees)
    rtp->penalty = rtp->penalty + PENALTY_MORE < PENALTY_FOREIGN ? rtp->penalty + PENALTY_MORE : PENALTY_FOREIGN;
  else if (rtp->penalty)
    rtp->penalty--;
  rtp->foreign = rtp->penalty >= PENALTY_FOREIGN || (rtp->foreign && rtp->penalty);
  rtp->frames = frames > 0 ? (unsigned)frames : 0;
  return rtp->foreign || frames <= 0;
}

static enum guest_rtp_kind give(struct guest_rtp *rtp, const struct oriel_rtp_packet *packet, bool continues,
                                int frames, struct guest_rtp_packet *out) {
  const uint32_t number = continues ? rtp->number + (uint32_t)step_of(rtp, packet) : packet->sequence;
  *out = (struct guest_rtp_packet){.data = packet->payload, .size = packet->size, .number = number,
                                   .timestamp = packet->timestamp, .type = packet->type};
  const bool restarted = rtp->is_rtp && !continues, foreign = is_foreign(rtp, packet, continues, frames);
  rtp->is_rtp = true;
  rtp->proven |= continues;
  follow(rtp, packet, continues);
  return foreign ? GUEST_RTP_FOREIGN : restarted ? GUEST_RTP_NEW_STREAM : GUEST_RTP_SOUND;
}

enum guest_rtp_kind guest_rtp_take(struct guest_rtp *rtp, const uint8_t *data, size_t size,
                                   struct guest_rtp_packet *out) {
  struct oriel_rtp_packet packet;
  if (rtp->is_rtp && oriel_rtp_is_control(data, size))
    return GUEST_RTP_IGNORED;
  const bool bad = oriel_rtp_parse(data, size, &packet) < 0;
  const bool continues = !bad && goes_on(rtp, &packet);
  const int frames = !bad && packet.type >= ORIEL_RTP_TYPE_DYNAMIC
                       ? oriel_opus_packet_frames(packet.payload, packet.size) : 0;
  if (rtp->is_rtp) {
    rtp->differs = continues ? 0 : rtp->differs + 1;
    if (!continues && (!rtp->proven || rtp->differs >= DIFFERS_MOST))
      return become_bare(rtp);
    if (!continues && frames <= 0)
      return GUEST_RTP_IGNORED;
    return give(rtp, &packet, continues, frames, out);
  }
  if (bad)
    return become_bare(rtp);
  rtp->agrees = continues ? rtp->agrees + 1 : 0;
  /* The first packet of a sender is believed, unless the second one does not go on from it. */
  if (rtp->agrees >= AGREES_LEAST - 1 || (!rtp->bare && frames > 0))
    return give(rtp, &packet, continues, frames, out);
  follow(rtp, &packet, continues);
  rtp->bare++;
  return GUEST_RTP_BARE;
}
