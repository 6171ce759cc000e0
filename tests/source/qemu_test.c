/* SPDX-License-Identifier: MIT
 *
 * The QEMU source against a real QEMU, under TCG, whose guest is a boot sector that writes down what its keyboard
 * controller delivers.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "core/log.h"
#include "recorder.h"
#include "source/source.h"

enum { PATIENCE_MS = 15000, RECORD = 0x8000, RECORD_SIZE = 512, MOUSE_DATA = 0x20 };

/* Sounds the speaker at 1 kHz, then stores (data, status) of every byte from the i8042 at 0x8000 on, and shows the data
 * in the first cell of the text screen. Bit 5 of the status marks the mouse, which is switched on first. */
static const uint8_t boot_code[] = {
  0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0xbf, 0x00, 0x80, 0xfc,             /* cli; ds = es = 0; di = 8000h */
  0xb0, 0xb6, 0xe6, 0x43, 0xb0, 0xa9, 0xe6, 0x42, 0xb0, 0x04, 0xe6, 0x42,       /* timer 2: square, 1193182 / 1193 */
  0xe4, 0x61, 0x0c, 0x03, 0xe6, 0x61,                                           /* speaker on */
  0xb0, 0xa8, 0xe6, 0x64, 0xb0, 0xd4, 0xe6, 0x64, 0xb0, 0xf4, 0xe6, 0x60,       /* mouse on, reporting */
  0xe4, 0x64, 0xa8, 0x01, 0x74, 0xfa, 0x88, 0xc4, 0xe4, 0x60, 0xab,             /* wait; ax = status:data; store */
  0x06, 0xbb, 0x00, 0xb8, 0x8e, 0xc3, 0x26, 0xa2, 0x00, 0x00, 0x07, 0xeb, 0xe8, /* show; again */
};

struct machine {
  char directory[64], qmp[96], monitor[96], disk[96];
  pid_t pid;
};

static struct machine machine;

/* --- what is logged ----------------------------------------------------------------------------------------------- */

static atomic_uint losses;

void __wrap_oriel_log(enum oriel_log_level level, const char *subsystem, const char *format, ...);

/* Counts what a source gave up to free, and shows each line. */
void __wrap_oriel_log(enum oriel_log_level level, const char *subsystem, const char *format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  if (strstr(line, "memory is lost"))
    losses++;
  fprintf(stderr, "%s %s: %s\n", oriel_log_level_name(level), subsystem, line);
}

/* --- starting and asking QEMU ------------------------------------------------------------------------------------- */

static void machine_prepare(void) {
  snprintf(machine.directory, sizeof machine.directory, "/tmp/oriel-qemu-test-XXXXXX");
  assert_non_null(mkdtemp(machine.directory));
  snprintf(machine.qmp, sizeof machine.qmp, "%s/qmp", machine.directory);
  snprintf(machine.monitor, sizeof machine.monitor, "%s/monitor", machine.directory);
  snprintf(machine.disk, sizeof machine.disk, "%s/disk", machine.directory);
  uint8_t sector[512] = {0};
  memcpy(sector, boot_code, sizeof boot_code);
  sector[510] = 0x55;
  sector[511] = 0xaa;
  FILE *file = fopen(machine.disk, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(sector, 1, sizeof sector, file), sizeof sector);
  fclose(file);
}

static void machine_start(const char *display) {
  char qmp[160], monitor[160], drive[160];
  const char *machine_type = strstr(display, "dbus") ? "pc,pcspk-audiodev=a" : "pc";
  snprintf(qmp, sizeof qmp, "unix:%s,server=on,wait=off", machine.qmp);
  snprintf(monitor, sizeof monitor, "unix:%s,server=on,wait=off", machine.monitor);
  snprintf(drive, sizeof drive, "file=%s,format=raw,if=floppy,readonly=on", machine.disk);
  const char *arguments[] = {
    "qemu-system-x86_64", "-accel", "tcg", "-M", machine_type, "-m", "32", "-nodefaults", "-no-user-config", "-vga",
    "none",
    "-device", "virtio-vga", "-device", "virtio-keyboard-pci", "-device", "virtio-tablet-pci", "-drive", drive,
    "-boot", "a", "-display", display, "-qmp", qmp, "-qmp", monitor, "-audiodev", "dbus,id=a", "-device",
    "intel-hda", "-device", "hda-duplex,audiodev=a", "-name", "tested", NULL};
  if (!strstr(display, "dbus"))
    arguments[28] = "none,id=a";
  machine.pid = fork();
  assert_true(machine.pid >= 0);
  if (!machine.pid) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(arguments[0], (char *const *)(uintptr_t)arguments);
    _exit(127);
  }
}

static void machine_kill(void) {
  if (machine.pid <= 0)
    return;
  kill(machine.pid, SIGKILL);
  kill(machine.pid, SIGCONT);
  assert_int_equal(waitpid(machine.pid, NULL, 0), machine.pid);
  machine.pid = 0;
}

/* Reads a line that holds `word`; the monitor may send events before. */
static void monitor_expect(FILE *stream, const char *word, char *line, size_t size) {
  do
    assert_non_null(fgets(line, (int)size, stream));
  while (!strstr(line, word));
}

/* One QMP command on the second monitor; the answer's line in `line`. */
static void monitor_ask(const char *command, char *line, size_t size) {
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(fd >= 0);
  struct timeval limit = {.tv_sec = PATIENCE_MS / 1000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", machine.monitor);
  assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
  FILE *stream = fdopen(fd, "r+");
  assert_non_null(stream);
  monitor_expect(stream, "\"QMP\"", line, size);
  fseek(stream, 0, SEEK_CUR);
  dprintf(fd, "{\"execute\":\"qmp_capabilities\"}\n");
  monitor_expect(stream, "\"return\"", line, size);
  dprintf(fd, "%s\n", command);
  do
    assert_non_null(fgets(line, (int)size, stream));
  while (!strstr(line, "\"return\"") && !strstr(line, "\"error\""));
  assert_null(strstr(line, "\"error\""));
  fclose(stream);
}

static size_t read_file(const char *path, uint8_t *data, size_t size) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  size_t count = fread(data, 1, size, file);
  fclose(file);
  unlink(path);
  return count;
}

/* --- what the tests share ----------------------------------------------------------------------------------------- */

struct fixture {
  struct recorder recorder;
  struct oriel_source *source;
};

static struct fixture fixture_now;
static pid_t holder; /* see qemu_left_held */

static void attach(struct fixture *fixture, const char *suffix) {
  char address[160], why[160] = "";
  snprintf(address, sizeof address, "qemu:%s%s", machine.qmp, suffix);
  recorder_init(&fixture->recorder);
  assert_int_equal(oriel_source_create(address, &fixture->source, why, sizeof why), 0);
  assert_int_equal(oriel_source_start(fixture->source, &fixture->recorder.sink), 0);
}

static void detach(struct fixture *fixture) {
  oriel_source_destroy(fixture->source);
  fixture->source = NULL;
  recorder_finish(&fixture->recorder);
}

/* After a failure in the middle, too. */
static int end_test(void **state) {
  (void)state;
  if (machine.pid > 0)
    kill(machine.pid, SIGCONT);
  if (holder > 0) {
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    holder = 0;
  }
  if (fixture_now.source)
    detach(&fixture_now);
  return 0;
}

static struct oriel_source_info info_of(const struct fixture *fixture) {
  struct oriel_source_info info;
  oriel_source_info(fixture->source, &info);
  return info;
}

/* Waits until the boot sector has got these bytes in this order from the keyboard, or from the mouse. Each byte changes
 * the screen, so its damage is the event. */
static void expect_bytes(struct fixture *fixture, bool mouse, const uint8_t *want, size_t size) {
  uint8_t record[RECORD_SIZE], bytes[RECORD_SIZE / 2];
  size_t count;
  uint64_t end = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
  do {
    unsigned before = recorder_damages(&fixture->recorder);
    char path[128], command[320], line[512];
    snprintf(path, sizeof path, "%s/memory", machine.directory);
    snprintf(command, sizeof command,
             "{\"execute\":\"pmemsave\",\"arguments\":{\"val\":%d,\"size\":%d,\"filename\":\"%s\"}}", RECORD,
             RECORD_SIZE, path);
    monitor_ask(command, line, sizeof line);
    assert_int_equal(read_file(path, record, sizeof record), sizeof record);
    count = 0;
    for (size_t at = 0; at < sizeof record; at += 2)
      if (record[at + 1] && ((record[at + 1] & MOUSE_DATA) != 0) == mouse)
        bytes[count++] = record[at];
    if (memmem(bytes, count, want, size))
      return;
    recorder_wait_damage(&fixture->recorder, before, 100);
  } while (oriel_clock_ns() < end);
  for (size_t i = 0; i < count; i++)
    fprintf(stderr, "%02x ", bytes[i]);
  fail_msg("the guest did not get the input");
}

/* The boot sector runs once the mouse has acknowledged (fa). */
static void await_guest(struct fixture *fixture) {
  static const uint8_t acknowledged[] = {0xfa};
  expect_bytes(fixture, true, acknowledged, sizeof acknowledged);
}

static bool equals_screendump(struct fixture *fixture) {
  char path[128], command[256], line[512];
  snprintf(path, sizeof path, "%s/screen", machine.directory);
  snprintf(command, sizeof command, "{\"execute\":\"screendump\",\"arguments\":{\"filename\":\"%s\"}}", path);
  monitor_ask(command, line, sizeof line);
  static uint8_t data[4 * 1024 * 1024];
  size_t size = read_file(path, data, sizeof data);
  unsigned width, height;
  int header = 0;
  assert_int_equal(sscanf((const char *)data, "P6 %u %u 255%n", &width, &height, &header), 2);
  header++;
  assert_int_equal(size, (size_t)header + (size_t)width * height * 3);
  struct oriel_surface_view view;
  oriel_surface_lock(oriel_source_surface(fixture->source), NULL, &view);
  bool equal = view.width == width && view.height == height;
  for (unsigned y = 0; equal && y < height; y++)
    for (unsigned x = 0; equal && x < width; x++) {
      const uint8_t *want = data + header + ((size_t)y * width + x) * 3;
      const uint8_t *have = view.bgrx + y * (size_t)view.stride + x * 4;
      equal = have[0] == want[2] && have[1] == want[1] && have[2] == want[0];
    }
  oriel_surface_unlock(oriel_source_surface(fixture->source), NULL);
  return equal;
}

static void key(struct fixture *fixture, uint16_t usage, bool pressed) {
  oriel_source_input(fixture->source, &(struct oriel_input){.type = ORIEL_INPUT_KEY, .key = {usage, pressed}});
}

static unsigned count_fds(pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
  DIR *directory = opendir(path);
  assert_non_null(directory);
  unsigned count = 0;
  while (readdir(directory))
    count++;
  closedir(directory);
  return count;
}

static unsigned long memory_kib(pid_t pid) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
  FILE *file = fopen(path, "r");
  assert_non_null(file);
  unsigned long kib = 0;
  while (fgets(line, sizeof line, file))
    if (sscanf(line, "VmRSS: %lu", &kib) == 1)
      break;
  fclose(file);
  return kib;
}

/* --- tests -------------------------------------------------------------------------------------------------------- */

static void qemu_picture(void **state) {
  (void)state;
  struct fixture *fixture = &fixture_now;
  attach(fixture, "?console=0");
  assert_true(recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_RUNNING, "tested runs", PATIENCE_MS));
  oriel_source_watch(fixture->source, ORIEL_WATCH_ALL);
  await_guest(fixture);
  assert_int_equal(oriel_source_command(fixture->source, ORIEL_COMMAND_PAUSE), 0);
  assert_true(recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_PAUSED, "is paused", PATIENCE_MS));
  uint64_t end = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
  unsigned before = recorder_damages(&fixture->recorder);
  while (!equals_screendump(fixture)) {
    assert_true(oriel_clock_ns() < end);
    recorder_wait_damage(&fixture->recorder, before, 100);
    before = recorder_damages(&fixture->recorder);
  }
  assert_int_equal(oriel_source_command(fixture->source, ORIEL_COMMAND_RESUME), 0);
  assert_true(recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_RUNNING, NULL, PATIENCE_MS));

  struct oriel_source_info info = info_of(fixture);
  assert_string_equal(info.kind, "qemu");
  assert_string_equal(info.name, "tested");
  assert_int_equal(info.consoles, 1);
  assert_true(info.can_resize);
  assert_true(info.can_command);
  assert_true(info.has_sound);
  assert_true(info.frames > 0);
  assert_int_equal(oriel_source_resize(fixture->source, 800, 600), 0);
  assert_int_equal(oriel_source_resize(fixture->source, 63, 600), -EINVAL);
  detach(fixture);
}

static void qemu_input(void **state) {
  (void)state;
  struct fixture *fixture = &fixture_now;
  attach(fixture, "");
  oriel_source_watch(fixture->source, ORIEL_WATCH_ALL);
  assert_true(recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_RUNNING, NULL, PATIENCE_MS));
  await_guest(fixture);
  /* Shift A, right arrow (with a prefix), up again; set 1 codes. */
  key(fixture, 0xe1, true);
  key(fixture, 0x04, true);
  key(fixture, 0x4f, true);
  key(fixture, 0x4f, false);
  key(fixture, 0x04, false);
  key(fixture, 0xe1, false);
  static const uint8_t keys[] = {0x2a, 0x1e, 0xe0, 0x4d, 0xe0, 0xcd, 0x9e, 0xaa};
  expect_bytes(fixture, false, keys, sizeof keys);
  /* The mouse counts upwards: 3 down is fd. */
  oriel_source_input(fixture->source, &(struct oriel_input){.type = ORIEL_INPUT_MOTION, .motion = {5, 3}});
  static const uint8_t motion[] = {0x28, 0x05, 0xfd};
  expect_bytes(fixture, true, motion, sizeof motion);
  oriel_source_input(fixture->source,
                     &(struct oriel_input){.type = ORIEL_INPUT_BUTTON, .button = {ORIEL_BUTTON_RIGHT, true}});
  static const uint8_t button[] = {0x0a, 0x00, 0x00};
  expect_bytes(fixture, true, button, sizeof button);
  key(fixture, 0x05, true);
  oriel_source_input(fixture->source, &(struct oriel_input){.type = ORIEL_INPUT_RELEASE_ALL});
  static const uint8_t released_key[] = {0x30, 0xb0}, released_button[] = {0x0a, 0x00, 0x00, 0x08, 0x00, 0x00};
  expect_bytes(fixture, false, released_key, sizeof released_key);
  expect_bytes(fixture, true, released_button, sizeof released_button);

  /* A key that is held repeats: QEMU's PS/2 keyboard does not do that by itself. The virtio one has no driver here. */
  static const uint8_t once[] = {0x20}, twice[] = {0x20, 0x20}, thrice[] = {0x20, 0x20, 0x20};
  key(fixture, 0x07, true);
  expect_bytes(fixture, false, once, sizeof once);
  key(fixture, 0x07, true);
  expect_bytes(fixture, false, twice, sizeof twice);
  key(fixture, 0x07, true);
  expect_bytes(fixture, false, thrice, sizeof thrice);
  key(fixture, 0x07, false);
  /* A jump beyond what the mouse's queue holds comes before the click, not within it. */
  oriel_source_input(fixture->source, &(struct oriel_input){.type = ORIEL_INPUT_MOTION, .motion = {900, 0}});
  for (unsigned i = 0; i < 2; i++)
    oriel_source_input(fixture->source,
                       &(struct oriel_input){.type = ORIEL_INPUT_BUTTON, .button = {ORIEL_BUTTON_LEFT, i == 0}});
  static const uint8_t jump[] = {0x08, 0x7f, 0, 0x08, 0x7f, 0, 0x08, 0x7f, 0, 0x08, 0x7f, 0, 0x08, 0x7f, 0, 0x08,
                                 0x7f, 0, 0x08, 0x7f, 0, 0x08, 0x0b, 0, 0x09, 0, 0, 0x08, 0, 0};
  expect_bytes(fixture, true, jump, sizeof jump);

  /* The tablet takes over, and goes again. */
  char line[512];
  monitor_ask("{\"execute\":\"query-mice\"}", line, sizeof line);
  unsigned tablet, mouse;
  const char *at = strstr(line, "Virtio Tablet");
  assert_non_null(at);
  while (strncmp(at, "\"index\": ", 9))
    at--;
  assert_int_equal(sscanf(at, "\"index\": %u", &tablet), 1);
  at = strstr(line, "PS/2 Mouse");
  assert_non_null(at);
  while (strncmp(at, "\"index\": ", 9))
    at--;
  assert_int_equal(sscanf(at, "\"index\": %u", &mouse), 1);
  const unsigned order[] = {tablet, mouse};
  for (unsigned i = 0; i < 2; i++) {
    pthread_mutex_lock(&fixture->recorder.lock);
    unsigned modes = fixture->recorder.modes;
    pthread_mutex_unlock(&fixture->recorder.lock);
    char command[160];
    snprintf(command, sizeof command,
             "{\"execute\":\"human-monitor-command\",\"arguments\":{\"command-line\":\"mouse_set %u\"}}", order[i]);
    monitor_ask(command, line, sizeof line);
    uint64_t end = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
    bool absolute;
    unsigned now;
    do {
      pthread_mutex_lock(&fixture->recorder.lock);
      absolute = fixture->recorder.absolute;
      now = fixture->recorder.modes;
      pthread_mutex_unlock(&fixture->recorder.lock);
    } while (now == modes && oriel_clock_ns() < end);
    assert_int_equal(absolute, i == 0);
  }
  detach(fixture);
}

static bool heard_half_a_second(const struct recorder *recorder, const void *want) {
  (void)want;
  return recorder->frames >= 24000 && recorder->loudest > 0.01f;
}

static void qemu_sound(void **state) {
  (void)state;
  struct fixture *fixture = &fixture_now;
  attach(fixture, "");
  oriel_source_watch(fixture->source, ORIEL_WATCH_ALL);
  assert_true(recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_RUNNING, NULL, PATIENCE_MS));
  await_guest(fixture);
  assert_true(recorder_wait(&fixture->recorder, heard_half_a_second, NULL, PATIENCE_MS));
  detach(fixture);
}

static void qemu_reset(void **state) {
  (void)state;
  struct fixture *fixture = &fixture_now;
  attach(fixture, "");
  oriel_source_watch(fixture->source, ORIEL_WATCH_ALL);
  assert_true(recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_RUNNING, NULL, PATIENCE_MS));
  await_guest(fixture);
  unsigned before = recorder_damages(&fixture->recorder);
  assert_int_equal(oriel_source_command(fixture->source, ORIEL_COMMAND_RESET), 0);
  assert_true(recorder_wait_damage(&fixture->recorder, before, PATIENCE_MS));
  await_guest(fixture);
  assert_true(recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_RUNNING, NULL, PATIENCE_MS));
  detach(fixture);
}

/* Until a process has no more descriptors than this; QEMU answers meanwhile. */
static void await_fds(pid_t pid, unsigned most) {
  const uint64_t end = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
  char line[512];
  while (count_fds(pid) > most && oriel_clock_ns() < end)
    monitor_ask("{\"execute\":\"query-status\"}", line, sizeof line);
  if (count_fds(pid) > most)
    fail_msg("%s has %u descriptors, not at most %u", pid == getpid() ? "the test" : "QEMU", count_fds(pid), most);
}

/* Types C, and waits until the guest has it: the damage that came of it. */
static unsigned damages_of_a_key(struct fixture *fixture, const uint8_t *so_far, size_t size) {
  const unsigned before = recorder_damages(&fixture->recorder);
  key(fixture, 0x06, true);
  key(fixture, 0x06, false);
  expect_bytes(fixture, false, so_far, size);
  return recorder_damages(&fixture->recorder) - before;
}

/* Nobody watching: QEMU sends nothing, as soon as it has heard of it; watching again brings the whole picture at once.
 * 200 times without growth. */
static void qemu_unwatched(void **state) {
  (void)state;
  struct fixture *fixture = &fixture_now;
  attach(fixture, "");
  assert_true(recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_RUNNING, NULL, PATIENCE_MS));
  const unsigned fds = count_fds(machine.pid), own_fds = count_fds(getpid());
  unsigned long memory = 0;
  for (unsigned i = 0; i < 200; i++) {
    unsigned before = recorder_damages(&fixture->recorder);
    oriel_source_watch(fixture->source, ORIEL_WATCH_ALL);
    assert_true(recorder_wait_damage(&fixture->recorder, before, PATIENCE_MS));
    oriel_source_watch(fixture->source, ORIEL_WATCH_NOTHING);
    if (i >= 30 && i < 60)
      memory = memory_kib(machine.pid);
  }
  await_fds(machine.pid, fds + 4); /* two connections of the microphone's listener, open when nobody watches, too */
  await_fds(getpid(), own_fds + 4);
  static const uint8_t keys[] = {0x2e, 0xae, 0x2e, 0xae, 0x2e, 0xae, 0x2e, 0xae, 0x2e, 0xae, 0x2e, 0xae};
  oriel_source_watch(fixture->source, ORIEL_WATCH_ALL);
  await_guest(fixture);
  oriel_source_watch(fixture->source, ORIEL_WATCH_NOTHING);
  unsigned typed = 1;
  while (damages_of_a_key(fixture, keys, 2 * typed))
    assert_true(++typed < sizeof keys / 2); /* half a dozen keys, each a round trip through the guest */
  assert_int_equal(damages_of_a_key(fixture, keys, 2 * ++typed), 0);
  const unsigned before = recorder_damages(&fixture->recorder);
  oriel_source_watch(fixture->source, ORIEL_WATCH_ALL);
  assert_true(recorder_wait_damage(&fixture->recorder, before, PATIENCE_MS));
  assert_true(memory_kib(machine.pid) < memory + 8192);
  detach(fixture);
}

static bool attached(const struct recorder *recorder, const void *want) {
  (void)want;
  return recorder->states && (recorder->state == ORIEL_SOURCE_RUNNING || recorder->state == ORIEL_SOURCE_PAUSED);
}

/* A stopped QEMU answers nothing: neither input nor commands nor the end may wait for it (lesson 1). */
static void qemu_stopped(void **state) {
  (void)state;
  struct fixture *fixture = &fixture_now;
  attach(fixture, "");
  oriel_source_watch(fixture->source, ORIEL_WATCH_ALL);
  assert_true(recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_RUNNING, NULL, PATIENCE_MS));
  assert_true(recorder_wait_damage(&fixture->recorder, 0, PATIENCE_MS));
  key(fixture, 0x07, true);
  kill(machine.pid, SIGSTOP);
  uint64_t start = oriel_clock_ns();
  for (int i = 0; i < 5000; i++) {
    oriel_source_input(fixture->source, &(struct oriel_input){.type = ORIEL_INPUT_MOTION, .motion = {1, 1}});
    key(fixture, 0x08, i % 2 == 0);
  }
  assert_int_equal(oriel_source_resize(fixture->source, 1024, 768), 0);
  assert_int_equal(oriel_source_command(fixture->source, ORIEL_COMMAND_PAUSE), 0);
  oriel_source_watch(fixture->source, ORIEL_WATCH_NOTHING);
  oriel_source_watch(fixture->source, ORIEL_WATCH_ALL);
  struct oriel_source_info info = info_of(fixture);
  assert_true(oriel_clock_ns() - start < 5000 * ORIEL_NS_PER_MS); /* a call of D-Bus would wait for 25 s */
  assert_true(info.input_dropped > 0);
  assert_true(info.input_sent <= 1100);
  start = oriel_clock_ns();
  detach(fixture);
  assert_true(oriel_clock_ns() - start < 8000 * ORIEL_NS_PER_MS);
  assert_int_equal(losses, 0);
  kill(machine.pid, SIGCONT);

  /* Unharmed, paused or not (QEMU may not read what a closed connection still holds): the next one attaches. */
  attach(fixture, "");
  oriel_source_watch(fixture->source, ORIEL_WATCH_ALL);
  assert_true(recorder_wait(&fixture->recorder, attached, NULL, PATIENCE_MS));
  assert_int_equal(oriel_source_command(fixture->source, ORIEL_COMMAND_RESUME), 0);
  assert_true(recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_RUNNING, NULL, PATIENCE_MS));
  assert_true(recorder_wait_damage(&fixture->recorder, 0, PATIENCE_MS));
  detach(fixture);
}

/* Lesson 13: the source outlives its VM, and finds it again. */
static void qemu_killed(void **state) {
  (void)state;
  struct fixture *fixture = &fixture_now;
  attach(fixture, "");
  oriel_source_watch(fixture->source, ORIEL_WATCH_ALL);
  assert_true(recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_RUNNING, NULL, PATIENCE_MS));
  assert_true(recorder_wait_damage(&fixture->recorder, 0, PATIENCE_MS));
  machine_kill();
  /* Of the two connections D-Bus may be the first to end; then QMP still takes commands for a moment. */
  assert_true(recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_GONE, "ended", PATIENCE_MS));
  assert_int_equal(oriel_source_command(fixture->source, ORIEL_COMMAND_PAUSE), -ENOTCONN);
  key(fixture, 0x04, true);
  unsigned before = recorder_damages(&fixture->recorder);
  machine_start("dbus,p2p=yes,audiodev=a");
  assert_true(recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_RUNNING, NULL, PATIENCE_MS));
  assert_true(recorder_wait_damage(&fixture->recorder, before, PATIENCE_MS));
  assert_int_equal(info_of(fixture).reconnects, 1);
  detach(fixture);
}

/* A second Oriel on the same QEMU leaves the first its display, and takes over when that ends. */
static void qemu_second(void **state) {
  (void)state;
  struct fixture *fixture = &fixture_now;
  attach(fixture, "");
  oriel_source_watch(fixture->source, ORIEL_WATCH_ALL);
  assert_true(recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_RUNNING, NULL, PATIENCE_MS));
  char address[160], why[160] = "";
  struct fixture second;
  snprintf(address, sizeof address, "qemu:%s", machine.monitor);
  recorder_init(&second.recorder);
  assert_int_equal(oriel_source_create(address, &second.source, why, sizeof why), 0);
  assert_int_equal(oriel_source_start(second.source, &second.recorder.sink), 0);
  assert_true(recorder_wait_state(&second.recorder, ORIEL_SOURCE_CONNECTING, "another Oriel", PATIENCE_MS));
  assert_int_equal(info_of(fixture).reconnects, 0);
  detach(fixture);
  assert_true(recorder_wait_state(&second.recorder, ORIEL_SOURCE_RUNNING, NULL, PATIENCE_MS));
  detach(&second);
}

/* Runs in a process of its own: holds B down until it is killed. */
static int hold(const char *address) {
  struct fixture fixture;
  char why[160];
  recorder_init(&fixture.recorder);
  if (oriel_source_create(address, &fixture.source, why, sizeof why) ||
      oriel_source_start(fixture.source, &fixture.recorder.sink) ||
      !recorder_wait_state(&fixture.recorder, ORIEL_SOURCE_RUNNING, NULL, PATIENCE_MS))
    return 1;
  key(&fixture, 0x05, true);
  pause();
  return 0;
}

/* An Oriel that is killed with a key down: the next one lets go of it. Comes after a start of QEMU, so that the record
 * is empty. */
static void qemu_left_held(void **state) {
  (void)state;
  static const uint8_t down[] = {0x30}, up[] = {0xb0};
  struct fixture *fixture = &fixture_now;
  char address[160];
  attach(fixture, "");
  oriel_source_watch(fixture->source, ORIEL_WATCH_ALL);
  await_guest(fixture);
  detach(fixture);
  snprintf(address, sizeof address, "qemu:%s", machine.qmp);
  holder = fork();
  assert_true(holder >= 0);
  if (!holder) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execl("/proc/self/exe", "hold", address, (char *)NULL);
    _exit(127);
  }
  recorder_init(&fixture->recorder);
  expect_bytes(fixture, false, down, sizeof down);
  recorder_finish(&fixture->recorder);
  kill(holder, SIGKILL);
  assert_int_equal(waitpid(holder, NULL, 0), holder);
  holder = 0;
  attach(fixture, "");
  oriel_source_watch(fixture->source, ORIEL_WATCH_ALL);
  expect_bytes(fixture, false, up, sizeof up);
  detach(fixture);
}

/* Lesson 7: an explicit error instead of another screen. */
static void qemu_console_absent(void **state) {
  (void)state;
  struct fixture *fixture = &fixture_now;
  attach(fixture, "?console=3");
  oriel_source_watch(fixture->source, ORIEL_WATCH_ALL);
  assert_true(
    recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_CONNECTING, "has no console 3; it has 1", PATIENCE_MS));
  assert_int_equal(recorder_damages(&fixture->recorder), 0);
  detach(fixture);
}

static void qemu_without_dbus(void **state) {
  (void)state;
  machine_kill();
  machine_start("none");
  struct fixture *fixture = &fixture_now;
  attach(fixture, "");
  assert_true(recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_CONNECTING, "-display dbus,p2p=yes", PATIENCE_MS));
  detach(fixture);
}

static void qemu_absent(void **state) {
  (void)state;
  machine_kill();
  unlink(machine.qmp);
  struct fixture *fixture = &fixture_now;
  attach(fixture, "");
  oriel_source_watch(fixture->source, ORIEL_WATCH_ALL);
  assert_true(recorder_wait_state(&fixture->recorder, ORIEL_SOURCE_CONNECTING, "does not run yet", PATIENCE_MS));
  key(fixture, 0x04, true);
  assert_int_equal(info_of(fixture).input_dropped, 1);
  detach(fixture);
}

static int prepare(void **state) {
  (void)state;
  machine_prepare();
  machine_start("dbus,p2p=yes,audiodev=a");
  return 0;
}

static int clean(void **state) {
  (void)state;
  machine_kill();
  unlink(machine.qmp);
  unlink(machine.monitor);
  unlink(machine.disk);
  return rmdir(machine.directory);
}

int main(int argc, char **argv) {
  if (argc == 2)
    return hold(argv[1]);
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_teardown(qemu_picture, end_test),
    cmocka_unit_test_teardown(qemu_input, end_test),
    cmocka_unit_test_teardown(qemu_sound, end_test),
    cmocka_unit_test_teardown(qemu_reset, end_test),
    cmocka_unit_test_teardown(qemu_unwatched, end_test),
    cmocka_unit_test_teardown(qemu_stopped, end_test),
    cmocka_unit_test_teardown(qemu_second, end_test),
    cmocka_unit_test_teardown(qemu_console_absent, end_test),
    cmocka_unit_test_teardown(qemu_killed, end_test),
    cmocka_unit_test_teardown(qemu_left_held, end_test),
    cmocka_unit_test_teardown(qemu_without_dbus, end_test),
    cmocka_unit_test_teardown(qemu_absent, end_test),
  };
  return cmocka_run_group_tests(tests, prepare, clean);
}
