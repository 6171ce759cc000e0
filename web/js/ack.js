// SPDX-License-Identifier: MIT
// Tells the server what became of its pictures: the newest sequence that was received, decoded and painted, and when.
import { ACK_SIZE, fillAck } from './protocol.js';
import { compareSequence } from './sequence.js';

/**
 * Sequence numbers and times; 0 = none yet.
 * @type {Parameters<typeof fillAck>[1]}
 */
const nothing = { received: 0, decoded: 0, painted: 0, receivedUs: 0, decodedUs: 0, paintedUs: 0 };

export class Ack {
  /** @param {(view: DataView<ArrayBuffer>) => void} send */
  constructor(send) {
    this.send = send;
    this.view = new DataView(new ArrayBuffer(ACK_SIZE));
    this.now = { ...nothing };
  }

  /** A new connection: nothing was received yet. */
  reset() {
    this.now = { ...nothing };
  }

  /** @param {number} sequence @param {number} us */
  received(sequence, us) {
    this.now.received = sequence;
    this.now.receivedUs = us;
  }

  /** @param {number} sequence @param {number} us */
  decoded(sequence, us) {
    this.now.decoded = sequence;
    this.now.decodedUs = us;
  }

  /**
   * A video that a track shows may be seen after tiles that are newer than it: what was painted is painted.
   * @param {number} sequence @param {number} us
   */
  painted(sequence, us) {
    if (this.now.painted && compareSequence(sequence, this.now.painted) < 0) return;
    this.now.painted = sequence;
    this.now.paintedUs = us;
  }

  flush() {
    fillAck(this.view, this.now);
    this.send(this.view);
  }
}
