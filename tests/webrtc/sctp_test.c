/* SPDX-License-Identifier: MIT
 *
 * Associations in virtual time: two ends over a network that loses, doubles and reorders; what ends, what is bounded,
 * and packets that no honest peer sends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "sctp_net.h"
#include "webrtc/dcep.h"
#include "webrtc/sctp_front.h"

enum { TEXT = ORIEL_DCEP_TEXT, PATIENCE_MS = 120000 };

static void begin(struct net *net) {
  for (unsigned i = 0; i < 2; i++)
    assert_int_equal(oriel_sctp_create(ORIEL_SCTP_PORT, net_now_ns, &net->ends[i]), 0);
}

static void end(struct net *net) {
  for (unsigned i = 0; i < 2; i++) {
    oriel_sctp_destroy(net->ends[i]);
    net->ends[i] = NULL;
  }
}

/** Reads what is only news of the association. */
static void expect_nothing(struct oriel_sctp *sctp) {
  struct oriel_sctp_message message;
  assert_false(oriel_sctp_take(sctp, &message));
}

static bool is_open(struct net *net) {
  for (unsigned i = 0; i < 2; i++)
    expect_nothing(net->ends[i]);
  return oriel_sctp_state(net->ends[0]) == ORIEL_SCTP_OPEN && oriel_sctp_state(net->ends[1]) == ORIEL_SCTP_OPEN;
}

static void open_both(struct net *net) {
  begin(net);
  net_collect(net);
  for (unsigned ms = 0; !is_open(net) && ms < PATIENCE_MS; ms++)
    net_step(net);
  assert_true(is_open(net));
}

/** Waits until something is said to an end. */
static struct oriel_sctp_message await(struct net *net, unsigned to) {
  struct oriel_sctp_message message;
  for (unsigned ms = 0; ms < PATIENCE_MS; ms++) {
    if (oriel_sctp_take(net->ends[to], &message))
      return message;
    net_step(net);
  }
  fail_msg("nothing came");
  return message;
}

static void await_number(struct net *net, unsigned to, uint32_t number) {
  const struct oriel_sctp_message message = await(net, to);
  uint32_t said;
  assert_false(message.reset);
  assert_int_equal(message.kind, TEXT);
  assert_true(message.size >= sizeof said);
  memcpy(&said, message.data, sizeof said);
  assert_int_equal(said, number);
}

static void say_number(struct net *net, unsigned from, uint32_t number, size_t size) {
  uint8_t bytes[4096] = {0};
  memcpy(bytes, &number, sizeof number);
  for (unsigned ms = 0; ms < PATIENCE_MS; ms++) {
    const int status = oriel_sctp_send(net->ends[from], 1, TEXT, false, bytes, size);
    if (status != -EAGAIN) {
      assert_int_equal(status, 0);
      net_collect(net);
      return;
    }
    net_step(net);
  }
  fail_msg("it could never be said");
}

static void both_begin_and_one_association_is_there(void **state) {
  struct net net = {.delay_ns = 20 * ORIEL_NS_PER_MS};
  (void)state;
  open_both(&net);
  say_number(&net, 0, 7, 4);
  say_number(&net, 1, 8, 100);
  await_number(&net, 1, 7);
  await_number(&net, 0, 8);
  end(&net);
}

/* In order and once each, however they travel. */
static void bad_networks_deliver_all_in_order(void **state) {
  (void)state;
  for (uint32_t seed = 1; seed <= 6; seed++) {
    struct net net = {.delay_ns = 15 * ORIEL_NS_PER_MS, .jitter_ns = 30 * ORIEL_NS_PER_MS, .loss = 0.1, .twice = 0.1,
                      .seed = seed};
    open_both(&net);
    for (uint32_t i = 0; i < 200; i++)
      say_number(&net, i % 2, i, 4 + i * 7 % 3000);
    for (uint32_t i = 0; i < 200; i++)
      await_number(&net, !(i % 2), i);
    net_run(&net, 1000);
    expect_nothing(net.ends[0]);
    expect_nothing(net.ends[1]);
    assert_true(net.lost > 0);
    end(&net);
  }
}

static void the_largest_message_comes_whole(void **state) {
  struct net net = {.delay_ns = 2 * ORIEL_NS_PER_MS, .loss = 0.01, .seed = 3};
  uint8_t *bytes = malloc(ORIEL_SCTP_MESSAGE_MAX + 1);
  (void)state;
  assert_non_null(bytes);
  for (size_t i = 0; i < ORIEL_SCTP_MESSAGE_MAX; i++)
    bytes[i] = (uint8_t)(i * 31 >> 5);
  open_both(&net);
  assert_int_equal(oriel_sctp_send(net.ends[0], 2, TEXT, false, bytes, ORIEL_SCTP_MESSAGE_MAX + 1), -EMSGSIZE);
  assert_int_equal(oriel_sctp_send(net.ends[0], 2, TEXT, false, bytes, ORIEL_SCTP_MESSAGE_MAX), 0);
  net_collect(&net);
  const struct oriel_sctp_message message = await(&net, 1);
  assert_int_equal(message.size, ORIEL_SCTP_MESSAGE_MAX);
  assert_memory_equal(message.data, bytes, ORIEL_SCTP_MESSAGE_MAX);
  free(bytes);
  end(&net);
}

/* Numbers of 32 bits for pieces, of 16 bits for messages of a stream: the second wraps within a minute of moves. */
static void numbers_of_messages_wrap(void **state) {
  struct net net = {.delay_ns = ORIEL_NS_PER_MS / 2};
  (void)state;
  open_both(&net);
  for (uint32_t i = 0; i < 66000; i++) {
    say_number(&net, 0, i, 4);
    if (i % 16 == 15) {
      for (uint32_t at = i - 15; at <= i; at++)
        await_number(&net, 1, at);
    }
  }
  end(&net);
}

static void streams_end_from_both_sides(void **state) {
  struct net net = {.delay_ns = 10 * ORIEL_NS_PER_MS, .loss = 0.1, .seed = 9};
  (void)state;
  open_both(&net);
  for (unsigned round = 0; round < 20; round++) {
    say_number(&net, 0, round, 4);
    oriel_sctp_reset(net.ends[0], 1);
    net_collect(&net);
    await_number(&net, 1, round); /* what was said before */
    struct oriel_sctp_message message = await(&net, 1);
    assert_true(message.reset && message.stream == 1);
    oriel_sctp_reset(net.ends[1], 1);
    net_collect(&net);
    message = await(&net, 0);
    assert_true(message.reset && message.stream == 1);
    net_run(&net, 500);
  }
  oriel_sctp_reset(net.ends[0], ORIEL_SCTP_STREAMS - 1); /* never used */
  oriel_sctp_reset(net.ends[0], 5000);                   /* not there */
  assert_int_equal(oriel_sctp_send(net.ends[0], 5000, TEXT, false, "x", 1), -EMSGSIZE);
  end(&net);
}

/* Who does not read lets the other wait, and costs no more than the window and what the other may keep. */
static void a_slow_reader_makes_the_other_wait(void **state) {
  struct net net = {.delay_ns = ORIEL_NS_PER_MS};
  static uint8_t block[16384];
  unsigned taken = 0;
  (void)state;
  open_both(&net);
  for (unsigned i = 0; i < 1000; i++) {
    taken += oriel_sctp_send(net.ends[0], 1, TEXT, false, block, sizeof block) == 0;
    net_step(&net);
  }
  assert_in_range(taken, 4, (ORIEL_SCTP_MESSAGE_MAX + 2 * ORIEL_SCTP_WINDOW) / sizeof block + 4);
  for (unsigned i = 0; i < taken; i++)
    assert_int_equal(await(&net, 1).size, sizeof block);
  say_number(&net, 0, 5, 4);
  await_number(&net, 1, 5);
  end(&net);
}

static void a_silent_peer_is_given_up(void **state) {
  struct net net = {.delay_ns = ORIEL_NS_PER_MS, .loss = 1};
  struct oriel_sctp_message message;
  (void)state;
  begin(&net);
  for (unsigned ms = 0; oriel_sctp_state(net.ends[0]) != ORIEL_SCTP_CLOSED && ms < PATIENCE_MS; ms++) {
    net_step(&net);
    (void)oriel_sctp_take(net.ends[0], &message);
  }
  assert_int_equal(oriel_sctp_state(net.ends[0]), ORIEL_SCTP_CLOSED);
  assert_int_equal(oriel_sctp_send(net.ends[0], 1, TEXT, false, "x", 1), -ENOTCONN);
  assert_in_range(net.sent, 8, 60);
  end(&net);
}

/* One that is in the middle of things goes; the other hears nothing of it, and the third never notices. */
static void neighbours_do_not_notice(void **state) {
  struct net net = {.delay_ns = 5 * ORIEL_NS_PER_MS}, other = net;
  (void)state;
  open_both(&net);
  open_both(&other);
  for (uint32_t i = 0; i < 20; i++) {
    say_number(&net, 0, i, 2000);
    say_number(&other, 0, i, 2000);
  }
  end(&net);
  for (uint32_t i = 0; i < 20; i++)
    await_number(&other, 1, i);
  end(&other);
}

static size_t allocated(void) {
  return mallinfo2().uordblks;
}

static void two_hundred_connects_leave_nothing(void **state) {
  size_t before = 0;
  (void)state;
  for (unsigned i = 0; i < 220; i++) {
    struct net net = {.delay_ns = ORIEL_NS_PER_MS, .seed = i};
    open_both(&net);
    say_number(&net, 0, i, 3000);
    await_number(&net, 1, i);
    end(&net);
    net_run(&net, 10);
    if (i == 19)
      before = allocated();
  }
  const size_t after = allocated();
  if (after > before + 16 * 1024)
    fail_msg("200 connects left %zu bytes", after - before);
}

static void there_is_a_limit(void **state) {
  static struct oriel_sctp *all[ORIEL_SCTP_MAX];
  struct oriel_sctp *excess = NULL;
  (void)state;
  for (unsigned i = 0; i < ORIEL_SCTP_MAX; i++)
    assert_int_equal(oriel_sctp_create(5000, net_now_ns, &all[i]), 0);
  assert_int_equal(oriel_sctp_create(5000, net_now_ns, &excess), -ENOSPC);
  assert_null(excess);
  oriel_sctp_destroy(all[7]);
  assert_int_equal(oriel_sctp_create(5000, net_now_ns, &all[7]), 0);
  for (unsigned i = 0; i < ORIEL_SCTP_MAX; i++)
    oriel_sctp_destroy(all[i]);
}

/* ---- packets that no honest peer sends ---- */

/** RFC 9260, appendix A. */
static uint32_t crc32c(const uint8_t *data, size_t size) {
  uint32_t sum = UINT32_MAX;
  for (size_t i = 0; i < size; i++) {
    sum ^= data[i];
    for (unsigned bit = 0; bit < 8; bit++)
      sum = sum >> 1 ^ (sum & 1 ? 0x82f63b78u : 0);
  }
  return ~sum;
}

static void seal(uint8_t *packet, size_t size) {
  memset(packet + 8, 0, 4);
  const uint32_t sum = crc32c(packet, size);
  for (unsigned i = 0; i < 4; i++)
    packet[8 + i] = (uint8_t)(sum >> (8 * i));
}

/** Packets of a live association, each changed at a few places and sealed again: whatever becomes of it. */
static void changed_packets_break_nothing(void **state) {
  struct net other = {.delay_ns = ORIEL_NS_PER_MS};
  (void)state;
  open_both(&other);
  for (uint32_t seed = 1; seed <= 60; seed++) {
    struct net net = {.delay_ns = ORIEL_NS_PER_MS, .seed = seed};
    struct oriel_sctp_message message;
    open_both(&net);
    for (uint32_t i = 0; i < 60; i++) {
      (void)oriel_sctp_send(net.ends[0], (uint16_t)(i % 8), TEXT, i & 1, other.packets, 1 + i * 37 % 3000);
      if (i % 9 == 8)
        oriel_sctp_reset(net.ends[0], (uint16_t)(i % 8));
      uint8_t packet[ORIEL_SCTP_PACKET_MAX];
      for (size_t size; (size = oriel_sctp_next(net.ends[0], packet)) > 0;) {
        for (unsigned change = 0; change < 3; change++)
          packet[12 + (size_t)(net_random(&net) * (double)(size - 12))] = (uint8_t)(net_random(&net) * 256);
        seal(packet, size);
        oriel_sctp_receive(net.ends[1], packet, size, net_now_ns);
      }
      while (oriel_sctp_take(net.ends[1], &message))
        assert_true(message.reset || message.size <= ORIEL_SCTP_MESSAGE_MAX);
      net_step(&net);
    }
    end(&net);
  }
  say_number(&other, 0, 77, 4);
  await_number(&other, 1, 77);
  end(&other);
}

/** An INIT of `streams` in both directions from the tag's owner. */
static size_t write_init(uint8_t packet[64], uint32_t tag, uint16_t streams) {
  const uint8_t bytes[] = {0x13, 0x88, 0x13, 0x88, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 20,
                           (uint8_t)(tag >> 24), (uint8_t)(tag >> 16), (uint8_t)(tag >> 8), (uint8_t)tag,
                           0, 2, 0, 0, (uint8_t)(streams >> 8), (uint8_t)streams, (uint8_t)(streams >> 8),
                           (uint8_t)streams, 0, 0, 0, 1};
  memcpy(packet, bytes, sizeof bytes);
  seal(packet, sizeof bytes);
  return sizeof bytes;
}

/* Each is answered or not; nothing of them is kept, and the association goes on. */
static void a_flood_of_beginnings_is_bounded(void **state) {
  struct net net = {.delay_ns = ORIEL_NS_PER_MS};
  uint8_t packet[64];
  (void)state;
  open_both(&net);
  const size_t before = allocated();
  for (uint32_t i = 1; i <= 20000; i++) {
    const size_t size = write_init(packet, i * 2654435761u, 65535);
    oriel_sctp_receive(net.ends[1], packet, size, net_now_ns);
    if (i % 100 == 0)
      net_step(&net);
  }
  assert_true(allocated() < before + 256 * 1024);
  assert_true(oriel_sctp_dropped(net.ends[1]) > 10000);
  net_run(&net, 2000);
  say_number(&net, 0, 9, 4);
  await_number(&net, 1, 9);
  end(&net);
}

/* A peer of 65,535 streams is given no more than ours. */
static void many_streams_cost_nothing(void **state) {
  struct oriel_sctp *sctp;
  uint8_t packet[ORIEL_SCTP_PACKET_MAX];
  (void)state;
  assert_int_equal(oriel_sctp_create(ORIEL_SCTP_PORT, net_now_ns, &sctp), 0);
  const size_t before = allocated();
  while (oriel_sctp_next(sctp, packet))
    ;
  oriel_sctp_receive(sctp, packet, write_init(packet, 0x1234567, 65535), net_now_ns);
  assert_true(oriel_sctp_has_packet(sctp));
  assert_true(allocated() < before + 64 * 1024);
  oriel_sctp_destroy(sctp);
}

static bool passes(const uint8_t *chunks, size_t size) {
  uint8_t packet[SCTP_DATAGRAM_MAX + 64] = {0};
  if (size)
    memcpy(packet + SCTP_HEADER_SIZE, chunks, size);
  return sctp_front_passes(packet, SCTP_HEADER_SIZE + size);
}

#define PASSES(...) passes((const uint8_t[]){__VA_ARGS__}, sizeof(uint8_t[]){__VA_ARGS__})

static void front_measures_chunks(void **state) {
  uint8_t many[4 * (SCTP_CHUNKS_MAX + 1)] = {0};
  (void)state;
  assert_false(passes(NULL, 0));
  assert_false(PASSES(0, 3, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 51));                  /* DATA without any */
  assert_true(PASSES(0, 3, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 51, 'x'));
  assert_true(PASSES(0, 3, 0, 17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 51, 'x', 0, 0, 0, 11, 0, 0, 4));
  assert_false(PASSES(0, 3, 0, 18, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 51, 'x'));            /* longer than it is */
  assert_false(PASSES(11, 0, 0, 3));                                                       /* shorter than a head */
  assert_false(PASSES(11, 0, 0, 0));
  assert_false(PASSES(0xc1, 0, 0, 16, 0, 0, 0, 1, 0, 5, 0, 8, 127, 0, 0, 1));              /* ASCONF */
  assert_false(PASSES(15, 0, 0, 8, 0, 0, 0, 0));                                           /* AUTH */
  assert_false(PASSES(0x81, 0, 0, 8, 0, 0, 0, 0));                                         /* dropped packet */
  assert_true(PASSES(3, 0, 0, 20, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 3));
  assert_false(PASSES(3, 0, 0, 20, 0, 0, 0, 1, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 0, 3));       /* two gaps, one is there */
  assert_false(PASSES(3, 0, 0, 16, 0, 0, 0, 1, 0, 1, 0, 0, 255, 255, 255, 255));
  for (size_t i = 0; i < sizeof many; i += 4)
    memcpy(many + i, (const uint8_t[]){11, 0, 0, 4}, 4);
  assert_true(passes(many, sizeof many - 4));
  assert_false(passes(many, sizeof many));
}

#define INIT_FIXED 0, 0, 0, 1, 0, 2, 0, 0, 0, 64, 0, 64, 0, 0, 0, 1

static void front_measures_beginnings(void **state) {
  (void)state;
  assert_true(PASSES(1, 0, 0, 20, INIT_FIXED));
  assert_true(PASSES(1, 0, 0, 24, INIT_FIXED, 0xc0, 0, 0, 4));                             /* FORWARD TSN is known */
  assert_false(PASSES(1, 0, 0, 28, INIT_FIXED, 0, 5, 0, 8, 10, 0, 0, 1));                  /* an address */
  assert_false(PASSES(1, 0, 0, 24, INIT_FIXED, 0, 11, 0, 4));                              /* a host's name */
  assert_false(PASSES(1, 0, 0, 24, INIT_FIXED, 0x80, 8, 0, 3));
  assert_false(PASSES(1, 0, 0, 24, INIT_FIXED, 0x80, 8, 0, 9));
  assert_false(PASSES(1, 0, 0, 20, INIT_FIXED, 11, 0, 0, 4));                              /* it stands alone */
  assert_false(PASSES(11, 0, 0, 4, 1, 0, 0, 20, INIT_FIXED));
  assert_false(PASSES(11, 0, 0, 4, 10, 0, 0, 8, 0, 0, 0, 0));                              /* a cookie comes first */
}

static void front_measures_resets(void **state) {
  (void)state;
  assert_true(PASSES(130, 0, 0, 22, 0, 13, 0, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 1, 0, 0));
  assert_true(PASSES(130, 0, 0, 16, 0, 16, 0, 12, 0, 0, 0, 1, 0, 0, 0, 1));
  assert_true(PASSES(130, 0, 0, 16, 0, 17, 0, 12, 0, 0, 0, 1, 0, 1, 0, 0));                /* more of theirs */
  assert_false(PASSES(130, 0, 0, 16, 0, 18, 0, 12, 0, 0, 0, 1, 255, 255, 0, 0));           /* more of ours */
  assert_false(PASSES(130, 0, 0, 12, 0, 15, 0, 8, 0, 0, 0, 1));                            /* all numbers anew */
  assert_false(PASSES(130, 0, 0, 12, 0, 13, 0, 8, 0, 0, 0, 1));
  assert_false(PASSES(130, 0, 0, 4));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(both_begin_and_one_association_is_there),
    cmocka_unit_test(bad_networks_deliver_all_in_order),
    cmocka_unit_test(the_largest_message_comes_whole),
    cmocka_unit_test(numbers_of_messages_wrap),
    cmocka_unit_test(streams_end_from_both_sides),
    cmocka_unit_test(a_slow_reader_makes_the_other_wait),
    cmocka_unit_test(a_silent_peer_is_given_up),
    cmocka_unit_test(neighbours_do_not_notice),
    cmocka_unit_test(two_hundred_connects_leave_nothing),
    cmocka_unit_test(there_is_a_limit),
    cmocka_unit_test(changed_packets_break_nothing),
    cmocka_unit_test(a_flood_of_beginnings_is_bounded),
    cmocka_unit_test(many_streams_cost_nothing),
    cmocka_unit_test(front_measures_chunks),
    cmocka_unit_test(front_measures_beginnings),
    cmocka_unit_test(front_measures_resets),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
