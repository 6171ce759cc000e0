// SPDX-License-Identifier: MIT
// When to try again. The delay and the budget are refilled by the first painted picture and by the user, never by an
// open connection: one that opens and dies before it shows anything must not be retried for ever at full speed. Pure.
import { REASON } from './wire.js';

const FIRST_MS = 250;
const LAST_MS = 5000;
/** Connections that opened and ended without a picture before we stop and ask the user. */
export const BUDGET = 12;
const CLOSE_CODE_BASE = 4000;

export class Backoff {
  /** @param {() => number} random 0..1 */
  constructor(random = Math.random) {
    this.random = random;
    this.attempts = 0;
    this.fruitless = 0;
  }

  /** Milliseconds to wait before the next attempt: 0.25 s doubling to 5 s, each less up to a fifth. */
  next() {
    const full = Math.min(LAST_MS, FIRST_MS * 2 ** Math.min(this.attempts++, 16));
    return Math.round(full * (1 - 0.2 * this.random()));
  }

  /** A connection that had opened ended before a picture was painted. False when the budget is used up. */
  spend() {
    return ++this.fruitless < BUDGET;
  }

  /** A picture was painted, or the user asked. */
  refill() {
    this.attempts = 0;
    this.fruitless = 0;
  }
}

/**
 * What to do after a WebSocket ended: 'retry' at once with back-off, 'probe' over HTTP why it never opened, 'login'
 * because the session ended, or 'refused': the server does not want us back.
 * @param {number} code WebSocket close code
 * @param {boolean} opened
 * @returns {'retry' | 'probe' | 'login' | 'refused'}
 */
export function afterClose(code, opened) {
  const reason = code - CLOSE_CODE_BASE;
  if (reason === REASON.UNAUTHORISED) return 'login';
  if (reason >= REASON.PROTOCOL && reason < 1000) return 'refused';
  return opened ? 'retry' : 'probe';
}

/** @param {number} code @returns {number} our reason, 0 for a code that is none of ours */
export const reasonOf = (code) =>
  code > CLOSE_CODE_BASE && code < CLOSE_CODE_BASE + 1000 ? code - CLOSE_CODE_BASE : 0;

/** One sentence for the user. @param {number} reason */
export function reasonText(reason) {
  switch (reason) {
    case REASON.GOING_AWAY:
      return 'The server is stopping or starting again.';
    case REASON.TIMEOUT:
      return 'Nothing was heard for a while.';
    case REASON.SLOW:
      return 'The connection was too slow.';
    case REASON.PROTOCOL:
      return 'The server did not understand this page. Reload it.';
    case REASON.VERSION:
      return 'The server speaks another version. Reload this page.';
    case REASON.RATE:
      return 'Too many input events came from this page.';
    case REASON.FULL:
      return 'The desktop has as many viewers as it can take.';
    case REASON.UNAUTHORISED:
      return 'The session has ended.';
    case REASON.CLOSED_BY_USER:
      return 'This viewer was closed.';
    case REASON.LIMITED:
      return 'Too many wrong tokens came from this address.';
    default:
      return 'The connection was lost.';
  }
}
