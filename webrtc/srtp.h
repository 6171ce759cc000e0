/* SPDX-License-Identifier: MIT
 *
 * SRTP and SRTCP (RFC 3711; RFC 7714 for AES-GCM) with the two profiles of WebRTC. One object is one direction of a
 * session: all its SSRCs, RTP and RTCP. Nothing is allocated per packet. Thread-safety: none; one owner.
 */
#ifndef ORIEL_WEBRTC_SRTP_H
#define ORIEL_WEBRTC_SRTP_H

#include <stddef.h>
#include <stdint.h>

#include "webrtc/srtp_keys.h"

struct oriel_srtp;

/** For what is sent, or for what is received; `key` is copied. NULL when memory is short or the profile is unknown. */
struct oriel_srtp *oriel_srtp_create(enum oriel_srtp_profile profile, const struct oriel_srtp_key *key);
/** Wipes the keys. NULL does nothing. */
void oriel_srtp_destroy(struct oriel_srtp *srtp);

/** Encrypts an RTP packet to `out` (`capacity` bytes): `header` is all that stays readable (the fixed header, CSRCs and
 *  extensions, which must be what the header says), `payload` what follows. Both may lie at their places in `out`
 *  already; else they must not overlap it. So one payload is shared by many viewers and is copied by its encryption
 *  alone.
 *
 *  A stream's first sequence number is to be below 32,768 (RFC 3711 section 3.3.1): who misses the first packets must
 *  not miss a wrap among them.
 *
 *  Bytes in `out`; -EINVAL: not a whole RTP header; -ENOSPC: `out` is too small, or there are too many SSRCs;
 *  -EALREADY: the number was sent before, or is 64 packets or more behind the newest (a packet is never sent twice
 *  under one number, since that would give AES-GCM's key away: use RTX); -EKEYEXPIRED: 2^48 packets; -EIO. */
int oriel_srtp_protect(struct oriel_srtp *srtp, const uint8_t *header, size_t header_size, const uint8_t *payload,
                       size_t payload_size, uint8_t *out, size_t capacity);
/** Encrypts a compound RTCP packet in place. Bytes; -EINVAL: less than a header, or not RTCP; -ENOSPC; -EKEYEXPIRED
 *  after 2^31 packets; -EIO. */
int oriel_srtp_protect_rtcp(struct oriel_srtp *srtp, uint8_t *packet, size_t size, size_t capacity);

/** Checks and decrypts an RTP packet in place. Bytes of the plain packet; -EBADMSG: not SRTP; -EACCES: not authentic;
 *  -EALREADY: seen before, or older than the last 64; -ENOSPC: authentic, but of one SSRC too many. After an error the
 *  bytes are garbage, and nothing else has changed. */
int oriel_srtp_unprotect(struct oriel_srtp *srtp, uint8_t *packet, size_t size);
/** Checks and decrypts a compound RTCP packet in place. Errors as above; what is authentic but not encrypted is
 *  -EBADMSG, since the profiles demand encryption. */
int oriel_srtp_unprotect_rtcp(struct oriel_srtp *srtp, uint8_t *packet, size_t size);

#endif
