// SPDX-License-Identifier: MIT
// Sound between its arrival and the loudspeaker: a ring of stereo frames that is kept as short as the network allows.
// Read with a speed that differs from one by at most half a percent, so that two clocks that drift apart do not fill or
// drain it; too much backlog is cut with a crossfade; running dry fades out and in. How deep it must be is learned
// here, too: from how near it came to running dry, whatever was late (network, decoder, messages, the audio thread
// itself). Runs in the audio thread: nothing here allocates after the constructor. Pure.

const RATE = 48000;
const CAPACITY = RATE * 2;
const FADE = (RATE * 5) / 1000;
/** Above the target by this much, the backlog is cut; below, the speed alone corrects. */
const CUT = (RATE * 60) / 1000;
const SPEED_MAX = 0.005;
/** Speed that one frame of difference to the target asks for: 20 ms give the full half percent. */
const SPEED_GAIN = SPEED_MAX / ((RATE * 20) / 1000);
const SMOOTHING = 0.05;
/**
 * Least that should be left whenever more comes; a second in which less was raises the margin by the difference, by
 * 8 ms at most: one stall is no reason to be late for ever.
 */
const SPARE = (RATE * 5) / 1000;
const MARGIN_STEP = (RATE * 8) / 1000;
const MARGIN_MAX = (RATE * 40) / 1000;
/** What the margin falls by in a second that left more than twice the spare: a millisecond a minute. */
const MARGIN_FALL = RATE / 1000 / 60;

export class AudioRing {
  constructor() {
    this.left = new Float32Array(CAPACITY);
    this.right = new Float32Array(CAPACITY);
    /** Frames written since start; the ring holds the newest CAPACITY of them. */
    this.written = 0;
    /** Reading position in frames, with a fraction. */
    this.position = 0;
    /** What was asked for, and what the ring learned to add to it. */
    this.asked = (RATE * 25) / 1000;
    this.margin = 0;
    /** Least that was left when more came, in this second of sound. */
    this.least = Infinity;
    this.judged = 0;
    /** Frames of silence since there was something to play (it waits for the target), or since it ran dry. */
    this.waited = 0;
    /** It ran dry, and whether sound was missing is for the next push to say. */
    this.dry = false;
    this.speed = 1;
    this.smoothed = this.target;
    this.playing = false;
    /** 0..1, moves to 1 while playing and to 0 before the ring runs dry. */
    this.gain = 0;
    /** The next start is in the middle of a sound. */
    this.fades = false;
    /** Crossfade after a cut: old position and frames left. */
    this.fadeFrom = 0;
    this.fadeLeft = 0;
    this.counts = { underruns: 0, cuts: 0, cutFrames: 0, played: 0, overflows: 0 };
  }

  /** Frames waiting. */
  get fill() {
    return this.written - this.position;
  }

  /** What a push should leave in the ring. */
  get target() {
    return this.asked + this.margin;
  }

  /** @param {number} ms */
  setTarget(ms) {
    this.asked = Math.min((RATE * ms) / 1000, CAPACITY / 4);
  }

  /** Forgets everything, as after a reconnect. */
  clear() {
    this.position = this.written;
    this.playing = false;
    this.gain = 0;
    this.fadeLeft = 0;
    this.speed = 1;
    this.dry = false;
    this.fades = false;
    this.least = Infinity;
    this.judged = this.counts.played;
  }

  /**
   * Adds frames; both sides have the same length, at most a second.
   * @param {Float32Array} left @param {Float32Array} right
   * @param {boolean} [fresh] a sound begins: silence before it is no gap
   */
  push(left, right, fresh = false) {
    if (left.length > CAPACITY / 2 || left.length !== right.length) return;
    if (!fresh) this.judge();
    if (this.fill === 0) {
      this.fades = this.dry && !fresh;
      this.dry = false;
      this.waited = 0;
    }
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
      this.fades = true;
    }
    if (this.playing) this.steer();
  }

  /**
   * Begins with the first frame: at once where the target is there, else when it would be there had more come. So a
   * sound that is shorter than the target is heard, and a longer one finds the level it needs.
   */
  start() {
    if (this.fill > this.target + CUT) {
      this.position = this.written - this.target;
      this.fades = true;
    }
    this.playing = true;
    this.smoothed = this.target;
    this.speed = 1;
    this.gain = this.fades ? 0 : 1;
  }

  /** Sound goes on: what was left before this push, or how long nothing was, says how deep the ring must be. */
  judge() {
    if (this.playing) this.least = Math.min(this.least, this.fill);
    else if (this.dry) {
      this.counts.underruns++;
      this.least = -this.waited;
    }
    if (this.least >= 0 && this.counts.played - this.judged < RATE) return;
    const short = Math.min(MARGIN_STEP, SPARE - this.least);
    if (short > 0) this.margin = Math.min(MARGIN_MAX, this.margin + short);
    else if (this.least > 2 * SPARE) this.margin = Math.max(0, this.margin - MARGIN_FALL);
    this.least = Infinity;
    this.judged = this.counts.played;
  }

  /** Nothing is left to play. The last few frames cannot be read without those behind them, and are faded out. */
  runDry() {
    this.playing = false;
    this.dry = true;
    this.position = this.written;
    this.waited = 0;
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
    const speed = 1 + (this.smoothed - this.target) * SPEED_GAIN;
    this.speed = Math.max(1 - SPEED_MAX, Math.min(1 + SPEED_MAX, speed));
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
      if (this.playing && ahead < 4) this.runDry();
      else if (!this.playing && ahead > 0 && ahead + this.waited >= this.target) this.start();
      if (!this.playing) {
        this.waited++;
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
