/* SPDX-License-Identifier: MIT
 *
 * Viewers over real WebSockets: what they get, how they are told to go, and what a hostile one can do to the others
 * (nothing).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "desktop/desktop.h"
#include "desktop/hub.h"
#include "page.h"
#include "server/state.h"
#include "wire/viewer.h"

static struct frame frame;
static struct answer answer;

static bool no_connections(const struct oriel_server_stats *stats) {
  return stats->viewers_now == 0 && stats->connections_now == 0;
}

static void copy_desktop_stats(struct rig *rig, void *argument) {
  oriel_desktop_stats(rig->desktop, argument);
}

static int setup(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  rig->address = "pattern:?size=320x240&fps=30&scene=motion";
  rig_start(rig);
  *state = rig;
  return 0;
}

static void put_u16(uint8_t *at, unsigned value) {
  at[0] = (uint8_t)value;
  at[1] = (uint8_t)(value >> 8);
}

static void put_u64(uint8_t *at, uint64_t value) {
  for (int i = 0; i < 8; i++)
    at[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get_u64(const uint8_t *at) {
  uint64_t value = 0;
  for (int i = 7; i >= 0; i--)
    value = value << 8 | at[i];
  return value;
}

static void handshake_refusals(void **state) {
  struct rig *rig = *state;
  const char *const good[] = {"Upgrade: websocket\r\n", "Sec-WebSocket-Version: 13\r\n",
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                              "Sec-WebSocket-Protocol: oriel.v1\r\n"};
  const struct {
    int replaced;
    const char *with;
    int status;
  } cases[] = {
    {0, "", 426},
    {0, "Upgrade: h2c\r\n", 426},
    {1, "", 426},
    {1, "Sec-WebSocket-Version: 8\r\n", 426},
    {2, "", 400},
    {2, "Sec-WebSocket-Key: short\r\n", 400},
    {2, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 400},
    {3, "", 400},
    {3, "Sec-WebSocket-Protocol: oriel.v2, chat\r\n", 400},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int fd = dial(rig);
    send_text(fd, "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: Upgrade\r\n" RIG_BEARER, rig->port);
    for (int line = 0; line < 4; line++)
      send_text(fd, "%s", line == cases[i].replaced ? cases[i].with : good[line]);
    send_text(fd, "\r\n");
    read_answer(fd, &answer);
    assert_int_equal(i * 1000 + (size_t)answer.status, i * 1000 + (size_t)cases[i].status);
    close(fd);
  }
}

static void handshake_accepts_without_extensions(void **state) {
  struct rig *rig = *state;
  char text[1024], value[64];
  int fd = dial(rig);
  send_text(fd, "%s", ws_handshake(rig, text, sizeof text)); /* offers permessage-deflate */
  ssize_t size = recv(fd, answer.text, sizeof answer.text - 1, 0);
  assert_true(size > 0);
  answer.text[size] = '\0';
  answer.body = strstr(answer.text, "\r\n\r\n") + 4;
  assert_string_equal(header_of(&answer, "Sec-WebSocket-Accept", value, sizeof value),
                      "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); /* RFC 6455 section 1.3 */
  assert_string_equal(header_of(&answer, "Sec-WebSocket-Protocol", value, sizeof value), "oriel.v1");
  assert_string_equal(header_of(&answer, "Sec-WebSocket-Extensions", value, sizeof value), "");
  close(fd);
}

static void viewer_gets_hello_state_and_a_key_picture(void **state) {
  struct rig *rig = *state;
  int fd = ws_join(rig, true);
  assert_int_equal(ws_read(fd, &frame), 2);
  assert_int_equal(frame.data[0], ORIEL_VIEWER_SERVER_HELLO);
  assert_int_equal(frame.data[4], ORIEL_VIEWER_VERSION);
  assert_true(ws_until(fd, &frame, ORIEL_VIEWER_STATE));
  for (;;) {
    assert_true(ws_read(fd, &frame) == 2);
    if (frame.data[0] == ORIEL_VIEWER_VIDEO || frame.data[0] == ORIEL_VIEWER_TILES)
      break;
  }
  assert_true(frame.data[1] & ORIEL_VIEWER_FLAG_KEY);
  assert_true(frame.size > ORIEL_VIEWER_PICTURE_HEADER_SIZE);
  assert_true(get_u64(frame.data + 8) > 0); /* capture time; lesson 9 */
  assert_true(ws_until(fd, &frame, ORIEL_VIEWER_AUDIO));
  close(fd);
}

/* Who says PART is told it, between picture header and access unit, with what is no key frame; others are not. */
static void viewer_is_told_what_to_draw(void **state) {
  struct rig *rig = *state;
  for (unsigned part = 0; part < 2; part++) {
    const uint32_t capabilities = ORIEL_VIEWER_CAP_H264 | ORIEL_VIEWER_CAP_TILES | (part ? ORIEL_VIEWER_CAP_PART : 0u);
    uint8_t hello[16] = {ORIEL_VIEWER_VIEWER_HELLO, 0, 0, 0, ORIEL_VIEWER_VERSION};
    put_u16(hello + 8, capabilities);
    int fd = ws_open(rig);
    ws_send(fd, true, 2, hello, sizeof hello);
    const uint64_t end = rig_ms() + 10000;
    do {
      assert_true(rig_ms() < end && ws_read(fd, &frame) == 2);
      ws_attend(fd, &frame);
    } while (frame.data[0] != ORIEL_VIEWER_VIDEO || frame.data[1] & ORIEL_VIEWER_FLAG_KEY);
    assert_int_equal(!!(frame.data[1] & ORIEL_VIEWER_FLAG_PART), part);
    const unsigned count = part ? frame.data[32] + 256u * frame.data[33] : 0;
    assert_in_range(count, part, ORIEL_VIEWER_PART_MAX);
    assert_memory_equal(frame.data + 32 + (part ? 2 + 8 * count : 0), "\0\0\0\1", 4);
    close(fd);
  }
}

static void viewer_hello_in_one_write_with_the_handshake(void **state) {
  struct rig *rig = *state;
  char text[1024];
  uint8_t bytes[1100];
  const uint8_t hello[16] = {ORIEL_VIEWER_VIEWER_HELLO, 0, 0, 0, ORIEL_VIEWER_VERSION, 0, 0, 0, 7};
  size_t size = strlen(ws_handshake(rig, text, sizeof text));
  memcpy(bytes, text, size);
  size += ws_frame(bytes + size, true, 2, hello, sizeof hello);
  int fd = dial(rig);
  assert_int_equal(send(fd, bytes, size, 0), size);
  char head[4] = "";
  while (memcmp(head, "\r\n\r\n", 4) != 0) {
    memmove(head, head + 1, 3);
    assert_int_equal(recv(fd, head + 3, 1, 0), 1);
  }
  assert_int_equal(ws_read(fd, &frame), 2);
  assert_int_equal(frame.data[0], ORIEL_VIEWER_SERVER_HELLO);
  close(fd);
}

/** Sends something wrong to a joined viewer and returns the reason it is told. */
static int reason_for(struct rig *rig, bool fin, int opcode, const void *data, size_t size) {
  int fd = ws_join(rig, false);
  ws_send(fd, fin, opcode, data, size);
  int reason = ws_reason(fd);
  close(fd);
  return reason;
}

static void viewer_bad_messages(void **state) {
  struct rig *rig = *state;
  static const uint8_t key[8] = {ORIEL_VIEWER_KEY, 0, 0, 0, 4, 0, 1, 0};
  static const uint8_t unknown[4] = {0x55}, server_only[4] = {ORIEL_VIEWER_VIDEO};
  static const uint8_t hello[16] = {ORIEL_VIEWER_VIEWER_HELLO, 0, 0, 0, ORIEL_VIEWER_VERSION};
  assert_int_equal(reason_for(rig, true, 1, "text", 4), ORIEL_VIEWER_REASON_PROTOCOL);
  assert_int_equal(reason_for(rig, true, 2, unknown, 4), ORIEL_VIEWER_REASON_PROTOCOL);
  assert_int_equal(reason_for(rig, true, 2, server_only, 4), ORIEL_VIEWER_REASON_PROTOCOL);
  assert_int_equal(reason_for(rig, true, 2, "", 0), ORIEL_VIEWER_REASON_PROTOCOL);
  assert_int_equal(reason_for(rig, true, 2, key, 6), ORIEL_VIEWER_REASON_PROTOCOL);
  assert_int_equal(reason_for(rig, true, 2, hello, 16), ORIEL_VIEWER_REASON_PROTOCOL); /* a second one */
  assert_int_equal(reason_for(rig, true, 0, key, 7), ORIEL_VIEWER_REASON_PROTOCOL); /* continues nothing */
  assert_int_equal(reason_for(rig, true, 3, key, 7), ORIEL_VIEWER_REASON_PROTOCOL); /* reserved opcode */
  assert_int_equal(reason_for(rig, false, 9, "", 0), ORIEL_VIEWER_REASON_PROTOCOL); /* a ping in fragments */
  uint8_t *large = calloc(1, ORIEL_VIEWER_MESSAGE_MAX + 1);
  assert_int_equal(reason_for(rig, true, 2, large, ORIEL_VIEWER_MESSAGE_MAX + 1), ORIEL_VIEWER_REASON_PROTOCOL);
  free(large);

  int fd = ws_open(rig); /* something else than hello first */
  ws_send(fd, true, 2, key, 7);
  assert_int_equal(ws_reason(fd), ORIEL_VIEWER_REASON_PROTOCOL);
  close(fd);
  fd = ws_join(rig, false);
  assert_int_equal(send(fd, "\x82\x01\x00", 3, 0), 3); /* not masked */
  assert_int_equal(ws_reason(fd), ORIEL_VIEWER_REASON_PROTOCOL);
  close(fd);
  fd = ws_join(rig, false);
  assert_int_equal(send(fd, "\xc2\x80\x00\x00\x00\x00", 6, 0), 6); /* RSV1: compressed */
  assert_int_equal(ws_reason(fd), ORIEL_VIEWER_REASON_PROTOCOL);
  close(fd);
  fd = ws_open(rig);
  uint8_t old[16] = {ORIEL_VIEWER_VIEWER_HELLO, 0, 0, 0, 99};
  ws_send(fd, true, 2, old, sizeof old);
  assert_int_equal(ws_reason(fd), ORIEL_VIEWER_REASON_VERSION);
  close(fd);
}

static void viewer_closes_by_itself(void **state) {
  struct rig *rig = *state;
  int fd = ws_join(rig, false);
  assert_true(ws_until(fd, &frame, ORIEL_VIEWER_STATE));
  ws_send(fd, true, 8, "\x03\xe8", 2);
  while (ws_read(fd, &frame) != 8)
    assert_true(frame.opcode > 0);
  assert_memory_equal(frame.data, "\x03\xe8", 2);
  assert_int_equal(ws_read(fd, &frame), -1);
  close(fd);
  /* An empty close frame gets an empty one. */
  fd = ws_join(rig, false);
  ws_send(fd, true, 8, "", 0);
  while (ws_read(fd, &frame) != 8)
    assert_true(frame.opcode > 0);
  assert_int_equal(frame.size, 0);
  close(fd);
}

static void viewer_pings(void **state) {
  struct rig *rig = *state;
  int fd = ws_join(rig, false);
  uint8_t ping[12] = {ORIEL_VIEWER_PING};
  put_u64(ping + 4, 123456789);
  uint64_t before = oriel_clock_ns() / 1000;
  ws_send(fd, true, 2, ping, sizeof ping);
  assert_true(ws_until(fd, &frame, ORIEL_VIEWER_PONG));
  assert_int_equal(get_u64(frame.data + 4), 123456789);
  assert_in_range(get_u64(frame.data + 12), before, oriel_clock_ns() / 1000);
  ws_send(fd, true, 9, "hi", 2);
  while (ws_read(fd, &frame) != 10)
    assert_true(frame.opcode > 0);
  assert_memory_equal(frame.data, "hi", 2);
  close(fd);
}

/* The viewer's clock is 1000 s ahead; what it says it painted must arrive in our time. */
static void viewer_acknowledgements_in_our_time(void **state) {
  struct rig *rig = *state;
  const uint64_t ahead_us = 1000u * 1000 * 1000;
  uint64_t end = rig_ms() + 10000;
  static struct oriel_desktop_stats stats;
  int fd = ws_join(rig, true);
  do {
    assert_true(ws_read(fd, &frame) == 2);
    uint64_t now = oriel_clock_ns() / 1000 + ahead_us;
    if (frame.data[0] == ORIEL_VIEWER_PING) {
      uint8_t pong[20] = {ORIEL_VIEWER_PONG};
      memcpy(pong + 4, frame.data + 4, 8);
      put_u64(pong + 12, now);
      ws_send(fd, true, 2, pong, sizeof pong);
    } else if (frame.data[0] == ORIEL_VIEWER_VIDEO || frame.data[0] == ORIEL_VIEWER_TILES) {
      uint8_t ack[40] = {ORIEL_VIEWER_ACK};
      for (int i = 0; i < 3; i++) {
        memcpy(ack + 4 + 4 * i, frame.data + 4, 4);
        put_u64(ack + 16 + 8 * i, now);
      }
      ws_send(fd, true, 2, ack, sizeof ack);
    }
    rig_call(rig, copy_desktop_stats, &stats);
  } while (stats.stages[ORIEL_STAGE_TOTAL].count < 10 && rig_ms() < end);
  assert_true(stats.stages[ORIEL_STAGE_TOTAL].count >= 10);
  assert_true(stats.stages[ORIEL_STAGE_WIRE].p50_us < 1000 * 1000);
  assert_true(stats.viewer[0].rtt_us > 0 && stats.viewer[0].rtt_us < 5 * 1000 * 1000);
  close(fd);
}

static void two_viewers_one_controls(void **state) {
  struct rig *rig = *state;
  int first = ws_join(rig, true);
  assert_true(ws_until(first, &frame, ORIEL_VIEWER_ROLE));
  assert_int_equal(frame.data[4], 1);
  int second = ws_join(rig, true);
  assert_true(ws_until(second, &frame, ORIEL_VIEWER_ROLE));
  assert_int_equal(frame.data[4], 1);
  assert_true(ws_until(first, &frame, ORIEL_VIEWER_ROLE)); /* the newest has the input */
  assert_int_equal(frame.data[4], 0);
  close(first);
  assert_true(ws_until(second, &frame, ORIEL_VIEWER_AUDIO));
  close(second);
}

static void viewer_input_reaches_the_source(void **state) {
  struct rig *rig = *state;
  static struct oriel_desktop_stats stats;
  assert_true(rig_until(rig, no_viewers, 15000));
  rig_call(rig, copy_desktop_stats, &stats);
  uint64_t before = stats.source.input_sent, end = rig_ms() + 5000;
  int fd = ws_join(rig, true);
  uint8_t key[7] = {ORIEL_VIEWER_KEY, 0, 0, 0, 4, 0, 1};
  ws_send(fd, true, 2, key, sizeof key);
  uint8_t pointer[8] = {ORIEL_VIEWER_POINTER};
  put_u16(pointer + 4, 100);
  /* In three fragments with a ping between them, as RFC 6455 section 5.4 allows. */
  ws_send(fd, false, 2, pointer, 3);
  ws_send(fd, false, 0, pointer + 3, 0);
  ws_send(fd, true, 9, "", 0);
  ws_send(fd, true, 0, pointer + 3, 5);
  do {
    rig_call(rig, copy_desktop_stats, &stats);
  } while (stats.source.input_sent < before + 2 && rig_ms() < end);
  assert_true(stats.source.input_sent >= before + 2);
  close(fd);
}

/* Text is answered when the guest was given it; a thousand keys of it are no thousand events. */
static void viewer_text_is_answered(void **state) {
  struct rig *rig = *state;
  int fd = ws_join(rig, true);
  uint8_t text[8 + 3 * 64] = {ORIEL_VIEWER_TYPE};
  for (unsigned i = 0; i < 64; i++) {
    put_u16(text + 8 + 3 * i, 4);
    text[10 + 3 * i] = i % 2 == 0;
  }
  for (unsigned number = 1; number <= 40; number++) {
    put_u16(text + 4, number);
    ws_send(fd, true, 2, text, sizeof text);
  }
  do {
    assert_true(ws_until(fd, &frame, ORIEL_VIEWER_TYPED));
    assert_int_equal(frame.size, 12);
  } while (frame.data[4] != 40);
  close(fd);
}

static void viewer_input_rate(void **state) {
  struct rig *rig = *state;
  int fd = ws_join(rig, true);
  const uint8_t motion[8] = {ORIEL_VIEWER_MOTION, 0, 0, 0, 1, 0, 1, 0};
  uint8_t *many = malloc(3000 * 16);
  size_t size = 0;
  for (int i = 0; i < 3000; i++)
    size += ws_frame(many + size, true, 2, motion, sizeof motion);
  assert_int_equal(send(fd, many, size, MSG_NOSIGNAL), size);
  free(many);
  assert_int_equal(ws_reason(fd), ORIEL_VIEWER_REASON_RATE);
  close(fd);
}

/* Requests wake the source and the encoder: they have a limit of their own, below that of input. */
static void viewer_request_rate(void **state) {
  struct rig *rig = *state;
  const struct {
    uint8_t bytes[8];
    size_t size;
  } requests[] = {
    {{ORIEL_VIEWER_RESIZE, 0, 0, 0, 0x40, 1, 0xf0, 0}, 8},
    {{ORIEL_VIEWER_KEY_FRAME, 0, 0, 0, 1}, 5},
    {{ORIEL_VIEWER_WANT, 0, 0, 0, 1, 1}, 6},
    {{ORIEL_VIEWER_CONTROL, 0, 0, 0, 1}, 5},
  };
  for (size_t kind = 0; kind < sizeof requests / sizeof *requests; kind++) {
    int fd = ws_join(rig, true);
    for (int i = 0; i < 300 && ws_send(fd, true, 2, requests[kind].bytes, requests[kind].size); i++) {
    }
    assert_int_equal(kind * 100 + (size_t)ws_reason(fd), kind * 100 + ORIEL_VIEWER_REASON_RATE);
    close(fd);
  }
  /* A page that resizes at every animation frame for half a second, or a user who toggles, is not hit. */
  int fd = ws_join(rig, true);
  for (int i = 0; i < 40; i++)
    assert_true(ws_send(fd, true, 2, requests[i % 4].bytes, requests[i % 4].size));
  uint8_t ping[12] = {ORIEL_VIEWER_PING, 0, 0, 0, 7};
  ws_send(fd, true, 2, ping, sizeof ping);
  assert_true(ws_until(fd, &frame, ORIEL_VIEWER_PONG));
  close(fd);
}

static void viewer_frame_rate(void **state) {
  struct rig *rig = *state;
  int fd = ws_join(rig, false);
  uint8_t *many = malloc(20000 * 6);
  size_t size = 0;
  for (int i = 0; i < 20000; i++)
    size += ws_frame(many + size, true, 9, "", 0);
  (void)send(fd, many, size, MSG_NOSIGNAL);
  free(many);
  assert_int_equal(ws_reason(fd), ORIEL_VIEWER_REASON_RATE);
  close(fd);
}

/* Lesson 31: fragments for ever, of one byte and of none. */
static void viewer_fragments_for_ever(void **state) {
  struct rig *rig = *state;
  for (size_t payload = 0; payload < 2; payload++) {
    int fd = ws_join(rig, false);
    for (int i = 0; i < 1000; i++) {
      if (!ws_send(fd, false, i ? 0 : 2, "x", payload))
        break;
    }
    assert_int_equal(ws_reason(fd), ORIEL_VIEWER_REASON_PROTOCOL);
    close(fd);
  }
}

/* Lesson 33: the handshake, the hello and a message, cut after every byte, by a reset and by an orderly end. */
static void cut_at_every_byte(void **state) {
  struct rig *rig = *state;
  char text[1024];
  uint8_t bytes[1400];
  const uint8_t hello[16] = {ORIEL_VIEWER_VIEWER_HELLO, 0, 0, 0, ORIEL_VIEWER_VERSION, 0, 1, 0, 7};
  const uint8_t key[7] = {ORIEL_VIEWER_KEY, 0, 0, 0, 4, 0, 1};
  size_t size = strlen(ws_handshake(rig, text, sizeof text)), handshake = size;
  memcpy(bytes, text, size);
  size += ws_frame(bytes + size, true, 2, hello, sizeof hello);
  size += ws_frame(bytes + size, false, 2, key, 5);
  size += ws_frame(bytes + size, true, 0, key + 5, 2);
  size += ws_frame(bytes + size, true, 8, "\x03\xe8", 2);
  for (size_t end = 0; end <= size; end++) {
    for (int way = 0; way < 2; way++) {
      int fd = dial(rig);
      assert_int_equal(send(fd, bytes, end < handshake ? end : handshake, 0), end < handshake ? end : handshake);
      if (end >= handshake) { /* the rest by itself, so that it is read by the viewer's side */
        assert_int_equal(recv(fd, text, 1, 0), 1);
        assert_int_equal(send(fd, bytes + handshake, end - handshake, 0), end - handshake);
      }
      if (way)
        cut(fd);
      else
        close(fd);
    }
  }
  assert_true(rig_until(rig, no_connections, 15000));
  int fd = ws_join(rig, true); /* nobody else notices */
  assert_true(ws_until(fd, &frame, ORIEL_VIEWER_AUDIO));
  close(fd);
}

static void many_connects_leave_nothing(void **state) {
  struct rig *rig = *state;
  for (int i = 0; i < 300; i++) {
    int fd = i % 3 ? ws_join(rig, i % 2) : ws_open(rig);
    if (i % 3 && i % 5 == 0)
      assert_int_equal(ws_read(fd, &frame), 2);
    if (i % 2)
      cut(fd);
    else
      close(fd);
  }
  assert_true(rig_until(rig, no_connections, 15000));
  static struct oriel_desktop_stats stats;
  rig_call(rig, copy_desktop_stats, &stats);
  assert_int_equal(stats.viewers, 0);
}

static void viewers_beyond_the_limit_are_told(void **state) {
  (void)state;
  struct rig rig = {.address = "pattern:?size=64x64&fps=1&scene=static"};
  static int fds[ORIEL_DESKTOP_VIEWERS_MAX];
  rig_start(&rig);
  for (int i = 0; i < ORIEL_DESKTOP_VIEWERS_MAX; i++) {
    fds[i] = ws_join(&rig, false);
    assert_int_equal(ws_read(fds[i], &frame), 2); /* hello: it is attached */
  }
  int one_too_many = ws_join(&rig, false);
  assert_int_equal(ws_reason(one_too_many), ORIEL_VIEWER_REASON_FULL);
  close(one_too_many);
  close(fds[0]);
  struct oriel_server_stats stats;
  uint64_t end = rig_ms() + 5000;
  do
    rig_server_stats(&rig, &stats);
  while (stats.viewers_now >= ORIEL_DESKTOP_VIEWERS_MAX && rig_ms() < end);
  fds[0] = ws_join(&rig, false);
  assert_int_equal(ws_read(fds[0], &frame), 2);
  assert_int_equal(frame.data[0], ORIEL_VIEWER_SERVER_HELLO);
  for (int i = 0; i < ORIEL_DESKTOP_VIEWERS_MAX; i++)
    close(fds[i]);
  rig_stop(&rig);
}

/* A link for watching may be passed around: however many use it, whoever has the full token gets in. */
static void watchers_keep_nobody_out(void **state) {
  (void)state;
  enum { WATCHERS = ORIEL_DESKTOP_VIEWERS_MAX / 2, MORE = 8 };
  static const char watching[] = BEARER(RIG_VIEW_TOKEN);
  struct rig rig = {.address = "pattern:?size=64x64&fps=1&scene=static", .config = {.view_token = RIG_VIEW_TOKEN}};
  int fds[WATCHERS + MORE];
  rig_start(&rig);
  for (int i = 0; i < WATCHERS; i++) {
    fds[i] = ws_open_as(&rig, watching);
    ws_hello(fds[i], false);
    assert_int_equal(ws_read(fds[i], &frame), 2); /* hello: it is attached */
  }
  for (int i = 0; i < MORE; i++)
    fds[WATCHERS + i] = ws_open_as(&rig, watching);
  int refused = dial(&rig);
  send_text(refused, "GET /ws HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%sUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Protocol: oriel.v1\r\n\r\n", rig.port, watching);
  read_answer(refused, &answer);
  assert_int_equal(answer.status, 503);
  close(refused);
  ws_hello(fds[WATCHERS], false);
  assert_int_equal(ws_reason(fds[WATCHERS]), ORIEL_VIEWER_REASON_FULL);
  int owner = ws_join(&rig, true);
  assert_true(ws_until(owner, &frame, ORIEL_VIEWER_ROLE));
  assert_int_equal(frame.data[4], 1);
  close(owner);
  for (int i = 0; i < WATCHERS + MORE; i++)
    close(fds[i]);
  rig_stop(&rig);
}

static void copy_peers(struct rig *rig, void *argument) {
  uint64_t *peers = argument;
  for (unsigned i = 0; i < rig->desktop->hub.count && i < 2; i++)
    peers[i] = rig->desktop->hub.viewers[i]->peer;
}

/* The budget of key frames is an address', not a connection's, which a script could make anew. */
static void scripts_of_one_address_share_a_budget(void **state) {
  struct rig *rig = *state;
  uint64_t peers[2] = {0};
  assert_true(rig_until(rig, no_viewers, 15000));
  int first = ws_join(rig, false), second = ws_join(rig, false);
  assert_true(ws_until(first, &frame, ORIEL_VIEWER_ROLE) && ws_until(second, &frame, ORIEL_VIEWER_ROLE));
  rig_call(rig, copy_peers, peers);
  assert_true(peers[0] != 0);
  assert_true(peers[0] == peers[1]);
  close(first);
  close(second);
}

static void drop_desktop(struct rig *rig, void *argument) {
  (void)argument;
  oriel_mount_set_desktop(rig->mount, NULL);
}

static void viewers_told_when_the_desktop_goes(void **state) {
  (void)state;
  struct rig rig = {.address = "pattern:?size=320x240&scene=motion"};
  rig_start(&rig);
  int first = ws_join(&rig, true), second = ws_open(&rig);
  assert_true(ws_until(first, &frame, ORIEL_VIEWER_STATE));
  rig_call(&rig, drop_desktop, NULL);
  assert_int_equal(ws_reason(first), ORIEL_VIEWER_REASON_GOING_AWAY);
  assert_int_equal(ws_reason(second), ORIEL_VIEWER_REASON_GOING_AWAY);
  close(first);
  close(second);
  assert_int_equal(ask(&rig, &answer, "GET /api/v1/desktop", RIG_BEARER, NULL), 503);
  rig_stop(&rig);
}

static void *close_soon(void *user) {
  rig_stop(user);
  return NULL;
}

static void viewers_told_when_the_server_stops(void **state) {
  (void)state;
  struct rig rig = {.address = "pattern:?size=320x240&scene=motion"};
  rig_start(&rig);
  int reader = ws_join(&rig, true), stalled = ws_join(&rig, false), idle = dial(&rig);
  assert_true(ws_until(reader, &frame, ORIEL_VIEWER_STATE));
  uv_thread_t stopper;
  assert_int_equal(uv_thread_create(&stopper, (uv_thread_cb)(void (*)(void))close_soon, &rig), 0);
  assert_int_equal(ws_reason(reader), ORIEL_VIEWER_REASON_GOING_AWAY);
  uv_thread_join(&stopper); /* neither the one that does not answer nor the silent connection holds it up */
  close(reader);
  close(stalled);
  close(idle);
}

static void logout_ends_the_sessions_viewers(void **state) {
  struct rig *rig = *state;
  char headers[PAGE_HEADERS_MAX];
  page_login(rig, RIG_TOKEN, headers, sizeof headers);
  int other = ws_join(rig, false), fd = page_join(rig, headers, false);
  assert_int_equal(ask(rig, &answer, "DELETE /session", headers, NULL), 204);
  assert_int_equal(ws_reason(fd), ORIEL_VIEWER_REASON_UNAUTHORISED);
  assert_true(ws_until(other, &frame, ORIEL_VIEWER_AUDIO));
  close(fd);
  close(other);
}

static void expire_sessions(struct rig *rig, void *argument) {
  (void)argument;
  for (size_t i = 0; i < ORIEL_SESSIONS_MAX; i++)
    rig->server->access.sessions.slots[i].expires_ns = 0;
}

/* A connection does not outlive the session that opened it; one by token has none. */
static void expiry_ends_the_sessions_viewers(void **state) {
  struct rig *rig = *state;
  char headers[PAGE_HEADERS_MAX];
  page_login(rig, RIG_TOKEN, headers, sizeof headers);
  int other = ws_join(rig, false), fd = page_join(rig, headers, false);
  rig_call(rig, expire_sessions, NULL);
  assert_int_equal(ws_reason(fd), ORIEL_VIEWER_REASON_UNAUTHORISED);
  assert_true(ws_until(other, &frame, ORIEL_VIEWER_AUDIO));
  close(fd);
  close(other);
}

int main(int argc, char **argv) {
  if (argc > 1)
    cmocka_set_test_filter(argv[1]);
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(handshake_refusals),
    cmocka_unit_test(handshake_accepts_without_extensions),
    cmocka_unit_test(viewer_gets_hello_state_and_a_key_picture),
    cmocka_unit_test(viewer_is_told_what_to_draw),
    cmocka_unit_test(viewer_hello_in_one_write_with_the_handshake),
    cmocka_unit_test(viewer_bad_messages),
    cmocka_unit_test(viewer_closes_by_itself),
    cmocka_unit_test(viewer_pings),
    cmocka_unit_test(viewer_acknowledgements_in_our_time),
    cmocka_unit_test(two_viewers_one_controls),
    cmocka_unit_test(viewer_input_reaches_the_source),
    cmocka_unit_test(viewer_text_is_answered),
    cmocka_unit_test(viewer_input_rate),
    cmocka_unit_test(viewer_request_rate),
    cmocka_unit_test(viewer_frame_rate),
    cmocka_unit_test(viewer_fragments_for_ever),
    cmocka_unit_test(cut_at_every_byte),
    cmocka_unit_test(many_connects_leave_nothing),
    cmocka_unit_test(viewers_beyond_the_limit_are_told),
    cmocka_unit_test(watchers_keep_nobody_out),
    cmocka_unit_test(scripts_of_one_address_share_a_budget),
    cmocka_unit_test(viewers_told_when_the_desktop_goes),
    cmocka_unit_test(viewers_told_when_the_server_stops),
    cmocka_unit_test(logout_ends_the_sessions_viewers),
    cmocka_unit_test(expiry_ends_the_sessions_viewers),
  };
  return cmocka_run_group_tests(tests, setup, rig_teardown);
}
