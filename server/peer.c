/* SPDX-License-Identifier: MIT
 *
 * Life of a viewer's connection. Loop thread; no call here blocks.
 *
 *   HELLO --hello--> LIVE --bye or close--> CLOSING --close frame sent--> LINGER --end of stream or limit--> gone
 *
 * Any state goes straight to gone when the connection breaks.
 */
#include "server/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/clock.h"
#include "core/log.h"
#include "server/peer_crowd.h"
#include "server/peer_receive.h"
#include "server/peer_send.h"
#include "server/peer_state.h"

enum {
  HELLO_LIMIT_S = 5,
  SILENCE_LIMIT_S = 15,
  STALL_LIMIT_S = 10,  /* not one byte taken while something waits */
  LINGER_READS = 16,
  SENDS_PER_TURN = 64,
  UNSENT_MAX = 16 * 1024, /* bytes the kernel may hold that are not on the wire yet */
};

/** With its messages and what it waited to tell, secrets maybe. */
static void release(struct oriel_peer *peer) {
  explicit_bzero(peer, sizeof *peer);
  free(peer);
}

static void on_handle_closed(uv_handle_t *handle) {
  struct oriel_peer *peer = handle->data;
  struct oriel_loop *loop = peer->mounts->loop;
  struct oriel_mount *mount = peer->mount;
  release(peer);
  oriel_mount_unref(mount);
  oriel_loop_closed(loop);
}

static void end(struct oriel_peer *peer) {
  struct oriel_mounts *mounts = peer->mounts;
  oriel_peer_leave(peer);
  oriel_outbox_clear(&peer->outbox);
  oriel_inbox_finish(&peer->inbox);
  if (peer->previous)
    peer->previous->next = peer->next;
  else
    peer->mount->peers = peer->next;
  if (peer->next)
    peer->next->previous = peer->previous;
  peer->mount->peer_count--;
  mounts->peer_count--;
  mounts->stats->viewers_closed[peer->reason]++;
  oriel_debug("server", "viewer %s left, reason %u", peer->address, peer->reason);
  peer->phase = PEER_GONE;
  uv_close((uv_handle_t *)&peer->poll, on_handle_closed);
  oriel_link_close(peer->link);
}

static void on_ready(uv_poll_t *poll, int status, int events);

/** Watches for what reading waits for always, for what sending waits for only while the link refuses bytes. */
static void watch(struct oriel_peer *peer, bool sending) {
  int events = oriel_link_wants(peer->link, false) | (sending ? oriel_link_wants(peer->link, true) : 0);
  if (events == peer->events)
    return;
  peer->events = events;
  (void)uv_poll_start(&peer->poll, events, on_ready); /* fails only for a handle that is closing */
}

void oriel_peer_bye(struct oriel_peer *peer, enum oriel_viewer_reason reason, const char *text, uint64_t limit_ns) {
  if (peer->phase < PEER_CLOSING) {
    oriel_peer_close_begin(peer, reason, (uint16_t)(4000 + reason), text, limit_ns);
  } else if (oriel_clock_ns() + limit_ns < peer->deadline_ns) {
    peer->deadline_ns = oriel_clock_ns() + limit_ns;
  }
  oriel_peer_flush(peer);
}

/** Reads what means nothing any more; false at the end of the stream. */
static bool waste(struct oriel_peer *peer) {
  uint8_t bytes[4096];
  ssize_t count = 1;
  for (int i = 0; count > 0; i++) {
    size_t size = i < LINGER_READS ? sizeof bytes : oriel_link_pending(peer->link);
    if (size == 0)
      return true;
    count = oriel_link_recv(peer->link, bytes, size < sizeof bytes ? size : sizeof bytes);
  }
  return count == -EAGAIN;
}

/** Once we are closing: reads on until the peer has closed too, so that unread bytes do not turn into a reset that
 *  overtakes our last words. Messages mean nothing any more; only the peer's close frame or end of stream does. */
static void linger(struct oriel_peer *peer) {
  int status = peer->broken || peer->close_received ? 0 : oriel_inbox_read(&peer->inbox);
  peer->broken = peer->broken || status == -EBADMSG || status == -ENOMEM;
  if (status == -ECONNRESET || (peer->close_received && peer->phase == PEER_LINGER)) {
    end(peer);
    return;
  }
  if ((peer->broken || peer->close_received) && !waste(peer))
    end(peer);
}

void oriel_peer_flush(struct oriel_peer *peer) {
  struct oriel_server_stats *stats = peer->mounts->stats;
  if (peer->phase == PEER_GONE || peer->phase == PEER_LINGER)
    return;
  for (int i = 0; i < SENDS_PER_TURN; i++) {
    if (oriel_outbox_idle(&peer->outbox) && !oriel_peer_fill(peer)) {
      watch(peer, false);
      if (peer->phase == PEER_CLOSING) {
        peer->phase = PEER_LINGER;
        oriel_link_end(peer->link);
        linger(peer);
      }
      return;
    }
    uint64_t before = stats->bytes_out;
    int status = oriel_outbox_send(&peer->outbox, peer->link, &stats->bytes_out);
    uint64_t now_ns = oriel_clock_ns();
    if (stats->bytes_out != before)
      peer->progress_ns = now_ns;
    if (status == -EAGAIN) {
      watch(peer, true);
      return;
    }
    if (status < 0) {
      end(peer);
      return;
    }
    stats->messages_out++;
    if (peer->picture && peer->viewer)
      oriel_viewer_sent(peer->viewer, peer->outbox.packet, now_ns);
    oriel_outbox_clear(&peer->outbox);
  }
  watch(peer, true); /* other viewers first; this one goes on in the loop's next turn */
}

static void on_readable(struct oriel_peer *peer) {
  if (peer->phase >= PEER_CLOSING) {
    linger(peer);
    return;
  }
  int status = oriel_inbox_read(&peer->inbox);
  if (status == -EBADMSG) {
    peer->broken = true;
    oriel_peer_close_begin(peer, ORIEL_VIEWER_REASON_PROTOCOL, 4000 + ORIEL_VIEWER_REASON_PROTOCOL,
                           "malformed or oversized message", ORIEL_PEER_CLOSE_NS);
  } else if (status < 0) {
    end(peer);
  }
}

static void on_ready(uv_poll_t *poll, int status, int events) {
  struct oriel_peer *peer = poll->data;
  if (status < 0) {
    end(peer);
    return;
  }
  if (events & oriel_link_wants(peer->link, false))
    on_readable(peer);
  /* Also after reading: an answer may wait, and the choice of what to send is made here. */
  oriel_peer_flush(peer);
}

/** Whether the session that let this viewer in has expired; looked up once a second. */
static bool session_ended(struct oriel_peer *peer, uint64_t now_ns) {
  if (peer->session == 0 || now_ns < peer->next_session_ns)
    return false;
  peer->next_session_ns = now_ns + ORIEL_NS_PER_SECOND;
  return !oriel_sessions_alive(&peer->mounts->access->sessions, peer->session, now_ns);
}

void oriel_peer_tick(struct oriel_peer *peer, uint64_t now_ns) {
  if (peer->phase >= PEER_CLOSING) {
    if (now_ns >= peer->deadline_ns)
      end(peer);
    return;
  }
  oriel_peer_note_controls(peer);
  bool stalled = !oriel_outbox_idle(&peer->outbox) && now_ns - peer->progress_ns > STALL_LIMIT_S * ORIEL_NS_PER_SECOND;
  if (stalled) {
    oriel_peer_bye(peer, ORIEL_VIEWER_REASON_SLOW, "this connection takes no data", ORIEL_PEER_CLOSE_NS);
  } else if (now_ns - peer->heard_ns > SILENCE_LIMIT_S * ORIEL_NS_PER_SECOND) {
    oriel_peer_bye(peer, ORIEL_VIEWER_REASON_TIMEOUT, "no message for 15 s", ORIEL_PEER_CLOSE_NS);
  } else if (peer->phase == PEER_HELLO && now_ns >= peer->deadline_ns) {
    oriel_peer_bye(peer, ORIEL_VIEWER_REASON_TIMEOUT, "no hello within 5 s", ORIEL_PEER_CLOSE_NS);
  } else if (session_ended(peer, now_ns)) {
    oriel_peer_bye(peer, ORIEL_VIEWER_REASON_UNAUTHORISED, "the session has expired", ORIEL_PEER_CLOSE_NS);
  } else if (peer->phase == PEER_LIVE && now_ns >= peer->next_ping_ns && oriel_outbox_idle(&peer->outbox)) {
    peer->ping_waiting = true;
    oriel_peer_flush(peer);
  }
}

/** Small kernel queues: what waits in them can no longer be replaced by something newer. */
static void tune(int socket) {
  const int one = 1, unsent = UNSENT_MAX;
  (void)setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  (void)setsockopt(socket, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
}

static int set_nonblocking(int fd) {
  int flags = fcntl(fd, F_GETFL);
  return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno : 0;
}

/* Whether the kernel's view of its connection is one of the way to the viewer. */
static bool is_reached(const struct oriel_peer *peer, const struct oriel_proxies *proxies) {
  struct sockaddr_storage client = {0};
  socklen_t size = sizeof client;
  return getpeername(peer->link->fd, (struct sockaddr *)&client, &size) == 0 &&
         oriel_path_reaches((const struct sockaddr *)&client, proxies);
}

/** A newcomer that has not said who it is may push out another one. At once: hundreds come between two ticks, and all
 *  count. */
static void make_room(const struct oriel_peer *newcomer) {
  struct oriel_peer *peer = oriel_peers_excess(newcomer);
  if (!peer)
    return;
  oriel_peer_bye(peer, ORIEL_VIEWER_REASON_TIMEOUT, "it did not say who it is", 0);
  if (peer->phase != PEER_GONE)
    end(peer);
}

static int open_peer(struct oriel_peer *peer, const struct oriel_peer_config *config) {
  int status = set_nonblocking(config->link->fd);
  if (status < 0)
    return status;
  status = oriel_peer_receive_init(peer, config->early, config->early_size);
  if (status < 0)
    return status;
  status = uv_poll_init(peer->mounts->loop->uv, &peer->poll, config->link->fd);
  if (status < 0)
    oriel_peer_receive_finish(peer);
  return status;
}

int oriel_peer_create(struct oriel_mount *mount, const struct oriel_peer_config *config) {
  struct oriel_mounts *mounts = mount->mounts;
  uint64_t now_ns = oriel_clock_ns();
  struct oriel_peer *peer = calloc(1, sizeof *peer);
  if (!peer) {
    oriel_link_close(config->link);
    return -ENOMEM;
  }
  *peer = (struct oriel_peer){
    .mounts = mounts, .mount = mount, .link = config->link, .session = config->session,
    .proved = config->proved, .view = config->view, .named = config->named, .key = config->key,
    .born_ns = now_ns, .deadline_ns = now_ns + HELLO_LIMIT_S * ORIEL_NS_PER_SECOND,
    .heard_ns = now_ns, .progress_ns = now_ns, .next_ping_ns = now_ns,
  };
  memcpy(peer->sessions, config->sessions, sizeof peer->sessions);
  snprintf(peer->address, sizeof peer->address, "%s", config->address);
  tune(config->link->fd);
  peer->reached = is_reached(peer, config->proxies);
  int status = open_peer(peer, config);
  if (status < 0) {
    release(peer);
    oriel_link_close(config->link);
    return status;
  }
  peer->poll.data = peer;
  oriel_loop_opened(mounts->loop);
  if (!peer->proved)
    make_room(peer);
  (void)oriel_mount_ref(mount);
  peer->next = mount->peers;
  if (peer->next)
    peer->next->previous = peer;
  mount->peers = peer;
  mount->peer_count++;
  mounts->peer_count++;
  mounts->stats->viewers_opened++;
  oriel_debug("server", "viewer %s joined", peer->address);
  watch(peer, false);
  if (config->early_size || oriel_link_pending(peer->link)) /* no descriptor announces what was read already */
    on_readable(peer);
  oriel_peer_flush(peer);
  /* Its owner's again. An open peer has read all of it; one that is closing does without. */
  peer->early = NULL;
  peer->early_size = 0;
  return 0;
}
