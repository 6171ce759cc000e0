/* SPDX-License-Identifier: MIT
 *
 * Finding and holding a session. Clipboard thread.
 */
#include "guest/agent/session.h"

#include <errno.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "guest/agent/gather.h"
#include "guest/agent/place.h"
#include "guest/agent/selection_wayland.h"
#include "guest/agent/selection_x11.h"

#define SUBSYSTEM "agent/clipboard"

/* A socket is there before its server answers, and for a moment after that has ended: 7.5 s of looks in all. A session
 * that lasted was a good one, and the next has as many. */
enum { LOOKS_MAX = 8, LOOK_FIRST_MS = 250 };
static const uint64_t lasting_ns = 10 * ORIEL_NS_PER_SECOND;

static void look_later(struct agent_session *session, uint64_t now_ns) {
  const bool is_over = session->looks >= LOOKS_MAX;
  session->look_ns = is_over ? 0 : now_ns + (LOOK_FIRST_MS * ORIEL_NS_PER_MS << session->looks / 2);
  session->looks += !is_over;
}

/* ---- folders ---- */

static void watch_folder(struct agent_session *session, enum agent_place_kind kind) {
  char folder[AGENT_PLACE_SIZE];
  if (agent_place_folder(kind, folder))
    (void)inotify_add_watch(session->changes, folder, IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_ONLYDIR);
}

/** Whether one of those that are watched has a new socket, or perhaps. */
static bool read_changes(struct agent_session *session) {
  char bytes[4096];
  bool has_changed = false;
  while (session->changes >= 0 && read(session->changes, bytes, sizeof bytes) > 0)
    has_changed = true;
  return has_changed;
}

/* ---- sessions ---- */

/** Who waits for an X server says for whom, so that it can be ended. False: it shall not wait any more. */
static bool wait_for(struct agent_session *session, int fd) {
  pthread_mutex_lock(&session->lock);
  const bool may_wait = !session->is_interrupted;
  session->waiting_for = may_wait ? fd : -1;
  pthread_mutex_unlock(&session->lock);
  return may_wait;
}

void agent_session_interrupt(struct agent_session *session) {
  pthread_mutex_lock(&session->lock);
  session->is_interrupted = true;
  if (session->waiting_for >= 0)
    shutdown(session->waiting_for, SHUT_RDWR);
  pthread_mutex_unlock(&session->lock);
}

static int open_place(struct agent_session *session, enum agent_place_kind kind, const struct agent_place *place) {
  const int fd = agent_place_connect(place);
  if (fd < 0)
    return fd;
  if (kind == AGENT_PLACE_WAYLAND)
    return agent_selection_wayland_open(fd, &session->sink, &session->selection);
  if (!wait_for(session, fd)) {
    close(fd);
    return -ECANCELED;
  }
  /* From here to its end: an X server may have to be waited for at any time. */
  return agent_selection_x11_open(fd, place->number, &session->sink, &session->selection);
}

static bool open_kind(struct agent_session *session, enum agent_place_kind kind, bool *has_places) {
  struct agent_place places[AGENT_PLACES_MAX];
  const size_t count = agent_place_list(kind, places);
  *has_places |= count > 0;
  for (size_t i = 0; i < count; i++) {
    const int error = open_place(session, kind, &places[i]);
    if (error == 0) {
      oriel_debug(SUBSYSTEM, "a session at %s", places[i].path);
      return true;
    }
    wait_for(session, -1);
    oriel_debug(SUBSYSTEM, "no session at %s: error %d", places[i].path, -error);
  }
  return false;
}

static bool look(struct agent_session *session, uint64_t now_ns) {
  bool has_places = false;
  session->look_ns = 0;
  if ((!session->is_wayland_unable && open_kind(session, AGENT_PLACE_WAYLAND, &has_places)) ||
      open_kind(session, AGENT_PLACE_X11, &has_places)) {
    session->found_ns = now_ns;
    return true;
  }
  if (has_places)
    look_later(session, now_ns);
  return false;
}

static void drop(struct agent_session *session) {
  wait_for(session, -1);
  if (session->selection)
    session->selection->impl->destroy(session->selection);
  session->selection = NULL;
}

static void go_on(struct agent_session *session, const struct pollfd *polled, size_t count, uint64_t now_ns) {
  const int error = session->selection->impl->step(session->selection, polled, count, now_ns);
  if (error == 0)
    return;
  if (error == -ENOTSUP) {
    session->is_wayland_unable = true;
    oriel_info(SUBSYSTEM, "this Wayland compositor has no data-control: X11's clipboard is used where there is one");
  }
  drop(session);
  if (now_ns - session->found_ns > lasting_ns)
    session->looks = 0;
  look_later(session, now_ns);
}

/* ---- the owner's ---- */

const char *agent_session_kind(const struct agent_session *session) {
  return session->selection ? session->selection->impl->name : NULL;
}

bool agent_session_give(struct agent_session *session, struct oriel_packet *text) {
  if (session->selection)
    session->selection->impl->give(session->selection, text);
  return session->selection != NULL;
}

size_t agent_session_poll(struct agent_session *session, struct pollfd *polled, int *timeout_ms, uint64_t now_ns) {
  polled[0] = (struct pollfd){.fd = session->changes, .events = POLLIN}; /* -1 is left out */
  if (session->selection)
    return 1 + session->selection->impl->poll(session->selection, polled + 1, timeout_ms, now_ns);
  agent_gather_earlier(timeout_ms, session->look_ns, now_ns);
  return 1;
}

bool agent_session_step(struct agent_session *session, const struct pollfd *polled, size_t count, uint64_t now_ns) {
  if (read_changes(session)) {
    session->looks = 0;
    session->is_wayland_unable = false;
    session->look_ns = now_ns;
  }
  if (session->selection)
    go_on(session, polled + 1, count - 1, now_ns);
  if (session->selection || session->look_ns == 0 || now_ns < session->look_ns)
    return false;
  return look(session, now_ns);
}

int agent_session_init(struct agent_session *session, const struct agent_selection_sink *sink) {
  *session = (struct agent_session){.sink = *sink, .changes = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), .look_ns = 1,
                                    .waiting_for = -1};
  if (pthread_mutex_init(&session->lock, NULL) != 0) {
    if (session->changes >= 0)
      close(session->changes);
    return -ENOMEM;
  }
  if (session->changes < 0)
    oriel_warn(SUBSYSTEM, "the system is short of inotify instances: a session that starts later is not noticed");
  watch_folder(session, AGENT_PLACE_WAYLAND);
  watch_folder(session, AGENT_PLACE_X11);
  return 0;
}

void agent_session_finish(struct agent_session *session) {
  drop(session);
  if (session->changes >= 0)
    close(session->changes);
  pthread_mutex_destroy(&session->lock);
}
