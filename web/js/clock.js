// SPDX-License-Identifier: MIT
// The page's one clock: microseconds, monotonic while the page lives, the same number space in every worker of it.

const offset = performance.timeOrigin;

/** Now, in whole microseconds. */
export const nowUs = () => Math.round((offset + performance.now()) * 1000);

/**
 * Maps the server's clock to ours from ping round trips: the shortest of the last samples is the most honest one.
 */
export class ClockOffset {
  constructor() {
    /** @type {{rtt: number, offset: number}[]} */
    this.samples = [];
    this.rttUs = 0;
    /** Ours minus the server's, microseconds; null until the first round trip. @type {number | null} */
    this.offsetUs = null;
  }

  /**
   * @param {number} sentUs our clock when the ping left
   * @param {number} serverUs the server's clock when it answered
   * @param {number} receivedUs our clock when the answer came
   */
  add(sentUs, serverUs, receivedUs) {
    const rtt = receivedUs - sentUs;
    if (!(rtt >= 0)) return;
    this.rttUs = rtt;
    this.samples.push({ rtt, offset: (sentUs + receivedUs) / 2 - serverUs });
    if (this.samples.length > 8) this.samples.shift();
    this.offsetUs = this.samples.reduce((best, sample) => (sample.rtt < best.rtt ? sample : best)).offset;
  }

  /** A server time on our clock, or 0 while unknown. @param {number} serverUs */
  toLocal(serverUs) {
    return this.offsetUs === null ? 0 : serverUs + this.offsetUs;
  }
}
