/* SPDX-License-Identifier: MIT
 *
 * See fake.h.
 */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "core/clock.h"

static struct fake *fake_of(struct oriel_source *source) {
  return (struct fake *)(void *)source; /* first member */
}

static int fake_start(struct oriel_source *source, const struct oriel_source_sink *sink) {
  fake_of(source)->sink = sink;
  sink->state(sink->user, ORIEL_SOURCE_RUNNING, "");
  return 0;
}

static void fake_destroy(struct oriel_source *source) {
  struct fake *fake = fake_of(source);
  oriel_surface_destroy(fake->surface);
  fake->surface = NULL;
  fake->destroyed = true;
}

static struct oriel_surface *fake_surface(struct oriel_source *source) {
  return fake_of(source)->surface;
}

static void fake_watch(struct oriel_source *source, unsigned what) {
  struct fake *fake = fake_of(source);
  pthread_mutex_lock(&fake->lock);
  const bool begins = what & ~fake->watched & ORIEL_WATCH_PICTURES;
  fake->watched = what;
  fake->watches += what != ORIEL_WATCH_NOTHING;
  pthread_mutex_unlock(&fake->lock);
  if (!begins || fake->silent || !fake->sink)
    return;
  struct oriel_surface_view view;
  oriel_surface_lock(fake->surface, NULL, &view);
  oriel_surface_damage_locked(fake->surface, (struct oriel_rect){0, 0, view.width, view.height}, oriel_clock_ns());
  oriel_surface_unlock(fake->surface, NULL);
  fake->sink->damaged(fake->sink->user);
}

static void fake_input(struct oriel_source *source, const struct oriel_input *input) {
  struct fake *fake = fake_of(source);
  pthread_mutex_lock(&fake->lock);
  if (input->type == ORIEL_INPUT_RELEASE_ALL)
    fake->releases++;
  else
    fake->inputs++;
  pthread_mutex_unlock(&fake->lock);
}

static void fake_info(struct oriel_source *source, struct oriel_source_info *info) {
  (void)source;
  memset(info, 0, sizeof *info);
  info->kind = "fake";
}

/* Takes a size and leaves the picture as it is, as a guest may. */
static int fake_resize(struct oriel_source *source, uint16_t width, uint16_t height) {
  struct fake *fake = (struct fake *)source;
  pthread_mutex_lock(&fake->lock);
  fake->resizes++;
  fake->resize_width = width;
  fake->resize_height = height;
  pthread_cond_broadcast(&fake->changed);
  pthread_mutex_unlock(&fake->lock);
  return 0;
}

static int fake_microphone(struct oriel_source *source, const struct oriel_microphone *packet) {
  struct fake *fake = fake_of(source);
  fake->microphones += packet->size > 0;
  fake->microphone_ends += packet->size == 0;
  return 0;
}

static int fake_clipboard(struct oriel_source *source, struct oriel_packet *text) {
  struct fake *fake = fake_of(source);
  if (fake->deaf)
    return -ENOTCONN;
  oriel_packet_unref(fake->clipboard);
  fake->clipboard = oriel_packet_ref(text);
  fake->clipboards++;
  return 0;
}

static const struct oriel_source_impl fake_impl = {
  .kind = "fake",
  .start = fake_start,
  .destroy = fake_destroy,
  .surface = fake_surface,
  .watch = fake_watch,
  .input = fake_input,
  .resize = fake_resize,
  .microphone = fake_microphone,
  .clipboard = fake_clipboard,
  .info = fake_info,
};

void fake_init(struct fake *fake, uint16_t width, uint16_t height) {
  pthread_condattr_t attributes;
  memset(fake, 0, sizeof *fake);
  fake->source.impl = &fake_impl;
  pthread_mutex_init(&fake->lock, NULL);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&fake->changed, &attributes);
  pthread_condattr_destroy(&attributes);
  assert_int_equal(oriel_surface_create(&fake->surface), 0);
  if (width)
    assert_int_equal(oriel_surface_resize(fake->surface, width, height), 0);
}

void fake_finish(struct fake *fake) {
  assert_true(fake->destroyed);
  oriel_packet_unref(fake->clipboard);
  pthread_cond_destroy(&fake->changed);
  pthread_mutex_destroy(&fake->lock);
}

void fake_end(struct fake *fake, struct oriel_desktop *desktop) {
  while (desktop->hub.count)
    oriel_viewer_detach(desktop->hub.viewers[0]);
  oriel_desktop_destroy(desktop);
  fake_finish(fake);
}

static void fake_wake(void *user) {
  struct fake *fake = user;
  pthread_mutex_lock(&fake->lock);
  fake->wakes++;
  void (*woken)(void *user) = fake->woken;
  void *woken_user = fake->woken_user;
  pthread_cond_broadcast(&fake->changed);
  pthread_mutex_unlock(&fake->lock);
  if (woken)
    woken(woken_user);
}

struct oriel_desktop *fake_desktop(struct fake *fake, const char *encoder, bool start) {
  return fake_desktop_heard(fake, encoder, NULL, start);
}

int fake_set_up(void **state) {
  struct fake_fixture *fixture = calloc(1, sizeof *fixture);
  fake_init(&fixture->fake, 640, 480);
  fixture->desktop = fake_desktop(&fixture->fake, "null", false);
  *state = fixture;
  return 0;
}

int fake_tear_down(void **state) {
  struct fake_fixture *fixture = *state;
  fake_end(&fixture->fake, fixture->desktop);
  free(fixture);
  return 0;
}

struct oriel_desktop *fake_desktop_heard(struct fake *fake, const char *encoder, struct oriel_guest_audio *guest_audio,
                                         bool start) {
  struct oriel_desktop *desktop = NULL;
  const struct oriel_desktop_config config = {
      .encoder = encoder,
      .fps = 60,
      .opus_frame_ms = 20,
      .opus_kbps = 64,
      .guest_audio = guest_audio,
      .audio_passthru = fake->passthru,
      .cpu_percent = fake->cpu_percent,
      .clipboard_end = fake->clipboard_end,
      .clipboard = fake->clipboard_way,
      .wake = fake_wake,
      .user = fake,
  };
  assert_int_equal(oriel_desktop_create(&config, &fake->source, &desktop), 0);
  if (start)
    assert_int_equal(oriel_desktop_start(desktop), 0);
  return desktop;
}

static void paint(struct fake *fake, struct oriel_rect rect, uint32_t rgb, uint32_t noise) {
  struct oriel_surface_view view;
  uint64_t now = oriel_clock_ns();
  oriel_surface_lock(fake->surface, NULL, &view);
  for (int y = rect.y; y < rect.y + rect.height; y++) {
    uint32_t *row = (uint32_t *)(void *)(view.bgrx + (ptrdiff_t)y * view.stride);
    for (int x = rect.x; x < rect.x + rect.width; x++) {
      noise = noise * 1664525u + (noise ? 1013904223u : 0);
      row[x] = 0xFF000000u | (noise ? noise >> 8 : rgb);
    }
  }
  oriel_surface_damage_locked(fake->surface, rect, now);
  oriel_surface_unlock(fake->surface, NULL);
  if (fake->sink)
    fake->sink->damaged(fake->sink->user);
}

void fake_paint(struct fake *fake, struct oriel_rect rect, uint32_t rgb) {
  paint(fake, rect, rgb, 0);
}

void fake_noise(struct fake *fake, struct oriel_rect rect, uint32_t seed) {
  paint(fake, rect, 0, seed * 2 + 1);
}

struct oriel_delivery fake_next(struct fake *fake, struct oriel_viewer *viewer) {
  struct oriel_delivery delivery;
  uint64_t until_ns = oriel_clock_ns() + 2 * ORIEL_NS_PER_SECOND;
  struct timespec until = {(time_t)(until_ns / ORIEL_NS_PER_SECOND), (long)(until_ns % ORIEL_NS_PER_SECOND)};
  for (;;) {
    pthread_mutex_lock(&fake->lock);
    unsigned wakes = fake->wakes;
    pthread_mutex_unlock(&fake->lock);
    if (oriel_viewer_next(viewer, &delivery))
      return delivery;
    int late = 0;
    pthread_mutex_lock(&fake->lock);
    while (fake->wakes == wakes && !late)
      late = pthread_cond_timedwait(&fake->changed, &fake->lock, &until);
    pthread_mutex_unlock(&fake->lock);
    if (late)
      return delivery;
  }
}

struct oriel_delivery fake_next_of(struct fake *fake, struct oriel_viewer *viewer, enum oriel_delivery_type type) {
  for (;;) {
    struct oriel_delivery delivery = fake_next(fake, viewer);
    if (delivery.type == type || delivery.type == ORIEL_DELIVERY_NONE)
      return delivery;
    oriel_packet_unref(delivery.packet);
  }
}

unsigned fake_drain(struct oriel_viewer *viewer) {
  struct oriel_delivery delivery;
  unsigned count = 0;
  for (; oriel_viewer_next(viewer, &delivery); count++)
    oriel_packet_unref(delivery.packet);
  return count;
}

void fake_ack(struct oriel_viewer *viewer, const struct oriel_packet *packet) {
  uint64_t now = oriel_clock_ns();
  uint32_t sequence = packet->sequence;
  oriel_viewer_sent(viewer, packet, now);
  oriel_viewer_ack(viewer, &(struct oriel_viewer_ack){sequence, sequence, sequence, now, now, now, 0});
}

struct oriel_viewer *fake_viewer(struct oriel_desktop *desktop, enum oriel_role role, bool tiles, bool audio) {
  struct oriel_viewer *viewer = NULL;
  const struct oriel_viewer_config config = {.role = role, .video = true, .tiles = tiles, .audio = audio};
  assert_int_equal(oriel_viewer_attach(desktop, &config, &viewer), 0);
  return viewer;
}

struct oriel_packet *fake_packet(enum oriel_packet_kind kind, bool key) {
  struct oriel_packet *packet = oriel_packet_create(kind, 16);
  assert_non_null(packet);
  packet->key = key;
  if (kind == ORIEL_PACKET_AUDIO)
    packet->data[0] = 0xfc; /* one frame of 20 ms, as its first byte tells */
  if (kind != ORIEL_PACKET_AUDIO) {
    static uint32_t sequence; /* as a rendition numbers them */
    packet->sequence = ++sequence;
  }
  packet->captured_ns = packet->taken_ns = packet->converted_ns = packet->encoded_ns = oriel_clock_ns();
  return packet;
}

uint32_t fake_publish(struct oriel_desktop *desktop, enum oriel_packet_kind kind, bool key) {
  struct oriel_packet *packet = fake_packet(kind, key);
  oriel_packet_ref(packet);
  if (kind == ORIEL_PACKET_AUDIO)
    oriel_desktop_publish_sound(desktop, packet);
  else
    oriel_desktop_publish(desktop, ORIEL_CHANNEL_TILES, packet);
  uint32_t sequence = packet->sequence;
  oriel_packet_unref(packet);
  return sequence;
}

uint32_t fake_publish_key(struct oriel_desktop *desktop) {
  return fake_publish(desktop, ORIEL_PACKET_VIDEO, true);
}

uint32_t fake_publish_video(struct oriel_desktop *desktop) {
  return fake_publish(desktop, ORIEL_PACKET_VIDEO, false);
}

uint32_t fake_publish_tiles(struct oriel_desktop *desktop) {
  return fake_publish(desktop, ORIEL_PACKET_TILES, false);
}

uint32_t fake_take_picture(struct oriel_viewer *viewer) {
  struct oriel_delivery delivery;
  while (oriel_viewer_next(viewer, &delivery)) {
    if (delivery.type != ORIEL_DELIVERY_PICTURE) {
      assert_int_not_equal(delivery.type, ORIEL_DELIVERY_SKIPPED);
      oriel_packet_unref(delivery.packet);
      continue;
    }
    uint32_t sequence = delivery.packet->sequence;
    fake_ack(viewer, delivery.packet);
    oriel_packet_unref(delivery.packet);
    return sequence;
  }
  return 0;
}

struct oriel_delivery fake_next_after_control(struct oriel_viewer *viewer) {
  struct oriel_delivery delivery;
  while (oriel_viewer_next(viewer, &delivery))
    if (delivery.type != ORIEL_DELIVERY_STATE && delivery.type != ORIEL_DELIVERY_ROLE &&
        delivery.type != ORIEL_DELIVERY_CONTROLS)
      break;
  return delivery;
}

int fake_snapshot(struct oriel_desktop *desktop, uint8_t **png, size_t *size) {
  struct oriel_capture capture;
  assert_int_equal(oriel_capture_init(&capture), 0);
  const int error = oriel_desktop_snapshot(desktop, &capture, png, size);
  oriel_capture_finish(&capture);
  return error;
}

int fake_yield(void) {
  const struct timespec moment = {0, 1000000};
  nanosleep(&moment, NULL); /* the bound is the caller's */
  return 0;
}
