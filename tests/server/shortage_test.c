/* SPDX-License-Identifier: MIT
 *
 * A server without memory or descriptors: the linker puts this file's allocators in the place of the C library's, in
 * all that is linked statically, and of what is allocated to make a server, or by the loop's thread for a client, each
 * piece fails once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "rig.h"
#include "wire/viewer.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);

static _Thread_local unsigned left; /* allocations up to the one that fails; 0 = none does */

static bool fails(void) {
  return left && !--left;
}

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : __real_calloc(count, size);
}

static struct answer answer;
static struct frame frame;

static void arm(struct rig *rig, void *argument) {
  unsigned *number = argument, before = left;
  (void)rig;
  left = *number;
  *number = before;
}

/** The n-th allocation fails from here on; returns how many were left to it, 0 = it has failed. */
static unsigned let_fail(struct rig *rig, unsigned number) {
  rig_call(rig, arm, &number);
  return number;
}

static int setup(void **state) {
  struct rig *rig = calloc(1, sizeof *rig);
  rig->address = "pattern:?size=64x64&fps=1&scene=static";
  rig_start(rig);
  *state = rig;
  return 0;
}

static bool nobody(const struct oriel_server_stats *stats) {
  return stats->connections_now == 0 && stats->viewers_now == 0;
}

/* It has no record, so no time limit would ever end it. */
static void connection_without_memory_is_closed(void **state) {
  struct rig *rig = *state;
  char byte;
  let_fail(rig, 1);
  int fd = dial(rig);
  assert_int_equal(recv(fd, &byte, 1, 0), 0);
  assert_int_equal(let_fail(rig, 0), 0);
  close(fd);
}

/** A visit as a whole; true when all of it worked. */
static bool visit(const struct rig *rig) {
  char text[1024];
  bool well = ask(rig, &answer, "GET /api/v1/desktop", RIG_BEARER, NULL) == 200;
  int fd = dial(rig);
  send_text(fd, "%s", ws_handshake(rig, text, sizeof text));
  size_t size = 0;
  while (size < sizeof text - 1 && recv(fd, text + size, 1, 0) == 1) {
    text[++size] = '\0';
    if (size >= 4 && memcmp(text + size - 4, "\r\n\r\n", 4) == 0)
      break;
  }
  if (well && size > 13 && strncmp(text, "HTTP/1.1 101 ", 13) == 0) {
    ws_hello(fd, true);
    well = ws_until(fd, &frame, ORIEL_VIEWER_ROLE);
  } else {
    well = false;
  }
  close(fd);
  return well;
}

/* Whatever fails, the client is told or the connection ends, and the next visit works. */
static void visit_without_memory(void **state) {
  struct rig *rig = *state;
  unsigned failed = 0;
  for (unsigned number = 1;; number++) {
    let_fail(rig, number);
    bool well = visit(rig);
    if (let_fail(rig, 0)) {
      assert_true(well);
      break;
    }
    failed++;
    assert_true(visit(rig));
    assert_true(rig_until(rig, nobody, 10000));
  }
  assert_in_range(failed, 6, 100);
}

enum { ANY_NUMBER = 1000 };

/** Makes a server in a loop of its own, with a failing allocation (0 = none) or few descriptors, and ends it, or what
 *  there is of it; nothing may be left then. True when it was made; *unused = how many allocations were left to the one
 *  that fails. */
static bool make_and_end(unsigned failing, unsigned descriptors, unsigned *unused) {
  const struct oriel_server_config config = {
    .listen = "127.0.0.1:0", .token = RIG_TOKEN, .view_token = RIG_VIEW_TOKEN, .auth_fail_limit = 1,
    .auth_fail_window_s = 1};
  struct oriel_server *server = NULL;
  char why[256] = "";
  const unsigned before = rig_descriptors();
  struct rlimit usual, few;
  uv_loop_t loop;
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
  few = usual;
  if (descriptors != ANY_NUMBER)
    few.rlim_cur = rig_descriptors() - 3 + descriptors; /* not counted: two folders' names, and the count's own */
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
  left = failing;
  const int status = oriel_server_create(&loop, &config, &server, why, sizeof why);
  *unused = left;
  left = 0;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &usual), 0);
  assert_int_equal(status < 0, why[0] != '\0');
  if (status == 0)
    oriel_server_close(server, NULL, NULL);
  assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
  assert_int_equal(uv_loop_close(&loop), 0);
  assert_int_equal(rig_descriptors(), before);
  return status == 0;
}

static void server_without_memory_leaves_nothing(void **state) {
  unsigned number = 1, unused;
  (void)state;
  while (!make_and_end(number, ANY_NUMBER, &unused)) {
    assert_int_equal(unused, 0);
    number++;
  }
  assert_int_not_equal(unused, 0);
  assert_in_range(number, 4, 100);
}

/* The first that is missing is the listening socket's, then those of libmicrohttpd, when handles are open already. */
static void server_without_descriptors_leaves_nothing(void **state) {
  unsigned descriptors = 0, unused;
  (void)state;
  while (!make_and_end(0, descriptors, &unused))
    descriptors++;
  assert_in_range(descriptors, 2, 20);
}

/** The first loop of a process opens a pipe for signals, which stays. */
static int first_loop(void **state) {
  uv_loop_t loop;
  (void)state;
  return uv_loop_init(&loop) == 0 && uv_loop_close(&loop) == 0 ? 0 : -1;
}

int main(void) {
  const struct CMUnitTest makes[] = {
    cmocka_unit_test(server_without_memory_leaves_nothing),
    cmocka_unit_test(server_without_descriptors_leaves_nothing),
  };
  const struct CMUnitTest visits[] = {
    cmocka_unit_test(connection_without_memory_is_closed),
    cmocka_unit_test(visit_without_memory),
  };
  const int failed = cmocka_run_group_tests(makes, first_loop, NULL);
  return failed + cmocka_run_group_tests(visits, setup, rig_teardown);
}
