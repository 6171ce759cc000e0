/* SPDX-License-Identifier: MIT
 *
 * Words of a session's life, and the size of what it takes. Thread-safety: values.
 */
#ifndef ORIEL_WEBRTC_SESSION_LIFE_H
#define ORIEL_WEBRTC_SESSION_LIFE_H

enum {
  ORIEL_WEBRTC_DATAGRAM_MAX = 1500, /* bytes; no longer one is looked at, and ours are at most 1200 */
};

enum oriel_webrtc_state { ORIEL_WEBRTC_WAITING, ORIEL_WEBRTC_OPEN, ORIEL_WEBRTC_ENDED };

/** Why a session ended, as far as it is counted. */
enum oriel_webrtc_cause {
  ORIEL_WEBRTC_CLOSED,    /* by its client, or here */
  ORIEL_WEBRTC_UNREACHED, /* no check came */
  ORIEL_WEBRTC_REJECTED,  /* DTLS or its keys failed */
  ORIEL_WEBRTC_LOST,      /* the client fell silent */
  ORIEL_WEBRTC_CAUSES,
};

#endif
