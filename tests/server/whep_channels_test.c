/* SPDX-License-Identifier: MIT
 *
 * What a client of WHEP says in its channels, with a session and a viewer that are the test's: input under the rules of
 * control, texts both ways, floods, and what is none of these.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/clipboard.h"
#include "core/clock.h"
#include "core/log.h"
#include "desktop/clipboard.h"
#include "desktop/controls.h"
#include "desktop/viewer.h"
#include "server/mounts.h"
#include "server/whep_channels.h"
#include "webrtc/session.h"

#define BEGIN_NS (100 * ORIEL_NS_PER_SECOND)

enum { INPUT, CLIPBOARD, EVENTS_MAX = 8192 };

/** The session, the viewer, and what they were told. */
static struct {
  struct oriel_channel_event events[EVENTS_MAX];
  unsigned first, count;
  bool controls, wanted;
  unsigned inputs, denied, texts, said;
  struct oriel_input last;
  char text[64];     /* that the guest was given */
  char answer[64];   /* that the client was told */
  int clipboard_status, say_status;
} world;

static struct oriel_server_stats stats;
static struct oriel_mounts mounts = {.stats = &stats};
static struct oriel_mount mount = {.mounts = &mounts};
static struct oriel_whep_channels channels;
static unsigned lines;

bool __wrap_oriel_webrtc_session_take_event(struct oriel_webrtc_session *session, struct oriel_channel_event *event);
int __wrap_oriel_webrtc_session_say(struct oriel_webrtc_session *session, unsigned channel, const char *text,
                                    size_t size);
bool __wrap_oriel_viewer_controls(const struct oriel_viewer *viewer);
void __wrap_oriel_viewer_control(struct oriel_viewer *viewer, bool wanted);
void __wrap_oriel_viewer_input(struct oriel_viewer *viewer, const struct oriel_input *input);
void __wrap_oriel_viewer_denied(struct oriel_viewer *viewer, bool microphone);
int __wrap_oriel_viewer_clipboard(struct oriel_viewer *viewer, const struct oriel_clipboard_piece *piece);
uint32_t __wrap_oriel_viewer_id(const struct oriel_viewer *viewer);
void __wrap_oriel_log(enum oriel_log_level level, const char *subsystem, const char *format, ...)
  __attribute__((format(printf, 3, 4)));

bool __wrap_oriel_webrtc_session_take_event(struct oriel_webrtc_session *session, struct oriel_channel_event *event) {
  (void)session;
  if (world.first == world.count)
    return false;
  *event = world.events[world.first++];
  return true;
}

int __wrap_oriel_webrtc_session_say(struct oriel_webrtc_session *session, unsigned channel, const char *text,
                                    size_t size) {
  (void)session;
  assert_int_equal(channel, CLIPBOARD);
  if (world.say_status < 0)
    return world.say_status;
  world.said++;
  snprintf(world.answer, sizeof world.answer, "%.*s", (int)size, text);
  return 0;
}

bool __wrap_oriel_viewer_controls(const struct oriel_viewer *viewer) {
  (void)viewer;
  return world.controls;
}

/* As where nobody else is. */
void __wrap_oriel_viewer_control(struct oriel_viewer *viewer, bool wanted) {
  (void)viewer;
  world.wanted = world.controls = wanted;
}

void __wrap_oriel_viewer_input(struct oriel_viewer *viewer, const struct oriel_input *input) {
  (void)viewer;
  world.inputs++;
  world.last = *input;
}

void __wrap_oriel_viewer_denied(struct oriel_viewer *viewer, bool microphone) {
  (void)viewer;
  assert_false(microphone);
  world.denied++;
}

int __wrap_oriel_viewer_clipboard(struct oriel_viewer *viewer, const struct oriel_clipboard_piece *piece) {
  (void)viewer;
  world.texts++;
  assert_int_equal(piece->size, piece->count);
  assert_int_equal(piece->offset, 0);
  snprintf(world.text, sizeof world.text, "%.*s", (int)piece->count, (const char *)piece->bytes);
  return world.clipboard_status;
}

uint32_t __wrap_oriel_viewer_id(const struct oriel_viewer *viewer) {
  (void)viewer;
  return 7;
}

void __wrap_oriel_log(enum oriel_log_level level, const char *subsystem, const char *format, ...) {
  (void)subsystem;
  lines += level == ORIEL_LOG_WARN && strstr(format, "that is left out") != NULL;
}

static int begin_as(bool plays) {
  const struct oriel_whep_speaker speaker = {.mount = &mount, .address = "192.0.2.7", .plays = plays};
  memset(&world, 0, sizeof world);
  world.clipboard_status = 1;
  channels = (struct oriel_whep_channels){.had_controls = false};
  stats = (struct oriel_server_stats){0};
  lines = 0;
  oriel_whep_channels_begin(&channels, &speaker, BEGIN_NS);
  return 0;
}

static int begin(void **state) {
  (void)state;
  return begin_as(true);
}

static int end(void **state) {
  (void)state;
  oriel_whep_channels_end(&channels);
  return 0;
}

static void happens(enum oriel_channel_event_type type, unsigned channel, const char *text) {
  assert_true(world.count < EVENTS_MAX);
  world.events[world.count++] = (struct oriel_channel_event){
    .type = type, .channel = channel, .data = (const uint8_t *)text, .size = text ? strlen(text) : 0};
}

static void says(unsigned channel, const char *text) {
  happens(ORIEL_CHANNEL_MESSAGE, channel, text);
}

/** Takes all of it, however many turns that is; NULL, or why it ends. */
static const char *take_all(void) {
  const char *reason = NULL;
  while (!reason && world.first < world.count)
    reason = oriel_whep_channels_take(&channels, BEGIN_NS);
  return reason;
}

static void open_input(void) {
  happens(ORIEL_CHANNEL_OPENED, INPUT, NULL);
  assert_null(take_all());
}

static void opening_input_asks_for_the_controls(void **state) {
  (void)state;
  happens(ORIEL_CHANNEL_OPENED, CLIPBOARD, NULL);
  assert_null(take_all());
  assert_false(world.wanted);
  open_input();
  assert_true(world.wanted && channels.had_controls);
  says(INPUT, "{\"type\":\"keydown\",\"code\":\"KeyA\"}");
  assert_null(take_all());
  assert_int_equal(world.inputs, 1);
  assert_int_equal(world.last.key.usage, 4);
  happens(ORIEL_CHANNEL_CLOSED, CLIPBOARD, NULL);
  assert_null(take_all());
  assert_true(world.wanted);
  happens(ORIEL_CHANNEL_CLOSED, INPUT, NULL);
  assert_null(take_all());
  assert_false(world.wanted || channels.had_controls);
}

static void without_the_controls_all_is_dropped_and_counted(void **state) {
  (void)state;
  open_input();
  world.controls = false; /* another viewer has them now */
  says(INPUT, "{\"type\":\"mousedown\",\"x\":1,\"y\":1}");
  says(CLIPBOARD, "secret");
  assert_null(take_all());
  assert_int_equal(world.inputs, 0);
  assert_int_equal(world.denied, 2);
  assert_int_equal(world.texts, 0);
  assert_int_equal(channels.refused, 1);
  assert_int_equal(stats.messages_denied, 3);
}

/* The session of one that watches has no channels; even if it had, they would do nothing. */
static void a_watcher_does_nothing(void **state) {
  (void)state;
  begin_as(false);
  world.controls = true;
  says(INPUT, "{\"type\":\"keydown\",\"code\":\"KeyA\"}");
  says(CLIPBOARD, "secret");
  assert_null(take_all());
  assert_int_equal(world.inputs + world.texts, 0);
}

static void positions_follow_the_size_of_the_video(void **state) {
  struct oriel_packet *picture = oriel_packet_create(ORIEL_PACKET_VIDEO, 1);
  const struct oriel_delivery size = {.type = ORIEL_DELIVERY_STATE, .state = {.width = 1280, .height = 960}};
  const struct oriel_delivery delivery = {.type = ORIEL_DELIVERY_PICTURE, .packet = picture};
  (void)state;
  assert_non_null(picture);
  picture->width = 320;
  picture->height = 240;
  oriel_whep_channels_hear(&channels, &size);
  oriel_whep_channels_hear(&channels, &delivery);
  oriel_packet_unref(picture);
  open_input();
  says(INPUT, "{\"type\":\"mousemove\",\"x\":100,\"y\":50}");
  assert_null(take_all());
  assert_int_equal(world.last.pointer.x, 400);
  assert_int_equal(world.last.pointer.y, 200);
}

static void what_is_malformed_is_told_once(void **state) {
  (void)state;
  open_input();
  for (unsigned i = 0; i < 100; i++)
    says(INPUT, "{\"type\":\"fly\"}");
  says(INPUT, "{\"type\":\"keydown\",\"code\":\"KeyA\"}");
  assert_null(take_all());
  assert_int_equal(lines, 1);
  assert_int_equal(channels.malformed, 100);
  assert_int_equal(world.inputs, 1);
}

/* As a WebSocket would be: a thousand events at once are fine. */
static void a_flood_of_input_ends_the_session(void **state) {
  (void)state;
  open_input();
  for (unsigned i = 0; i < 1500; i++)
    says(INPUT, "{\"type\":\"mousemove\"}");
  assert_string_equal(take_all(), "more than 1,000 input events a second");
  assert_int_equal(world.inputs, 1000);
}

static void a_flood_of_anything_ends_the_session(void **state) {
  (void)state;
  for (unsigned i = 0; i < 5000; i++)
    happens(i % 2 ? ORIEL_CHANNEL_STRAY : ORIEL_CHANNEL_REFUSED, 0, "other");
  assert_string_equal(take_all(), "more than 4,000 messages a second in its data channels");
  assert_int_equal(channels.refused, 4000);
}

/* Others have their turn between. */
static void a_turn_is_bounded(void **state) {
  (void)state;
  for (unsigned i = 0; i < 1000; i++)
    says(INPUT, "{\"type\":\"mousemove\"}");
  assert_null(oriel_whep_channels_take(&channels, BEGIN_NS));
  assert_in_range(world.first, 1, 64);
}

static void texts_go_to_the_guest(void **state) {
  (void)state;
  open_input();
  says(CLIPBOARD, "hello");
  assert_null(take_all());
  assert_string_equal(world.text, "hello");
  assert_int_equal(channels.refused, 0);
  world.clipboard_status = -ENOTCONN;
  says(CLIPBOARD, "nobody takes it");
  says(CLIPBOARD, "");
  assert_null(take_all());
  assert_int_equal(world.texts, 3);
  assert_int_equal(channels.refused, 2); /* and the channel goes on */
}

static void hear_text(const char *text, bool kept) {
  struct oriel_delivery delivery = {.type = ORIEL_DELIVERY_CLIPBOARD, .clipboard = {.kept = kept}};
  assert_int_equal(oriel_clipboard_create(text, strlen(text), &delivery.packet), 0);
  delivery.clipboard.count = strlen(text);
  oriel_whep_channels_hear(&channels, &delivery);
  oriel_packet_unref(delivery.packet);
}

static void texts_of_the_guest_wait_and_the_newest_counts(void **state) {
  (void)state;
  hear_text("one", false);
  assert_string_equal(world.answer, "one");
  world.say_status = -EAGAIN;
  hear_text("two", false);
  hear_text("three", false);
  assert_null(oriel_whep_channels_take(&channels, BEGIN_NS));
  assert_int_equal(world.said, 1);
  world.say_status = 0;
  assert_null(oriel_whep_channels_take(&channels, BEGIN_NS));
  assert_null(oriel_whep_channels_take(&channels, BEGIN_NS));
  assert_int_equal(world.said, 2);
  assert_string_equal(world.answer, "three");
  hear_text("old", true); /* from before it had the controls */
  assert_int_equal(world.said, 2);
  world.say_status = -ENOTCONN; /* no channel is open: it is not kept either */
  hear_text("four", false);
  world.say_status = 0;
  assert_null(oriel_whep_channels_take(&channels, BEGIN_NS));
  assert_int_equal(world.said, 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(opening_input_asks_for_the_controls, begin, end),
    cmocka_unit_test_setup_teardown(without_the_controls_all_is_dropped_and_counted, begin, end),
    cmocka_unit_test_setup_teardown(a_watcher_does_nothing, begin, end),
    cmocka_unit_test_setup_teardown(positions_follow_the_size_of_the_video, begin, end),
    cmocka_unit_test_setup_teardown(what_is_malformed_is_told_once, begin, end),
    cmocka_unit_test_setup_teardown(a_flood_of_input_ends_the_session, begin, end),
    cmocka_unit_test_setup_teardown(a_flood_of_anything_ends_the_session, begin, end),
    cmocka_unit_test_setup_teardown(a_turn_is_bounded, begin, end),
    cmocka_unit_test_setup_teardown(texts_go_to_the_guest, begin, end),
    cmocka_unit_test_setup_teardown(texts_of_the_guest_wait_and_the_newest_counts, begin, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
