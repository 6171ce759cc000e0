/* SPDX-License-Identifier: MIT
 *
 * Session descriptions (RFC 8866, 8829, 9143): the parser of a client's offer, the writer of our answer, and the parser
 * of a fragment that trickles (RFC 8840). One bundle, one port, media flow from us alone. Lines that mean nothing here
 * are left out of account; what is beyond a limit is refused with the reason. Pure.
 *
 * Thread-safety: values.
 */
#ifndef ORIEL_WEBRTC_SDP_H
#define ORIEL_WEBRTC_SDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "webrtc/address.h"
#include "webrtc/dtls.h"
#include "webrtc/ice.h"
#include "webrtc/sdp_media.h"

enum {
  ORIEL_SDP_MAX = 32 * 1024,    /* bytes of an offer, or of an answer */
  ORIEL_SDP_MEDIA_MAX = 16,
  ORIEL_SDP_CANDIDATES_MAX = 20, /* of theirs, of each section, and of ours */
  ORIEL_SDP_PASSWORD_MAX = 256,
  ORIEL_SDP_WHY_MAX = 160,
};

/** What goes wrong with an offer. */
enum oriel_sdp_fault {
  ORIEL_SDP_FINE,
  ORIEL_SDP_MALFORMED, /* it is no description, or breaks a limit */
  ORIEL_SDP_UNFIT,     /* it is one, and asks for what is not done here */
};

struct oriel_sdp_offer {
  char ufrag[ORIEL_ICE_UFRAG_MAX + 1], password[ORIEL_SDP_PASSWORD_MAX + 1];
  struct oriel_dtls_fingerprint fingerprint;
  bool bundled; /* it has a group BUNDLE */
  unsigned media_count;
  struct oriel_sdp_media media[ORIEL_SDP_MEDIA_MAX];
  int video, audio, application; /* index of the section that is taken; -1 = none. Application: data channels */
};

/** Parses `size` bytes that need not end with a zero. On a fault, `why` (ORIEL_SDP_WHY_MAX bytes) holds one sentence of
 *  printable ASCII: what, and what to do. */
enum oriel_sdp_fault oriel_sdp_parse_offer(const char *text, size_t size, struct oriel_sdp_offer *offer, char *why);

struct oriel_sdp_stream {
  uint32_t ssrc, repeat_ssrc;
};

/** Has the answer refuse data channels. */
void oriel_sdp_refuse_application(struct oriel_sdp_offer *offer);

struct oriel_sdp_answer {
  const struct oriel_sdp_offer *offer;
  uint64_t id;                      /* of the session, for o= */
  const char *ufrag, *password;     /* ours */
  const char *fingerprint;          /* "sha-256 AB:CD:…" */
  struct oriel_sdp_stream video, audio;
  const char *cname;
  const struct oriel_webrtc_address *candidates; /* each with its port */
  unsigned candidate_count;
};
/** Bytes written at `text`, which ends with a zero; 0: it does not fit into `size`. */
size_t oriel_sdp_write_answer(const struct oriel_sdp_answer *answer, char *text, size_t size);

/** What a fragment says; candidates are counted alone, since a lite agent answers where a check comes from. */
struct oriel_sdp_fragment {
  char ufrag[ORIEL_ICE_UFRAG_MAX + 1], password[ORIEL_SDP_PASSWORD_MAX + 1]; /* "" = not named */
  unsigned candidates;
  bool last; /* a=end-of-candidates */
};
enum oriel_sdp_fault oriel_sdp_parse_fragment(const char *text, size_t size, struct oriel_sdp_fragment *fragment,
                                              char *why);
/** Our side of an ICE restart, as a fragment. As oriel_sdp_write_answer; id and streams do not count. */
size_t oriel_sdp_write_fragment(const struct oriel_sdp_answer *answer, char *text, size_t size);

#endif
