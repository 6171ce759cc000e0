// SPDX-License-Identifier: MIT
//
// A WHEP client on libdatachannel (libjuice and libsrtp2): `whep-datachannel.mjs URL TOKEN PICTURES`, as
// whep-werift.mjs.
import nodeDataChannel from 'node-datachannel';
import { begin, end, patience } from './whep-offer.mjs';

const [url, token, wanted] = [process.argv[2], process.argv[3], Number(process.argv[4])];
const peer = new nodeDataChannel.PeerConnection('viewer', { iceServers: [] });
const seen = { pictures: 0, sounds: 0 };
let done;
const enough = new Promise((resolve) => { done = resolve; });

/** Those of RTCP have a type from 64 to 95 in the marker's byte (RFC 5761). */
function count(kind, packet) {
  const type = packet[1] & 0x7f;
  if (type >= 64 && type <= 95) return;
  if (kind === 'audio') seen.sounds++;
  else if (packet[1] & 0x80) seen.pictures++;
  if (seen.pictures >= wanted && seen.sounds >= wanted) done();
}

const video = new nodeDataChannel.Video('video', 'RecvOnly');
video.addH264Codec(96);
const audio = new nodeDataChannel.Audio('audio', 'RecvOnly');
audio.addOpusCodec(111);
const tracks = [['video', peer.addTrack(video)], ['audio', peer.addTrack(audio)]];
for (const [kind, track] of tracks) {
  track.setMediaHandler(new nodeDataChannel.RtcpReceivingSession());
  track.onMessage((packet) => count(kind, packet));
}
const offered = new Promise((resolve) => {
  peer.onGatheringStateChange((state) => { if (state === 'complete') resolve(peer.localDescription().sdp); });
});
peer.setLocalDescription();
const session = await begin(url, token, await patience(offered));
peer.setRemoteDescription(session.answer, 'answer');
await patience(enough);
await end(session);
console.log(JSON.stringify(seen));
peer.close();
nodeDataChannel.cleanup();
process.exit(0);
