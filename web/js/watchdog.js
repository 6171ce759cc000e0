// SPDX-License-Identifier: MIT
// Counters of received and decoded pictures may climb while the user sees a frozen screen. This watches what was
// painted and repairs in steps: decoder and context, then the canvas, then the connection. Pure: time and actions are
// given.

export const PATIENCE_US = 2e6;
const STEPS = 3;

export class Watchdog {
  /** @param {(step: 1 | 2 | 3) => void} recover 1 decoder and context, 2 canvas element, 3 connection */
  constructor(recover) {
    this.recover = recover;
    this.recoveries = 0;
    /** The last step taken since a picture was painted; 0 = none. */
    this.step = 0;
    this.painted = 0;
    /** Since when the newest picture waits to be painted; 0 = it does not. */
    this.sinceUs = 0;
  }

  /**
   * Call a few times a second.
   * @param {number} nowUs
   * @param {number} received newest sequence that arrived, 0 = none
   * @param {number} painted newest sequence on the screen, 0 = none
   * @param {boolean} visible false while nothing can be painted, in a hidden tab
   */
  check(nowUs, received, painted, visible) {
    if (painted !== this.painted && painted !== 0) this.step = 0;
    if (!visible || painted !== this.painted || received === painted) {
      this.painted = painted;
      this.sinceUs = 0;
    } else if (this.sinceUs === 0) {
      this.sinceUs = nowUs;
    } else if (nowUs - this.sinceUs >= PATIENCE_US) {
      this.fire(nowUs);
    }
  }

  /** Takes the next step; also called when the context is known to be lost. @param {number} nowUs */
  fire(nowUs) {
    this.step = (this.step % STEPS) + 1;
    this.recoveries++;
    this.sinceUs = nowUs;
    this.recover(/** @type {1 | 2 | 3} */ (this.step));
  }
}
