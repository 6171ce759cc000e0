/* SPDX-License-Identifier: MIT
 *
 * The state of a session and of its heads, which their files share: session.c is who has it and its thread,
 * session_life.c its life, session_attach.c the D-Bus side, monitor.c the QMP side, session_sound.c sound and
 * microphone, session_clipboard.c texts; head.c is a head's life, head_display.c its console, head_report.c what it reports, display_poll.c its
 * picture that does not change.
 *
 * Thread-safety: the session's thread only, but where said.
 */
#ifndef ORIEL_SOURCE_QEMU_SESSION_STATE_H
#define ORIEL_SOURCE_QEMU_SESSION_STATE_H

#include <glib.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "source/facts.h"
#include "source/qemu/address.h"
#include "source/qemu/clipboard.h"
#include "source/qemu/control.h"
#include "source/qemu/describe.h"
#include "source/qemu/head_config.h"
#include "source/qemu/inventory.h"
#include "source/qemu/listener.h"
#include "source/qemu/microphone.h"
#include "source/qemu/qmp.h"
#include "source/qemu/schedstat.h"
#include "source/qemu/sound.h"
#include "source/sink.h"

#define ORIEL_QEMU_SUBSYSTEM "source/qemu"

enum {
  ORIEL_QEMU_RETRY_FIRST_MS = 250,
  ORIEL_QEMU_RETRY_MAX_MS = 2000,
  ORIEL_QEMU_STEADY_MS = 10000,      /* attached for so long: what ends it is no part of a loop */
  ORIEL_QEMU_TAKEN_MAX_MS = 30000,   /* between attempts while somebody takes the display again and again */
  ORIEL_QEMU_PATIENCE_MS = 3000,     /* with a peer that accepts and says nothing */
  ORIEL_QEMU_RESYNC_FIRST_MS = 50,   /* for a whole picture to come by itself after a change of size */
  ORIEL_QEMU_RESYNC_MAX_MS = 4000,
  ORIEL_QEMU_TICK_MS = 2,            /* how often a wait for GDBus or QEMU looks */
  ORIEL_QEMU_DRAIN_MS = 1000,        /* for GDBus's threads to notice that they are cancelled; normally below 1 ms */
};

struct oriel_qemu_session {
  struct oriel_qemu_session *next; /* of the process's: session.c's lock guards this, references, begun and ending */
  unsigned references;
  bool begun, ending;
  pthread_t thread;
  atomic_bool stop;
  char path[ORIEL_QEMU_PATH_MAX + 1];
  GMainContext *context;
  gint *alive; /* what GDBus still holds; its own allocation, so that it may outlive us */
  struct oriel_qmp *qmp;
  bool qmp_ready;
  GSource *timer; /* the next attempt, or the end of patience */
  unsigned retry_ms;
  void (*reconnect)(struct oriel_qemu_session *session); /* an attempt is due */
  struct oriel_qemu_control *control;
  bool attached; /* it is ready */
  unsigned consoles;
  bool has_audio;
  bool keeps_display; /* once registered, display listeners stay: see keeps_display() */
  struct oriel_qemu_facts facts; /* but for what is a head's */
  bool has_touch_device, has_vhost_gpu;
  struct oriel_qemu_clipboard *clipboard;
  struct {
    bool asking, pending; /* whether it is there; pending: that may have changed meanwhile */
    bool told;            /* that QEMU has none */
  } agent;                /* the guest's, for the clipboard */
  struct oriel_qemu_inventory inventory;
  struct oriel_qemu_schedstat schedstat;
  char card[160]; /* QOM path of the graphics card's virtio device; empty = none */
  uint64_t attached_ns;
  unsigned losses;     /* of the display, each soon after the last attaching */
  unsigned rejections; /* of our log-in on D-Bus, in a row */
  struct oriel_qemu_claim {
    int fd;         /* our end; -1 = none */
    bool asking, held;
    unsigned tries;
  } claim;
  /* Questions for the state keep to a pace, whatever QEMU says how often. */
  GSource *ask_timer;
  GSource *learn_timer; /* the devices are asked for after a reset, once however many come */
  uint64_t asked_ns;
  bool asking, ask_pending; /* the latter: another event came meanwhile */

  pthread_mutex_t lock; /* guards the list of heads, which only the session's thread changes, `hears`, `copies`, `use` */
  struct oriel_qemu_head *heads; /* in the order they came */
  struct oriel_source_sink sink; /* of sound and microphone: passes on to the heads */
  struct oriel_qemu_sound *sound;
  struct oriel_qemu_microphone *microphone;
  enum oriel_microphone_use use;
  bool muted;
  struct oriel_qemu_listener *sound_listener, *microphone_listener;
  pthread_mutex_t owner_lock; /* guards who has the microphone, and keeps pushes apart */
  const void *owner;          /* NULL = nobody */
  uint64_t owner_heard_ns;
};

struct oriel_qemu_head {
  struct oriel_qemu_session *session;
  struct oriel_qemu_head *next;
  struct oriel_qemu_head_config config;
  struct oriel_qemu_console console; /* the control's, while attached */
  gint *alive; /* as the session's */
  GCancellable *calls; /* cancelled when it lets go: what a stopped QEMU has not answered must not keep it */
  struct oriel_qemu_listener *display;
  GSource *resync; /* a look at whether the picture is stale */
  unsigned resync_ms;
  bool watched, hears, copies; /* copies: somebody may have the guest's texts */
  struct oriel_qemu_facts facts; /* with the session's as of the last report */
  uint16_t requested_width, requested_height; /* 0 = nobody asked */
  unsigned sizes_asked;
  uint64_t reconnects;
  struct oriel_qemu_display_poll {
    GSource *timer;
    bool asking;
    bool moved;          /* something was drawn or queued since the last look */
    uint64_t frames, due_ns;
    int64_t index;       /* of the card's queue */
    unsigned pause_s;    /* between looks that found nothing new */
  } poll;
  struct oriel_source_abilities abilities; /* as last reported */
  struct oriel_qemu_status status; /* state and detail as last reported */
  /* Reports of state keep to a pace, whatever QEMU says how often. */
  GSource *news_timer;
  uint64_t news_ns; /* when the present second of reports began */
  unsigned news_count;
  /* On its way out. */
  GSource *leaving; /* looks whether it may go on */
  uint64_t leave_by_ns;
  gint *flushing; /* atomic; 1 until its last calls are in the socket; counted by references; or NULL */
  const gint *sounding; /* of the microphone; NULL = not its business */
};

#endif
