// SPDX-License-Identifier: MIT
// The size that is asked for: compared with what the guest has now, not with what was asked for once. A guest that
// changes its size by itself (a log-in, a reboot) is asked again, ever more rarely; one that does not follow is noted as
// late. Pure but for the clock and the timer that it is given.

/** A guest takes a second or two to change its mode; later than this it does not follow by itself. */
export const PATIENCE_MS = 3000;
const GAP_MAX_MS = 300_000;
/** Guests round sizes down by less than this. */
const ROUNDING = 16;

/** @typedef {{width: number, height: number}} Dimensions */

/** @param {Dimensions} guest @param {Dimensions} wanted */
export function fits(guest, wanted) {
  const dx = wanted.width - guest.width;
  const dy = wanted.height - guest.height;
  return dx >= 0 && dy >= 0 && dx < ROUNDING && dy < ROUNDING;
}

export class RequestedSize {
  /**
   * @param {(size: Dimensions) => void} send @param {() => void} changed `late` did
   * @param {() => number} [now] ms @param {(run: () => void, ms: number) => number} [delay]
   * @param {(timer: number) => void} [cancel]
   */
  constructor(
    send,
    changed,
    now = () => performance.now(),
    delay = (run, ms) => Number(setTimeout(run, ms)),
    cancel = (timer) => clearTimeout(timer),
  ) {
    this.send = send;
    this.changed = changed;
    this.now = now;
    this.delay = delay;
    this.cancel = cancel;
    /** Null: nothing is asked for. @type {Dimensions | null} */
    this.wanted = null;
    /** 0 x 0 until known. */
    this.guest = { width: 0, height: 0 };
    this.running = false;
    /** The guest had its time and has another size. */
    this.late = false;
    /** What came of the last asking is known, so that another size is news. */
    this.settled = false;
    this.moved = false;
    this.sentMs = 0;
    this.gapMs = PATIENCE_MS;
    this.timer = 0;
  }

  /** @param {Dimensions} size asks unless this is what was asked for last */
  want(size) {
    const { wanted } = this;
    if (wanted && wanted.width === size.width && wanted.height === size.height) return;
    this.wanted = size;
    this.gapMs = PATIENCE_MS;
    this.ask();
  }

  /** Somebody asked for us already, or null: nobody did. @param {Dimensions | null} size */
  noteAsked(size) {
    this.forget();
    this.wanted = size;
    if (size) this.sent();
  }

  /** What others did meanwhile is unknown: the next want() asks whatever it was. */
  forget() {
    this.cancel(this.timer);
    this.wanted = null;
    this.setLate(false);
  }

  /** @param {Dimensions} size 0 x 0 = unknown @param {boolean} running a guest that stands still cannot follow */
  setGuest(size, running) {
    const { guest, wanted } = this;
    this.running = running;
    if (guest.width === size.width && guest.height === size.height) return;
    this.guest = { width: size.width, height: size.height };
    if (!wanted || !size.width) return;
    if (fits(size, wanted)) {
      this.cancel(this.timer);
      this.settled = true;
      this.setLate(false);
      return;
    }
    this.moved = true;
    if (this.settled) this.askLater();
  }

  ask() {
    if (!this.wanted) return;
    this.sent();
    this.send(this.wanted);
  }

  sent() {
    this.cancel(this.timer);
    this.sentMs = this.now();
    this.settled = this.moved = false;
    this.timer = this.delay(() => this.judge(), PATIENCE_MS);
  }

  /** The world changed since we asked. */
  askLater() {
    this.cancel(this.timer);
    this.timer = this.delay(() => this.askAgain(), Math.max(0, this.sentMs + this.gapMs - this.now()));
    this.gapMs = Math.min(2 * this.gapMs, GAP_MAX_MS);
  }

  askAgain() {
    if (this.wanted && !fits(this.guest, this.wanted)) this.ask();
  }

  judge() {
    this.settled = true;
    if (!this.wanted || fits(this.guest, this.wanted)) return;
    if (this.guest.width && this.running) this.setLate(true);
    if (this.moved) this.askLater();
  }

  /** @param {boolean} late */
  setLate(late) {
    if (this.late === late) return;
    this.late = late;
    this.changed();
  }
}
