/* SPDX-License-Identifier: MIT
 *
 * The RTCP packets that a sender of media writes: reports, its name, its end. Private to webrtc/.
 *
 * Each appends one packet to `writer`; what does not fit fails the writer, which oriel_writer_size tells. A compound
 * packet begins with a report (RFC 3550, section 6.1). Thread-safety: none; one owner per writer.
 */
#ifndef ORIEL_WEBRTC_RTCP_WRITE_H
#define ORIEL_WEBRTC_RTCP_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "core/bytes.h"
#include "webrtc/rtcp.h"

struct oriel_rtcp_sender_report {
  uint32_t ssrc;
  uint64_t ntp;       /* webrtc/rtp.h */
  uint32_t timestamp; /* the same time in the stream's clock */
  uint32_t packets, bytes; /* sent so far, of payload; wrap */
};

/** A sender report with `count` (0..31) blocks about streams that come in. */
void oriel_rtcp_write_sender_report(struct oriel_writer *writer, const struct oriel_rtcp_sender_report *report,
                                    const struct oriel_rtcp_block *blocks, size_t count);
/** A receiver report: who sends nothing yet, or has more than 31 blocks. */
void oriel_rtcp_write_receiver_report(struct oriel_writer *writer, uint32_t ssrc, const struct oriel_rtcp_block *blocks,
                                      size_t count);
/** The canonical name of `ssrc`: `name`, terminated, at most 255 bytes; the same for all streams to be played in time.
 *  */
void oriel_rtcp_write_name(struct oriel_writer *writer, uint32_t ssrc, const char *name);
/** `ssrc` ends. */
void oriel_rtcp_write_bye(struct oriel_writer *writer, uint32_t ssrc);

#endif
