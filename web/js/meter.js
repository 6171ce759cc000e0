// SPDX-License-Identifier: MIT
// Percentiles of the newest samples, and rates over the last second. Pure.

/** A sliding window of delays in microseconds. */
export class Meter {
  constructor(size = 256) {
    this.samples = new Float64Array(size);
    this.count = 0;
  }

  /** @param {number} value */
  add(value) {
    if (!(value >= 0)) return;
    this.samples[this.count++ % this.samples.length] = value;
  }

  read() {
    const filled = Math.min(this.count, this.samples.length);
    const sorted = this.samples.slice(0, filled).sort();
    const at = (/** @type {number} */ part) => (filled ? sorted[Math.min(filled - 1, Math.floor(filled * part))] : 0);
    return { count: this.count, p50_us: at(0.5), p95_us: at(0.95), max_us: filled ? sorted[filled - 1] : 0 };
  }
}

/** Sum of what was added within the last second. */
export class Rate {
  constructor() {
    /** @type {number[]} */
    this.times = [];
    /** @type {number[]} */
    this.amounts = [];
    this.sum = 0;
  }

  /** @param {number} nowUs @param {number} amount */
  add(nowUs, amount = 1) {
    this.times.push(nowUs);
    this.amounts.push(amount);
    this.sum += amount;
    if (this.times.length > 512) this.trim(nowUs);
  }

  /** @param {number} nowUs */
  trim(nowUs) {
    let gone = 0;
    while (gone < this.times.length && this.times[gone] <= nowUs - 1e6) this.sum -= this.amounts[gone++];
    if (gone) {
      this.times.splice(0, gone);
      this.amounts.splice(0, gone);
    }
  }

  /** @param {number} nowUs */
  read(nowUs) {
    this.trim(nowUs);
    return this.sum;
  }
}

/** What becomes of pictures. */
export const newCounts = () => ({
  received: 0,
  decoded: 0,
  painted: 0,
  video: 0,
  tiles: 0,
  keys: 0,
  bursts: 0,
  gaps: 0,
  errors: 0,
  held: 0,
  undrawn: 0,
  keyRequests: 0,
});

/** Where their time goes. */
export const newDelays = () => ({ wire: new Meter(), decode: new Meter(), paint: new Meter(), total: new Meter() });
