/* SPDX-License-Identifier: MIT
 *
 * The state of one viewer's connection, and what changes in it without a byte being sent or the peer being freed.
 * Nobody but the peer's own files looks into it. Loop thread.
 */
#ifndef ORIEL_SERVER_PEER_STATE_H
#define ORIEL_SERVER_PEER_STATE_H

#include <uv.h>

#include "core/clock.h"
#include "server/address.h"
#include "server/clockmap.h"
#include "server/dispatch.h"
#include "server/inbox.h"
#include "server/link.h"
#include "server/media.h"
#include "server/mounts.h"
#include "server/outbox.h"
#include "server/path.h"
#include "server/permit.h"

#define ORIEL_PEER_CLOSE_NS (2 * ORIEL_NS_PER_SECOND)

enum peer_phase { PEER_HELLO, PEER_LIVE, PEER_CLOSING, PEER_LINGER, PEER_GONE };

struct oriel_peer {
  struct oriel_peer *next, *previous; /* of the mount */
  struct oriel_mounts *mounts;
  struct oriel_mount *mount; /* held */
  struct oriel_link *link; /* owned */
  struct oriel_path path;
  bool reached; /* the kernel sees all of the way */
  uv_poll_t poll;
  int events;
  uint64_t session, sessions[ORIEL_COOKIES_MAX];
  bool proved, view, named; /* see peer.h */
  bool session_waiting;                       /* SESSION has to be sent */
  char session_secret[ORIEL_SESSION_ID_SIZE]; /* until then */
  bool had_controls; /* as the log has it */
  struct oriel_address_key key;
  uint64_t joined_ns; /* the desktop */
  char address[ORIEL_ADDRESS_TEXT_MAX];

  enum peer_phase phase;
  uint64_t born_ns;
  uint64_t deadline_ns; /* HELLO: greeting; CLOSING, LINGER: end */
  uint64_t excess_logged_ns; /* when the log last had a line about its microphone */
  uint64_t heard_ns, progress_ns, next_ping_ns, next_session_ns;
  unsigned pings; /* sent */
  struct oriel_viewer *viewer; /* LIVE only */
  struct oriel_media media;    /* likewise */

  struct oriel_inbox inbox;
  struct oriel_dispatch dispatch;
  struct oriel_clockmap clock;
  const uint8_t *early; /* bytes that came with the handshake; borrowed, during create only */
  size_t early_size;

  struct oriel_outbox outbox;
  bool picture; /* the outbox holds a picture */
  /* Small messages that wait for their turn; each is one slot, the newest wins. */
  bool hello_waiting, ping_waiting, answer_waiting, pong_waiting, bye_waiting, close_sent;
  bool close_received, broken; /* broken: frames can no longer be told apart */
  bool clipboard_waiting;  /* CLIPBOARD_STATE has to be sent */
  uint32_t clipboard_number, clipboard_taken;
  enum oriel_viewer_clipboard_outcome clipboard_outcome;
  uint64_t answer_ping_us; /* of the viewer's PING */
  uint8_t pong[ORIEL_CONTROL_MAX];
  size_t pong_size;
  unsigned reason;
  uint16_t close_code; /* 0 = an empty close frame */
  char bye_text[ORIEL_VIEWER_TEXT_MAX + 1];
};

/** What it may do now. */
enum oriel_party oriel_peer_party(const struct oriel_peer *peer);
/** Writes to the log when it got or lost the controls. */
void oriel_peer_note_controls(struct oriel_peer *peer);
/** How much longer than at its best the way to it takes, as the kernel sees it, µs; INT64_MAX = can't be told. */
int64_t oriel_peer_path_us(struct oriel_peer *peer);
/** Leaves the desktop, if it is in it. */
void oriel_peer_leave(struct oriel_peer *peer);
/** Turns to CLOSING without sending yet: safe inside the inbox's callbacks. text NULL: no BYE, only the close frame. */
void oriel_peer_close_begin(struct oriel_peer *peer, unsigned reason, uint16_t code, const char *text,
                            uint64_t limit_ns);

#endif
