// SPDX-License-Identifier: MIT
// Which state the page is in. What the user sees of it is card.js.
import { DISPLAY, STATE } from './wire.js';

/** dark: the guest shows nothing, and input may wake it; unshown: what it shows cannot be shown here. */
/**
 * @typedef {'connecting' | 'waiting' | 'running' | 'dark' | 'unshown' | 'paused' | 'gone' | 'lost' | 'refused' |
 *   'login'} PageState
 */

/**
 * What an open connection shows. Pure.
 * @param {number} guest STATE.state @param {boolean} painted a picture of this connection is on the screen
 * @param {number} [display] ABILITIES.display
 * @returns {PageState}
 */
export function openState(guest, painted, display = DISPLAY.SHOWN) {
  if (guest === STATE.PAUSED) return 'paused';
  if (guest === STATE.GONE) return 'gone';
  if (guest !== STATE.RUNNING) return 'waiting';
  if (display === DISPLAY.REFUSED) return 'unshown';
  if (display === DISPLAY.OFF) return 'dark';
  return painted ? 'running' : 'waiting';
}

/**
 * Whether what the user does can mean something to the guest: nothing is sent to one that is not seen, but a display
 * that is off may be woken. Pure.
 * @param {number} guest STATE.state @param {boolean} painted @param {number} [display] ABILITIES.display
 */
export const takesInput = (guest, painted, display = DISPLAY.SHOWN) =>
  guest === STATE.PAUSED ? painted : guest === STATE.RUNNING && (painted || display === DISPLAY.OFF);

export class Status {
  constructor() {
    /** @type {PageState} */
    this.state = 'connecting';
    this.detail = '';
    /** When the next try comes, ms of performance.now; 0 = none, or so soon that counting down is not worth it. */
    this.retryAt = 0;
    this.changed = () => {};
  }

  /** @param {PageState} state @param {string} [detail] replaces the usual text @param {number} [retryAt] */
  set(state, detail = '', retryAt = 0) {
    if (state === this.state && detail === this.detail && retryAt === this.retryAt) return;
    this.state = state;
    this.detail = detail;
    this.retryAt = retryAt;
    document.documentElement.dataset.state = state;
    this.changed();
  }

  /** Connection lost. @param {string} text @param {number} delayMs until the next try; -1 = no further try */
  lost(text, delayMs) {
    this.set('lost', text, delayMs >= 1000 ? performance.now() + delayMs : 0);
  }
}
