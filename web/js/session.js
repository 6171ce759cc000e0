// SPDX-License-Identifier: MIT
// The way in: token in the fragment -> taken out of the address bar at once -> HttpOnly cookie -> WebSocket -> hello.
// This module runs before all others, so that the first picture is on its way while the rest loads.
import { nowUs } from './clock.js';
import { chosenSize, helloMessage } from './hello.js';
import { settings } from './settings.js';
import { SUBPROTOCOL } from './wire.js';

/**
 * A WebSocket; one that was opened ahead has said hello and keeps what came.
 * @typedef {object} Opening
 * @property {WebSocket} socket
 * @property {{data: unknown, receivedUs: number}[]} messages
 * @property {{width: number, height: number} | null | undefined} greeted size in the hello; undefined = none was sent
 */

/** @typedef {{status: 'ok' | 'unauthorised' | 'limited' | 'forbidden' | 'unreachable', retryAfterS: number}} Answer */

/**
 * Splits "#token=…&view=1" and says what may stay in the address bar.
 * @param {string} fragment with or without '#'
 */
export function parseFragment(fragment) {
  const fields = new URLSearchParams(fragment.replace(/^#/, ''));
  const token = fields.get('token') ?? '';
  fields.delete('token');
  const rest = fields.toString();
  return { token, view: fields.has('view'), rest: rest ? `#${rest.replace(/=(?=&|$)/g, '')}` : '' };
}

/** @param {Response} response @returns {Answer} */
function answerOf(response) {
  const retryAfterS = Number(response.headers.get('Retry-After')) || 0;
  if (response.ok) return { status: 'ok', retryAfterS };
  if (response.status === 401) return { status: 'unauthorised', retryAfterS };
  if (response.status === 429) return { status: 'limited', retryAfterS: retryAfterS || 60 };
  if (response.status === 403) return { status: 'forbidden', retryAfterS };
  return { status: 'unreachable', retryAfterS };
}

/** @type {Answer} */
const unreachable = { status: 'unreachable', retryAfterS: 0 };

export class Session {
  constructor() {
    /** Kept in memory only: a server that started again asks for it again. */
    this.token = '';
    this.view = false;
    /** The log-in that runs since the page opened. @type {Promise<Answer> | null} */
    this.opening = null;
    /** @type {Opening | null} */
    this.early = null;
  }

  /** Takes the token from the address, logs in, or finds out whether the cookie is enough, and connects. */
  start() {
    const { token, view, rest } = parseFragment(location.hash);
    this.view = view;
    if (token) history.replaceState(null, '', location.pathname + location.search + rest);
    this.opening = (token ? this.login(token) : this.probe()).then((answer) => {
      if (answer.status === 'ok') this.connectAhead();
      return answer;
    });
  }

  connectAhead() {
    const opening = this.socket();
    const { socket } = opening;
    socket.onopen = () => {
      const ratio = devicePixelRatio || 1;
      const stage = { width: Math.round(innerWidth * ratio), height: Math.round(innerHeight * ratio) };
      opening.greeted = this.view ? null : chosenSize(settings.get('size'), stage);
      socket.send(helloMessage(!this.view, opening.greeted));
    };
    socket.onmessage = ({ data }) => opening.messages.push({ data, receivedUs: nowUs() });
    this.early = opening;
  }

  /** A new WebSocket, or the one opened ahead. @returns {Opening} */
  socket() {
    const { early } = this;
    this.early = null;
    if (early) return early;
    const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`, SUBPROTOCOL);
    socket.binaryType = 'arraybuffer';
    return { socket, messages: [], greeted: undefined };
  }

  /** @param {string} token @returns {Promise<Answer>} */
  async login(token) {
    try {
      const answer = answerOf(
        await fetch('/session', {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          credentials: 'same-origin',
          cache: 'no-store',
          body: JSON.stringify({ token }),
        }),
      );
      if (answer.status === 'ok') this.token = token;
      else if (answer.status === 'unauthorised') this.token = '';
      return answer;
    } catch {
      return unreachable;
    }
  }

  /** Whether the cookie lets us in. @returns {Promise<Answer>} */
  async probe() {
    try {
      return answerOf(await fetch('/api/v1/desktop', { credentials: 'same-origin', cache: 'no-store' }));
    } catch {
      return unreachable;
    }
  }

  /**
   * Makes sure there is a valid cookie: waits for the first log-in, or asks, and logs in again with the token we hold.
   * @returns {Promise<Answer>}
   */
  async ensure() {
    if (this.opening) {
      const answer = await this.opening;
      this.opening = null;
      return answer;
    }
    const answer = await this.probe();
    return answer.status === 'unauthorised' && this.token ? this.login(this.token) : answer;
  }
}

export const session = new Session();
if (typeof document !== 'undefined') session.start();
