// SPDX-License-Identifier: MIT
// How the lock keys of the user's keyboard stand. The server is told before a key that one of them matters for, and
// brings the guest's into step. Pure: the way out is given.
import { writeLocks } from './protocol.js';

/** Bits of LOCKS. */
const CAPS = 1;
const NUM = 2;

export class Locks {
  /** @param {(view: DataView<ArrayBuffer>) => void} send */
  constructor(send) {
    this.send = send;
    /** As the server was told. */
    this.known = 0;
    this.on = 0;
  }

  /** A key other than a modifier goes down. @param {KeyboardEvent} event @param {string} code */
  note(event, code) {
    if (/Lock$/.test(code)) return; // it changes its own lock
    let on = event.getModifierState('CapsLock') ? this.on | CAPS : this.on & ~CAPS;
    let known = this.known | CAPS;
    // Macs have no Num Lock: their keypad types digits. Shift turns the keypad round on Windows.
    if (/^Numpad(\d|Decimal)$/.test(code) && !event.shiftKey) {
      known |= NUM;
      on = event.getModifierState('NumLock') || /^[\d.,]$/.test(event.key) ? on | NUM : on & ~NUM;
    }
    this.tell(known, on);
  }

  /** Text knows no Caps Lock. */
  none() {
    this.tell(this.known | CAPS, this.on & ~CAPS);
  }

  /** A new connection knows nothing. */
  forget() {
    this.known = 0;
    this.on = 0;
  }

  /** @param {number} known @param {number} on */
  tell(known, on) {
    if (known === this.known && on === this.on) return;
    this.known = known;
    this.on = on;
    this.send(writeLocks(known, on));
  }
}
