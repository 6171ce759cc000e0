// SPDX-License-Identifier: MIT
// The WebRTC session of a page: an offer of one H.264 stream, which the server takes for the viewer of the ticket.

const TYPE = 'application/sdp';

/** H.264 and what repeats its packets: the server sends this page no other. @returns {RTCRtpCodec[]} */
function codecs() {
  const all = RTCRtpReceiver.getCapabilities?.('video')?.codecs ?? [];
  return all.filter(({ mimeType }) => /^video\/(h264|rtx)$/i.test(mimeType));
}

export class Rtc {
  /**
   * @param {(path: string, options: RequestInit) => Promise<Response>} request as the page's session
   * @param {{connected: (media: MediaStream) => void, ended: (text: string) => void}} told `ended` comes once
   */
  constructor(request, told) {
    this.request = request;
    this.told = told;
    /** @type {RTCPeerConnection | null} */
    this.peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    /** @type {MediaStream | null} */
    this.media = null;
    this.peer.ontrack = ({ track }) => (this.media = new MediaStream([track]));
    this.peer.onconnectionstatechange = () => this.stateChanged();
  }

  stateChanged() {
    const state = this.peer?.connectionState;
    if (state === 'connected' && this.media) this.told.connected(this.media);
    else if (state === 'failed' || state === 'disconnected' || state === 'closed') this.end('The way by UDP was lost.');
  }

  /** @param {string} ticket what this viewer was told */
  async open(ticket) {
    try {
      await this.negotiate(ticket);
    } catch (error) {
      this.end(error instanceof Error ? error.message : String(error));
    }
  }

  /** @param {string} ticket */
  async negotiate(ticket) {
    const { peer } = this;
    if (!peer) return;
    const taken = codecs();
    if (!taken.some(({ mimeType }) => /h264/i.test(mimeType))) throw new Error('This browser takes no H.264 by WebRTC.');
    peer.addTransceiver('video', { direction: 'recvonly' }).setCodecPreferences(taken);
    await peer.setLocalDescription();
    const headers = { 'Content-Type': TYPE, 'Oriel-Media-Ticket': ticket };
    const response = await this.request('whep/view', { method: 'POST', headers, body: peer.localDescription?.sdp });
    const text = await response.text();
    if (response.status !== 201) throw new Error(JSON.parse(text).detail ?? `The server answered ${response.status}.`);
    // It is ready for checks from wherever they come: no candidate of ours need be told.
    if (this.peer) await peer.setRemoteDescription({ type: 'answer', sdp: text });
  }

  /** @param {string} text */
  end(text) {
    if (!this.peer) return;
    this.close();
    this.told.ended(text);
  }

  /** Says nothing. */
  close() {
    const { peer } = this;
    this.peer = null;
    if (!peer) return;
    peer.ontrack = peer.onconnectionstatechange = null;
    peer.close();
  }
}
