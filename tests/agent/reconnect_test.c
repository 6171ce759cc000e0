/* SPDX-License-Identifier: MIT
 *
 * Two hundred peers one after the other, by a clock of the test's own, so that no back-off takes time: nothing is left
 * of any of them. One thread is all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "guest/agent/input.h"
#include "guest/agent/output.h"
#include "transport/listener.h"

enum { PEERS = 200, FIRST = 20, ROUNDS = 5000 };

struct rig {
  struct agent_settings settings;
  struct agent_output *output;
  struct agent_input *input;
  struct oriel_listener *listeners[2];
  int peers[2];
  uint64_t now_ns;
  char directory[64];
};

static void open_rig(struct rig *rig, bool is_pcm) {
  *rig = (struct rig){.peers = {-1, -1}, .now_ns = oriel_clock_ns()};
  strcpy(rig->directory, "/tmp/oriel-peers-XXXXXX");
  assert_non_null(mkdtemp(rig->directory));
  agent_settings_default(&rig->settings);
  struct agent_end *const ends[] = {&rig->settings.output, &rig->settings.input};
  for (int i = 0; i < 2; i++) {
    char why[256];
    ends[i]->address = (struct oriel_transport_address){
      .scheme = ORIEL_TRANSPORT_UNIX, .is_pcm = is_pcm, .frame_us = is_pcm ? 2500 : 5000};
    snprintf(ends[i]->address.path, sizeof ends[i]->address.path, "%s/%d", rig->directory, i);
    assert_int_equal(oriel_listener_create(&ends[i]->address, &rig->listeners[i], why, sizeof why), 0);
  }
  assert_int_equal(agent_output_create(&rig->settings, &rig->output), 0);
  assert_int_equal(agent_input_create(&rig->settings, &rig->input), 0);
  agent_input_running(rig->input, true);
}

static void close_rig(struct rig *rig) {
  agent_output_destroy(rig->output);
  agent_input_destroy(rig->input);
  for (int i = 0; i < 2; i++)
    oriel_listener_destroy(rig->listeners[i]);
  rmdir(rig->directory);
}

/** What the transport thread does once, and the peer's accept. */
static void turn(struct rig *rig) {
  struct pollfd polled[6];
  int timeout_ms = -1;
  const size_t outputs = agent_output_poll(rig->output, polled, &timeout_ms, rig->now_ns);
  const size_t inputs = agent_input_poll(rig->input, polled + outputs, &timeout_ms, rig->now_ns);
  assert_true(poll(polled, outputs + inputs, 1) >= 0);
  rig->now_ns += ORIEL_NS_PER_MS;
  agent_output_step(rig->output, polled, outputs, rig->now_ns);
  agent_input_step(rig->input, polled + outputs, inputs, rig->now_ns);
  for (int i = 0; i < 2; i++) {
    struct pollfd waiting = {.fd = oriel_listener_fd(rig->listeners[i]), .events = POLLIN};
    if (rig->peers[i] < 0 && poll(&waiting, 1, 0) == 1)
      rig->peers[i] = oriel_listener_accept(rig->listeners[i]);
  }
}

static unsigned connected(struct rig *rig) {
  struct agent_output_stats output;
  struct agent_input_stats input = {0};
  agent_output_stats(rig->output, &output);
  agent_input_stats(rig->input, &input);
  return (unsigned)output.is_connected + (unsigned)input.is_connected;
}

static size_t count_fds(void) {
  size_t count = 0;
  DIR *directory = opendir("/proc/self/fd");
  assert_non_null(directory);
  while (readdir(directory) != NULL)
    count++;
  closedir(directory);
  return count;
}

/** One peer of each: hears a packet, says a packet and half of another, goes. */
static void meet(struct rig *rig, bool is_pcm) {
  static float frames[256 * 2];
  rig->now_ns += 11 * ORIEL_NS_PER_SECOND; /* beyond the longest back-off */
  for (int i = 0; i < ROUNDS && (connected(rig) < 2 || rig->peers[0] < 0 || rig->peers[1] < 0); i++)
    turn(rig);
  assert_int_equal(connected(rig), 2);
  agent_output_write(rig->output, frames, 256);
  uint8_t bytes[4096];
  ssize_t got = 0;
  for (int i = 0; i < ROUNDS && got <= 0; i++) {
    turn(rig);
    got = recv(rig->peers[0], bytes, sizeof bytes, MSG_DONTWAIT);
  }
  assert_true(got > 2);
  const uint8_t pcm[] = {0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 1}, opus[] = {0, 3, 0xfc, 0xff, 0xfe, 0, 3, 0xfc};
  struct agent_input_stats before = {0}, after;
  agent_input_stats(rig->input, &before);
  after = before;
  assert_true(send(rig->peers[1], is_pcm ? pcm : opus, is_pcm ? sizeof pcm : sizeof opus, MSG_NOSIGNAL) > 0);
  for (int i = 0; i < ROUNDS && after.receiver.packets == before.receiver.packets; i++) {
    turn(rig);
    agent_input_stats(rig->input, &after);
  }
  assert_int_equal(after.receiver.packets, before.receiver.packets + 1);
  for (int i = 0; i < 2; i++)
    close(rig->peers[i]);
  rig->peers[0] = rig->peers[1] = -1;
  for (int i = 0; i < ROUNDS && connected(rig) > 0; i++)
    turn(rig);
  assert_int_equal(connected(rig), 0);
}

static void meet_many(bool is_pcm) {
  struct rig rig;
  open_rig(&rig, is_pcm);
  size_t fds = 0, memory = 0;
  for (int i = 0; i < PEERS; i++) {
    meet(&rig, is_pcm);
    if (i == FIRST) {
      fds = count_fds();
      memory = mallinfo2().uordblks;
    }
  }
  assert_int_equal(count_fds(), fds);
  assert_true(mallinfo2().uordblks <= memory + 16 * 1024);
  struct agent_output_stats output;
  struct agent_input_stats input = {0};
  agent_output_stats(rig.output, &output);
  agent_input_stats(rig.input, &input);
  assert_int_equal(output.connections, PEERS);
  assert_int_equal(input.connections, PEERS);
  assert_int_equal(input.protocol_errors, 0); /* a packet cut by the peer's end is none */
  close_rig(&rig);
}

static void reconnect_of_pcm_leaves_nothing(void **state) {
  (void)state;
  meet_many(true);
}

static void reconnect_of_opus_leaves_nothing(void **state) {
  (void)state;
  meet_many(false);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(reconnect_of_pcm_leaves_nothing),
    cmocka_unit_test(reconnect_of_opus_leaves_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
