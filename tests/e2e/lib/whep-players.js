// SPDX-License-Identifier: MIT
//
// WHEP players that others wrote for pages, bundled into one, as window.players: each takes a <video>, the endpoint, a
// token and the configuration of its connection, and gives the connection that plays.
import { WebRTCPlayer } from '@eyevinn/webrtc-player';
import { WHEPClient } from 'whip-whep/whep.js';

/** The way its README shows. */
async function whipWhep(video, url, token, configuration = {}) {
  const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle', ...configuration });
  const stream = new MediaStream();
  video.srcObject = stream;
  peer.addTransceiver('audio', { direction: 'recvonly' });
  peer.addTransceiver('video', { direction: 'recvonly' });
  peer.ontrack = ({ track }) => stream.addTrack(track);
  const client = new WHEPClient();
  await client.view(peer, url, token);
  return { peer, restart: () => client.restart(), stop: () => client.stop() };
}

/** Its connection is its own: the page hears of it as it is made. */
async function eyevinn(video, url, token) {
  let peer = null;
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...rest) {
      super(...rest);
      peer = this;
    }
  };
  const player = new WebRTCPlayer({ video, type: 'whep' });
  await player.load(new URL(url), `Bearer ${token}`);
  return { peer, stop: () => player.unload() };
}

window.players = { whipWhep, eyevinn };
