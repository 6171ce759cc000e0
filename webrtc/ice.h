/* SPDX-License-Identifier: MIT
 *
 * ICE for a server with public addresses (ICE-lite, RFC 8445 sections 2.5 and 7.3; consent, RFC 7675): answers a peer's
 * checks where they come from, and knows to which of its addresses to send. It sends nothing on its own and needs no
 * candidate of the peer's. Pure: packets and times come in, answers go out. Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_ICE_H
#define ORIEL_WEBRTC_ICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "webrtc/address.h"
#include "webrtc/ice_pairs.h"
#include "webrtc/stun.h"

enum {
  ORIEL_ICE_UFRAG_SIZE = 8,      /* characters of ours; 48 bits, since they also find the session */
  ORIEL_ICE_PASSWORD_SIZE = 24,  /* characters of ours; 144 bits */
  ORIEL_ICE_UFRAG_MAX = 256,     /* characters of a peer's; at least 4 (RFC 8839 section 5.4) */
  ORIEL_ICE_RECENT_MAX = 32,     /* checks that are known again when they come from elsewhere */
  ORIEL_ICE_ANSWER_MAX = 192,    /* bytes of the longest answer */
  ORIEL_ICE_CANDIDATE_MAX = 128, /* bytes of the longest candidate and its zero */
};

/* Firefox in the background checks every 20 to 30 s, so that 35 s are the least that keep it. */
#define ORIEL_ICE_START_NS 10000000000ull /* until the first check */
#define ORIEL_ICE_QUIET_NS 10000000000ull /* without a sign of life: a warning */
#define ORIEL_ICE_LOST_NS ORIEL_ICE_CONSENT_NS /* without a sign of life: the end */

/** What one restart, or the first offer, agreed on. */
struct oriel_ice_credentials {
  char ufrag[ORIEL_ICE_UFRAG_SIZE + 1], password[ORIEL_ICE_PASSWORD_SIZE + 1];
  char peer_ufrag[ORIEL_ICE_UFRAG_MAX + 1]; /* "" = these credentials are not in use */
};

struct oriel_ice {
  struct oriel_ice_credentials current, previous; /* previous: until the peer has nominated with the current ones */
  struct oriel_ice_pairs pairs;
  struct {
    uint8_t transaction[ORIEL_STUN_TRANSACTION_SIZE];
    struct oriel_webrtc_path from;
  } recent[ORIEL_ICE_RECENT_MAX];
  unsigned recent_next;
  uint64_t start_ns;
};

enum oriel_ice_state {
  ORIEL_ICE_NEW,       /* no check yet */
  ORIEL_ICE_CONNECTED, /* the peer was heard within ORIEL_ICE_QUIET_NS */
  ORIEL_ICE_QUIET,     /* the peer was not; it may come back */
  ORIEL_ICE_LOST,      /* the end: for ORIEL_ICE_LOST_NS, or never within ORIEL_ICE_START_NS */
};

/** A peer's ufrag as an offer names it: 4 to ORIEL_ICE_UFRAG_MAX letters, digits, '+' and '/'. */
bool oriel_ice_ufrag_valid(const char *text, size_t size);
/** A peer's password: 22 to 256 of the same characters. It is checked for the offer's sake; nothing here uses it, since
 *  we send no checks. */
bool oriel_ice_password_valid(const char *text, size_t size);

/** With fresh credentials of ours, for a peer whose ufrag is the `size` bytes at `peer_ufrag`. 0; -EINVAL for a ufrag
 *  that is not valid, -EIO when there are no random numbers. */
int oriel_ice_init(struct oriel_ice *ice, const char *peer_ufrag, size_t size, uint64_t now_ns);
/** An ICE restart: new credentials of ours for the peer's new ufrag. The ones before stay good until the peer has
 *  nominated with the new ones, so that a restart that fails costs nothing. Errors as above, with *ice untouched. */
int oriel_ice_restart(struct oriel_ice *ice, const char *peer_ufrag, size_t size);

/** The ufrag of ours that a check is for, not ended by a zero: what finds the session. NULL when there is none. */
const char *oriel_ice_target(const struct oriel_stun_message *message, size_t *size);

/** A packet that oriel_stun_parse took, from `from`. Bytes of the answer that was written to `answer`, to be sent to
 *  `from`; 0: nothing to say (not a request, or a check seen before from elsewhere); -EACCES: not authentic or not for
 *  us, and nothing changed. */
int oriel_ice_check(struct oriel_ice *ice, const struct oriel_stun_message *message,
                    const struct oriel_webrtc_path *from, uint64_t now_ns, uint8_t answer[ORIEL_ICE_ANSWER_MAX]);
/** A report (SRTCP), which is authentic and no copy, came from `from`: a sign of life, if that is one of the peer's
 *  addresses. It never changes the address in use, but confirms it. */
void oriel_ice_heard(struct oriel_ice *ice, const struct oriel_webrtc_path *from, uint64_t now_ns);
/** Time passes: an address in use that no report confirmed in time is given up for the one before. */
void oriel_ice_tick(struct oriel_ice *ice, uint64_t now_ns);
/** Whether the peer may be sent media: its reports come, or rare ones and its checks; or it has never made any. */
bool oriel_ice_may_send(const struct oriel_ice *ice, uint64_t now_ns);
/** Whether an authentic check came from this address: only then is anything else from it looked at. */
bool oriel_ice_valid(const struct oriel_ice *ice, const struct oriel_webrtc_address *from);
/** When an authentic check or sign of life last came from this address; 0: never, or it is forgotten. */
uint64_t oriel_ice_heard_ns(const struct oriel_ice *ice, const struct oriel_webrtc_address *from);
/** The peer's address in use, and ours, or NULL while there is none. Borrowed until the next call. */
const struct oriel_webrtc_path *oriel_ice_peer(const struct oriel_ice *ice);

enum oriel_ice_state oriel_ice_state(const struct oriel_ice *ice, uint64_t now_ns);
/** When the state changes next if nothing is heard; 0 once it is lost. */
uint64_t oriel_ice_deadline(const struct oriel_ice *ice, uint64_t now_ns);

/** Writes a host candidate of ours as SDP has it behind "a=": "candidate:1 1 udp 2130706431 192.0.2.1 8080 typ host".
 *  `index` (0 to 255) orders them: the first is the best. Its length. */
size_t oriel_ice_candidate(const struct oriel_webrtc_address *address, unsigned index,
                           char text[ORIEL_ICE_CANDIDATE_MAX]);

#endif
