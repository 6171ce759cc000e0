/* SPDX-License-Identifier: MIT
 *
 * The pieces under a viewer's connection, without sockets: inbox, outbox, dispatch, buckets, clock map.
 */
#include "server/inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "rig.h"
#include "server/clockmap.h"
#include "server/dispatch.h"
#include "server/outbox.h"

/* ---- inbox ---- */

struct feed {
  const uint8_t *next;
  size_t left, step; /* bytes a read gives at most */
  unsigned frames, messages, pings;
  int close_code; /* -1 = none */
  uint8_t last[ORIEL_VIEWER_MESSAGE_MAX];
  size_t last_size;
};

static ssize_t feed_read(void *user, uint8_t *data, size_t size) {
  struct feed *feed = user;
  if (feed->left == 0)
    return -EAGAIN;
  if (size > feed->step)
    size = feed->step;
  if (size > feed->left)
    size = feed->left;
  memcpy(data, feed->next, size);
  feed->next += size;
  feed->left -= size;
  return (ssize_t)size;
}

static bool feed_frame(void *user) {
  ((struct feed *)user)->frames++;
  return true;
}

static bool feed_message(void *user, const uint8_t *data, size_t size) {
  struct feed *feed = user;
  feed->messages++;
  feed->last_size = size;
  memcpy(feed->last, data, size);
  return true;
}

static bool feed_ping(void *user, const uint8_t *data, size_t size) {
  (void)data;
  (void)size;
  ((struct feed *)user)->pings++;
  return true;
}

static void feed_close(void *user, uint16_t code) {
  ((struct feed *)user)->close_code = code;
}

static const struct oriel_inbox_ops feed_ops = {
  .frame = feed_frame, .message = feed_message, .ping = feed_ping, .close = feed_close, .read = feed_read,
};

/** Runs bytes through an inbox of its own, `step` at a time. */
static int pass(struct feed *feed, const uint8_t *data, size_t size, size_t step) {
  struct oriel_inbox inbox;
  *feed = (struct feed){.next = data, .left = size, .step = step, .close_code = -1};
  assert_int_equal(oriel_inbox_init(&inbox, &feed_ops, feed), 0);
  int status;
  do
    status = oriel_inbox_read(&inbox);
  while (status == 0 && feed->left);
  oriel_inbox_finish(&inbox);
  return status;
}

static void inbox_fragments_in_any_steps(void **state) {
  (void)state;
  static struct feed feed;
  static uint8_t bytes[3 * 65536], message[ORIEL_VIEWER_MESSAGE_MAX];
  for (size_t i = 0; i < sizeof message; i++)
    message[i] = (uint8_t)(i * 7);
  for (size_t step = 1; step <= 5000; step = step * 3 + 1) {
    size_t size = ws_frame(bytes, false, 2, message, 1000);
    size += ws_frame(bytes + size, true, 9, "ping", 4);
    size += ws_frame(bytes + size, false, 0, message + 1000, 64000);
    size += ws_frame(bytes + size, true, 0, message + 65000, sizeof message - 65000);
    size += ws_frame(bytes + size, true, 2, message, 10);
    size += ws_frame(bytes + size, true, 8, "\x0f\xa0", 2);
    assert_int_equal(pass(&feed, bytes, size, step), 1);
    assert_int_equal(feed.messages, 2);
    assert_int_equal(feed.pings, 1);
    assert_int_equal(feed.frames, 6);
    assert_int_equal(feed.close_code, 4000);
    assert_memory_equal(feed.last, message, 10);
  }
  size_t size = ws_frame(bytes, true, 2, message, sizeof message);
  assert_int_equal(pass(&feed, bytes, size, 4096), 0);
  assert_int_equal(feed.last_size, sizeof message);
  assert_memory_equal(feed.last, message, sizeof message);
}

/** A feed in records, of which the rest waits where no descriptor announces it. */
struct records {
  struct feed feed; /* first */
  size_t pending;
};
enum { RECORD = 16000 };

static ssize_t records_read(void *user, uint8_t *data, size_t size) {
  struct records *records = user;
  if (records->pending == 0)
    records->pending = records->feed.left < RECORD ? records->feed.left : RECORD;
  const ssize_t count = feed_read(user, data, size < records->pending ? size : records->pending);
  if (count > 0)
    records->pending -= (size_t)count;
  return count;
}

static size_t records_pending(void *user) {
  return ((struct records *)user)->pending;
}

/* A turn ends where a descriptor says that there is more, and nowhere else. */
static void inbox_turn_leaves_nothing_pending(void **state) {
  (void)state;
  static const struct oriel_inbox_ops ops = {
    .frame = feed_frame, .message = feed_message, .ping = feed_ping, .close = feed_close, .read = records_read,
    .pending = records_pending,
  };
  static struct records records;
  static uint8_t bytes[5 * 65536], message[30000];
  struct oriel_inbox inbox;
  size_t size = 0, turns = 0;
  for (int i = 0; i < 10; i++)
    size += ws_frame(bytes + size, true, 2, message, sizeof message);
  records.feed = (struct feed){.next = bytes, .left = size, .step = SIZE_MAX};
  assert_int_equal(oriel_inbox_init(&inbox, &ops, &records), 0);
  for (; records.feed.left; turns++) {
    const size_t before = records.feed.left;
    assert_int_equal(oriel_inbox_read(&inbox), 0);
    assert_int_equal(records.pending, 0);
    assert_true(before - records.feed.left < ORIEL_INBOX_TURN_MAX + RECORD);
  }
  assert_in_range(turns, 4, 5);
  assert_int_equal(records.feed.messages, 10);
  oriel_inbox_finish(&inbox);
}

/* Lesson 31: lengths that are only promised, sums over fragments, and their number. */
static void inbox_limits(void **state) {
  (void)state;
  static struct feed feed;
  static uint8_t bytes[2 * 65536], message[ORIEL_VIEWER_MESSAGE_MAX];
  size_t size = ws_frame(bytes, false, 2, message, sizeof message);
  size += ws_frame(bytes + size, true, 0, message, 1);
  assert_int_equal(pass(&feed, bytes, size, 4096), -EBADMSG);
  static const uint8_t huge[] = {0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 1};
  assert_int_equal(pass(&feed, huge, sizeof huge, 4096), -EBADMSG);
  static const uint8_t padded[] = {0x82, 0xfe, 0, 1, 0, 0, 0, 0, 1}; /* one byte, in the longer form */
  assert_int_equal(pass(&feed, padded, sizeof padded, 4096), -EBADMSG);
  size = 0;
  for (int i = 0; i < ORIEL_INBOX_FRAGMENTS_MAX; i++)
    size += ws_frame(bytes + size, i == ORIEL_INBOX_FRAGMENTS_MAX - 1, i ? 0 : 2, "x", 1);
  assert_int_equal(pass(&feed, bytes, size, 4096), 0);
  assert_int_equal(feed.last_size, ORIEL_INBOX_FRAGMENTS_MAX);
  size = 0;
  for (int i = 0; i <= ORIEL_INBOX_FRAGMENTS_MAX; i++)
    size += ws_frame(bytes + size, i == ORIEL_INBOX_FRAGMENTS_MAX, i ? 0 : 2, "x", 0);
  assert_int_equal(pass(&feed, bytes, size, 4096), -EBADMSG);
  assert_int_equal(feed.messages, 0);
  size = ws_frame(bytes, false, 2, "x", 1);
  size += ws_frame(bytes + size, true, 2, "y", 1); /* a message inside a message */
  assert_int_equal(pass(&feed, bytes, size, 4096), -EBADMSG);
  size = ws_frame(bytes, true, 8, "x", 1); /* half a close code */
  assert_int_equal(pass(&feed, bytes, size, 4096), -EBADMSG);
}

/* ---- outbox ---- */

/* A partial write goes on where it stopped, whatever the socket takes, and references are given back. */
static void outbox_resumes(void **state) {
  (void)state;
  static uint8_t got[300000];
  int fds[2], small = 4096;
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
  setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof small);
  assert_int_equal(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
  struct oriel_packet *packet = oriel_packet_create(ORIEL_PACKET_VIDEO, 200000);
  for (size_t i = 0; i < packet->size; i++)
    packet->data[i] = (uint8_t)(i * 13);
  struct oriel_outbox outbox = {0};
  struct oriel_plain_link plain;
  struct oriel_link *link = oriel_link_plain(&plain, fds[0], NULL, NULL);
  uint64_t sent = 0;
  memcpy(oriel_outbox_head(&outbox), "head", 4);
  oriel_outbox_start(&outbox, ORIEL_OPCODE_BINARY, 4, oriel_packet_ref(packet));
  assert_false(oriel_outbox_idle(&outbox) || oriel_outbox_torn(&outbox));
  size_t size = 0;
  unsigned stops = 0;
  int status;
  while ((status = oriel_outbox_send(&outbox, link, &sent)) == -EAGAIN) {
    stops++;
    assert_true(oriel_outbox_torn(&outbox));
    ssize_t count = recv(fds[1], got + size, 3001, 0);
    assert_true(count > 0);
    size += (size_t)count;
  }
  assert_int_equal(status, 0);
  assert_true(stops > 10);
  oriel_outbox_clear(&outbox);
  assert_true(oriel_outbox_idle(&outbox));
  assert_int_equal(atomic_load(&packet->refs), 1);
  while (size < sent) {
    ssize_t count = recv(fds[1], got + size, sizeof got - size, 0);
    assert_true(count > 0);
    size += (size_t)count;
  }
  assert_int_equal(size, 10 + 4 + 200000);
  static const uint8_t header[10] = {0x82, 127, 0, 0, 0, 0, 0, 3, 0x0d, 0x44};
  assert_memory_equal(got, header, sizeof header);
  assert_memory_equal(got + 10, "head", 4);
  assert_memory_equal(got + 14, packet->data, packet->size);
  oriel_packet_unref(packet);
  close(fds[1]);
  oriel_outbox_start(&outbox, ORIEL_OPCODE_PONG, 0, NULL);
  assert_int_equal(oriel_outbox_send(&outbox, link, &sent), -EPIPE); /* and no signal: lesson 29 */
  oriel_outbox_clear(&outbox);
  close(fds[0]);
}

static void frame_header_sizes(void **state) {
  (void)state;
  uint8_t header[ORIEL_FRAME_HEADER_MAX];
  assert_int_equal(oriel_frame_header(header, ORIEL_OPCODE_BINARY, 125), 2);
  assert_memory_equal(header, "\x82\x7d", 2);
  assert_int_equal(oriel_frame_header(header, ORIEL_OPCODE_BINARY, 126), 4);
  assert_memory_equal(header, "\x82\x7e\x00\x7e", 4);
  assert_int_equal(oriel_frame_header(header, ORIEL_OPCODE_BINARY, 65535), 4);
  assert_int_equal(oriel_frame_header(header, ORIEL_OPCODE_BINARY, 65536), 10);
  assert_memory_equal(header, "\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x00", 10);
}

/* ---- bucket ---- */

static void bucket_rate(void **state) {
  (void)state;
  struct oriel_bucket bucket;
  uint64_t now = 5 * ORIEL_NS_PER_SECOND;
  oriel_bucket_init(&bucket, 1000, now);
  for (int i = 0; i < 1000; i++)
    assert_true(oriel_bucket_take(&bucket, now));
  assert_false(oriel_bucket_take(&bucket, now));
  assert_false(oriel_bucket_take(&bucket, now + 999999));
  assert_true(oriel_bucket_take(&bucket, now + 1000000)); /* one a millisecond */
  assert_false(oriel_bucket_take(&bucket, now + 1000000));
  now += 3600 * ORIEL_NS_PER_SECOND; /* an hour's rest allows one second's worth */
  for (int i = 0; i < 1000; i++)
    assert_true(oriel_bucket_take(&bucket, now));
  assert_false(oriel_bucket_take(&bucket, now));
  assert_false(oriel_bucket_take(&bucket, now - 1)); /* a clock that stands still harms nothing */
}

/* ---- clock map ---- */

static void clockmap_takes_the_fastest(void **state) {
  (void)state;
  struct oriel_clockmap map = {0};
  const int64_t offset = -700000; /* the viewer's clock is behind */
  uint32_t rtt;
  uint64_t now = 50000000;
  assert_int_equal(oriel_clockmap_ns(&map, now, now * 1000), 0); /* unknown before the first pong */
  /* Queues on the way out only: the longer the round trip, the more wrong the half. */
  const uint32_t queue[] = {0, 80000, 30000, 200000, 0, 90000};
  for (size_t i = 0; i < sizeof queue / sizeof *queue; i++) {
    now += 1000000;
    oriel_clockmap_ping(&map, now);
    uint64_t heard = (uint64_t)((int64_t)(now + 2000 + queue[i]) + offset);
    assert_true(oriel_clockmap_pong(&map, now, heard, now + 4000 + queue[i], &rtt));
    assert_int_equal(rtt, 4000 + queue[i]);
  }
  uint64_t painted = now - 10000;
  assert_int_equal(oriel_clockmap_ns(&map, (uint64_t)((int64_t)painted + offset), now * 1000), painted * 1000);
  /* Slightly in the future is now; far in the future, far in the past and nothing are unknown. */
  assert_int_equal(oriel_clockmap_ns(&map, (uint64_t)((int64_t)now + offset + 1000), now * 1000), now * 1000);
  assert_int_equal(oriel_clockmap_ns(&map, (uint64_t)((int64_t)now + offset + 100000), now * 1000), 0);
  assert_int_equal(oriel_clockmap_ns(&map, (uint64_t)((int64_t)now + offset - 11000000), now * 1000), 0);
  assert_int_equal(oriel_clockmap_ns(&map, 0, now * 1000), 0);
  assert_int_equal(oriel_clockmap_ns(&map, UINT64_MAX, now * 1000), 0);
}

static void clockmap_refuses_made_up_pongs(void **state) {
  (void)state;
  struct oriel_clockmap map = {0};
  uint32_t rtt = 77;
  oriel_clockmap_ping(&map, 1000);
  assert_false(oriel_clockmap_pong(&map, 1001, 5, 2000, &rtt)); /* no such ping */
  assert_false(oriel_clockmap_pong(&map, 0, 5, 2000, &rtt));
  assert_false(oriel_clockmap_pong(&map, 1000, 0, 2000, &rtt));
  assert_false(oriel_clockmap_pong(&map, 1000, UINT64_MAX, 2000, &rtt));
  assert_false(oriel_clockmap_pong(&map, 1000, 5, 999, &rtt)); /* before it was sent */
  assert_true(oriel_clockmap_pong(&map, 1000, 5, 2000, &rtt));
  assert_false(oriel_clockmap_pong(&map, 1000, 5, 2000, &rtt)); /* answered once */
  assert_int_equal(rtt, 1000);
}

/* ---- dispatch ---- */

struct seen {
  unsigned hellos, inputs, others, byes;
  struct oriel_input input;
};

static enum oriel_viewer_reason on_hello(void *user, const struct oriel_viewer_in *in) {
  (void)in;
  ((struct seen *)user)->hellos++;
  return 0;
}

static void on_input(void *user, const struct oriel_input *input) {
  struct seen *seen = user;
  seen->inputs++;
  seen->input = *input;
}

static void on_other(void *user, const struct oriel_viewer_in *in) {
  (void)in;
  ((struct seen *)user)->others++;
}

static void on_bye(void *user, uint16_t reason, const char *text) {
  (void)reason;
  (void)text;
  ((struct seen *)user)->byes++;
}

static const struct oriel_dispatch_ops dispatch_ops = {
  .hello = on_hello, .input = on_input, .other = on_other, .bye = on_bye,
};

static void dispatch_inputs(void **state) {
  (void)state;
  struct seen seen = {0};
  struct oriel_dispatch dispatch;
  uint64_t now = ORIEL_NS_PER_SECOND;
  oriel_dispatch_init(&dispatch, &dispatch_ops, &seen, now);
  static const uint8_t hello[16] = {ORIEL_VIEWER_VIEWER_HELLO, 0, 0, 0, ORIEL_VIEWER_VERSION};
  static const uint8_t key[7] = {ORIEL_VIEWER_KEY, 0, 0, 0, 0x29, 0, 1};
  assert_int_equal(oriel_dispatch_message(&dispatch, key, 7, now), ORIEL_VIEWER_REASON_PROTOCOL);
  assert_int_equal(oriel_dispatch_message(&dispatch, hello, 16, now), 0);
  assert_int_equal(oriel_dispatch_message(&dispatch, key, 7, now), 0);
  assert_int_equal(seen.input.type, ORIEL_INPUT_KEY);
  assert_int_equal(seen.input.key.usage, 0x29);
  assert_true(seen.input.key.pressed);
  static const uint8_t wheel[8] = {ORIEL_VIEWER_WHEEL, 0, 0, 0, 0x88, 0xff, 120};
  assert_int_equal(oriel_dispatch_message(&dispatch, wheel, sizeof wheel, now), 0);
  assert_int_equal(seen.input.wheel.dx, -120);
  assert_int_equal(seen.input.wheel.dy, 120);
  assert_int_equal(
    oriel_dispatch_message(&dispatch, (uint8_t[10]){ORIEL_VIEWER_TOUCH, 0, 0, 0, 1, 9, 2, 1, 4, 3}, 10, now), 0);
  assert_int_equal(seen.input.touch.phase, ORIEL_TOUCH_MOVE);
  assert_int_equal(seen.input.touch.x, 0x102);
  assert_int_equal(seen.inputs, 3);
  assert_int_equal(oriel_dispatch_message(&dispatch, (uint8_t[5]){ORIEL_VIEWER_KEY_FRAME}, 5, now), 0);
  assert_int_equal(seen.others, 1);
  for (int i = 3; i < 1000; i++)
    assert_int_equal(oriel_dispatch_message(&dispatch, key, 7, now), 0);
  assert_int_equal(oriel_dispatch_message(&dispatch, key, 7, now), ORIEL_VIEWER_REASON_RATE);
  for (int i = 0; i < 4000; i++)
    assert_int_equal(oriel_dispatch_frame(&dispatch, now), 0);
  assert_int_equal(oriel_dispatch_frame(&dispatch, now), ORIEL_VIEWER_REASON_RATE);
}

/* A second of sound that comes at once is taken, the rest dropped and not punished; the end always comes through. */
static void dispatch_microphone(void **state) {
  (void)state;
  struct seen seen = {0};
  struct oriel_dispatch dispatch;
  uint64_t now = ORIEL_NS_PER_SECOND;
  oriel_dispatch_init(&dispatch, &dispatch_ops, &seen, now);
  static const uint8_t hello[16] = {ORIEL_VIEWER_VIEWER_HELLO, 0, 0, 0, ORIEL_VIEWER_VERSION};
  static const uint8_t packet[17] = {ORIEL_VIEWER_MICROPHONE, [16] = 0xF0}, *end = packet; /* the end is shorter */
  assert_int_equal(oriel_dispatch_message(&dispatch, packet, sizeof packet, now), ORIEL_VIEWER_REASON_PROTOCOL);
  assert_int_equal(oriel_dispatch_message(&dispatch, hello, sizeof hello, now), 0);
  for (int i = 0; i < 500; i++)
    assert_int_equal(oriel_dispatch_message(&dispatch, packet, sizeof packet, now), 0);
  assert_int_equal(seen.others, ORIEL_MICROPHONE_RATE);
  assert_int_equal(dispatch.microphone_excess, 500 - ORIEL_MICROPHONE_RATE);
  assert_int_equal(oriel_dispatch_message(&dispatch, end, 16, now), 0);
  assert_int_equal(seen.others, ORIEL_MICROPHONE_RATE + 1);
  for (int i = 0; i < 1000; i++) /* 10 ms each, for ten seconds: none is lost */
    assert_int_equal(oriel_dispatch_message(&dispatch, packet, sizeof packet, now += 10 * ORIEL_NS_PER_MS), 0);
  assert_int_equal(seen.others, ORIEL_MICROPHONE_RATE + 1 + 1000);
}

int main(int argc, char **argv) {
  if (argc > 1)
    cmocka_set_test_filter(argv[1]);
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(inbox_fragments_in_any_steps),
    cmocka_unit_test(inbox_turn_leaves_nothing_pending),
    cmocka_unit_test(inbox_limits),
    cmocka_unit_test(outbox_resumes),
    cmocka_unit_test(frame_header_sizes),
    cmocka_unit_test(bucket_rate),
    cmocka_unit_test(clockmap_takes_the_fastest),
    cmocka_unit_test(clockmap_refuses_made_up_pongs),
    cmocka_unit_test(dispatch_inputs),
    cmocka_unit_test(dispatch_microphone),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
