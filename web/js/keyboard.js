// SPDX-License-Identifier: MIT
// Keys by their place on the keyboard. The guest repeats held keys by itself; whatever takes the keyboard away from the
// page releases everything, so that no key sticks.
import { isModifier, keyFor, usageOf } from './keys.js';
import { writeKey, writeReleaseAll } from './protocol.js';

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

/** Keys in the order that a special combination presses them. */
export const COMBINATIONS = Object.freeze({
  'ctrl-alt-del': ['ControlLeft', 'AltLeft', 'Delete'],
  super: ['MetaLeft'],
  printscreen: ['PrintScreen'],
  'alt-tab': ['AltLeft', 'Tab'],
  'alt-f4': ['AltLeft', 'F4'],
  escape: ['Escape'],
  'ctrl-alt-f1': ['ControlLeft', 'AltLeft', 'F1'],
  'ctrl-alt-f2': ['ControlLeft', 'AltLeft', 'F2'],
  'ctrl-alt-f3': ['ControlLeft', 'AltLeft', 'F3'],
  'ctrl-alt-f4': ['ControlLeft', 'AltLeft', 'F4'],
  'ctrl-alt-f5': ['ControlLeft', 'AltLeft', 'F5'],
  'ctrl-alt-f6': ['ControlLeft', 'AltLeft', 'F6'],
});

export class Keyboard {
  /**
   * @param {(view: DataView<ArrayBuffer>) => void} send
   * @param {object} options
   * @param {() => boolean} options.active the guest gets the keys: focus is on the screen and we have the controls
   * @param {() => boolean} options.swapped Command and Control change places
   * @param {(event: KeyboardEvent) => boolean} options.shortcut true when the page itself took the key
   * @param {() => void} options.released everything was released, the mouse's buttons too
   */
  constructor(send, { active, swapped, shortcut, released }) {
    this.released = released;
    this.send = send;
    this.active = active;
    this.swapped = swapped;
    this.shortcut = shortcut;
    /** Usages that are down, by the code that pressed them. @type {Map<string, number>} */
    this.down = new Map();
    addEventListener('keydown', (event) => this.keydown(event), true);
    addEventListener('keyup', (event) => this.keyup(event), true);
    addEventListener('blur', () => this.releaseAll());
    addEventListener('pagehide', () => this.releaseAll());
    document.addEventListener('visibilitychange', () => document.hidden && this.releaseAll());
  }

  /** @param {KeyboardEvent} event */
  keydown(event) {
    if (this.shortcut(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const usage = usageOf(event.code, this.swapped());
    if (!usage || !this.active()) return;
    event.preventDefault();
    if (event.repeat) return;
    // Windows reports AltGr as Control and Alt; the guest's layout wants AltGr alone.
    if (event.code === 'AltRight' && event.getModifierState('AltGraph') && this.down.has('ControlLeft'))
      this.up('ControlLeft');
    if (this.down.has(event.code)) return;
    this.down.set(event.code, usage);
    this.send(writeKey(usage, true));
    // macOS says that Caps Lock went down when it is switched on, and up when it is switched off.
    if (isMac && event.code === 'CapsLock') this.up('CapsLock');
  }

  /** @param {KeyboardEvent} event */
  keyup(event) {
    const known = this.down.has(event.code);
    if (known) event.preventDefault();
    // Some systems only report that Print Screen went up; macOS' Caps Lock is explained above.
    const upOnly = event.code === 'PrintScreen' || (isMac && event.code === 'CapsLock');
    if (!known && upOnly && this.active()) this.tap([event.code]);
    this.up(event.code);
    // macOS does not report keys that go up while Command is held.
    if (isMac && (event.code === 'MetaLeft' || event.code === 'MetaRight')) {
      for (const [code, usage] of [...this.down]) if (!isModifier(usage)) this.up(code);
    }
  }

  /** @param {string} code */
  up(code) {
    const usage = this.down.get(code);
    if (usage === undefined) return;
    this.down.delete(code);
    this.send(writeKey(usage, false));
  }

  /** Nothing is held any more, neither keys nor buttons. */
  releaseAll() {
    this.down.clear();
    this.send(writeReleaseAll());
    this.released();
  }

  /** Presses keys in order and releases them in reverse. @param {readonly string[]} codes never swapped */
  tap(codes) {
    const usages = codes.map((code) => usageOf(code)).filter(Boolean);
    for (const usage of usages) this.send(writeKey(usage, true));
    for (const usage of usages.reverse()) this.send(writeKey(usage, false));
  }

  /** Types text on a US layout; returns the characters that it has no key for. @param {string} text */
  type(text) {
    let unknown = '';
    for (const character of text.replace(/\r\n?/g, '\n')) {
      const key = keyFor(character);
      if (!key) unknown += character;
      else this.tap(key.shift ? ['ShiftLeft', key.code] : [key.code]);
    }
    return unknown;
  }
}
