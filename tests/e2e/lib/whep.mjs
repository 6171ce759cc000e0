// SPDX-License-Identifier: MIT
//
// A WHEP client in a page of Chromium that is nobody's: its offer goes out by HTTP from here, and so the answer comes.
import { openPage } from './browser.mjs';
import { until } from './runner.mjs';

/** POSTs an offer. `token` = the full one unless given. */
export function post(server, sdp, options = {}) {
  const { path = '/whep/view', token = server.token, type = 'application/sdp', headers = {} } = options;
  return fetch(server.origin + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': type, ...headers },
    body: sdp,
  });
}

/**
 * A page with a connection and an offer that it made, for which it opened data channels; nothing is sent yet. `codecs`: a
 * pattern of the only ones that it offers for video, beside RTX.
 */
export async function offerFrom(t, { sound = false, channels = [], codecs = '' } = {}) {
  const page = await openPage(t);
  await page.setContent('<!doctype html><video muted playsinline autoplay></video>');
  const offer = await page.evaluate(async ([withSound, labels, pattern]) => {
    const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    const stream = new MediaStream();
    document.querySelector('video').srcObject = stream;
    const open = Object.fromEntries(labels.map((label) => [label, peer.createDataChannel(label)]));
    Object.assign(window, { peer, stream, channels: open });
    peer.ontrack = ({ track }) => stream.addTrack(track);
    const video = peer.addTransceiver('video', { direction: 'recvonly' });
    const known = RTCRtpReceiver.getCapabilities('video').codecs;
    const wanted = known.filter(({ mimeType }) => new RegExp(`rtx|${pattern}`, 'i').test(mimeType));
    if (pattern) video.setCodecPreferences(wanted);
    if (withSound) peer.addTransceiver('audio', { direction: 'recvonly' });
    await peer.setLocalDescription();
    return peer.localDescription.sdp;
  }, [sound, channels, codecs]);
  return { page, offer };
}

/** Has the page take an answer. */
export function take(page, sdp) {
  return page.evaluate((answer) => window.peer.setRemoteDescription({ type: 'answer', sdp: answer }), sdp);
}

/** Plays a desktop: {page, response, location}. `change(sdp)` rewrites the answer on its way. */
export async function play(t, server, { sound, channels, codecs, change = (sdp) => sdp, path, token } = {}) {
  const { page, offer } = await offerFrom(t, { sound, channels, codecs });
  const response = await post(server, offer, { path, token });
  const answer = await response.text();
  if (response.status !== 201) throw new Error(`WHEP: ${response.status} ${answer}`);
  await take(page, change(answer));
  return { page, response, location: response.headers.get('location') };
}

/** Waits until a data channel is in a state: 'open', 'closed'. */
export function channelIs(page, label, state) {
  return until(() => page.evaluate(([name, wanted]) => window.channels[name].readyState === wanted, [label, state]),
    10_000, `channel ${label} to be ${state}`);
}

/** Says things in a channel, in order; what is no text as JSON. */
export function say(page, label, ...things) {
  const texts = things.map((thing) => (typeof thing === 'string' ? thing : JSON.stringify(thing)));
  return page.evaluate(([name, all]) => all.forEach((text) => window.channels[name].send(text)), [label, texts]);
}

/** The inbound streams' statistics: {video, audio, pair}. */
export function received(page) {
  return page.evaluate(async () => {
    const all = [...(await window.peer.getStats()).values()];
    const of = (kind) => all.find((entry) => entry.type === 'inbound-rtp' && entry.kind === kind);
    return { video: of('video') ?? {}, audio: of('audio') ?? {}, state: window.peer.connectionState };
  });
}

/** Waits until `count` pictures were decoded. */
export function decoded(page, count = 1, ms = 15_000) {
  return until(async () => {
    const { video } = await received(page);
    return video.framesDecoded >= count ? video : null;
  }, ms, `${count} decoded pictures`);
}

/** What the <video> shows: {width, height, data}. */
export async function videoPixels(page) {
  const result = await page.evaluate(() => {
    const video = document.querySelector('video');
    const canvas = document.createElement('canvas');
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    const context = canvas.getContext('2d', { willReadFrequently: true });
    context.drawImage(video, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width || 1, canvas.height || 1);
    let text = '';
    for (let i = 0; i < data.length; i += 0x8000) text += String.fromCharCode.apply(null, data.subarray(i, i + 0x8000));
    return { width: canvas.width, height: canvas.height, base64: btoa(text) };
  });
  return { width: result.width, height: result.height, data: new Uint8Array(Buffer.from(result.base64, 'base64')) };
}
