/* SPDX-License-Identifier: MIT
 *
 * SCTP in records of DTLS. Network thread.
 */
#include "webrtc/session_channels.h"

#include "webrtc/channels.h"
#include "webrtc/sctp.h"
#include "webrtc/session_state.h"

_Static_assert((int)ORIEL_SCTP_PACKET_MAX <= (int)ORIEL_DTLS_MTU - 64, "a packet is a record");

void oriel_session_begin_channels(struct oriel_webrtc_session *session, uint64_t now_ns) {
  const struct oriel_sdp_offer *offer = &session->offer;
  if (offer->application < 0 || session->channels)
    return;
  (void)oriel_channels_create(offer->media[offer->application].sctp_port, session->labels, now_ns,
                              &session->channels);
}

/* A client may speak as soon as it has our last flight, of which this is the first that we hear. */
void oriel_session_take_record(void *user, const uint8_t *data, size_t size) {
  struct oriel_webrtc_session *session = user;
  oriel_session_begin_channels(session, session->received_ns);
  if (session->channels)
    oriel_channels_receive(session->channels, data, size, session->received_ns);
}

/* They are few and small, and somebody waits for them: pictures make room, sound needs not. */
size_t oriel_session_next_of_channels(struct oriel_webrtc_session *session, uint64_t now_ns, uint8_t *datagram) {
  uint8_t packet[ORIEL_SCTP_PACKET_MAX];
  const size_t size = session->channels ? oriel_channels_next(session->channels, packet) : 0;
  if (!size || oriel_dtls_write(session->dtls, packet, size) < 0)
    return 0; /* it is lost, as on the way */
  const size_t sent = oriel_dtls_send(session->dtls, datagram);
  oriel_pacer_sent(&session->pacer, sent, now_ns);
  return sent;
}
