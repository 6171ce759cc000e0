/* SPDX-License-Identifier: MIT
 *
 * The state of a desktop, its viewers and channels. Nobody outside desktop/ and its tests includes this.
 *
 * Locks, in the order they are taken: watch_lock (serialises oriel_source_watch) before hub.lock. The surface's lock is
 * never taken while hub.lock is held, nor the other way round; the bulletin's and sound's are leaves. Under hub.lock
 * there is no I/O, no encoding, no allocation and no call into the source. Everywhere in this room `_locked` means that
 * the caller holds hub.lock.
 */
#ifndef ORIEL_DESKTOP_STATE_H
#define ORIEL_DESKTOP_STATE_H

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/histogram.h"
#include "core/queue.h"
#include "core/rate_limit.h"
#include "core/subscriber.h"
#include "core/waiter.h"
#include "desktop/bulletin.h"
#include "desktop/config.h"
#include "desktop/flight.h"
#include "desktop/keys.h"
#include "desktop/stage.h"
#include "media/bitrate.h"
#include "media/refine.h"
#include "source/source.h"

/* ---- a viewer ---- */

/** What a viewer takes, by which it belongs to a rendition; each kind costs the others nothing. In the order in which
 *  they speak for all viewers. */
enum oriel_channel_kind {
  ORIEL_CHANNEL_TILES,    /* video, and tiles for small changes */
  ORIEL_CHANNEL_VIDEO,    /* video alone */
  ORIEL_CHANNEL_LOSSLESS, /* tiles alone: no rendition, but each viewer's own blocks (lossless.h) */
  ORIEL_CHANNELS,
};
enum { ORIEL_RENDITIONS = ORIEL_CHANNEL_LOSSLESS };

/** Guarded by hub.lock. */
struct oriel_channel {
  struct oriel_list subscribers;
  uint32_t sequence;   /* of the newest picture */
  uint64_t picture_ns; /* when it was encoded */
  struct oriel_packet *newest_key; /* the last picture of all, where that is a key frame: who comes takes it; or NULL */
  struct oriel_viewer *reference;  /* whose experience steers the bitrate; NULL when nobody looks */
  struct oriel_bitrate rate;
  uint32_t kbps;
  const char *encoder; /* static; "" before the first picture */
  uint64_t conversions; /* pictures of which something was converted */
};

/** A picture handed to the server. */
struct oriel_sent {
  uint32_t sequence;
  bool timed; /* counts in the stages; a sharpening pass does not */
  uint64_t captured_ns, taken_ns, sent_ns, received_ns, decoded_ns;
};
enum { ORIEL_SENT_RING = 64, ORIEL_PAINT_RING = 256 };
static_assert(ORIEL_SENT_RING >= 2 * ORIEL_WINDOW_MAX, "every picture on its way has its record");

struct oriel_viewer {
  struct oriel_desktop *desktop;
  uint32_t id;
  uint64_t peer; /* constant */
  bool can_video, can_tiles, can_audio, can_microphone, can_open; /* constant */
  bool watcher;   /* constant */
  struct oriel_bulletin_seen seen; /* network thread only */
  uint64_t owner; /* constant; 0 = unknown */
  /* Roles: written by the network thread under hub.lock. */
  bool wants_control, input_dirty; /* input_dirty: sent keys or buttons since it got the controls */
  bool asks;                       /* and the holder shall be asked */
  uint64_t control_serial;         /* counts up as viewers come into line */
  char name[ORIEL_VIEWER_NAME_MAX + 1]; /* never empty */
  /* The rest is guarded by hub.lock. */
  struct oriel_subscriber subscriber; /* to pictures: of its channel's rendition, or of its own blocks */
  bool sound;                         /* wanted and possible */
  bool role_due, controls_due, typed_due;
  uint32_t typed; /* number of its newest text that the guest was given */
  uint32_t typed_dropped; /* presses and releases that it was not given, which the viewer has not been told */
  bool had_cursor; /* by its last delivery: what else waits goes before another shape */
  struct oriel_packet *opening; /* goes before the picture that waits; or NULL */
  bool opens;                   /* it gets one, should there be one before its key frame */
  struct oriel_queue audio;     /* at most one second */
  enum oriel_channel_kind channel; /* constant */
  struct oriel_refine *owed; /* of ORIEL_CHANNEL_LOSSLESS: blocks to come; 0 x 0 = all; NULL in the other channels */
  uint32_t own_sequence;     /* of its pictures, if so */
  /* Pictures on their way: positions count taken pictures since attach; ring index = position % ORIEL_SENT_RING. */
  struct oriel_sent sent[ORIEL_SENT_RING];
  uint64_t sent_count, received_count, decoded_count; /* received <= sent, decoded <= received */
  uint32_t painted_sequence;
  uint64_t acked_ns;
  uint32_t rtt_us;
  struct oriel_minimum rtt_min, delay_min;
  uint64_t paints_ns[ORIEL_PAINT_RING];
  uint64_t pictures_sent, audio_sent, audio_trimmed, bytes_sent, painted;
  uint64_t microphone_packets, microphone_refused; /* taken by something in the guest; not */
};

/* ---- the hub ---- */

/** Why the media thread sleeps; which event may wake it. */
enum { ORIEL_WAIT_DAMAGE = 1, ORIEL_WAIT_VIEWERS = 2 };

struct oriel_hub {
  pthread_mutex_t lock;
  struct oriel_waiter waiter; /* the media thread's */
  struct oriel_list captures; /* of struct oriel_capture: they take a picture, and wait for a first one */
  bool captures_end;          /* and no longer do */
  struct oriel_viewer *viewers[ORIEL_DESKTOP_VIEWERS_MAX];
  unsigned count;
  struct oriel_viewer *controller;
  uint64_t input_ns; /* when it last did something, or got them; network thread only */
  uint64_t quiet_ns; /* until when it is not asked; network thread only, but for reading under the lock */
  /* those who take no part are told at the next look: a few times a second, whoever plays with them */
  bool controls_news;
  uint32_t last_id;
  uint64_t last_serial;
  unsigned watchers_pictures, watchers_sound;
  bool stopping;
  uint64_t microphone_refused; /* packets, of all viewers */
  /* Between source, viewers and the media thread. */
  unsigned source_watched; /* ORIEL_WATCH_*, as the source was told */
  bool fresh_picture;  /* damage arrived since the source is watched */
  uint64_t watched_ns; /* since when it is */
  struct oriel_keys keys;
  uint64_t joined_ns;  /* when a viewer last began to look */
  uint64_t expected_ns; /* until then somebody is expected, for whom a key frame is made ahead; 0 = nobody */
  struct oriel_channel channels[ORIEL_CHANNELS];
  struct oriel_packet *opening; /* the last one, or NULL */
  uint64_t opening_events;      /* damage_events when it was made */
  bool opens;                   /* one is to be made for who is expected */
  struct oriel_rate_limit idle_pace; /* how often it is told that nobody looks: viewers change their minds faster */
  uint64_t idle_ns;            /* when it will be told so; 0 = somebody looks, or it was told */
  unsigned wait; /* ORIEL_WAIT_*; 0 while it works */
  uint16_t wish_width, wish_height; /* the controller's newest wish; 0 = none waits */
  struct oriel_rate_limit resize_pace;
  uint32_t audio_sequence;
  uint32_t fps;
  /* Counters. */
  uint64_t damage_events, pictures_video, pictures_tiles, pictures_key, pictures_sharpened,
    pictures_refined, openings, refined_bytes;
  uint64_t video_bytes, tiles_bytes, audio_packets, audio_bytes, encode_failures, key_requests, held_back, bursts;
  uint64_t cpu_ns, cpu_limited; /* processor time of the media thread's tasks; times they were put off for it */
  struct oriel_histogram stages[ORIEL_STAGES];
  struct oriel_histogram sound_stages[ORIEL_SOUND_STAGES];
  uint32_t audio_packet_us; /* length of the newest */
};

struct oriel_sound;
struct oriel_playback;

struct oriel_desktop {
  struct oriel_desktop_config config;
  struct oriel_source *source;
  struct oriel_surface *surface;
  struct oriel_source_sink sink;
  struct oriel_bulletin bulletin;
  struct oriel_hub hub;
  struct oriel_sound *sound;       /* owned; start and want under watch_lock */
  _Atomic(struct oriel_playback *) playback; /* owned; NULL = none, or none yet */
  bool plays, plays_warned;        /* it is wanted and not made yet; and that was said. Under watch_lock */
  struct {
    uint32_t owner;     /* id of the viewer whose microphone is heard; 0 = nobody */
    uint64_t looked_ns; /* when the guest was last asked whether it takes one */
  } microphone; /* network thread only */
  pthread_mutex_t watch_lock;
  pthread_t media_thread;
  bool media_started;
  atomic_uint_fast64_t input_events, input_refused;
};

#endif
