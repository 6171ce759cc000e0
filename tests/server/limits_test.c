/* SPDX-License-Identifier: MIT
 *
 * Time limits and viewers that do not read. The limits are seconds long, so the cases of one rig run at the same time:
 * each opens its connection in the setup, and its test waits for the end.
 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "rig.h"
#include "wire/viewer.h"

static struct frame frame;
static struct answer answer;
static struct rig rig = {.address = "pattern:?size=640x480&fps=60&scene=motion"};

static int slow_headers, slow_body, idle, silent_socket, silent_viewer, unfinished;
static uint64_t started_ms;
static uv_thread_t dripper;

/** A byte every 200 ms to the one that never finishes its headers, and to the one that never finishes its body; a ping
 *  to the one that never finishes its message. */
static void drip(void *user) {
  (void)user;
  bool headers = true, body = true, ping = true;
  while (rig_ms() - started_ms < 20000 && (headers || body || ping)) {
    headers = headers && send(slow_headers, "a", 1, MSG_NOSIGNAL) == 1;
    body = body && send(slow_body, "a", 1, MSG_NOSIGNAL) == 1;
    ping = ping && ws_send(unfinished, true, 9, "", 0);
    usleep(200 * 1000);
  }
}

static int setup(void **state) {
  (void)state;
  rig_start(&rig);
  started_ms = rig_ms();
  slow_headers = dial(&rig);
  send_text(slow_headers, "GET / HTTP/1.1\r\nX-Slow: ");
  slow_body = dial(&rig);
  send_text(slow_body, "POST /session HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Length: 4000\r\n\r\n", rig.port);
  idle = dial(&rig);
  send_text(idle, "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n\r\n", rig.port);
  silent_socket = ws_open(&rig);
  silent_viewer = ws_join(&rig, false);
  unfinished = ws_join(&rig, false);
  ws_send(unfinished, false, 2, "", 0);
  return uv_thread_create(&dripper, drip, NULL);
}

static int teardown(void **state) {
  (void)state;
  uv_thread_join(&dripper);
  close(slow_headers); /* not before: their numbers would be given to others while it still drips */
  close(slow_body);
  close(unfinished);
  rig_stop(&rig);
  return 0;
}

static uint64_t seconds_passed(void) {
  return (rig_ms() - started_ms) / 1000;
}

/** Reads until the stream ends; false when it did not within the socket's limit. */
static bool ends(int fd) {
  char waste[4096];
  ssize_t count;
  while ((count = recv(fd, waste, sizeof waste, 0)) > 0) {
  }
  return count == 0;
}

static void hello_missing(void **state) {
  (void)state;
  assert_int_equal(ws_reason(silent_socket), ORIEL_VIEWER_REASON_TIMEOUT);
  assert_in_range(seconds_passed(), 4, 8);
  close(silent_socket);
}

static void headers_dripping(void **state) {
  (void)state;
  (void)ends(slow_headers);
  assert_in_range(seconds_passed(), 4, 8);
}

static void body_dripping(void **state) {
  (void)state;
  (void)ends(slow_body);
  assert_in_range(seconds_passed(), 4, 8);
}

static bool not_in(const char *text, const char *word) {
  return strstr(text, word) == NULL;
}

/* Lessons 3 and 32: one that never reads holds one picture and one second of sound, and costs nobody else anything. */
static void viewer_that_never_reads(void **state) {
  (void)state;
  int stalled = ws_join(&rig, true), reader = ws_join(&rig, false);
  unsigned pictures = 0;
  uint64_t end = rig_ms() + 4000;
  assert_true(ws_until(reader, &frame, ORIEL_VIEWER_SERVER_HELLO));
  while (rig_ms() < end && ws_read(reader, &frame) == 2) {
    if (!ws_attend(reader, &frame))
      continue;
    pictures++;
    ws_send(stalled, true, 2, (uint8_t[4]){ORIEL_VIEWER_RELEASE_ALL}, 4); /* it talks, but does not read */
  }
  assert_true(pictures >= 40); /* 4 s at up to 60; the machine may be busy */
  assert_int_equal(ask(&rig, &answer, "GET /api/v1/stats", RIG_BEARER, NULL), 200);
  /* No viewer's queue is longer than one picture and one second of 20 ms packets. */
  for (const char *at = answer.body; (at = strstr(at, "\"picture_queue\":")); at += 16)
    assert_true(atoi(at + 16) <= 1);
  for (const char *at = answer.body; (at = strstr(at, "\"audio_queue\":")); at += 14)
    assert_true(atoi(at + 14) <= 50);
  assert_true(not_in(answer.body, "\"viewers\":0"));
  cut(stalled);
  close(reader);
}

/** A viewer that says hello and takes nothing: its socket's buffer is as small as the kernel allows. */
static int join_without_reading(const struct rig *where) {
  const int least = 1;
  int fd = ws_open(where);
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &least, sizeof least);
  ws_hello(fd, false);
  return fd;
}

/* Lesson 32: what a viewer does not read is not kept for it. While a reader is sent what a busy machine makes in
 * seconds (a MiB at best), eight that never read, but claim to have painted everything, cost a part of what even one
 * would. They are cut for being slow after 10 s: this ends before. */
static void viewers_that_never_read_cost_no_memory(void **state) {
  (void)state;
  enum { STALLED = 8, SETTLE_MS = 1500, LIMIT_MS = 8500, SENT_MIN = 32 * 1024 };
  struct rig own = {.address = "pattern:?size=1280x720&fps=60&scene=motion", .bitrate_kbps = 60000};
  int stalled[STALLED];
  size_t sent = 0, heap = 0, resident = 0, heap_most = 0, resident_most = 0;
  rig_start(&own);
  int reader = ws_join(&own, true);
  for (int i = 0; i < STALLED; i++)
    stalled[i] = join_without_reading(&own);
  uint64_t start = rig_ms();
  while (rig_ms() - start < LIMIT_MS && ws_read(reader, &frame) == 2) {
    if (!ws_attend(reader, &frame) || rig_ms() - start < SETTLE_MS)
      continue;
    for (int i = 0; i < STALLED; i++)
      assert_true(ws_attend(stalled[i], &frame));
    size_t heap_now = rig_allocated(), resident_now = rig_resident();
    heap = heap ? heap : heap_now;
    resident = resident ? resident : resident_now;
    heap_most = heap_now > heap_most ? heap_now : heap_most;
    resident_most = resident_now > resident_most ? resident_now : resident_most;
    sent += frame.size;
  }
  print_message("%zu KiB sent to the reader; heap grew by %zu KiB, resident memory by %zu KiB\n", sent / 1024,
                (heap_most - heap) / 1024, (resident_most - resident) / 1024);
  assert_true(sent >= SENT_MIN);
  /* Allocators round; resident memory by more than the heap. */
  size_t quarter = sent / 4;
  assert_true(heap_most - heap < (quarter > 64 * 1024 ? quarter : 64 * 1024));
  assert_true(resident_most - resident < (quarter > 256 * 1024 ? quarter : 256 * 1024));
  for (int i = 0; i < STALLED; i++)
    cut(stalled[i]);
  close(reader);
  rig_stop(&own);
}

static void viewer_silent(void **state) {
  (void)state;
  /* It reads, but says nothing after its hello. */
  assert_int_equal(ws_reason(silent_viewer), ORIEL_VIEWER_REASON_TIMEOUT);
  assert_in_range(seconds_passed(), 14, 25);
  close(silent_viewer);
}

/* WebSocket pings between the fragments of a message do not keep it, or its viewer, alive for ever. */
static void message_unfinished_between_pings(void **state) {
  (void)state;
  assert_int_equal(ws_reason(unfinished), ORIEL_VIEWER_REASON_TIMEOUT);
  assert_in_range(seconds_passed(), 14, 25);
}

static void connection_idle(void **state) {
  (void)state;
  read_answer(idle, &answer);
  assert_int_equal(answer.status, 200);
  assert_true(ends(idle));
  assert_in_range(seconds_passed(), 14, 25);
  close(idle);
}

int main(int argc, char **argv) {
  if (argc > 1)
    cmocka_set_test_filter(argv[1]);
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(hello_missing),
    cmocka_unit_test(headers_dripping),
    cmocka_unit_test(body_dripping),
    cmocka_unit_test(viewer_that_never_reads),
    cmocka_unit_test(viewer_silent),
    cmocka_unit_test(message_unfinished_between_pings),
    cmocka_unit_test(connection_idle),
    cmocka_unit_test(viewers_that_never_read_cost_no_memory), /* last: the others watch one clock */
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
