/* SPDX-License-Identifier: MIT
 *
 * The clipboard of the QEMU source against a real QEMU and its vdagent, with an agent of the test's own in the guest:
 * texts both ways, an agent that says too much or nothing, and an Oriel that comes again after one that was killed.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clipboard.h"
#include "core/clock.h"
#include "recorder.h"
#include "source/qemu/clipboard.h"
#include "source/source.h"
#include "vdagent.h"

enum { PATIENCE_MS = 20000, UTF8_TEXT = 1, IMAGE_PNG = 2, GRABS = 200 };

static struct {
  char directory[64], qmp[96], disk[96], port[96];
  pid_t pid;
} machine;

static struct vdagent agent;
static struct recorder recorder;
static struct oriel_source *source;

/* --- the machine -------------------------------------------------------------------------------------------------- */

static int machine_start(void **state) {
  (void)state;
  snprintf(machine.directory, sizeof machine.directory, "/tmp/oriel-clipboard-XXXXXX");
  assert_non_null(mkdtemp(machine.directory));
  snprintf(machine.qmp, sizeof machine.qmp, "%s/qmp", machine.directory);
  snprintf(machine.disk, sizeof machine.disk, "%s/disk", machine.directory);
  snprintf(machine.port, sizeof machine.port, "%s/port", machine.directory);
  uint8_t sector[512];
  vdagent_sector(sector);
  FILE *file = fopen(machine.disk, "wb");
  assert_non_null(file);
  assert_int_equal(fwrite(sector, 1, sizeof sector, file), sizeof sector);
  fclose(file);
  char qmp[160], drive[160], port[160];
  snprintf(qmp, sizeof qmp, "unix:%s,server=on,wait=off", machine.qmp);
  snprintf(drive, sizeof drive, "file=%s,format=raw,if=floppy,readonly=on", machine.disk);
  snprintf(port, sizeof port, "socket,id=port,path=%s,server=on,wait=off", machine.port);
  const char *const arguments[] = {
    "qemu-system-x86_64", "-accel", "tcg", "-M", "pc", "-m", "32", "-nodefaults", "-no-user-config", "-vga", "std",
    "-display", "dbus,p2p=yes", "-qmp", qmp, "-drive", drive, "-boot", "a",
    "-chardev", "qemu-vdagent,id=agent,name=vdagent,clipboard=on,mouse=off", "-serial", "chardev:agent",
    "-chardev", port, "-serial", "chardev:port", NULL};
  machine.pid = fork();
  assert_true(machine.pid >= 0);
  if (!machine.pid) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execvp(arguments[0], (char *const *)(uintptr_t)arguments);
    _exit(127);
  }
  vdagent_open(&agent, machine.port);
  return 0;
}

static int machine_end(void **state) {
  (void)state;
  vdagent_close(&agent);
  kill(machine.pid, SIGKILL);
  assert_int_equal(waitpid(machine.pid, NULL, 0), machine.pid);
  unlink(machine.qmp);
  unlink(machine.disk);
  unlink(machine.port);
  return rmdir(machine.directory);
}

/* --- attaching ---------------------------------------------------------------------------------------------------- */

static bool shares(const struct recorder *now, const void *want) {
  (void)want;
  return now->abilities.clipboard_in && now->abilities.clipboard_out;
}

static void attach_with(unsigned watched) {
  char address[160], why[160] = "";
  snprintf(address, sizeof address, "qemu:%s", machine.qmp);
  recorder_init(&recorder);
  assert_int_equal(oriel_source_create(address, &source, why, sizeof why), 0);
  assert_int_equal(oriel_source_start(source, &recorder.sink), 0);
  oriel_source_watch(source, watched);
  assert_true(recorder_wait(&recorder, shares, NULL, PATIENCE_MS));
}

static void detach(void) {
  oriel_source_destroy(source);
  recorder_finish(&recorder);
}

/* The agent says hello behind the source: what it said before, registering has ended. */
static int begin_with(unsigned watched) {
  attach_with(watched);
  return vdagent_start(&agent) ? 0 : -1;
}

static int begin(void **state) {
  (void)state;
  return begin_with(ORIEL_WATCH_CLIPBOARD);
}

static int begin_unwatched(void **state) {
  (void)state;
  return begin_with(ORIEL_WATCH_NOTHING);
}

static int end(void **state) {
  (void)state;
  detach();
  return 0;
}

/* --- what the cases are made of ----------------------------------------------------------------------------------- */

static int give(const void *text, size_t size) {
  struct oriel_packet *packet = NULL;
  assert_int_equal(oriel_clipboard_create(text, size, &packet), 0);
  const int result = oriel_source_clipboard(source, packet);
  oriel_packet_unref(packet);
  return result;
}

static bool has_text(const struct recorder *now, const void *want) {
  return now->text && now->text->size == strlen(want) && !memcmp(now->text->data, want, now->text->size);
}

static bool has_changed(const struct recorder *now, const void *want) {
  return now->changes > *(const unsigned *)want;
}

static unsigned changes(void) {
  pthread_mutex_lock(&recorder.lock);
  const unsigned count = recorder.changes;
  pthread_mutex_unlock(&recorder.lock);
  return count;
}

/* The guest copies a text, which is asked for. */
static void copy(const void *text, size_t size) {
  size_t asked;
  vdagent_grab(&agent, UTF8_TEXT);
  assert_non_null(vdagent_wait(&agent, VDAGENT_REQUEST, &asked));
  vdagent_answer(&agent, text, size);
}

static void copy_and_see(const char *text) {
  copy(text, strlen(text));
  assert_true(recorder_wait(&recorder, has_text, text, PATIENCE_MS));
}

static void paste_and_see(const void *text, size_t size) {
  size_t came;
  vdagent_ask(&agent);
  const uint8_t *body = vdagent_wait(&agent, VDAGENT_CLIPBOARD, &came);
  assert_non_null(body);
  assert_int_equal(came, 4 + size); /* its type goes before it */
  assert_memory_equal(body + 4, text, size);
}

/* --- the cases ---------------------------------------------------------------------------------------------------- */

static void texts_go_both_ways(void **state) {
  (void)state;
  size_t size;
  assert_int_equal(give("gr\xC3\xBC\xC3\x9F from outside", 19), 0);
  assert_non_null(vdagent_wait(&agent, VDAGENT_GRAB, &size));
  paste_and_see("gr\xC3\xBC\xC3\x9F from outside", 19);
  copy_and_see("gr\xC3\xBC\xC3\x9F from inside");
  assert_int_equal(give("again", 5), 0);
  assert_non_null(vdagent_wait(&agent, VDAGENT_GRAB, &size));
  paste_and_see("again", 5);
  copy_and_see("and back");
}

static void large_texts(void **state) {
  (void)state;
  enum { SIZE = 40 * 1024 }; /* the serial ports take a second for it */
  size_t size;
  char *text = malloc(SIZE + 1);
  for (size_t i = 0; i < SIZE; i++)
    text[i] = (char)('a' + i % 23);
  text[SIZE] = '\0';
  assert_int_equal(give(text, SIZE), 0);
  assert_non_null(vdagent_wait(&agent, VDAGENT_GRAB, &size));
  paste_and_see(text, SIZE);
  text[0] = 'A';
  copy_and_see(text);
  free(text);
  text = malloc(ORIEL_CLIPBOARD_MAX);
  memset(text, 'a', ORIEL_CLIPBOARD_MAX);
  assert_int_equal(give(text, ORIEL_CLIPBOARD_MAX), -EMSGSIZE); /* QEMU would drop it, and whoever pastes would wait */
  free(text);
}

/* Nobody may have it: it is neither asked for now nor later. */
static void nothing_is_asked_for_nobody(void **state) {
  (void)state;
  const unsigned before = changes();
  vdagent_grab(&agent, UTF8_TEXT);
  assert_true(recorder_wait(&recorder, has_changed, &before, PATIENCE_MS));
  oriel_source_watch(source, ORIEL_WATCH_CLIPBOARD);
  assert_true(vdagent_silent(&agent, VDAGENT_REQUEST, 300));
  copy_and_see("of now");
}

static void what_is_no_text_is_told(void **state) {
  (void)state;
  copy_and_see("a text");
  unsigned before = changes();
  vdagent_grab(&agent, IMAGE_PNG); /* of which QEMU says nothing */
  vdagent_release(&agent);
  assert_true(recorder_wait(&recorder, has_changed, &before, PATIENCE_MS));
  before = changes();
  copy("\xC3\x28", 2);
  assert_true(recorder_wait(&recorder, has_changed, &before, PATIENCE_MS));
  copy_and_see("a text again");
  copy("with its end\0\0", 14);
  assert_true(recorder_wait(&recorder, has_text, "with its end", PATIENCE_MS));
}

/* QEMU gives up after five seconds, and so do we. */
static void an_agent_that_never_answers(void **state) {
  (void)state;
  size_t size;
  const unsigned before = changes();
  vdagent_grab(&agent, UTF8_TEXT);
  assert_non_null(vdagent_wait(&agent, VDAGENT_REQUEST, &size));
  assert_int_equal(give("meanwhile", 9), 0);
  assert_non_null(vdagent_wait(&agent, VDAGENT_GRAB, &size));
  paste_and_see("meanwhile", 9);
  assert_true(recorder_wait(&recorder, has_changed, &before, PATIENCE_MS));
  copy_and_see("it answers again");
}

/* A few are asked for, the last one surely. */
static void an_agent_that_copies_all_the_time(void **state) {
  (void)state;
  unsigned asked = 0;
  char text[32] = "";
  size_t size;
  for (unsigned i = 0; i < GRABS; i++)
    vdagent_grab(&agent, UTF8_TEXT);
  const uint64_t until_ns = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
  do {
    assert_true(oriel_clock_ns() < until_ns);
    if (!vdagent_silent(&agent, VDAGENT_REQUEST, 1000)) {
      snprintf(text, sizeof text, "answer %u", ++asked);
      vdagent_answer(&agent, text, strlen(text));
      continue;
    }
    break;
  } while (true);
  assert_true(asked >= 1 && asked <= 20);
  assert_int_equal(give("quiet", 5), 0);
  assert_non_null(vdagent_wait(&agent, VDAGENT_GRAB, &size));
}

/* A client that was killed is registered with QEMU still. */
static void who_comes_after_one_that_was_killed(void **state) {
  (void)state;
  int ready[2];
  char byte;
  assert_int_equal(pipe(ready), 0);
  const pid_t pid = fork();
  assert_true(pid >= 0);
  if (!pid) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    attach_with(ORIEL_WATCH_NOTHING);
    _exit(write(ready[1], "r", 1) == 1 && pause());
  }
  assert_int_equal(read(ready[0], &byte, 1), 1);
  kill(pid, SIGKILL);
  assert_int_equal(waitpid(pid, NULL, 0), pid);
  close(ready[0]);
  close(ready[1]);
  assert_int_equal(begin(state), 0);
  copy_and_see("to the second");
  (void)end(state);
  /* And after one that went as it should. */
  assert_int_equal(begin(state), 0);
  copy_and_see("to the third");
  (void)end(state);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(who_comes_after_one_that_was_killed), /* first: it forks */
    CASE(texts_go_both_ways),
    CASE(large_texts),
    cmocka_unit_test_setup_teardown(nothing_is_asked_for_nobody, begin_unwatched, end),
    CASE(what_is_no_text_is_told),
    CASE(an_agent_that_never_answers),
    CASE(an_agent_that_copies_all_the_time),
  };
  return cmocka_run_group_tests(tests, machine_start, machine_end);
}
