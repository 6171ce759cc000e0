/* SPDX-License-Identifier: MIT
 *
 * The microphone's stream as it reaches a guest whose clock stood still or ran ahead, by a clock that only the test
 * moves.
 */
#include "guest/agent/input.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "transport/listener.h"
#include "transport/stream.h"

/* 20 ms of Opus' silence, twice. */
static const uint8_t stream[] = {0, 3, 0xfc, 0xff, 0xfe, 0, 3, 0xfc, 0xff, 0xfe};

struct rig {
  char folder[64];
  struct agent_settings settings;
  struct oriel_listener *listener;
  struct agent_input *input;
  uint64_t now_ns;
  int peer;
};

/* One turn of the transport thread, `ms` after the last. */
static void step(struct rig *rig, unsigned ms) {
  struct pollfd polled[2];
  int timeout_ms = -1;
  const size_t count = agent_input_poll(rig->input, polled, &timeout_ms, rig->now_ns);
  assert_true(poll(polled, count, 0) >= 0);
  rig->now_ns += ms * ORIEL_NS_PER_MS;
  agent_input_step(rig->input, polled, count, rig->now_ns);
}

static struct agent_input_stats stats_of(struct rig *rig) {
  struct agent_input_stats stats = {0};
  agent_input_stats(rig->input, &stats);
  return stats;
}

static int setup(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  char why[256];
  strcpy(rig->folder, "/tmp/oriel-input-XXXXXX");
  assert_non_null(mkdtemp(rig->folder));
  agent_settings_default(&rig->settings);
  struct agent_end *end = &rig->settings.input;
  end->is_on = true;
  end->address = (struct oriel_transport_address){.scheme = ORIEL_TRANSPORT_UNIX};
  snprintf(end->address.path, sizeof end->address.path, "%s/mic", rig->folder);
  assert_int_equal(oriel_listener_create(&end->address, &rig->listener, why, sizeof why), 0);
  assert_int_equal(agent_input_create(&rig->settings, &rig->input), 0);
  rig->now_ns = 1000 * ORIEL_NS_PER_SECOND;
  step(rig, 0);
  struct pollfd polled = {.fd = oriel_listener_fd(rig->listener), .events = POLLIN};
  assert_int_equal(poll(&polled, 1, 5000), 1);
  rig->peer = oriel_listener_accept(rig->listener);
  assert_true(rig->peer >= 0);
  assert_true(stats_of(rig).is_connected);
  *state = rig;
  return 0;
}

static int teardown(void **state) {
  struct rig *rig = *state;
  close(rig->peer);
  agent_input_destroy(rig->input);
  oriel_listener_destroy(rig->listener);
  const int result = rmdir(rig->folder);
  free(rig);
  return result;
}

static void send_part(struct rig *rig, size_t from, size_t to) {
  assert_int_equal(oriel_stream_send(rig->peer, stream + from, to - from), to - from);
}

/* A guest that was suspended wakes up between two halves of a packet, and the bytes that waited end in the middle of
 * another: each time it looks it is inside of a packet, and never in the same. */
static void input_progress_is_no_stall(void **state) {
  struct rig *rig = *state;
  send_part(rig, 0, 3);
  step(rig, 1);
  for (unsigned i = 1; i <= 10; i++) {
    send_part(rig, 3, 8);
    step(rig, 5000);
    assert_int_equal(stats_of(rig).idle_packets, 2 * i - 1);
    send_part(rig, 8, 10);
    send_part(rig, 0, 3);
    step(rig, 5000);
    assert_int_equal(stats_of(rig).idle_packets, 2 * i);
  }
  assert_int_equal(stats_of(rig).protocol_errors, 0);
  assert_int_equal(stats_of(rig).connections, 1);
}

/* Half a packet and nothing more: the place in the stream is lost. */
static void input_half_a_packet_ends_the_stream(void **state) {
  struct rig *rig = *state;
  send_part(rig, 0, 3);
  step(rig, 0);
  step(rig, 999);
  assert_true(stats_of(rig).is_connected);
  step(rig, 2);
  assert_false(stats_of(rig).is_connected);
  assert_int_equal(stats_of(rig).protocol_errors, 1);
  /* And nothing is due any more but the next attempt: a thread of high priority must not spin until then. */
  struct pollfd polled[2];
  int timeout_ms = -1;
  assert_int_equal(agent_input_poll(rig->input, polled, &timeout_ms, rig->now_ns), 0);
  assert_true(timeout_ms >= 900);
}

/* Read from the middle of a packet on, by a peer that came back so soon that nobody saw it go: lengths that fit by
 * chance, and what is no Opus between them. */
static void input_noise_ends_the_stream(void **state) {
  struct rig *rig = *state;
  uint32_t seed = 1;
  agent_input_running(rig->input, true);
  for (size_t i = 0; i < 60 && stats_of(rig).is_connected; i++) {
    uint8_t packet[2 + 100] = {0, 100};
    for (size_t at = 2; at < sizeof packet; at++)
      packet[at] = (uint8_t)((seed = seed * 1664525u + 1013904223u) >> 24);
    assert_int_equal(oriel_stream_send(rig->peer, packet, sizeof packet), sizeof packet);
    step(rig, 20);
  }
  assert_false(stats_of(rig).is_connected);
  assert_int_equal(stats_of(rig).protocol_errors, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(input_progress_is_no_stall, setup, teardown),
    cmocka_unit_test_setup_teardown(input_half_a_packet_ends_the_stream, setup, teardown),
    cmocka_unit_test_setup_teardown(input_noise_ends_the_stream, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
