// SPDX-License-Identifier: MIT
// Sound between its arrival and the loudspeaker: a ring of stereo frames that is kept as short as the network allows.
// Read with a speed that differs from one by at most half a percent, so that two clocks that drift apart do not fill or
// drain it; too much backlog is cut with a crossfade; running dry fades out and in. Runs in the audio thread: nothing
// here allocates after the constructor. Pure.

const RATE = 48000;
const CAPACITY = RATE * 2;
const FADE = (RATE * 5) / 1000;
/** Above the target by this much, the backlog is cut; below, the speed alone corrects. */
const CUT = (RATE * 60) / 1000;
const SPEED_MAX = 0.005;
/** Speed that one frame of difference to the target asks for: 20 ms give the full half percent. */
const SPEED_GAIN = SPEED_MAX / ((RATE * 20) / 1000);
const SMOOTHING = 0.05;

export class AudioRing {
  constructor() {
    this.left = new Float32Array(CAPACITY);
    this.right = new Float32Array(CAPACITY);
    /** Frames written since start; the ring holds the newest CAPACITY of them. */
    this.written = 0;
    /** Reading position in frames, with a fraction. */
    this.position = 0;
    /** What a push should leave in the ring. */
    this.target = (RATE * 25) / 1000;
    this.speed = 1;
    this.smoothed = this.target;
    this.playing = false;
    /** 0..1, moves to 1 while playing and to 0 before the ring runs dry. */
    this.gain = 0;
    /** Crossfade after a cut: old position and frames left. */
    this.fadeFrom = 0;
    this.fadeLeft = 0;
    this.counts = { underruns: 0, cuts: 0, cutFrames: 0, played: 0, overflows: 0 };
  }

  /** Frames waiting. */
  get fill() {
    return this.written - this.position;
  }

  /** @param {number} ms */
  setTarget(ms) {
    this.target = Math.min((RATE * ms) / 1000, CAPACITY / 4);
  }

  /** Forgets everything, as after a reconnect. */
  clear() {
    this.position = this.written;
    this.playing = false;
    this.gain = 0;
    this.fadeLeft = 0;
    this.speed = 1;
  }

  /**
   * Adds frames; both sides have the same length, at most a second.
   * @param {Float32Array} left @param {Float32Array} right
   */
  push(left, right) {
    if (left.length > CAPACITY / 2 || left.length !== right.length) return;
    let at = this.written % CAPACITY;
    for (let i = 0; i < left.length; i++) {
      this.left[at] = left[i];
      this.right[at] = right[i];
      if (++at === CAPACITY) at = 0;
    }
    this.written += left.length;
    if (this.fill > CAPACITY - (2 * RATE) / 10) {
      this.counts.overflows++;
      this.position = this.written - this.target;
    }
    if (this.playing) this.steer();
    else if (this.fill >= this.target) this.start();
  }

  start() {
    this.playing = true;
    this.position = Math.max(this.position, this.written - this.target);
    this.smoothed = this.target;
    this.speed = 1;
    this.gain = 0;
  }

  /** Measured right after a push, when the ring is fullest: that level is what the target means. */
  steer() {
    const fill = this.fill;
    this.smoothed += (fill - this.smoothed) * SMOOTHING;
    if (fill > this.target + CUT && this.fadeLeft === 0) {
      this.fadeFrom = this.position;
      this.fadeLeft = FADE;
      this.position = this.written - this.target;
      this.counts.cuts++;
      this.counts.cutFrames += fill - this.target;
      this.smoothed = this.target;
    }
    const wish = 1 + (this.smoothed - this.target) * SPEED_GAIN;
    this.speed = Math.max(1 - SPEED_MAX, Math.min(1 + SPEED_MAX, wish));
  }

  /** Four point cubic (Hermite) interpolation. @param {Float32Array} side @param {number} position */
  at(side, position) {
    const whole = Math.floor(position);
    const t = position - whole;
    const i = whole % CAPACITY;
    const b = side[i];
    if (t === 0) return b;
    const a = side[i === 0 ? CAPACITY - 1 : i - 1];
    const c = side[(i + 1) % CAPACITY];
    const d = side[(i + 2) % CAPACITY];
    const slope0 = (c - a) / 2;
    const slope1 = (d - b) / 2;
    const t2 = t * t;
    const t3 = t2 * t;
    return (2 * t3 - 3 * t2 + 1) * b + (t3 - 2 * t2 + t) * slope0 + (3 * t2 - 2 * t3) * c + (t3 - t2) * slope1;
  }

  /**
   * Fills two blocks of the same length; silence where there is nothing.
   * @param {Float32Array} left @param {Float32Array} right
   */
  pull(left, right) {
    for (let i = 0; i < left.length; i++) {
      const ahead = this.written - this.position;
      if (!this.playing || ahead < 4) {
        if (this.playing) {
          this.playing = false;
          this.counts.underruns++;
        }
        left[i] = 0;
        right[i] = 0;
        continue;
      }
      // The last frames before the ring runs dry fade out; whatever comes in time fades in again.
      const wanted = ahead < FADE ? ahead / FADE : 1;
      this.gain = wanted < this.gain ? wanted : Math.min(wanted, this.gain + 1 / FADE);
      let l = this.at(this.left, this.position);
      let r = this.at(this.right, this.position);
      if (this.fadeLeft > 0) {
        const old = this.fadeLeft / FADE;
        l = l * (1 - old) + this.at(this.left, this.fadeFrom) * old;
        r = r * (1 - old) + this.at(this.right, this.fadeFrom) * old;
        this.fadeFrom += this.speed;
        this.fadeLeft--;
      }
      left[i] = l * this.gain;
      right[i] = r * this.gain;
      this.position += this.speed;
      this.counts.played++;
    }
  }
}
