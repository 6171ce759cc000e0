// SPDX-License-Identifier: MIT
// A clipboard's text in pieces, both ways (docs/protocols/viewer.md, "Clipboard"). Pure: the way out and the time are
// given.
import { CLIPBOARD_MAX, CLIPBOARD_OUTCOME, FLAG, MESSAGE, PIECE_MAX } from './wire.js';

const HEAD = 16;

/** Pieces without an answer: what a slow line has of them, keys wait behind. */
const WINDOW = Object.freeze({ first: 2, most: 32 });

/** An answer so much later than the quickest one: pieces wait on the way. */
const SLOW_MS = 30;

const encoder = new TextEncoder();

/** The bytes that go to the guest: no NUL ends a text early there. @param {string} text */
export const bytesOf = (text) => encoder.encode(text.replaceAll('\0', ''));

export class Outgoing {
  /**
   * @param {(view: DataView<ArrayBuffer>) => void} send
   * @param {(outcome: number) => void} ended of the newest text
   * @param {() => number} [now] milliseconds
   */
  constructor(send, ended, now = () => performance.now()) {
    this.send = send;
    this.ended = ended;
    this.now = now;
    this.number = 0;
    /** Null while nothing is on its way. @type {Uint8Array | null} */
    this.bytes = null;
    this.sent = 0;
    this.taken = 0;
    this.window = /** @type {number} */ (WINDOW.first);
    this.quickest = Infinity;
    /** When each unanswered piece left, by where it ends. @type {Map<number, number>} */
    this.left = new Map();
  }

  /**
   * Takes the place of a text that is under way. True when all of it has left: what is sent from now on comes behind it.
   * @param {Uint8Array} bytes 1 to CLIPBOARD_MAX
   */
  start(bytes) {
    this.number = (this.number + 1) >>> 0;
    this.bytes = bytes;
    this.sent = this.taken = 0;
    this.left.clear();
    this.pump();
    return this.sent === bytes.length;
  }

  /** How much the server has, 0 to 1. */
  get progress() {
    return this.bytes ? this.taken / this.bytes.length : 1;
  }

  pump() {
    const { bytes } = this;
    while (bytes && this.sent < bytes.length && this.left.size < this.window) {
      const piece = bytes.subarray(this.sent, this.sent + PIECE_MAX);
      const view = new DataView(new ArrayBuffer(HEAD + piece.length));
      view.setUint8(0, MESSAGE.CLIPBOARD);
      view.setUint32(4, this.number, true);
      view.setUint32(8, bytes.length, true);
      view.setUint32(12, this.sent, true);
      new Uint8Array(view.buffer, HEAD).set(piece);
      this.sent += piece.length;
      this.left.set(this.sent, this.now());
      this.send(view);
    }
  }

  /** Quick answers let more go at once. @param {number} taken bytes */
  pace(taken) {
    const at = this.left.get(taken);
    for (const end of [...this.left.keys()]) if (end <= taken) this.left.delete(end);
    if (at === undefined) return;
    const took = this.now() - at;
    this.quickest = Math.min(this.quickest, took);
    const quick = took <= this.quickest + SLOW_MS;
    this.window = quick ? Math.min(this.window + 1, WINDOW.most) : Math.max(WINDOW.first, this.window >> 1);
  }

  /** CLIPBOARD_STATE. @param {DataView<ArrayBuffer>} view */
  answered(view) {
    if (!this.bytes || view.getUint32(4, true) !== this.number) return;
    const outcome = view.getUint8(12);
    if (outcome === CLIPBOARD_OUTCOME.UNDER_WAY) {
      this.taken = view.getUint32(8, true);
      this.pace(this.taken);
      this.pump();
      return;
    }
    this.stop();
    this.ended(outcome);
  }

  stop() {
    this.bytes = null;
    this.left.clear();
    this.window = WINDOW.first;
  }
}

export class Incoming {
  constructor() {
    this.number = -1;
    /** @type {Uint8Array} */
    this.bytes = new Uint8Array(0);
    this.size = 0;
    this.filled = 0;
  }

  /**
   * The text that this piece makes whole; null when there is more to come, or it does not fit.
   * @param {DataView<ArrayBuffer>} view a CLIPBOARD of the server's
   * @returns {{text: string, kept: boolean} | null}
   */
  piece(view) {
    const [number, size, offset] = [view.getUint32(4, true), view.getUint32(8, true), view.getUint32(12, true)];
    const piece = new Uint8Array(view.buffer, view.byteOffset + HEAD, view.byteLength - HEAD);
    if (offset === 0) this.begin(number, size);
    if (number !== this.number || size !== this.size || offset !== this.filled) return null;
    if (piece.length > size - offset) return null;
    this.room(offset + piece.length);
    this.bytes.set(piece, offset);
    this.filled += piece.length;
    if (this.filled < size) return null;
    const text = new TextDecoder().decode(this.bytes.subarray(0, size));
    this.forget();
    return { text, kept: (view.getUint8(1) & FLAG.KEPT) !== 0 };
  }

  /** @param {number} number @param {number} size */
  begin(number, size) {
    this.forget();
    if (size < 1 || size > CLIPBOARD_MAX) return;
    this.number = number;
    this.size = size;
  }

  /** @param {number} size */
  room(size) {
    if (size <= this.bytes.length) return;
    const larger = new Uint8Array(Math.min(this.size, Math.max(size, 2 * this.bytes.length)));
    larger.set(this.bytes.subarray(0, this.filled));
    this.bytes = larger;
  }

  forget() {
    this.number = -1;
    this.bytes = new Uint8Array(0);
    this.size = this.filled = 0;
  }
}
