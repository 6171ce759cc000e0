/* SPDX-License-Identifier: MIT
 *
 * The user's session and its clipboard: a Wayland compositor's where it has data-control, else an X server's. It is
 * found where the environment says ($WAYLAND_DISPLAY, $DISPLAY), else in $XDG_RUNTIME_DIR and /tmp/.X11-unix, the newest
 * first, and held until it ends; then, and when one comes later, it is looked for again. The kernel tells of new
 * sockets: nothing is polled.
 *
 * Thread-safety: one thread, but interrupt: any.
 */
#ifndef ORIEL_GUEST_AGENT_SESSION_H
#define ORIEL_GUEST_AGENT_SESSION_H

#include <pthread.h>
#include <stdbool.h>

#include "guest/agent/selection.h"

enum { AGENT_SESSION_POLLS = 1 + AGENT_SELECTION_POLLS };

struct agent_session {
  struct agent_selection_sink sink;
  struct agent_selection *selection; /* NULL = no session */
  int changes;                       /* inotify of the folders; -1 = the system is short of them */
  uint64_t look_ns;                  /* to look for a session; 0 = when a folder changes */
  unsigned looks;                    /* since a folder changed */
  bool is_wayland_unable;            /* that compositor has no data-control */
  uint64_t found_ns;                 /* when the present one was */
  pthread_mutex_t lock;              /* guards the rest */
  int waiting_for;                   /* socket of an X server whose answer is waited for; -1 = none */
  bool is_interrupted;
};

/** Looks in the first step. 0, -ENOMEM. */
int agent_session_init(struct agent_session *session, const struct agent_selection_sink *sink);
/** "wayland", "x11", or NULL: there is none. */
const char *agent_session_kind(const struct agent_session *session);
/** Offers the text in the session, where there is one. False: there is none. */
bool agent_session_give(struct agent_session *session, struct oriel_packet *text);
/** As of agent_selection_impl; AGENT_SESSION_POLLS. */
size_t agent_session_poll(struct agent_session *session, struct pollfd *polled, int *timeout_ms, uint64_t now_ns);
/** True when another session has been found. */
bool agent_session_step(struct agent_session *session, const struct pollfd *polled, size_t count, uint64_t now_ns);
/** Any thread: it waits for no server any more, now or later. */
void agent_session_interrupt(struct agent_session *session);
void agent_session_finish(struct agent_session *session);

#endif
