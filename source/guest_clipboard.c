/* SPDX-License-Identifier: MIT
 *
 * The agent's stream of texts. A thread of its own, but where said.
 */
#include "source/guest_clipboard.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/clipboard.h"
#include "core/clock.h"
#include "core/log.h"
#include "source/guest_link.h"
#include "source/guest_unread.h"
#include "wire/clipboard_stream.h"

enum { READ_SIZE = 64 * 1024, READS_MAX = 8, POLLS = 1 + GUEST_LINK_POLLS };

static const uint64_t complain_ns = 10 * ORIEL_NS_PER_SECOND;
static const uint64_t tell_ns = 20 * ORIEL_NS_PER_MS;    /* between two texts of a guest */
static const uint64_t read_ns = 100 * ORIEL_NS_PER_MS;   /* between two turns of READS_MAX reads */
static const uint64_t unread_ns = 1500 * ORIEL_NS_PER_MS; /* what waits in QEMU for longer is read by nobody */

struct guest_clipboard {
  struct oriel_clipboard_end base;
  struct oriel_clipboard_end_sink sink; /* constant once started */
  bool is_started;
  pthread_t thread;
  int wake[2]; /* a pipe: a byte in it ends the thread's sleep */
  atomic_bool stopping;
  pthread_mutex_t lock; /* guards the next two */
  struct oriel_packet *given; /* to be sent; NULL = none */
  bool is_present;            /* as the sink was told */
  /* The thread's own. */
  struct guest_link link;
  uint64_t connection; /* of the link; 0 = none */
  bool is_probed;      /* behind QEMU's port: only what it says tells that somebody is there */
  struct oriel_clipboard_stream stream;
  struct oriel_packet *taken;    /* of the guest, not yet told */
  uint64_t told_ns, sent_ns;     /* the last time */
  uint64_t reads_ns;             /* nothing is read before: a flood waits in its sender's buffers */
  uint64_t complained_ns;        /* 0 = never */
};

static void wake(struct guest_clipboard *clipboard) {
  const char byte = 0;
  if (write(clipboard->wake[1], &byte, 1) < 0)
    return; /* full: it is awake already */
}

static void complain(struct guest_clipboard *clipboard, const char *what, uint64_t now_ns) {
  if (clipboard->complained_ns && now_ns < clipboard->complained_ns + complain_ns)
    return;
  clipboard->complained_ns = now_ns;
  oriel_warn("source/clipboard", "the guest's clipboard at %s: the peer sent %s", clipboard->link.text, what);
}

static void set_present(struct guest_clipboard *clipboard, bool is_present) {
  pthread_mutex_lock(&clipboard->lock);
  const bool is_news = clipboard->is_present != is_present;
  clipboard->is_present = is_present;
  pthread_mutex_unlock(&clipboard->lock);
  if (is_news && clipboard->sink.present)
    clipboard->sink.present(clipboard->sink.user, is_present);
}

/* ---- from the guest ---- */

static void hold(struct guest_clipboard *clipboard, const char *text, size_t size) {
  struct oriel_packet *packet = NULL;
  if (oriel_clipboard_create(text, size, &packet) < 0)
    return; /* memory is short */
  oriel_packet_unref(clipboard->taken);
  clipboard->taken = packet;
}

/* The newest, once it is time. */
static void tell(struct guest_clipboard *clipboard, uint64_t now_ns) {
  if (!clipboard->taken || now_ns < clipboard->told_ns + tell_ns)
    return;
  clipboard->told_ns = now_ns;
  clipboard->sink.text(clipboard->sink.user, clipboard->taken);
  oriel_packet_unref(clipboard->taken);
  clipboard->taken = NULL;
}

/* NULL, or what is wrong. */
static const char *cut(struct guest_clipboard *clipboard, const uint8_t *data, size_t size, uint64_t now_ns) {
  const char *text;
  size_t text_size;
  int found;
  while ((found = oriel_clipboard_stream_take(&clipboard->stream, &data, &size, &text, &text_size)) != 0) {
    if (found == 1)
      hold(clipboard, text, text_size);
    else if (found == -EILSEQ)
      complain(clipboard, "a text that is not UTF-8; that is dropped", now_ns);
    else if (found != -ENOMSG)
      return found == -ENOMEM ? "a text for which memory is short; its connection is closed"
                              : "a text of 0 or more than 1048576 bytes; its connection is closed";
    set_present(clipboard, true);
  }
  return NULL;
}

static const char *receive(struct guest_clipboard *clipboard, uint64_t now_ns) {
  uint8_t data[READ_SIZE];
  if (now_ns < clipboard->reads_ns)
    return NULL;
  for (int i = 0; i < READS_MAX; i++) {
    const ssize_t got = guest_link_receive(&clipboard->link, data, sizeof data, now_ns);
    if (got < 0)
      return NULL;
    const char *why = cut(clipboard, data, (size_t)got, now_ns);
    if (why)
      return why;
  }
  clipboard->reads_ns = now_ns + read_ns;
  return NULL;
}

/* ---- to the guest ---- */

/* Behind QEMU's port: whether something was sent and stays there. */
static bool is_unread(const struct guest_clipboard *clipboard, uint64_t now_ns) {
  return clipboard->is_probed && now_ns > clipboard->sent_ns + unread_ns &&
         guest_unread_waiting(guest_link_fd(&clipboard->link)) > 0;
}

/* Also one that the guest had before, since what it has now is known to the desktop alone. */
static void take_given(struct guest_clipboard *clipboard, uint64_t now_ns) {
  pthread_mutex_lock(&clipboard->lock);
  struct oriel_packet *given = clipboard->given;
  clipboard->given = NULL;
  pthread_mutex_unlock(&clipboard->lock);
  if (!given)
    return;
  if (clipboard->connection && is_unread(clipboard, now_ns)) {
    set_present(clipboard, false);
  } else if (clipboard->connection) {
    oriel_clipboard_stream_forget(&clipboard->stream);
    if (oriel_clipboard_stream_put(&clipboard->stream, (const char *)given->data, given->size) < 0)
      complain(clipboard, "nothing wrong, but memory is short: a text for it is dropped", now_ns);
    oriel_packet_unref(clipboard->taken); /* is older */
    clipboard->taken = NULL;
  }
  oriel_packet_unref(given);
}

static void send_due(struct guest_clipboard *clipboard, uint64_t now_ns) {
  const uint8_t *bytes;
  size_t size;
  while ((size = oriel_clipboard_stream_due(&clipboard->stream, &bytes)) > 0) {
    const ssize_t sent = guest_link_send(&clipboard->link, bytes, size, now_ns);
    if (sent < 0)
      return;
    oriel_clipboard_stream_sent(&clipboard->stream, (size_t)sent);
    clipboard->sent_ns = now_ns;
  }
}

/* ---- connections ---- */

static void end(struct guest_clipboard *clipboard) {
  if (!clipboard->connection)
    return;
  clipboard->connection = 0;
  oriel_clipboard_stream_finish(&clipboard->stream);
  set_present(clipboard, false);
}

/* Another guest, or the same one started again: what the one before had is no more known. */
static void begin(struct guest_clipboard *clipboard) {
  end(clipboard);
  clipboard->connection = clipboard->link.connections;
  clipboard->sent_ns = 0;
  oriel_packet_unref(clipboard->taken);
  clipboard->taken = NULL;
  clipboard->sink.text(clipboard->sink.user, NULL);
  oriel_debug("source/clipboard", "the guest's clipboard at %s: connected", clipboard->link.text);
  if (clipboard->is_probed)
    (void)oriel_clipboard_stream_knock(&clipboard->stream); /* without memory for it nobody answers */
  else
    set_present(clipboard, true);
}

static void step(struct guest_clipboard *clipboard, const struct pollfd polls[POLLS]) {
  const uint64_t now_ns = oriel_clock_ns();
  char bytes[64];
  while (polls[0].revents && read(clipboard->wake[0], bytes, sizeof bytes) == sizeof bytes)
    continue;
  guest_link_step(&clipboard->link, polls + 1, now_ns);
  if (clipboard->link.is_connected && clipboard->connection != clipboard->link.connections)
    begin(clipboard);
  take_given(clipboard, now_ns);
  const char *why = clipboard->link.is_connected ? receive(clipboard, now_ns) : NULL;
  if (!why && oriel_clipboard_stream_is_lost(&clipboard->stream, now_ns))
    why = "the beginning of a text and not its end for half a minute; its connection is closed";
  if (why) {
    complain(clipboard, why, now_ns);
    guest_link_drop(&clipboard->link, now_ns);
  }
  if (clipboard->link.is_connected)
    send_due(clipboard, now_ns);
  if (!clipboard->link.is_connected)
    end(clipboard);
  tell(clipboard, now_ns);
}

static void sooner(int *timeout_ms, uint64_t due_ns, uint64_t now_ns) {
  if (!due_ns)
    return;
  const int left_ms = due_ns > now_ns ? (int)((due_ns - now_ns) / ORIEL_NS_PER_MS) + 1 : 0;
  if (*timeout_ms < 0 || left_ms < *timeout_ms)
    *timeout_ms = left_ms;
}

static int prepare(struct guest_clipboard *clipboard, struct pollfd polls[POLLS]) {
  const uint64_t now_ns = oriel_clock_ns();
  const uint8_t *ignored;
  const bool wants_write = oriel_clipboard_stream_due(&clipboard->stream, &ignored) > 0;
  int timeout_ms = guest_link_timeout_ms(&clipboard->link, now_ns);
  polls[0] = (struct pollfd){.fd = clipboard->wake[0], .events = POLLIN};
  guest_link_poll(&clipboard->link, wants_write, polls + 1);
  if (clipboard->link.is_connected && now_ns < clipboard->reads_ns) {
    polls[1].fd = -1; /* also its end is noticed then */
    sooner(&timeout_ms, clipboard->reads_ns, now_ns);
  }
  sooner(&timeout_ms, clipboard->stream.due_ns, now_ns);
  sooner(&timeout_ms, clipboard->taken ? clipboard->told_ns + tell_ns : 0, now_ns);
  return timeout_ms;
}

static void *run(void *user) {
  struct guest_clipboard *clipboard = user;
  struct pollfd polls[POLLS];
#ifdef __linux__
  pthread_setname_np(pthread_self(), "oriel-guest-clip");
#endif
  memset(polls, 0, sizeof polls);
  while (!atomic_load(&clipboard->stopping)) {
    step(clipboard, polls); /* first without events: dialers begin */
    const int timeout_ms = prepare(clipboard, polls);
    if (poll(polls, POLLS, timeout_ms) <= 0)
      for (int i = 0; i < POLLS; i++)
        polls[i].revents = 0;
  }
  return NULL;
}

/* ---- the end ---- */

static int start(struct oriel_clipboard_end *base, const struct oriel_clipboard_end_sink *sink) {
  struct guest_clipboard *clipboard = (struct guest_clipboard *)base;
  clipboard->sink = *sink;
  if (pthread_create(&clipboard->thread, NULL, run, clipboard))
    return -EAGAIN;
  clipboard->is_started = true;
  return 0;
}

static void destroy(struct oriel_clipboard_end *base) {
  struct guest_clipboard *clipboard = (struct guest_clipboard *)base;
  atomic_store(&clipboard->stopping, true);
  wake(clipboard);
  if (clipboard->is_started)
    pthread_join(clipboard->thread, NULL);
  guest_link_finish(&clipboard->link);
  oriel_clipboard_stream_finish(&clipboard->stream);
  oriel_packet_unref(clipboard->taken);
  oriel_packet_unref(clipboard->given);
  pthread_mutex_destroy(&clipboard->lock);
  close(clipboard->wake[0]);
  close(clipboard->wake[1]);
  free(clipboard);
}

/* Any thread. */
static int give(struct oriel_clipboard_end *base, struct oriel_packet *text) {
  struct guest_clipboard *clipboard = (struct guest_clipboard *)base;
  struct oriel_packet *old = NULL;
  pthread_mutex_lock(&clipboard->lock);
  const bool is_present = clipboard->is_present;
  if (is_present) {
    old = clipboard->given;
    clipboard->given = oriel_packet_ref(text);
  }
  pthread_mutex_unlock(&clipboard->lock);
  oriel_packet_unref(old);
  if (!is_present)
    return -ENOTCONN;
  wake(clipboard);
  return 0;
}

static const struct oriel_clipboard_end_impl impl = {.start = start, .destroy = destroy, .give = give};

static int open_wake(int wake[2]) {
  if (pipe(wake) < 0)
    return -errno;
  for (int i = 0; i < 2; i++) {
    (void)fcntl(wake[i], F_SETFL, O_NONBLOCK);
    (void)fcntl(wake[i], F_SETFD, FD_CLOEXEC);
  }
  return 0;
}

static int open_link(struct guest_clipboard *clipboard, const char *address, bool dials_unix, char *why,
                     size_t why_size) {
  const int error = guest_link_open(&clipboard->link, address, dials_unix, why, why_size);
  const struct oriel_transport_address *is = &clipboard->link.address;
  if (error < 0 || (is->scheme != ORIEL_TRANSPORT_UDP && !is->is_pcm && !is->frame_us))
    return error;
  guest_link_finish(&clipboard->link);
  snprintf(why, why_size, "%.150s is of sound: a clipboard needs a stream, as vsock://any:%d, without options", address,
           ORIEL_CLIPBOARD_PORT);
  return -EINVAL;
}

int oriel_guest_clipboard_create(const char *address, bool dials_unix, struct oriel_clipboard_end **out, char *why,
                                 size_t why_size) {
  struct guest_clipboard *clipboard = calloc(1, sizeof *clipboard);
  snprintf(why, why_size, "no memory for the guest's clipboard");
  if (!clipboard)
    return -ENOMEM;
  clipboard->base.impl = &impl;
  int error = open_wake(clipboard->wake);
  if (error < 0)
    goto fail_memory;
  error = pthread_mutex_init(&clipboard->lock, NULL) ? -ENOMEM : 0;
  if (error < 0)
    goto fail_wake;
  error = open_link(clipboard, address, dials_unix, why, why_size);
  if (error < 0)
    goto fail_lock;
  clipboard->is_probed = clipboard->link.dialer != NULL;
  why[0] = '\0';
  *out = &clipboard->base;
  return 0;
fail_lock:
  pthread_mutex_destroy(&clipboard->lock);
fail_wake:
  close(clipboard->wake[0]);
  close(clipboard->wake[1]);
fail_memory:
  free(clipboard);
  return error;
}
