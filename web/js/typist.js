// SPDX-License-Identifier: MIT
// Types text at the guest's pace: pieces of key presses go out, and the next one when the server says that the guest
// was given one before (docs/protocols/viewer.md, "Text"). Keys that come meanwhile keep their place behind it. Pure:
// the way out is given.
import { heldBy } from './layouts.js';
import { HEADER_SIZE, MESSAGE } from './wire.js';

/** Presses and releases of one piece, and pieces that may be unanswered: what Cancel cannot take back. */
const PIECE = 32;
const UNANSWERED = 2;

/** @typedef {import('./layouts.js').Stroke} Stroke */
/** A press or release. @typedef {[usage: number, pressed: boolean]} KeyEvent */
/** Waits to be sent: what types a character, or one event as it is. @typedef {Stroke[] | KeyEvent} Step */

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

export class Typist {
  /** @param {(view: DataView<ArrayBuffer>) => void} send @param {() => void} [changed] there is progress */
  constructor(send, changed = () => {}) {
    this.send = send;
    this.changed = changed;
    /** @type {Step[]} */
    this.steps = [];
    this.next = 0;
    /** What is held for the text at the end of what was sent, in this order. @type {number[]} */
    this.held = [];
    /** Pieces without an answer. @type {{number: number, characters: number}[]} */
    this.unanswered = [];
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

  /** @param {number} number of the newest piece that the guest was given */
  typed(number) {
    while (this.unanswered.length && ((number - this.unanswered[0].number) | 0) >= 0) {
      this.done += this.unanswered.shift()?.characters ?? 0;
    }
    this.pump();
    if (!this.busy) this.reset();
    this.changed();
  }

  /** What was not sent yet is not typed; what is held for it goes up, and so do keys whose release waited. */
  cancel() {
    const up = new Set([...this.held].reverse());
    for (const step of this.steps.slice(this.next)) if (isEvent(step) && !step[1]) up.add(step[0]);
    this.reset();
    const releases = [...up].map((usage) => /** @type {KeyEvent} */ ([usage, false]));
    for (let at = 0; at < releases.length; at += PIECE) this.sendPiece(releases.slice(at, at + PIECE), 0);
    this.unanswered = [];
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

  /** @param {Stroke} stroke @param {KeyEvent[]} events */
  stroke(stroke, events) {
    this.hold(heldBy(stroke), events);
    events.push([stroke.usage, true], [stroke.usage, false]);
    if (stroke.end) this.hold([], events);
  }

  pump() {
    while (this.unanswered.length < UNANSWERED && this.next < this.steps.length) {
      /** @type {KeyEvent[]} */
      const events = [];
      let characters = 0;
      while (this.next < this.steps.length && events.length < PIECE) {
        const step = this.steps[this.next++];
        if (isEvent(step)) {
          this.hold([], events);
          events.push(step);
        } else {
          for (const stroke of step) this.stroke(stroke, events);
          characters++;
        }
      }
      if (this.next === this.steps.length) this.hold([], events);
      this.sendPiece(events, characters);
    }
  }

  /** @param {KeyEvent[]} events @param {number} characters */
  sendPiece(events, characters) {
    this.number = (this.number + 1) >>> 0;
    this.unanswered.push({ number: this.number, characters });
    this.send(writeType(this.number, events));
  }
}
