// SPDX-License-Identifier: MIT
// Opens WebSockets; the page's first one says hello at once and keeps what comes until link.js takes it.
import { nowUs } from './clock.js';
import { codecs } from './codecs.js';
import { chosenSize, helloMessage } from './hello.js';
import { writeAuthenticate } from './protocol.js';
import { settings } from './settings.js';
import { SUBPROTOCOL } from './wire.js';

/**
 * A WebSocket; one that was opened ahead has said hello and keeps what came.
 * @typedef {object} Opening
 * @property {WebSocket} socket
 * @property {{data: unknown, receivedUs: number}[]} messages
 * @property {{width: number, height: number} | null | undefined} greeted size in the hello; undefined = none was sent
 */

/** @returns {Opening} */
export function openSocket() {
  const url = new URL('ws', document.baseURI);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url, SUBPROTOCOL);
  socket.binaryType = 'arraybuffer';
  return { socket, messages: [], greeted: undefined };
}

/** The window in device pixels; the stage fills it. */
export function windowSize() {
  const ratio = devicePixelRatio || 1;
  return { width: Math.round(innerWidth * ratio), height: Math.round(innerHeight * ratio) };
}

/** @param {boolean} view the page only watches @param {string} secret the session's @returns {Promise<Opening>} once it is
 *  known what the hello says */
export async function openAhead(view, secret) {
  await codecs.asked;
  const opening = openSocket();
  const { socket } = opening;
  socket.onopen = () => {
    opening.greeted = view ? null : chosenSize(settings.get('size'), settings.get('scale'), windowSize());
    socket.send(writeAuthenticate(secret));
    socket.send(helloMessage(!view, opening.greeted));
  };
  socket.onmessage = ({ data }) => opening.messages.push({ data, receivedUs: nowUs() });
  return opening;
}
