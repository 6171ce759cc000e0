/* SPDX-License-Identifier: MIT
 *
 * Inside of a session: what its files share. share.c is who has it and its thread, session.c its life, console.c the
 * D-Bus side, monitor.c the QMP side, session_sound.c sound and microphone; head.c is a head's life, head_display.c its
 * console, still.c its picture that stands still. The session's thread only, but where said.
 */
#ifndef ORIEL_SOURCE_QEMU_SESSION_PRIVATE_H
#define ORIEL_SOURCE_QEMU_SESSION_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "source/qemu/address.h"
#include "source/qemu/control.h"
#include "source/qemu/describe.h"
#include "source/qemu/devices.h"
#include "source/qemu/head.h"
#include "source/qemu/listener.h"
#include "source/qemu/microphone.h"
#include "source/qemu/qmp.h"
#include "source/qemu/session.h"
#include "source/qemu/sound.h"
#include "source/qemu/timer.h"

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
  struct oriel_qemu_session *next; /* of the process's: share.c's lock guards this, references, begun and ending */
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
  struct oriel_qemu_control *control;
  bool attached; /* it is ready */
  unsigned consoles;
  bool has_audio;
  bool keeps_display; /* once registered, display listeners stay: see keeps_display() */
  struct oriel_qemu_facts facts; /* but for what is a head's */
  bool has_touch_device, has_vhost_gpu;
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
  bool asking, ask_again;

  pthread_mutex_t lock; /* guards the list of heads, which only the session's thread changes, `hears` and `use` */
  struct oriel_qemu_head *heads; /* in the order they came */
  struct oriel_source_sink sink; /* of sound and microphone: passes on to the heads */
  struct oriel_qemu_sound *sound;
  struct oriel_qemu_microphone *microphone;
  enum oriel_microphone_use use;
  bool hushed;
  struct oriel_qemu_listener *sound_listener, *microphone_listener;
  pthread_mutex_t speaker_lock; /* guards who speaks, and keeps pushes apart */
  const void *speaker;          /* NULL = nobody */
  uint64_t spoken_ns;
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
  bool watched, hears;
  struct oriel_qemu_facts facts; /* with the session's as of the last report */
  uint16_t want_width, want_height; /* 0 = nobody asked */
  unsigned sizes_asked;
  uint64_t reconnects;
  struct oriel_qemu_still {
    GSource *timer;
    bool asking;
    bool moved;          /* something was drawn or queued since the last look */
    uint64_t frames, due_ns;
    int64_t index;       /* of the card's queue */
    unsigned pause_s;    /* between looks that found nothing new */
  } still;
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

/* share.c's part of the thread: session.c */
int oriel_qemu_session_create(const char *path, struct oriel_qemu_session **session);
/** Detaches and waits for GDBus to let go; false: some memory has to be lost. */
bool oriel_qemu_session_close(struct oriel_qemu_session *session);
void oriel_qemu_session_free(struct oriel_qemu_session *session);

/* session.c */
/** As oriel_qemu_timer_start, with the session as `user`. */
void oriel_qemu_session_timer(struct oriel_qemu_session *session, GSource **timer, unsigned delay_ms,
                              GSourceFunc function);
/** Has all heads report what the facts say, where it is news. */
void oriel_qemu_session_publish(struct oriel_qemu_session *session);
/** Connects or attaches again, ever later. */
void oriel_qemu_session_retry(struct oriel_qemu_session *session);
/** The same after a -errno of a call of ours: a shortage of descriptors or memory may be over in a moment, and asking
 *  again costs nobody anything, so it makes nothing later. */
void oriel_qemu_session_retry_after(struct oriel_qemu_session *session, int error);

/* console.c */
void oriel_qemu_session_attach(struct oriel_qemu_session *session);
void oriel_qemu_session_detach(struct oriel_qemu_session *session);

/* session_sound.c */
int oriel_qemu_session_create_sound(struct oriel_qemu_session *session);
/** Ends the listeners. */
void oriel_qemu_session_end_sound(struct oriel_qemu_session *session);
/** Once GDBus has let go of them. */
void oriel_qemu_session_free_sound(struct oriel_qemu_session *session);
/** As oriel_qemu_microphone_hush, until the next head comes. */
const gint *oriel_qemu_session_hush(struct oriel_qemu_session *session);
/** A head has come: the guest's recorders begin anew, as loud as they were. */
void oriel_qemu_session_unhush(struct oriel_qemu_session *session);
/** There is a QEMU, or there is none any more. */
void oriel_qemu_session_attach_sound(struct oriel_qemu_session *session);
void oriel_qemu_session_detach_sound(struct oriel_qemu_session *session);
/** What the heads want has changed: sound is asked for while one of them listens. */
void oriel_qemu_session_want_sound(struct oriel_qemu_session *session);

/* claim.c */
/** Makes sure that no other Oriel shows this VM, then calls attach. */
void oriel_qemu_session_claim(struct oriel_qemu_session *session);
/** Lets others have it. */
void oriel_qemu_session_unclaim(struct oriel_qemu_session *session);

/* head.c */
/** Reports what the facts say, if it is news. */
void oriel_qemu_head_publish(struct oriel_qemu_head *head);

/* head_display.c */
/** A listener for the picture of a console, which `scanout` takes; the interfaces, what becomes of its end, and who
 *  hears  of a refusal are the caller's to add. */
struct oriel_qemu_listener_config oriel_qemu_display_listener(struct oriel_qemu_scanout *scanout, gint *alive);
int oriel_qemu_head_create_listener(struct oriel_qemu_head *head);
/** The control connection is ready. */
void oriel_qemu_head_attach(struct oriel_qemu_head *head);
void oriel_qemu_head_detach(struct oriel_qemu_head *head);

/* still.c */
/** Starts or stops watching over a picture that stands still, as the head is attached and watched. */
void oriel_qemu_head_still(struct oriel_qemu_head *head);
/** Asks QEMU for its graphics cards. */
void oriel_qemu_session_learn_card(struct oriel_qemu_session *session);

/* monitor.c */
void oriel_qemu_session_connect(struct oriel_qemu_session *session);
/** A head that came late learns what the VM is. */
void oriel_qemu_session_brief(struct oriel_qemu_session *session, struct oriel_qemu_input *input);

/* devices.c */
void oriel_qemu_session_brief_devices(struct oriel_qemu_session *session, struct oriel_qemu_input *input);

#endif
