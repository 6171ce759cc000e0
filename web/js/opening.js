// SPDX-License-Identifier: MIT
// Opens WebSockets; the page's first one, which session.js may have opened, says hello at once and keeps what comes until
// link.js takes it.
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
 * @property {CloseEvent | null} closed
 */

/** @returns {Opening} */
export function openSocket() {
  const url = new URL('ws', document.baseURI);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url, SUBPROTOCOL);
  socket.binaryType = 'arraybuffer';
  return { socket, messages: [], greeted: undefined, closed: null };
}

/** The window in device pixels; the stage fills it. */
export function windowSize() {
  const ratio = devicePixelRatio || 1;
  return { width: Math.round(innerWidth * ratio), height: Math.round(innerHeight * ratio) };
}

/**
 * Says hello, behind what already waits to be said, and keeps what comes.
 * @param {Opening} opening @param {boolean} view the page only watches
 * @returns {Promise<void>} once it is known what the hello says
 */
export async function greet(opening, view) {
  const { socket, messages } = opening;
  socket.onmessage = ({ data }) => messages.push({ data, receivedUs: nowUs() });
  await codecs.asked;
  opening.greeted = view ? null : chosenSize(settings.get('size'), settings.get('scale'), windowSize());
  const hello = () => socket.send(helloMessage(!view, opening.greeted ?? null));
  if (socket.readyState === WebSocket.OPEN) hello();
  else socket.addEventListener('open', hello);
}

/** @param {boolean} view the page only watches @param {string} secret the session's @returns {Promise<Opening>} */
export async function openAhead(view, secret) {
  await codecs.asked;
  const opening = openSocket();
  const { socket } = opening;
  socket.addEventListener('open', () => socket.send(writeAuthenticate(secret)));
  socket.addEventListener('close', (event) => { opening.closed = event; });
  await greet(opening, view);
  return opening;
}
