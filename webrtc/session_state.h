/* SPDX-License-Identifier: MIT
 *
 * What a session consists of, its queues and its end, for its files alone.
 *
 * Thread-safety: none; the network thread.
 */
#ifndef ORIEL_WEBRTC_SESSION_STATE_H
#define ORIEL_WEBRTC_SESSION_STATE_H

#include "webrtc/channels.h"
#include "webrtc/estimate.h"
#include "webrtc/feed.h"
#include "webrtc/pacer.h"
#include "webrtc/repair.h"
#include "webrtc/rtp_sender.h"
#include "webrtc/sdp.h"
#include "webrtc/session_life.h"
#include "webrtc/srtp.h"

enum {
  SESSION_PICTURES = 2, /* one leaves, one waits */
  SESSION_SOUNDS = 16,
  SESSION_REPEATS = 256, /* packets that are to be sent again; more are asked for again, or cost a key frame */
  SESSION_ANSWERS = 4,   /* to checks, between two calls of next */
};

#define SESSION_START_BPS 3000000u
#define SESSION_REPORT_NS 1000000000ull
#define SESSION_TICK_NS 50000000ull

struct session_picture {
  struct oriel_rtp_unit *unit; /* held */
  uint32_t next;               /* of its packets */
  uint32_t sequence;           /* of the desktop's picture */
};

struct session_answer {
  struct oriel_webrtc_path to;
  uint8_t data[ORIEL_ICE_ANSWER_MAX];
  size_t size;
};

/** A series of packets that shows what the way carries. */
struct session_probe {
  unsigned id; /* 0 = none */
  uint32_t left;
  unsigned back; /* which of the old packets is sent again next */
};

struct oriel_webrtc_session {
  struct oriel_webrtc_feed *feed; /* borrowed */
  struct oriel_dtls_identity *identity; /* borrowed */
  struct oriel_sdp_offer offer;
  struct oriel_ice ice;
  struct oriel_dtls *dtls;
  struct oriel_srtp *send, *receive; /* once DTLS is up */
  const char *const *labels; /* of channels that are taken, borrowed; NULL = none are */
  struct oriel_channels *channels; /* once DTLS is up, where the offer has any; NULL */
  uint64_t received_ns; /* when the datagram came that is being taken */
  enum oriel_webrtc_state state;
  enum oriel_webrtc_cause cause;
  const char *reason; /* why it ended; static, or of dtls */
  bool closing;
  uint64_t id;
  char cname[17];

  struct session_answer answers[SESSION_ANSWERS];
  unsigned answer_count;

  struct oriel_rtp_sender video, audio; /* those of the offer's sections that are taken */
  struct session_picture pictures[SESSION_PICTURES]; /* the first leaves */
  unsigned picture_count;
  struct oriel_rtp_unit *sounds[SESSION_SOUNDS]; /* a ring */
  unsigned sound_first, sound_count;
  uint16_t repeats[SESSION_REPEATS]; /* a ring */
  unsigned repeat_first, repeat_count;

  bool feedback; /* the client says what arrived */
  bool told;     /* it has, or what it takes */
  struct oriel_webrtc_path way; /* by which packets leave */
  bool full;     /* as much is on its way as may be, or nobody is there */
  uint16_t transport; /* next number of that */
  uint32_t statuses_left; /* packets that feedback may speak of, and until when that was counted */
  uint64_t statuses_ns;
  struct oriel_estimate *estimate;
  struct oriel_pacer pacer;
  struct oriel_repair repair;
  struct session_probe probe;
  uint64_t tick_ns, report_ns; /* when they are due */

  bool key_requested;
  uint8_t fir_number; /* of the last request; the same again is a repetition */
  bool fir_seen;
  bool picture_left; /* one did since the last take_sent */
  uint32_t left_sequence;
  uint32_t picture_time; /* of the last that was queued */
  uint64_t left_ns;
  uint64_t round_trip_ns;
  uint64_t packets, bytes, missed, key_requests, forged, checks_refused;
};

/** Ends it; `reason` is static, or lives as long as the session. */
void oriel_session_end(struct oriel_webrtc_session *session, enum oriel_webrtc_cause cause, const char *reason);
/** Whether there is room for another packet of sound, or picture, and puts it there, of which the queue takes over the
 *  reference; else it is given back. */
bool oriel_session_queue_sound(struct oriel_webrtc_session *session, struct oriel_rtp_unit *unit);
bool oriel_session_queue_picture(struct oriel_webrtc_session *session, struct oriel_rtp_unit *unit, uint32_t sequence);
/** Takes the first out of its queue: the caller's reference; NULL = there is none. */
struct oriel_rtp_unit *oriel_session_next_sound(struct oriel_webrtc_session *session);
/** The picture that leaves has left as a whole. */
void oriel_session_picture_left(struct oriel_webrtc_session *session, uint64_t now_ns);

#endif
