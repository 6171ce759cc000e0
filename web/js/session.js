// SPDX-License-Identifier: MIT
// The way in: token in the fragment -> taken out of the address bar at once -> HttpOnly cookie and a second secret.
// Browsers send a cookie to every port of the host; the secret, kept in this origin's storage, is only ours, and without
// it the cookie opens nothing.
// This module imports nothing and is a file of its own, so it runs before all others: the log-in is on its way while they
// load, and the WebSocket follows as soon as opening.js is there.

/**
 * `notice`: the server's own words, of a refusal or of why the WebSocket alone fails.
 * @typedef {{status: 'ok' | 'unauthorised' | 'limited' | 'forbidden' | 'unreachable', retryAfterS: number, notice?: string}} Answer
 */

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

/** @param {Response} response @returns {Promise<Answer>} */
async function answerOf(response) {
  const retryAfterS = Number(response.headers.get('Retry-After')) || 0;
  if (response.ok) return { status: 'ok', retryAfterS };
  if (response.status === 401) return { status: 'unauthorised', retryAfterS };
  if (response.status === 429) return { status: 'limited', retryAfterS: retryAfterS || 60 };
  if (response.status === 403) {
    const { error } = await response.json().catch(() => ({}));
    return { status: 'forbidden', retryAfterS, notice: error };
  }
  return { status: 'unreachable', retryAfterS };
}

/** Two servers below one origin keep their secrets apart. */
const storageKey = () => `oriel.secret:${new URL('.', location.href).pathname}`;

/** @type {Answer} */
const unreachable = { status: 'unreachable', retryAfterS: 0 };

export class Session {
  constructor() {
    /** Kept in memory only: a server that started again asks for it again. */
    this.token = '';
    this.view = false;
    /** Where the browser lets nothing be stored, this page alone knows it. */
    this.ownSecret = '';
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
    const loaded = import('./opening.js');
    this.opening = answered.then(async (answer) => {
      const { openAhead } = await loaded;
      if (answer.status === 'ok') this.early = await openAhead(this.view, this.secret);
      return answer;
    });
  }

  /** The session's second secret; another tab may have logged in since. Empty = none. */
  get secret() {
    try {
      return localStorage.getItem(storageKey()) ?? this.ownSecret;
    } catch {
      return this.ownSecret;
    }
  }

  /** @param {string} secret */
  set secret(secret) {
    this.ownSecret = secret;
    try {
      if (secret) localStorage.setItem(storageKey(), secret);
      else localStorage.removeItem(storageKey());
    } catch {
      /* storage is full or forbidden: a reload asks for the token again */
    }
  }

  /** fetch as this session. @param {string} path @param {RequestInit} [options] */
  request(path, options = {}) {
    const { secret } = this;
    return fetch(path, {
      credentials: 'same-origin',
      cache: 'no-store',
      ...options,
      headers: { ...options.headers, ...(secret ? { 'Oriel-Session-Secret': secret } : {}) },
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
      const response = await fetch('session', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        credentials: 'same-origin',
        cache: 'no-store',
        priority: 'high',
        body: JSON.stringify({ token }),
      });
      const answer = await answerOf(response);
      if (answer.status === 'ok') {
        this.token = token;
        const { secret, view } = await response.json();
        this.secret = secret;
        this.view ||= view;
      } else if (answer.status === 'unauthorised') this.token = '';
      return answer;
    } catch {
      return unreachable;
    }
  }

  /** Whether the cookie lets us in. @returns {Promise<Answer>} */
  async probe() {
    try {
      const response = await this.request('api/v1/desktop');
      const answer = await answerOf(response);
      return answer.status === 'ok' ? { ...answer, notice: (await response.json()).notice } : answer;
    } catch {
      return unreachable;
    }
  }

  /** A link for those who only watch; '' when there is none. */
  async shareLink() {
    try {
      const response = await this.request('api/v1/share');
      const { token } = response.ok ? await response.json() : { token: '' };
      return token ? `${new URL('.', location.href)}#token=${encodeURIComponent(token)}` : '';
    } catch {
      return '';
    }
  }

  /** Ends the session: the server forgets it, and this browser, too. */
  async logout() {
    this.token = '';
    try {
      return (await this.request('session', { method: 'DELETE' })).ok;
    } catch {
      return false;
    } finally {
      this.secret = '';
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
