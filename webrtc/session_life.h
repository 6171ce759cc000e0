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

#endif
