// SPDX-License-Identifier: MIT
// How much sound must wait for the late packets: from when packets came and when they were captured. Pure.

const WINDOW = 256;
const SAFETY_MS = 5;
const TARGET_MIN_MS = 20;
const TARGET_MAX_MS = 250;
/** A pause in the sound (nothing was sent) starts a new measurement. */
const PAUSE_US = 400_000;

export class Jitter {
  constructor() {
    this.lateness = new Float64Array(WINDOW);
    this.count = 0;
    this.lastUs = 0;
    this.packetMs = 20;
    this.jitterMs = 0;
  }

  /** A new connection. */
  reset() {
    this.count = 0;
    this.jitterMs = 0;
  }

  /**
   * @param {number} captureUs server's clock @param {number} receivedUs our clock
   * @param {number} packetMs the packet's length
   */
  add(captureUs, receivedUs, packetMs) {
    if (receivedUs - this.lastUs > PAUSE_US) this.count = 0;
    this.lastUs = receivedUs;
    this.packetMs = packetMs;
    this.lateness[this.count++ % WINDOW] = receivedUs - captureUs;
  }

  /** What the ring should hold right after a packet came, ms: one packet and what the late ones are late. */
  targetMs() {
    const filled = Math.min(this.count, WINDOW);
    if (filled >= 8) {
      const sorted = this.lateness.slice(0, filled).sort();
      const late = sorted[Math.min(filled - 1, Math.floor(filled * 0.98))];
      this.jitterMs = (late - sorted[0]) / 1000;
    }
    const target = this.packetMs + this.jitterMs + SAFETY_MS;
    return Math.max(TARGET_MIN_MS, Math.min(TARGET_MAX_MS, target));
  }
}
