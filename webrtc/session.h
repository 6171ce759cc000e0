/* SPDX-License-Identifier: MIT
 *
 * One client of WebRTC: ICE, DTLS, SRTP, and the two streams that it is sent. Datagrams and a clock come in, datagrams
 * go out; whose pictures they are it does not know.
 *
 *   WAITING --DTLS is up--> OPEN --silence, goodbye, failure--> ENDED
 *
 * Thread-safety: none; the network thread.
 */
#ifndef ORIEL_WEBRTC_SESSION_H
#define ORIEL_WEBRTC_SESSION_H

#include "webrtc/channels.h"
#include "webrtc/feed.h"
#include "webrtc/sdp.h"
#include "webrtc/session_life.h"

struct oriel_webrtc_session;

struct oriel_webrtc_session_config {
  struct oriel_dtls_identity *identity; /* borrowed for its life */
  struct oriel_webrtc_feed *feed;       /* likewise */
  const struct oriel_sdp_offer *offer;  /* copied */
  const char *const *labels; /* of data channels that are taken, see channels.h; borrowed for its life; NULL = none */
};

/** 0; -EINVAL; -EIO (no random numbers); -ENOMEM. */
int oriel_webrtc_session_create(const struct oriel_webrtc_session_config *config, uint64_t now_ns,
                                struct oriel_webrtc_session **session);
/** Sends nothing; NULL is fine. */
void oriel_webrtc_session_destroy(struct oriel_webrtc_session *session);
/** Our ufrag, by which its checks are told from others'; changes with a restart. Borrowed. */
const char *oriel_webrtc_session_ufrag(const struct oriel_webrtc_session *session);
/** The one before a restart, for as long as checks for it are good: until the client nominates with the new one, since
 *  it may never have been told of it. "" = there is none. Borrowed. */
const char *oriel_webrtc_session_ufrag_before(const struct oriel_webrtc_session *session);
/** The client's ufrag, by its offer or newest restart. Borrowed. */
const char *oriel_webrtc_session_peer_ufrag(const struct oriel_webrtc_session *session);
/** The answer to its offer, with `count` candidates of ours. As oriel_sdp_write_answer. */
size_t oriel_webrtc_session_answer(const struct oriel_webrtc_session *session,
                                   const struct oriel_webrtc_address *candidates, unsigned count, char *text,
                                   size_t size);
/** An ICE restart with the credentials of a fragment: our side of it as a fragment; 0: they are not valid, or it does
 *  not fit, and the session goes on as before. */
size_t oriel_webrtc_session_restart(struct oriel_webrtc_session *session, const struct oriel_sdp_fragment *fragment,
                                    const struct oriel_webrtc_address *candidates, unsigned count, char *text,
                                    size_t size);

/** Takes a datagram, which is decrypted where it lies. What is not authentic changes nothing. Returns true when an
 *  authentic check came from an address, from which other datagrams of this session may come from now on. */
bool oriel_webrtc_session_receive(struct oriel_webrtc_session *session, const struct oriel_webrtc_path *from,
                                  uint8_t *data, size_t size, uint64_t now_ns);
/** When an authentic check or report last came from there; 0: never, or it is forgotten. */
uint64_t oriel_webrtc_session_heard_ns(const struct oriel_webrtc_session *session,
                                       const struct oriel_webrtc_address *from);
/** The next datagram that may leave now, into ORIEL_WEBRTC_DATAGRAM_MAX bytes, where to, and from
 *  which address of ours. Its size; 0 = none. */
size_t oriel_webrtc_session_next(struct oriel_webrtc_session *session, uint64_t now_ns, uint8_t *datagram,
                                 struct oriel_webrtc_path *to);
/** When oriel_webrtc_session_next is to be called again if nothing else happens. */
uint64_t oriel_webrtc_session_due_ns(const struct oriel_webrtc_session *session, uint64_t now_ns);
/** Says goodbye: what oriel_webrtc_session_next gives then is the last. */
void oriel_webrtc_session_close(struct oriel_webrtc_session *session);

enum oriel_webrtc_state oriel_webrtc_session_state(const struct oriel_webrtc_session *session);
/** Why it ended, a sentence; "" while it has not. Borrowed. */
const char *oriel_webrtc_session_reason(const struct oriel_webrtc_session *session);
/** The same as it is counted; ORIEL_WEBRTC_CLOSED while it has not ended. */
enum oriel_webrtc_cause oriel_webrtc_session_cause(const struct oriel_webrtc_session *session);

/* ---- streams, of an open session ---- */

/** Whether it takes pictures, and sound. */
bool oriel_webrtc_session_has_video(const struct oriel_webrtc_session *session);
/** Of pictures, how they are coded. */
enum oriel_codec oriel_webrtc_session_codec(const struct oriel_webrtc_session *session);
bool oriel_webrtc_session_has_audio(const struct oriel_webrtc_session *session);
/** True when one more picture may be handed to it: at most one waits behind the one that is leaving. */
bool oriel_webrtc_session_has_room(const struct oriel_webrtc_session *session);
/** Hands it a picture (an access unit) or a packet of sound; takes references of its own. What it cannot send it drops:
 *  false, and a picture that is missing needs a key frame. */
bool oriel_webrtc_session_send(struct oriel_webrtc_session *session, struct oriel_packet *packet, uint64_t now_ns);
/** The RTP timestamp of the picture that it was handed last, and took. */
uint32_t oriel_webrtc_session_picture_time(const struct oriel_webrtc_session *session);
/** Whether the client asked for a key frame since the last call. */
bool oriel_webrtc_session_take_key_request(struct oriel_webrtc_session *session);
/** The newest picture that has left as a whole since the last call; false: none. */
bool oriel_webrtc_session_take_sent(struct oriel_webrtc_session *session, uint32_t *sequence, uint64_t *left_ns);

/** At what rate pictures may be coded for it, kbit/s: by what arrived, or by what the client says that it takes; 0 = it
 *  has said neither. */
uint32_t oriel_webrtc_session_carries_kbps(const struct oriel_webrtc_session *session);

/* ---- data channels, of an open session ---- */

/** Whether the client may open some: its offer has a section for them, and labels are taken. */
bool oriel_webrtc_session_has_channels(const struct oriel_webrtc_session *session);
/** The next thing that happened in them, whose data is borrowed until the next call; false: nothing. What is not taken
 *  is due at once, see oriel_webrtc_session_due_ns. */
bool oriel_webrtc_session_take_event(struct oriel_webrtc_session *session, struct oriel_channel_event *event);
/** As oriel_channels_say; -ENOTCONN also where there are none. */
int oriel_webrtc_session_say(struct oriel_webrtc_session *session, unsigned channel, const char *text, size_t size);

struct oriel_webrtc_stats {
  uint64_t round_trip_ns; /* 0 = unknown */
  uint64_t queue_ns;      /* how much longer than at its best the way takes */
  uint64_t bps;           /* what the way carries, as far as is known */
  uint64_t packets, bytes, repeated, missed; /* missed: packets that the client asked for again */
  uint64_t key_requests, checks_refused; /* the latter were not authentic, or not for it */
  uint64_t forged;                       /* reports that were not authentic */
};
void oriel_webrtc_session_stats(const struct oriel_webrtc_session *session, struct oriel_webrtc_stats *stats);

#endif
