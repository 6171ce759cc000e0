// SPDX-License-Identifier: MIT
// Modifiers that stay down while a finger goes for another key: one tap holds for the next key or click, a second one
// until a third. Pure: the keys are sent by others.

/** @typedef {'up' | 'once' | 'locked'} Hold */

export class Sticky {
  /** @param {{hold: (code: string) => void, release: (code: string) => void}} keys @param {() => void} changed */
  constructor(keys, changed) {
    this.keys = keys;
    this.changed = changed;
    /** @type {Map<string, Hold>} */
    this.holds = new Map();
  }

  /** @param {string} code @returns {Hold} */
  hold(code) {
    return this.holds.get(code) ?? 'up';
  }

  /** @param {string} code of a modifier */
  tap(code) {
    const before = this.hold(code);
    if (before === 'locked') {
      this.holds.delete(code);
      this.keys.release(code);
    } else this.holds.set(code, before === 'up' ? 'once' : 'locked');
    if (before === 'up') this.keys.hold(code);
    this.changed();
  }

  /** Another key was pressed and released. */
  spent() {
    if (![...this.holds.values()].includes('once')) return;
    for (const [code, hold] of [...this.holds]) {
      if (hold !== 'once') continue;
      this.holds.delete(code);
      this.keys.release(code);
    }
    this.changed();
  }

  /** None is held any more. */
  release() {
    for (const code of [...this.holds.keys()]) this.keys.release(code);
    this.forget();
  }

  /** Everything was released elsewhere. */
  forget() {
    if (!this.holds.size) return;
    this.holds.clear();
    this.changed();
  }
}
