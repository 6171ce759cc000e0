/* SPDX-License-Identifier: MIT
 *
 * An offer as a browser makes it, cut to what differs in kind.
 */
#ifndef ORIEL_TESTS_WEBRTC_OFFERS_H
#define ORIEL_TESTS_WEBRTC_OFFERS_H

#define OFFER_TOP_OF(mids) \
  "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE " mids "\r\n" \
  "a=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n"

#define OFFER_TOP OFFER_TOP_OF("0 1")

#define OFFER_TRANSPORT \
  "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\na=ice-options:trickle\r\n" \
  "a=fingerprint:sha-256 D2:FA:0E:C3:22:59:5E:14:95:69:92:3D:13:B4:84:24:2C:C2:A2:C0:3E:FD:34:8E:5E:EA:6F:AF:52:" \
  "CE:E6:0F\r\na=setup:actpass\r\n"

#define OFFER_VIDEO \
  "m=video 9 UDP/TLS/RTP/SAVPF 96 97 103 104 107 108 109 114 39 40 45 46 98 99 125 122 124 123 35\r\n" \
  "c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n" OFFER_TRANSPORT "a=mid:0\r\n" \
  "a=extmap:1 urn:ietf:params:rtp-hdrext:toffset\r\n" \
  "a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time\r\n" \
  "a=extmap:3 urn:3gpp:video-orientation\r\n" \
  "a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n" \
  "a=extmap:5 http://www.webrtc.org/experiments/rtp-hdrext/playout-delay\r\n" \
  "a=extmap:9/recvonly urn:ietf:params:rtp-hdrext:sdes:mid\r\n" \
  "a=recvonly\r\na=rtcp-mux\r\na=rtcp-rsize\r\n" \
  "a=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 nack\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n" \
  "a=rtpmap:103 H264/90000\r\na=rtcp-fb:103 goog-remb\r\na=rtcp-fb:103 transport-cc\r\na=rtcp-fb:103 ccm fir\r\n" \
  "a=rtcp-fb:103 nack\r\na=rtcp-fb:103 nack pli\r\n" \
  "a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f\r\n" \
  "a=rtpmap:104 rtx/90000\r\na=fmtp:104 apt=103\r\n" \
  "a=rtpmap:107 H264/90000\r\na=rtcp-fb:107 transport-cc\r\n" \
  "a=fmtp:107 level-asymmetry-allowed=1;packetization-mode=0;profile-level-id=64001f\r\n" \
  "a=rtpmap:108 rtx/90000\r\na=fmtp:108 apt=107\r\n" \
  "a=rtpmap:39 H264/90000\r\na=rtcp-fb:39 transport-cc\r\na=rtcp-fb:39 nack\r\na=rtcp-fb:39 nack pli\r\n" \
  "a=fmtp:39 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=64001f\r\n" \
  "a=rtpmap:40 rtx/90000\r\na=fmtp:40 apt=39\r\n"

#define OFFER_AUDIO \
  "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8\r\nc=IN IP4 0.0.0.0\r\n" OFFER_TRANSPORT "a=mid:1\r\n" \
  "a=extmap:4 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n" \
  "a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid\r\na=recvonly\r\na=rtcp-mux\r\n" \
  "a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n" \
  "a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"

#define OFFER OFFER_TOP OFFER_VIDEO OFFER_AUDIO

#define OFFER_APPLICATION \
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n" OFFER_TRANSPORT "a=mid:2\r\n" \
  "a=sctp-port:5000\r\na=max-message-size:262144\r\n"

/* As drafts of RFC 8841 had it. */
#define OFFER_APPLICATION_OLD \
  "m=application 9 DTLS/SCTP 5001\r\nc=IN IP4 0.0.0.0\r\n" OFFER_TRANSPORT "a=mid:2\r\n" \
  "a=sctpmap:5001 webrtc-datachannel 1024\r\n"

#define OFFER_CHANNELS OFFER_TOP_OF("0 1 2") OFFER_VIDEO OFFER_AUDIO OFFER_APPLICATION

#endif
