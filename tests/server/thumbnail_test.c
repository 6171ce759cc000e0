/* SPDX-License-Identifier: MIT
 *
 * Small pictures for the list: made while they are asked for, seldom, and for all who ask. Over real sockets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "page.h"
#include "server/mounts.h"
#include "server/state.h"

#define MOTION "pattern:?size=1280x720&scene=motion"

static struct answer answer;

static int setup(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  rig->address = MOTION;
  rig->config.view_token = RIG_VIEW_TOKEN;
  rig_start(rig);
  *state = rig;
  return 0;
}

static int get(struct rig *rig, const char *path, const char *headers) {
  char request[128];
  snprintf(request, sizeof request, "GET %s", path);
  return ask(rig, &answer, request, headers, NULL);
}

/** Asks until there is one, and returns its width. */
static unsigned width_at(struct rig *rig, const char *path) {
  for (int i = 0; i < 500 && get(rig, path, RIG_BEARER) == 204; i++)
    usleep(10 * 1000);
  assert_int_equal(answer.status, 200);
  assert_memory_equal(answer.body + 1, "PNG", 3);
  return png_width(&answer);
}

static uint64_t count(struct rig *rig) {
  struct oriel_server_stats stats;
  rig_server_stats(rig, &stats);
  return stats.thumbnails;
}

static void small_made_when_asked_and_seldom(void **state) {
  struct rig *rig = *state;
  char tag[64], headers[512];
  assert_int_equal(count(rig), 0);
  const uint64_t start = rig_ms();
  assert_int_equal(width_at(rig, "/thumbnail.png"), ORIEL_THUMBNAIL_WIDTH);
  assert_true(answer.size < 100 * 1024);
  header_of(&answer, "ETag", tag, sizeof tag);
  assert_int_equal(strlen(tag), 18);
  for (int i = 0; i < 100; i++)
    (void)get(rig, i % 2 ? "/d/desktop/thumbnail.png" : "/api/v1/desktops/desktop/thumbnail.png",
              i % 3 ? RIG_BEARER : BEARER(RIG_VIEW_TOKEN));
  assert_true(count(rig) <= 1 + (rig_ms() - start) / 1000);
  /* What the client has is not sent again; the picture moves, so it may be a newer one by now. */
  assert_int_equal(width_at(rig, "/thumbnail.png"), ORIEL_THUMBNAIL_WIDTH);
  header_of(&answer, "ETag", tag, sizeof tag);
  snprintf(headers, sizeof headers, RIG_BEARER "If-None-Match: %s\r\n", tag);
  const int status = get(rig, "/thumbnail.png", headers);
  assert_true(status == 304 || (status == 200 && count(rig) > 1));
  assert_int_equal(get(rig, "/thumbnail.png", ""), 401);
}

static bool nobody_works(const struct oriel_server_stats *stats) {
  return stats->connections_now == 0;
}

struct ages {
  uint64_t by_ns;
  bool has;
};

/** As if so long had gone by. */
static void age(struct rig *rig, void *argument) {
  struct ages *ages = argument;
  struct oriel_thumbnail *thumbnail = &rig->mount->thumbnail;
  thumbnail->begun_ns -= ages->by_ns;
  thumbnail->made_ns -= ages->by_ns;
  thumbnail->asked_ns -= ages->by_ns;
  oriel_mounts_tick(&rig->server->mounts, oriel_clock_ns());
  ages->has = thumbnail->png != NULL;
}

static void old_ones_are_not_shown_and_then_forgotten(void **state) {
  struct rig *rig = *state;
  struct ages ages = {.by_ns = 6 * ORIEL_NS_PER_SECOND};
  (void)width_at(rig, "/thumbnail.png");
  rig_call(rig, age, &ages);
  assert_true(ages.has);
  const uint64_t before = count(rig);
  assert_int_equal(get(rig, "/thumbnail.png", RIG_BEARER), 204);
  assert_int_equal(count(rig), before + 1);
  (void)width_at(rig, "/thumbnail.png");
  ages.by_ns = 31 * ORIEL_NS_PER_SECOND;
  rig_call(rig, age, &ages);
  assert_false(ages.has);
}

/* One that has no picture holds a worker for two seconds, and not again for ten; another's is made meanwhile. */
static void one_without_a_picture_keeps_nobody_waiting(void **state) {
  struct rig *rig = *state;
  struct rig_more *absent = rig_mount(rig, &(struct oriel_mount_config){.name = "absent"}, NULL);
  struct rig_more *lost = rig_mount(rig, &(struct oriel_mount_config){.name = "lost"}, "qemu:/nowhere/qmp.sock");
  const uint64_t before = count(rig);
  for (int i = 0; i < 10; i++) {
    assert_int_equal(get(rig, "/d/absent/thumbnail.png", RIG_BEARER), 503);
    assert_int_equal(get(rig, "/d/lost/thumbnail.png", RIG_BEARER), 204);
  }
  assert_int_equal(count(rig), before); /* neither runs */
  assert_int_equal(width_at(rig, "/d/desktop/thumbnail.png"), ORIEL_THUMBNAIL_WIDTH);
  rig_unmount(rig, absent);
  rig_unmount(rig, lost);
}

struct leaving {
  struct rig_more *more;
  sem_t left;
};

static void on_left(void *user) {
  struct leaving *leaving = user;
  oriel_desktop_destroy(leaving->more->desktop);
  oriel_server_unmount(leaving->more->mount);
  *leaving->more = (struct rig_more){0};
  sem_post(&leaving->left);
}

static void release(struct rig *rig, void *argument) {
  struct leaving *leaving = argument;
  (void)rig;
  oriel_mount_release_desktop(leaving->more->mount, on_left, leaving);
}

/* The desktop is let go of while a worker is in it, which nobody waits for; or while none is. */
static void released_under_a_worker(void **state) {
  struct rig *rig = *state;
  for (int i = 0; i < 20; i++) {
    struct leaving leaving = {.more = rig_mount(rig, &(struct oriel_mount_config){.name = "goes"}, MOTION)};
    assert_int_equal(sem_init(&leaving.left, 0, 0), 0);
    if (i % 2)
      assert_int_equal(get(rig, "/d/goes/thumbnail.png", RIG_BEARER), 204);
    rig_call(rig, release, &leaving);
    while (sem_wait(&leaving.left) < 0) {
    }
    assert_int_equal(get(rig, "/d/goes/thumbnail.png", RIG_BEARER), 404);
    sem_destroy(&leaving.left);
  }
  assert_true(rig_until(rig, nobody_works, 5000));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(small_made_when_asked_and_seldom),
    cmocka_unit_test(old_ones_are_not_shown_and_then_forgotten),
    cmocka_unit_test(one_without_a_picture_keeps_nobody_waiting),
    cmocka_unit_test(released_under_a_worker),
  };
  return cmocka_run_group_tests(tests, setup, rig_teardown);
}
