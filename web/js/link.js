// SPDX-License-Identifier: MIT
// The connection that comes back: log-in, WebSocket, heartbeat, and when to try again (backoff.js decides).
import { afterClose, Backoff, reasonOf, reasonText } from './backoff.js';
import { ClockOffset, nowUs } from './clock.js';
import { openSocket } from './opening.js';
import { messageValid, readBye, readPing, readPong, writeAuthenticate, writeBye, writePing, writePong } from './protocol.js';
import { MESSAGE, REASON } from './wire.js';

/** The server pings every second; this much silence means that the way to it is gone. */
const SILENCE_US = 8e6;
const LOOK_MS = 5000; // whether a desktop is served again

/**
 * @typedef {object} LinkHandlers
 * @property {() => void} connecting
 * @property {(greeted: import('./opening.js').Opening['greeted']) => void} open undefined: the hello must be sent now
 * @property {(view: DataView<ArrayBuffer>, receivedUs: number) => void} message all but PING, PONG and BYE
 * @property {(text: string, delayMs: number) => void} lost delayMs: until the next try, -1 = only when asked
 * @property {(text: string, retryAfterS: number) => void} login a token is needed; the text says why, may be empty
 * @property {(text: string) => void} refused
 */

export class Link {
  /** @param {import('./session.js').Session} session @param {LinkHandlers} handlers */
  constructor(session, handlers) {
    this.session = session;
    this.handlers = handlers;
    this.backoff = new Backoff();
    this.clock = new ClockOffset();
    /** @type {WebSocket | null} */
    this.socket = null;
    this.painted = false;
    this.reconnects = 0;
    this.bytes = 0;
    this.lastHeardUs = 0;
    this.timer = 0;
    this.attempt = 0;
    this.bye = '';
    setInterval(() => this.beat(), 1000);
    addEventListener('online', () => this.retryNow());
    addEventListener('pagehide', () => this.leave());
    addEventListener('pageshow', (event) => event.persisted && this.retryNow());
    document.addEventListener('visibilitychange', () => !document.hidden && this.retryNow());
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** @param {DataView<ArrayBuffer>} view dropped when not connected */
  send(view) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(view);
  }

  /** Logs in if that is needed and connects. */
  async connect() {
    const attempt = ++this.attempt;
    clearTimeout(this.timer);
    this.timer = 0;
    this.handlers.connecting();
    const answer = await this.session.ensure();
    if (attempt !== this.attempt) return;
    if (answer.status === 'ok') this.openSocket(attempt);
    else this.denied(answer);
  }

  /** @param {import('./session.js').Answer} answer */
  denied({ status, retryAfterS, notice, absent }) {
    if (status === 'unauthorised') this.handlers.login('', 0);
    else if (status === 'limited') this.handlers.login('Too many failed attempts came from this address.', retryAfterS);
    else if (status === 'forbidden') this.handlers.refused(notice ?? 'The server does not accept this page under this address.');
    else this.retryLater('The server cannot be reached.');
    if (absent) this.lookAgain();
  }

  /** A desktop that is not served may be again, as a screen that its guest switches on; what the page says stays until
   *  then. */
  lookAgain() {
    const { attempt } = this;
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const { absent } = await this.session.probe();
      if (attempt !== this.attempt) return;
      if (absent) this.lookAgain();
      else this.connect();
    }, LOOK_MS);
  }

  /** @param {number} attempt */
  openSocket(attempt) {
    const { socket, messages, greeted, closed } = this.session.takeEarly() ?? openSocket();
    let opened = messages.length > 0;
    this.socket = socket;
    this.painted = false;
    this.bye = '';
    const open = () => {
      opened = true;
      this.lastHeardUs = nowUs();
      this.clock = new ClockOffset();
      if (greeted === undefined) this.send(writeAuthenticate(this.session.secret));
      this.handlers.open(greeted);
      for (const { data, receivedUs } of messages) this.receive(data, receivedUs);
    };
    socket.onopen = open;
    socket.onmessage = (event) => attempt === this.attempt && this.receive(event.data, nowUs());
    socket.onclose = (event) => {
      if (attempt !== this.attempt) return;
      this.socket = null;
      this.closed(event.code, opened);
    };
    if (socket.readyState === WebSocket.OPEN) open();
    if (socket.readyState >= WebSocket.CLOSING) { // the last of them may say why
      for (const { data, receivedUs } of messages) this.receive(data, receivedUs);
    }
    if (socket.readyState === WebSocket.CLOSED) socket.onclose(closed ?? new CloseEvent('close', { code: 1006 }));
  }

  /** @param {unknown} data @param {number} receivedUs */
  receive(data, receivedUs) {
    if (!(data instanceof ArrayBuffer)) return;
    this.lastHeardUs = receivedUs;
    this.bytes += data.byteLength;
    const view = new DataView(data);
    if (!messageValid(view)) return;
    switch (view.getUint8(0)) {
      case MESSAGE.PING:
        this.send(writePong(readPing(view), nowUs()));
        break;
      case MESSAGE.PONG: {
        const { pingUs, serverUs } = readPong(view);
        this.clock.add(pingUs, serverUs, receivedUs);
        break;
      }
      case MESSAGE.BYE:
        this.bye = readBye(view).text;
        break;
      default:
        this.handlers.message(view, receivedUs);
    }
  }

  beat() {
    if (!this.isOpen) return;
    if (nowUs() - this.lastHeardUs > SILENCE_US) this.restart(REASON.TIMEOUT, 'The connection fell silent.');
    else this.send(writePing(nowUs()));
  }

  /** @param {number} code @param {boolean} opened */
  closed(code, opened) {
    const text = this.bye || reasonText(reasonOf(code));
    switch (afterClose(code, opened)) {
      case 'refused':
        this.handlers.refused(text);
        break;
      case 'login':
        this.connect();
        break;
      case 'probe':
        this.probe();
        break;
      default:
        if (!this.painted && !this.backoff.spend()) this.stop(text);
        else this.retryLater(text);
    }
  }

  /** A WebSocket does not say why it did not open; HTTP does. */
  async probe() {
    const attempt = this.attempt;
    const answer = await this.session.probe();
    if (attempt !== this.attempt) return;
    if (answer.status === 'ok') this.retryLater(answer.notice ?? 'The server answers, but no WebSocket to it opens.');
    else if (answer.status === 'unreachable') this.retryLater('The server cannot be reached.');
    else if (answer.status === 'unauthorised' && this.session.token) this.retryLater('The session has ended.');
    else this.denied(answer);
  }

  /** @param {string} text */
  retryLater(text) {
    const delayMs = this.backoff.next();
    this.handlers.lost(text, delayMs);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.reconnects++;
      this.connect();
    }, delayMs);
  }

  /** @param {string} text */
  stop(text) {
    this.timer = -1;
    this.handlers.lost(`${text} It kept failing before the first picture, so this page stopped trying.`, -1);
  }

  /** The user, the network or the tab came back: try at once, if we wait for a try. */
  retryNow() {
    if (!this.timer) return;
    clearTimeout(this.timer);
    this.backoff.refill();
    this.reconnects++;
    this.connect();
  }

  /** The first picture of this connection is on the screen. */
  notePainted() {
    if (this.painted) return;
    this.painted = true;
    this.backoff.refill();
  }

  /**
   * Ends this connection and tries again: silence, or the watchdog's last step.
   * @param {number} reason @param {string} text
   */
  restart(reason, text) {
    const fruitful = this.painted;
    this.close(reason);
    if (!fruitful && !this.backoff.spend()) this.stop(text);
    else this.retryLater(text);
  }

  /** The page is left; whoever comes back to it finds it connected if it was, or tried to be. */
  leave() {
    const again = this.socket !== null || this.timer !== 0;
    this.close();
    this.timer = again ? -1 : 0;
  }

  /** Ends it for good, until connect. */
  close(reason = /** @type {number} */ (REASON.CLOSED_BY_USER)) {
    this.attempt++;
    clearTimeout(this.timer);
    this.timer = 0;
    this.send(writeBye(reason, ''));
    this.socket?.close(4000 + reason);
    this.socket = null;
  }
}
