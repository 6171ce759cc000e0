// SPDX-License-Identifier: MIT
// The way in: token in the fragment -> taken out of the address bar at once -> first message of a WebSocket -> HttpOnly
// cookie and a second secret. Browsers send a cookie to every port of the host; the secret, kept in this origin's storage,
// is only ours, and without it the cookie opens nothing.
// This module imports nothing and is a script in the page itself, so it runs before all others: the log-in is on its way
// while they load. Where the WebSocket does not come through, POST /session says why, or lets in.

/**
 * `notice`: the server's own words, of a refusal or of why the WebSocket alone fails. `absent`: the desktop is not served.
 * @typedef {'ok' | 'unauthorised' | 'limited' | 'forbidden' | 'unreachable'} Status
 * @typedef {{status: Status, retryAfterS: number, notice?: string, absent?: boolean}} Answer
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
  const [code, retryAfterS] = [response.status, Number(response.headers.get('Retry-After')) || 0];
  if (response.ok) return { status: 'ok', retryAfterS };
  if (code === 401) return { status: 'unauthorised', retryAfterS };
  if (code === 429) return { status: 'limited', retryAfterS: retryAfterS || 60 };
  if (code === 403 || code === 404) {
    const { error } = await response.json().catch(() => ({}));
    if (error || code === 403) return { status: 'forbidden', retryAfterS, notice: error, absent: code === 404 };
  }
  return { status: 'unreachable', retryAfterS };
}

/**
 * Where this page is: the folder of one desktop, or of the server, whose own is the first; name: the desktop's, or ''.
 * @param {string} [address]
 */
export function places(address = location.href) {
  const own = new URL('.', address).pathname;
  const [, root, name] = /^(.*\/)d\/([^/]+)\/$/.exec(own) ?? [own, own, ''];
  return { root, own, name };
}

/**
 * Two servers below one origin keep their secrets apart, and so do sessions for all desktops of a server and for one.
 * @param {string} place
 */
export const storageKey = (place) => `oriel.secret:${place}`;

/** @type {Answer} */
const unreachable = { status: 'unreachable', retryAfterS: 0 };

/** As in wire.js (tests/web/connection.test.mjs compares them): this module is loaded by itself. */
export const wire = { subprotocols: ['oriel.v1', 'oriel.login'], LOGIN: 0x53, SESSION: 0x0f, UNAUTHORISED: 20 };

/** A WebSocket that says nothing for so long is given up for POST /session. */
const PATIENCE_MS = 3000;

/** @param {string} token */
export function loginMessage(token) {
  const bytes = new TextEncoder().encode(token);
  return new Uint8Array([wire.LOGIN, 0, 0, 0, bytes.length & 255, bytes.length >> 8, ...bytes]);
}

/** The session that a SESSION message tells of; null for another message. @param {ArrayBuffer} data */
export function readSession(data) {
  const bytes = new Uint8Array(data);
  if (bytes[0] !== wire.SESSION || bytes.length < 69) return null;
  return { secret: new TextDecoder().decode(bytes.subarray(4, 68)), view: bytes[68] === 1 };
}

/**
 * Opens a WebSocket that logs in by itself. `entered` settles with the session, or with the code it was closed with.
 * @param {string} token
 */
function openWithToken(token) {
  const url = new URL('ws', document.baseURI);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url, wire.subprotocols);
  socket.binaryType = 'arraybuffer';
  /** @type {import('./opening.js').Opening} */
  const opening = { socket, messages: [], greeted: undefined, closed: null };
  /** @type {Promise<{secret: string, view: boolean} | number>} */
  const entered = new Promise((resolve) => {
    socket.addEventListener('open', () => socket.send(loginMessage(token)));
    socket.addEventListener('message', (event) => { // nothing comes before it
      const session = readSession(event.data);
      if (!session) return;
      event.stopImmediatePropagation();
      resolve(session);
    }, { once: true });
    socket.addEventListener('close', (event) => {
      opening.closed = event;
      resolve(event.code);
    });
    setTimeout(() => resolve(0), PATIENCE_MS);
  });
  return { opening, entered };
}

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
    /** The way to the cookie of a session that began at the WebSocket. @type {Promise<Answer> | null} */
    this.claiming = null;
  }

  /** Takes the token from the address, logs in, or finds out whether the cookie is enough, and connects. */
  start() {
    const { token, view, rest } = parseFragment(location.hash);
    this.view = view;
    if (token) history.replaceState(null, '', location.pathname + location.search + rest);
    this.opening = token ? this.enter(token) : this.resume();
  }

  /** By the token, at the WebSocket. @param {string} token @returns {Promise<Answer>} */
  async enter(token) {
    const { opening, entered } = openWithToken(token);
    const greeted = import('./opening.js').then(({ greet }) => greet(opening, this.view));
    const session = await entered;
    if (typeof session === 'object') {
      this.token = token;
      this.view ||= session.view;
      // The storage gets the secret together with the cookie: until then other tabs go by those that they have. At once,
      // since a reload needs both.
      this.claiming = this.login(token, session.secret);
      await greeted;
      if (this.view) opening.greeted = null; // what a watcher's hello says of a size is nothing
      this.early = opening;
      return { status: 'ok', retryAfterS: 0 };
    }
    opening.socket.close();
    if (session === 4000 + wire.UNAUTHORISED) return { status: 'unauthorised', retryAfterS: 0 };
    return this.login(token);
  }

  /** By the cookie. @returns {Promise<Answer>} */
  async resume() {
    const loaded = import('./opening.js');
    const answer = await this.probe();
    if (answer.status === 'ok') this.early = await (await loaded).openAhead(this.view, this.secret);
    return answer;
  }

  /** The second secrets that pages of this origin keep: of a session for this desktop, and of one for all. */
  stored() {
    try {
      const { own, root } = places();
      return [own, root].map((place) => localStorage.getItem(storageKey(place)));
    } catch {
      return [null, null];
    }
  }

  /** The session's second secret; another tab may have logged in since. Empty = none. */
  get secret() {
    const [own, root] = this.stored();
    return own ?? root ?? this.ownSecret;
  }

  /** It opens other desktops' pages, too, as far as this one of a desktop knows. */
  get wide() {
    const [own, root] = this.stored();
    return own === null && root !== null;
  }

  /** @param {string} secret '' forgets all @param {boolean} wide for the pages of all desktops, not for this one's alone */
  keep(secret, wide) {
    this.ownSecret = secret;
    try {
      const { own, root } = places();
      localStorage.removeItem(storageKey(own)); // what stood there would go before that for all
      if (secret) localStorage.setItem(storageKey(wide ? root : own), secret);
      else localStorage.removeItem(storageKey(root));
    } catch {
      /* storage is full or forbidden: a reload asks for the token again */
    }
  }

  /** A session for this desktop that has ended may hide one for all. True when there is another to try. */
  fallBack() {
    const [own, root] = this.stored();
    if (own === null || root === null || own === root) return false;
    localStorage.removeItem(storageKey(places().own));
    return true;
  }

  /** fetch as this session. @param {string} path @param {RequestInit} [options] */
  async request(path, options = {}) {
    await this.claiming;
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

  /** @param {string} token @param {string} [secret] of a session that has no cookie yet @returns {Promise<Answer>} */
  async login(token, secret) {
    try {
      const response = await fetch('session', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        credentials: 'same-origin',
        cache: 'no-store',
        priority: 'high',
        body: JSON.stringify({ token, secret }),
      });
      const answer = await answerOf(response);
      if (answer.status === 'ok') {
        this.token = token;
        const { secret, view, all, named } = await response.json();
        this.keep(secret, all && named);
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
      if (answer.status === 'unauthorised' && this.fallBack()) return await this.probe();
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
      let ended = (await this.request('session', { method: 'DELETE' })).ok;
      while (this.fallBack()) ended = (await this.request('session', { method: 'DELETE' })).ok && ended;
      return ended;
    } catch {
      return false;
    } finally {
      this.token = ''; // also when the way to the cookie brought it meanwhile
      this.keep('', true);
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
// The list of desktops (list.html) has no screen to connect.
if (typeof document !== 'undefined' && document.documentElement.dataset.state) session.start();
