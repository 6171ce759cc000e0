// SPDX-License-Identifier: MIT
// Pointer moves on their way out: the newest absolute position wins, relative motion and wheel add up, and at most 250
// messages a second leave. Whatever must stay in order flushes first. Pure: time, timer and output are given.

const SPACING_MS = 4;

/** Adds fractions up and gives out whole numbers. */
class Accumulator {
  constructor() {
    this.x = 0;
    this.y = 0;
  }

  take() {
    const x = Math.trunc(this.x);
    const y = Math.trunc(this.y);
    this.x -= x;
    this.y -= y;
    return { x, y };
  }
}

export class Moves {
  /**
   * @param {{position: (x: number, y: number) => void, motion: (dx: number, dy: number) => void,
   *   wheel: (dx: number, dy: number) => void}} output
   * @param {() => number} nowMs @param {(run: () => void, ms: number) => number} delay
   * @param {(id: number) => void} cancel
   */
  constructor(
    output,
    nowMs = () => performance.now(),
    delay = (run, ms) => setTimeout(run, ms),
    cancel = (id) => clearTimeout(id),
  ) {
    this.output = output;
    this.nowMs = nowMs;
    this.delay = delay;
    this.cancel = cancel;
    /** @type {{x: number, y: number} | null} */
    this.waiting = null;
    this.lastX = -1;
    this.lastY = -1;
    this.motion = new Accumulator();
    this.wheel = new Accumulator();
    this.timer = 0;
    this.sentMs = -Infinity;
  }

  /** @param {number} x @param {number} y guest pixels */
  position(x, y) {
    this.waiting = { x, y };
    this.schedule();
  }

  /** @param {number} dx @param {number} dy guest units */
  move(dx, dy) {
    this.motion.x += dx;
    this.motion.y += dy;
    this.schedule();
  }

  /** @param {number} dx @param {number} dy 1/120 detent, right and down positive */
  scroll(dx, dy) {
    this.wheel.x += dx;
    this.wheel.y += dy;
    this.schedule();
  }

  schedule() {
    if (this.timer) return;
    const wait = this.sentMs + SPACING_MS - this.nowMs();
    if (wait <= 0) this.flush();
    else this.timer = this.delay(() => this.flush(), wait);
  }

  /** Sends what waits, now. */
  flush() {
    if (this.timer) this.cancel(this.timer);
    this.timer = 0;
    if (this.waiting) {
      const { x, y } = this.waiting;
      this.waiting = null;
      if (x !== this.lastX || y !== this.lastY) {
        this.lastX = x;
        this.lastY = y;
        this.sent();
        this.output.position(x, y);
      }
    }
    const motion = this.motion.take();
    if (motion.x || motion.y) {
      this.sent();
      this.output.motion(motion.x, motion.y);
    }
    const wheel = this.wheel.take();
    if (wheel.x || wheel.y) {
      this.sent();
      this.output.wheel(wheel.x, wheel.y);
    }
  }

  sent() {
    this.sentMs = this.nowMs();
  }

  /** The guest may have moved its pointer by itself: the next position is sent even if it is the same. */
  forget() {
    this.lastX = -1;
    this.lastY = -1;
  }
}
