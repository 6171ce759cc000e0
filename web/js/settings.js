// SPDX-License-Identifier: MIT
// What the user chose, kept in this browser. A browser without storage keeps it while the page lives.

const PREFIX = 'oriel.';

/**
 * size: 'fit' (device pixels), 'larger' (whole fraction of them), 'keep' or "WxH".
 * @typedef {{size: string, volume: number, muted: boolean, swapCommand: boolean, stats: boolean}} Values
 */

/** @type {Readonly<Values>} */
const defaults = Object.freeze({ size: 'fit', volume: 100, muted: false, swapCommand: false, stats: false });

export class Settings {
  constructor() {
    /** @type {Values} */
    this.values = { ...defaults };
    for (const name of /** @type {(keyof Values)[]} */ (Object.keys(defaults))) {
      try {
        const stored = JSON.parse(localStorage.getItem(PREFIX + name) ?? 'null');
        if (typeof stored === typeof defaults[name]) Object.assign(this.values, { [name]: stored });
      } catch { /* unreadable: the default stays */ }
    }
    this.values.volume = Math.max(0, Math.min(100, this.values.volume));
  }

  /** @template {keyof Values} K @param {K} name @returns {Values[K]} */
  get(name) {
    return this.values[name];
  }

  /** @template {keyof Values} K @param {K} name @param {Values[K]} value */
  set(name, value) {
    this.values[name] = value;
    try {
      localStorage.setItem(PREFIX + name, JSON.stringify(value));
    } catch { /* storage is full or forbidden */ }
  }
}
