/* SPDX-License-Identifier: MIT
 *
 * /api/v1/desktops: the list by who asks, and what an administrator adds and removes. Over real sockets.
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
#include "server/mounts.h"
#include "server/order.h"
#include "wire/viewer.h"

#define STILL "pattern:?size=320x240&scene=static"
#define ADMIN BEARER(RIG_ADMIN_TOKEN)

static struct answer answer;

/** Mounts what it is told, with nothing behind it, as a program would. */
struct registry {
  struct rig rig; /* first */
  struct oriel_mount *added;
  int status;
  char name[300], address[2000], options[2000];
};

static int keep(void *user, const char *name, const char *address, const char *const *options, char *why,
                size_t why_size) {
  struct registry *registry = user;
  size_t used = 0;
  snprintf(registry->name, sizeof registry->name, "%s", name);
  snprintf(registry->address, sizeof registry->address, "%s", address);
  registry->options[0] = '\0';
  for (; *options; options++)
    used += (size_t)snprintf(registry->options + used, sizeof registry->options - used, "%s,", *options);
  if (registry->status < 0) {
    snprintf(why, why_size, "the registry's sentence");
    return registry->status;
  }
  const struct oriel_mount_config config = {.name = name};
  return oriel_server_mount(registry->rig.server, &config, &registry->added, why, why_size);
}

static int let_go(void *user, const char *name, char *why, size_t why_size) {
  struct registry *registry = user;
  if (!registry->added || strcmp(registry->added->name, name) != 0) {
    snprintf(why, why_size, "it was not added");
    return -EPERM;
  }
  oriel_server_unmount(registry->added);
  registry->added = NULL;
  return 0;
}

static int setup(void **state) {
  struct registry *registry = calloc(1, sizeof *registry);
  struct rig *rig = &registry->rig;
  rig->address = STILL;
  rig->config.auth_fail_limit = 1000;
  rig->config.view_token = RIG_VIEW_TOKEN;
  rig->config.admin_token = RIG_ADMIN_TOKEN;
  rig->config.registry = (struct oriel_server_registry){.add = keep, .remove = let_go, .user = registry};
  rig_start(rig);
  *state = rig;
  return 0;
}

static int list(struct rig *rig, const char *headers) {
  return ask(rig, &answer, "GET /api/v1/desktops", headers, NULL);
}

/* Each sees what its token opens, and what it may do there. */
static void list_is_of_what_one_may_open(void **state) {
  struct rig *rig = *state;
  const struct oriel_mount_config red = {.name = "red", .token = "red-token", .view_token = "red-view-token"};
  struct rig_more *more = rig_mount(rig, &red, NULL);
  char user[PAGE_HEADERS_MAX];
  assert_int_equal(list(rig, ""), 401);
  assert_int_equal(list(rig, RIG_BEARER), 200);
  assert_non_null(strstr(answer.body, "\"name\":\"desktop\",\"state\":\"running\""));
  assert_non_null(strstr(answer.body, "\"name\":\"red\",\"state\":\"absent\""));
  assert_non_null(strstr(answer.body, "\"all\":true"));
  assert_null(strstr(answer.body, "\"view\":true"));
  assert_int_equal(list(rig, ADMIN), 200);
  assert_non_null(strstr(answer.body, "\"name\":\"red\""));
  assert_int_equal(list(rig, BEARER(RIG_VIEW_TOKEN)), 200);
  assert_non_null(strstr(answer.body, "\"name\":\"desktop\""));
  assert_null(strstr(answer.body, "\"view\":false"));
  page_login(rig, red.view_token, user, sizeof user);
  const char *const own[] = {BEARER("red-token"), BEARER("red-view-token"), user};
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(list(rig, own[i]), 200);
    assert_non_null(strstr(answer.body, "\"name\":\"red\""));
    assert_non_null(strstr(answer.body, i ? "\"view\":true" : "\"view\":false"));
    assert_null(strstr(answer.body, "\"name\":\"desktop\""));
    assert_non_null(strstr(answer.body, "\"all\":false"));
  }
  rig_unmount(rig, more);
}

static void list_says_who_controls(void **state) {
  struct rig *rig = *state;
  static struct frame frame;
  assert_int_equal(list(rig, RIG_BEARER), 200);
  assert_non_null(strstr(answer.body, "\"viewers\":0,\"controller\":null"));
  int fd = ws_join(rig, true);
  assert_true(ws_until(fd, &frame, ORIEL_VIEWER_ROLE));
  assert_int_equal(list(rig, RIG_BEARER), 200);
  assert_non_null(strstr(answer.body, "\"viewers\":1,\"controller\":\"Viewer "));
  close(fd);
}

static unsigned times(const char *text, const char *words) {
  unsigned count = 0;
  for (; (text = strstr(text, words)) != NULL; text += strlen(words))
    count++;
  return count;
}

/* One desktop's as ever; of several each sample has its name, and a family's stand together under one head. */
static void metrics_name_the_desktop_where_there_are_several(void **state) {
  struct rig *rig = *state;
  assert_int_equal(ask(rig, &answer, "GET /metrics", RIG_BEARER, NULL), 200);
  assert_int_equal(times(answer.body, "desktop=\""), 0);
  assert_int_equal(times(answer.body, "\noriel_pictures_key_total "), 1);
  struct rig_more *more = rig_mount(rig, &(struct oriel_mount_config){.name = "red", .token = "red-token"}, STILL);
  struct rig_more *none = rig_mount(rig, &(struct oriel_mount_config){.name = "none"}, NULL);
  assert_int_equal(ask(rig, &answer, "GET /metrics", RIG_BEARER, NULL), 200);
  assert_int_equal(times(answer.body, "# TYPE oriel_pictures_total counter\n"
                                      "oriel_pictures_total{desktop=\"desktop\",kind=\"video\"} "), 1);
  assert_int_equal(times(answer.body, "\noriel_pictures_total{desktop=\"red\",kind=\"tiles\"} "), 1);
  assert_int_equal(times(answer.body, "# HELP oriel_pictures_total "), 1);
  assert_int_equal(times(answer.body, "# HELP oriel_stage_seconds "), 1);
  assert_int_equal(times(answer.body, "\noriel_stage_seconds_count{desktop=\"red\",stage=\"total\"} 0\n"), 1);
  assert_int_equal(times(answer.body, "desktop=\"none\""), 0);
  assert_int_equal(times(answer.body, "\noriel_requests_total "), 1); /* the server's own has none */
  /* The only difference to that of one alone is the name. */
  assert_int_equal(ask(rig, &answer, "GET /d/red/metrics", BEARER("red-token"), NULL), 200);
  assert_int_equal(times(answer.body, "desktop=\""), 0);
  assert_int_equal(times(answer.body, "\noriel_pictures_total{kind=\"tiles\"} "), 1);
  rig_unmount(rig, none);
  rig_unmount(rig, more);
}

static int post(struct rig *rig, const char *body) {
  return ask(rig, &answer, "POST /api/v1/desktops", ADMIN, body);
}

static void administrator_adds_and_removes(void **state) {
  struct registry *registry = *state;
  struct rig *rig = &registry->rig;
  char value[128];
  assert_int_equal(post(rig, "{\"name\":\"new\",\"address\":\"pattern:\",\"options\":{\"fps\":30,"
                             "\"token\":\"t\\u00e9\",\"control\":true,\"persistent\":false}}"), 201);
  assert_string_equal(answer.body, "{\"name\":\"new\",\"path\":\"/d/new/\"}");
  assert_string_equal(header_of(&answer, "Location", value, sizeof value), "/d/new/");
  assert_string_equal(registry->name, "new");
  assert_string_equal(registry->address, "pattern:");
  assert_string_equal(registry->options, "fps=30,token=t\xc3\xa9,control=yes,persistent=no,");
  assert_int_equal(ask(rig, &answer, "GET /d/new/api/v1/desktop", RIG_BEARER, NULL), 503);
  assert_int_equal(post(rig, "{\"name\":\"new\",\"address\":\"pattern:\"}"), 409);
  assert_non_null(strstr(answer.body, "give this one another name"));
  assert_string_equal(registry->options, "");
  assert_int_equal(ask(rig, &answer, "DELETE /api/v1/desktops/desktop", ADMIN, NULL), 403);
  assert_non_null(strstr(answer.body, "it was not added"));
  assert_int_equal(ask(rig, &answer, "DELETE /api/v1/desktops/new", RIG_BEARER, NULL), 403);
  assert_non_null(strstr(answer.body, "this needs the admin token"));
  assert_int_equal(ask(rig, &answer, "DELETE /api/v1/desktops/new", ADMIN, NULL), 204);
  assert_int_equal(ask(rig, &answer, "DELETE /api/v1/desktops/new", ADMIN, NULL), 404);
  assert_int_equal(ask(rig, &answer, "GET /d/new/", "", NULL), 404);
  /* It opens nothing else, and begins no session. */
  assert_int_equal(ask(rig, &answer, "GET /api/v1/desktop", ADMIN, NULL), 403);
  assert_non_null(strstr(answer.body, "the admin token adds and removes desktops, and does nothing else"));
  assert_int_equal(ask(rig, &answer, "POST /session", "", "{\"token\":\"" RIG_ADMIN_TOKEN "\"}"), 401);
}

static void what_the_registry_says_is_the_answer(void **state) {
  struct registry *registry = *state;
  static const int rows[][2] = {{-EEXIST, 409}, {-EINVAL, 400}, {-ENOSPC, 507}, {-EPERM, 403}, {-EIO, 503}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    registry->status = rows[i][0];
    assert_int_equal(post(&registry->rig, "{\"name\":\"x\",\"address\":\"y\"}"), rows[i][1]);
    assert_string_equal(answer.body, "{\"error\":\"the registry's sentence\"}");
  }
  registry->status = 0;
}

static void orders_that_are_none_reach_nobody(void **state) {
  struct registry *registry = *state;
  static char many[4000];
  size_t used = (size_t)snprintf(many, sizeof many, "{\"name\":\"x\",\"address\":\"y\",\"options\":{");
  for (int i = 0; i < 33; i++)
    used += (size_t)snprintf(many + used, sizeof many - used, "%s\"a%c%c\":1", i ? "," : "", 'a' + i / 26,
                             'a' + i % 26);
  snprintf(many + used, sizeof many - used, "}}");
  const struct {
    const char *body, *words;
  } rows[] = {
    {"", "the body must be"},
    {"[]", "the body must be"},
    {"{\"name\":\"x\"}", "the body must be"},
    {"{\"name\":\"x\",\"address\":\"y\",\"more\":1}", "the body must be"},
    {"{\"name\":\"x\",\"name\":\"x\",\"address\":\"y\"}", "the body must be"},
    {"{\"name\":1,\"address\":\"y\"}", "\\\"name\\\" must be a text"},
    {"{\"name\":\"a\\nb\",\"address\":\"y\"}", "\\\"name\\\" must be a text"},
    {"{\"name\":\"x\",\"address\":\"\"}", "\\\"address\\\" must be a text"},
    {"{\"name\":\"x\",\"address\":\"a\\u0000b\"}", "the body must be"},
    {"{\"name\":\"x\",\"address\":\"y\",\"options\":[]}", "must be an object of at most 32"},
    {"{\"name\":\"x\",\"address\":\"y\",\"options\":{\"A\":1}}", "an option is a name of a-z"},
    {"{\"name\":\"x\",\"address\":\"y\",\"options\":{\"\":1}}", "an option is a name of a-z"},
    {"{\"name\":\"x\",\"address\":\"y\",\"options\":{\"a=b\":1}}", "an option is a name of a-z"},
    {"{\"name\":\"x\",\"address\":\"y\",\"options\":{\"a\":1.5}}", "an option is a name of a-z"},
    {"{\"name\":\"x\",\"address\":\"y\",\"options\":{\"a\":\"\\r\"}}", "an option is a name of a-z"},
    {many, "must be an object of at most 32"},
  };
  snprintf(registry->name, sizeof registry->name, "nobody");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    assert_int_equal(i * 1000 + (size_t)post(&registry->rig, rows[i].body), i * 1000 + 400);
    assert_non_null(strstr(answer.body, rows[i].words));
  }
  assert_string_equal(registry->name, "nobody");
}

static void nobody_is_administrator_without_a_token(void **state) {
  (void)state;
  struct rig rig = {.address = NULL};
  rig_start(&rig);
  assert_int_equal(ask(&rig, &answer, "POST /api/v1/desktops", RIG_BEARER, "{}"), 403);
  assert_int_equal(ask(&rig, &answer, "POST /api/v1/desktops", ADMIN, "{}"), 401);
  assert_int_equal(ask(&rig, &answer, "POST /api/v1/desktops", BEARER(""), "{}"), 401);
  rig_stop(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(list_is_of_what_one_may_open),
    cmocka_unit_test(list_says_who_controls),
    cmocka_unit_test(metrics_name_the_desktop_where_there_are_several),
    cmocka_unit_test(administrator_adds_and_removes),
    cmocka_unit_test(what_the_registry_says_is_the_answer),
    cmocka_unit_test(orders_that_are_none_reach_nobody),
    cmocka_unit_test(nobody_is_administrator_without_a_token),
  };
  return cmocka_run_group_tests(tests, setup, rig_teardown);
}
