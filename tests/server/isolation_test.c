/* SPDX-License-Identifier: MIT
 *
 * Several desktops in one server: none notices what becomes of another. Over real sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "page.h"
#include "server/mounts.h"
#include "server/state.h"
#include "wire/viewer.h"

#define MOTION "pattern:?size=320x240&scene=motion"
#define STILL "pattern:?size=320x240&scene=static"

static struct answer answer;
static struct frame frame;

static const struct oriel_mount_config red = {.name = "red"}, blue = {.name = "blue"};

static int setup(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  rig->address = STILL;
  rig->config.auth_fail_limit = 1000;
  rig->config.view_token = RIG_VIEW_TOKEN;
  rig_start(rig);
  *state = rig;
  return 0;
}

static int get(struct rig *rig, const char *request) {
  return ask(rig, &answer, request, RIG_BEARER, NULL);
}

static unsigned pictures(int fd, unsigned wanted) {
  unsigned count = 0;
  while (count < wanted && ws_read(fd, &frame) >= 0)
    count += ws_attend(fd, &frame);
  return count;
}

static bool one_viewer(const struct oriel_server_stats *stats) {
  return stats->viewers_now == 1;
}

/* Its viewers are told and go; the one of another sees its pictures, and its name is free for the next. */
static void unmount_is_for_its_viewers_alone(void **state) {
  struct rig *rig = *state;
  const struct oriel_mount_config config = {.name = "other"};
  struct rig_more *other = rig_mount(rig, &config, MOTION), *stays = rig_mount(rig, &(struct oriel_mount_config){
    .name = "stays"}, MOTION);
  rig->below = "/d/other";
  int leaves = ws_join(rig, true), greets = ws_open(rig);
  rig->below = "/d/stays";
  int watches = ws_join(rig, true);
  assert_int_equal(pictures(leaves, 3), 3);
  assert_int_equal(pictures(watches, 3), 3);
  assert_int_equal(stays->mount->peer_count, 1);
  rig_unmount(rig, other);
  assert_int_equal(ws_reason(leaves), ORIEL_VIEWER_REASON_GOING_AWAY);
  assert_int_equal(ws_reason(greets), ORIEL_VIEWER_REASON_GOING_AWAY);
  close(leaves);
  close(greets);
  assert_int_equal(pictures(watches, 30), 30);
  assert_true(rig_until(rig, one_viewer, 5000));
  other = rig_mount(rig, &config, MOTION);
  rig->below = "/d/other";
  int again = ws_join(rig, true);
  assert_int_equal(pictures(again, 3), 3);
  close(again);
  close(watches);
  rig_unmount(rig, other);
  rig_unmount(rig, stays);
  rig->below = NULL;
}

/* ---- limits ---- */

static void viewers_are_limited_by_desktop(void **state) {
  struct rig *rig = *state;
  const struct oriel_mount_config small = {.name = "small", .view_token = "small-view-token", .viewers_max = 2};
  struct rig_more *first = rig_mount(rig, &small, STILL), *second = rig_mount(rig, &blue, STILL);
  int fds[4];
  rig->below = "/d/small";
  for (int i = 0; i < 2; i++) {
    fds[i] = ws_join(rig, false);
    assert_true(ws_until(fds[i], &frame, ORIEL_VIEWER_STATE));
  }
  fds[2] = ws_join(rig, false);
  assert_int_equal(ws_reason(fds[2]), ORIEL_VIEWER_REASON_FULL);
  close(fds[2]);
  rig->below = "/d/blue";
  fds[2] = ws_join(rig, false);
  assert_true(ws_until(fds[2], &frame, ORIEL_VIEWER_STATE)); /* which has places of its own */
  cut(fds[0]);
  cut(fds[1]);
  cut(fds[2]);
  assert_true(rig_until(rig, no_viewers, 5000));
  /* Who only watches has half of the places. */
  rig->below = "/d/small";
  for (int i = 0; i < 2; i++) {
    fds[i] = ws_open_as(rig, BEARER("small-view-token"));
    ws_hello(fds[i], false);
  }
  assert_true(ws_until(fds[0], &frame, ORIEL_VIEWER_STATE));
  assert_int_equal(ws_reason(fds[1]), ORIEL_VIEWER_REASON_FULL);
  fds[2] = ws_join(rig, true);
  assert_true(ws_until(fds[2], &frame, ORIEL_VIEWER_STATE));
  for (int i = 0; i < 3; i++)
    close(fds[i]);
  rig->below = NULL;
  rig_unmount(rig, first);
  rig_unmount(rig, second);
}

/* ---- one desktop's trouble is its own ---- */

struct flood {
  struct oriel_mount *mount;
  atomic_bool over;
  uint64_t wakes;
};

static void wake_on_and_on(void *user) {
  struct flood *flood = user;
  for (; !atomic_load(&flood->over); flood->wakes++)
    oriel_mount_wake(flood->mount);
}

/* A desktop that says without end that something waits, with a viewer that takes none of it. */
static void flood_of_one_disturbs_no_other(void **state) {
  struct rig *rig = *state;
  struct rig_more *loud = rig_mount(rig, &red, "pattern:?size=1280x720&scene=motion");
  struct rig_more *quiet = rig_mount(rig, &blue, MOTION);
  rig->below = "/d/red";
  int stalled = ws_join(rig, true);
  rig->below = "/d/blue";
  int watches = ws_join(rig, true);
  struct flood flood = {.mount = loud->mount};
  uv_thread_t thread;
  assert_int_equal(uv_thread_create(&thread, wake_on_and_on, &flood), 0);
  assert_int_equal(pictures(watches, 60), 60);
  assert_int_equal(get(rig, "GET /d/blue/api/v1/desktop"), 200);
  atomic_store(&flood.over, true);
  assert_int_equal(uv_thread_join(&thread), 0);
  assert_true(flood.wakes > 1000);
  cut(stalled);
  close(watches);
  rig->below = NULL;
  rig_unmount(rig, loud);
  rig_unmount(rig, quiet);
}

/* Snapshots of a machine that is not there hold workers for two seconds each; that of another is made meanwhile. */
static void one_that_hangs_delays_no_other(void **state) {
  struct rig *rig = *state;
  struct rig_more *hangs = rig_mount(rig, &red, "qemu:/nowhere/qmp.sock"), *lives = rig_mount(rig, &blue, MOTION);
  int waiting[2];
  char byte;
  for (int i = 0; i < 2; i++) {
    waiting[i] = dial(rig);
    send_text(waiting[i], "GET /d/red/snapshot.png HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n" RIG_BEARER "\r\n", rig->port);
  }
  rig->below = "/d/red";
  int viewer = ws_join(rig, true);
  assert_true(ws_until(viewer, &frame, ORIEL_VIEWER_STATE)); /* which says that it is being looked for */
  while (get(rig, "GET /d/red/snapshot.png") != 503) {
  }
  assert_non_null(strstr(answer.body, "two snapshots are being made"));
  rig->below = "/d/blue";
  int watches = ws_join(rig, true);
  assert_int_equal(pictures(watches, 10), 10);
  assert_int_equal(get(rig, "GET /d/blue/snapshot.png"), 200);
  assert_int_equal(png_width(&answer), 320);
  for (int i = 0; i < 2; i++)
    assert_int_equal(recv(waiting[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT), -1); /* they still wait */
  rig_unmount(rig, hangs); /* which waits for neither, and gives them up */
  assert_int_equal(ws_reason(viewer), ORIEL_VIEWER_REASON_GOING_AWAY);
  for (int i = 0; i < 2; i++) {
    read_answer(waiting[i], &answer);
    assert_int_equal(answer.status, 503);
    close(waiting[i]);
  }
  assert_int_equal(pictures(watches, 10), 10);
  close(viewer);
  close(watches);
  rig->below = NULL;
  rig_unmount(rig, lives);
}

static void count_mounts(struct rig *rig, void *argument) {
  unsigned *count = argument;
  *count = 0;
  for (const struct oriel_mount *mount = rig->server->mounts.first; mount; mount = mount->next)
    (*count)++;
}

/* Wakes from several threads while others are mounted and unmounted: every one that is gone is freed in the end. */
static void wakes_and_unmounts_meet(void **state) {
  enum { THREADS = 2, ROUNDS = 60 };
  struct rig *rig = *state;
  struct flood floods[THREADS] = {0};
  struct rig_more *more[THREADS];
  uv_thread_t threads[THREADS];
  static const char *const stays[THREADS] = {"stays-1", "stays-2"};
  unsigned count;
  for (int i = 0; i < THREADS; i++) {
    more[i] = rig_mount(rig, &(struct oriel_mount_config){.name = stays[i]}, NULL);
    floods[i].mount = more[i]->mount;
    assert_int_equal(uv_thread_create(&threads[i], wake_on_and_on, &floods[i]), 0);
  }
  for (int i = 0; i < ROUNDS; i++) {
    struct rig_more *goes = rig_mount(rig, &red, i % 3 ? NULL : MOTION);
    for (int k = 0; k < 3; k++)
      oriel_mount_wake(goes->mount); /* it may be on the list when it goes */
    rig_unmount(rig, goes);
  }
  for (int i = 0; i < THREADS; i++) {
    atomic_store(&floods[i].over, true);
    assert_int_equal(uv_thread_join(&threads[i]), 0);
    rig_unmount(rig, more[i]);
  }
  const uint64_t end = rig_ms() + 5000;
  do
    rig_call(rig, count_mounts, &count);
  while (count > 1 && rig_ms() < end);
  assert_int_equal(count, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(unmount_is_for_its_viewers_alone),
    cmocka_unit_test(viewers_are_limited_by_desktop),
    cmocka_unit_test(flood_of_one_disturbs_no_other),
    cmocka_unit_test(one_that_hangs_delays_no_other),
    cmocka_unit_test(wakes_and_unmounts_meet),
  };
  return cmocka_run_group_tests(tests, setup, rig_teardown);
}
