/* SPDX-License-Identifier: MIT
 *
 * A client of one WebRTC session, as a browser is one, in virtual time: checks, the handshake, what it says in RTCP,
 * and what arrives there, decrypted. For tests, in a group with identity_set_up. Everything is asserted. One thread.
 */
#ifndef ORIEL_TESTS_WEBRTC_CALLER_H
#define ORIEL_TESTS_WEBRTC_CALLER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"
#include "core/packet.h"
#include "dtls_client.h"
#include "identity.h"
#include "webrtc/address.h"
#include "webrtc/feed.h"
#include "webrtc/ice.h"
#include "webrtc/rtp.h"
#include "webrtc/session.h"
#include "webrtc/srtp.h"

enum {
  CALLER_PICTURE_SIZE = 6000, /* bytes of a picture that takes several packets */
  CALLER_PACKETS_MAX = 256,
};

/** A client, its session, and what of it arrived. */
struct caller {
  struct oriel_webrtc_feed *feed;
  struct oriel_webrtc_session *session;
  struct dtls_client client;
  struct oriel_srtp *in, *out; /* the client's */
  struct oriel_webrtc_address home;
  uint64_t now_ns;
  uint32_t checks;
  uint8_t packets[CALLER_PACKETS_MAX][ORIEL_WEBRTC_DATAGRAM_MAX]; /* of RTP, in plain */
  size_t sizes[CALLER_PACKETS_MAX];
  unsigned count, reports, dtls, answers;
  uint16_t repeated[CALLER_PACKETS_MAX]; /* which packets came as RTX: asked for, or to see what the way carries */
  unsigned repeats;
};

/** 192.0.2.HOST, `port`. */
struct oriel_webrtc_address caller_address(uint8_t host, uint16_t port);

/** A session, not yet connected, 100 s after the beginning of time. `numbered`: feedback speaks of its sound, too.
 *  Ended by caller_hang_up. */
void caller_dial_by(struct caller *caller, bool numbered);
/** The same, numbered. */
void caller_dial(struct caller *caller);
/** Dials with data channels offered, of which those with these labels are taken; NULL = none. */
void caller_dial_channels(struct caller *caller, const char *const *labels);
/** Checks and shakes hands until the session is open. */
void caller_open(struct caller *caller);
/** Dials and opens. */
void caller_connect_by(struct caller *caller, bool numbered);
void caller_connect(struct caller *caller);
void caller_hang_up(struct caller *caller);

/** A datagram comes from there: whether a check proved the address. */
bool caller_receive(struct caller *caller, struct oriel_webrtc_address from, uint8_t *data, size_t size);
/** Lets all leave that may at this time. */
void caller_drain(struct caller *caller);
/** The same until nothing waits, by the times that the session itself names; for `limit_ns`. */
void caller_run(struct caller *caller, uint64_t limit_ns);

/** Writes a check under these credentials with a transaction of its own; its size. */
size_t caller_write_check_under(struct caller *caller, const struct oriel_ice_credentials *credentials,
                                const char *password, bool nominate, uint8_t bytes[512]);
/** The same under the session's newest credentials. */
size_t caller_write_check(struct caller *caller, const char *password, bool nominate, uint8_t bytes[512]);
/** A check comes from there, with this password: whether the session takes it. */
bool caller_check_from(struct caller *caller, struct oriel_webrtc_address from, const char *password);
/** A good check from home. */
bool caller_check(struct caller *caller);
/** What the client has to say in DTLS comes from there. */
void caller_shake(struct caller *caller, struct oriel_webrtc_address from);

/** A key frame of `size` bytes. The caller unrefs. */
struct oriel_packet *caller_picture(uint32_t sequence, size_t size, uint64_t now_ns);
/** Gives the session such a key frame, or 20 ms of sound: whether it takes them. */
bool caller_send_picture(struct caller *caller, uint32_t sequence, size_t size);
bool caller_send_sound(struct caller *caller);
/** Header of the packet that arrived as the `index`th. */
struct oriel_rtp_header caller_header(const struct caller *caller, unsigned index);

/** The client sends a compound packet: an empty report, and what `write` adds. */
void caller_report(struct caller *caller, void (*write)(struct oriel_writer *writer, const struct caller *caller));
/** The head of a feedback message (RFC 4585, 6.1) on `media`, with `words` of 32 bits to follow. */
void caller_write_feedback(struct oriel_writer *writer, uint8_t kind, uint8_t type, unsigned words, uint32_t media);
/** For caller_report: the picture was lost (PLI). */
void caller_write_pli(struct oriel_writer *writer, const struct caller *caller);

#endif
