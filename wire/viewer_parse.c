/* SPDX-License-Identifier: MIT
 *
 * The parser of what viewers send. Pure functions over given memory; any thread.
 */
#include "wire/viewer.h"

#include <errno.h>
#include <string.h>

#include "core/bytes.h"
#include "core/utf8.h"

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

static void parse_key(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->key.usage = oriel_read_u16(reader);
  in->key.pressed = read_bool(reader);
}

static void parse_pointer(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->pointer.x = oriel_read_u16(reader);
  in->pointer.y = oriel_read_u16(reader);
}

static void parse_motion(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->motion.dx = oriel_read_i16(reader);
  in->motion.dy = oriel_read_i16(reader);
}

static void parse_button(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->button.button = read_below(reader, ORIEL_VIEWER_BUTTONS);
  in->button.pressed = read_bool(reader);
}

static void parse_wheel(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->wheel.dx = oriel_read_i16(reader);
  in->wheel.dy = oriel_read_i16(reader);
}

static void parse_nothing(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  (void)reader;
  (void)in;
}

static void parse_resize(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->resize.width = oriel_read_u16(reader);
  in->resize.height = oriel_read_u16(reader);
}

static void parse_key_frame(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->key_frame.reason = oriel_read_u8(reader);
}

static void parse_want(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->want.pictures = read_bool(reader);
  in->want.sound = read_bool(reader);
}

static void parse_control(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->control.wanted = read_bool(reader);
}

static void parse_picture_way(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->picture_way.way = (enum oriel_viewer_picture_way)read_below(reader, ORIEL_VIEWER_PICTURE_WAY_COUNT);
}

static void parse_name(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  read_text(reader, in->name.text);
}

static void parse_control_answer(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->control_answer.asker = oriel_read_u32(reader);
  in->control_answer.granted = read_bool(reader);
}

static void parse_locks(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->locks.known = read_below(reader, ORIEL_VIEWER_LOCK_SETS);
  in->locks.on = read_below(reader, ORIEL_VIEWER_LOCK_SETS);
}

static void parse_clipboard(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->clipboard.number = oriel_read_u32(reader);
  in->clipboard.size = oriel_read_u32(reader);
  in->clipboard.offset = oriel_read_u32(reader);
  const size_t count = reader->left;
  require(reader, count >= 1 && count <= ORIEL_VIEWER_PIECE_MAX);
  require(reader, in->clipboard.size <= ORIEL_VIEWER_CLIPBOARD_MAX && in->clipboard.offset <= in->clipboard.size &&
                    count <= in->clipboard.size - in->clipboard.offset);
  in->clipboard.count = (uint32_t)count;
  in->clipboard.bytes = oriel_read_bytes(reader, count);
}

static void parse_ping(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->ping.us = oriel_read_u64(reader);
}

static void parse_pong(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  in->pong.ping_us = oriel_read_u64(reader);
  in->pong.us = oriel_read_u64(reader);
}

/* What viewers send; the rest only we do. */
static void (*const parsers[])(struct oriel_reader *reader, struct oriel_viewer_in *in) = {
  [ORIEL_VIEWER_AUTHENTICATE] = parse_authenticate,
  [ORIEL_VIEWER_LOGIN] = parse_login,
  [ORIEL_VIEWER_VIEWER_HELLO] = parse_hello,
  [ORIEL_VIEWER_ACK] = parse_ack,
  [ORIEL_VIEWER_KEY] = parse_key,
  [ORIEL_VIEWER_POINTER] = parse_pointer,
  [ORIEL_VIEWER_MOTION] = parse_motion,
  [ORIEL_VIEWER_BUTTON] = parse_button,
  [ORIEL_VIEWER_WHEEL] = parse_wheel,
  [ORIEL_VIEWER_TOUCH] = parse_touch,
  [ORIEL_VIEWER_RELEASE_ALL] = parse_nothing,
  [ORIEL_VIEWER_RESIZE] = parse_resize,
  [ORIEL_VIEWER_KEY_FRAME] = parse_key_frame,
  [ORIEL_VIEWER_WANT] = parse_want,
  [ORIEL_VIEWER_CONTROL] = parse_control,
  [ORIEL_VIEWER_MICROPHONE] = parse_microphone,
  [ORIEL_VIEWER_NAME] = parse_name,
  [ORIEL_VIEWER_CONTROL_ANSWER] = parse_control_answer,
  [ORIEL_VIEWER_TYPE] = parse_type,
  [ORIEL_VIEWER_LOCKS] = parse_locks,
  [ORIEL_VIEWER_CLIPBOARD] = parse_clipboard,
  [ORIEL_VIEWER_PICTURE_WAY] = parse_picture_way,
  [ORIEL_VIEWER_PING] = parse_ping,
  [ORIEL_VIEWER_PONG] = parse_pong,
  [ORIEL_VIEWER_BYE] = parse_bye,
};

/* Reads the fields after the header; fails the reader for a type that no viewer may send. */
static void parse_body(struct oriel_reader *reader, struct oriel_viewer_in *in) {
  const size_t type = (size_t)in->type;
  if (type < sizeof parsers / sizeof *parsers && parsers[type])
    parsers[type](reader, in);
  else
    require(reader, false);
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
