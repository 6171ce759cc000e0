/* SPDX-License-Identifier: MIT
 *
 * Children get nothing of ours and end in time.
 */
#include "fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "core/clock.h"
#include "vm/child.h"

static void child_prints_and_ends(void **state) {
  (void)state;
  char output[64];
  int status = -1;
  char *const argv[] = {(char *)write_script("hello", "echo one; echo two >&2; exit 3"), NULL};
  assert_int_equal(oriel_child_run(argv, 5000, output, sizeof output, &status), 0);
  assert_string_equal(output, "one\ntwo\n");
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 3);
}

static void child_that_talks_much_is_cut(void **state) {
  (void)state;
  char output[16];
  int status = -1;
  char *const argv[] = {
      (char *)write_script("much", "i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done"), NULL};
  assert_int_equal(oriel_child_run(argv, 10000, output, sizeof output, &status), 0);
  assert_int_equal(strlen(output), sizeof output - 1);
  assert_true(WIFEXITED(status));
}

static bool runs(int pid) {
  char path[64], line[256] = "";
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "re");
  if (file == NULL)
    return false;
  const bool readable = fgets(line, sizeof line, file) != NULL;
  fclose(file);
  return readable && strstr(line, ") Z") == NULL;
}

static void child_that_hangs_is_killed_with_its_children(void **state) {
  (void)state;
  char output[64], text[256];
  int status = 0;
  snprintf(text, sizeof text, "sleep 600 & echo $! > %s; wait", in_scratch("pid"));
  char *const argv[] = {(char *)write_script("hang", text), NULL};
  const uint64_t before = oriel_clock_ns();
  assert_int_equal(oriel_child_run(argv, 300, output, sizeof output, &status), -ETIMEDOUT);
  assert_true(oriel_clock_ns() - before < 2 * ORIEL_NS_PER_SECOND);
  FILE *file = fopen(in_scratch("pid"), "re");
  int pid = 0;
  assert_non_null(file);
  assert_int_equal(fscanf(file, "%d", &pid), 1);
  fclose(file);
  /* Soon the grandchild is a zombie that its new parent has not reaped, or gone. */
  const uint64_t deadline = oriel_clock_ns() + 5 * ORIEL_NS_PER_SECOND;
  while (runs(pid) && oriel_clock_ns() < deadline)
    usleep(1000);
  assert_false(runs(pid));
}

static void child_inherits_no_descriptor_and_no_secret(void **state) {
  (void)state;
  char output[4096];
  int status = -1;
  const int leak = open("/etc/hostname", O_RDONLY); /* without O_CLOEXEC on purpose */
  assert_true(leak >= 0);
  setenv("ORIEL_TOKEN", "secret-of-the-test", 1);
  signal(SIGPIPE, SIG_IGN);
  char *const argv[] = {
    (char *)write_script("look", "ls -l /proc/$$/fd; env | grep ^ORIEL_; grep SigIgn /proc/$$/status; "
                                 "[ \"$(cut -d' ' -f6 /proc/$$/stat)\" = $$ ] && echo own-session"), NULL};
  assert_int_equal(oriel_child_run(argv, 5000, output, sizeof output, &status), 0);
  signal(SIGPIPE, SIG_DFL);
  unsetenv("ORIEL_TOKEN");
  close(leak);
  assert_null(strstr(output, "/etc/hostname"));
  assert_null(strstr(output, "secret-of-the-test"));
  const char *ignored = strstr(output, "SigIgn:\t");
  assert_non_null(ignored);
  /* 32 and 33 are glibc's own: nobody can set them, and a test runner may hand them down ignored. */
  assert_int_equal(strtoull(ignored + 8, NULL, 16) & ~(3ull << 31), 0);
  assert_non_null(strstr(output, "own-session"));
}

static void child_missing_program_is_told(void **state) {
  (void)state;
  char output[16];
  int status = 0;
  char *const missing[] = {(char *)in_scratch("no-such"), NULL};
  assert_int_equal(oriel_child_run(missing, 1000, output, sizeof output, &status), -ENOENT);
  write_file(in_scratch("plain"), "x", 1, 0644);
  char *const plain[] = {(char *)in_scratch("plain"), NULL};
  assert_int_equal(oriel_child_run(plain, 1000, output, sizeof output, &status), -EACCES);
}

static void find_looks_through_path(void **state) {
  (void)state;
  char path[256], saved[8192];
  snprintf(saved, sizeof saved, "%s", getenv("PATH"));
  write_script("tool", "exit 0");
  char value[512];
  snprintf(value, sizeof value, "/no/such/place::%s", scratch);
  setenv("PATH", value, 1);
  assert_int_equal(oriel_child_find("tool", path, sizeof path), 0);
  assert_string_equal(path, in_scratch("tool"));
  assert_int_equal(oriel_child_find("tool-two", path, sizeof path), -ENOENT);
  assert_int_equal(oriel_child_find("tool", path, 4), -ENAMETOOLONG);
  assert_int_equal(oriel_child_find(scratch, path, sizeof path), -ENOENT); /* a directory is no program */
  setenv("PATH", saved, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(child_prints_and_ends),
    cmocka_unit_test(child_that_talks_much_is_cut),
    cmocka_unit_test(child_that_hangs_is_killed_with_its_children),
    cmocka_unit_test(child_inherits_no_descriptor_and_no_secret),
    cmocka_unit_test(child_missing_program_is_told),
    cmocka_unit_test(find_looks_through_path),
  };
  return cmocka_run_group_tests(tests, make_scratch, remove_scratch);
}
