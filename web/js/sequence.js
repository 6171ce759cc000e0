// SPDX-License-Identifier: MIT
// Order of pictures: sequence numbers count video and tiles together and wrap at 2^32. Pure.

/** a after b (positive), the same (0) or before (negative). @param {number} a @param {number} b */
export const compareSequence = (a, b) => (a - b) | 0;

/**
 * Decides which arriving pictures can be used: nothing before a key frame, then everything. The server never hands out
 * a picture that does not build on what this page has; a gap in the numbers means that pictures were left out which the
 * next one covers.
 */
export class Continuity {
  constructor() {
    this.reset();
  }

  reset() {
    this.waiting = true;
    /** @type {number | null} */
    this.last = null;
  }

  /**
   * 'use', 'gap' (use, but numbers before it are missing), or 'drop' while waiting for a key frame.
   * @param {number} sequence @param {boolean} key
   */
  accept(sequence, key) {
    const follows = this.last === null || compareSequence(sequence, this.last) === 1;
    this.last = sequence;
    if (key) this.waiting = false;
    if (this.waiting) return 'drop';
    return follows ? 'use' : 'gap';
  }
}

/**
 * Pictures in the decoder and tiles that must wait for them. A tile set may be painted once every earlier picture is;
 * a later picture contains what the tiles show, so tiles older than a painted picture are left out.
 * @template T
 */
export class Order {
  constructor() {
    /** Sequences in the decoder, oldest first. @type {number[]} */
    this.decoding = [];
    /** @type {{sequence: number, tiles: T}[]} */
    this.held = [];
  }

  reset() {
    this.decoding.length = 0;
    this.held.length = 0;
  }

  /** @param {number} sequence */
  submitted(sequence) {
    this.decoding.push(sequence);
  }

  /** Whether tiles may be painted now. @param {number} sequence */
  ready(sequence) {
    return this.decoding.length === 0 || compareSequence(this.decoding[0], sequence) > 0;
  }

  /** @param {number} sequence @param {T} tiles */
  hold(sequence, tiles) {
    this.held.push({ sequence, tiles });
  }

  /** The decoder gave this picture out: it and all before it are done. @param {number} sequence */
  decoded(sequence) {
    while (this.decoding.length && compareSequence(this.decoding[0], sequence) <= 0) this.decoding.shift();
  }

  /** Whether tiles wait that are older than this picture. @param {number} sequence */
  overtaken(sequence) {
    return this.held.length > 0 && compareSequence(this.held[0].sequence, sequence) < 0;
  }

  /** Tiles to paint after `sequence` was painted, in order. @param {number} sequence */
  *release(sequence) {
    while (
      this.held.length &&
      (compareSequence(this.held[0].sequence, sequence) <= 0 || this.ready(this.held[0].sequence))
    ) {
      const first = /** @type {{sequence: number, tiles: T}} */ (this.held.shift());
      if (compareSequence(first.sequence, sequence) > 0) yield first;
    }
  }
}
