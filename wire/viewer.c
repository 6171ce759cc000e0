/* SPDX-License-Identifier: MIT
 *
 * Writers of the viewer protocol. Pure functions over given memory; any thread.
 */
#include "wire/viewer.h"

#include <string.h>

#include "core/bytes.h"
#include "core/utf8.h"

static void write_header(struct oriel_writer *writer, enum oriel_viewer_message type, uint8_t flags) {
  oriel_write_u8(writer, (uint8_t)type);
  oriel_write_u8(writer, flags);
  oriel_write_u16(writer, 0);
}

static struct oriel_writer begin(void *data, size_t size, enum oriel_viewer_message type) {
  struct oriel_writer writer;
  oriel_writer_init(&writer, data, size);
  write_header(&writer, type, 0);
  return writer;
}

/* u16 length, then UTF-8. Names come from guests and VMs, so bytes that are no UTF-8 become '?'. */
static void write_text(struct oriel_writer *writer, const char *text) {
  char sanitized[ORIEL_VIEWER_TEXT_MAX];
  const size_t size = text ? oriel_utf8_copy(sanitized, sizeof sanitized, text, strlen(text)) : 0;
  oriel_write_u16(writer, (uint16_t)size);
  oriel_write_bytes(writer, sanitized, size);
}

size_t oriel_viewer_write_hello(void *data, size_t size, uint32_t capabilities, uint32_t viewer_id, uint64_t server_us,
                                const char *name) {
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_SERVER_HELLO);
  oriel_write_u16(&writer, ORIEL_VIEWER_VERSION);
  oriel_write_u16(&writer, 0);
  oriel_write_u32(&writer, capabilities);
  oriel_write_u32(&writer, viewer_id);
  oriel_write_u64(&writer, server_us);
  write_text(&writer, name);
  return oriel_writer_size(&writer);
}

static void write_part(struct oriel_writer *writer, const struct oriel_damage *part) {
  oriel_write_u16(writer, (uint16_t)part->count);
  for (int i = 0; i < part->count; i++) {
    const struct oriel_rect rect = part->rects[i];
    oriel_write_u16(writer, (uint16_t)rect.x);
    oriel_write_u16(writer, (uint16_t)rect.y);
    oriel_write_u16(writer, (uint16_t)rect.width);
    oriel_write_u16(writer, (uint16_t)rect.height);
  }
}

static bool part_valid(const struct oriel_damage *part, uint16_t width, uint16_t height) {
  if (part->count < 0 || part->count > ORIEL_VIEWER_PART_MAX)
    return false;
  for (int i = 0; i < part->count; i++) {
    const struct oriel_rect rect = part->rects[i], inside = oriel_rect_align(rect, 1, width, height);
    if (oriel_rect_empty(rect) || inside.x != rect.x || inside.y != rect.y || inside.width != rect.width ||
        inside.height != rect.height)
      return false;
  }
  return true;
}

size_t oriel_viewer_write_picture(void *data, size_t size, const struct oriel_viewer_picture *picture) {
  if (picture->part && !part_valid(picture->part, picture->width, picture->height))
    return 0;
  struct oriel_writer writer;
  oriel_writer_init(&writer, data, size);
  const unsigned flags = (picture->key ? ORIEL_VIEWER_FLAG_KEY : 0u) |
                         (picture->sharpening ? ORIEL_VIEWER_FLAG_SHARPENING : 0u) |
                         (picture->part ? ORIEL_VIEWER_FLAG_PART : 0u) |
                         (picture->rtp ? ORIEL_VIEWER_FLAG_RTP : 0u);
  write_header(&writer, picture->tiles ? ORIEL_VIEWER_TILES : ORIEL_VIEWER_VIDEO, (uint8_t)flags);
  oriel_write_u32(&writer, picture->sequence);
  oriel_write_u64(&writer, picture->capture_us);
  oriel_write_u16(&writer, picture->width);
  oriel_write_u16(&writer, picture->height);
  oriel_write_u32(&writer, picture->made_us);
  oriel_write_u32(&writer, picture->waited_us);
  oriel_write_u32(&writer, picture->damage_pixels);
  if (picture->part)
    write_part(&writer, picture->part);
  if (picture->rtp)
    oriel_write_u32(&writer, picture->rtp_time);
  return oriel_writer_size(&writer);
}

size_t oriel_viewer_write_audio(void *data, size_t size, uint32_t sequence, uint64_t capture_us) {
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_AUDIO);
  oriel_write_u32(&writer, sequence);
  oriel_write_u64(&writer, capture_us);
  return oriel_writer_size(&writer);
}

size_t oriel_viewer_write_cursor_shape(void *data, size_t size) {
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_CURSOR_SHAPE);
  return oriel_writer_size(&writer);
}

size_t oriel_viewer_write_cursor_position(void *data, size_t size, int32_t x, int32_t y, bool visible) {
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_CURSOR_POSITION);
  oriel_write_i32(&writer, x);
  oriel_write_i32(&writer, y);
  oriel_write_u8(&writer, visible);
  return oriel_writer_size(&writer);
}

size_t oriel_viewer_write_state(void *data, size_t size, enum oriel_viewer_state state, bool absolute_pointer,
                                uint16_t width, uint16_t height, const char *detail) {
  if ((unsigned)state > ORIEL_VIEWER_STATE_GONE)
    return 0;
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_STATE);
  oriel_write_u8(&writer, (uint8_t)state);
  oriel_write_u8(&writer, absolute_pointer);
  oriel_write_u16(&writer, width);
  oriel_write_u16(&writer, height);
  write_text(&writer, detail);
  return oriel_writer_size(&writer);
}

size_t oriel_viewer_write_abilities(void *data, size_t size, uint32_t capabilities, enum oriel_viewer_display display) {
  if ((unsigned)display > ORIEL_VIEWER_DISPLAY_REFUSED)
    return 0;
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_ABILITIES);
  oriel_write_u32(&writer, capabilities);
  oriel_write_u8(&writer, (uint8_t)display);
  return oriel_writer_size(&writer);
}

size_t oriel_viewer_write_session(void *data, size_t size, const char *secret, bool view) {
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_SESSION);
  oriel_write_bytes(&writer, secret, ORIEL_VIEWER_SECRET_SIZE);
  oriel_write_u8(&writer, view);
  return oriel_writer_size(&writer);
}

size_t oriel_viewer_write_role(void *data, size_t size, uint8_t role) {
  if (role >= ORIEL_VIEWER_ROLES)
    return 0;
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_ROLE);
  oriel_write_u8(&writer, role);
  return oriel_writer_size(&writer);
}

size_t oriel_viewer_write_skipped(void *data, size_t size, uint32_t count) {
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_SKIPPED);
  oriel_write_u32(&writer, count);
  return oriel_writer_size(&writer);
}

/* 0..1 to 0..65535; the comparison also turns what is not a number into silence. */
static uint16_t volume_of(float scalar) {
  if (!(scalar > 0.0f))
    return 0;
  return scalar >= 1.0f ? UINT16_MAX : (uint16_t)(scalar * 65535.0f + 0.5f);
}

size_t oriel_viewer_write_volume(void *data, size_t size, float left, float right, bool muted) {
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_VOLUME);
  oriel_write_u16(&writer, volume_of(left));
  oriel_write_u16(&writer, volume_of(right));
  oriel_write_u8(&writer, muted);
  return oriel_writer_size(&writer);
}

size_t oriel_viewer_write_microphone_state(void *data, size_t size, enum oriel_viewer_microphone_use use,
                                           uint32_t viewer_id) {
  if ((unsigned)use > ORIEL_VIEWER_MICROPHONE_TAKEN)
    return 0;
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_MICROPHONE_STATE);
  oriel_write_u8(&writer, (uint8_t)use);
  oriel_write_u32(&writer, viewer_id);
  return oriel_writer_size(&writer);
}

size_t oriel_viewer_write_control_state(void *data, size_t size, uint32_t holder, uint32_t asker,
                                        enum oriel_viewer_control_way way, const char *holder_name,
                                        const char *asker_name) {
  if ((unsigned)way > ORIEL_VIEWER_CONTROL_WAIT)
    return 0;
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_CONTROL_STATE);
  oriel_write_u32(&writer, holder);
  oriel_write_u32(&writer, asker);
  oriel_write_u8(&writer, (uint8_t)way);
  write_text(&writer, holder_name);
  write_text(&writer, asker_name);
  return oriel_writer_size(&writer);
}

size_t oriel_viewer_write_typed(void *data, size_t size, uint32_t number, uint32_t dropped) {
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_TYPED);
  oriel_write_u32(&writer, number);
  oriel_write_u32(&writer, dropped);
  return oriel_writer_size(&writer);
}

static bool piece_valid(const struct oriel_viewer_piece *piece) {
  return piece->count >= 1 && piece->count <= ORIEL_VIEWER_PIECE_MAX && piece->size <= ORIEL_VIEWER_CLIPBOARD_MAX &&
         piece->offset <= piece->size && piece->count <= piece->size - piece->offset;
}

size_t oriel_viewer_write_clipboard(void *data, size_t size, const struct oriel_viewer_piece *piece, bool kept) {
  if (!piece_valid(piece))
    return 0;
  struct oriel_writer writer;
  oriel_writer_init(&writer, data, size);
  write_header(&writer, ORIEL_VIEWER_CLIPBOARD, kept ? ORIEL_VIEWER_FLAG_KEPT : 0);
  oriel_write_u32(&writer, piece->number);
  oriel_write_u32(&writer, piece->size);
  oriel_write_u32(&writer, piece->offset);
  return oriel_writer_size(&writer);
}

size_t oriel_viewer_write_clipboard_state(void *data, size_t size, uint32_t number, uint32_t taken,
                                          enum oriel_viewer_clipboard_outcome outcome) {
  if ((unsigned)outcome > ORIEL_VIEWER_CLIPBOARD_BROKEN)
    return 0;
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_CLIPBOARD_STATE);
  oriel_write_u32(&writer, number);
  oriel_write_u32(&writer, taken);
  oriel_write_u8(&writer, (uint8_t)outcome);
  return oriel_writer_size(&writer);
}

size_t oriel_viewer_write_media_ticket(void *data, size_t size, const char *ticket) {
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_MEDIA_TICKET);
  oriel_write_bytes(&writer, ticket, ORIEL_VIEWER_SECRET_SIZE);
  return oriel_writer_size(&writer);
}

size_t oriel_viewer_write_ping(void *data, size_t size, uint64_t us) {
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_PING);
  oriel_write_u64(&writer, us);
  return oriel_writer_size(&writer);
}

size_t oriel_viewer_write_pong(void *data, size_t size, uint64_t ping_us, uint64_t us) {
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_PONG);
  oriel_write_u64(&writer, ping_us);
  oriel_write_u64(&writer, us);
  return oriel_writer_size(&writer);
}

size_t oriel_viewer_write_bye(void *data, size_t size, uint16_t reason, const char *text) {
  struct oriel_writer writer = begin(data, size, ORIEL_VIEWER_BYE);
  oriel_write_u16(&writer, reason);
  write_text(&writer, text);
  return oriel_writer_size(&writer);
}

const char *oriel_viewer_message_name(unsigned type) {
  switch (type) {
#define X(name, value) \
  case value:          \
    return #name;
    ORIEL_VIEWER_MESSAGES(X)
#undef X
  default:
    return "unknown";
  }
}
