// SPDX-License-Identifier: MIT
// Fingers as a mouse: tap = click, drag = drag with the left button, long press = right click, two fingers = wheel.
// Pure: time comes with the events, the timer and the outputs are given.

const LONG_PRESS_MS = 500;
/** Fingers tremble: CSS pixels before a press becomes a drag. */
const SLOP = 10;
/** CSS pixels of two-finger movement to one wheel detent. */
const PIXELS_PER_DETENT = 40;

/**
 * @typedef {object} TouchOutput
 * @property {(x: number, y: number) => void} move to a point of the window, CSS pixels
 * @property {(button: number, pressed: boolean) => void} button 0 left, 2 right
 * @property {(dx: number, dy: number) => void} wheel 1/120 detent
 */

export class Touch {
  /**
   * @param {TouchOutput} output @param {(run: () => void, ms: number) => number} delay
   * @param {(id: number) => void} cancel
   */
  constructor(output, delay = (run, ms) => setTimeout(run, ms), cancel = (id) => clearTimeout(id)) {
    this.output = output;
    this.delay = delay;
    this.cancel = cancel;
    /** @type {Map<number, {x: number, y: number}>} */
    this.fingers = new Map();
    this.start = { x: 0, y: 0 };
    /** @type {'idle' | 'pressed' | 'dragging' | 'scrolling' | 'done'} */
    this.state = 'idle';
    this.timer = 0;
  }

  stopTimer() {
    if (this.timer) this.cancel(this.timer);
    this.timer = 0;
  }

  centre() {
    let x = 0;
    let y = 0;
    for (const finger of this.fingers.values()) {
      x += finger.x / this.fingers.size;
      y += finger.y / this.fingers.size;
    }
    return { x, y };
  }

  /** @param {number} id @param {number} x @param {number} y */
  down(id, x, y) {
    this.fingers.set(id, { x, y });
    this.stopTimer();
    if (this.fingers.size === 1) {
      this.state = 'pressed';
      this.start = { x, y };
      this.output.move(x, y);
      this.timer = this.delay(() => this.longPress(), LONG_PRESS_MS);
    } else if (this.fingers.size === 2 && this.state === 'pressed') {
      this.state = 'scrolling';
      this.start = this.centre();
      this.output.move(this.start.x, this.start.y);
    }
  }

  longPress() {
    this.timer = 0;
    if (this.state !== 'pressed') return;
    this.state = 'done';
    this.output.button(2, true);
    this.output.button(2, false);
  }

  /** @param {number} id @param {number} x @param {number} y */
  moved(id, x, y) {
    const finger = this.fingers.get(id);
    if (!finger) return;
    finger.x = x;
    finger.y = y;
    if (this.state === 'pressed' && Math.hypot(x - this.start.x, y - this.start.y) > SLOP) {
      this.stopTimer();
      this.state = 'dragging';
      this.output.button(0, true);
    }
    if (this.state === 'dragging') this.output.move(x, y);
    if (this.state === 'scrolling') {
      const now = this.centre();
      // The content follows the fingers, as on a touch screen: fingers up is the wheel down.
      const units = 120 / PIXELS_PER_DETENT;
      this.output.wheel((this.start.x - now.x) * units, (this.start.y - now.y) * units);
      this.start = now;
    }
  }

  /** @param {number} id */
  up(id) {
    if (!this.fingers.delete(id)) return;
    this.stopTimer();
    if (this.state === 'pressed') {
      this.output.button(0, true);
      this.output.button(0, false);
    } else if (this.state === 'dragging') {
      this.output.button(0, false);
    }
    this.state = this.fingers.size ? 'done' : 'idle';
  }

  /** The browser took the fingers away. @param {number} id */
  cancelled(id) {
    if (this.state === 'pressed') this.state = 'done';
    this.up(id);
  }
}
