// SPDX-License-Identifier: MIT
// Which way the pictures go, where the page may choose: whichever has them seen sooner. Both are measured where it
// matters, in motion, from capture to being seen. Pure: times are given.

/** Motion: so many video pictures seen in a second. */
const MOTION = 10;
const SECOND_US = 1_000_000;
/** RTP stays while it is no later than the WebSocket was by so much. */
const MARGIN_US = 3000;
/** So many worse seconds in a row: one may be somebody else's. */
const BAD_SECONDS = 3;
/** A race that RTP lost is run again after a minute, then two, four… of motion or not; networks change. */
const LOST_US = 60_000_000;
const LOST_MAX = 5;
/** The same for a way that did not come about, or died. */
const FAILED_US = 5_000_000;
const FAILED_MAX = 6;
/** It has lived, so that its next end is a new one. */
const LIVED_US = 60_000_000;

/** @param {number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

export class Race {
  constructor() {
    /** Of this second. @type {number[]} */
    this.delays = [];
    this.begunUs = 0;
    /** The WebSocket's delay when it was last measured; 0 = it was not. */
    this.socketUs = 0;
    this.bad = 0;
    this.losses = 0;
    this.failures = 0;
    this.takenUs = 0;
    /** No sooner is RTP tried again: since it lost, and since it failed. */
    this.rematchUs = 0;
    this.retryUs = 0;
  }

  /** A video picture was seen by the way that is in use. @param {number} delayUs since capture @param {number} nowUs */
  seen(delayUs, nowUs) {
    if (nowUs - this.begunUs > 2 * SECOND_US) this.begin(nowUs);
    this.delays.push(delayUs);
  }

  /** @param {number} nowUs */
  begin(nowUs) {
    this.begunUs = nowUs;
    this.delays = [];
  }

  /** The mean of a second of motion that is over; 0 = there was none. @param {number} nowUs */
  take(nowUs) {
    if (nowUs - this.begunUs < SECOND_US) return 0;
    const delay = this.delays.length >= MOTION ? mean(this.delays) : 0;
    this.begin(nowUs);
    return delay;
  }

  /** By the WebSocket: whether RTP shall be tried. @param {number} nowUs */
  wants(nowUs) {
    const delay = this.take(nowUs);
    if (delay) this.socketUs = delay;
    return delay > 0 && nowUs >= this.rematchUs && this.mayTry(nowUs);
  }

  /** Whether it may be tried, though nobody asks whether it is better. @param {number} nowUs */
  mayTry(nowUs) {
    return nowUs >= this.retryUs;
  }

  /** RTP has the pictures now; its first second does not count. @param {number} nowUs */
  taken(nowUs) {
    this.begin(nowUs + SECOND_US);
    this.takenUs = nowUs;
    this.bad = 0;
  }

  /** By RTP: whether the WebSocket was better. @param {number} nowUs */
  tired(nowUs) {
    if (nowUs < this.begunUs) this.delays = [];
    const delay = this.take(nowUs);
    if (delay) this.bad = this.socketUs && delay > this.socketUs + MARGIN_US ? this.bad + 1 : 0;
    return this.bad >= BAD_SECONDS;
  }

  /** @param {number} nowUs */
  lost(nowUs) {
    this.rematchUs = nowUs + LOST_US * 2 ** Math.min(this.losses++, LOST_MAX);
    this.begin(nowUs);
  }

  /** It did not come about, or died. @param {number} nowUs */
  failed(nowUs) {
    if (this.takenUs && nowUs - this.takenUs >= LIVED_US) this.failures = 0;
    this.takenUs = 0;
    this.retryUs = nowUs + FAILED_US * 2 ** Math.min(this.failures++, FAILED_MAX);
    this.begin(nowUs);
  }
}
