/* SPDX-License-Identifier: MIT
 *
 * What a viewer's messages do. Loop thread. Nothing here sends or frees: it is called from inside the inbox.
 */
#include "server/peer_receive.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core/clipboard.h"
#include "core/hash.h"
#include "core/log.h"
#include "server/audit.h"
#include "server/login.h"
#include "server/mount_access.h"
#include "server/peer_crowd.h"
#include "server/peer_state.h"

static ssize_t on_read(void *user, uint8_t *data, size_t size) {
  struct oriel_peer *peer = user;
  ssize_t count;
  if (peer->early_size) {
    if (size > peer->early_size)
      size = peer->early_size;
    memcpy(data, peer->early, size);
    peer->early += size;
    peer->early_size -= size;
    count = (ssize_t)size;
  } else {
    count = oriel_link_recv(peer->link, data, size);
    if (count < 0)
      return count;
  }
  peer->mounts->stats->bytes_in += (uint64_t)count;
  return count;
}

static size_t on_pending(void *user) {
  const struct oriel_peer *peer = user;
  return oriel_link_pending(peer->link);
}

static bool close_for(struct oriel_peer *peer, int reason, const char *text) {
  oriel_peer_close_begin(peer, (unsigned)reason, (uint16_t)(4000 + reason), text, ORIEL_PEER_CLOSE_NS);
  return false;
}

static bool on_frame(void *user) {
  struct oriel_peer *peer = user;
  if (peer->phase >= PEER_CLOSING)
    return true; /* lingering has a time limit of its own */
  uint64_t now_ns = oriel_clock_ns();
  int reason = oriel_dispatch_frame(&peer->dispatch, now_ns);
  return reason == 0 || close_for(peer, reason, peer->dispatch.excess);
}

static const char *reason_text(const struct oriel_peer *peer, int reason) {
  switch (reason) {
  case ORIEL_VIEWER_REASON_RATE:
    return peer->dispatch.excess;
  case ORIEL_VIEWER_REASON_VERSION:
    return "this server speaks version 1; reload the page";
  case ORIEL_VIEWER_REASON_FULL:
    return peer->view ? "as many as may watch are connected; try again later"
                      : "as many viewers as there may be are connected; try again later";
  case ORIEL_VIEWER_REASON_UNAUTHORISED:
    return peer->session ? "this is not the session's secret" : "the token is wrong";
  case ORIEL_VIEWER_REASON_LIMITED:
    return oriel_login_limited;
  case ORIEL_VIEWER_REASON_GOING_AWAY:
    return "no desktop is served now";
  default:
    return "malformed or unknown message";
  }
}

/* What it sends of its microphone beyond the rate is dropped: counted, and said once a while. */
static void note_excess(struct oriel_peer *peer, uint64_t before) {
  const uint64_t more = peer->dispatch.microphone_excess - before;
  if (!more)
    return;
  peer->mounts->stats->microphone_excess += more;
  if (peer->excess_logged_ns && peer->heard_ns < peer->excess_logged_ns + 10 * ORIEL_NS_PER_SECOND)
    return;
  peer->excess_logged_ns = peer->heard_ns;
  oriel_warn("server",
             "viewer %s sends more than %d packets of its microphone a second; %llu are dropped so far",
             peer->address, ORIEL_MICROPHONE_RATE, (unsigned long long)peer->dispatch.microphone_excess);
}

static bool on_message(void *user, const uint8_t *data, size_t size) {
  struct oriel_peer *peer = user;
  if (peer->phase >= PEER_CLOSING)
    return true;
  peer->heard_ns = oriel_clock_ns();
  peer->mounts->stats->messages_in++;
  const uint64_t excess = peer->dispatch.microphone_excess;
  int reason = oriel_dispatch_message(&peer->dispatch, data, size, peer->heard_ns);
  note_excess(peer, excess);
  if (reason)
    return close_for(peer, reason, reason_text(peer, reason));
  return peer->phase < PEER_CLOSING;
}

static bool on_websocket_ping(void *user, const uint8_t *data, size_t size) {
  struct oriel_peer *peer = user;
  memcpy(peer->pong, data, size);
  peer->pong_size = size;
  peer->pong_waiting = true; /* only the latest is answered: RFC 6455 section 5.5.3 */
  return true;
}

static void on_close(void *user, uint16_t code) {
  struct oriel_peer *peer = user;
  peer->close_received = true;
  /* Echo a code that may stand in a frame (RFC 6455 section 7.4). */
  bool valid = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
  oriel_peer_close_begin(peer, ORIEL_SERVER_CLOSED_CUT, code == 0 ? 0 : valid ? code : 1002, NULL,
                         ORIEL_PEER_CLOSE_NS);
}

/** A page that came without a cookie shows its token. */
static enum oriel_viewer_reason log_in(struct oriel_peer *peer, const struct oriel_viewer_in *in) {
  struct oriel_login login = {0};
  if (peer->session)
    return ORIEL_VIEWER_REASON_PROTOCOL;
  const struct oriel_login_client client = {
    .mount = peer->mount, .named = peer->named, .key = peer->key, .address = peer->address, .at = "/ws"};
  enum oriel_viewer_reason reason =
    oriel_login_viewer(peer->mounts, &client, in->login.token, in->login.size, &login);
  if (!reason) {
    peer->session = login.session;
    peer->view = login.view;
    peer->proved = peer->session_waiting = true;
    memcpy(peer->session_secret, login.secret, sizeof peer->session_secret);
  }
  explicit_bzero(&login, sizeof login);
  return reason;
}

/** What a cookie alone does not prove, or what stands for one. */
static enum oriel_viewer_reason on_authenticate(void *user, const struct oriel_viewer_in *in) {
  struct oriel_peer *peer = user;
  struct oriel_access *access = peer->mounts->access;
  if (in->type == ORIEL_VIEWER_LOGIN)
    return log_in(peer, in);
  const uint64_t now_ns = oriel_clock_ns();
  for (size_t i = 0; i < ORIEL_COOKIES_MAX && peer->sessions[i]; i++) {
    const uint64_t session = peer->sessions[i];
    if (!oriel_sessions_prove(&access->sessions, session, in->authenticate.secret, ORIEL_VIEWER_SECRET_SIZE, now_ns))
      continue;
    peer->session = session;
    peer->view = oriel_mount_session_right(peer->mounts, peer->mount, session) != ORIEL_RIGHT_FULL;
    peer->proved = true;
    return 0;
  }
  access->stats->auth_cookie++;
  oriel_lockout_fail(&access->lockout, &peer->key, ORIEL_LOCKOUT_COOKIE, now_ns);
  return ORIEL_VIEWER_REASON_UNAUTHORISED;
}

static bool on_permits(void *user, enum oriel_viewer_message type) {
  return oriel_permit_message(type) & oriel_peer_party(user);
}

static_assert((int)ORIEL_VIEWER_CLIPBOARD_MAX == (int)ORIEL_CLIPBOARD_MAX, "a text is as long on every way");

static void answer_clipboard(struct oriel_peer *peer, const struct oriel_viewer_piece *piece, int result) {
  peer->clipboard_waiting = true;
  peer->clipboard_number = piece->number;
  peer->clipboard_taken = result < 0 ? 0 : piece->offset + piece->count;
  switch (result) {
  case 0:
    peer->clipboard_outcome = ORIEL_VIEWER_CLIPBOARD_UNDER_WAY;
    break;
  case 1:
    peer->clipboard_outcome = ORIEL_VIEWER_CLIPBOARD_GIVEN;
    break;
  case -ENOTCONN:
    peer->clipboard_outcome = ORIEL_VIEWER_CLIPBOARD_NOBODY;
    break;
  case -EPERM:
  case -EACCES:
    peer->clipboard_outcome = ORIEL_VIEWER_CLIPBOARD_REFUSED;
    break;
  default:
    peer->clipboard_outcome = ORIEL_VIEWER_CLIPBOARD_BROKEN;
    break;
  }
}

/* Input that was on its way when the controls went to another viewer comes here, too: dropped, not punished. */
static void on_denied(void *user, const struct oriel_viewer_in *in) {
  struct oriel_peer *peer = user;
  peer->mounts->stats->messages_denied++;
  if (in->type >= ORIEL_VIEWER_KEY && in->type <= ORIEL_VIEWER_RELEASE_ALL)
    oriel_viewer_denied(peer->viewer, false);
  else if (in->type == ORIEL_VIEWER_MICROPHONE && in->microphone.size)
    oriel_viewer_denied(peer->viewer, true);
  else if (in->type == ORIEL_VIEWER_CLIPBOARD)
    answer_clipboard(peer, &in->clipboard, -EPERM);
}

/* Its log-in; one without a session (a script's) is known by its address, not by the port, which is another each time.
 * Never 0. */
static uint64_t peer_of(const struct oriel_peer *peer) {
  return peer->session ? peer->session : oriel_hash(peer->key.bytes, sizeof peer->key.bytes) | 1;
}

static enum oriel_viewer_reason on_hello(void *user, const struct oriel_viewer_in *in) {
  struct oriel_peer *peer = user;
  if (in->hello.version != ORIEL_VIEWER_VERSION)
    return ORIEL_VIEWER_REASON_VERSION;
  if (!peer->mount->desktop)
    return ORIEL_VIEWER_REASON_GOING_AWAY;
  if (oriel_peers_full(peer->mount, peer->view))
    return ORIEL_VIEWER_REASON_FULL;
  struct oriel_viewer_config config = {
    .role = in->hello.role == ORIEL_ROLE_CONTROLLER && !peer->view ? ORIEL_ROLE_CONTROLLER : ORIEL_ROLE_VIEWER,
    .video = in->hello.capabilities & ORIEL_VIEWER_CAP_H264,
    .vp8 = in->hello.capabilities & ORIEL_VIEWER_CAP_VP8,
    .tiles = in->hello.capabilities & ORIEL_VIEWER_CAP_TILES,
    .audio = in->hello.capabilities & ORIEL_VIEWER_CAP_OPUS,
    .opening = in->hello.capabilities & ORIEL_VIEWER_CAP_OPENING,
    .part = in->hello.capabilities & ORIEL_VIEWER_CAP_PART,
    .microphone = in->hello.capabilities & ORIEL_VIEWER_CAP_MICROPHONE,
    .clipboard_piece = in->hello.capabilities & ORIEL_VIEWER_CAP_CLIPBOARD_OUT ? ORIEL_VIEWER_PIECE_MAX : 0,
    .watcher = peer->view,
    .owner = peer->session,
    .peer = peer_of(peer),
  };
  int status = oriel_viewer_attach(peer->mount->desktop, &config, &peer->viewer);
  if (status < 0) {
    if (status != -EUSERS)
      oriel_warn("server", "viewer %s refused: %s", peer->address, strerror(-status));
    return ORIEL_VIEWER_REASON_FULL;
  }
  peer->phase = PEER_LIVE;
  oriel_media_init(&peer->media, in->hello.capabilities & ORIEL_VIEWER_CAP_WEBRTC ? peer->mounts->whep : NULL,
                   peer->viewer);
  peer->joined_ns = oriel_clock_ns();
  oriel_audit("joined", peer->address, oriel_mount_named(peer->mount, peer->named), "viewer=%u role=%s",
              oriel_viewer_id(peer->viewer), oriel_party_name(peer->view ? ORIEL_PARTY_WATCHER : ORIEL_PARTY_USER));
  oriel_peer_note_controls(peer);
  peer->hello_waiting = true;
  if (in->hello.width && in->hello.height)
    (void)oriel_viewer_resize(peer->viewer, in->hello.width, in->hello.height);
  return 0;
}

static void on_input(void *user, const struct oriel_input *input) {
  struct oriel_peer *peer = user;
  oriel_viewer_input(peer->viewer, input);
}

static void take_ack(struct oriel_peer *peer, const struct oriel_viewer_in *in) {
  uint64_t now_ns = oriel_clock_ns();
  struct oriel_viewer_ack ack = {
    .received = in->ack.received,
    .decoded = in->ack.decoded,
    .painted = in->ack.painted,
    .received_ns = oriel_clockmap_ns(&peer->clock, in->ack.received_us, now_ns),
    .decoded_ns = oriel_clockmap_ns(&peer->clock, in->ack.decoded_us, now_ns),
    .painted_ns = oriel_clockmap_ns(&peer->clock, in->ack.painted_us, now_ns),
    .path_us = oriel_peer_path_us(peer),
  };
  oriel_viewer_ack(peer->viewer, &ack);
}

/* What nothing takes is dropped; the viewer was told so by MICROPHONE_STATE. */
static void take_microphone(struct oriel_peer *peer, const struct oriel_viewer_in *in) {
  const struct oriel_microphone packet = {
    .opus = in->microphone.opus,
    .size = in->microphone.size,
    .sequence = in->microphone.sequence,
    .captured_ns = oriel_clockmap_ns(&peer->clock, in->microphone.us, oriel_clock_ns()),
  };
  (void)oriel_viewer_microphone(peer->viewer, &packet);
}

static void take_clipboard(struct oriel_peer *peer, const struct oriel_viewer_piece *in) {
  const struct oriel_clipboard_piece piece = {
    .size = in->size, .offset = in->offset, .count = in->count, .bytes = in->bytes};
  answer_clipboard(peer, in, oriel_viewer_clipboard(peer->viewer, &piece));
}

static void on_other(void *user, const struct oriel_viewer_in *in) {
  struct oriel_peer *peer = user;
  uint32_t rtt_us;
  switch (in->type) {
  case ORIEL_VIEWER_ACK:
    take_ack(peer, in);
    break;
  case ORIEL_VIEWER_RESIZE:
    (void)oriel_viewer_resize(peer->viewer, in->resize.width, in->resize.height);
    break;
  case ORIEL_VIEWER_KEY_FRAME:
    oriel_viewer_request_key(peer->viewer);
    break;
  case ORIEL_VIEWER_WANT:
    oriel_viewer_want(peer->viewer, in->want.pictures, in->want.sound);
    break;
  case ORIEL_VIEWER_PICTURE_WAY:
    oriel_media_choose(&peer->media, in->picture_way.way);
    break;
  case ORIEL_VIEWER_CONTROL:
    oriel_viewer_control(peer->viewer, in->control.wanted);
    break;
  case ORIEL_VIEWER_CONTROL_ANSWER:
    oriel_viewer_answer(peer->viewer, in->control_answer.asker, in->control_answer.granted);
    break;
  case ORIEL_VIEWER_NAME:
    oriel_viewer_rename(peer->viewer, in->name.text);
    break;
  case ORIEL_VIEWER_MICROPHONE:
    take_microphone(peer, in);
    break;
  case ORIEL_VIEWER_CLIPBOARD:
    take_clipboard(peer, &in->clipboard);
    break;
  case ORIEL_VIEWER_PING:
    peer->answer_ping_us = in->ping.us;
    peer->answer_waiting = true;
    break;
  case ORIEL_VIEWER_PONG:
    if (oriel_clockmap_pong(&peer->clock, in->pong.ping_us, in->pong.us, oriel_clock_ns() / ORIEL_NS_PER_US, &rtt_us))
      oriel_viewer_rtt(peer->viewer, rtt_us);
    break;
  default:
    break;
  }
}

static void on_bye(void *user, uint16_t reason, const char *text) {
  struct oriel_peer *peer = user;
  oriel_debug("server", "viewer %s says bye, reason %u: %s", peer->address, reason, text);
  oriel_peer_close_begin(peer, ORIEL_SERVER_CLOSED_CUT, 1000, NULL, ORIEL_PEER_CLOSE_NS);
}

int oriel_peer_receive_init(struct oriel_peer *peer, const void *early, size_t early_size) {
  static const struct oriel_inbox_ops inbox_ops = {
    .frame = on_frame, .message = on_message, .ping = on_websocket_ping, .close = on_close, .read = on_read,
    .pending = on_pending,
  };
  static const struct oriel_dispatch_ops dispatch_ops = {
    .authenticate = on_authenticate, .permits = on_permits, .denied = on_denied, .hello = on_hello,
    .input = on_input, .other = on_other, .bye = on_bye,
  };
  peer->early = early;
  peer->early_size = early_size;
  oriel_dispatch_init(&peer->dispatch, &dispatch_ops, peer, oriel_clock_ns());
  return oriel_inbox_init(&peer->inbox, &inbox_ops, peer);
}

void oriel_peer_receive_finish(struct oriel_peer *peer) {
  oriel_inbox_finish(&peer->inbox);
}
