/* SPDX-License-Identifier: MIT
 *
 * Several desktops in one server: names, paths, and that none of them notices what becomes of another. Over real
 * sockets.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "page.h"
#include "server/mount.h"
#include "server/private.h"
#include "server/request.h"
#include "wire/viewer.h"

#define MOTION "pattern:?size=320x240&scene=motion"
#define STILL "pattern:?size=320x240&scene=static"

static struct answer answer;
static struct frame frame;

static int setup(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  rig->address = STILL;
  rig->config.auth_fail_limit = 1000;
  rig->config.view_token = RIG_VIEW_TOKEN;
  rig_start(rig);
  *state = rig;
  return 0;
}

static int teardown(void **state) {
  rig_stop(*state);
  free(*state);
  return 0;
}

struct attempt {
  struct oriel_mount_config config;
  int status;
  struct oriel_mount *mount;
  char why[256];
};

static void try_mount(struct rig *rig, void *argument) {
  struct attempt *attempt = argument;
  attempt->mount = NULL;
  snprintf(attempt->why, sizeof attempt->why, "untouched");
  attempt->status =
    oriel_server_mount(rig->server, &attempt->config, &attempt->mount, attempt->why, sizeof attempt->why);
}

static void unmount_one(struct rig *rig, void *argument) {
  (void)rig;
  oriel_server_unmount(argument);
}

static void mount_refuses_with_a_sentence(void **state) {
  struct rig *rig = *state;
  static char long_name[65], long_token[514];
  memset(long_name, 'a', 64);
  memset(long_token, 'a', 513);
  const struct {
    struct oriel_mount_config config;
    int status;
    const char *words;
  } rows[] = {
    {{.name = NULL}, -EINVAL, "a name has 1 to 63"},
    {{.name = ""}, -EINVAL, "a name has 1 to 63"},
    {{.name = ".a"}, -EINVAL, "begins with a letter or a digit"},
    {{.name = "a/b"}, -EINVAL, "\"a/b\""},
    {{.name = "Web"}, -EINVAL, "\"Web\""},
    {{.name = long_name}, -EINVAL, "a name has 1 to 63"},
    {{.name = RIG_DESKTOP}, -EEXIST, "give this one another name"},
    {{.name = "a", .token = ""}, -EINVAL, "it has 0 bytes"},
    {{.name = "a", .token = long_token}, -EINVAL, "it has 513 bytes"},
    {{.name = "a", .view_token = ""}, -EINVAL, "it has 0 bytes"},
    {{.name = "a", .token = RIG_TOKEN}, -EINVAL, "it is the server's"},
    {{.name = "a", .view_token = RIG_VIEW_TOKEN}, -EINVAL, "it is the server's"},
    {{.name = "a", .token = "same", .view_token = "same"}, -EINVAL, "who only watches needs another"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct attempt attempt = {.config = rows[i].config};
    rig_call(rig, try_mount, &attempt);
    assert_int_equal(attempt.status, rows[i].status);
    assert_non_null(strstr(attempt.why, rows[i].words));
    assert_null(attempt.mount);
  }
  static const char *const good[] = {"0", "a", "z9._-",
                                     "a-name-of-exactly-sixty-three-letters-0123456789012345678901234"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    struct attempt attempt = {.config = {.name = good[i]}};
    rig_call(rig, try_mount, &attempt);
    assert_int_equal(attempt.status, 0);
    assert_string_equal(attempt.why, "");
    assert_string_equal(oriel_mount_name(attempt.mount), good[i]);
    rig_call(rig, unmount_one, attempt.mount);
  }
}

static void as_many_as_there_may_be(void **state) {
  struct rig *rig = *state;
  static struct oriel_mount *mounts[ORIEL_MOUNTS_MAX - 1];
  char name[16], request[64];
  struct attempt attempt = {.config.name = name};
  for (size_t i = 0; i < ORIEL_MOUNTS_MAX - 1; i++) {
    snprintf(name, sizeof name, "m%zu", i);
    rig_call(rig, try_mount, &attempt);
    assert_int_equal(attempt.status, 0);
    mounts[i] = attempt.mount;
  }
  snprintf(name, sizeof name, "over");
  rig_call(rig, try_mount, &attempt);
  assert_int_equal(attempt.status, -ENOSPC);
  assert_non_null(strstr(attempt.why, "remove one first"));
  snprintf(request, sizeof request, "GET /d/m%d/", ORIEL_MOUNTS_MAX - 2);
  assert_int_equal(ask(rig, &answer, request, "", NULL), 200);
  for (size_t i = 0; i < ORIEL_MOUNTS_MAX - 1; i++)
    rig_call(rig, unmount_one, mounts[i]);
  rig_call(rig, try_mount, &attempt);
  assert_int_equal(attempt.status, 0);
  rig_call(rig, unmount_one, attempt.mount);
}

static int get(struct rig *rig, const char *request) {
  return ask(rig, &answer, request, RIG_BEARER, NULL);
}

/* As the PNG's header has it. */
static unsigned snapshot_width(struct rig *rig, const char *request) {
  assert_int_equal(get(rig, request), 200);
  const uint8_t *bytes = (const uint8_t *)answer.body;
  return (unsigned)(bytes[18] << 8 | bytes[19]);
}

/* The only desktop is found at / and by its name; of several each by its own. */
static void paths_name_the_desktop(void **state) {
  struct rig *rig = *state;
  char value[128];
  assert_int_equal(get(rig, "GET /api/v1/desktop"), 200);
  assert_int_equal(get(rig, "GET /d/desktop/api/v1/desktop"), 200);
  assert_int_equal(get(rig, "GET /api/v1/desktops/desktop"), 200);
  assert_int_equal(get(rig, "GET /d/other/api/v1/desktop"), 404);
  assert_non_null(strstr(answer.body, "no desktop of this name is served here"));

  struct rig_more *other = rig_mount(rig, &(struct oriel_mount_config){.name = "other"}, "pattern:?size=640x480");
  assert_int_equal(snapshot_width(rig, "GET /d/other/snapshot.png"), 640);
  assert_int_equal(snapshot_width(rig, "GET /d/desktop/snapshot.png"), 320);
  assert_int_equal(snapshot_width(rig, "GET /api/v1/desktops/other/snapshot.png"), 640);
  static const char *const at_root[] = {"GET /api/v1/desktop", "GET /snapshot.png", "GET /ws",
                                        "POST /api/v1/desktop/reset"};
  for (size_t i = 0; i < sizeof at_root / sizeof *at_root; i++) {
    assert_int_equal(get(rig, at_root[i]), 404);
    assert_non_null(strstr(answer.body, "several desktops are served here: name one"));
  }
  static const char *const good[] = {"GET /d/other/", "GET /d/other/js/medium.js", "GET /d/other/snapshot.png",
                                     "GET /d/other/metrics", "GET /api/v1/desktops/other/stats",
                                     "GET /api/v1/desktops/other/snapshot.png", "GET /d/desktop/api/v1/share",
                                     "GET /healthz", "GET /metrics"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    assert_int_equal(get(rig, good[i]), 200);
  static const char *const nowhere[] = {"GET /d/", "GET /d//", "GET /d/oth/", "GET /d/others/", "GET /d/other/healthz",
                                        "GET /d/other/d/other/ws", "GET /api/v1/desktops/", "GET /d/other/nothing",
                                        "GET /api/v1/desktops/other/", "GET /api/v1/desktops/other/ws",
                                        "GET /api/v1/desktops/nobody", "GET /api/v1/desktops/other/api/v1/stats"};
  for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++)
    assert_int_equal(get(rig, nowhere[i]), 404);
  assert_int_equal(get(rig, "GET /d/other"), 308);
  assert_string_equal(header_of(&answer, "Location", value, sizeof value), "/d/other/");
  assert_int_equal(get(rig, "POST /api/v1/desktops/other/stats"), 405);

  rig_unmount(rig, other);
  assert_int_equal(get(rig, "GET /d/other/"), 404);
  assert_int_equal(get(rig, "GET /api/v1/desktop"), 200);
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
  assert_int_equal(oriel_mount_viewers(stays->mount), 1);
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

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(mount_refuses_with_a_sentence),
    cmocka_unit_test(as_many_as_there_may_be),
    cmocka_unit_test(paths_name_the_desktop),
    cmocka_unit_test(unmount_is_for_its_viewers_alone),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
