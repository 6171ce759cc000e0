/* SPDX-License-Identifier: MIT
 *
 * The runtime directory: ours alone, cleaned, locked, and its path short enough (lesson 40).
 */
#include "fixture.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "vm/runtime.h"

static int listen_on(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(strlen(path) < sizeof address.sun_path);
  memcpy(address.sun_path, path, strlen(path) + 1);
  assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
  assert_int_equal(listen(fd, 1), 0);
  return fd;
}

static int set_up(void **state) {
  const int result = make_scratch(state);
  setenv("XDG_RUNTIME_DIR", scratch, 1);
  unsetenv("RUNTIME_DIRECTORY");
  return result;
}

static void runtime_is_private_and_goes_without_trace(void **state) {
  (void)state;
  struct oriel_runtime runtime;
  char why[512] = "";
  struct stat info;
  assert_int_equal(oriel_runtime_open(NULL, "one", &runtime, why, sizeof why), 0);
  assert_string_equal(runtime.directory, in_scratch("oriel/one"));
  assert_int_equal(stat(runtime.directory, &info), 0);
  assert_int_equal(info.st_mode & 0777, 0700);
  write_file(runtime.log, "x", 1, 0600);
  oriel_runtime_remove(&runtime);
  assert_int_equal(access(in_scratch("oriel/one"), F_OK), -1);
  oriel_runtime_remove(&runtime); /* twice is fine */
}

static void runtime_without_xdg_is_below_tmp(void **state) {
  (void)state;
  struct oriel_runtime runtime;
  char why[512] = "", parent[64], name[32];
  snprintf(name, sizeof name, "test-%d", (int)getpid());
  snprintf(parent, sizeof parent, "/tmp/oriel-%u/%s", (unsigned)geteuid(), name);
  unsetenv("XDG_RUNTIME_DIR");
  assert_int_equal(oriel_runtime_open(NULL, name, &runtime, why, sizeof why), 0);
  assert_string_equal(runtime.directory, parent);
  oriel_runtime_remove(&runtime);
  assert_int_equal(access(parent, F_OK), -1);
}

static void runtime_of_others_is_refused(void **state) {
  (void)state;
  struct oriel_runtime runtime;
  char why[512] = "";
  assert_int_equal(mkdir(in_scratch("open"), 0700), 0);
  assert_int_equal(chmod(in_scratch("open"), 0755), 0);
  assert_int_equal(oriel_runtime_open(in_scratch("open"), "x", &runtime, why, sizeof why), -EPERM);
  assert_non_null(strstr(why, in_scratch("open")));
  assert_non_null(strstr(why, "0700"));
  assert_int_equal(mkdir(in_scratch("target"), 0700), 0);
  assert_int_equal(symlink(in_scratch("target"), in_scratch("link")), 0);
  assert_int_equal(oriel_runtime_open(in_scratch("link"), "x", &runtime, why, sizeof why), -EPERM);
  write_file(in_scratch("file"), "", 0, 0600);
  assert_int_equal(oriel_runtime_open(in_scratch("file"), "x", &runtime, why, sizeof why), -EPERM);
}

static void runtime_with_a_long_path_is_refused(void **state) {
  (void)state;
  struct oriel_runtime runtime;
  char why[512] = "", name[65];
  memset(name, 'n', 64);
  name[64] = '\0';
  /* 64 + the scratch directory + "/oriel/" + "/qmp.sock" is above 107 bytes only with this much more */
  char deep[128];
  snprintf(deep, sizeof deep, "%s/%.*s", scratch, 30, "dddddddddddddddddddddddddddddd");
  assert_int_equal(mkdir(deep, 0700), 0);
  setenv("XDG_RUNTIME_DIR", deep, 1);
  assert_int_equal(oriel_runtime_open(NULL, name, &runtime, why, sizeof why), -ENAMETOOLONG);
  assert_non_null(strstr(why, "107 bytes"));
  assert_int_equal(access(in_scratch("oriel"), F_OK), -1); /* refused before anything was made */
  /* The longest that fits: directory + "/qmp.sock" is 107 bytes. */
  char edge[128];
  memset(edge, 'e', sizeof edge);
  memcpy(edge, scratch, strlen(scratch));
  edge[strlen(scratch)] = '/';
  edge[107 - 9] = '\0';
  assert_int_equal(oriel_runtime_open(edge, "x", &runtime, why, sizeof why), 0);
  assert_int_equal(strlen(runtime.qmp), 107);
  const int fd = listen_on(runtime.qmp);
  assert_true(oriel_runtime_answers(runtime.qmp));
  close(fd);
  oriel_runtime_remove(&runtime);
  edge[107 - 9] = 'e';
  edge[107 - 8] = '\0';
  assert_int_equal(oriel_runtime_open(edge, "x", &runtime, why, sizeof why), -ENAMETOOLONG);
}

static void runtime_leftovers_of_a_dead_run_go(void **state) {
  (void)state;
  struct oriel_runtime runtime;
  char why[512] = "";
  assert_int_equal(mkdir(in_scratch("dead"), 0700), 0);
  close(listen_on(in_scratch("dead/qmp.sock"))); /* nobody listens any more, the file stays */
  write_file(in_scratch("dead/qemu.log"), "old", 3, 0600);
  assert_int_equal(oriel_runtime_open(in_scratch("dead"), "x", &runtime, why, sizeof why), 0);
  assert_int_equal(access(in_scratch("dead/qmp.sock"), F_OK), -1);
  assert_int_equal(access(in_scratch("dead/qemu.log"), F_OK), -1);
  oriel_runtime_remove(&runtime);
}

static void runtime_of_a_running_vm_is_left_alone(void **state) {
  (void)state;
  struct oriel_runtime runtime, second;
  char why[512] = "";
  assert_int_equal(mkdir(in_scratch("live"), 0700), 0);
  const int fd = listen_on(in_scratch("live/qmp.sock"));
  assert_int_equal(oriel_runtime_open(in_scratch("live"), "x", &runtime, why, sizeof why), -EALREADY);
  assert_non_null(strstr(why, "oriel serve qemu:"));
  assert_non_null(strstr(why, in_scratch("live/qmp.sock")));
  assert_int_equal(oriel_runtime_open(in_scratch("live"), "x", &second, why, sizeof why), -EBUSY); /* it is locked */
  oriel_runtime_leave(&runtime);
  assert_int_equal(access(in_scratch("live/qmp.sock"), F_OK), 0);
  assert_int_equal(oriel_runtime_open(in_scratch("live"), "x", &second, why, sizeof why), -EALREADY);
  oriel_runtime_leave(&second);
  close(fd);
}

static void runtime_of_a_service_manager_comes_first(void **state) {
  (void)state;
  struct oriel_runtime runtime;
  char why[512] = "", several[512];
  assert_int_equal(mkdir(in_scratch("managed"), 0755), 0); /* as systemd makes it; only ours inside is closed */
  snprintf(several, sizeof several, "%s:/run/another", in_scratch("managed"));
  setenv("RUNTIME_DIRECTORY", several, 1);
  assert_int_equal(oriel_runtime_open(NULL, "one", &runtime, why, sizeof why), 0);
  unsetenv("RUNTIME_DIRECTORY");
  assert_string_equal(runtime.directory, in_scratch("managed/one"));
  oriel_runtime_remove(&runtime);
  assert_int_equal(access(in_scratch("managed/one"), F_OK), -1);
  assert_int_equal(access(in_scratch("managed"), F_OK), 0);
}

static void runtime_is_used_by_one_at_a_time(void **state) {
  (void)state;
  struct oriel_runtime first, second;
  char why[512] = "";
  assert_int_equal(oriel_runtime_open(NULL, "same", &first, why, sizeof why), 0);
  assert_int_equal(oriel_runtime_open(NULL, "same", &second, why, sizeof why), -EBUSY);
  oriel_runtime_remove(&first);
  assert_int_equal(oriel_runtime_open(NULL, "same", &second, why, sizeof why), 0);
  oriel_runtime_remove(&second);
}

static void runtime_keeps_files_of_others(void **state) {
  (void)state;
  struct oriel_runtime runtime;
  char why[512] = "";
  assert_int_equal(oriel_runtime_open(NULL, "kept", &runtime, why, sizeof why), 0);
  write_file(in_scratch("oriel/kept/mine.txt"), "x", 1, 0600);
  oriel_runtime_remove(&runtime);
  assert_int_equal(access(in_scratch("oriel/kept/mine.txt"), F_OK), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(runtime_is_private_and_goes_without_trace, set_up, remove_scratch),
    cmocka_unit_test_setup_teardown(runtime_without_xdg_is_below_tmp, set_up, remove_scratch),
    cmocka_unit_test_setup_teardown(runtime_of_others_is_refused, set_up, remove_scratch),
    cmocka_unit_test_setup_teardown(runtime_with_a_long_path_is_refused, set_up, remove_scratch),
    cmocka_unit_test_setup_teardown(runtime_leftovers_of_a_dead_run_go, set_up, remove_scratch),
    cmocka_unit_test_setup_teardown(runtime_of_a_running_vm_is_left_alone, set_up, remove_scratch),
    cmocka_unit_test_setup_teardown(runtime_of_a_service_manager_comes_first, set_up, remove_scratch),
    cmocka_unit_test_setup_teardown(runtime_is_used_by_one_at_a_time, set_up, remove_scratch),
    cmocka_unit_test_setup_teardown(runtime_keeps_files_of_others, set_up, remove_scratch),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
