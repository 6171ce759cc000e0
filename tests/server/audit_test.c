/* SPDX-License-Identifier: MIT
 *
 * The audit trail of a real server as a whole: every line that a stay of three viewers makes, and no other. What stands
 * in docs/security.md for fail2ban is tried on these lines.
 */
#include <netinet/in.h>
#include <poll.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "page.h"
#include "wire/viewer.h"

enum { LINES_MAX = 64, LINE_SIZE = 512, PATIENCE_MS = 10000, DATE_SIZE = 19 };

static struct answer answer;
static const char *security_md;

/* ---- the log ---- */

static struct {
  int fd, stderr_copy; /* the pipe that stands in standard error's place */
  char rest[LINE_SIZE];
  size_t count;
  char lines[LINES_MAX][LINE_SIZE];
} trail;

static int trail_begin(void **state) {
  int pair[2];
  (void)state;
  assert_int_equal(pipe(pair), 0);
  trail.count = 0;
  trail.fd = pair[0];
  trail.stderr_copy = dup(STDERR_FILENO);
  assert_int_equal(dup2(pair[1], STDERR_FILENO), STDERR_FILENO);
  close(pair[1]);
  return 0;
}

/** Also after a failure, whose words are in the pipe then. */
static int trail_end(void **state) {
  char rest[4096];
  (void)state;
  if (trail.fd < 0)
    return 0;
  dup2(trail.stderr_copy, STDERR_FILENO); /* the last writer of the pipe: it ends */
  for (ssize_t size; (size = read(trail.fd, rest, sizeof rest)) > 0;)
    (void)!write(STDERR_FILENO, rest, (size_t)size);
  close(trail.stderr_copy);
  close(trail.fd);
  trail.fd = -1;
  return 0;
}

/** Takes what the log says next: of audit lines, their text without the time. False when nothing comes. */
static bool trail_read(int limit_ms) {
  struct pollfd ready = {.fd = trail.fd, .events = POLLIN};
  if (poll(&ready, 1, limit_ms) <= 0)
    return false;
  size_t size = strlen(trail.rest);
  ssize_t got = read(trail.fd, trail.rest + size, sizeof trail.rest - 1 - size);
  trail.rest[size + (got > 0 ? (size_t)got : 0)] = '\0';
  for (char *end; (end = strchr(trail.rest, '\n'));) {
    *end = '\0';
    if (strstr(trail.rest, " audit: ") && trail.count < LINES_MAX)
      snprintf(trail.lines[trail.count++], LINE_SIZE, "%s", trail.rest);
    memmove(trail.rest, end + 1, strlen(end + 1) + 1);
  }
  return got > 0;
}

/** Waits until a line says this. */
static void trail_await(const char *words) {
  for (;;) {
    for (size_t i = 0; i < trail.count; i++)
      if (strstr(trail.lines[i], words))
        return;
    if (!trail_read(PATIENCE_MS))
      fail_msg("no line says: %s", words);
  }
}

/* ---- the stay ---- */

static void try_token_from(const struct rig *rig, uint32_t host) {
  const char *body = "{\"token\":\"wrong\"}";
  int fd = dial_from(rig, host, 0);
  send_text(fd, "POST /session HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Length: %zu\r\n\r\n%s", rig->port, strlen(body),
            body);
  read_answer(fd, &answer);
  close(fd);
}

static void call_oneself(int fd, const char *name) {
  uint8_t message[64] = {ORIEL_VIEWER_NAME};
  const size_t size = strlen(name);
  message[4] = (uint8_t)size;
  memcpy(message + 6, name, size);
  ws_send(fd, true, 2, message, 6 + size);
}

/** Everything that is to be on record; leaves nobody behind. */
static void stay(struct rig *rig) {
  char first[PAGE_HEADERS_MAX], second[PAGE_HEADERS_MAX], watching[PAGE_HEADERS_MAX];
  page_login(rig, RIG_TOKEN, first, sizeof first);
  page_login(rig, RIG_VIEW_TOKEN, watching, sizeof watching);
  try_token_from(rig, INADDR_LOOPBACK + 8);
  ask(rig, &answer, "GET /metrics", "Authorization: Bearer wrong\r\n", NULL);
  int one = page_join(rig, first, true);
  call_oneself(one, "a\" address=8.8.8.8");
  int two = page_join(rig, watching, true);
  page_login(rig, RIG_TOKEN, second, sizeof second);
  int three = page_join(rig, second, true); /* the newest takes the controls */
  trail_await("controls-lost");
  ask(rig, &answer, "POST /api/v1/desktop/pause", second, NULL);
  ask(rig, &answer, "POST /api/v1/desktop/pause", first, NULL);
  ask(rig, &answer, "POST /api/v1/desktop/pause", watching, NULL);
  ask(rig, &answer, "POST /api/v1/desktop/resume", RIG_BEARER, NULL);
  close(three);
  trail_await("left address=127.0.0.1 viewer=3");
  trail_await("controls-taken address=127.0.0.1 viewer=1 name=\"a?"); /* they come back */
  ask(rig, &answer, "DELETE /session", first, NULL);
  trail_await("left address=127.0.0.1 viewer=1");
  close(one);
  close(two);
  trail_await("left address=127.0.0.1 viewer=2");
}

static const char *const expected[] = {
  "command address=127.0.0.1 role=controller command=pause result=passed-on",
  "command address=127.0.0.1 role=script command=resume result=passed-on",
  "controls-lost address=127.0.0.1 viewer=1 name=\"a? address?8.8.8.8\"",
  "controls-taken address=127.0.0.1 viewer=1 name=\"Viewer 1\"",
  "controls-taken address=127.0.0.1 viewer=1 name=\"a? address?8.8.8.8\"",
  "controls-taken address=127.0.0.1 viewer=3 name=\"Viewer 3\"",
  "joined address=127.0.0.1 viewer=1 role=user",
  "joined address=127.0.0.1 viewer=2 role=watcher",
  "joined address=127.0.0.1 viewer=3 role=user",
  "left address=127.0.0.1 viewer=1 role=controller seconds=# reason=20 name=\"a? address?8.8.8.8\"",
  "left address=127.0.0.1 viewer=2 role=watcher seconds=# reason=0 name=\"Viewer 2\"",
  "left address=127.0.0.1 viewer=3 role=controller seconds=# reason=0 name=\"Viewer 3\"",
  "log-in address=127.0.0.1 role=user",
  "log-in address=127.0.0.1 role=user",
  "log-in address=127.0.0.1 role=watcher",
  "log-out address=127.0.0.1 role=controller",
  "refused address=127.0.0.1 role=user at=/api/v1/desktop/pause",
  "refused address=127.0.0.1 role=watcher at=/api/v1/desktop/pause",
  "wrong-token address=127.0.0.1 at=/metrics",
  "wrong-token address=127.0.0.9 at=/session",
};
enum { EXPECTED = sizeof expected / sizeof *expected };

static int by_text(const void *a, const void *b) {
  return strcmp(a, b);
}

/** What follows "audit: ", seconds left out. */
static void plain(const char *line, char out[LINE_SIZE]) {
  snprintf(out, LINE_SIZE, "%s", strstr(line, " audit: ") + 8);
  char *seconds = strstr(out, " seconds=");
  if (!seconds)
    return;
  seconds += 9;
  const size_t digits = strspn(seconds, "0123456789");
  assert_in_range(digits, 1, 3);
  *seconds = '#';
  memmove(seconds + 1, seconds + digits, strlen(seconds + digits) + 1);
}

static void compare_lines(void) {
  static char found[LINES_MAX][LINE_SIZE];
  regex_t form;
  assert_int_equal(regcomp(&form, "^[0-9]{4}(-[0-9]{2}){2}T([0-9]{2}:){2}[0-9]{2}\\.[0-9]{3}Z info audit: [a-z-]+ address=",
                           REG_EXTENDED | REG_NOSUB), 0);
  for (size_t i = 0; i < trail.count; i++) {
    assert_int_equal(regexec(&form, trail.lines[i], 0, NULL, 0), 0);
    plain(trail.lines[i], found[i]);
  }
  regfree(&form);
  qsort(found, trail.count, sizeof *found, by_text);
  for (size_t i = 0; i < trail.count && i < EXPECTED; i++)
    assert_string_equal(found[i], expected[i]);
  assert_int_equal(trail.count, EXPECTED);
}

/* ---- fail2ban ---- */

/** The failregex of the documentation as POSIX has it. Python's \d, \S and \s are written out, groups are plain. */
static void documented_filter(char out[1024]) {
  static const struct {
    const char *from, *to;
  } words[] = {{"(?:", "("}, {"\\d", "[0-9]"}, {"\\S", "[^ ]"}, {"\\s", "[ ]"}, {"<ADDR>", "([0-9a-f.:]+)"}};
  char line[1024] = "";
  FILE *file = fopen(security_md, "re");
  assert_non_null(file);
  while (fgets(line, sizeof line, file) && !strstr(line, "failregex = ")) {
  }
  fclose(file);
  const char *at = strstr(line, "failregex = ");
  assert_non_null(at);
  size_t size = 0;
  for (at += 12; *at && *at != '\n';) {
    size_t step = 1, i = 0;
    for (; i < sizeof words / sizeof *words && strncmp(at, words[i].from, strlen(words[i].from)) != 0; i++) {
    }
    if (i < sizeof words / sizeof *words) {
      size += (size_t)snprintf(out + size, 1024 - size, "%s", words[i].to);
      step = strlen(words[i].from);
    } else {
      out[size++] = *at;
    }
    at += step;
    assert_true(size < 1000);
  }
  out[size] = '\0';
}

/** How often the filter matches, with the address that it finds in the last group. */
static unsigned matches(const regex_t *filter, const char *before, size_t cut, char last[64]) {
  regmatch_t groups[4];
  unsigned count = 0;
  for (size_t i = 0; i < trail.count; i++) {
    char line[LINE_SIZE + 64];
    snprintf(line, sizeof line, "%s%s", before, trail.lines[i] + cut);
    if (regexec(filter, line, 3, groups, 0) != 0)
      continue;
    snprintf(last, 64, "%.*s", (int)(groups[2].rm_eo - groups[2].rm_so), line + groups[2].rm_so);
    count++;
  }
  return count;
}

static void try_filter(void) {
  char pattern[1024], address[64] = "";
  regex_t filter;
  documented_filter(pattern);
  assert_int_equal(regcomp(&filter, pattern, REG_EXTENDED), 0);
  /* fail2ban takes out the date that it found: of a file's line, or of the journal's own, in front of the program. */
  assert_int_equal(matches(&filter, "", DATE_SIZE, address), 2);
  assert_true(strcmp(address, "127.0.0.9") == 0 || strcmp(address, "127.0.0.1") == 0);
  assert_int_equal(matches(&filter, " desk oriel[4711]: ", 0, address), 2);
  regfree(&filter);
}

/* Who came and went, who had the controls and who commanded the machine: these lines, and no other. */
static void audit_of_a_stay(void **state) {
  (void)state;
  struct rig rig = {.address = "pattern:?size=320x240&scene=static", .config = {.view_token = RIG_VIEW_TOKEN}};
  rig_start(&rig);
  stay(&rig);
  rig_stop(&rig);
  while (trail_read(0)) {
  }
  trail_end(NULL);
  compare_lines();
  try_filter();
}

/* Where a client names a desktop, as it has to where there are several, the lines do, too. */
static void audit_names_the_desktop(void **state) {
  (void)state;
  struct rig rig = {.address = "pattern:?size=320x240&scene=static", .below = "/d/" RIG_DESKTOP};
  char page[PAGE_HEADERS_MAX];
  rig_start(&rig);
  assert_int_equal(ask(&rig, &answer, "POST /d/desktop/session", "", "{\"token\":\"wrong\"}"), 401);
  page_login(&rig, RIG_TOKEN, page, sizeof page);
  int fd = page_join(&rig, page, true);
  ask(&rig, &answer, "POST /api/v1/desktops/desktop/pause", page, NULL);
  close(fd);
  trail_await("left address=127.0.0.1 desktop=desktop viewer=1 role=controller");
  rig_stop(&rig);
  trail_await("wrong-token address=127.0.0.1 at=/d/desktop/session");
  trail_await("log-in address=127.0.0.1 desktop=desktop role=user");
  trail_await("joined address=127.0.0.1 desktop=desktop viewer=1 role=user");
  trail_await("controls-taken address=127.0.0.1 desktop=desktop viewer=1 name=\"Viewer 1\"");
  trail_await("command address=127.0.0.1 desktop=desktop role=controller command=pause");
  trail_end(NULL);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(audit_of_a_stay, trail_begin, trail_end),
                                     cmocka_unit_test_setup_teardown(audit_names_the_desktop, trail_begin, trail_end)};
  if (argc != 2)
    return 2;
  security_md = argv[1];
  return cmocka_run_group_tests(tests, NULL, NULL);
}
