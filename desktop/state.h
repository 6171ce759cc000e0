/* SPDX-License-Identifier: MIT
 *
 * The state of a desktop, its viewers and channels. Nobody outside desktop/ and its tests includes this.
 *
 * Locks, in the order in which they are taken: watch_lock (serialises oriel_source_watch), hub.lock (who is there, what
 * the source is told, deferred work), a channel's (packets and what a viewer has of them; never two channels' at once).
 * Leaves, under which nothing is taken: the sound channel's, the stages', the bulletin's, the clipboard's, a waiter's. The surface's
 * lock is never taken while one of these is held, nor the other way round. Under none of them but watch_lock there is
 * I/O, encoding, allocation or a call into the source. Everywhere in this room `_locked` means that the caller holds
 * hub.lock.
 */
#ifndef ORIEL_DESKTOP_STATE_H
#define ORIEL_DESKTOP_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "core/rate_limit.h"
#include "core/waiter.h"
#include "desktop/bulletin.h"
#include "desktop/channel.h"
#include "desktop/clipboard_state.h"
#include "desktop/config.h"
#include "desktop/flight.h"
#include "desktop/form.h"
#include "desktop/keys.h"
#include "desktop/level.h"
#include "desktop/sound_channel.h"
#include "desktop/stage.h"
#include "media/refine.h"
#include "source/source.h"

/* ---- a viewer ---- */

struct oriel_viewer {
  /* Constant. */
  struct oriel_desktop *desktop;
  uint32_t id;
  uint64_t peer, owner; /* owner 0 = unknown */
  bool can_video, can_tiles, can_audio, can_microphone, can_open, watcher;
  enum oriel_channel_kind kind;
  struct oriel_channel *channel;
  /* Network thread only. */
  struct oriel_bulletin_seen seen;
  bool role_due, controls_due;
  struct oriel_clipboard_reader clipboard;
  bool had_cursor; /* by its last delivery: what else waits goes before another shape */
  /* Roles: the network thread's, which writes them under hub.lock, for others to read. */
  bool wants_control, input_dirty; /* input_dirty: sent keys or buttons since it got the controls */
  bool asks;                       /* and the holder shall be asked */
  uint64_t control_serial;         /* counts up as viewers come into line */
  char name[ORIEL_VIEWER_NAME_MAX + 1]; /* never empty */
  /* Guarded by hub.lock: packets taken by something in the guest; not taken. */
  uint64_t microphone_packets, microphone_refused;
  /* Guarded by the sound channel's lock. */
  struct oriel_sound_subscriber sound;
  /* The rest is guarded by the lock of its channel. */
  struct oriel_subscriber subscriber; /* to pictures: of its channel's rendition, or of its own blocks */
  struct oriel_flight flight;
  uint32_t carries_kbps; /* as its transport measures; 0 = it cannot tell */
  struct oriel_level level; /* network thread only */
  bool typed_due;
  uint32_t typed; /* number of its newest text that the guest was given */
  uint32_t typed_dropped; /* presses and releases that it was not given, which the viewer has not been told */
  struct oriel_packet *opening; /* goes before the picture that waits; or NULL */
  bool opens;                   /* it gets one, should there be one before its key frame */
  struct oriel_refine *owed; /* of ORIEL_CHANNEL_LOSSLESS: blocks to come; 0 x 0 = all; NULL in the other channels */
  uint32_t own_sequence;     /* of its pictures, if so */
  uint64_t pictures_sent, picture_bytes;
};

/* ---- the hub ---- */

/** Events that the media thread may sleep through, where they change nothing for it. */
enum { ORIEL_WAIT_DAMAGE = 1, ORIEL_WAIT_VIEWERS = 2, ORIEL_WAIT_ALL = 3 };

/** What renditions take, by the last look at their viewers' levels. */
struct oriel_levels {
  uint64_t looked_ns, bytes[ORIEL_RENDITIONS];
  double used_kbps[ORIEL_RENDITIONS];
};

/** Guarded by its lock, but for what says otherwise. */
struct oriel_hub {
  pthread_mutex_t lock;
  struct oriel_waiter waiter; /* the media thread's */
  atomic_uint wait;           /* ORIEL_WAIT_*: what wakes it now; narrowed only to what it has looked at */
  struct oriel_channel channels[ORIEL_CHANNELS]; /* each has a lock of its own */
  struct oriel_sound_channel sound;              /* so has this */
  uint32_t fps; /* constant */
  /* Who is there. The network thread alone writes these, and reads them without the lock. */
  struct oriel_viewer *viewers[ORIEL_DESKTOP_VIEWERS_MAX];
  unsigned count;
  struct oriel_viewer *controller;
  uint32_t last_id;
  /* Whose experience stands for everybody's. Written under the lock; without it, only to be compared. */
  _Atomic(const struct oriel_viewer *) reference;
  atomic_uint reference_kind; /* its channel; ORIEL_CHANNELS = there is none. Likewise */
  /* Network thread only. */
  struct oriel_levels levels;
  bool gathers, gathered; /* what viewers do wakes the media thread later; and there was something */
  uint64_t input_ns; /* when the controller last did something, or got the controls */
  uint64_t quiet_ns; /* until when it is not asked */
  /* those who take no part are told at the next look: a few times a second, whoever plays with them */
  bool controls_news;
  uint64_t last_serial;
  struct oriel_keys keys;
  /* Who watches. */
  unsigned watchers_pictures, watchers_sound;
  struct oriel_list captures; /* of struct oriel_capture: they take a picture, and wait for a first one */
  bool captures_end;          /* and no longer do */
  bool stopping;
  unsigned source_watched; /* ORIEL_WATCH_*, as the source was told */
  bool fresh_picture;  /* damage arrived since the source is watched */
  uint64_t watched_ns; /* since when it is */
  uint64_t joined_ns;  /* when a viewer last began to look */
  uint64_t expected_ns; /* until then somebody is expected, for whom a key frame is made ahead; 0 = nobody */
  struct oriel_packet *opening; /* the last one, or NULL */
  uint64_t opening_events;      /* damage_events when it was made */
  bool opens;                   /* one is to be made for who is expected */
  /* Deferred. */
  struct oriel_rate_limit idle_pace; /* how often it is told that nobody looks: viewers change their minds faster */
  uint64_t idle_ns;            /* when it will be told so; 0 = somebody looks, or it was told */
  uint16_t requested_width, requested_height; /* the size that the controller asked for last; 0 = none waits */
  struct oriel_rate_limit resize_pace;
  /* Counters. */
  uint64_t damage_events, held_back;
  uint64_t cpu_ns, cpu_limited; /* processor time of the media thread's tasks; times they were put off for it */
  uint64_t microphone_refused; /* packets, of all viewers */
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
  struct oriel_stages stages;
  struct oriel_sound *sound;       /* owned; start and want under watch_lock */
  _Atomic(struct oriel_playback *) playback; /* owned; NULL = none, or none yet */
  bool plays, plays_warned;        /* it is wanted and not made yet; and that was said. Under watch_lock */
  struct {
    uint32_t owner;     /* id of the viewer whose microphone is heard; 0 = nobody */
    uint64_t looked_ns; /* when the guest was last asked whether it takes one */
  } microphone; /* network thread only */
  struct oriel_clipboard clipboard;
  pthread_mutex_t watch_lock;
  pthread_t media_thread;
  bool media_started;
  atomic_uint_fast64_t input_events, input_refused;
};

#endif
