// SPDX-License-Identifier: MIT
//
// A WHEP client on werift, WebRTC in TypeScript alone: `whep-werift.mjs URL TOKEN PICTURES` plays until so many
// pictures and packets of sound came, then ends the session. It decodes nothing: a picture is what a marker ends. Prints
// {"pictures", "sounds", "lost"}.
import { RTCPeerConnection, RTCRtpCodecParameters } from 'werift';
import { begin, end, patience } from './whep-offer.mjs';

const [url, token, wanted] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const peer = new RTCPeerConnection({
  bundlePolicy: 'max-bundle',
  codecs: {
    video: [new RTCRtpCodecParameters({
      mimeType: 'video/H264', clockRate: 90_000,
      rtcpFeedback: [{ type: 'nack' }, { type: 'nack', parameter: 'pli' }, { type: 'transport-cc' }],
      parameters: 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f',
    })],
    audio: [new RTCRtpCodecParameters({ mimeType: 'audio/opus', clockRate: 48_000, channels: 2 })],
  },
});
const seen = { pictures: 0, sounds: 0, lost: 0 };
let last = null;

function count(kind, header) {
  if (kind === 'audio') {
    seen.sounds++;
    return;
  }
  if (last !== null && header.sequenceNumber !== ((last + 1) & 0xffff)) seen.lost++;
  last = header.sequenceNumber;
  if (header.marker) seen.pictures++;
}

const enough = new Promise((resolve) => {
  peer.onTrack.subscribe((track) => track.onReceiveRtp.subscribe(({ header }) => {
    count(track.kind, header);
    if (seen.pictures >= wanted && seen.sounds >= wanted) resolve();
  }));
});
peer.addTransceiver('video', { direction: 'recvonly' });
peer.addTransceiver('audio', { direction: 'recvonly' });
await peer.setLocalDescription(await peer.createOffer());
const session = await begin(url, token, peer.localDescription.sdp);
await peer.setRemoteDescription({ type: 'answer', sdp: session.answer });
await patience(enough);
await end(session);
console.log(JSON.stringify(seen));
await peer.close();
process.exit(0);
