/* SPDX-License-Identifier: MIT
 *
 * What a client says of what it got, in RTCP.
 *
 * Thread-safety: none; the network thread.
 */
#ifndef ORIEL_WEBRTC_SESSION_CONTROL_H
#define ORIEL_WEBRTC_SESSION_CONTROL_H

#include <stddef.h>
#include <stdint.h>

struct oriel_webrtc_session;

/** Takes a compound packet that was authentic, in the clear; a malformed one changes nothing. */
void oriel_session_control(struct oriel_webrtc_session *session, const uint8_t *data, size_t size, uint64_t now_ns);

#endif
