// SPDX-License-Identifier: MIT
// Wheels and touchpads in 1/120 detents. Browsers do not say which one scrolls, nor how far a notch is: 100 or 120
// pixels, 3 lines, but also 13, or 4 where the system accelerates. Pure.

/** Units of one detent. */
export const DETENT = 120;
/** Pixels of a detent where nothing else is known. */
const PIXELS = 100;
/** A pause after which a gesture is a new one. */
const PAUSE_MS = 150;
/** A gesture that begins with so many pixels is a notch: touchpads begin with one or two. */
const NOTCH_PIXELS = 4;

/** One direction of the wheel. */
class Axis {
  constructor() {
    this.lastMs = -Infinity;
    /** Pixels that this gesture began with, while all its events are multiples of it: a wheel's notch. 0 = none. */
    this.notch = 0;
    /** Units given out ahead of what was scrolled, which the rest of the gesture pays back. */
    this.debt = 0;
  }

  /**
   * @param {number} pixels @param {number} ticks the browser's own count of notches; 0 = it has none
   * @param {number} nowMs
   */
  units(pixels, ticks, nowMs) {
    if (!pixels) return 0;
    const size = Math.abs(pixels);
    const plain = (size / PIXELS) * DETENT;
    if (nowMs - this.lastMs > PAUSE_MS) {
      this.notch = size >= NOTCH_PIXELS && size < PIXELS ? size : 0;
      this.debt = 0;
    }
    this.lastMs = nowMs;
    if (ticks) return ticks * DETENT;
    if (this.notch && size % this.notch === 0) {
      const units = (size / this.notch) * DETENT;
      this.debt = DETENT - (this.notch / PIXELS) * DETENT;
      return Math.sign(pixels) * units;
    }
    this.notch = 0;
    const paid = Math.min(plain, this.debt);
    this.debt -= paid;
    return Math.sign(pixels) * (plain - paid);
  }
}

export class Wheel {
  constructor() {
    this.x = new Axis();
    this.y = new Axis();
  }

  /**
   * An event's distance, right and down positive.
   * @param {{deltaX: number, deltaY: number, deltaMode: number, wheelDeltaX?: number, wheelDeltaY?: number}} event
   * @param {number} nowMs
   */
  units(event, nowMs) {
    // Asked first: Firefox answers in lines then, and else in pixels of the page's own font.
    const mode = event.deltaMode;
    const { deltaX, deltaY } = event;
    if (mode !== 0) {
      const unit = mode === 1 ? DETENT / 3 : DETENT;
      return { dx: deltaX * unit, dy: deltaY * unit };
    }
    return {
      dx: this.x.units(deltaX, ticksOf(deltaX, event.wheelDeltaX), nowMs),
      dy: this.y.units(deltaY, ticksOf(deltaY, event.wheelDeltaY), nowMs),
    };
  }
}

/**
 * Chromium counts a wheel's notches in 120ths, but three for each pixel of a touchpad or of a wheel that the system
 * accelerates.
 * @param {number} pixels @param {number | undefined} delta
 */
const ticksOf = (pixels, delta) => (delta && delta % DETENT === 0 && delta !== -3 * pixels ? -delta / DETENT : 0);
