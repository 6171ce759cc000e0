/* SPDX-License-Identifier: MIT
 *
 * The QEMU source against a peer that means harm or has lost its mind: storms, floods, cuts, silence. Nothing may
 * crash, hang or grow, and what comes in order afterwards is served.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "peer.h"

#define LISTENER "org.qemu.Display1.Listener"
#define MAP "org.qemu.Display1.Listener.Unix.Map"
#define SOUND "org.qemu.Display1.AudioOutListener"
#define PATH "/org/qemu/Display1/Listener"

enum { PATIENCE_MS = 15000, X8R8G8B8 = 0x20020888 };

/* True when it was taken. */
static bool call(bool sound, const char *interface, const char *member, GVariant *body, GUnixFDList *fds) {
  char *error = fake_qemu_call(test.fake, sound, interface, member, body, fds);
  g_free(error);
  return !error;
}

static GVariant *picture(uint32_t width, uint32_t height, int fill) {
  return g_variant_new("(uuuu@ay)", width, height, width * 4, X8R8G8B8, peer_bytes((size_t)width * height * 4, fill));
}

/* The listener works: a picture arrives. */
static void expect_served(int fill) {
  uint64_t limit = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
  bool taken = false;
  while (!taken && oriel_clock_ns() < limit) /* it may just register anew */
    taken = call(false, LISTENER, "Scanout", picture(64, 48, fill), NULL);
  assert_true(taken);
  struct oriel_surface_view view;
  oriel_surface_lock(oriel_source_surface(test.source), NULL, &view);
  assert_int_equal(view.width, 64);
  assert_int_equal(view.bgrx[47 * view.stride + 63 * 4], fill);
  oriel_surface_unlock(oriel_source_surface(test.source), NULL);
}

static unsigned reports(void) {
  pthread_mutex_lock(&test.recorder.lock);
  unsigned states = test.recorder.states;
  pthread_mutex_unlock(&test.recorder.lock);
  return states;
}

/* --- storms ------------------------------------------------------------------------------------------------------- */

static void *look_on(void *user) {
  atomic_bool *stop = user;
  struct oriel_surface *surface = oriel_source_surface(test.source);
  uintptr_t sum = 0;
  while (!atomic_load(stop)) {
    struct oriel_surface_view view;
    oriel_surface_lock(surface, NULL, &view);
    if (view.height)
      sum += view.bgrx[(size_t)(view.height - 1) * (size_t)view.stride + (size_t)(view.width - 1) * 4];
    oriel_surface_unlock(surface, NULL);
  }
  return (void *)sum;
}

/* Sizes alternate while somebody reads pixels, with updates for the picture before. */
static void hostile_sizes(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  atomic_bool stop = false;
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, look_on, &stop), 0);
  static const uint16_t sizes[][2] = {{64, 48}, {1920, 1080}, {1, 1}, {7680, 1}, {1, 4320}, {1280, 720}};
  for (unsigned i = 0; i < 120; i++) {
    const uint16_t *size = sizes[i % 6];
    call(false, LISTENER, "Scanout", picture(size[0], size[1], (int)i), NULL);
    call(false, LISTENER, "Update", g_variant_new("(iiiiuu@ay)", 0, 0, 64, 48, 256, X8R8G8B8, peer_bytes(12288, 1)),
         NULL);
    if (i % 10 == 9)
      call(false, LISTENER, "Disable", NULL, NULL);
  }
  atomic_store(&stop, true);
  pthread_join(thread, NULL);
  expect_served(0x12);
}

/* The display flips on and off: a report a time would flood log and viewers. */
static void hostile_flicker(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  unsigned before = reports();
  uint64_t start = oriel_clock_ns();
  for (unsigned i = 0; i < 1500; i++) {
    call(false, LISTENER, "Disable", NULL, NULL);
    call(false, LISTENER, "Scanout", picture(8, 8, 1), NULL);
  }
  uint64_t seconds = (oriel_clock_ns() - start) / ORIEL_NS_PER_SECOND;
  assert_true(reports() - before <= 20 * (seconds + 2));
  call(false, LISTENER, "Disable", NULL, NULL);
  /* The last word counts. */
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_RUNNING, "switched off", PATIENCE_MS));
  expect_served(0x13);
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_RUNNING, "fake runs", PATIENCE_MS));
}

static void hostile_cursors(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  static const int32_t odd[][4] = {
    {2049, 1, 0, 0}, {1, 2049, 0, 0}, {INT32_MAX, INT32_MAX, 0, 0}, {INT32_MIN, 1, 0, 0}, {-1, -1, 0, 0}};
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
    assert_false(call(false, LISTENER, "CursorDefine",
                      g_variant_new("(iiii@ay)", odd[i][0], odd[i][1], odd[i][2], odd[i][3], peer_bytes(64, 1)), NULL));
  static const int32_t hot[][2] = {{-1, -1}, {INT32_MIN, INT32_MAX}, {INT32_MAX, INT32_MIN}, {2048, 2048}};
  for (unsigned i = 0; i < 40; i++) {
    assert_true(call(false, LISTENER, "CursorDefine",
                     g_variant_new("(iiii@ay)", 2048, 2048, hot[i % 4][0], hot[i % 4][1],
                                   peer_bytes(2048 * 2048 * 4, (int)i)), NULL));
    const uint8_t *header = test.recorder.cursor;
    assert_true(test.recorder.cursor_size == 8 + 256 * 256 * 4);
    assert_true((header[4] | header[5] << 8) < 256 && (header[6] | header[7] << 8) < 256); /* the hot spot is inside */
  }
  expect_served(0x14);
}

/* Shared memory that shrinks, grows and has holes while it is read: short reads, never SIGBUS. */
static void hostile_memory(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  int fd = memfd_create("picture", MFD_CLOEXEC);
  assert_int_equal(ftruncate(fd, 640 * 480 * 4), 0);
  GUnixFDList *fds = g_unix_fd_list_new();
  assert_true(g_unix_fd_list_append(fds, fd, NULL) >= 0);
  assert_true(call(false, MAP, "ScanoutMap", g_variant_new("(huuuuu)", 0, 0, 640, 480, 2560, X8R8G8B8), fds));
  for (unsigned i = 0; i < 200; i++) {
    assert_int_equal(ftruncate(fd, i % 2 ? 640 * 480 * 4 : (off_t)(i * 1000)), 0);
    bool taken = call(false, MAP, "UpdateMap", g_variant_new("(iiii)", 0, 0, 640, 480), NULL);
    assert_int_equal(taken, i % 2);
  }
  /* No descriptor at all, and the same ones over and over. */
  assert_false(call(false, MAP, "ScanoutMap", g_variant_new("(huuuuu)", 0, 0, 640, 480, 2560, X8R8G8B8), NULL));
  for (unsigned i = 0; i < 1100; i++) /* more than a process may have open */
    assert_true(call(false, MAP, "ScanoutMap", g_variant_new("(huuuuu)", 0, 0, 8, 8, 32, X8R8G8B8), fds));
  g_object_unref(fds);
  close(fd);
  expect_served(0x15);
}

/* --- sound -------------------------------------------------------------------------------------------------------- */

static GVariant *pcm(guint64 id, guchar bits, bool is_float, guint32 rate, guchar channels) {
  return g_variant_new("(tybbuyuub)", id, bits, TRUE, (gboolean)is_float, rate, channels, 4, 192000, FALSE);
}

static bool heard(const struct recorder *recorder, const void *want) {
  return recorder->frames > *(const uint64_t *)want;
}

/* Voices that never end: bounded, and the newest is heard. */
static void hostile_voices(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.has_audio = true});
  assert_true(fake_qemu_wait_listener(test.fake, true, 1));
  for (guint64 id = 1; id <= 10000; id++)
    call(true, SOUND, "Init", pcm(id, 16, false, 44100, 2), NULL);
  const uint64_t none = 0;
  assert_true(call(true, SOUND, "Write", g_variant_new("(t@ay)", (guint64)10000, peer_bytes(4410, 1)), NULL));
  assert_true(recorder_wait(&test.recorder, heard, &none, PATIENCE_MS));
  assert_false(call(true, SOUND, "Write", g_variant_new("(t@ay)", (guint64)1, peer_bytes(4410, 1)), NULL));
}

static void hostile_pcm(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.has_audio = true});
  assert_true(fake_qemu_wait_listener(test.fake, true, 1));
  for (unsigned bits = 0; bits < 256; bits += 3)
    for (unsigned channels = 0; channels < 256; channels += 51) {
      static const guint32 rates[] = {0, 1, 1000, 44100, 768000, 0xffffffff};
      for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        call(true, SOUND, "Init", pcm(1, (guchar)bits, bits & 1, rates[i], (guchar)channels), NULL);
        call(true, SOUND, "Write", g_variant_new("(t@ay)", (guint64)1, peer_bytes(bits * 7 + 1, (int)bits)), NULL);
      }
    }
  static const size_t lengths[] = {0, 1, 3, 5, 65537, 1024 * 1024, 1024 * 1024 + 1, 16 * 1024 * 1024};
  static const guint32 rates[] = {1000, 48000, 768000};
  for (size_t rate = 0; rate < 3; rate++)
    for (guchar bits = 8; bits <= 64; bits = (guchar)(bits * 2)) {
      call(true, SOUND, "Init", pcm(2, bits, bits == 64, rates[rate], 1), NULL);
      for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
        call(true, SOUND, "Write", g_variant_new("(t@ay)", (guint64)2, peer_bytes(lengths[i], 0x7f)), NULL);
    }
  call(true, SOUND, "SetVolume", g_variant_new("(tb@ay)", (guint64)2, FALSE, peer_bytes(100000, 7)), NULL);
  assert_true(call(true, SOUND, "Init", pcm(3, 16, false, 48000, 2), NULL));
  pthread_mutex_lock(&test.recorder.lock);
  uint64_t before = test.recorder.frames;
  pthread_mutex_unlock(&test.recorder.lock);
  assert_true(call(true, SOUND, "Write", g_variant_new("(t@ay)", (guint64)3, peer_bytes(48000 * 4, 1)), NULL));
  assert_true(recorder_wait(&test.recorder, heard, &before, PATIENCE_MS));
  assert_true(test.recorder.loudest < 2.0f); /* a resampler overshoots a little */
}

/* --- words -------------------------------------------------------------------------------------------------------- */

static void hostile_arguments(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.has_audio = true});
  assert_true(fake_qemu_wait_listener(test.fake, true, 1));
  static const struct {
    bool sound;
    const char *interface, *member;
  } methods[] = {
    {false, LISTENER, "Scanout"},      {false, LISTENER, "Update"},       {false, LISTENER, "MouseSet"},
    {false, LISTENER, "CursorDefine"}, {false, LISTENER, "ScanoutDMABUF"}, {false, LISTENER, "UpdateDMABUF"},
    {false, MAP, "ScanoutMap"},        {false, MAP, "UpdateMap"},         {true, SOUND, "Init"},
    {true, SOUND, "Fini"},             {true, SOUND, "SetEnabled"},       {true, SOUND, "SetVolume"},
    {true, SOUND, "Write"},            {false, "org.freedesktop.DBus.Properties", "Get"},
    {true, "org.freedesktop.DBus.Properties", "Set"}, {false, "", "x"},
  };
  static const char *const bodies[] = {
    "()", "(1,)", "('text',)", "(@ay [],)", "(<<<<1>>>>,)", "(1, 2, 3)", "(@ai [1, 2], {'a': <1>})",
    "(uint64 1, true, 'x')", "(uint32 1, uint32 1, uint32 4, uint32 1, 'not bytes')",
    "('org.example', 'Interfaces', 3)",
  };
  for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
    for (size_t j = 0; j < sizeof bodies / sizeof *bodies; j++) {
      GVariant *body = g_variant_parse(NULL, bodies[j], NULL, NULL, NULL);
      assert_non_null(body);
      if (*methods[i].interface) /* else GDBus would not even send it */
        assert_false(call(methods[i].sound, methods[i].interface, methods[i].member, body, NULL) &&
                     strcmp(methods[i].member, "MouseSet"));
      g_variant_unref(body);
    }
  for (size_t j = 1; j < sizeof bodies / sizeof *bodies; j++) /* and as news on the control connection */
    for (unsigned i = 0; i < 3; i++)
      fake_qemu_property(test.fake, i ? "org.qemu.Display1.Mouse" : "org.qemu.Display1.Console",
                         i == 2 ? "IsAbsolute" : "Width", g_variant_new_parsed(bodies[j]));
  expect_served(0x16);
}

/* QMP says without end that the state changed: questions and reports keep to their pace, commands still pass. */
static void hostile_events(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  unsigned before = fake_qemu_count(test.fake, "qmp query-status");
  uint64_t start = oriel_clock_ns();
  for (unsigned i = 0; i < 20000; i++)
    fake_qemu_say(test.fake, i % 2 ? "{\"event\": \"STOP\"}" : "{\"event\": \"RESUME\"}");
  for (unsigned i = 0; i < 1000; i++)
    fake_qemu_say(test.fake, i % 2 ? "{\"event\": \"SHUTDOWN\"}" : "{\"event\": \"RESET\"}");
  assert_int_equal(oriel_source_command(test.source, ORIEL_COMMAND_PAUSE), 0);
  assert_true(fake_qemu_wait_log(test.fake, "qmp stop\n"));
  uint64_t took_ms = (oriel_clock_ns() - start) / ORIEL_NS_PER_MS;
  assert_true(fake_qemu_count(test.fake, "qmp query-status") - before <= took_ms / 20 + 2);
  /* A reset may bring other devices. */
  assert_true(fake_qemu_count(test.fake, "qmp qom-list") <= 3 * (took_ms / 100 + 3));
  assert_true(reports() <= 4 + 20 * (took_ms / 1000 + 2));
  expect_served(0x17);
}

/* More commands than anybody means are refused, not queued for ever. */
static void hostile_command_flood(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  pthread_mutex_lock(&test.recorder.lock); /* the source's thread gets stuck in its report */
  fake_qemu_say(test.fake, "{\"event\": \"SHUTDOWN\"}");
  uint64_t limit = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
  int result = 0;
  while (!result && oriel_clock_ns() < limit)
    result = oriel_source_command(test.source, ORIEL_COMMAND_RESUME);
  pthread_mutex_unlock(&test.recorder.lock);
  assert_int_equal(result, -EAGAIN);
  while (result == -EAGAIN && oriel_clock_ns() < limit)
    result = oriel_source_command(test.source, ORIEL_COMMAND_PAUSE);
  assert_int_equal(result, 0);
  assert_true(fake_qemu_wait_log(test.fake, "qmp stop\n"));
}

/* --- silence ------------------------------------------------------------------------------------------------------ */

/* D-Bus never begins: the user hears why nothing comes. */
static void hostile_deaf(void **state) {
  (void)state;
  peer_start(&(struct fake_qemu_options){.deaf = true});
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_CONNECTING, "not on D-Bus", PATIENCE_MS));
}

/* It registers listeners and does not talk to them: the source tries again. */
static void hostile_mute(void **state) {
  (void)state;
  peer_start(&(struct fake_qemu_options){.mute = true});
  uint64_t limit = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
  while (fake_qemu_count(test.fake, "RegisterListener") < 2 && oriel_clock_ns() < limit)
    g_usleep(10000);
  assert_true(fake_qemu_count(test.fake, "RegisterListener") >= 2);
}

static GByteArray *message(const char *member, GVariant *body, guint32 serial) {
  GDBusMessage *call = g_dbus_message_new_method_call(NULL, PATH, LISTENER, member);
  g_dbus_message_set_body(call, body);
  g_dbus_message_set_serial(call, serial);
  gsize size;
  guchar *blob = g_dbus_message_to_blob(call, &size, G_DBUS_CAPABILITY_FLAGS_NONE, NULL);
  assert_non_null(blob);
  g_object_unref(call);
  return g_byte_array_new_take(blob, size);
}

/* Calls without end and reads no answer: the source does not store answers for it for ever. */
static void hostile_reader(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.raw = true});
  int fd = fake_qemu_raw(test.fake, false);
  assert_true(fd >= 0);
  enum { CALLS = 60000 };
  unsigned sent = 0;
  for (; sent < CALLS; sent++) {
    GByteArray *blob = message("MouseSet", g_variant_new("(iii)", 1, 2, 1), sent + 1);
    ssize_t count = send(fd, blob->data, blob->len, MSG_NOSIGNAL);
    bool whole = count == (ssize_t)blob->len;
    g_byte_array_unref(blob);
    if (!whole)
      break;
  }
  assert_true(sent < CALLS); /* cut off */
  close(fd);
  assert_true(fake_qemu_wait_listener(test.fake, false, 2));
}

/* The connection ends within a message, at every byte of its header and at many of its body; and bytes turn. */
static void hostile_cuts(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.raw = true});
  GByteArray *whole = message("Scanout", picture(16, 16, 3), 1);
  int log = memfd_create("log", MFD_CLOEXEC), own = dup(2); /* what is said about it */
  assert_true(log >= 0 && own >= 0 && dup2(log, 2) == 2);
  unsigned connections = 1;
  for (guint cut = 0; cut < whole->len; cut += cut < 160 ? 9 : 499) {
    int fd = fake_qemu_raw(test.fake, false);
    assert_true(fd >= 0);
    uint8_t *bytes_sent = g_memdup2(whole->data, whole->len);
    guint size = cut;
    if (cut % 2) { /* the other half of them: whole, with a byte turned */
      bytes_sent[cut] ^= 0x85;
      size = whole->len;
    }
    assert_true(send(fd, bytes_sent, size, MSG_NOSIGNAL) == (ssize_t)size);
    g_free(bytes_sent);
    close(fd);
    assert_true(fake_qemu_wait_listener(test.fake, false, ++connections));
  }
  dup2(own, 2);
  close(own);
  char said[65536] = "";
  assert_true(pread(log, said, sizeof said - 1, 0) > 0);
  if (!strstr(said, "what QEMU sent is no D-Bus message"))
    fail_msg("said instead: %.400s", said);
  assert_null(strstr(said, "03 03 03 03")); /* the bytes are not in it */
  close(log);
  int fd = fake_qemu_raw(test.fake, false);
  unsigned damages = recorder_damages(&test.recorder);
  assert_true(send(fd, whole->data, whole->len, MSG_NOSIGNAL) == (ssize_t)whole->len);
  assert_true(recorder_wait_damage(&test.recorder, damages, PATIENCE_MS));
  close(fd);
  g_byte_array_unref(whole);
}

/* Everything ends at once, in the midst of pictures and sound, again and again; the source's end too. */
static void hostile_deaths(void **state) {
  (void)state;
  const struct fake_qemu_options options = {.has_audio = true, .absolute = true};
  for (unsigned i = 0; i < 6; i++) {
    peer_meet(&options);
    assert_true(fake_qemu_wait_listener(test.fake, true, 1));
    expect_served((int)i);
    for (unsigned j = 0; j < 50; j++)
      oriel_source_input(test.source, &(struct oriel_input){.type = ORIEL_INPUT_KEY, .key = {(uint16_t)(4 + j), true}});
    if (i % 3 == 0)
      fake_qemu_drop_control(test.fake);
    if (i % 3 == 1)
      fake_qemu_drop_listener(test.fake, i & 1);
    if (i % 2) { /* the peer first, then the source; or the other way round */
      fake_qemu_stop(test.fake);
      test.fake = NULL;
    }
    peer_end(NULL);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(hostile_sizes, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(hostile_flicker, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(hostile_cursors, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(hostile_memory, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(hostile_voices, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(hostile_pcm, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(hostile_arguments, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(hostile_events, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(hostile_command_flood, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(hostile_deaf, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(hostile_mute, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(hostile_reader, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(hostile_cuts, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(hostile_deaths, peer_begin, peer_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
