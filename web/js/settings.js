// SPDX-License-Identifier: MIT
// What the user chose, kept in this browser. A browser without storage keeps it while the page lives.
import { HEIGHT_MAX, SIZE_MIN, WIDTH_MAX } from './geometry.js';

const PREFIX = 'oriel.';

/**
 * size: 'fit' (follows the window at `scale` percent, 0 = as the screen's density has it), 'keep' or "WxH".
 * handle: the toolbar's place, as edge.js writes it; speaker, microphone: the browser's ids, '' = the system's;
 * transport: of video: 'auto', 'websocket' or 'webrtc';
 * trackpad: a finger moves the pointer from where it is; keyRow: the row of keys is shown; name: what this viewer calls
 * itself; layout: of the guest's keyboard, a name of layouts.js; otherCharacters: how it takes those that the layout
 * lacks.
 * @typedef {{size: string, scale: number, volume: number, muted: boolean, swapCommand: boolean, stats: boolean,
 *   askClosing: boolean, cleanVoice: boolean, layout: string, otherCharacters: string, name: string, handle: string,
 *   handleHidden: boolean, speaker: string, microphone: string, trackpad: boolean, keyRow: boolean,
 *   transport: string}} Values
 */

/** @type {Readonly<Values>} */
const defaults = Object.freeze({
  size: 'fit',
  scale: 0,
  volume: 100,
  muted: false,
  swapCommand: false,
  stats: false,
  askClosing: false,
  cleanVoice: true,
  layout: 'us',
  otherCharacters: 'none',
  name: '',
  handle: 'top 50',
  handleHidden: false,
  speaker: '',
  microphone: '',
  trackpad: false,
  keyRow: false,
  transport: 'auto',
});

/**
 * A pinned size, "WxH"; null for any other choice.
 * @param {string} value @returns {{width: number, height: number} | null}
 */
export function parseSize(value) {
  const match = /^(\d{2,4})x(\d{2,4})$/.exec(value);
  if (!match) return null;
  const [width, height] = [Number(match[1]), Number(match[2])];
  return width >= SIZE_MIN && height >= SIZE_MIN && width <= WIDTH_MAX && height <= HEIGHT_MAX
    ? { width, height }
    : null;
}

class Settings {
  constructor() {
    /** @type {Values} */
    this.values = { ...defaults };
    if (typeof localStorage === 'undefined') return;
    for (const name of /** @type {(keyof Values)[]} */ (Object.keys(defaults))) {
      try {
        const stored = JSON.parse(localStorage.getItem(PREFIX + name) ?? 'null');
        if (typeof stored === typeof defaults[name]) Object.assign(this.values, { [name]: stored });
      } catch {
        /* unreadable: the default stays */
      }
    }
    if (this.values.size !== 'keep' && !parseSize(this.values.size)) this.values.size = 'fit';
    if (!['auto', 'websocket', 'webrtc'].includes(this.values.transport)) this.values.transport = 'auto';
    if (this.values.scale) this.values.scale = Math.max(50, Math.min(400, this.values.scale)) || 0;
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
    } catch {
      /* storage is full or forbidden */
    }
  }
}

export const settings = new Settings();
/** @typedef {Settings} SettingsStore */
