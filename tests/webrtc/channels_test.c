/* SPDX-License-Identifier: MIT
 *
 * Data channels with a client that is SCTP alone, in virtual time: what opens, what is refused, and a client that does
 * not keep to the rules.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <malloc.h>
#include <stdio.h>

#include "sctp_net.h"
#include "webrtc/channels.h"
#include "webrtc/dcep.h"

static const char *const labels[] = {"input", "clipboard", NULL};
enum { INPUT, CLIPBOARD };

struct peer {
  struct oriel_channels *channels;
  struct oriel_sctp *client;
};

/** Two milliseconds, there and back. */
static void step(struct peer *peer) {
  uint8_t packet[ORIEL_SCTP_PACKET_MAX];
  size_t size;
  net_now_ns += 2 * ORIEL_NS_PER_MS;
  oriel_sctp_tick(net_now_ns);
  while ((size = oriel_sctp_next(peer->client, packet)) > 0)
    oriel_channels_receive(peer->channels, packet, size, net_now_ns);
  while ((size = oriel_channels_next(peer->channels, packet)) > 0)
    oriel_sctp_receive(peer->client, packet, size, net_now_ns);
}

static void run(struct peer *peer, unsigned steps) {
  for (unsigned i = 0; i < steps; i++)
    step(peer);
}

static void dial(struct peer *peer) {
  struct oriel_sctp_message message;
  assert_int_equal(oriel_channels_create(ORIEL_SCTP_PORT, labels, net_now_ns, &peer->channels), 0);
  assert_int_equal(oriel_sctp_create(ORIEL_SCTP_PORT, net_now_ns, &peer->client), 0);
  for (unsigned i = 0; i < 1000 && oriel_sctp_state(peer->client) != ORIEL_SCTP_OPEN; i++) {
    step(peer);
    assert_false(oriel_sctp_take(peer->client, &message));
  }
  assert_int_equal(oriel_sctp_state(peer->client), ORIEL_SCTP_OPEN);
}

static void hang_up(struct peer *peer) {
  oriel_channels_destroy(peer->channels);
  oriel_sctp_destroy(peer->client);
}

static struct oriel_channel_event await(struct peer *peer) {
  struct oriel_channel_event event;
  for (unsigned i = 0; i < 1000; i++) {
    if (oriel_channels_take(peer->channels, &event))
      return event;
    step(peer);
  }
  fail_msg("nothing happened");
  return event;
}

static struct oriel_sctp_message await_client(struct peer *peer) {
  struct oriel_sctp_message message;
  for (unsigned i = 0; i < 1000; i++) {
    if (oriel_sctp_take(peer->client, &message))
      return message;
    step(peer);
  }
  fail_msg("nothing came");
  return message;
}

static void expect(struct peer *peer, enum oriel_channel_event_type type, unsigned channel) {
  const struct oriel_channel_event event = await(peer);
  assert_int_equal(event.type, type);
  assert_int_equal(event.channel, channel);
}

static void expect_nothing(struct peer *peer) {
  struct oriel_channel_event event;
  run(peer, 200);
  assert_false(oriel_channels_take(peer->channels, &event));
  assert_false(oriel_channels_has_event(peer->channels));
}

static void say(struct peer *peer, uint16_t stream, uint32_t kind, const void *data, size_t size) {
  assert_int_equal(oriel_sctp_send(peer->client, stream, kind, false, data, size), 0);
}

static void open_stream(struct peer *peer, uint16_t stream, const char *label) {
  uint8_t bytes[128] = {3, 0, 0, 0, 0, 0, 0, 0, 0, (uint8_t)strlen(label)};
  memcpy(bytes + 12, label, strlen(label));
  say(peer, stream, ORIEL_DCEP_CONTROL, bytes, 12 + strlen(label));
}

static void expect_acknowledgement(struct peer *peer, uint16_t stream) {
  const struct oriel_sctp_message message = await_client(peer);
  assert_true(!message.reset && message.stream == stream && message.kind == ORIEL_DCEP_CONTROL);
  assert_true(message.size == 1 && message.data[0] == ORIEL_DCEP_ACK);
}

static void expect_reset(struct peer *peer, uint16_t stream) {
  const struct oriel_sctp_message message = await_client(peer);
  assert_true(message.reset);
  assert_int_equal(message.stream, stream);
}

static void open_input(struct peer *peer, uint16_t stream) {
  open_stream(peer, stream, "input");
  expect(peer, ORIEL_CHANNEL_OPENED, INPUT);
  expect_acknowledgement(peer, stream);
}

static void texts_go_both_ways(void **state) {
  struct peer peer;
  (void)state;
  dial(&peer);
  open_input(&peer, 0);
  open_stream(&peer, 2, "clipboard");
  expect(&peer, ORIEL_CHANNEL_OPENED, CLIPBOARD);
  expect_acknowledgement(&peer, 2);
  say(&peer, 2, ORIEL_DCEP_TEXT, "hello", 5);
  struct oriel_channel_event event = await(&peer);
  assert_true(event.type == ORIEL_CHANNEL_MESSAGE && event.channel == CLIPBOARD && event.size == 5);
  assert_memory_equal(event.data, "hello", 5);
  say(&peer, 0, ORIEL_DCEP_BINARY_EMPTY, "", 1);
  event = await(&peer);
  assert_true(event.type == ORIEL_CHANNEL_MESSAGE && event.channel == INPUT && event.size == 0);
  assert_int_equal(oriel_channels_say(peer.channels, CLIPBOARD, "world", 5), 0);
  struct oriel_sctp_message message = await_client(&peer);
  assert_true(message.stream == 2 && message.kind == ORIEL_DCEP_TEXT && message.size == 5);
  assert_int_equal(oriel_channels_say(peer.channels, CLIPBOARD, "", 0), 0);
  message = await_client(&peer);
  assert_int_equal(message.kind, ORIEL_DCEP_TEXT_EMPTY);
  hang_up(&peer);
}

/* It is refused, told, and nothing of it is left: the same stream may carry another. */
static void other_labels_are_refused(void **state) {
  static const char *const others[] = {"inpu", "input2", "", "INPUT", "chat"};
  struct peer peer;
  (void)state;
  dial(&peer);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    open_stream(&peer, 4, others[i]);
    say(&peer, 4, ORIEL_DCEP_TEXT, "early", 5);
    const struct oriel_channel_event event = await(&peer);
    assert_int_equal(event.type, ORIEL_CHANNEL_REFUSED);
    assert_int_equal(event.size, strlen(others[i]));
    assert_memory_equal(event.data, others[i], event.size);
    expect(&peer, ORIEL_CHANNEL_STRAY, 0);
    expect_reset(&peer, 4);
    oriel_sctp_reset(peer.client, 4);
    expect_nothing(&peer);
  }
  open_input(&peer, 4);
  hang_up(&peer);
}

static void a_label_is_open_once(void **state) {
  struct peer peer;
  (void)state;
  dial(&peer);
  open_input(&peer, 0);
  open_stream(&peer, 2, "input");
  assert_int_equal(await(&peer).type, ORIEL_CHANNEL_REFUSED);
  expect_reset(&peer, 2);
  say(&peer, 0, ORIEL_DCEP_TEXT, "x", 1); /* the first goes on */
  expect(&peer, ORIEL_CHANNEL_MESSAGE, INPUT);
  open_stream(&peer, 0, "input"); /* in an open one it means nothing */
  expect(&peer, ORIEL_CHANNEL_STRAY, 0);
  say(&peer, 0, ORIEL_DCEP_TEXT, "x", 1);
  expect(&peer, ORIEL_CHANNEL_MESSAGE, INPUT);
  hang_up(&peer);
}

static void channels_close_and_open_again(void **state) {
  struct peer peer;
  (void)state;
  dial(&peer);
  for (unsigned i = 0; i < 100; i++) {
    const uint16_t stream = (uint16_t)(i % 3);
    open_input(&peer, stream);
    oriel_sctp_reset(peer.client, stream);
    expect(&peer, ORIEL_CHANNEL_CLOSED, INPUT);
    assert_int_equal(oriel_channels_say(peer.channels, INPUT, "x", 1), -ENOTCONN);
    expect_reset(&peer, stream);
    expect_nothing(&peer); /* and the two do not answer each other for ever */
  }
  hang_up(&peer);
}

static void what_was_never_opened_is_ended(void **state) {
  struct peer peer;
  (void)state;
  dial(&peer);
  say(&peer, 6, ORIEL_DCEP_TEXT, "hello", 5);
  expect(&peer, ORIEL_CHANNEL_STRAY, 0);
  expect_reset(&peer, 6);
  say(&peer, 8, ORIEL_DCEP_CONTROL, "\3\0", 2); /* a malformed OPEN */
  expect(&peer, ORIEL_CHANNEL_STRAY, 0);
  expect_reset(&peer, 8);
  say(&peer, 10, 999, "hello", 5);
  expect(&peer, ORIEL_CHANNEL_STRAY, 0);
  expect_reset(&peer, 10);
  open_input(&peer, 12);
  say(&peer, 12, 999, "hello", 5); /* of a kind that is not known */
  expect(&peer, ORIEL_CHANNEL_STRAY, 0);
  hang_up(&peer);
}

static void a_flood_of_openings_grows_nothing(void **state) {
  struct peer peer;
  struct oriel_channel_event event;
  unsigned refused = 0;
  (void)state;
  dial(&peer);
  open_input(&peer, 0);
  run(&peer, 100);
  const size_t before = mallinfo2().uordblks;
  for (unsigned i = 0; i < 20000; i++) {
    uint8_t bytes[44] = {3, 0, 0, 0, 0, 0, 0, 0, 0, 32};
    memset(bytes + 12, 'a' + (int)(i % 26), 32);
    (void)oriel_sctp_send(peer.client, (uint16_t)(i % ORIEL_SCTP_STREAMS), ORIEL_DCEP_CONTROL, false, bytes,
                          sizeof bytes);
    if (i % 8 == 0)
      step(&peer);
    while (oriel_channels_take(peer.channels, &event))
      refused += event.type == ORIEL_CHANNEL_REFUSED;
  }
  assert_true(refused >= ORIEL_SCTP_STREAMS - 1);
  run(&peer, 2000);
  while (oriel_channels_take(peer.channels, &event))
    ;
  assert_true(mallinfo2().uordblks < before + 512 * 1024);
  say(&peer, 0, ORIEL_DCEP_TEXT, "x", 1);
  expect(&peer, ORIEL_CHANNEL_MESSAGE, INPUT);
  hang_up(&peer);
}

/* The client vanishes while something waits for it: its channels end by themselves. */
static void a_client_that_vanishes_closes_all(void **state) {
  struct peer peer;
  struct oriel_channel_event event = {.type = ORIEL_CHANNEL_OPENED};
  uint8_t packet[ORIEL_SCTP_PACKET_MAX];
  (void)state;
  dial(&peer);
  open_input(&peer, 0);
  run(&peer, 200);
  assert_int_equal(oriel_channels_say(peer.channels, INPUT, "x", 1), 0);
  for (unsigned second = 0; second < 120 && event.type != ORIEL_CHANNEL_CLOSED; second++) {
    for (unsigned i = 0; i < 20; i++) {
      net_now_ns += 50 * ORIEL_NS_PER_MS;
      oriel_sctp_tick(net_now_ns);
    }
    while (oriel_channels_next(peer.channels, packet))
      ;
    (void)oriel_channels_take(peer.channels, &event);
  }
  assert_int_equal(event.type, ORIEL_CHANNEL_CLOSED);
  assert_int_equal(oriel_channels_say(peer.channels, INPUT, "x", 1), -ENOTCONN);
  hang_up(&peer);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(texts_go_both_ways),
    cmocka_unit_test(other_labels_are_refused),
    cmocka_unit_test(a_label_is_open_once),
    cmocka_unit_test(channels_close_and_open_again),
    cmocka_unit_test(what_was_never_opened_is_ended),
    cmocka_unit_test(a_flood_of_openings_grows_nothing),
    cmocka_unit_test(a_client_that_vanishes_closes_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
