/* SPDX-License-Identifier: MIT
 *
 * For tests of desktop/: a source that does what the test says, a desktop on it, and waiting with a bound.
 */
#ifndef ORIEL_TESTS_DESKTOP_FAKE_H
#define ORIEL_TESTS_DESKTOP_FAKE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "desktop/desktop.h"
#include "desktop/hub.h"
#include "desktop/notify.h"
#include "desktop/opening.h"
#include "desktop/publish.h"

struct fake {
  struct oriel_source source;
  const struct oriel_source_sink *sink;
  struct oriel_surface *surface;
  unsigned microphones, microphone_ends; /* the test's thread only */
  struct oriel_packet *clipboard; /* what it was given last; NULL; the test's thread only, as the next two */
  unsigned clipboards;
  bool deaf;                      /* takes no text */
  struct oriel_clipboard_end *clipboard_end; /* of its desktop; set before it is made */
  enum oriel_clipboard_way clipboard_way;
  bool passthru; /* its desktop plays on this host, too; set before it is made */
  unsigned cpu_percent; /* limit of its desktop; set before it is made */
  bool silent; /* does not deliver the whole picture when watched */
  pthread_mutex_t lock; /* guards the rest */
  pthread_cond_t changed;
  unsigned watched; /* ORIEL_WATCH_* */
  bool destroyed;
  unsigned watches, releases, inputs, wakes, resizes;
  void (*woken)(void *user); /* or NULL: called for each wake, on its thread, without the lock */
  void *woken_user;
  uint16_t resize_width, resize_height; /* the latest */
};

/** A fake source of width x height (0 = no size yet). Destroyed by its desktop; the struct is the test's. */
void fake_init(struct fake *fake, uint16_t width, uint16_t height);
void fake_finish(struct fake *fake);
/** Ends a case, also one that failed: detaches every viewer, destroys the desktop, finishes the fake. */
void fake_end(struct fake *fake, struct oriel_desktop *desktop);
/** What most cases begin with, from their state: a screen of 640x480 and a desktop without threads or an encoder. */
struct fake_fixture {
  struct fake fake;
  struct oriel_desktop *desktop;
};
int fake_set_up(void **state);
int fake_tear_down(void **state);
/** A desktop on the fake: 60 fps, 20 ms of sound, its wake counted. `start`: with threads. */
struct oriel_desktop *fake_desktop(struct fake *fake, const char *encoder, bool start);
/** The same with sound from inside a guest, which it takes over. */
struct oriel_desktop *fake_desktop_heard(struct fake *fake, const char *encoder, struct oriel_guest_audio *guest_audio,
                                         bool start);
/** Fills a rectangle and reports the damage. */
void fake_paint(struct fake *fake, struct oriel_rect rect, uint32_t rgb);
/** Fills it with noise that no codec likes. */
void fake_noise(struct fake *fake, struct oriel_rect rect, uint32_t seed);
/** Waits for the next delivery, two seconds at most; type NONE then. */
struct oriel_delivery fake_next(struct fake *fake, struct oriel_viewer *viewer);
/** Takes deliveries until one of this type, two seconds at most; others are released. */
struct oriel_delivery fake_next_of(struct fake *fake, struct oriel_viewer *viewer, enum oriel_delivery_type type);
/** Takes and releases all that waits now; returns how many. */
unsigned fake_drain(struct oriel_viewer *viewer);
/** Sent, received, decoded and painted just now. */
void fake_ack(struct oriel_viewer *viewer, const struct oriel_packet *packet);
struct oriel_viewer *fake_viewer(struct oriel_desktop *desktop, enum oriel_role role, bool tiles, bool audio);

/** A packet as the encoders make it. */
struct oriel_packet *fake_packet(enum oriel_packet_kind kind, bool key);
/** Publishes one, as the threads would, to viewers that take tiles, or to all who listen. Its sequence. */
uint32_t fake_publish(struct oriel_desktop *desktop, enum oriel_packet_kind kind, bool key);
uint32_t fake_publish_key(struct oriel_desktop *desktop);
uint32_t fake_publish_video(struct oriel_desktop *desktop);
uint32_t fake_publish_tiles(struct oriel_desktop *desktop);
/** Sequence of the picture that waits, taken and acknowledged; 0 = none. What is no picture is passed over. */
uint32_t fake_take_picture(struct oriel_viewer *viewer);
/** The next delivery that is neither state, role nor controls; type NONE when none waits. */
struct oriel_delivery fake_next_after_control(struct oriel_viewer *viewer);
/** Waits until a counter of the statistics reaches `least`, two seconds at most. */
#define fake_wait_stat(desktop, member, least)                                                  \
  do {                                                                                          \
    static struct oriel_desktop_stats stats_;                                                   \
    uint64_t until_ = oriel_clock_ns() + 2 * ORIEL_NS_PER_SECOND;                               \
    do {                                                                                        \
      oriel_desktop_stats((desktop), &stats_);                                                  \
    } while (stats_.member < (least) && oriel_clock_ns() < until_ && !fake_yield());            \
    assert_true(stats_.member >= (least));                                                      \
  } while (0)
/** Takes a snapshot that nobody cancels. */
int fake_snapshot(struct oriel_desktop *desktop, uint8_t **png, size_t *size);
/** Lets other threads run; always 0. */
int fake_yield(void);

#endif
