// SPDX-License-Identifier: MIT
// Whether pictures are drawn on the canvas or shown by a track: the canvas is quicker, until drawing does not keep up
// with large pictures. Pure.

/** Smaller pictures are drawn quickly enough everywhere. */
const LARGE_PIXELS = 1_500_000;
/** Motion: so many pictures in a second, and so long without one ends it. The server sends no more than are shown. */
const MOTION = 4;
export const STILL_US = 1_000_000;
/** Drawing keeps up when the middle one of a second's pictures is seen so soon after its arrival: two frames. */
const KEPT_UP_US = 33_000;
/** After the track did no better, the canvas is kept for so long. */
const PATIENCE_US = 60_000_000;
const SECOND_US = 1_000_000;
/** So many bad seconds in a row: one may be somebody else's, and a track needs some to get going. */
const BAD_SECONDS = { canvas: 2, track: 4 };

/** @param {number[]} values */
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

export class Motion {
  /** @param {boolean} supported there are tracks */
  constructor(supported) {
    this.supported = supported;
    /** 'canvas' or 'track'. @type {'canvas' | 'track'} */
    this.choice = 'canvas';
    this.begunUs = 0;
    /** Of this second: pictures that arrived, and from arrival to being seen of those that were. @type {number[]} */
    this.delays = [];
    this.arrived = 0;
    this.bad = 0;
    this.lastUs = 0;
    /** The canvas' delay when the track took over. */
    this.canvasUs = 0;
    this.notBeforeUs = 0;
  }

  /** A video picture arrived; says which way it goes. @param {number} pixels @param {number} nowUs */
  arrive(pixels, nowUs) {
    if (nowUs - this.lastUs > STILL_US) this.rest(nowUs);
    this.lastUs = nowUs;
    if (pixels < LARGE_PIXELS) return (this.choice = 'canvas');
    if (nowUs - this.begunUs >= SECOND_US) this.judge(nowUs);
    this.arrived++;
    return this.choice;
  }

  /** A video picture was seen, so long after it arrived. @param {number} delayUs */
  paint(delayUs) {
    this.delays.push(delayUs);
  }

  /** A track does not take these pictures. @param {number} nowUs */
  refused(nowUs) {
    this.rest(nowUs);
    this.notBeforeUs = nowUs + PATIENCE_US;
  }

  /** True once the motion has ended, so that the canvas shall have the picture. @param {number} nowUs */
  ended(nowUs) {
    if (this.choice !== 'track' || nowUs - this.lastUs <= STILL_US) return false;
    this.rest(nowUs);
    return true;
  }

  /** @param {number} nowUs */
  rest(nowUs) {
    this.choice = 'canvas';
    this.bad = 0;
    this.begin(nowUs);
  }

  /** @param {number} nowUs */
  begin(nowUs) {
    this.begunUs = nowUs;
    this.delays = [];
    this.arrived = 0;
  }

  /** At the end of a second of motion. @param {number} nowUs */
  judge(nowUs) {
    const seen = this.delays.length ? median(this.delays) : Infinity;
    const delayUs = this.arrived >= MOTION ? seen : 0;
    this.begin(nowUs);
    this.bad = delayUs > KEPT_UP_US ? this.bad + 1 : 0;
    if (this.bad < BAD_SECONDS[this.choice]) return;
    this.bad = 0;
    if (this.choice === 'canvas') {
      if (!this.supported || nowUs < this.notBeforeUs) return;
      this.canvasUs = delayUs;
      this.choice = 'track';
    } else if (delayUs >= this.canvasUs) {
      this.choice = 'canvas';
      this.notBeforeUs = nowUs + PATIENCE_US;
    }
  }
}
