/* SPDX-License-Identifier: MIT
 *
 * What a user is told of a QEMU whose picture cannot be shown, is not what it seems, or belongs to somebody else.
 */
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
#include "source/qemu/placeholder.h"

#define LISTENER "org.qemu.Display1.Listener"
#define MAP "org.qemu.Display1.Listener.Unix.Map"

enum { PATIENCE_MS = PEER_PATIENCE_MS, X8R8G8B8 = 0x20020888, WIDTH = 640, HEIGHT = 480, PIXELS = WIDTH * HEIGHT };

static bool call(const char *member, GVariant *body) {
  char *error = fake_qemu_call(test.fake, FAKE_DISPLAY, LISTENER, member, body, NULL);
  bool taken = !error;
  g_free(error);
  return taken;
}

static GVariant *picture(uint32_t width, uint32_t height, uint32_t format, const void *pixels, size_t size) {
  return g_variant_new("(uuuu@ay)", width, height, width * 4, format,
                       g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, pixels, size, 1));
}

static bool scanout(int fill) {
  uint8_t *pixels = malloc(PIXELS * 4);
  memset(pixels, fill, PIXELS * 4);
  bool taken = call("Scanout", picture(WIDTH, HEIGHT, X8R8G8B8, pixels, PIXELS * 4));
  free(pixels);
  return taken;
}

/* QEMU's own words, as far as they matter: each letter is a bar in its cell. */
static void write_words(uint8_t *pixels, uint32_t width, uint32_t height, const char *words) {
  memset(pixels, 0, (size_t)width * height * 4);
  uint32_t left = (width / 8 - (uint32_t)strlen(words)) / 2 * 8, top = (height / 16 - 1) / 2 * 16;
  for (; *words; words++, left += 8)
    for (uint32_t y = top + 4; *words != ' ' && y < top + 8; y++)
      memset(pixels + ((size_t)y * width + left + 2) * 4, 0xaa, 3);
}

static bool words_stand(const char *words) {
  uint8_t *pixels = malloc(PIXELS * 4);
  write_words(pixels, WIDTH, HEIGHT, words);
  bool taken = call("Scanout", picture(WIDTH, HEIGHT, X8R8G8B8, pixels, PIXELS * 4));
  free(pixels);
  return taken;
}

static bool display_is(const struct recorder *recorder, const void *want) {
  return recorder->abilities.display == *(const enum oriel_source_display *)want;
}

static void expect_display(enum oriel_source_display display) {
  assert_true(recorder_wait(&test.recorder, display_is, &display, PATIENCE_MS));
}

static void expect_state(enum oriel_source_state state, const char *words) {
  assert_true(recorder_wait_state(&test.recorder, state, words, PATIENCE_MS));
}

static int first_pixel(void) {
  struct oriel_surface_view view;
  oriel_surface_lock(oriel_source_surface(test.source), NULL, &view);
  int value = view.bgrx[0];
  oriel_surface_unlock(oriel_source_surface(test.source), NULL);
  return value;
}

/* --- a screen that goes blank ------------------------------------------------------------------------------------- */

/* QEMU tells nothing of a picture that is replaced by another of the same size; only the card's queue has moved. */
static void display_blanked(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.virtio_gpu = true});
  assert_true(scanout(0x33));
  expect_state(ORIEL_SOURCE_RUNNING, "fake runs");
  fake_qemu_queued(test.fake, 7);
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_DISPLAY, 2));
  assert_true(words_stand("Guest disabled display."));
  expect_state(ORIEL_SOURCE_RUNNING, "display switched off");
  expect_display(ORIEL_DISPLAY_OFF);
  assert_int_equal(first_pixel(), 0);
  /* It comes back by a part: the rest is asked for. */
  assert_true(call("Update", g_variant_new("(iiiiuu@ay)", 0, 0, 8, 8, 32, X8R8G8B8, peer_bytes(256, 0x55))));
  expect_display(ORIEL_DISPLAY_SHOWN);
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_DISPLAY, 3));
  assert_true(scanout(0x55));
  expect_state(ORIEL_SOURCE_RUNNING, "fake runs");
}

/* A look was answered by "no picture", and then this QEMU went: what the next says is news, if it is the same. */
static void display_off_at_the_next_qemu_too(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.virtio_gpu = true});
  assert_true(scanout(0x33));
  expect_display(ORIEL_DISPLAY_SHOWN);
  fake_qemu_queued(test.fake, 7);
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_DISPLAY, 2));
  assert_true(call("Disable", NULL));
  expect_display(ORIEL_DISPLAY_OFF);
  fake_qemu_drop_control(test.fake);
  expect_display(ORIEL_DISPLAY_SHOWN); /* nothing is known */
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_DISPLAY, 3));
  assert_true(call("Disable", NULL));
  expect_display(ORIEL_DISPLAY_OFF);
}

/* A guest that boots: while QEMU's own words stand there an update of a larger picture comes, and the whole of it is
 * asked for. That shows the display to be on, also to who was told that it is not on yet. */
static void display_comes_on_with_another_size(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.virtio_gpu = true});
  assert_true(words_stand("Guest has not initialized the display (yet)."));
  expect_display(ORIEL_DISPLAY_OFF);
  assert_false(call("Update", g_variant_new("(iiiiuu@ay)", WIDTH, 0, 8, 8, 32, X8R8G8B8, peer_bytes(256, 0x55))));
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_DISPLAY, 2));
  assert_true(scanout(0x55));
  expect_display(ORIEL_DISPLAY_SHOWN);
  expect_state(ORIEL_SOURCE_RUNNING, "fake runs");
}

/* A look that finds the same picture is no damage, and looks that find nothing grow rare. */
static void display_watched_over(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){.virtio_gpu = true});
  assert_true(scanout(0x33));
  assert_int_equal(first_pixel(), 0x33);
  fake_qemu_queued(test.fake, 1);
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_DISPLAY, 2));
  unsigned damages = recorder_damages(&test.recorder);
  assert_true(scanout(0x33));
  assert_int_equal(recorder_damages(&test.recorder), damages);
  unsigned looks = fake_qemu_count(test.fake, "qmp x-query-virtio-queue-status");
  uint64_t end = oriel_clock_ns() + PATIENCE_MS * ORIEL_NS_PER_MS;
  for (unsigned queued = 2; fake_qemu_count(test.fake, "qmp x-query-virtio-queue-status") < looks + 4; queued++) {
    assert_true(oriel_clock_ns() < end);
    fake_qemu_queued(test.fake, queued); /* the guest's other screen, say */
    g_usleep(20000);
  }
  assert_true(fake_qemu_count(test.fake, "RegisterListener") <= 4);
}

static void display_words(void **state) {
  (void)state;
  static const struct {
    const char *words;
    enum oriel_qemu_placeholder kind;
  } lines[] = {
    {"Guest disabled display.", ORIEL_QEMU_PLACEHOLDER_OFF},
    {"Display output is not active.", ORIEL_QEMU_PLACEHOLDER_OFF},
    {"Guest has not initialized the display (yet).", ORIEL_QEMU_PLACEHOLDER_NOT_YET},
    {"Guest enabled a display.", ORIEL_QEMU_PLACEHOLDER_NONE},
    {"", ORIEL_QEMU_PLACEHOLDER_NONE},
  };
  static const uint16_t sizes[][2] = {{640, 480}, {1283, 721}, {352, 16}, {351, 16}, {1, 1}, {8, 4320}};
  uint8_t *pixels = malloc(1283 * 721 * 4 + 8 * 4320 * 4);
  for (size_t size = 0; size < sizeof sizes / sizeof *sizes; size++)
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
      uint32_t width = sizes[size][0], height = sizes[size][1];
      bool fits = width / 8 >= strlen(lines[i].words) && height >= 16;
      write_words(pixels, width, height, fits ? lines[i].words : "");
      enum oriel_qemu_placeholder kind = fits ? lines[i].kind : ORIEL_QEMU_PLACEHOLDER_NONE;
      assert_int_equal(oriel_qemu_placeholder_find(pixels, (size_t)width * 4, width, height), kind);
      if (kind == ORIEL_QEMU_PLACEHOLDER_NONE)
        continue;
      pixels[((size_t)(height - 1) * width + width / 2) * 4 + 1] ^= 0xaa; /* anything else is a guest's */
      assert_int_equal(oriel_qemu_placeholder_find(pixels, (size_t)width * 4, width, height),
                       ORIEL_QEMU_PLACEHOLDER_NONE);
    }
  free(pixels);
}

/* --- pictures that are refused ------------------------------------------------------------------------------------ */

static void display_refused(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  assert_true(scanout(0x33));
  assert_false(call("Scanout", picture(8192, 1, X8R8G8B8, "", 0)));
  expect_state(ORIEL_SOURCE_RUNNING, "8192 x 1 pixels");
  expect_state(ORIEL_SOURCE_RUNNING, "smaller size");
  expect_display(ORIEL_DISPLAY_REFUSED);
  assert_int_equal(first_pixel(), 0); /* the last picture is over */
  assert_true(scanout(0x34));
  expect_display(ORIEL_DISPLAY_SHOWN);
  assert_false(call("Scanout", picture(WIDTH, HEIGHT, 0x08040000, "", 0)));
  expect_state(ORIEL_SOURCE_RUNNING, "0x08040000");
  expect_display(ORIEL_DISPLAY_REFUSED);
  assert_true(scanout(0x35));
  expect_state(ORIEL_SOURCE_RUNNING, "fake runs");
  assert_false(call("ScanoutDMABUF", g_variant_new("(uu)", 1u, 2u)));
  expect_state(ORIEL_SOURCE_RUNNING, "without gl=on");
  expect_display(ORIEL_DISPLAY_REFUSED);
}

static void display_listener_refused(void **state) {
  (void)state;
  peer_start(&(struct fake_qemu_options){.refuse_listener = true});
  expect_state(ORIEL_SOURCE_RUNNING, "does not hand out the picture of fake (it says: no)");
  expect_display(ORIEL_DISPLAY_REFUSED);
}

/* A cursor does not outlive the guest that showed it. */
static bool hidden(const struct recorder *recorder, const void *want) {
  (void)want;
  return recorder->moves && !recorder->visible;
}

static void display_cursor_reset(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  assert_true(call("CursorDefine", g_variant_new("(iiii@ay)", 2, 2, 0, 0, peer_bytes(16, 1))));
  assert_true(call("MouseSet", g_variant_new("(iii)", 5, 5, 1)));
  fake_qemu_say(test.fake, "{\"event\":\"RESET\",\"data\":{\"guest\":true},\"timestamp\":{}}");
  assert_true(recorder_wait(&test.recorder, hidden, NULL, PATIENCE_MS));
}

/* --- whose display it is ------------------------------------------------------------------------------------------ */

static void display_of_another(void **state) {
  (void)state;
  peer_start(&(struct fake_qemu_options){.claim = "unix:"});
  expect_state(ORIEL_SOURCE_CONNECTING, "shown by another Oriel");
  assert_int_equal(fake_qemu_count(test.fake, "qmp add_client"), 0); /* the other keeps its display */
  fake_qemu_unclaim(test.fake);
  expect_state(ORIEL_SOURCE_RUNNING, "fake runs");
}

static void display_of_a_killed_one(void **state) {
  (void)state;
  peer_start(&(struct fake_qemu_options){.claim = "disconnected:fd:oriel-claim"});
  expect_state(ORIEL_SOURCE_RUNNING, "fake runs");
  assert_int_equal(fake_qemu_count(test.fake, "qmp chardev-remove"), 1);
}

/* Somebody takes the display right after each attaching: no fight, and a sentence. */
static void display_taken(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  fake_qemu_drop_control(test.fake);
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_DISPLAY, 2)); /* once may be anything */
  fake_qemu_drop_control(test.fake);
  expect_state(ORIEL_SOURCE_CONNECTING, "does another program show fake?");
  unsigned before = fake_qemu_count(test.fake, "qmp add_client");
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_DISPLAY, 3));
  fake_qemu_drop_control(test.fake);
  uint64_t lost = oriel_clock_ns();
  assert_true(fake_qemu_wait_listener(test.fake, FAKE_DISPLAY, 4));
  assert_true(oriel_clock_ns() - lost >= ORIEL_NS_PER_SECOND); /* ever later, though each attempt succeeded */
  assert_int_equal(fake_qemu_count(test.fake, "qmp add_client"), before + 2);
}

static void display_rejected(void **state) {
  (void)state;
  peer_start(&(struct fake_qemu_options){.rejects = true});
  expect_state(ORIEL_SOURCE_CONNECTING, "another PID or user namespace");
}

/* Whoever was attached before may have died with a button down. */
static void display_releases_what_others_held(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  assert_true(fake_qemu_wait_log(test.fake, "Release(42,)\n")); /* Shift */
  assert_true(fake_qemu_wait_log(test.fake, "Release(30,)\n")); /* A */
  assert_true(fake_qemu_wait_log(test.fake, "Release(0,)\n"));  /* the left button */
  assert_true(fake_qemu_wait_log(test.fake, "Release(6,)\n"));
  assert_int_equal(fake_qemu_count(test.fake, "Press("), 0);
}

/* --- shared memory ------------------------------------------------------------------------------------------------ */

static bool update_map(void) {
  char *error = fake_qemu_call(test.fake, FAKE_DISPLAY, MAP, "UpdateMap", g_variant_new("(iiii)", 0, 0, 8, 8), NULL);
  bool taken = !error;
  assert_true(taken || strstr(error, "no shared memory was handed over"));
  g_free(error);
  return taken;
}

static bool scanout_map(GUnixFDList *fds, uint32_t width, uint32_t stride) {
  char *error = fake_qemu_call(test.fake, FAKE_DISPLAY, MAP, "ScanoutMap",
                               g_variant_new("(huuuuu)", 0, 0, width, 48, stride, X8R8G8B8), fds);
  bool taken = !error;
  g_free(error);
  return taken;
}

/* Where standard error goes meanwhile. */
struct said {
  int file, before;
};

static struct said said_begin(void) {
  struct said said = {.file = memfd_create("log", MFD_CLOEXEC), .before = dup(STDERR_FILENO)};
  assert_true(said.file >= 0 && said.before >= 0);
  assert_true(dup2(said.file, STDERR_FILENO) >= 0);
  return said;
}

/* How many lines with these words were logged. */
static unsigned said_end(struct said said, const char *words) {
  char text[16384];
  dup2(said.before, STDERR_FILENO);
  ssize_t size = pread(said.file, text, sizeof text - 1, 0);
  assert_true(size >= 0);
  text[size] = '\0';
  close(said.file);
  close(said.before);
  unsigned count = 0;
  for (const char *at = text; (at = strstr(at, words)); at++)
    count++;
  return count;
}

/* An update of memory that was never handed over, from a QEMU that errs or means harm: refused, nothing is drawn, and
 * the log says so once, whatever else it had to say just before. */
static void display_update_of_no_memory(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  struct said said = said_begin();
  assert_false(call("CursorDefine", NULL));
  for (int i = 0; i < 100; i++)
    assert_false(update_map()); /* there is no picture at all */
  const bool taken = scanout(0x33);
  for (int i = 0; i < 100; i++)
    assert_false(update_map());
  const unsigned lines = said_end(said, "refused UpdateMap");
  assert_true(taken);
  assert_int_equal(lines, 1);
  assert_int_equal(first_pixel(), 0x33);
}

/* The memory of a picture that is over is none to draw from: it was switched off, or replaced by what is not shown. */
static void display_memory_goes_with_its_picture(void **state) {
  (void)state;
  peer_meet(&(struct fake_qemu_options){0});
  int fd = memfd_create("picture", MFD_CLOEXEC);
  assert_int_equal(ftruncate(fd, 64 * 48 * 4), 0);
  const uint8_t white[8] = {255, 255, 255, 255, 255, 255, 255, 255};
  assert_int_equal(pwrite(fd, white, sizeof white, 0), sizeof white);
  GUnixFDList *fds = g_unix_fd_list_new();
  assert_true(g_unix_fd_list_append(fds, fd, NULL) >= 0);
  for (unsigned how = 0; how < 4; how++) {
    assert_true(scanout_map(fds, 64, 256));
    assert_true(update_map());
    assert_int_equal(first_pixel(), 255);
    if (how == 0)
      assert_true(call("Disable", NULL));
    else if (how == 1)
      assert_false(call("ScanoutDMABUF", NULL));
    else if (how == 2)
      assert_false(scanout_map(fds, 8000, 32000));
    else
      assert_false(call("Scanout", picture(8000, 100, X8R8G8B8, white, sizeof white)));
    assert_int_equal(first_pixel(), 0);
    assert_false(update_map());
    assert_int_equal(first_pixel(), 0);
  }
  g_object_unref(fds);
  close(fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(display_blanked, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(display_off_at_the_next_qemu_too, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(display_comes_on_with_another_size, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(display_watched_over, peer_begin, peer_end),
    cmocka_unit_test(display_words),
    cmocka_unit_test_setup_teardown(display_refused, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(display_listener_refused, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(display_cursor_reset, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(display_of_another, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(display_of_a_killed_one, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(display_taken, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(display_rejected, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(display_releases_what_others_held, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(display_update_of_no_memory, peer_begin, peer_end),
    cmocka_unit_test_setup_teardown(display_memory_goes_with_its_picture, peer_begin, peer_end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
