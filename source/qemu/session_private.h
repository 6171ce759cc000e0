/* SPDX-License-Identifier: MIT
 *
 * Inside of a session: what its files share. session.c is its life, console.c the D-Bus side, monitor.c the QMP side.
 * Source thread only, like all of it.
 */
#ifndef ORIEL_SOURCE_QEMU_SESSION_PRIVATE_H
#define ORIEL_SOURCE_QEMU_SESSION_PRIVATE_H

#include "source/qemu/control.h"
#include "source/qemu/describe.h"
#include "source/qemu/devices.h"
#include "source/qemu/listener.h"
#include "source/qemu/qmp.h"
#include "source/qemu/session.h"

#define ORIEL_QEMU_ROOM "source/qemu"

enum {
  ORIEL_QEMU_RETRY_FIRST_MS = 250,
  ORIEL_QEMU_RETRY_MAX_MS = 2000,
  ORIEL_QEMU_STEADY_MS = 10000,      /* attached for so long: what ends it is no part of a loop */
  ORIEL_QEMU_TAKEN_MAX_MS = 30000,   /* between attempts while somebody takes the display again and again */
  ORIEL_QEMU_PATIENCE_MS = 3000,     /* with a peer that accepts and says nothing */
  ORIEL_QEMU_RESYNC_FIRST_MS = 50,   /* for a whole picture to come by itself after a change of size */
  ORIEL_QEMU_RESYNC_MAX_MS = 4000,
};

struct oriel_qemu_session {
  struct oriel_qemu_session_config config;
  gint *alive; /* what GDBus still holds; its own allocation, so that it may outlive us */
  struct oriel_qmp *qmp;
  bool qmp_ready;
  GSource *timer; /* the next attempt, or the end of patience */
  unsigned retry_ms;
  struct oriel_qemu_control *control;
  struct oriel_qemu_listener *display, *sound, *microphone;
  GSource *resync; /* a look at whether the picture is stale */
  unsigned resync_ms;
  bool keeps_display; /* once registered, the display listener stays: see keeps_display() */
  bool watched;
  struct oriel_qemu_facts facts;
  bool has_touch_device;
  struct oriel_qemu_inventory inventory;
  uint16_t want_width, want_height; /* 0 = nobody asked */
  unsigned sizes_asked;
  uint64_t reconnects;
  uint64_t attached_ns;
  unsigned losses;     /* of the display, each soon after the last attaching */
  unsigned rejections; /* of our log-in on D-Bus, in a row */
  struct oriel_qemu_claim {
    int fd;         /* our end; -1 = none */
    bool asking, held;
    unsigned tries;
  } claim;
  struct oriel_qemu_still {
    GSource *timer;
    char path[160];      /* of the graphics card's virtio device; empty = none */
    bool known, asking;  /* known: whether there is one */
    bool moved;          /* something was drawn or queued since the last look */
    uint64_t frames, due_ns;
    int64_t index;       /* of the card's queue */
    unsigned pause_s;    /* between looks that found nothing new */
  } still;
  struct oriel_source_abilities abilities; /* as last reported */
  struct oriel_qemu_status status; /* state and detail as last reported */
  /* Reports of state and questions for it keep to a pace, whatever QEMU says how often. */
  GSource *news_timer;
  uint64_t news_ns; /* when the present second of reports began */
  unsigned news_count;
  GSource *ask_timer;
  GSource *learn_timer; /* the devices are asked for after a reset, once however many come */
  uint64_t asked_ns;
  bool asking, ask_again;
};

/* session.c */
void oriel_qemu_timer_stop(GSource **timer);
/** Calls `function` with the session after the delay, once, unless the timer is stopped or started anew. */
void oriel_qemu_session_timer(struct oriel_qemu_session *session, GSource **timer, unsigned delay_ms,
                              GSourceFunc function);
/** Reports what the facts say, if it is news. */
void oriel_qemu_session_publish(struct oriel_qemu_session *session);
/** Connects or attaches again, ever later. */
void oriel_qemu_session_retry(struct oriel_qemu_session *session);
/** The same after a -errno of a call of ours: a shortage of descriptors or memory may be over in a moment, and asking
 *  again costs nobody anything, so it makes nothing later. */
void oriel_qemu_session_retry_after(struct oriel_qemu_session *session, int error);

/* console.c */
int oriel_qemu_session_create_listeners(struct oriel_qemu_session *session);
void oriel_qemu_session_attach(struct oriel_qemu_session *session);
void oriel_qemu_session_detach(struct oriel_qemu_session *session);

/* claim.c */
/** Makes sure that no other Oriel shows this VM, then calls attach. */
void oriel_qemu_session_claim(struct oriel_qemu_session *session);
/** Lets others have it. */
void oriel_qemu_session_unclaim(struct oriel_qemu_session *session);

/* still.c */
/** Starts or stops watching over a picture that stands still, as the session is attached and watched. */
void oriel_qemu_session_still(struct oriel_qemu_session *session);
/** Asks QEMU for its graphics cards. */
void oriel_qemu_session_still_learn(struct oriel_qemu_session *session);

/* monitor.c */
void oriel_qemu_session_connect(struct oriel_qemu_session *session);

#endif
