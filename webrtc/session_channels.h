/* SPDX-License-Identifier: MIT
 *
 * A session's data channels: what its client says in them, beside media, and the packets that they make. They begin
 * when DTLS is up, where the offer has a section for them and the owner takes some.
 *
 * Thread-safety: none; the network thread.
 */
#ifndef ORIEL_WEBRTC_SESSION_CHANNELS_H
#define ORIEL_WEBRTC_SESSION_CHANNELS_H

#include <stddef.h>
#include <stdint.h>

struct oriel_webrtc_session;

/** A record of DTLS for the user, the session; as oriel_dtls_received. */
void oriel_session_take_record(void *user, const uint8_t *data, size_t size);
/** DTLS is up: the client is spoken to. Without memory there are no channels. */
void oriel_session_begin_channels(struct oriel_webrtc_session *session, uint64_t now_ns);
/** Their next packet as a datagram; its size, 0 = none. */
size_t oriel_session_next_of_channels(struct oriel_webrtc_session *session, uint64_t now_ns, uint8_t *datagram);

#endif
