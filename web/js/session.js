// SPDX-License-Identifier: MIT
// The way in: token in the fragment -> taken out of the address bar at once -> HttpOnly cookie.
// This module imports nothing and so runs before all others: the log-in is on its way while they load, and the
// WebSocket follows as soon as opening.js is there.

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
    /** @type {import('./opening.js').Opening | null} */
    this.early = null;
  }

  /** Takes the token from the address, logs in, or finds out whether the cookie is enough, and connects. */
  start() {
    const { token, view, rest } = parseFragment(location.hash);
    this.view = view;
    if (token) history.replaceState(null, '', location.pathname + location.search + rest);
    const answered = token ? this.login(token) : this.probe();
    const next = document.getElementById('next');
    if (next instanceof HTMLTemplateElement) document.head.append(next.content);
    const loaded = import('./opening.js');
    this.opening = answered.then(async (answer) => {
      const { openAhead } = await loaded;
      if (answer.status === 'ok') this.early = openAhead(this.view);
      return answer;
    });
  }

  /** The WebSocket that was opened ahead, once. */
  takeEarly() {
    const { early } = this;
    this.early = null;
    return early;
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
          priority: 'high',
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
