// SPDX-License-Identifier: MIT
// Types text at the guest's pace: pieces of key presses go out, and the next one when the server says that the guest
// was given one before (docs/protocols/viewer.md, "Text"). Keys that come meanwhile keep their place behind it. Pure:
// the way out is given.
import { heldBy } from './layouts.js';
import { HEADER_SIZE, MESSAGE } from './wire.js';

/** Presses and releases of one piece, and pieces that may be unanswered. */
const PIECE = 32;
const UNANSWERED = 2;

/** @typedef {import('./layouts.js').Stroke} Stroke */
/** A press or release. @typedef {[usage: number, pressed: boolean]} KeyEvent */
/** Waits to be sent: what types a character, or one event as it is. @typedef {Stroke[] | KeyEvent} Step */

/**
 * Without an answer; `ends`: after how many of its events the guest has each character.
 * @typedef {{number: number, events: number, ends: number[]}} Piece
 */

/** @param {number} number @param {readonly KeyEvent[]} events at most 64 */
function writeType(number, events) {
  const view = new DataView(new ArrayBuffer(HEADER_SIZE + 4 + 3 * events.length));
  view.setUint8(0, MESSAGE.TYPE);
  view.setUint32(4, number, true);
  events.forEach(([usage, pressed], index) => {
    view.setUint16(8 + 3 * index, usage, true);
    view.setUint8(10 + 3 * index, pressed ? 1 : 0);
  });
  return view;
}

/** @param {Step} step @returns {step is KeyEvent} */
const isEvent = (step) => typeof step[0] === 'number';

/**
 * Characters that the guest was given of pieces which are answered now, and taken out.
 * @param {Piece[]} pieces @param {number} number @param {number} dropped events of their end
 */
function given(pieces, number, dropped) {
  /** @type {number[]} */
  const ends = [];
  let events = 0;
  while (pieces.length && ((number - pieces[0].number) | 0) >= 0) {
    const piece = /** @type {Piece} */ (pieces.shift());
    for (const end of piece.ends) ends.push(events + end);
    events += piece.events;
  }
  return ends.filter((end) => end <= events - dropped).length;
}

export class Typist {
  /**
   * @param {(view: DataView<ArrayBuffer>) => void} send @param {() => void} [changed] there is progress
   * @param {(done: number, total: number) => void} [cut] a text ended early
   */
  constructor(send, changed = () => {}, cut = () => {}) {
    this.send = send;
    this.changed = changed;
    this.cut = cut;
    /** @type {Step[]} */
    this.steps = [];
    this.next = 0;
    /** What is held for the text at the end of what was sent, in this order. @type {number[]} */
    this.held = [];
    /** @type {Piece[]} */
    this.unanswered = [];
    /** A text that was cancelled: how far it came is not known yet.
     * @type {{done: number, total: number, unanswered: Piece[]} | null} */
    this.ended = null;
    this.number = 0;
    /** Characters of what is being typed now. */
    this.total = 0;
    this.done = 0;
  }

  get busy() {
    return this.next < this.steps.length || this.unanswered.length > 0;
  }

  /** @param {Stroke[][]} characters strokes of each */
  type(characters) {
    this.total += characters.length;
    for (const strokes of characters) this.steps.push(strokes);
    this.pump();
  }

  /** A key behind the text. @param {number} usage @param {boolean} pressed */
  key(usage, pressed) {
    this.steps.push([usage, pressed]);
    this.pump();
  }

  /**
   * @param {number} number of the newest piece that was dealt with
   * @param {number} [dropped] presses and releases that the guest was not given: nothing more of their text is typed
   */
  typed(number, dropped = 0) {
    if (this.ended) {
      this.ended.done += given(this.ended.unanswered, number, dropped);
      if (!this.ended.unanswered.length) this.finish();
      dropped = 0;
    }
    this.done += given(this.unanswered, number, dropped);
    if (dropped) return this.forget();
    this.pump();
    if (!this.busy) this.reset();
    this.changed();
  }

  /** Nothing more is typed. Whoever calls tells the server to release all, which drops what waits there. */
  cancel() {
    if (!this.busy) return;
    this.finish();
    const { done, total, unanswered } = this;
    this.reset();
    this.ended = { done, total, unanswered };
    if (!unanswered.length) this.finish();
    this.changed();
  }

  /** How far a cancelled text came. */
  finish() {
    const { ended } = this;
    this.ended = null;
    if (ended && ended.done < ended.total) this.cut(ended.done, ended.total);
  }

  /** Nothing more is typed, nor answered. */
  forget() {
    this.finish();
    const { done, total } = this;
    this.reset();
    if (done < total) this.cut(done, total);
    this.changed();
  }

  reset() {
    this.steps = [];
    this.next = 0;
    this.held = [];
    this.unanswered = [];
    this.total = 0;
    this.done = 0;
  }

  /** Events that bring what is held to what is wanted. @param {number[]} wanted @param {KeyEvent[]} events */
  hold(wanted, events) {
    for (const usage of [...this.held].reverse()) if (!wanted.includes(usage)) events.push([usage, false]);
    for (const usage of wanted) if (!this.held.includes(usage)) events.push([usage, true]);
    const kept = this.held.filter((usage) => wanted.includes(usage));
    this.held = [...kept, ...wanted.filter((usage) => !kept.includes(usage))];
  }

  /**
   * How many of the events it takes until the guest has it: up to its press.
   * @param {Stroke} stroke @param {KeyEvent[]} events
   */
  stroke(stroke, events) {
    this.hold(heldBy(stroke), events);
    const count = events.push([stroke.usage, true]);
    events.push([stroke.usage, false]);
    if (stroke.end) this.hold([], events);
    return count;
  }

  pump() {
    while (this.unanswered.length < UNANSWERED && this.next < this.steps.length) {
      /** @type {KeyEvent[]} */
      const events = [];
      /** @type {number[]} */
      const ends = [];
      while (this.next < this.steps.length && events.length < PIECE) {
        const step = this.steps[this.next++];
        if (isEvent(step)) {
          this.hold([], events);
          events.push(step);
        } else {
          let end = 0;
          for (const stroke of step) end = this.stroke(stroke, events);
          ends.push(end);
        }
      }
      if (this.next === this.steps.length) this.hold([], events);
      this.sendPiece(events, ends);
    }
  }

  /** @param {KeyEvent[]} events @param {number[]} ends */
  sendPiece(events, ends) {
    this.number = (this.number + 1) >>> 0;
    this.unanswered.push({ number: this.number, events: events.length, ends });
    this.send(writeType(this.number, events));
  }
}
