/* SPDX-License-Identifier: MIT
 *
 * The QEMU source against a peer that lies, dies, and speaks of things no real QEMU here offers.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"
#include "peer.h"

#define LISTENER "org.qemu.Display1.Listener"
#define MAP "org.qemu.Display1.Listener.Unix.Map"
#define SOUND "org.qemu.Display1.AudioOutListener"

enum { PATIENCE_MS = PEER_PATIENCE_MS, X8R8G8B8 = 0x20020888, R5G6B5 = 0x10020565 };

static void expect_taken(bool sound, const char *interface, const char *member, GVariant *body) {
  char *error = fake_qemu_call(test.fake, sound, interface, member, body, NULL);
  if (error)
    fail_msg("%s was refused: %s", member, error);
}

static void expect_refused(bool sound, const char *interface, const char *member, GVariant *body) {
  char *error = fake_qemu_call(test.fake, sound, interface, member, body, NULL);
  assert_non_null(error);
  g_free(error);
}

static void scanout(uint32_t width, uint32_t height, int fill) {
  expect_taken(false, LISTENER, "Scanout",
               g_variant_new("(uuuu@ay)", width, height, width * 4, X8R8G8B8, peer_bytes(width * height * 4, fill)));
}

static uint32_t pixel(int x, int y) {
  struct oriel_surface_view view;
  oriel_surface_lock(oriel_source_surface(test.source), NULL, &view);
  assert_true(x < view.width && y < view.height);
  const uint8_t *at = view.bgrx + y * view.stride + x * 4;
  uint32_t value = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
  oriel_surface_unlock(oriel_source_surface(test.source), NULL);
  return value;
}

static void send(struct oriel_input input) {
  oriel_source_input(test.source, &input);
}

/* --- pictures ----------------------------------------------------------------------------------------------------- */

static void peer_picture(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true});
  char *interfaces = fake_qemu_interfaces(test.fake, false);
  assert_string_equal(interfaces, MAP);
  g_free(interfaces);
  scanout(64, 48, 0x11);
  assert_int_equal(pixel(63, 47), 0x111111);
  expect_taken(false, LISTENER, "Update",
               g_variant_new("(iiiiuu@ay)", 60, 40, 4, 8, 16, X8R8G8B8, peer_bytes(128, 0x22)));
  assert_int_equal(pixel(60, 40), 0x222222);
  assert_int_equal(pixel(59, 40), 0x111111);
  expect_taken(false, LISTENER, "Update", g_variant_new("(iiiiuu@ay)", 0, 0, 2, 1, 4, R5G6B5, peer_bytes(4, 0xff)));
  assert_int_equal(pixel(1, 0), 0xffffff);
  expect_taken(false, LISTENER, "Disable", NULL);
  assert_int_equal(pixel(63, 47), 0);
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_RUNNING, "switched off", PATIENCE_MS));
  scanout(65, 49, 0x33);
  assert_int_equal(pixel(64, 48), 0x333333);
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_RUNNING, "fake runs", PATIENCE_MS));
}

/* Lesson 38: sizes from outside are bounded, and products of them do not wrap. */
static void peer_absurd_picture(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  scanout(64, 48, 0x11);
  static const struct {
    uint32_t width, height, stride, format;
    size_t size;
  } scanouts[] = {
    {0, 48, 256, X8R8G8B8, 12288},          {64, 0, 256, X8R8G8B8, 12288},   {7681, 1, 30724, X8R8G8B8, 30724},
    {1, 4321, 4, X8R8G8B8, 17284},          {64, 48, 255, X8R8G8B8, 12288},  {64, 48, 256, X8R8G8B8, 12287},
    {64, 48, 256, 0, 12288},                {64, 48, 256, 0xffffffff, 12288}, {0xffffffff, 0xffffffff, 4, X8R8G8B8, 64},
    {0x40000000, 1, 0, X8R8G8B8, 64},       {64, 48, 0xffffffff, X8R8G8B8, 12288}, {7680, 4320, 30720, X8R8G8B8, 64},
    {64, 48, 0x80000000, X8R8G8B8, 12288},  {64, 48, 256, X8R8G8B8, 0},
  };
  for (size_t i = 0; i < sizeof scanouts / sizeof *scanouts; i++)
    expect_refused(false, LISTENER, "Scanout",
                   g_variant_new("(uuuu@ay)", scanouts[i].width, scanouts[i].height, scanouts[i].stride,
                                 scanouts[i].format, peer_bytes(scanouts[i].size, 0x44)));
  scanout(64, 48, 0x11); /* one that is too large has made the screen black */
  static const struct {
    int32_t x, y, width, height;
    uint32_t stride;
    size_t size;
  } updates[] = {
    {-1, 0, 4, 4, 16, 64},  {0, -1, 4, 4, 16, 64}, {61, 0, 4, 4, 16, 64},        {0, 45, 4, 4, 16, 64},
    {0, 0, 65, 1, 260, 260}, {0, 0, 0, 4, 16, 64},  {0, 0, 4, -4, 16, 64},       {0, 0, 4, 4, 15, 64},
    {0, 0, 4, 4, 16, 63},   {INT32_MAX, 0, 4, 4, 16, 64}, {0, 0, INT32_MAX, INT32_MAX, 16, 64},
    {0, 0, 4, 4, 0xfffffff0, 64}, {INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, 16, 64},
  };
  for (size_t i = 0; i < sizeof updates / sizeof *updates; i++)
    expect_refused(false, LISTENER, "Update",
                   g_variant_new("(iiiiuu@ay)", updates[i].x, updates[i].y, updates[i].width, updates[i].height,
                                 updates[i].stride, X8R8G8B8, peer_bytes(updates[i].size, 0x44)));
  expect_refused(false, LISTENER, "Scanout", g_variant_new("(s)", "no picture"));
  expect_refused(false, LISTENER, "Scanout", NULL);
  expect_refused(false, LISTENER, "NoSuchMethod", NULL);
  expect_refused(false, "org.example.Other", "Scanout", NULL);
  expect_refused(false, LISTENER, "CursorDefine", g_variant_new("(iiii@ay)", 4096, 4096, 0, 0, peer_bytes(64, 0)));
  expect_refused(false, LISTENER, "CursorDefine", g_variant_new("(iiii@ay)", -1, 1, 0, 0, peer_bytes(64, 0)));
  expect_refused(false, LISTENER, "CursorDefine", g_variant_new("(iiii@ay)", 16, 16, 0, 0, peer_bytes(1023, 0)));
  expect_refused(false, LISTENER, "MouseSet", g_variant_new("(iii)", INT32_MAX, INT32_MIN, 1));
  assert_int_equal(pixel(0, 0), 0x111111);
  /* It still listens; the updates outside asked for a registration that shows the whole picture. */
  assert_true(fake_qemu_wait_listener(test.fake, false, 2));
  scanout(80, 60, 0x55);
  assert_int_equal(pixel(79, 59), 0x555555);
}

/* QEMU does not always say that the size changed: the source asks again. */
static void peer_size_unannounced(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  scanout(64, 48, 0x11);
  fake_qemu_property(test.fake, "org.qemu.Display1.Console", "Width", g_variant_new_uint32(80));
  assert_true(fake_qemu_wait_listener(test.fake, false, 2));
  /* Updates before the first whole picture are for nobody. */
  unsigned damages = recorder_damages(&test.recorder);
  expect_taken(false, LISTENER, "Update",
               g_variant_new("(iiiiuu@ay)", 70, 0, 4, 4, 16, X8R8G8B8, peer_bytes(64, 0x44)));
  assert_int_equal(recorder_damages(&test.recorder), damages);
  scanout(80, 48, 0x66);
  assert_int_equal(pixel(79, 47), 0x666666);
}

/* Nobody watches: the listener goes, but for a QEMU that would not let go of it. */
static void peer_unwatched(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  scanout(64, 48, 0x11);
  oriel_source_watch(test.source, ORIEL_WATCH_NOTHING);
  oriel_source_watch(test.source, ORIEL_WATCH_ALL);
  assert_true(fake_qemu_wait_listener(test.fake, false, 1));
  oriel_source_watch(test.source, ORIEL_WATCH_NOTHING);
  /* QEMU's end is told, and what it still says is not heard. */
  GVariant *picture = g_variant_new("(uuuu@ay)", 64, 48, 256, X8R8G8B8, peer_bytes(64 * 48 * 4, 0x22));
  g_variant_ref_sink(picture);
  for (bool heard = true; heard;) {
    char *error = fake_qemu_call(test.fake, false, LISTENER, "Scanout", picture, NULL);
    heard = !error;
    g_free(error);
  }
  g_variant_unref(picture);
  oriel_source_watch(test.source, ORIEL_WATCH_ALL);
  assert_true(fake_qemu_wait_listener(test.fake, false, 2));
}

/* Who only listens makes no QEMU copy pictures. */
static void peer_heard_unseen(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.has_audio = true});
  oriel_source_watch(test.source, ORIEL_WATCH_NOTHING);
  oriel_source_watch(test.source, ORIEL_WATCH_SOUND);
  assert_true(fake_qemu_wait_listener(test.fake, true, 1)); /* by now the display's is gone */
  GVariant *picture = g_variant_new("(uuuu@ay)", 64, 48, 256, X8R8G8B8, peer_bytes(64 * 48 * 4, 0x22));
  g_variant_ref_sink(picture);
  for (bool seen = true; seen;) {
    char *error = fake_qemu_call(test.fake, false, LISTENER, "Scanout", picture, NULL);
    seen = !error;
    g_free(error);
  }
  g_variant_unref(picture);
  oriel_source_watch(test.source, ORIEL_WATCH_ALL);
  assert_true(fake_qemu_wait_listener(test.fake, false, 2));
}

static void peer_unwatched_leaky(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.major = 8, .minor = 2});
  scanout(64, 48, 0x11);
  struct oriel_surface_view view;
  struct oriel_surface_cursor reader = {0};
  oriel_surface_lock(oriel_source_surface(test.source), &reader, &view);
  oriel_surface_unlock(oriel_source_surface(test.source), &reader);
  oriel_source_watch(test.source, ORIEL_WATCH_NOTHING);
  assert_int_equal(oriel_source_resize(test.source, 640, 480), 0);
  assert_true(fake_qemu_wait_log(test.fake, "SetUIInfo")); /* by now it is not watched */
  unsigned damages = recorder_damages(&test.recorder);
  oriel_source_watch(test.source, ORIEL_WATCH_ALL);
  assert_true(recorder_wait_damage(&test.recorder, damages, PATIENCE_MS));
  oriel_surface_lock(oriel_source_surface(test.source), &reader, &view);
  assert_int_equal(oriel_damage_area(&view.damage), 64 * 48);
  oriel_surface_unlock(oriel_source_surface(test.source), &reader);
  scanout(64, 48, 0x33); /* on the first connection still */
  assert_int_equal(pixel(0, 0), 0x333333);
  assert_int_equal(fake_qemu_count(test.fake, "RegisterListener"), 1);
}

static GUnixFDList *memory(size_t size, int fill, int *fd, unsigned extra) {
  *fd = memfd_create("test", MFD_CLOEXEC);
  assert_true(*fd >= 0);
  char *data = malloc(size);
  memset(data, fill, size);
  assert_int_equal(write(*fd, data, size), size);
  free(data);
  GUnixFDList *fds = g_unix_fd_list_new();
  for (unsigned i = 0; i <= extra; i++)
    assert_int_equal(g_unix_fd_list_append(fds, *fd, NULL), i);
  return fds;
}

static unsigned open_files(void) {
  unsigned count = 0;
  for (int fd = 0; fd < 1024; fd++)
    count += fcntl(fd, F_GETFD) >= 0;
  return count;
}

/* Shared memory, with descriptors to spare (lesson 39) and a file that shrinks under our hands. */
static void peer_shared_memory(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  int fd;
  GUnixFDList *fds = memory(4096 + 64 * 48 * 4, 0x21, &fd, 3);
  char *error =
    fake_qemu_call(test.fake, false, MAP, "ScanoutMap", g_variant_new("(huuuuu)", 1, 4096, 64, 48, 256, X8R8G8B8), fds);
  assert_null(error);
  assert_int_equal(pixel(63, 47), 0x212121);
  unsigned files = open_files();
  for (int i = 0; i < 20; i++)
    assert_null(fake_qemu_call(test.fake, false, MAP, "ScanoutMap",
                               g_variant_new("(huuuuu)", 0, 4096, 64, 48, 256, X8R8G8B8), fds));
  assert_true(open_files() <= files + 1);
  g_object_unref(fds);

  const uint8_t row[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  assert_int_equal(pwrite(fd, row, sizeof row, 4096 + 10 * 256 + 20 * 4), sizeof row);
  expect_taken(false, MAP, "UpdateMap", g_variant_new("(iiii)", 20, 10, 2, 1));
  assert_int_equal(pixel(20, 10), 0x030201);
  assert_int_equal(pixel(21, 10), 0x070605);
  expect_refused(false, MAP, "UpdateMap", g_variant_new("(iiii)", 63, 0, 2, 1));
  assert_int_equal(ftruncate(fd, 4096 + 100), 0);
  expect_refused(false, MAP, "UpdateMap", g_variant_new("(iiii)", 0, 0, 64, 48));
  assert_int_equal(pixel(20, 10), 0x030201);
  /* A plain scanout takes over, and then there is no memory any more. */
  scanout(64, 48, 0x11);
  expect_refused(false, MAP, "UpdateMap", g_variant_new("(iiii)", 0, 0, 1, 1));
  close(fd);
}

static void peer_absurd_memory(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  int fd;
  GUnixFDList *fds = memory(64 * 48 * 4, 0x21, &fd, 0);
  static const struct {
    int32_t handle;
    uint32_t offset, width, height, stride;
  } maps[] = {{1, 0, 64, 48, 256}, {-1, 0, 64, 48, 256}, {0, 1, 64, 48, 256}, {0, 0xffffffff, 64, 48, 256},
              {0, 0, 64, 49, 256}, {0, 0, 64, 48, 257},  {0, 0, 7680, 4320, 30720}};
  for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
    char *error = fake_qemu_call(test.fake, false, MAP, "ScanoutMap",
                                 g_variant_new("(huuuuu)", maps[i].handle, maps[i].offset, maps[i].width,
                                               maps[i].height, maps[i].stride, X8R8G8B8), fds);
    assert_non_null(error);
    g_free(error);
  }
  g_object_unref(fds);
  close(fd);
  /* A pipe would block its reader. */
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  fds = g_unix_fd_list_new_from_array(ends, 2);
  char *error = fake_qemu_call(test.fake, false, MAP, "ScanoutMap",
                               g_variant_new("(huuuuu)", 0, 0, 1, 1, 4, X8R8G8B8), fds);
  assert_non_null(error);
  g_free(error);
  error = fake_qemu_call(test.fake, false, LISTENER, "ScanoutDMABUF",
                         g_variant_new("(huuuutb)", 0, 64, 48, 256, 0x34325258, (guint64)0, FALSE), fds);
  assert_non_null(error);
  g_free(error);
  g_object_unref(fds);
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_RUNNING, "without gl=on", PATIENCE_MS));
}

static void peer_cursor(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  /* Half transparent premultiplied blue, and nothing. */
  static const uint8_t shape[] = {0x40, 0, 0, 0x80, 0, 0, 0, 0};
  expect_taken(false, LISTENER, "CursorDefine",
               g_variant_new("(iiii@ay)", 2, 1, 1, 9,
                             g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, shape, sizeof shape, 1)));
  static const uint8_t packet[] = {2, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0x80, 0x80, 0, 0, 0, 0};
  assert_int_equal(test.recorder.cursor_size, sizeof packet);
  assert_memory_equal(test.recorder.cursor, packet, sizeof packet);
  /* A colour above its alpha: straight. */
  static const uint8_t straight[] = {0xff, 0, 0, 0x80};
  expect_taken(false, LISTENER, "CursorDefine",
               g_variant_new("(iiii@ay)", 1, 1, 0, 0,
                             g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, straight, sizeof straight, 1)));
  static const uint8_t straight_packet[] = {1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xff, 0x80};
  assert_memory_equal(test.recorder.cursor, straight_packet, sizeof straight_packet);
  expect_taken(false, LISTENER, "CursorDefine",
               g_variant_new("(iiii@ay)", 600, 300, 599, 0, peer_bytes(600 * 300 * 4, 9)));
  assert_int_equal(test.recorder.cursor_size, 8 + 150 * 75 * 4);
  assert_int_equal(test.recorder.cursor[4], 149);
  expect_taken(false, LISTENER, "CursorDefine", g_variant_new("(iiii@ay)", 0, 0, 0, 0, peer_bytes(0, 0)));
  assert_int_equal(test.recorder.cursor_size, 8);
  expect_taken(false, LISTENER, "MouseSet", g_variant_new("(iii)", -3, 7, 1));
  assert_int_equal(test.recorder.x, -3);
  assert_int_equal(test.recorder.y, 7);
  assert_true(test.recorder.visible);
}

/* --- input -------------------------------------------------------------------------------------------------------- */

static void peer_input(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true});
  scanout(64, 48, 0);
  /* One more than asked for, but for the edges: see axis_position. */
  send((struct oriel_input){.type = ORIEL_INPUT_POINTER, .pointer = {65535, 10}});
  send((struct oriel_input){.type = ORIEL_INPUT_BUTTON, .button = {ORIEL_BUTTON_EXTRA, true}});
  send((struct oriel_input){.type = ORIEL_INPUT_KEY, .key = {0x52, true}});
  send((struct oriel_input){.type = ORIEL_INPUT_KEY, .key = {0xffff, true}}); /* no such key */
  send((struct oriel_input){.type = ORIEL_INPUT_WHEEL, .wheel = {0, 119}});
  send((struct oriel_input){.type = ORIEL_INPUT_WHEEL, .wheel = {-240, 1}});
  assert_true(fake_qemu_wait_log(test.fake, "SetAbsPosition(63, 11)\nPress(6,)\nPress(200,)\nPress(4,)\nRelease(4,)\n"
                                            "Press(7,)\nRelease(7,)\nPress(7,)\nRelease(7,)\n"));
  send((struct oriel_input){.type = ORIEL_INPUT_TOUCH, .touch = {ORIEL_TOUCH_DOWN, 0, 5, 6}});
  send((struct oriel_input){.type = ORIEL_INPUT_TOUCH, .touch = {ORIEL_TOUCH_DOWN, 1, 50, 6}});
  send((struct oriel_input){.type = ORIEL_INPUT_TOUCH, .touch = {ORIEL_TOUCH_UP, 0, 7, 8}});
  assert_true(fake_qemu_wait_log(test.fake, "SetAbsPosition(6, 7)\nPress(0,)\nSetAbsPosition(8, 9)\nRelease(0,)\n"));
  /* A guest that only understands motion gets motion. */
  fake_qemu_property(test.fake, "org.qemu.Display1.Mouse", "IsAbsolute", g_variant_new_boolean(FALSE));
  expect_taken(false, LISTENER, "MouseSet", g_variant_new("(iii)", 0, 0, 1)); /* both ways are in order by now */
  uint64_t limit = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
  bool absolute = true;
  while (absolute && oriel_clock_ns() < limit) {
    pthread_mutex_lock(&test.recorder.lock);
    absolute = test.recorder.absolute;
    pthread_mutex_unlock(&test.recorder.lock);
  }
  assert_false(absolute);
  send((struct oriel_input){.type = ORIEL_INPUT_MOTION, .motion = {-5, 3}});
  send((struct oriel_input){.type = ORIEL_INPUT_POINTER, .pointer = {10, 10}});
  assert_true(fake_qemu_wait_log(test.fake, "RelMotion(-5, 3)"));
  assert_true(fake_qemu_wait_log(test.fake, "RelMotion(3, 2)"));
  assert_int_equal(oriel_source_resize(test.source, 1920, 1080), 0);
  assert_true(fake_qemu_wait_log(test.fake, "SetUIInfo(508, 286, 0, 0, 1920, 1080)"));
  /* QEMU drops a request that equals the one before, though the guest may have left that size. */
  assert_int_equal(oriel_source_resize(test.source, 1920, 1080), 0);
  assert_true(fake_qemu_wait_log(test.fake, "SetUIInfo(509, 286, 0, 0, 1920, 1080)"));
  /* The end releases what is down. */
  oriel_source_destroy(test.source);
  test.source = NULL;
  assert_true(fake_qemu_wait_log(test.fake, "Release(200,)\nRelease(6,)\n"));
}

static void peer_touch(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true, .has_touch = true});
  scanout(64, 48, 0);
  send((struct oriel_input){.type = ORIEL_INPUT_TOUCH, .touch = {ORIEL_TOUCH_DOWN, 2, 5, 6}});
  send((struct oriel_input){.type = ORIEL_INPUT_TOUCH, .touch = {ORIEL_TOUCH_MOVE, 2, 7, 400}});
  send((struct oriel_input){.type = ORIEL_INPUT_RELEASE_ALL});
  assert_true(fake_qemu_wait_log(test.fake, "SendEvent(0, 2, 6.0, 7.0)\nSendEvent(1, 2, 8.0, 47.0)\n"
                                            "SendEvent(3, 2, 0.0, 0.0)"));
}

/* Moves do not pile up before a QEMU that is behind, keys keep their order, and everything is bounded (lesson 2). */
static void peer_slow(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true, .answers_nothing = true});
  scanout(64, 48, 0);
  for (uint16_t i = 0; i < 60; i++)
    send((struct oriel_input){.type = ORIEL_INPUT_POINTER, .pointer = {i, 1}});
  struct oriel_source_info info;
  oriel_source_info(test.source, &info);
  assert_int_equal(info.input_sent, 2);
  assert_int_equal(info.input_coalesced, 57);
  /* A click goes to where the pointer is. */
  send((struct oriel_input){.type = ORIEL_INPUT_BUTTON, .button = {ORIEL_BUTTON_LEFT, true}});
  assert_true(fake_qemu_wait_log(test.fake, "SetAbsPosition(2, 2)\nSetAbsPosition(60, 2)\nPress(0,)\n"));
  for (int i = 0; i < 3000; i++)
    send((struct oriel_input){.type = ORIEL_INPUT_KEY, .key = {0x04, i % 2 == 0}});
  oriel_source_info(test.source, &info);
  assert_true(info.input_sent < 512);
  /* Four went before the keys; 512 wait, or a few less when the timer has sent some since. */
  assert_in_range(info.input_sent + info.input_dropped, 3004 - 512, 3004 - 512 + 100);
}

/* Typing faster than a guest's devices hold is spread out, in order and complete: a guest that naps for 160 ms finds no
 * more than the 64 events that QEMU's virtio keyboard keeps. */
static void peer_pace(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.absolute = true, .keyboard = "virtio-keyboard-pci"});
  enum { KEYS = 40 };
  unsigned released = fake_qemu_count(test.fake, "Release(30");
  uint64_t start_ns = oriel_clock_ns();
  for (int i = 0; i < KEYS; i++) {
    send((struct oriel_input){.type = ORIEL_INPUT_KEY, .key = {0x04, true}});
    send((struct oriel_input){.type = ORIEL_INPUT_KEY, .key = {0x04, false}});
  }
  send((struct oriel_input){.type = ORIEL_INPUT_KEY, .key = {0x05, true}});
  assert_true(fake_qemu_wait_log(test.fake, "Release(30,)\nPress(48,)\n"));
  assert_int_equal(fake_qemu_count(test.fake, "Press(30"), KEYS);
  assert_int_equal(fake_qemu_count(test.fake, "Release(30") - released, KEYS);
  /* 24 events at once, then one in 5 ms; a key has two. */
  assert_true(oriel_clock_ns() - start_ns >= (2 * (2 * KEYS + 1) - 24) * 5 * ORIEL_NS_PER_MS);
  /* What a user types alone waits for nothing: the guest has had time to take the rest. */
  struct oriel_source_info info;
  oriel_source_info(test.source, &info);
  assert_int_equal(info.input_dropped, 0);
}

/* --- sound -------------------------------------------------------------------------------------------------------- */

static void voice(guint64 id, bool big_endian) {
  expect_taken(true, SOUND, "Init", peer_pcm(id, 16, 48000, 2, big_endian));
}

static bool heard(const struct recorder *recorder, const void *want) {
  return recorder->frames >= *(const uint64_t *)want;
}

static void expect_heard(uint64_t frames, float left) {
  assert_true(recorder_wait(&test.recorder, heard, &frames, PATIENCE_MS));
  assert_int_equal(test.recorder.frames, frames);
  assert_true(test.recorder.left > left - 0.001f && test.recorder.left < left + 0.001f);
}

static void peer_sound(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.has_audio = true});
  assert_true(fake_qemu_wait_listener(test.fake, true, 1));
  char *interfaces = fake_qemu_interfaces(test.fake, true);
  assert_string_equal(interfaces, "");
  g_free(interfaces);
  voice(1, true);
  expect_taken(true, SOUND, "SetEnabled", g_variant_new("(tb)", (guint64)1, TRUE));
  static const uint8_t half[] = {0x40, 0x00, 0xc0, 0x00};
  expect_taken(true, SOUND, "Write",
               g_variant_new("(t@ay)", (guint64)1, g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, half, 4, 1)));
  expect_heard(1, 0.5f);
  assert_true(test.recorder.right < -0.499f);
  static const uint8_t volume[] = {255, 0};
  expect_taken(true, SOUND, "SetVolume",
               g_variant_new("(tb@ay)", (guint64)1, TRUE,
                             g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, volume, 2, 1)));
  assert_true(test.recorder.muted);
  assert_true(test.recorder.volume_left == 1.0f && test.recorder.volume_right == 0.0f);

  expect_refused(true, SOUND, "Write", g_variant_new("(t@ay)", (guint64)2, peer_bytes(4, 0)));
  expect_refused(true, SOUND, "Write", g_variant_new("(t@ay)", (guint64)1, peer_bytes(2 * 1024 * 1024, 0)));
  expect_refused(true, SOUND, "Init", peer_pcm(3, 17, 48000, 2, false));
  expect_refused(true, SOUND, "Init", peer_pcm(3, 16, 0, 2, false));
  expect_refused(true, SOUND, "Init", peer_pcm(3, 16, 48000, 0, false));
  expect_refused(true, SOUND, "Write", g_variant_new("(s)", "noise"));
}

/* --- life and death ----------------------------------------------------------------------------------------------- */

static void peer_dies(void **state) {
  (void)state;
  const struct fake_qemu_options options = {.absolute = true};
  peer_meet(&options);
  scanout(64, 48, 0x11);
  for (unsigned i = 1; i <= 3; i++) {
    fake_qemu_stop(test.fake);
    test.fake = NULL;
    assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_GONE, NULL, PATIENCE_MS));
    test.fake = fake_qemu_start(test.path, &options);
    assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_RUNNING, NULL, PATIENCE_MS));
    assert_true(fake_qemu_wait_listener(test.fake, false, 1));
    scanout(64 + i, 48, (int)i);
    assert_int_equal(pixel(63 + (int)i, 47), i * 0x010101);
  }
  struct oriel_source_info info;
  oriel_source_info(test.source, &info);
  assert_int_equal(info.reconnects, 3);
}

/* Parts of it die. */
static void peer_loses_connections(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.has_audio = true});
  assert_true(fake_qemu_wait_listener(test.fake, true, 1));
  fake_qemu_drop_listener(test.fake, false);
  assert_true(fake_qemu_wait_listener(test.fake, false, 2));
  fake_qemu_drop_listener(test.fake, true);
  assert_true(fake_qemu_wait_listener(test.fake, true, 2));
  fake_qemu_drop_control(test.fake);
  assert_true(fake_qemu_wait_listener(test.fake, false, 3));
  assert_true(fake_qemu_wait_listener(test.fake, true, 3));
  scanout(64, 48, 0x77);
  assert_int_equal(pixel(0, 0), 0x777777);
}

static gpointer show(gpointer body) {
  return fake_qemu_call(test.fake, false, LISTENER, "Scanout", body, NULL);
}

/* A picture that takes its time, here since somebody reads the surface, holds up no other listener's calls. */
static void peer_listeners_wait_for_none(void **state) {
  (void)state;
  struct oriel_surface_view view;
  peer_meet(&(struct fake_qemu_options){.has_audio = true});
  assert_true(fake_qemu_wait_listener(test.fake, true, 1));
  scanout(64, 48, 0x11);
  GVariant *body = g_variant_new("(uuuu@ay)", 64, 48, 256, X8R8G8B8, peer_bytes(64 * 48 * 4, 0x22));
  oriel_surface_lock(oriel_source_surface(test.source), NULL, &view);
  GThread *shower = g_thread_new("shower", show, body);
  for (int i = 0; i < 100; i++)
    voice((guint64)i + 1, true);
  oriel_surface_unlock(oriel_source_surface(test.source), NULL);
  assert_null(g_thread_join(shower));
  assert_int_equal(pixel(0, 0), 0x222222);
}

static void peer_refuses(void **state) {
  (void)state;
  test.fake = fake_qemu_start(test.path, &(struct fake_qemu_options){.refuse_add_client = true});
  peer_attach();
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_CONNECTING, "not today", PATIENCE_MS));
  assert_true(fake_qemu_wait_log(test.fake, "qmp closefd"));
}

static void peer_too_old(void **state) {
  (void)state;
  test.fake = fake_qemu_start(test.path, &(struct fake_qemu_options){.major = 6});
  peer_attach();
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_CONNECTING, "QEMU 6.0", PATIENCE_MS));
}

static void peer_silent(void **state) {
  (void)state;
  test.fake = fake_qemu_start(test.path, &(struct fake_qemu_options){.silent = true});
  peer_attach();
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_CONNECTING, "does not answer", PATIENCE_MS));
}

static void peer_without_sound(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.has_audio = true, .refuse_sound = true});
  scanout(64, 48, 1);
  assert_true(fake_qemu_wait_log(test.fake, "RegisterOutListener"));
  assert_int_equal(pixel(0, 0), 0x010101);
}

static void peer_refuses_size(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.refuse_resize = true});
  struct oriel_source_info info;
  oriel_source_info(test.source, &info);
  assert_true(info.can_resize);
  assert_int_equal(oriel_source_resize(test.source, 640, 480), 0);
  uint64_t limit = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
  while (info.can_resize && oriel_clock_ns() < limit)
    oriel_source_info(test.source, &info);
  assert_false(info.can_resize);
  assert_int_equal(oriel_source_resize(test.source, 640, 480), -ENOTSUP);
}

static void peer_states(void **state) {
  (void)state;
  test.fake = fake_qemu_start(test.path, &(struct fake_qemu_options){.status = "guest-panicked"});
  peer_attach();
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_PAUSED, "reset starts it again", PATIENCE_MS));
  assert_int_equal(oriel_source_command(test.source, ORIEL_COMMAND_RESET), 0);
  assert_true(fake_qemu_wait_log(test.fake, "qmp cont\n"));
  char *log = fake_qemu_log(test.fake);
  const char *reset = strstr(log, "qmp system_reset\n"); /* D-Bus calls may stand between the two */
  assert_true(reset && reset < strstr(log, "qmp cont\n"));
  g_free(log);
  assert_int_equal(oriel_source_command(test.source, ORIEL_COMMAND_POWERDOWN), 0);
  assert_true(fake_qemu_wait_log(test.fake, "qmp system_powerdown\n"));
  /* What is no QMP ends the connection; a new one is made. */
  fake_qemu_say(test.fake, "{\"event\": \"STOP\"}");
  fake_qemu_say(test.fake, "{\"id\": 999999, \"return\": {}}");
  fake_qemu_say(test.fake, "this is no JSON");
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_GONE, NULL, PATIENCE_MS));
  assert_true(recorder_wait_state(&test.recorder, ORIEL_SOURCE_PAUSED, NULL, PATIENCE_MS));
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(peer_picture, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_absurd_picture, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_size_unannounced, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_unwatched, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_heard_unseen, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_unwatched_leaky, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_shared_memory, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_absurd_memory, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_cursor, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_input, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_pace, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_touch, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_slow, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_sound, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_dies, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_loses_connections, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_listeners_wait_for_none, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_refuses, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_too_old, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_silent, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_without_sound, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_refuses_size, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(peer_states, peer_begin, peer_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
