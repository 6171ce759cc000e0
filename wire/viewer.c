/* SPDX-License-Identifier: MIT
 *
 * Writers and the parser of the viewer protocol. Pure functions over given memory; any thread.
 */
#include "wire/viewer.h"

#include <errno.h>
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
  for (int i = 0; i < part->count && i < ORIEL_DAMAGE_RECTS_MAX; i++) {
    const struct oriel_rect rect = part->rects[i], inside = oriel_rect_align(rect, 1, width, height);
    if (oriel_rect_empty(rect) || inside.x != rect.x || inside.y != rect.y || inside.width != rect.width ||
        inside.height != rect.height)
      return false;
  }
  return part->count >= 0 && part->count <= ORIEL_VIEWER_PART_MAX;
}

size_t oriel_viewer_write_picture(void *data, size_t size, const struct oriel_viewer_picture *picture) {
  if (picture->part && !part_valid(picture->part, picture->width, picture->height))
    return 0;
  struct oriel_writer writer;
  oriel_writer_init(&writer, data, size);
  const unsigned flags = (picture->key ? ORIEL_VIEWER_FLAG_KEY : 0u) |
                         (picture->sharpening ? ORIEL_VIEWER_FLAG_SHARPENING : 0u) |
                         (picture->part ? ORIEL_VIEWER_FLAG_PART : 0u);
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

/* ---- parser ---- */

/* Fails the reader unless `holds`: field rules report like overruns, and the parser asks once. */
static void require(struct oriel_reader *reader, bool holds) {
  reader->failed = reader->failed || !holds;
}

static uint8_t read_below(struct oriel_reader *reader, uint8_t limit) {
  const uint8_t value = oriel_read_u8(reader);
  require(reader, value < limit);
  return value;
}

static bool read_bool(struct oriel_reader *reader) {
  return read_below(reader, 2) == 1;
}

static void parse_hello(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->hello.version = oriel_read_u16(reader);
  in->hello.role = read_below(reader, ORIEL_VIEWER_ROLES);
  require(reader, oriel_read_u8(reader) == 0);
  in->hello.capabilities = oriel_read_u32(reader);
  in->hello.width = oriel_read_u16(reader);
  in->hello.height = oriel_read_u16(reader);
}

static void parse_ack(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->ack.received = oriel_read_u32(reader);
  in->ack.decoded = oriel_read_u32(reader);
  in->ack.painted = oriel_read_u32(reader);
  in->ack.received_us = oriel_read_u64(reader);
  in->ack.decoded_us = oriel_read_u64(reader);
  in->ack.painted_us = oriel_read_u64(reader);
}

static void parse_touch(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->touch.phase = read_below(reader, ORIEL_VIEWER_TOUCH_PHASES);
  in->touch.id = read_below(reader, ORIEL_VIEWER_TOUCHES);
  in->touch.x = oriel_read_u16(reader);
  in->touch.y = oriel_read_u16(reader);
}

/* Duration of an Opus packet in samples at 48 kHz (RFC 6716 section 3.1, table 2); 0 where its first bytes say none. */
static unsigned opus_samples(const uint8_t *opus, size_t size) {
  static const uint16_t silk[] = {480, 960, 1920, 2880}, celt[] = {120, 240, 480, 960};
  const unsigned config = opus[0] >> 3, code = opus[0] & 3u;
  const unsigned frame = config < 12 ? silk[config & 3u] : config < 16 ? silk[config & 1u] : celt[config & 3u];
  if (code < 3)
    return frame * (code ? 2u : 1u);
  return size > 1 ? frame * (opus[1] & 63u) : 0;
}

static void parse_microphone(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->microphone.sequence = oriel_read_u32(reader);
  in->microphone.us = oriel_read_u64(reader);
  const size_t size = reader->left;
  require(reader, size <= ORIEL_VIEWER_MICROPHONE_MAX);
  const uint8_t *opus = oriel_read_bytes(reader, size);
  if (!oriel_reader_ok(reader) || !size)
    return;
  const unsigned samples = opus_samples(opus, size);
  require(reader, samples == 480 || samples == 960);
  in->microphone.opus = opus;
  in->microphone.size = size;
}

static void parse_type(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->type_text.number = oriel_read_u32(reader);
  const size_t count = reader->left / 3;
  require(reader, count > 0 && count <= ORIEL_VIEWER_STROKES_MAX && reader->left % 3 == 0);
  if (!oriel_reader_ok(reader))
    return;
  in->type_text.count = (uint8_t)count;
  for (size_t i = 0; i < count; i++) {
    in->type_text.strokes[i].usage = oriel_read_u16(reader);
    in->type_text.strokes[i].pressed = read_bool(reader);
  }
}

static void parse_authenticate(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  const uint8_t *digits = oriel_read_bytes(reader, ORIEL_VIEWER_SECRET_SIZE);
  for (size_t i = 0; digits && i < ORIEL_VIEWER_SECRET_SIZE; i++)
    require(reader, (digits[i] >= '0' && digits[i] <= '9') || (digits[i] >= 'a' && digits[i] <= 'f'));
  if (oriel_reader_ok(reader))
    memcpy(in->authenticate.secret, digits, ORIEL_VIEWER_SECRET_SIZE); /* the NUL is there: *in starts as zeros */
}

static void parse_login(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  const size_t size = oriel_read_u16(reader);
  require(reader, size >= 1 && size <= ORIEL_VIEWER_TOKEN_MAX);
  const uint8_t *token = oriel_read_bytes(reader, size);
  require(reader, token && !memchr(token, 0, size));
  if (!oriel_reader_ok(reader))
    return;
  memcpy(in->login.token, token, size);
  in->login.size = size;
}

static void read_text(struct oriel_reader *reader, char out[ORIEL_VIEWER_TEXT_MAX + 1]) {
  const size_t size = oriel_read_u16(reader);
  require(reader, size <= ORIEL_VIEWER_TEXT_MAX);
  const uint8_t *text = oriel_read_bytes(reader, size);
  require(reader, text && oriel_utf8_valid(text, size));
  if (oriel_reader_ok(reader))
    memcpy(out, text, size);
}

static void parse_bye(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->bye.reason = oriel_read_u16(reader);
  read_text(reader, in->bye.text);
}

/* Reads the fields after the header; fails the reader for a type that no viewer may send. */
static void parse_body(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  switch (in->type) {
  case ORIEL_VIEWER_AUTHENTICATE:
    parse_authenticate(reader, in);
    break;
  case ORIEL_VIEWER_LOGIN:
    parse_login(reader, in);
    break;
  case ORIEL_VIEWER_VIEWER_HELLO:
    parse_hello(reader, in);
    break;
  case ORIEL_VIEWER_ACK:
    parse_ack(reader, in);
    break;
  case ORIEL_VIEWER_KEY:
    in->key.usage = oriel_read_u16(reader);
    in->key.pressed = read_bool(reader);
    break;
  case ORIEL_VIEWER_POINTER:
    in->pointer.x = oriel_read_u16(reader);
    in->pointer.y = oriel_read_u16(reader);
    break;
  case ORIEL_VIEWER_MOTION:
    in->motion.dx = oriel_read_i16(reader);
    in->motion.dy = oriel_read_i16(reader);
    break;
  case ORIEL_VIEWER_BUTTON:
    in->button.button = read_below(reader, ORIEL_VIEWER_BUTTONS);
    in->button.pressed = read_bool(reader);
    break;
  case ORIEL_VIEWER_WHEEL:
    in->wheel.dx = oriel_read_i16(reader);
    in->wheel.dy = oriel_read_i16(reader);
    break;
  case ORIEL_VIEWER_TOUCH:
    parse_touch(reader, in);
    break;
  case ORIEL_VIEWER_RELEASE_ALL:
    break;
  case ORIEL_VIEWER_RESIZE:
    in->resize.width = oriel_read_u16(reader);
    in->resize.height = oriel_read_u16(reader);
    break;
  case ORIEL_VIEWER_KEY_FRAME:
    in->key_frame.reason = oriel_read_u8(reader);
    break;
  case ORIEL_VIEWER_WANT:
    in->want.pictures = read_bool(reader);
    in->want.sound = read_bool(reader);
    break;
  case ORIEL_VIEWER_CONTROL:
    in->control.wanted = read_bool(reader);
    break;
  case ORIEL_VIEWER_MICROPHONE:
    parse_microphone(reader, in);
    break;
  case ORIEL_VIEWER_NAME:
    read_text(reader, in->name.text);
    break;
  case ORIEL_VIEWER_CONTROL_ANSWER:
    in->control_answer.asker = oriel_read_u32(reader);
    in->control_answer.granted = read_bool(reader);
    break;
  case ORIEL_VIEWER_TYPE:
    parse_type(reader, in);
    break;
  case ORIEL_VIEWER_LOCKS:
    in->locks.known = read_below(reader, ORIEL_VIEWER_LOCK_SETS);
    in->locks.on = read_below(reader, ORIEL_VIEWER_LOCK_SETS);
    break;
  case ORIEL_VIEWER_PING:
    in->ping.us = oriel_read_u64(reader);
    break;
  case ORIEL_VIEWER_PONG:
    in->pong.ping_us = oriel_read_u64(reader);
    in->pong.us = oriel_read_u64(reader);
    break;
  case ORIEL_VIEWER_BYE:
    parse_bye(reader, in);
    break;
  case ORIEL_VIEWER_SERVER_HELLO:
  case ORIEL_VIEWER_VIDEO:
  case ORIEL_VIEWER_TILES:
  case ORIEL_VIEWER_AUDIO:
  case ORIEL_VIEWER_CURSOR_SHAPE:
  case ORIEL_VIEWER_CURSOR_POSITION:
  case ORIEL_VIEWER_STATE:
  case ORIEL_VIEWER_ROLE:
  case ORIEL_VIEWER_SKIPPED:
  case ORIEL_VIEWER_VOLUME:
  case ORIEL_VIEWER_MICROPHONE_STATE:
  case ORIEL_VIEWER_TYPED:
  case ORIEL_VIEWER_CONTROL_STATE:
  default:
    require(reader, false);
  }
}

int oriel_viewer_parse(const void *data, size_t size, struct oriel_viewer_in *in) {
  struct oriel_reader reader;
  oriel_reader_init(&reader, data, size);
  struct oriel_viewer_in parsed;
  memset(&parsed, 0, sizeof parsed);
  parsed.type = (enum oriel_viewer_message)oriel_read_u8(&reader);
  require(&reader, oriel_read_u8(&reader) == 0);
  require(&reader, oriel_read_u16(&reader) == 0);
  parse_body(&reader, &parsed);
  if (!oriel_reader_done(&reader))
    return -EBADMSG;
  *in = parsed;
  return 0;
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
