// SPDX-License-Identifier: MIT
// Fingers as a mouse. Direct: tap = click there, drag = drag with the left button, long press = right click. Trackpad:
// the pointer moves as the finger does, tap = click where the pointer is, tap and drag = drag, long press = right
// click. Both: a tap of two fingers = right click; two that spread zoom and move the view; two that go together move
// the view where there is more of it, else they scroll; three scroll. Pure: the timer and the outputs are given.

const LONG_PRESS_MS = 500;
/** A finger that comes back this soon after a tap drags. */
const TAP_DRAG_MS = 200;
/** Fingers tremble: CSS pixels before a press becomes a drag. */
const SLOP = 10;
/** CSS pixels that two fingers part by before they zoom. */
const SPREAD = 16;
/** They part this much more than they move together. */
const SPREAD_SHARE = 1.5;
/** CSS pixels of movement to one wheel detent. */
const PIXELS_PER_DETENT = 40;

/** States in which a move says nothing yet, or no longer. */
const WAITING = new Set(['pressed', 'again', 'outside', 'several', 'done']);

/**
 * @typedef {object} TouchOutput
 * @property {(x: number, y: number) => void} move to a point of the window, CSS pixels
 * @property {(dx: number, dy: number) => void} shift from where the pointer is, CSS pixels
 * @property {(button: number, pressed: boolean) => void} button 0 left, 2 right
 * @property {(dx: number, dy: number) => void} wheel 1/120 detent
 * @property {(factor: number, x: number, y: number) => void} zoom the view around a point of the window
 * @property {(dx: number, dy: number) => void} pan the view, CSS pixels
 * @property {() => boolean} pans there is more of the view than is seen
 * @property {() => boolean} trackpad
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
    /** @type {Map<number, {x: number, y: number, moved: boolean}>} */
    this.fingers = new Map();
    this.start = { x: 0, y: 0, spread: 0 };
    /**
     * tapped: the button is down, and a finger that comes soon drags; several: fingers that did not move yet.
     * @type {'idle' | 'pressed' | 'outside' | 'tapped' | 'again' | 'moving' | 'dragging' | 'several' | 'scrolling' |
     *   'zooming' | 'panning' | 'done'}
     */
    this.state = 'idle';
    this.timer = 0;
  }

  stopTimer() {
    if (this.timer) this.cancel(this.timer);
    this.timer = 0;
  }

  /** The fingers' centre, and how far apart they are. */
  centre() {
    const all = [...this.fingers.values()];
    const x = all.reduce((sum, finger) => sum + finger.x, 0) / all.length;
    const y = all.reduce((sum, finger) => sum + finger.y, 0) / all.length;
    const spread = all.reduce((sum, finger) => sum + 2 * Math.hypot(finger.x - x, finger.y - y), 0) / all.length;
    return { x, y, spread };
  }

  /**
   * @param {number} id @param {number} x @param {number} y
   * @param {boolean} [outside] of the picture, where nothing is to be clicked
   */
  down(id, x, y, outside = false) {
    this.fingers.set(id, { x, y, moved: false });
    this.stopTimer();
    const { size } = this.fingers;
    if (size === 1 && outside && !this.output.trackpad()) this.state = 'outside';
    else if (size === 1) {
      this.state = this.state === 'tapped' ? 'again' : 'pressed';
      if (this.state === 'pressed') {
        if (!this.output.trackpad()) this.output.move(x, y);
        this.timer = this.delay(() => this.longPress(), LONG_PRESS_MS);
      }
    } else if (this.state === 'pressed' || this.state === 'again' || this.state === 'outside') {
      if (this.state === 'again') this.output.button(0, false);
      this.state = 'several';
    }
    this.start = this.centre();
  }

  longPress() {
    this.timer = 0;
    if (this.state !== 'pressed') return;
    this.state = 'done';
    this.rightClick();
  }

  rightClick() {
    this.output.button(2, true);
    this.output.button(2, false);
  }

  /** @param {number} id @param {number} x @param {number} y */
  moved(id, x, y) {
    const finger = this.fingers.get(id);
    if (!finger) return;
    finger.x = x;
    finger.y = y;
    finger.moved = true;
    const now = this.centre();
    this.decide(now);
    if (WAITING.has(this.state)) return;
    const dx = now.x - this.start.x;
    const dy = now.y - this.start.y;
    if (this.state === 'scrolling') {
      // The content follows the fingers, as on a touch screen: fingers up is the wheel down.
      const units = 120 / PIXELS_PER_DETENT;
      this.output.wheel(-dx * units, -dy * units);
    } else if (this.state === 'zooming') {
      this.output.zoom(now.spread / Math.max(1, this.start.spread), this.start.x, this.start.y);
      this.output.pan(dx, dy);
    } else if (this.state === 'panning') this.output.pan(dx, dy);
    else if (this.output.trackpad()) this.output.shift(dx, dy);
    else this.output.move(x, y);
    this.start = now;
  }

  /**
   * Whether the fingers moved enough to mean something, and what.
   * @param {{x: number, y: number, spread: number}} now
   */
  decide(now) {
    const shift = Math.hypot(now.x - this.start.x, now.y - this.start.y);
    if (this.state === 'several') return this.decideSeveral(shift, Math.abs(now.spread - this.start.spread));
    if ((this.state !== 'pressed' && this.state !== 'again') || shift <= SLOP) return;
    this.stopTimer();
    const moves = this.state === 'pressed' && this.output.trackpad();
    if (this.state === 'pressed' && !moves) this.output.button(0, true); // of a tap and drag it is down
    this.state = moves ? 'moving' : 'dragging';
  }

  /** @param {number} shift @param {number} spread */
  decideSeveral(shift, spread) {
    // One finger is told of before the others: all have to be heard, unless one alone went far.
    const heard = [...this.fingers.values()].every(({ moved }) => moved) || spread > 4 * SPREAD;
    if (!heard) return;
    if (this.fingers.size === 2 && spread > SPREAD && spread > SPREAD_SHARE * shift) this.state = 'zooming';
    else if (shift > SLOP) {
      const pans = this.fingers.size === 2 && this.output.pans();
      this.state = pans ? 'panning' : 'scrolling';
      if (!pans && !this.output.trackpad()) this.output.move(this.start.x, this.start.y);
    }
  }

  /** @param {number} id */
  up(id) {
    if (!this.fingers.has(id)) return;
    const { x, y } = this.centre();
    this.fingers.delete(id);
    this.stopTimer();
    const { state } = this;
    this.state = this.fingers.size ? 'done' : 'idle';
    if (state === 'pressed') this.tap();
    else if (state === 'dragging') this.output.button(0, false);
    else if (state === 'again') {
      this.output.button(0, false);
      this.tap();
    } else if (state === 'several' && this.fingers.size === 1) {
      if (!this.output.trackpad()) this.output.move(x, y);
      this.rightClick();
    }
  }

  /** A click. On a trackpad the button goes up a moment later: a finger that comes before drags with it. */
  tap() {
    this.output.button(0, true);
    if (!this.output.trackpad()) return this.output.button(0, false);
    this.state = 'tapped';
    this.timer = this.delay(() => {
      this.timer = 0;
      this.state = 'idle';
      this.output.button(0, false);
    }, TAP_DRAG_MS);
  }

  /** The browser took the fingers away. @param {number} id */
  cancelled(id) {
    if (this.state === 'again') this.state = 'dragging';
    if (this.state !== 'dragging') this.state = 'done';
    this.up(id);
  }
}
