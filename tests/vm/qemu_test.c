/* SPDX-License-Identifier: MIT
 *
 * Starting and stopping: with the real QEMU under TCG, and with scripts that fail as a QEMU may.
 */
#include "fixture.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>

#include "core/clock.h"
#include "vm/child.h"
#include "vm/qemu.h"
#include "vm/runtime.h"

static int set_up(void **state) {
  const int result = make_scratch(state);
  setenv("XDG_RUNTIME_DIR", scratch, 1);
  unsetenv("RUNTIME_DIRECTORY");
  unsetenv("ORIEL_QEMU");
  return result;
}

static int tear_down(void **state) {
  unsetenv("ORIEL_QEMU");
  return remove_scratch(state);
}

/** A disk whose boot sector sleeps: cli; hlt; jmp. */
static const char *sleeping_disk(void) {
  uint8_t sector[512] = {0xFA, 0xF4, 0xEB, 0xFD};
  sector[510] = 0x55;
  sector[511] = 0xAA;
  const char *path = in_scratch("disk.img");
  write_file(path, sector, sizeof sector, 0600);
  return path;
}

static struct oriel_qemu_config config_for(const char *disk) {
  return (struct oriel_qemu_config){
    .disk = disk, .cpus = 1, .memory_mib = 64, .width = 640, .height = 480, .accel = ORIEL_ACCEL_TCG, .name = "test",
    .network = ORIEL_NETWORK_NONE,
  };
}

static struct oriel_qemu *start(void) {
  struct oriel_qemu *vm = NULL;
  char why[512] = "";
  const struct oriel_qemu_config config = config_for(sleeping_disk());
  const int result = oriel_qemu_start(&config, &vm, why, sizeof why);
  if (result < 0)
    fail_msg("%s", why);
  return vm;
}

static bool wait_for_end(struct oriel_qemu *vm) {
  const uint64_t deadline = oriel_clock_ns() + 10 * ORIEL_NS_PER_SECOND;
  while (oriel_qemu_alive(vm) && oriel_clock_ns() < deadline)
    usleep(1000);
  return !oriel_qemu_alive(vm);
}

static void qemu_starts_and_goes_without_trace(void **state) {
  (void)state;
  const int leak = open("/etc/hostname", O_RDONLY); /* without O_CLOEXEC on purpose */
  struct oriel_qemu *vm = start();
  close(leak);
  assert_true(oriel_qemu_alive(vm));
  assert_int_equal(oriel_qemu_accel(vm), ORIEL_ACCEL_TCG);
  assert_string_equal(oriel_qemu_qmp_path(vm), in_scratch("oriel/test/qmp.sock"));
  assert_true(oriel_runtime_answers(oriel_qemu_qmp_path(vm)));
  const pid_t pid = oriel_qemu_pid(vm);
  assert_int_equal(getsid(pid), pid); /* the terminal's Ctrl-C is not for it */
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
  DIR *directory = opendir(path);
  assert_non_null(directory);
  for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
    char link[512], target[256] = "";
    snprintf(link, sizeof link, "%s/%s", path, entry->d_name);
    if (readlink(link, target, sizeof target - 1) > 0)
      assert_null(strstr(target, "/etc/hostname"));
  }
  closedir(directory);
  oriel_qemu_stop(vm, 2000);
  assert_int_equal(kill(pid, 0), -1);
  assert_int_equal(access(in_scratch("oriel/test"), F_OK), -1);
}

struct taker {
  const char *path;
  int fd;
};

/** Connects to QEMU's QMP socket as soon as there is one, and stays. */
static void *take_the_monitor(void *user) {
  struct taker *taker = user;
  const uint64_t deadline = oriel_clock_ns() + 10 * ORIEL_NS_PER_SECOND;
  while ((taker->fd = oriel_runtime_connect(taker->path)) < 0 && oriel_clock_ns() < deadline)
    usleep(100);
  return NULL;
}

/* A desktop that waits for its VM to come back is often served before who starts it again. */
static void qemu_whose_monitor_is_taken_has_started(void **state) {
  (void)state;
  char path[256];
  struct taker taker = {.path = path, .fd = -1};
  pthread_t thread;
  snprintf(path, sizeof path, "%s", in_scratch("oriel/test/qmp.sock"));
  assert_int_equal(pthread_create(&thread, NULL, take_the_monitor, &taker), 0);
  struct oriel_qemu *vm = start();
  pthread_join(thread, NULL);
  assert_true(taker.fd >= 0);
  assert_true(oriel_qemu_alive(vm));
  close(taker.fd);
  oriel_qemu_stop(vm, 2000);
}

static void qemu_of_the_same_name_is_refused(void **state) {
  (void)state;
  struct oriel_qemu *vm = start(), *second = NULL;
  char why[512] = "";
  const struct oriel_qemu_config config = config_for(in_scratch("disk.img"));
  assert_int_equal(oriel_qemu_start(&config, &second, why, sizeof why), -EBUSY);
  assert_non_null(strstr(why, "test"));
  assert_true(oriel_qemu_alive(vm));
  oriel_qemu_stop(vm, 2000);
}

static void qemu_killed_is_told_from_powered_off(void **state) {
  (void)state;
  char what[512] = "";
  struct oriel_qemu *vm = start();
  kill(oriel_qemu_pid(vm), SIGKILL);
  assert_true(wait_for_end(vm));
  assert_false(oriel_qemu_ended_well(vm, what, sizeof what));
  assert_non_null(strstr(what, "signal 9"));
  oriel_qemu_stop(vm, 0);
  vm = start();
  kill(oriel_qemu_pid(vm), SIGTERM); /* QEMU's orderly end: exit status 0, as after a power-off */
  assert_true(wait_for_end(vm));
  assert_true(oriel_qemu_ended_well(vm, what, sizeof what));
  oriel_qemu_stop(vm, 0);
}

/** Extra arguments that QEMU refuses: its own words reach the user. */
static void qemu_that_refuses_is_quoted(void **state) {
  (void)state;
  struct oriel_qemu *vm = NULL;
  char why[512] = "";
  struct oriel_qemu_config config = config_for(sleeping_disk());
  char *const extra[] = {(char *)"-device", (char *)"no-such-device\xC2\x9B" "2J", NULL};
  config.extra = extra;
  assert_int_equal(oriel_qemu_start(&config, &vm, why, sizeof why), -EIO);
  assert_null(vm);
  assert_non_null(strstr(why, "'no-such-device?2J' is not a valid device model name"));
  assert_int_equal(access(in_scratch("oriel/test"), F_OK), -1);
}

static void qemu_start_can_be_cancelled(void **state) {
  (void)state;
  struct oriel_qemu *vm = NULL;
  char why[512] = "";
  volatile sig_atomic_t cancel = 1;
  struct oriel_qemu_config config = config_for(sleeping_disk());
  config.cancel = &cancel;
  assert_int_equal(oriel_qemu_start(&config, &vm, why, sizeof why), -ECANCELED);
  assert_null(vm);
  assert_int_equal(access(in_scratch("oriel/test"), F_OK), -1);
}

static void qemu_config_out_of_range_is_refused(void **state) {
  (void)state;
  struct oriel_qemu *vm = NULL;
  char why[512] = "";
  const struct oriel_qemu_config good = config_for(sleeping_disk());
  struct oriel_qemu_config bad[7];
  for (int i = 0; i < 7; i++)
    bad[i] = good;
  bad[0].cpus = 0;
  bad[1].cpus = 65;
  bad[2].memory_mib = 63;
  bad[3].memory_mib = 1048577;
  bad[4].name = "a/b";
  bad[5].name = "..";
  bad[6].disk = NULL;
  for (int i = 0; i < 7; i++) {
    why[0] = '\0';
    assert_int_equal(oriel_qemu_start(&bad[i], &vm, why, sizeof why), -EINVAL);
    assert_string_not_equal(why, "");
  }
  assert_true(oriel_qemu_name_valid("My.VM_1-a"));
  assert_false(oriel_qemu_name_valid(""));
  assert_false(oriel_qemu_name_valid(NULL));
  assert_false(oriel_qemu_name_valid("a,b"));
}

static void expect_find(const char *body, int result, const char *words) {
  char path[512], version[32], why[512] = "";
  setenv("ORIEL_QEMU", write_script("qemu", body), 1);
  assert_int_equal(oriel_qemu_find(path, sizeof path, version, sizeof version, why, sizeof why), result);
  if (result == 0)
    assert_string_equal(version, words);
  else if (strstr(why, words) == NULL)
    fail_msg("\"%s\" is not in \"%s\"", words, why);
}

static void find_judges_version_and_display(void **state) {
  (void)state;
  expect_find("case $1 in --version) echo 'QEMU emulator version 8.1.0';; *) echo none; echo dbus;; esac", 0, "8.1.0");
  expect_find("case $1 in --version) echo 'QEMU emulator version 6.2.0';; *) echo dbus;; esac", -ENOTSUP, "too old");
  expect_find("case $1 in --version) echo 'QEMU emulator version 7.2.0';; *) echo gtk; echo dbus-not;; esac", -ENOTSUP,
              "no D-Bus display");
  expect_find("echo hello", -ENOTSUP, "no working QEMU");
  expect_find("exit 1", -ENOTSUP, "no working QEMU");
  char path[512], version[32], why[512] = "";
  setenv("ORIEL_QEMU", "/no/such/qemu", 1);
  assert_int_equal(oriel_qemu_find(path, sizeof path, version, sizeof version, why, sizeof why), -ENOENT);
  assert_non_null(strstr(why, "ORIEL_QEMU"));
  unsetenv("ORIEL_QEMU");
  char saved[8192];
  snprintf(saved, sizeof saved, "%s", getenv("PATH"));
  setenv("PATH", "/no/such/place", 1);
  assert_int_equal(oriel_qemu_find(path, sizeof path, version, sizeof version, why, sizeof why), -ENOENT);
  assert_non_null(strstr(why, "apt-get install qemu-system-x86"));
  setenv("PATH", saved, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(qemu_starts_and_goes_without_trace, set_up, tear_down),
    cmocka_unit_test_setup_teardown(qemu_whose_monitor_is_taken_has_started, set_up, tear_down),
    cmocka_unit_test_setup_teardown(qemu_of_the_same_name_is_refused, set_up, tear_down),
    cmocka_unit_test_setup_teardown(qemu_killed_is_told_from_powered_off, set_up, tear_down),
    cmocka_unit_test_setup_teardown(qemu_that_refuses_is_quoted, set_up, tear_down),
    cmocka_unit_test_setup_teardown(qemu_start_can_be_cancelled, set_up, tear_down),
    cmocka_unit_test_setup_teardown(qemu_config_out_of_range_is_refused, set_up, tear_down),
    cmocka_unit_test_setup_teardown(find_judges_version_and_display, set_up, tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
