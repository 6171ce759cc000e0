/* SPDX-License-Identifier: MIT
 *
 * What is sent to a viewer next. Loop thread. Called when the last message is whole in the kernel, so the choice is
 * always made from the newest there is.
 */
#include "server/peer_send.h"

#include <string.h>

#include "server/peer_state.h"

enum { FIRST_PINGS = 5 }; /* this many in a row, one per tick, so that the clock map is good within a second or so */

static void start_small(struct oriel_peer *peer, enum oriel_opcode opcode, size_t size) {
  peer->picture = false;
  oriel_outbox_start(&peer->outbox, opcode, size, NULL);
}

static uint32_t capabilities_of(const struct oriel_mount *mount, const struct oriel_source_abilities *abilities) {
  uint32_t capabilities =
    ORIEL_VIEWER_CAP_H264 | ORIEL_VIEWER_CAP_VP8 | ORIEL_VIEWER_CAP_TILES | ORIEL_VIEWER_CAP_MICROPHONE;
  if (abilities->sound)
    capabilities |= ORIEL_VIEWER_CAP_OPUS;
  if (abilities->resize)
    capabilities |= ORIEL_VIEWER_CAP_RESIZE;
  if (abilities->command)
    capabilities |= ORIEL_VIEWER_CAP_COMMANDS;
  if (abilities->heads)
    capabilities |= ORIEL_VIEWER_CAP_HEADS;
  if (abilities->clipboard_in)
    capabilities |= ORIEL_VIEWER_CAP_CLIPBOARD_IN;
  if (abilities->clipboard_out)
    capabilities |= ORIEL_VIEWER_CAP_CLIPBOARD_OUT;
  if (mount->start)
    capabilities |= ORIEL_VIEWER_CAP_START;
  return capabilities;
}

static void fill_hello(struct oriel_peer *peer, uint8_t *head, uint64_t now_us) {
  struct oriel_desktop_stats *stats = &peer->mounts->desktop_stats;
  oriel_desktop_stats(peer->mount->desktop, stats);
  start_small(peer, ORIEL_OPCODE_BINARY,
              oriel_viewer_write_hello(head, ORIEL_OUTBOX_HEAD_MAX, capabilities_of(peer->mount, &stats->abilities),
                                       oriel_viewer_id(peer->viewer), now_us, stats->source.name));
}

static void fill_close(struct oriel_peer *peer, uint8_t *head) {
  head[0] = (uint8_t)(peer->close_code >> 8);
  head[1] = (uint8_t)peer->close_code;
  start_small(peer, ORIEL_OPCODE_CLOSE, peer->close_code ? 2 : 0);
}

/** What is said of a picture that leaves by RTP, too. */
struct rtp_part {
  bool used;
  uint32_t time;
};

static size_t head_of_packet(uint8_t *head, const struct oriel_delivery *delivery, const struct rtp_part *rtp,
                             uint64_t now_ns) {
  const struct oriel_packet *packet = delivery->packet;
  switch (packet->kind) {
  case ORIEL_PACKET_CURSOR:
    return oriel_viewer_write_cursor_shape(head, ORIEL_OUTBOX_HEAD_MAX);
  case ORIEL_PACKET_AUDIO:
    return oriel_viewer_write_audio(head, ORIEL_OUTBOX_HEAD_MAX, packet->sequence,
                                    packet->captured_ns / ORIEL_NS_PER_US);
  default:
    break;
  }
  uint64_t made_ns = packet->encoded_ns > packet->captured_ns ? packet->encoded_ns - packet->captured_ns : 0;
  uint64_t waited_ns = now_ns > packet->encoded_ns ? now_ns - packet->encoded_ns : 0;
  struct oriel_viewer_picture picture = {
    .tiles = packet->kind == ORIEL_PACKET_TILES,
    .key = packet->key,
    .sharpening = packet->sharpening,
    .sequence = packet->sequence,
    .capture_us = packet->captured_ns / ORIEL_NS_PER_US,
    .width = packet->width,
    .height = packet->height,
    .made_us = (uint32_t)(made_ns / ORIEL_NS_PER_US),
    .waited_us = (uint32_t)(waited_ns / ORIEL_NS_PER_US),
    .damage_pixels = packet->damage_pixels,
    .part = delivery->type == ORIEL_DELIVERY_PICTURE && delivery->picture.partly ? &packet->part : NULL,
    .rtp = rtp->used,
    .rtp_time = rtp->time,
  };
  return oriel_viewer_write_picture(head, ORIEL_OUTBOX_HEAD_MAX, &picture);
}

static size_t head_of_piece(uint8_t *head, const struct oriel_delivery *delivery) {
  const struct oriel_viewer_piece piece = {
    .number = delivery->clipboard.number,
    .size = (uint32_t)delivery->packet->size,
    .offset = (uint32_t)delivery->clipboard.offset,
    .count = (uint32_t)delivery->clipboard.count,
  };
  return oriel_viewer_write_clipboard(head, ORIEL_OUTBOX_HEAD_MAX, &piece, delivery->clipboard.kept);
}

static enum oriel_viewer_state state_of(enum oriel_source_state state) {
  switch (state) {
  case ORIEL_SOURCE_RUNNING:
    return ORIEL_VIEWER_STATE_RUNNING;
  case ORIEL_SOURCE_PAUSED:
    return ORIEL_VIEWER_STATE_PAUSED;
  case ORIEL_SOURCE_GONE:
    return ORIEL_VIEWER_STATE_GONE;
  default:
    return ORIEL_VIEWER_STATE_CONNECTING;
  }
}

static enum oriel_viewer_display display_of(enum oriel_source_display display) {
  switch (display) {
  case ORIEL_DISPLAY_OFF:
    return ORIEL_VIEWER_DISPLAY_OFF;
  case ORIEL_DISPLAY_REFUSED:
    return ORIEL_VIEWER_DISPLAY_REFUSED;
  default:
    return ORIEL_VIEWER_DISPLAY_SHOWN;
  }
}

static enum oriel_viewer_microphone_use microphone_use_of(enum oriel_microphone_use use) {
  switch (use) {
  case ORIEL_MICROPHONE_READY:
    return ORIEL_VIEWER_MICROPHONE_READY;
  case ORIEL_MICROPHONE_TAKEN:
    return ORIEL_VIEWER_MICROPHONE_TAKEN;
  default:
    return ORIEL_VIEWER_MICROPHONE_NOWHERE;
  }
}

static enum oriel_viewer_control_way control_way_of(const struct oriel_delivery *delivery) {
  if (delivery->controls.never)
    return ORIEL_VIEWER_CONTROL_NEVER;
  switch (delivery->controls.way) {
  case ORIEL_CONTROL_NEWEST:
    return ORIEL_VIEWER_CONTROL_AT_ONCE;
  case ORIEL_CONTROL_FIXED:
    return ORIEL_VIEWER_CONTROL_WAIT;
  default:
    return ORIEL_VIEWER_CONTROL_ASK;
  }
}

static size_t head_of_delivery(const struct oriel_mount *mount, uint8_t *head, const struct oriel_delivery *delivery,
                               const struct rtp_part *rtp, uint64_t now_ns) {
  const size_t size = ORIEL_OUTBOX_HEAD_MAX;
  switch (delivery->type) {
  case ORIEL_DELIVERY_STATE:
    return oriel_viewer_write_state(head, size, state_of(delivery->state.state), delivery->state.absolute_pointer,
                                    delivery->state.width, delivery->state.height, delivery->state.detail);
  case ORIEL_DELIVERY_ABILITIES:
    return oriel_viewer_write_abilities(head, size, capabilities_of(mount, &delivery->abilities),
                                        display_of(delivery->abilities.display));
  case ORIEL_DELIVERY_ROLE:
    return oriel_viewer_write_role(head, size, (uint8_t)delivery->role);
  case ORIEL_DELIVERY_CURSOR_POSITION:
    return oriel_viewer_write_cursor_position(head, size, delivery->cursor_position.x, delivery->cursor_position.y,
                                              delivery->cursor_position.visible);
  case ORIEL_DELIVERY_SKIPPED:
    return oriel_viewer_write_skipped(head, size, delivery->skipped.count);
  case ORIEL_DELIVERY_VOLUME:
    return oriel_viewer_write_volume(head, size, delivery->volume.left, delivery->volume.right,
                                     delivery->volume.muted);
  case ORIEL_DELIVERY_TYPED:
    return oriel_viewer_write_typed(head, size, delivery->typed.number, delivery->typed.dropped);
  case ORIEL_DELIVERY_MICROPHONE:
    return oriel_viewer_write_microphone_state(head, size, microphone_use_of(delivery->microphone.use),
                                               delivery->microphone.owner);
  case ORIEL_DELIVERY_CONTROLS:
    return oriel_viewer_write_control_state(head, size, delivery->controls.holder, delivery->controls.asker,
                                            control_way_of(delivery), delivery->controls.holder_name,
                                            delivery->controls.asker_name);
  case ORIEL_DELIVERY_CLIPBOARD:
    return head_of_piece(head, delivery);
  default:
    return delivery->packet ? head_of_packet(head, delivery, rtp, now_ns) : 0;
  }
}

/** Starts the message that begins with a head of `size` bytes; takes over the delivery's packet. `apart`: that leaves by
 *  RTP. */
static void start_delivery(struct oriel_peer *peer, struct oriel_delivery *delivery, size_t size, bool apart) {
  if (apart) {
    oriel_packet_unref(delivery->packet);
    delivery->packet = NULL;
  }
  peer->picture = delivery->type == ORIEL_DELIVERY_PICTURE && !apart;
  if (delivery->type == ORIEL_DELIVERY_CLIPBOARD)
    oriel_outbox_start_part(&peer->outbox, ORIEL_OPCODE_BINARY, size, delivery->packet, delivery->clipboard.offset,
                            delivery->clipboard.count);
  else
    oriel_outbox_start(&peer->outbox, ORIEL_OPCODE_BINARY, size, delivery->packet);
}

static bool fill_delivery(struct oriel_peer *peer, uint8_t *head, uint64_t now_ns) {
  struct oriel_delivery delivery;
  while (peer->viewer && oriel_viewer_next(peer->viewer, &delivery)) {
    struct rtp_part rtp = {0};
    enum oriel_media_leave leave = ORIEL_MEDIA_BY_SOCKET;
    if (delivery.type == ORIEL_DELIVERY_PICTURE)
      leave = oriel_media_take(&peer->media, delivery.packet, now_ns, &rtp.time);
    rtp.used = leave == ORIEL_MEDIA_BY_BOTH || leave == ORIEL_MEDIA_BY_RTP;
    const size_t size =
      leave == ORIEL_MEDIA_NOWHERE ? 0 : head_of_delivery(peer->mount, head, &delivery, &rtp, now_ns);
    if (size) {
      start_delivery(peer, &delivery, size, leave == ORIEL_MEDIA_BY_RTP);
      return true;
    }
    oriel_packet_unref(delivery.packet); /* nothing this protocol can say */
  }
  return false;
}

/* After all that the first picture may wait for. */
static bool fill_ticket(struct oriel_peer *peer, uint8_t *head) {
  if (!peer->media.ticket_waiting)
    return false;
  peer->media.ticket_waiting = false;
  start_small(peer, ORIEL_OPCODE_BINARY,
              oriel_viewer_write_media_ticket(head, ORIEL_OUTBOX_HEAD_MAX, peer->media.ticket));
  return true;
}

bool oriel_peer_fill(struct oriel_peer *peer) {
  uint8_t *head = oriel_outbox_head(&peer->outbox);
  uint64_t now_ns = oriel_clock_ns(), now_us = now_ns / ORIEL_NS_PER_US;
  if (peer->phase == PEER_CLOSING) {
    if (peer->bye_waiting) {
      peer->bye_waiting = false;
      start_small(peer, ORIEL_OPCODE_BINARY,
                  oriel_viewer_write_bye(head, ORIEL_OUTBOX_HEAD_MAX, (uint16_t)peer->reason, peer->bye_text));
      return true;
    }
    if (peer->close_sent)
      return false;
    peer->close_sent = true;
    fill_close(peer, head);
    return true;
  }
  if (peer->pong_waiting) {
    peer->pong_waiting = false;
    memcpy(head, peer->pong, peer->pong_size);
    start_small(peer, ORIEL_OPCODE_PONG, peer->pong_size);
    return true;
  }
  if (peer->session_waiting) {
    peer->session_waiting = false;
    start_small(peer, ORIEL_OPCODE_BINARY,
                oriel_viewer_write_session(head, ORIEL_OUTBOX_HEAD_MAX, peer->session_secret, peer->view));
    explicit_bzero(peer->session_secret, sizeof peer->session_secret);
    return true;
  }
  if (peer->hello_waiting) {
    peer->hello_waiting = false;
    peer->ping_waiting = true;
    fill_hello(peer, head, now_us);
    return true;
  }
  if (peer->answer_waiting) {
    peer->answer_waiting = false;
    start_small(peer, ORIEL_OPCODE_BINARY,
                oriel_viewer_write_pong(head, ORIEL_OUTBOX_HEAD_MAX, peer->answer_ping_us, now_us));
    return true;
  }
  if (peer->clipboard_waiting) {
    peer->clipboard_waiting = false;
    start_small(peer, ORIEL_OPCODE_BINARY,
                oriel_viewer_write_clipboard_state(head, ORIEL_OUTBOX_HEAD_MAX, peer->clipboard_number,
                                                   peer->clipboard_taken, peer->clipboard_outcome));
    return true;
  }
  if (peer->ping_waiting) {
    peer->ping_waiting = false;
    peer->next_ping_ns = now_ns + (++peer->pings < FIRST_PINGS ? 1 : ORIEL_NS_PER_SECOND);
    oriel_clockmap_ping(&peer->clock, now_us);
    start_small(peer, ORIEL_OPCODE_BINARY, oriel_viewer_write_ping(head, ORIEL_OUTBOX_HEAD_MAX, now_us));
    return true;
  }
  return fill_delivery(peer, head, now_ns) || fill_ticket(peer, head);
}
