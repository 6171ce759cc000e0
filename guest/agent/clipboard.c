/* SPDX-License-Identifier: MIT
 *
 * Between session and host: what is the clipboard's text, who has it already. Clipboard thread.
 */
#include "guest/agent/clipboard.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/clipboard.h"
#include "core/clock.h"
#include "core/log.h"
#include "guest/agent/failure.h"
#include "guest/agent/gather.h"
#include "guest/agent/session.h"
#include "transport/dialer.h"
#include "wire/clipboard_stream.h"

#define SUBSYSTEM "agent/clipboard"

enum {
  POLL_STOP, POLL_HOST, POLL_SESSION, /* and what follows */
  POLLS = POLL_SESSION + AGENT_SESSION_POLLS,
  READ_SIZE = 16 * 1024,
  READS_MAX = 16, /* in a turn: a host that sends without end leaves time for the session */
};

struct agent_clipboard {
  struct oriel_dialer *dialer;
  struct oriel_clipboard_stream stream;
  struct agent_session session;
  struct oriel_packet *text; /* what the clipboard has; NULL = nothing, or no text */
  bool is_guests;            /* it was copied here, not given by the host */
  bool is_serial;            /* the host sees no connection, so it is told */
  bool is_connected;
  bool was_malformed;        /* said of this connection */
  struct agent_failure failure;
  uint8_t bytes[READ_SIZE];
  int stop; /* eventfd */
  bool is_started;
  pthread_t thread;
  pthread_mutex_t lock; /* guards stats */
  struct agent_clipboard_stats stats;
};

static void count(struct agent_clipboard *clipboard, uint64_t *counter) {
  pthread_mutex_lock(&clipboard->lock);
  ++*counter;
  pthread_mutex_unlock(&clipboard->lock);
}

static void set_text(struct agent_clipboard *clipboard, struct oriel_packet *text, bool is_guests) {
  oriel_packet_unref(clipboard->text);
  clipboard->text = text ? oriel_packet_ref(text) : NULL;
  clipboard->is_guests = is_guests;
}

/* ---- from the session ---- */

/** Also what the host gave comes back here, when a clipboard manager makes it its own. What is copied while no host is
 * there is not told to one that comes later: who looks then may be somebody else. */
static void on_copied(void *owner, struct oriel_packet *text) {
  struct agent_clipboard *clipboard = owner;
  if (oriel_clipboard_equal(clipboard->text, text))
    return;
  set_text(clipboard, text, true);
  if (clipboard->is_connected &&
      oriel_clipboard_stream_put(&clipboard->stream, (const char *)text->data, text->size) == 0)
    count(clipboard, &clipboard->stats.to_host);
}

static void on_refused(void *owner, enum agent_selection_refusal why) {
  struct agent_clipboard *clipboard = owner;
  struct agent_clipboard_stats *stats = &clipboard->stats;
  set_text(clipboard, NULL, false);
  oriel_clipboard_stream_forget(&clipboard->stream);
  switch (why) {
  case AGENT_SELECTION_NO_TEXT: break;
  case AGENT_SELECTION_SECRET: count(clipboard, &stats->secret); break;
  case AGENT_SELECTION_LARGE:
    count(clipboard, &stats->large);
    if (stats->large == 1)
      oriel_info(SUBSYSTEM, "what was copied is longer than 1 MiB: it stays here, as all of its kind");
    break;
  case AGENT_SELECTION_HUNG:
    count(clipboard, &stats->hung);
    if (stats->hung == 1)
      oriel_info(SUBSYSTEM, "the program that owns the clipboard gives no text for 10 s: it is left alone");
    break;
  }
}

/* ---- from the host ---- */

static void take_text(struct agent_clipboard *clipboard, const char *text, size_t size) {
  struct oriel_packet *packet;
  if (oriel_clipboard_create(text, size, &packet) < 0)
    return; /* memory is short */
  set_text(clipboard, packet, false);
  if (agent_session_give(&clipboard->session, packet))
    count(clipboard, &clipboard->stats.to_guest);
  oriel_packet_unref(packet);
}

static void refuse(struct agent_clipboard *clipboard, uint64_t now_ns, const char *what) {
  count(clipboard, &clipboard->stats.protocol_errors);
  oriel_warn(SUBSYSTEM, "the host sent %s: closed; is it an Oriel clipboard?", what);
  oriel_dialer_reset(clipboard->dialer, now_ns);
}

/** 0, or -errno: the stream can no longer be cut into texts. */
static int take_bytes(struct agent_clipboard *clipboard, const uint8_t *bytes, size_t size) {
  const char *text;
  size_t text_size;
  int result;
  while ((result = oriel_clipboard_stream_take(&clipboard->stream, &bytes, &size, &text, &text_size)) != 0) {
    if (result == 1) {
      take_text(clipboard, text, text_size);
    } else if (result == -ENOMSG) {
      (void)oriel_clipboard_stream_knock(&clipboard->stream); /* memory is short: it may knock again */
    } else if (result != -EILSEQ) {
      return result;
    } else if (!clipboard->was_malformed) {
      clipboard->was_malformed = true;
      oriel_warn(SUBSYSTEM, "the host sent what is not UTF-8: dropped, as is all of its kind");
    }
  }
  return 0;
}

static void take(struct agent_clipboard *clipboard, uint64_t now_ns) {
  for (unsigned i = 0; i < READS_MAX; i++) {
    const ssize_t size = oriel_dialer_receive(clipboard->dialer, clipboard->bytes, READ_SIZE, now_ns);
    if (size < 0)
      break;
    const int error = take_bytes(clipboard, clipboard->bytes, (size_t)size);
    if (error < 0) {
      refuse(clipboard, now_ns, error == -ENOMEM ? "a text for which memory is short"
                                                 : "a text of 0 or more than 1048576 bytes");
      return;
    }
  }
  if (oriel_clipboard_stream_is_lost(&clipboard->stream, now_ns))
    refuse(clipboard, now_ns, "the beginning of a text and not its end for half a minute");
}

static void send_due(struct agent_clipboard *clipboard, uint64_t now_ns) {
  const uint8_t *bytes;
  size_t size;
  while ((size = oriel_clipboard_stream_due(&clipboard->stream, &bytes)) > 0) {
    const ssize_t sent = oriel_dialer_send(clipboard->dialer, bytes, size, now_ns);
    if (sent <= 0)
      return;
    oriel_clipboard_stream_sent(&clipboard->stream, (size_t)sent);
  }
}

static void follow(struct agent_clipboard *clipboard, enum oriel_stream_state state) {
  const bool is_connected = state == ORIEL_STREAM_CONNECTED;
  const bool is_new = is_connected && !clipboard->is_connected;
  const char *why = NULL;
  const uint64_t failures = oriel_dialer_failures(clipboard->dialer, &why);
  pthread_mutex_lock(&clipboard->lock);
  clipboard->stats.connections += is_new;
  clipboard->stats.is_connected = is_connected;
  clipboard->stats.failures = failures;
  clipboard->stats.why = why;
  pthread_mutex_unlock(&clipboard->lock);
  if (is_connected != clipboard->is_connected)
    oriel_clipboard_stream_finish(&clipboard->stream);
  clipboard->is_connected = is_connected;
  if (is_new) {
    clipboard->was_malformed = false;
    agent_failure_connected(&clipboard->failure);
    oriel_info(SUBSYSTEM, "connected: texts are shared with the host");
    if (clipboard->is_serial)
      (void)oriel_clipboard_stream_knock(&clipboard->stream);
  }
  if ((why = agent_failure_news(&clipboard->failure, failures, why)))
    oriel_info(SUBSYSTEM, "not connected (%llu): %s", (unsigned long long)failures, why);
}

/* ---- the thread ---- */

static size_t prepare(struct agent_clipboard *clipboard, struct pollfd polled[POLLS], int *timeout_ms) {
  const uint64_t now_ns = oriel_clock_ns();
  const uint8_t *ignored;
  const bool wants_write = oriel_clipboard_stream_due(&clipboard->stream, &ignored) > 0;
  polled[POLL_STOP] = (struct pollfd){.fd = clipboard->stop, .events = POLLIN};
  polled[POLL_HOST] = (struct pollfd){.fd = oriel_dialer_fd(clipboard->dialer),
                                      .events = oriel_dialer_events(clipboard->dialer, wants_write)};
  *timeout_ms = oriel_dialer_timeout_ms(clipboard->dialer, now_ns);
  agent_gather_earlier(timeout_ms, clipboard->stream.due_ns, now_ns);
  return POLL_SESSION + agent_session_poll(&clipboard->session, polled + POLL_SESSION, timeout_ms, now_ns);
}

static void step_session(struct agent_clipboard *clipboard, const struct pollfd *polled, size_t polls,
                         uint64_t now_ns) {
  const char *before = agent_session_kind(&clipboard->session);
  /* A session that comes anew has lost what the clipboard had; what is in it already is older. */
  if (agent_session_step(&clipboard->session, polled, polls, now_ns) && clipboard->text &&
      agent_session_give(&clipboard->session, clipboard->text) && !clipboard->is_guests)
    count(clipboard, &clipboard->stats.to_guest);
  const char *kind = agent_session_kind(&clipboard->session);
  if (kind == before)
    return;
  pthread_mutex_lock(&clipboard->lock);
  clipboard->stats.session = kind;
  pthread_mutex_unlock(&clipboard->lock);
  if (kind)
    oriel_info(SUBSYSTEM, "this session's clipboard: %s", kind);
}

static void step_host(struct agent_clipboard *clipboard, short revents, uint64_t now_ns) {
  follow(clipboard, oriel_dialer_step(clipboard->dialer, revents, now_ns));
  if (!clipboard->is_connected)
    return;
  take(clipboard, now_ns);
  send_due(clipboard, now_ns);
  follow(clipboard, oriel_dialer_state(clipboard->dialer));
}

static void *run(void *user) {
  struct agent_clipboard *clipboard = user;
  struct pollfd polled[POLLS] = {{.fd = -1}, {.fd = -1}, {.fd = -1}};
  size_t polls = POLL_SESSION + 1;
  sigset_t every; /* signals are the main thread's */
  sigfillset(&every);
  pthread_sigmask(SIG_SETMASK, &every, NULL);
  pthread_setname_np(pthread_self(), "oriel-clipboard");
  while (polled[POLL_STOP].revents == 0) {
    const uint64_t now_ns = oriel_clock_ns();
    int timeout_ms;
    step_session(clipboard, polled + POLL_SESSION, polls - POLL_SESSION, now_ns); /* first without events */
    step_host(clipboard, polled[POLL_HOST].revents, now_ns);
    polls = prepare(clipboard, polled, &timeout_ms);
    if (poll(polled, polls, timeout_ms) < 0)
      for (size_t i = 0; i < polls; i++)
        polled[i].revents = 0;
  }
  return NULL;
}

/* ---- life ---- */

int agent_clipboard_create(const struct agent_settings *settings, struct agent_clipboard **clipboard) {
  *clipboard = NULL;
  if (!settings->clipboard.is_on)
    return 0;
  struct agent_clipboard *made = calloc(1, sizeof *made);
  if (!made)
    return -ENOMEM;
  int error = pthread_mutex_init(&made->lock, NULL) != 0 ? -ENOMEM : 0;
  if (error < 0)
    goto fail_memory;
  made->stop = eventfd(0, EFD_CLOEXEC);
  error = made->stop < 0 ? -errno : 0;
  if (error < 0)
    goto fail_lock;
  const struct agent_selection_sink sink = {made, on_copied, on_refused};
  error = agent_session_init(&made->session, &sink);
  if (error < 0)
    goto fail_stop;
  error = oriel_dialer_create(&settings->clipboard.address, &made->dialer);
  if (error < 0)
    goto fail_session;
  made->is_serial = settings->clipboard.address.scheme == ORIEL_TRANSPORT_SERIAL;
  *clipboard = made;
  return 0;
fail_session:
  agent_session_finish(&made->session);
fail_stop:
  close(made->stop);
fail_lock:
  pthread_mutex_destroy(&made->lock);
fail_memory:
  free(made);
  return error;
}

int agent_clipboard_start(struct agent_clipboard *clipboard) {
  if (!clipboard)
    return 0;
  const int error = pthread_create(&clipboard->thread, NULL, run, clipboard);
  clipboard->is_started = error == 0;
  return -error;
}

void agent_clipboard_destroy(struct agent_clipboard *clipboard) {
  if (!clipboard)
    return;
  if (clipboard->is_started) {
    const uint64_t one = 1;
    while (write(clipboard->stop, &one, sizeof one) < 0 && errno == EINTR)
      ;
    agent_session_interrupt(&clipboard->session);
    pthread_join(clipboard->thread, NULL);
  }
  agent_session_finish(&clipboard->session);
  oriel_dialer_destroy(clipboard->dialer);
  oriel_clipboard_stream_finish(&clipboard->stream);
  oriel_packet_unref(clipboard->text);
  close(clipboard->stop);
  pthread_mutex_destroy(&clipboard->lock);
  free(clipboard);
}

void agent_clipboard_stats(struct agent_clipboard *clipboard, struct agent_clipboard_stats *stats) {
  pthread_mutex_lock(&clipboard->lock);
  *stats = clipboard->stats;
  pthread_mutex_unlock(&clipboard->lock);
}
