/* SPDX-License-Identifier: MIT
 *
 * wire/viewer: the exact bytes of every message, and the parser's strictness: every truncation, every extension, every
 * value of every byte. Messages lie in heap blocks of their exact size for AddressSanitizer.
 */
#include "wire/viewer.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "desktop/desktop.h"
#include "source/source.h"
#include "tests/wire/viewer_encode.h"

/* wire/ may not know these rooms, and servers pass the numbers on as they are. */
static_assert(ORIEL_VIEWER_ROLES == ORIEL_ROLE_CONTROLLER + 1, "roles");
static_assert((int)ORIEL_VIEWER_BUTTONS == (int)ORIEL_BUTTONS, "buttons");
static_assert(ORIEL_VIEWER_TOUCH_PHASES == ORIEL_TOUCH_CANCEL + 1, "touch phases");
static_assert((int)ORIEL_VIEWER_STATE_CONNECTING == (int)ORIEL_SOURCE_CONNECTING &&
              (int)ORIEL_VIEWER_STATE_RUNNING == (int)ORIEL_SOURCE_RUNNING &&
              (int)ORIEL_VIEWER_STATE_PAUSED == (int)ORIEL_SOURCE_PAUSED &&
              (int)ORIEL_VIEWER_STATE_GONE == (int)ORIEL_SOURCE_GONE, "states");

#define SECRET "0123456789abcdef0123456789abcdeffedcba9876543210fedcba9876543210"

/* One valid message of every type that a viewer may send, most fields at values that show a swapped byte. */
static const struct oriel_viewer_in samples[] = {
  { .type = ORIEL_VIEWER_VIEWER_HELLO, .hello = { 1, 1, 0x8000001F, 0x1234, 0x5678 } },
  { .type = ORIEL_VIEWER_ACK, .ack = { 0x01020304, 0x05060708, 0x090A0B0C, 0x0102030405060708, 1, UINT64_MAX } },
  { .type = ORIEL_VIEWER_KEY, .key = { 0x0104, true } },
  { .type = ORIEL_VIEWER_POINTER, .pointer = { 0x1234, 0xFEDC } },
  { .type = ORIEL_VIEWER_MOTION, .motion = { INT16_MIN, INT16_MAX } },
  { .type = ORIEL_VIEWER_BUTTON, .button = { 4, false } },
  { .type = ORIEL_VIEWER_WHEEL, .wheel = { -120, 240 } },
  { .type = ORIEL_VIEWER_TOUCH, .touch = { 3, 9, 0x1234, 0x5678 } },
  { .type = ORIEL_VIEWER_RELEASE_ALL },
  { .type = ORIEL_VIEWER_RESIZE, .resize = { 7680, 4320 } },
  { .type = ORIEL_VIEWER_KEY_FRAME, .key_frame = { 255 } },
  { .type = ORIEL_VIEWER_WANT, .want = { true, false } },
  { .type = ORIEL_VIEWER_CONTROL, .control = { true } },
  { .type = ORIEL_VIEWER_AUTHENTICATE, .authenticate = { SECRET } },
  { .type = ORIEL_VIEWER_LOGIN, .login = { "a token of words", 16 } },
  { .type = ORIEL_VIEWER_NAME, .name = { "Zo\xC3\xAB" } },
  { .type = ORIEL_VIEWER_NAME, .name = { "" } },
  { .type = ORIEL_VIEWER_CONTROL_ANSWER, .control_answer = { 0x01020304, true } },
  { .type = ORIEL_VIEWER_TYPE, .type_text = { 0x01020304, 1, { { 0xC0CD, true } } } },
  { .type = ORIEL_VIEWER_LOCKS, .locks = { 3, 2 } },
  /* the last byte of a text: one less is no piece, one more is beyond its end */
  { .type = ORIEL_VIEWER_CLIPBOARD,
    .clipboard = { 0x01020304, 0x00080706, 0x00080705, 1, (const uint8_t *)"x" } },
  { .type = ORIEL_VIEWER_PICTURE_WAY, .picture_way = { ORIEL_VIEWER_PICTURE_WAY_RTP } },
  { .type = ORIEL_VIEWER_PING, .ping = { 0x0102030405060708 } },
  { .type = ORIEL_VIEWER_PONG, .pong = { 0x0102030405060708, 0x1112131415161718 } },
  { .type = ORIEL_VIEWER_BYE, .bye = { 0x0102, "gr\xC3\xBC\xC3\x9F" } },
  { .type = ORIEL_VIEWER_BYE, .bye = { 1, "" } },
};
enum { SAMPLES = sizeof samples / sizeof *samples };

/* Parses an exact copy. On refusal checks that *in kept its bytes. */
static int parse_copy(const uint8_t *data, size_t size, struct oriel_viewer_in *in) {
  uint8_t *exact = malloc(size ? size : 1);
  memcpy(exact, data, size);
  memset(in, 0xA5, sizeof *in);
  const int result = oriel_viewer_parse(exact, size, in);
  if (!result && in->type == ORIEL_VIEWER_MICROPHONE && in->microphone.size)
    in->microphone.opus = data + (in->microphone.opus - exact); /* borrowed from what is freed here */
  if (!result && in->type == ORIEL_VIEWER_CLIPBOARD)
    in->clipboard.bytes = data + (in->clipboard.bytes - exact);
  free(exact);
  if (result) {
    assert_int_equal(result, -EBADMSG);
    for (size_t i = 0; i < sizeof *in; i++)
      assert_int_equal(((const uint8_t *)in)[i], 0xA5);
  }
  return result;
}

static void same(const struct oriel_viewer_in *in, const uint8_t *data, size_t size) {
  uint8_t again[VIEWER_ENCODE_MAX];
  assert_int_equal(viewer_encode(in, again), size);
  assert_memory_equal(again, data, size);
}

static void viewer_parse_round_trip(void **state) {
  (void)state;
  for (size_t i = 0; i < SAMPLES; i++) {
    uint8_t data[VIEWER_ENCODE_MAX];
    struct oriel_viewer_in in;
    const size_t size = viewer_encode(&samples[i], data);
    assert_int_equal(parse_copy(data, size, &in), 0);
    same(&in, data, size);
  }
}

static void viewer_parse_fields(void **state) {
  (void)state;
  struct oriel_viewer_in in;
  assert_int_equal(parse_copy((const uint8_t *)"\x43\0\0\0\x04\x01\x01", 7, &in), 0);
  assert_true(in.type == ORIEL_VIEWER_KEY && in.key.usage == 0x0104 && in.key.pressed);
  assert_int_equal(parse_copy((const uint8_t *)"\x45\0\0\0\xFF\xFF\x00\x80", 8, &in), 0);
  assert_true(in.motion.dx == -1 && in.motion.dy == INT16_MIN);
  assert_int_equal(parse_copy((const uint8_t *)"\x48\0\0\0\x02\x09\x34\x12\x78\x56", 10, &in), 0);
  assert_true(in.touch.phase == 2 && in.touch.id == 9 && in.touch.x == 0x1234 && in.touch.y == 0x5678);
  assert_int_equal(parse_copy((const uint8_t *)"\x7F\0\0\0\x10\x00\x02\x00hi", 10, &in), 0);
  assert_int_equal(in.bye.reason, ORIEL_VIEWER_REASON_PROTOCOL);
  assert_string_equal(in.bye.text, "hi");
}

/* Lesson 33, on this level: a message cut anywhere is refused, and read no further than its end. */
static void viewer_parse_refuses_every_truncation(void **state) {
  (void)state;
  for (size_t i = 0; i < SAMPLES; i++) {
    uint8_t data[VIEWER_ENCODE_MAX];
    struct oriel_viewer_in in;
    const size_t size = viewer_encode(&samples[i], data);
    for (size_t part = 0; part < size; part++)
      assert_int_equal(parse_copy(data, part, &in), -EBADMSG);
  }
  struct oriel_viewer_in in;
  assert_int_equal(oriel_viewer_parse(NULL, 0, &in), -EBADMSG);
}

static void viewer_parse_refuses_extra_bytes(void **state) {
  (void)state;
  for (size_t i = 0; i < SAMPLES; i++) {
    uint8_t data[VIEWER_ENCODE_MAX + 1] = { 0 };
    struct oriel_viewer_in in;
    const size_t size = viewer_encode(&samples[i], data);
    assert_int_equal(parse_copy(data, size + 1, &in), -EBADMSG);
  }
  uint8_t *large = calloc(1, ORIEL_VIEWER_MESSAGE_MAX);
  struct oriel_viewer_in in;
  large[0] = ORIEL_VIEWER_KEY;
  assert_int_equal(parse_copy(large, ORIEL_VIEWER_MESSAGE_MAX, &in), -EBADMSG);
  free(large);
}

/* Every value in every place: refused, or understood exactly as it stands. */
static void viewer_parse_every_byte_changed(void **state) {
  (void)state;
  size_t refused = 0, accepted = 0;
  for (size_t i = 0; i < SAMPLES; i++) {
    uint8_t data[VIEWER_ENCODE_MAX];
    const size_t size = viewer_encode(&samples[i], data);
    for (size_t at = 0; at < size; at++) {
      const uint8_t kept = data[at];
      for (unsigned value = 0; value < 256; value++) {
        struct oriel_viewer_in in;
        data[at] = (uint8_t)value;
        if (parse_copy(data, size, &in)) {
          refused++;
          continue;
        }
        accepted++;
        same(&in, data, size);
        assert_true(at == 0 || at >= ORIEL_VIEWER_HEADER_SIZE || value == 0); /* flags and padding */
      }
      data[at] = kept;
    }
  }
  assert_true(refused > 10000 && accepted > 10000);
}

static void viewer_parse_knows_only_viewers_types(void **state) {
  (void)state;
  static const enum oriel_viewer_message server_only[] = {
    ORIEL_VIEWER_SERVER_HELLO, ORIEL_VIEWER_VIDEO, ORIEL_VIEWER_TILES, ORIEL_VIEWER_AUDIO, ORIEL_VIEWER_CURSOR_SHAPE,
    ORIEL_VIEWER_CURSOR_POSITION, ORIEL_VIEWER_STATE, ORIEL_VIEWER_ROLE, ORIEL_VIEWER_SKIPPED, ORIEL_VIEWER_VOLUME,
    ORIEL_VIEWER_MICROPHONE_STATE, ORIEL_VIEWER_CONTROL_STATE, ORIEL_VIEWER_ABILITIES, ORIEL_VIEWER_CLIPBOARD_STATE,
  };
  struct oriel_viewer_in in;
  uint8_t data[96] = { 0 };
  for (size_t size = 1; size <= sizeof data; size++) {
    for (size_t i = 0; i < sizeof server_only / sizeof *server_only; i++) {
      data[0] = (uint8_t)server_only[i];
      assert_int_equal(parse_copy(data, size, &in), -EBADMSG);
    }
  }
  /* Of all type bytes over all lengths with zero bodies, exactly the twenty types of one length parse, each at it. */
  unsigned parsed = 0;
  for (unsigned type = 0; type < 256; type++) {
    if (type == ORIEL_VIEWER_MICROPHONE || type == ORIEL_VIEWER_TYPE)
      continue; /* have tests of their own */
    data[0] = (uint8_t)type;
    for (size_t size = 1; size <= sizeof data; size++)
      parsed += parse_copy(data, size, &in) == 0;
  }
  assert_int_equal(parsed, 20);
}

static void refused(const char *body, size_t size, enum oriel_viewer_message type) {
  uint8_t data[VIEWER_ENCODE_MAX + 8] = { (uint8_t)type };
  struct oriel_viewer_in in;
  memcpy(data + ORIEL_VIEWER_HEADER_SIZE, body, size);
  assert_int_equal(parse_copy(data, ORIEL_VIEWER_HEADER_SIZE + size, &in), -EBADMSG);
}

static void viewer_parse_ranges(void **state) {
  (void)state;
  refused("\x01\x00\x02\x00\0\0\0\0\0\0\0\0", 12, ORIEL_VIEWER_VIEWER_HELLO); /* role */
  refused("\x01\x00\x00\x01\0\0\0\0\0\0\0\0", 12, ORIEL_VIEWER_VIEWER_HELLO); /* padding */
  refused("\x04\x00\x02", 3, ORIEL_VIEWER_KEY);
  refused("\x05\x00", 2, ORIEL_VIEWER_BUTTON);
  refused("\x00\x02", 2, ORIEL_VIEWER_BUTTON);
  refused("\x04\x00\0\0\0\0", 6, ORIEL_VIEWER_TOUCH);
  refused("\x00\x0A\0\0\0\0", 6, ORIEL_VIEWER_TOUCH);
  refused("\x02\x00", 2, ORIEL_VIEWER_WANT);
  refused("\x00\xFF", 2, ORIEL_VIEWER_WANT);
  refused("\x02", 1, ORIEL_VIEWER_CONTROL);
  refused("\x03", 1, ORIEL_VIEWER_PICTURE_WAY);
}

static int parse_piece(uint32_t whole, uint32_t offset, size_t count, struct oriel_viewer_in *in) {
  uint8_t *data = calloc(1, 16 + count);
  data[0] = ORIEL_VIEWER_CLIPBOARD;
  encode_number(data, 8, whole, 4);
  encode_number(data, 12, offset, 4);
  const int result = parse_copy(data, 16 + count, in);
  in->clipboard.bytes = NULL;
  free(data);
  return result;
}

static void viewer_parse_clipboard(void **state) {
  (void)state;
  struct oriel_viewer_in in;
  enum { WHOLE = ORIEL_VIEWER_CLIPBOARD_MAX, PIECE = ORIEL_VIEWER_PIECE_MAX };
  assert_int_equal(parse_piece(WHOLE, WHOLE - PIECE, PIECE, &in), 0);
  assert_true(in.clipboard.size == WHOLE && in.clipboard.offset == WHOLE - PIECE && in.clipboard.count == PIECE);
  assert_int_equal(parse_piece(1, 0, 1, &in), 0);
  assert_int_equal(parse_piece(WHOLE + 1, 0, 1, &in), -EBADMSG);
  assert_int_equal(parse_piece(UINT32_MAX, 0, 1, &in), -EBADMSG);
  assert_int_equal(parse_piece(WHOLE, 0, PIECE + 1, &in), -EBADMSG);
  assert_int_equal(parse_piece(WHOLE, 0, 0, &in), -EBADMSG);
  assert_int_equal(parse_piece(WHOLE, WHOLE - PIECE + 1, PIECE, &in), -EBADMSG);
  assert_int_equal(parse_piece(2, 3, 1, &in), -EBADMSG);
  assert_int_equal(parse_piece(1, UINT32_MAX, 1, &in), -EBADMSG);
}

static void viewer_write_clipboard(void **state) {
  (void)state;
  uint8_t data[32];
  struct oriel_viewer_piece piece = {0x01020304, 0x00050607, 0x00040203, 0x100, NULL};
  assert_int_equal(oriel_viewer_write_clipboard(data, sizeof data, &piece, true), 16);
  assert_memory_equal(data, "\x73\x08\0\0\x04\x03\x02\x01\x07\x06\x05\0\x03\x02\x04\0", 16);
  assert_int_equal(oriel_viewer_write_clipboard(data, sizeof data, &piece, false), 16);
  assert_int_equal(data[1], 0);
  assert_int_equal(oriel_viewer_write_clipboard(data, 15, &piece, false), 0);
  piece.offset = piece.size - piece.count + 1;
  assert_int_equal(oriel_viewer_write_clipboard(data, sizeof data, &piece, false), 0);
  assert_int_equal(
    oriel_viewer_write_clipboard_state(data, sizeof data, 0x01020304, 0x00050607, ORIEL_VIEWER_CLIPBOARD_NOBODY), 13);
  assert_memory_equal(data, "\x10\0\0\0\x04\x03\x02\x01\x07\x06\x05\0\x02", 13);
  assert_int_equal(oriel_viewer_write_clipboard_state(data, sizeof data, 1, 1, (enum oriel_viewer_clipboard_outcome)5),
                   0);
}

static int parse_microphone(const char *opus, size_t size, struct oriel_viewer_in *in) {
  uint8_t *data = calloc(1, ORIEL_VIEWER_AUDIO_HEADER_SIZE + size);
  data[0] = ORIEL_VIEWER_MICROPHONE;
  data[4] = 7;
  data[8] = 9;
  memcpy(data + ORIEL_VIEWER_AUDIO_HEADER_SIZE, opus, size);
  const int result = parse_copy(data, ORIEL_VIEWER_AUDIO_HEADER_SIZE + size, in);
  if (!result && size) {
    assert_ptr_equal(in->microphone.opus, data + ORIEL_VIEWER_AUDIO_HEADER_SIZE);
    in->microphone.opus = NULL;
  }
  free(data);
  return result;
}

/* A packet of one or two frames that make 10 or 20 ms, or no packet: everything else is another's sound. */
static void viewer_parse_microphone(void **state) {
  (void)state;
  struct oriel_viewer_in in;
  assert_int_equal(parse_microphone("", 0, &in), 0);
  assert_true(in.microphone.sequence == 7 && in.microphone.us == 9 && !in.microphone.size && !in.microphone.opus);
  static const struct {
    const char *opus;
    size_t size;
    bool good;
  } packets[] = {
    {"\xF8", 1, true},              /* CELT, 20 ms, mono: a single byte is a packet too */
    {"\xFC" "abc", 4, true},        /* stereo */
    {"\xF0" "abc", 4, true},        /* 10 ms */
    {"\x08" "abc", 4, true},        /* SILK, 20 ms */
    {"\x78" "abc", 4, true},        /* hybrid, 20 ms */
    {"\x01" "abc", 4, true},        /* two frames of 10 ms */
    {"\xEB\x02" "abc", 5, true},    /* two of 5 ms, counted */
    {"\xE8" "abc", 4, false},       /* 5 ms */
    {"\x10" "abc", 4, false},       /* 40 ms */
    {"\xF9" "abc", 4, false},       /* two of 20 ms */
    {"\xFB\x00" "abc", 5, false},   /* none */
    {"\xFB\x3F" "abc", 5, false},   /* 63 of them */
    {"\xFB", 1, false},             /* the count is missing */
  };
  for (size_t i = 0; i < sizeof packets / sizeof *packets; i++)
    assert_int_equal(parse_microphone(packets[i].opus, packets[i].size, &in), packets[i].good ? 0 : -EBADMSG);
  char longest[ORIEL_VIEWER_MICROPHONE_MAX + 1] = {'\xF8'};
  assert_int_equal(parse_microphone(longest, sizeof longest - 1, &in), 0);
  assert_int_equal(in.microphone.size, ORIEL_VIEWER_MICROPHONE_MAX);
  assert_int_equal(parse_microphone(longest, sizeof longest, &in), -EBADMSG);
  uint8_t cut[ORIEL_VIEWER_AUDIO_HEADER_SIZE] = {ORIEL_VIEWER_MICROPHONE};
  for (size_t size = 0; size < sizeof cut; size++)
    assert_int_equal(parse_copy(cut, size, &in), -EBADMSG);
}

static void viewer_parse_bye_text(void **state) {
  (void)state;
  uint8_t data[ORIEL_VIEWER_HEADER_SIZE + 4 + 200] = { ORIEL_VIEWER_BYE };
  struct oriel_viewer_in in;
  memset(data + 8, 'x', 200);
  data[6] = 160;
  assert_int_equal(parse_copy(data, 8 + 160, &in), 0);
  assert_int_equal(strlen(in.bye.text), 160);
  data[6] = 161;
  assert_int_equal(parse_copy(data, 8 + 161, &in), -EBADMSG);
  refused("\x01\x00\x02\x00\xC3\x28", 6, ORIEL_VIEWER_BYE); /* not UTF-8 */
  refused("\x01\x00\x02\x00" "a\xC3", 6, ORIEL_VIEWER_BYE); /* cut character */
  refused("\x01\x00\x03\x00" "a\0b", 7, ORIEL_VIEWER_BYE);  /* NUL */
  refused("\x01\x00\x05\x00" "abcd", 8, ORIEL_VIEWER_BYE);  /* says more than there is */
  refused("\x01\x00\x03\x00" "abcd", 8, ORIEL_VIEWER_BYE);  /* says less */
  refused("\x01\x00\xFF\xFF" "abcd", 8, ORIEL_VIEWER_BYE);
}

/* ---- writers ---- */

typedef size_t write_one(void *data, size_t size);

static size_t one_hello(void *data, size_t size) {
  return oriel_viewer_write_hello(data, size, 0x1F, 0x01020304, 0x1112131415161718, "vm");
}
static size_t one_picture(void *data, size_t size) {
  const struct oriel_viewer_picture picture = {
    .tiles = false, .key = true, .sharpening = false, .sequence = 0x01020304, .capture_us = 0x1112131415161718,
    .width = 0x0500, .height = 0x02D0, .made_us = 0x21222324, .waited_us = 0x31323334, .damage_pixels = 0x41424344,
  };
  return oriel_viewer_write_picture(data, size, &picture);
}
static size_t one_tiles(void *data, size_t size) {
  return oriel_viewer_write_picture(data, size, &(struct oriel_viewer_picture){ .tiles = true, .sharpening = true });
}
static size_t one_part(void *data, size_t size) {
  const struct oriel_damage part = {.count = 1, .rects = {{0x10, 0x0210, 0x04F0, 0x00C0}}};
  return oriel_viewer_write_picture(data, size, &(struct oriel_viewer_picture){
    .width = 0x0500, .height = 0x02D0, .part = &part });
}
static size_t one_empty_part(void *data, size_t size) {
  return oriel_viewer_write_picture(data, size, &(struct oriel_viewer_picture){
    .width = 64, .height = 64, .part = &(struct oriel_damage){.count = 0} });
}
static size_t one_by_rtp(void *data, size_t size) {
  return oriel_viewer_write_picture(data, size, &(struct oriel_viewer_picture){
    .width = 64, .height = 64, .part = &(struct oriel_damage){.count = 0}, .rtp = true, .rtp_time = 0x01020304 });
}
static size_t one_media_ticket(void *data, size_t size) {
  return oriel_viewer_write_media_ticket(data, size, SECRET);
}
static size_t one_audio(void *data, size_t size) {
  return oriel_viewer_write_audio(data, size, 0x01020304, 0x1112131415161718);
}
static size_t one_cursor_position(void *data, size_t size) {
  return oriel_viewer_write_cursor_position(data, size, -2, 0x01020304, true);
}
static size_t one_state(void *data, size_t size) {
  return oriel_viewer_write_state(data, size, ORIEL_VIEWER_STATE_PAUSED, true, 0x0500, 0x02D0, "zz");
}
static size_t one_role(void *data, size_t size) {
  return oriel_viewer_write_role(data, size, 1);
}
static size_t one_skipped(void *data, size_t size) {
  return oriel_viewer_write_skipped(data, size, 0x01020304);
}
static size_t one_volume(void *data, size_t size) {
  return oriel_viewer_write_volume(data, size, 1.0f, 0.5f, true);
}
static void viewer_parse_text(void **state) {
  (void)state;
  uint8_t data[8 + 3 * (ORIEL_VIEWER_STROKES_MAX + 1)] = {ORIEL_VIEWER_TYPE, 0, 0, 0, 7, 0, 0, 0};
  struct oriel_viewer_in in;
  for (size_t size = 8; size <= sizeof data; size++) {
    const bool good = (size - 8) % 3 == 0 && size > 8 && size <= 8 + 3 * ORIEL_VIEWER_STROKES_MAX;
    assert_int_equal(parse_copy(data, size, &in), good ? 0 : -EBADMSG);
    if (good)
      assert_true(in.type_text.number == 7 && in.type_text.count == (size - 8) / 3);
  }
  data[10] = 2; /* neither up nor down */
  assert_int_equal(parse_copy(data, 11, &in), -EBADMSG);
  assert_int_equal(parse_copy((const uint8_t *)"\x52\0\0\0\x03\x04", 6, &in), -EBADMSG);
}

static size_t one_typed(void *data, size_t size) {
  return oriel_viewer_write_typed(data, size, 0x01020304, 0x05060708);
}
static size_t one_abilities(void *data, size_t size) {
  return oriel_viewer_write_abilities(data, size, 0x41424344, ORIEL_VIEWER_DISPLAY_REFUSED);
}
static size_t one_microphone_state(void *data, size_t size) {
  return oriel_viewer_write_microphone_state(data, size, ORIEL_VIEWER_MICROPHONE_TAKEN, 0x01020304);
}
static size_t one_control_state(void *data, size_t size) {
  return oriel_viewer_write_control_state(data, size, 0x01020304, 0x11121314, ORIEL_VIEWER_CONTROL_ASK, "me", "");
}
static size_t one_ping(void *data, size_t size) {
  return oriel_viewer_write_ping(data, size, 0x1112131415161718);
}
static size_t one_pong(void *data, size_t size) {
  return oriel_viewer_write_pong(data, size, 0x1112131415161718, 0x2122232425262728);
}
static size_t one_bye(void *data, size_t size) {
  return oriel_viewer_write_bye(data, size, ORIEL_VIEWER_REASON_SLOW, "so");
}

#define US "\x18\x17\x16\x15\x14\x13\x12\x11"
static const struct {
  write_one *write;
  size_t size;
  const char *bytes;
} written[] = {
  { one_hello, 28, "\x01\0\0\0" "\x01\0" "\0\0" "\x1F\0\0\0" "\x04\x03\x02\x01" US "\x02\0vm" },
  { one_picture, 32, "\x02\x01\0\0" "\x04\x03\x02\x01" US "\0\x05" "\xD0\x02" "\x24\x23\x22\x21" "\x34\x33\x32\x31"
    "\x44\x43\x42\x41" },
  { one_part, 42, "\x02\x04\0\0" "\0\0\0\0" "\0\0\0\0\0\0\0\0" "\0\x05" "\xD0\x02" "\0\0\0\0\0\0\0\0\0\0\0\0"
    "\x01\0" "\x10\0" "\x10\x02" "\xF0\x04" "\xC0\0" },
  { one_empty_part, 34, "\x02\x04\0\0" "\0\0\0\0" "\0\0\0\0\0\0\0\0" "\x40\0\x40\0" "\0\0\0\0\0\0\0\0\0\0\0\0"
    "\0\0" },
  { one_tiles, 32, "\x03\x02\0\0" "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" },
  { one_audio, 16, "\x04\0\0\0" "\x04\x03\x02\x01" US },
  { oriel_viewer_write_cursor_shape, 4, "\x05\0\0\0" },
  { one_cursor_position, 13, "\x06\0\0\0" "\xFE\xFF\xFF\xFF" "\x04\x03\x02\x01" "\x01" },
  { one_state, 14, "\x07\0\0\0" "\x02\x01" "\0\x05" "\xD0\x02" "\x02\0zz" },
  { one_role, 5, "\x08\0\0\0" "\x01" },
  { one_skipped, 8, "\x09\0\0\0" "\x04\x03\x02\x01" },
  { one_by_rtp, 38, "\x02\x14\0\0" "\0\0\0\0" "\0\0\0\0\0\0\0\0" "\x40\0" "\x40\0" "\0\0\0\0\0\0\0\0\0\0\0\0"
    "\0\0" "\x04\x03\x02\x01" },
  { one_media_ticket, 68, "\x18\0\0\0" SECRET },
  { one_volume, 9, "\x0A\0\0\0" "\xFF\xFF" "\0\x80" "\x01" },
  { one_typed, 12, "\x0D\0\0\0" "\x04\x03\x02\x01" "\x08\x07\x06\x05" },
  { one_abilities, 9, "\x0E\0\0\0" "\x44\x43\x42\x41" "\x02" },
  { one_microphone_state, 9, "\x0B\0\0\0" "\x02" "\x04\x03\x02\x01" },
  { one_control_state, 19, "\x0C\0\0\0" "\x04\x03\x02\x01" "\x14\x13\x12\x11" "\x02" "\x02\0me" "\0\0" },
  { one_ping, 12, "\x71\0\0\0" US },
  { one_pong, 20, "\x72\0\0\0" US "\x28\x27\x26\x25\x24\x23\x22\x21" },
  { one_bye, 10, "\x7F\0\0\0" "\x03\0" "\x02\0so" },
};

static void viewer_write_exact_bytes(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
    uint8_t *exact = malloc(written[i].size);
    assert_int_equal(written[i].write(exact, written[i].size), written[i].size);
    assert_memory_equal(exact, written[i].bytes, written[i].size);
    free(exact);
    uint8_t *roomy = malloc(512);
    assert_int_equal(written[i].write(roomy, 512), written[i].size);
    free(roomy);
  }
}

static void viewer_write_refuses_short_buffers(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
    for (size_t size = 0; size < written[i].size; size++) {
      uint8_t *exact = malloc(size ? size : 1);
      assert_int_equal(written[i].write(exact, size), 0);
      free(exact);
    }
  }
}

static void viewer_write_header_sizes_hold(void **state) {
  (void)state;
  uint8_t data[64];
  assert_int_equal(one_picture(data, sizeof data), ORIEL_VIEWER_PICTURE_HEADER_SIZE);
  assert_int_equal(one_audio(data, sizeof data), ORIEL_VIEWER_AUDIO_HEADER_SIZE);
  assert_int_equal(oriel_viewer_write_cursor_shape(data, sizeof data), ORIEL_VIEWER_HEADER_SIZE);
}

static void viewer_write_refuses_bad_arguments(void **state) {
  (void)state;
  uint8_t data[256];
  assert_int_equal(oriel_viewer_write_role(data, sizeof data, 2), 0);
  assert_int_equal(oriel_viewer_write_microphone_state(data, sizeof data, (enum oriel_viewer_microphone_use)3, 1), 0);
  assert_int_equal(oriel_viewer_write_abilities(data, sizeof data, 0, (enum oriel_viewer_display)3), 0);
  assert_int_equal(oriel_viewer_write_state(data, sizeof data, (enum oriel_viewer_state)4, 0, 1, 1, ""), 0);
}

static size_t write_rect(struct oriel_rect rect) {
  uint8_t data[256];
  const struct oriel_damage part = {.count = 1, .rects = {rect}};
  return oriel_viewer_write_picture(data, sizeof data, &(struct oriel_viewer_picture){
    .width = 640, .height = 480, .part = &part });
}

static void viewer_write_refuses_a_part_outside_the_picture(void **state) {
  (void)state;
  assert_int_equal(write_rect((struct oriel_rect){0, 0, 640, 480}), 42);
  assert_int_equal(write_rect((struct oriel_rect){0, 0, 641, 480}), 0);
  assert_int_equal(write_rect((struct oriel_rect){0, 1, 640, 480}), 0);
  assert_int_equal(write_rect((struct oriel_rect){-1, 0, 16, 16}), 0);
  assert_int_equal(write_rect((struct oriel_rect){16, 16, 0, 16}), 0);
  assert_int_equal(write_rect((struct oriel_rect){640, 0, 16, 16}), 0);
}

static void volume(float scalar, unsigned expected) {
  uint8_t data[16];
  assert_int_equal(oriel_viewer_write_volume(data, sizeof data, scalar, 0, false), 9);
  assert_int_equal(data[4] | data[5] << 8, expected);
  assert_int_equal(data[8], 0);
}

static void viewer_write_volume_clamps(void **state) {
  (void)state;
  volume(0.0f, 0);
  volume(-3.0f, 0);
  volume(NAN, 0);
  volume(-INFINITY, 0);
  volume(INFINITY, 65535);
  volume(1.5f, 65535);
  volume(0.99999f, 65534);
  volume(1.0f / 65535.0f, 1);
}

static void bye_text(const char *text, const char *expected) {
  uint8_t data[256];
  struct oriel_viewer_in in;
  const size_t size = oriel_viewer_write_bye(data, sizeof data, 1, text);
  assert_int_equal(size, 8 + strlen(expected));
  assert_int_equal(parse_copy(data, size, &in), 0); /* both ways: what we write, we accept */
  assert_string_equal(in.bye.text, expected);
}

static void viewer_write_text_is_cut_at_a_character(void **state) {
  (void)state;
  char text[256], expected[256];
  for (size_t lead = 0; lead < 4; lead++) {
    /* 4-byte characters behind 0..3 plain ones: the last that fits whole ends at or before byte 160. */
    memset(text, 'x', lead);
    for (size_t at = lead; at < 240; at += 4)
      memcpy(text + at, "\xF0\x9F\x98\x80", 5);
    const size_t fits = lead + (ORIEL_VIEWER_TEXT_MAX - lead) / 4 * 4;
    memcpy(expected, text, fits);
    expected[fits] = '\0';
    bye_text(text, expected);
  }
}

static void viewer_write_text_null_and_rubbish(void **state) {
  (void)state;
  bye_text(NULL, "");
  bye_text("", "");
  bye_text("a\xFF\xE2\x82z", "a???z");
}

static void viewer_message_names(void **state) {
  (void)state;
  assert_string_equal(oriel_viewer_message_name(0x43), "KEY");
  assert_string_equal(oriel_viewer_message_name(ORIEL_VIEWER_BYE), "BYE");
  assert_string_equal(oriel_viewer_message_name(0), "unknown");
  assert_string_equal(oriel_viewer_message_name(0x143), "unknown");
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(viewer_parse_round_trip),
    cmocka_unit_test(viewer_parse_fields),
    cmocka_unit_test(viewer_parse_refuses_every_truncation),
    cmocka_unit_test(viewer_parse_refuses_extra_bytes),
    cmocka_unit_test(viewer_parse_every_byte_changed),
    cmocka_unit_test(viewer_parse_knows_only_viewers_types),
    cmocka_unit_test(viewer_parse_ranges),
    cmocka_unit_test(viewer_parse_microphone),
    cmocka_unit_test(viewer_parse_clipboard),
    cmocka_unit_test(viewer_write_clipboard),
    cmocka_unit_test(viewer_parse_text),
    cmocka_unit_test(viewer_parse_bye_text),
    cmocka_unit_test(viewer_write_exact_bytes),
    cmocka_unit_test(viewer_write_refuses_short_buffers),
    cmocka_unit_test(viewer_write_header_sizes_hold),
    cmocka_unit_test(viewer_write_refuses_a_part_outside_the_picture),
    cmocka_unit_test(viewer_write_refuses_bad_arguments),
    cmocka_unit_test(viewer_write_volume_clamps),
    cmocka_unit_test(viewer_write_text_is_cut_at_a_character),
    cmocka_unit_test(viewer_write_text_null_and_rubbish),
    cmocka_unit_test(viewer_message_names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
