/* SPDX-License-Identifier: MIT
 *
 * What a server counts of all its desktops together. Thread-safety: values; a server's own are its loop thread's.
 */
#ifndef ORIEL_SERVER_STATS_H
#define ORIEL_SERVER_STATS_H

#include <stdint.h>

/** Counters since create. Closed viewers are counted by the reason said to them, or by ORIEL_SERVER_CLOSED_CUT when the
 *  connection ended from the other side or broke. */
enum { ORIEL_SERVER_CLOSED_CUT = 0, ORIEL_SERVER_REASONS = 32 };
struct oriel_server_stats {
  uint64_t connections, connections_refused; /* TCP; refused by a limit */
  uint64_t connections_evicted;              /* ended, without a credential and waiting, to make room for another */
  uint64_t requests_deferred;                /* to the loop's next turn, for the sake of the viewers */
  uint64_t requests, answers_2xx, answers_3xx, answers_4xx, answers_5xx;
  uint64_t refused_host, refused_origin;
  uint64_t refused_party, messages_denied; /* routes and messages that the credential is not good for */
  uint64_t auth_missing, auth_token, auth_cookie; /* no credential; a wrong token; an unknown or expired cookie */
  uint64_t auth_limited;                          /* 429 */
  uint64_t deadlines;                             /* connections ended because a request or an answer took too long */
  uint64_t viewers_opened, viewers_closed[ORIEL_SERVER_REASONS];
  uint64_t messages_in, bytes_in, messages_out, bytes_out; /* WebSocket */
  uint64_t thumbnails; /* small pictures that a worker went to make */
  uint64_t microphone_excess; /* packets of microphones beyond the rate: dropped */
  unsigned connections_now, viewers_now, sessions_now;
};

#endif
