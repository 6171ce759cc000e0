/* SPDX-License-Identifier: MIT
 *
 * source/pattern: address, card, reactions to input, scenes, tone, commands. Every wait has a bound.
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/bytes.h"
#include "core/clock.h"
#include "source/pattern/address.h"
#include "source/source.h"

/* ---- a sink that remembers ---- */

struct sink {
  struct oriel_source_sink table;
  struct oriel_source *source;
  struct oriel_surface_cursor cursor; /* of take_damage */
  pthread_mutex_t lock; /* guards the rest */
  pthread_cond_t changed;
  unsigned damages, cursors, states, moves;
  enum oriel_source_state state;
  bool absolute;
  uint16_t cursor_width, cursor_height;
  int32_t moved_x, moved_y;
  uint64_t frames, first_ns, last_ns, discontinuities, crossings;
  float peak, previous;
};

static void note(struct sink *sink, unsigned *counter) {
  ++*counter;
  pthread_cond_broadcast(&sink->changed);
  pthread_mutex_unlock(&sink->lock);
}

static void on_damaged(void *user) {
  struct sink *sink = user;
  pthread_mutex_lock(&sink->lock);
  note(sink, &sink->damages);
}

static void on_cursor(void *user, struct oriel_packet *packet) {
  struct sink *sink = user;
  struct oriel_reader reader;
  oriel_reader_init(&reader, packet->data, packet->size);
  pthread_mutex_lock(&sink->lock);
  sink->cursor_width = oriel_read_u16(&reader);
  sink->cursor_height = oriel_read_u16(&reader);
  oriel_read_u32(&reader);
  oriel_read_bytes(&reader, (size_t)sink->cursor_width * sink->cursor_height * 4);
  assert_true(oriel_reader_done(&reader));
  note(sink, &sink->cursors);
}

static void on_cursor_moved(void *user, int32_t x, int32_t y, bool visible) {
  struct sink *sink = user;
  (void)visible;
  pthread_mutex_lock(&sink->lock);
  sink->moved_x = x;
  sink->moved_y = y;
  note(sink, &sink->moves);
}

static void on_state(void *user, enum oriel_source_state state, const char *detail) {
  struct sink *sink = user;
  assert_non_null(detail);
  pthread_mutex_lock(&sink->lock);
  sink->state = state;
  note(sink, &sink->states);
}

static void on_pointer_mode(void *user, bool absolute) {
  struct sink *sink = user;
  pthread_mutex_lock(&sink->lock);
  sink->absolute = absolute;
  pthread_mutex_unlock(&sink->lock);
}

static void on_sound(void *user, const float *frames, size_t count, uint64_t captured_ns) {
  struct sink *sink = user;
  pthread_mutex_lock(&sink->lock);
  if (!sink->frames)
    sink->first_ns = captured_ns;
  else if (captured_ns != sink->last_ns + count * ORIEL_NS_PER_SECOND / 48000)
    sink->discontinuities++;
  sink->last_ns = captured_ns;
  sink->frames += count;
  for (size_t i = 0; i < count; i++) {
    sink->crossings += sink->previous < 0 && frames[2 * i] >= 0;
    sink->previous = frames[2 * i];
    if (fabsf(frames[2 * i + 1]) > sink->peak)
      sink->peak = fabsf(frames[2 * i + 1]);
  }
  pthread_cond_broadcast(&sink->changed);
  pthread_mutex_unlock(&sink->lock);
}

#define wait_until(sink, condition, seconds)                                                          \
  do {                                                                                                \
    uint64_t until_ns_ = oriel_clock_ns() + (seconds) * ORIEL_NS_PER_SECOND;                           \
    struct timespec until_ = {(time_t)(until_ns_ / ORIEL_NS_PER_SECOND), (long)(until_ns_ % ORIEL_NS_PER_SECOND)}; \
    int late_ = 0;                                                                                    \
    pthread_mutex_lock(&(sink)->lock);                                                                \
    while (!(condition) && !late_)                                                                    \
      late_ = pthread_cond_timedwait(&(sink)->changed, &(sink)->lock, &until_);                        \
    bool met_ = (condition);                                                                          \
    pthread_mutex_unlock(&(sink)->lock);                                                              \
    assert_true(met_);                                                                                \
  } while (0)

static struct sink *begin(const char *address) {
  struct sink *sink = calloc(1, sizeof *sink);
  char why[200] = "";
  pthread_condattr_t attributes;
  pthread_mutex_init(&sink->lock, NULL);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&sink->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  sink->table = (struct oriel_source_sink){
    .user = sink,
    .damaged = on_damaged,
    .cursor = on_cursor,
    .cursor_moved = on_cursor_moved,
    .state = on_state,
    .pointer_mode = on_pointer_mode,
    .sound = on_sound,
  };
  assert_int_equal(oriel_source_create(address, &sink->source, why, sizeof why), 0);
  assert_int_equal(oriel_source_start(sink->source, &sink->table), 0);
  return sink;
}

static void end(struct sink *sink) {
  oriel_source_destroy(sink->source);
  pthread_cond_destroy(&sink->changed);
  pthread_mutex_destroy(&sink->lock);
  free(sink);
}

static unsigned damages(struct sink *sink) {
  pthread_mutex_lock(&sink->lock);
  unsigned count = sink->damages;
  pthread_mutex_unlock(&sink->lock);
  return count;
}

/* ---- reading the card back ---- */

static uint32_t pixel(struct sink *sink, int x, int y) {
  struct oriel_surface_view view;
  uint32_t value = 0;
  oriel_surface_lock(oriel_source_surface(sink->source), NULL, &view);
  assert_true(x < view.width && y < view.height);
  memcpy(&value, view.bgrx + (ptrdiff_t)y * view.stride + x * 4, 4);
  oriel_surface_unlock(oriel_source_surface(sink->source), NULL);
  return value & 0xFFFFFF;
}

static uint32_t block(struct sink *sink) {
  return pixel(sink, ORIEL_TESTCARD_BLOCK_X + 5, ORIEL_TESTCARD_BLOCK_Y + ORIEL_TESTCARD_BLOCK_HEIGHT - 5);
}

static unsigned counter(struct sink *sink) {
  unsigned value = 0;
  for (int i = 0; i < ORIEL_TESTCARD_COUNTER_BITS; i++)
    value = value << 1 | (pixel(sink,
                                ORIEL_TESTCARD_COUNTER_X + (2 * i + 1) * ORIEL_TESTCARD_COUNTER_CELL / 2,
                                ORIEL_TESTCARD_COUNTER_Y + ORIEL_TESTCARD_COUNTER_CELL / 2) == ORIEL_TESTCARD_BIT_ONE);
  return value;
}

static struct oriel_damage take_damage(struct sink *sink) {
  struct oriel_surface_view view;
  oriel_surface_lock(oriel_source_surface(sink->source), &sink->cursor, &view);
  oriel_surface_unlock(oriel_source_surface(sink->source), &sink->cursor);
  return view.damage;
}

static void key(struct sink *sink, uint16_t usage, bool pressed) {
  oriel_source_input(sink->source,
                     &(struct oriel_input){.type = ORIEL_INPUT_KEY, .key = {.usage = usage, .pressed = pressed}});
}

/* ---- cases ---- */

static void address_is_parsed(void **state) {
  (void)state;
  struct oriel_pattern_address parsed;
  char why[200];
  assert_int_equal(oriel_pattern_address_parse("pattern:", &parsed, why, sizeof why), 0);
  assert_int_equal(parsed.width, 1280);
  assert_int_equal(parsed.height, 720);
  assert_int_equal(parsed.fps, 60);
  assert_int_equal(parsed.scene, ORIEL_SCENE_STATIC);
  assert_int_equal(
    oriel_pattern_address_parse("pattern:?scene=motion&size=7680x4320&fps=240", &parsed, why, sizeof why), 0);
  assert_int_equal(parsed.width, 7680);
  assert_int_equal(parsed.height, 4320);
  assert_int_equal(parsed.fps, 240);
  assert_int_equal(parsed.scene, ORIEL_SCENE_MOTION);
  assert_int_equal(oriel_pattern_address_parse("pattern:?", &parsed, why, sizeof why), 0);
}

static void bad_address_says_why(void **state) {
  (void)state;
  const struct {
    const char *address, *why;
  } bad[] = {
    {"pattern:?fps=abc", "pattern: fps must be 1 to 240, not 'abc'"},
    {"pattern:?fps=0", "pattern: fps must be 1 to 240, not '0'"},
    {"pattern:?fps=241", "pattern: fps must be 1 to 240, not '241'"},
    {"pattern:?fps=", "pattern: fps must be 1 to 240, not ''"},
    {"pattern:?fps", "pattern: fps must be 1 to 240, not ''"},
    {"pattern:?fps=99999999999999999999", "pattern: fps must be 1 to 240, not '99999999999999999999'"},
    {"pattern:?size=63x64", "pattern: size must be WIDTHxHEIGHT from 64x64 to 7680x4320, not '63x64'"},
    {"pattern:?size=1280", "pattern: size must be WIDTHxHEIGHT from 64x64 to 7680x4320, not '1280'"},
    {"pattern:?size=7681x64&fps=5", "pattern: size must be WIDTHxHEIGHT from 64x64 to 7680x4320, not '7681x64'"},
    {"pattern:?size=64x64x", "pattern: size must be WIDTHxHEIGHT from 64x64 to 7680x4320, not '64x64x'"},
    {"pattern:?scene=rain", "pattern: scene must be static, typing, scroll or motion, not 'rain'"},
    {"pattern:?colour=red", "pattern: no option is called 'colour'; there are size, fps and scene"},
    {"pattern:x", "pattern: 'pattern:x' is not pattern:[?size=WxH&fps=N&scene=NAME]"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct oriel_source *source = NULL;
    char why[200] = "";
    assert_int_equal(oriel_source_create(bad[i].address, &source, why, sizeof why), -EINVAL);
    assert_string_equal(why, bad[i].why);
    assert_null(source);
  }
}

static void start_tells_state_cursor_and_pointer_mode(void **state) {
  (void)state;
  struct sink *sink = begin("pattern:?size=640x360");
  struct oriel_source_info info;
  assert_int_equal(sink->cursors, 1);
  assert_true(sink->cursor_width > 0 && sink->cursor_height > 0);
  assert_int_equal(sink->state, ORIEL_SOURCE_RUNNING);
  assert_true(sink->absolute);
  oriel_source_info(sink->source, &info);
  assert_string_equal(info.kind, "pattern");
  assert_string_equal(info.name, "static");
  assert_true(info.can_resize && info.has_sound && info.can_command);
  end(sink);
}

static void watch_draws_the_card(void **state) {
  (void)state;
  struct sink *sink = begin("pattern:?size=1280x720");
  oriel_source_watch(sink->source, ORIEL_WATCH_ALL);
  assert_int_equal(damages(sink), 1); /* before watch returns */
  struct oriel_damage damage = take_damage(sink);
  assert_true(oriel_damage_area(&damage) == 1280 * 720);
  assert_int_equal(block(sink), oriel_testcard_palette[0]);
  assert_int_equal(counter(sink), 0);
  assert_int_equal(pixel(sink, 1270, 710), ORIEL_TESTCARD_BACKGROUND);
  oriel_source_watch(sink->source, ORIEL_WATCH_NOTHING);
  oriel_source_watch(sink->source, ORIEL_WATCH_ALL); /* the whole picture again */
  damage = take_damage(sink);
  assert_true(oriel_damage_area(&damage) == 1280 * 720);
  assert_int_equal(damages(sink), 2);
  end(sink);
}

static void static_scene_stays_still(void **state) {
  (void)state;
  struct sink *sink = begin("pattern:?size=320x320&fps=240");
  oriel_source_watch(sink->source, ORIEL_WATCH_ALL);
  unsigned before = damages(sink);
  wait_until(sink, sink->frames > 24000, 5); /* half a second of tone */
  assert_int_equal(damages(sink), before);
  end(sink);
}

static void key_changes_block_and_counter_at_once(void **state) {
  (void)state;
  struct sink *sink = begin("pattern:");
  oriel_source_watch(sink->source, ORIEL_WATCH_ALL);
  take_damage(sink);
  for (unsigned i = 1; i <= ORIEL_TESTCARD_BLOCK_COLOURS + 1; i++) {
    unsigned before = damages(sink);
    key(sink, 4, true);
    assert_int_equal(damages(sink), before + 1); /* before input returns */
    assert_int_equal(block(sink), oriel_testcard_palette[i % ORIEL_TESTCARD_BLOCK_COLOURS]);
    assert_int_equal(counter(sink), i);
    struct oriel_damage damage = take_damage(sink);
    assert_true(oriel_damage_area(&damage) > 0 && oriel_damage_area(&damage) < 96 * 1024); /* fits tiles */
    key(sink, 4, false);
    assert_int_equal(damages(sink), before + 1);
  }
  end(sink);
}

static uint64_t text_sum(struct sink *sink) {
  uint64_t sum = 14695981039346656037u;
  for (int y = 192; y < 208; y++)
    for (int x = 320; x < 664; x++)
      sum = (sum ^ pixel(sink, x, y)) * 1099511628211u;
  return sum;
}

static void typed_characters_are_echoed(void **state) {
  (void)state;
  struct sink *sink = begin("pattern:");
  oriel_source_watch(sink->source, ORIEL_WATCH_ALL);
  uint64_t empty = text_sum(sink);
  key(sink, 4, true);
  uint64_t small_a = text_sum(sink);
  assert_true(small_a != empty);
  key(sink, 0x2A, true); /* Backspace */
  assert_true(text_sum(sink) == empty);
  key(sink, 0xE1, true); /* Shift */
  key(sink, 4, true);
  assert_true(text_sum(sink) != empty && text_sum(sink) != small_a);
  key(sink, 0x28, true); /* Enter */
  assert_true(text_sum(sink) == empty);
  oriel_source_input(sink->source, &(struct oriel_input){.type = ORIEL_INPUT_RELEASE_ALL});
  key(sink, 4, true);
  assert_true(text_sum(sink) == small_a); /* Shift is no longer held */
  for (int i = 0; i < 100; i++)
    key(sink, (uint16_t)(4 + i % 26), true); /* longer than the line */
  end(sink);
}

static void keys_map_to_the_us_layout(void **state) {
  (void)state;
  const struct {
    uint16_t usage;
    char plain, shifted;
  } keys[] = {{0x04, 'a', 'A'}, {0x1D, 'z', 'Z'}, {0x1E, '1', '!'}, {0x27, '0', ')'}, {0x28, '\n', '\n'},
              {0x29, 0, 0},     {0x2A, '\b', '\b'}, {0x2C, ' ', ' '}, {0x2D, '-', '_'}, {0x31, '\\', '|'},
              {0x33, ';', ':'}, {0x34, '\'', '"'}, {0x35, '`', '~'}, {0x38, '/', '?'}, {0x39, 0, 0}, {0xFFFF, 0, 0}};
  for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
    assert_int_equal(oriel_card_character(keys[i].usage, false), keys[i].plain);
    assert_int_equal(oriel_card_character(keys[i].usage, true), keys[i].shifted);
  }
}

static void button_draws_a_cross_at_its_pixel(void **state) {
  (void)state;
  struct sink *sink = begin("pattern:");
  oriel_source_watch(sink->source, ORIEL_WATCH_ALL);
  const struct oriel_input press = {.type = ORIEL_INPUT_BUTTON, .button = {ORIEL_BUTTON_LEFT, true}};
  oriel_source_input(sink->source, &(struct oriel_input){.type = ORIEL_INPUT_POINTER, .pointer = {700, 500}});
  oriel_source_input(sink->source, &press);
  assert_int_equal(pixel(sink, 700, 500), ORIEL_TESTCARD_CROSS_COLOUR);
  assert_int_equal(pixel(sink, 700 + ORIEL_TESTCARD_CROSS_ARM, 500), ORIEL_TESTCARD_CROSS_COLOUR);
  assert_int_equal(pixel(sink, 700 + ORIEL_TESTCARD_CROSS_ARM + 1, 500), ORIEL_TESTCARD_BACKGROUND);
  assert_int_equal(pixel(sink, 701, 501), ORIEL_TESTCARD_BACKGROUND);
  assert_int_equal(counter(sink), 1);
  oriel_source_input(sink->source, &(struct oriel_input){.type = ORIEL_INPUT_POINTER, .pointer = {65535, 65535}});
  oriel_source_input(sink->source, &press);
  assert_int_equal(pixel(sink, 1279, 719), ORIEL_TESTCARD_CROSS_COLOUR); /* clamped */
  assert_int_equal(pixel(sink, 700, 500), ORIEL_TESTCARD_BACKGROUND);    /* the old one is gone */
  end(sink);
}

static void motion_moves_the_pointer_and_tells(void **state) {
  (void)state;
  struct sink *sink = begin("pattern:");
  oriel_source_watch(sink->source, ORIEL_WATCH_ALL);
  oriel_source_input(sink->source, &(struct oriel_input){.type = ORIEL_INPUT_MOTION, .motion = {30, 40}});
  oriel_source_input(sink->source, &(struct oriel_input){.type = ORIEL_INPUT_MOTION, .motion = {-10, -32768}});
  assert_int_equal(sink->moves, 2);
  assert_int_equal(sink->moved_x, 20);
  assert_int_equal(sink->moved_y, 0);
  end(sink);
}

static void animated_scenes_count_their_frames(void **state) {
  (void)state;
  const char *const addresses[] = {"pattern:?size=640x480&scene=typing", "pattern:?size=640x480&scene=scroll",
                                   "pattern:?size=640x480&scene=motion&fps=100", "pattern:?size=64x64&scene=typing"};
  for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
    struct sink *sink = begin(addresses[i]);
    oriel_source_watch(sink->source, ORIEL_WATCH_ALL);
    unsigned before = damages(sink);
    wait_until(sink, sink->damages >= before + 3, 5);
    if (i < 3)
      assert_true(counter(sink) >= 3);
    oriel_source_watch(sink->source, ORIEL_WATCH_NOTHING);
    end(sink);
  }
}

static void typing_damages_one_cell(void **state) {
  (void)state;
  struct sink *sink = begin("pattern:?scene=typing");
  oriel_source_watch(sink->source, ORIEL_WATCH_ALL);
  take_damage(sink);
  unsigned before = damages(sink);
  wait_until(sink, sink->damages > before, 5);
  struct oriel_damage damage = take_damage(sink);
  assert_true(oriel_damage_area(&damage) <= 16 * 16 * 16 + 3 * 8 * 16 + 8 * 16 * 32);
  end(sink);
}

/* Painting a part gives the same pixels as painting all: no trace of what was there before. */
static void parts_paint_like_the_whole(void **state) {
  (void)state;
  enum { WIDTH = 700, HEIGHT = 400, STRIDE = WIDTH * 4 };
  uint8_t *parts = malloc(STRIDE * HEIGHT), *whole = malloc(STRIDE * HEIGHT);
  for (int scene = 0; scene < ORIEL_SCENES; scene++) {
    struct oriel_card card = {.scene = (enum oriel_scene)scene, .width = WIDTH, .height = HEIGHT, .fps = 60,
                              .step = 12345, .counter = 0xA5C3, .block = 2, .cross_known = true, .cross_x = 300,
                              .cross_y = 200, .pointer_known = true, .pointer_x = 3};
    oriel_card_init(&card);
    oriel_card_type(&card, 'x');
    memset(parts, 0x5A, STRIDE * HEIGHT);
    memset(whole, 0xA5, STRIDE * HEIGHT);
    oriel_card_paint(&card, whole, STRIDE, oriel_card_all(&card));
    for (int y = 0; y < HEIGHT; y += 37)
      for (int x = 0; x < WIDTH; x += 41)
        oriel_card_paint(&card, parts, STRIDE, (struct oriel_rect){x, y, 41, 37});
    assert_memory_equal(parts, whole, STRIDE * HEIGHT);
  }
  free(parts);
  free(whole);
}

static void tone_is_1_khz_at_minus_12_db_without_drift(void **state) {
  (void)state;
  struct sink *sink = begin("pattern:?size=64x64");
  uint64_t began = oriel_clock_ns();
  oriel_source_watch(sink->source, ORIEL_WATCH_ALL);
  wait_until(sink, sink->frames >= 48000, 8);
  uint64_t elapsed = oriel_clock_ns() - began;
  oriel_source_watch(sink->source, ORIEL_WATCH_NOTHING);
  assert_in_range(sink->crossings, 990, sink->frames / 48 + 2);
  assert_true(sink->peak > 0.249f && sink->peak < 0.253f);
  assert_true(elapsed >= 990 * ORIEL_NS_PER_MS);
  /* Capture times are the clock's: a block each 10 ms, unless this machine slept. */
  if (!sink->discontinuities)
    assert_true(sink->last_ns - sink->first_ns == (sink->frames / 480 - 1) * 10 * ORIEL_NS_PER_MS);
  end(sink);
}

static void unwatched_pattern_is_quiet(void **state) {
  (void)state;
  struct sink *sink = begin("pattern:?scene=motion&size=320x240");
  key(sink, 4, true); /* input of a moment ago changes the model, and is not drawn */
  assert_int_equal(damages(sink), 0);
  oriel_source_watch(sink->source, ORIEL_WATCH_ALL);
  wait_until(sink, sink->frames > 0 && sink->damages > 2, 5);
  oriel_source_watch(sink->source, ORIEL_WATCH_NOTHING);
  const struct timespec settle = {0, 30 * 1000 * 1000}; /* a block or frame under way may still come */
  nanosleep(&settle, NULL);
  unsigned before = damages(sink);
  pthread_mutex_lock(&sink->lock);
  uint64_t frames = sink->frames;
  pthread_mutex_unlock(&sink->lock);
  const struct timespec quiet = {0, 200 * 1000 * 1000}; /* nothing may happen: there is no event to wait for */
  nanosleep(&quiet, NULL);
  assert_int_equal(damages(sink), before);
  pthread_mutex_lock(&sink->lock);
  assert_true(sink->frames == frames);
  pthread_mutex_unlock(&sink->lock);
  end(sink);
}

static void resize_redraws(void **state) {
  (void)state;
  struct sink *sink = begin("pattern:");
  oriel_source_watch(sink->source, ORIEL_WATCH_ALL);
  assert_int_equal(oriel_source_resize(sink->source, 801, 603), 0);
  assert_int_equal(pixel(sink, 800, 602), ORIEL_TESTCARD_BACKGROUND);
  assert_int_equal(block(sink), oriel_testcard_palette[0]);
  assert_int_equal(oriel_source_resize(sink->source, 63, 600), -EINVAL);
  assert_int_equal(oriel_source_resize(sink->source, 64, 4321), -EINVAL);
  end(sink);
}

static void commands_pause_reset_and_power_down(void **state) {
  (void)state;
  struct sink *sink = begin("pattern:");
  oriel_source_watch(sink->source, ORIEL_WATCH_ALL);
  key(sink, 4, true);
  assert_int_equal(oriel_source_command(sink->source, ORIEL_COMMAND_PAUSE), 0);
  assert_int_equal(sink->state, ORIEL_SOURCE_PAUSED);
  key(sink, 4, true); /* a paused machine does not react */
  assert_int_equal(counter(sink), 1);
  assert_int_equal(oriel_source_command(sink->source, ORIEL_COMMAND_RESUME), 0);
  assert_int_equal(sink->state, ORIEL_SOURCE_RUNNING);
  key(sink, 4, true);
  assert_int_equal(counter(sink), 2);
  assert_int_equal(oriel_source_command(sink->source, ORIEL_COMMAND_RESET), 0);
  assert_int_equal(counter(sink), 0);
  assert_int_equal(block(sink), oriel_testcard_palette[0]);
  key(sink, 4, true);
  uint64_t began = oriel_clock_ns();
  assert_int_equal(oriel_source_command(sink->source, ORIEL_COMMAND_POWERDOWN), 0);
  assert_int_equal(sink->state, ORIEL_SOURCE_GONE);
  assert_int_equal(pixel(sink, 640, 360), 0);
  assert_int_equal(oriel_source_command(sink->source, ORIEL_COMMAND_PAUSE), -ENOTCONN);
  wait_until(sink, sink->state == ORIEL_SOURCE_RUNNING, 5);
  assert_true(oriel_clock_ns() - began >= 1900 * ORIEL_NS_PER_MS);
  assert_int_equal(counter(sink), 0);
  end(sink);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(address_is_parsed),
    cmocka_unit_test(bad_address_says_why),
    cmocka_unit_test(start_tells_state_cursor_and_pointer_mode),
    cmocka_unit_test(watch_draws_the_card),
    cmocka_unit_test(static_scene_stays_still),
    cmocka_unit_test(key_changes_block_and_counter_at_once),
    cmocka_unit_test(typed_characters_are_echoed),
    cmocka_unit_test(keys_map_to_the_us_layout),
    cmocka_unit_test(button_draws_a_cross_at_its_pixel),
    cmocka_unit_test(motion_moves_the_pointer_and_tells),
    cmocka_unit_test(animated_scenes_count_their_frames),
    cmocka_unit_test(typing_damages_one_cell),
    cmocka_unit_test(parts_paint_like_the_whole),
    cmocka_unit_test(tone_is_1_khz_at_minus_12_db_without_drift),
    cmocka_unit_test(unwatched_pattern_is_quiet),
    cmocka_unit_test(resize_redraws),
    cmocka_unit_test(commands_pause_reset_and_power_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
