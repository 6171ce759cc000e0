// SPDX-License-Identifier: MIT
// Keys by their place on the keyboard. Whatever takes the keyboard away from the page releases everything, and no
// key-down is trusted to get its key-up, so that no key sticks.
import { codeOf, isModifier, lacksKeyUp, usageOf } from './keys.js';
import { heldBy, planText } from './layouts.js';
import { Locks } from './locks.js';
import { writeKey, writeReleaseAll } from './protocol.js';
import { Typist } from './typist.js';

const platform = typeof navigator === 'undefined' ? '' : navigator.platform;

/** How long a Control waits for the AltGr that it may be a part of; Windows reports both at once. */
const ALTGR_MS = 20;

/** Shift and AltGr. */
const LEVELS = new Set([usageOf('ShiftLeft'), usageOf('ShiftRight'), usageOf('AltRight')]);

/** A text of so many characters is ended by Escape. */
const LONG = 30;

/** Which flag of an event tells whether a modifier is down. AltRight has none: it may be AltGr or anything. */
const FLAGS = Object.freeze({
  ControlLeft: 'ctrlKey', ControlRight: 'ctrlKey', ShiftLeft: 'shiftKey', ShiftRight: 'shiftKey', AltLeft: 'altKey',
  MetaLeft: 'metaKey', MetaRight: 'metaKey', OSLeft: 'metaKey', OSRight: 'metaKey',
});

/** @typedef {keyof typeof FLAGS} Modifier */

export class Keyboard {
  /**
   * @param {(view: DataView<ArrayBuffer>) => void} send
   * @param {object} options
   * @param {() => boolean} options.active the guest gets the keys: focus is on the screen and we have the controls
   * @param {() => boolean} [options.able] what is sent reaches the guest, wherever the focus is
   * @param {() => boolean} options.swapped Command and Control change places
   * @param {(event: KeyboardEvent) => boolean} options.shortcut true when the page itself took the key
   * @param {() => [layout: string, entry: string]} options.layout of the guest, and its way for other characters
   * @param {(characters: string) => void} options.unknown the guest's layout has no key for these
   * @param {() => void} [options.typing] a text makes progress
   * @param {(done: number, total: number) => void} [options.cut] a long text ended early
   * @param {(event: KeyboardEvent, code: string, usage: number, press: () => void) => boolean} [options.pastes] true
   *   when the key waits for a text that goes before it: `press` is called then, and the browser is let do its part
   * @param {() => void} options.released everything was released, the mouse's buttons too
   * @param {boolean} [options.isMac] @param {boolean} [options.isWindows]
   */
  constructor(send, options) {
    const { active, able, swapped, shortcut, layout, unknown, typing, cut, pastes, released, isMac, isWindows } = options;
    this.pastes = pastes ?? (() => false);
    this.released = released;
    this.send = send;
    this.active = active;
    this.isAble = able ?? (() => true);
    this.cut = cut ?? (() => {});
    this.swapped = swapped;
    this.shortcut = shortcut;
    this.layout = layout;
    this.unknown = unknown;
    this.typist = new Typist(send, typing, (done, total) => total >= LONG && this.cut(done, total));
    this.locks = new Locks(send);
    this.isMac = isMac ?? /Mac|iPhone|iPad/.test(platform);
    this.isWindows = isWindows ?? /^Win/.test(platform);
    /** For modifiers that a row of keys holds down: a key or a click had its use of them, or everything went up. */
    this.held = { used: () => {}, dropped: () => {} };
    /** Codes that it holds: they are meant for text, too. @type {Set<string>} */
    this.meant = new Set();
    /** Usages that are down, by the code that pressed them. @type {Map<string, number>} */
    this.down = new Map();
    /** Modifiers that the browser confirmed to be down. @type {Set<Modifier>} */
    this.confirmed = new Set();
    /** A Control that may be a part of AltGr: its timer. @type {ReturnType<typeof setTimeout> | null} */
    this.pending = null;
  }

  /** Listens to the window. */
  attach() {
    addEventListener('keydown', (event) => this.keydown(event), true);
    addEventListener('keyup', (event) => this.keyup(event), true);
    addEventListener('blur', () => this.left());
    addEventListener('pagehide', () => this.releaseAll());
    document.addEventListener('visibilitychange', () => document.hidden && this.left());
  }

  /** @param {KeyboardEvent} event */
  keydown(event) {
    if (this.shortcut(event)) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const code = codeOf(event);
    const usage = usageOf(code, this.swapped());
    if (!this.active()) return;
    if (!usage) return this.typeUnplaced(event);
    if (this.pastes(event, code, usage, () => this.keydownNow(event, code, usage))) return this.settle(event);
    event.preventDefault();
    if (code === 'Escape' && this.typist.total >= LONG) return this.cancelText();
    this.keydownNow(event, code, usage);
  }

  /** @param {KeyboardEvent} event @param {string} code @param {number} usage */
  keydownNow(event, code, usage) {
    this.settle(event);
    this.trustFlags(event, code);
    if (!isModifier(usage) && !event.repeat) this.locks.note(event, code);
    if (this.isWindows && code === 'ControlLeft' && !event.repeat && !this.down.has(code)) {
      this.pending = setTimeout(() => this.settle(null), ALTGR_MS);
      return;
    }
    // macOS does not tell that a key went up while Command was held, and who sends keys without a place may never tell.
    const untold = !isModifier(usage) && (!usageOf(event.code) || (this.isMac && event.metaKey));
    if (untold || lacksKeyUp(event)) return this.tapUsages([usage]);
    if (event.repeat && this.down.has(code)) {
      // The server passes it on to keyboards that do not repeat by themselves.
      if (!isModifier(usage)) this.emit(usage, true);
      return;
    }
    // Without `repeat` the key has been up unseen.
    this.up(code);
    this.down.set(code, usage);
    this.emit(usage, true);
    // macOS says that Caps Lock went down when it is switched on, and up when it is switched off.
    if (this.isMac && code === 'CapsLock') this.up(code);
  }

  /** @param {KeyboardEvent} event */
  keyup(event) {
    const code = codeOf(event);
    this.settle(null);
    this.trustFlags(event, code);
    const known = this.down.has(code);
    if (known) event.preventDefault();
    // Some systems only report that Print Screen went up; macOS' Caps Lock is explained above.
    const upOnly = code === 'PrintScreen' || (this.isMac && code === 'CapsLock');
    if (!known && upOnly && this.active()) this.tap([code]);
    this.up(code);
    // Keys that were down before Command and went up while it was held.
    if (this.isMac && (code === 'MetaLeft' || code === 'MetaRight')) {
      for (const [other, usage] of [...this.down]) if (!isModifier(usage)) this.up(other);
    }
  }

  /**
   * Sends a Control that waited, unless the next event shows that it was a part of AltGr, which the guest's layout
   * wants alone. @param {KeyboardEvent | null} event
   */
  settle(event) {
    if (this.pending === null) return;
    clearTimeout(this.pending);
    this.pending = null;
    const altGr = event?.code === 'AltRight' && (event.key === 'AltGraph' || event.getModifierState('AltGraph'));
    if (!altGr && this.active()) this.press('ControlLeft', this.swapped());
  }

  /** Modifiers that the browser knows to be up went up unseen. @param {KeyboardEvent} event @param {string} own */
  trustFlags(event, own) {
    for (const code of /** @type {Modifier[]} */ (Object.keys(FLAGS))) {
      if (code === own || !this.down.has(code)) continue;
      if (event[/** @type {'ctrlKey'} */ (FLAGS[code])]) this.confirmed.add(code);
      else if (this.confirmed.has(code)) this.up(code);
    }
  }

  /**
   * Holds a key down until release(), for keys on the screen. A key that is down is left alone.
   * @param {string} code @param {boolean} [swap]
   */
  press(code, swap = false) {
    const usage = usageOf(code, swap);
    if (!usage || this.down.has(code)) return;
    this.down.set(code, usage);
    this.emit(usage, true);
  }

  /** As press(), for a modifier that goes with what is typed or clicked next. @param {string} code */
  hold(code) {
    this.meant.add(code);
    this.press(code);
  }

  /** Text reaches the guest now. */
  get able() {
    return this.isAble();
  }

  /** Something other than Shift and AltGr is down: a character is a command. */
  get commands() {
    return [...this.down.values()].some((usage) => isModifier(usage) && !LEVELS.has(usage));
  }

  /** @param {string} code */
  release(code) {
    this.settle(null);
    this.up(code);
  }

  /** @param {string} code */
  up(code) {
    const usage = this.down.get(code);
    this.confirmed.delete(/** @type {Modifier} */ (code));
    if (usage === undefined) return;
    this.down.delete(code);
    this.meant.delete(code);
    this.emit(usage, false);
    if (!isModifier(usage)) this.held.used();
  }

  /** One press or release; behind a text that is being typed. @param {number} usage @param {boolean} pressed */
  emit(usage, pressed) {
    if (this.typist.busy) this.typist.key(usage, pressed);
    else this.send(writeKey(usage, pressed));
  }

  /**
   * An event of auto-type, a macro keyboard or dictation, which has no place: its character is typed.
   * @param {KeyboardEvent} event
   */
  typeUnplaced(event) {
    if ((event.code && event.code !== 'Unidentified') || [...event.key].length !== 1) return;
    event.preventDefault();
    const unknown = this.type(event.key);
    if (unknown) this.unknown(unknown);
  }

  /** The page is no longer looked at: keys go up, but a text is typed to its end. */
  left() {
    if (!this.typist.busy) return this.releaseAll();
    this.settle(null);
    for (const code of [...this.down.keys()]) this.up(code);
    this.held.dropped();
  }

  /** Nothing more of the text that is being typed, also of what the server has of it. */
  cancelText() {
    if (this.typist.busy) this.releaseAll();
  }

  /** The connection or the controls went: nobody holds anything, and nobody is told. */
  forget() {
    this.typist.forget();
    this.locks.forget();
    this.drop();
  }

  drop() {
    if (this.pending !== null) clearTimeout(this.pending);
    this.pending = null;
    this.down.clear();
    this.confirmed.clear();
    this.meant.clear();
    this.held.dropped();
  }

  /** Nothing is held any more, neither keys nor buttons. */
  releaseAll() {
    this.typist.cancel();
    this.drop();
    this.send(writeReleaseAll());
    this.released();
  }

  /** Presses keys in order and releases them in reverse. @param {readonly string[]} codes never swapped */
  tap(codes) {
    this.tapUsages(codes.map((code) => usageOf(code)).filter(Boolean));
  }

  /**
   * Types text on the chosen layout of the guest; returns the characters that nothing types, which are left out.
   * Nothing is typed while nothing reaches the guest: pieces that nobody answers would hold up every key behind them.
   * @param {string} text
   */
  type(text) {
    if (!this.able) return '';
    const { strokes, unknown } = planText(text, ...this.layout());
    if (!strokes.length) return unknown;
    this.settle(null);
    this.locks.none();
    // Shift and AltGr of the user's own would make other characters of it; Control and the like are meant.
    const levels = [...this.down].filter(([code, usage]) => LEVELS.has(usage) && !this.meant.has(code));
    for (const [, usage] of levels) this.emit(usage, false);
    this.typist.type(strokes);
    for (const [, usage] of levels) this.emit(usage, true);
    this.held.used();
    // A text that held a modifier for itself took it up with it; one that is meant to stay goes down again.
    const taken = new Set(strokes.flatMap((all) => all.flatMap(heldBy)));
    for (const code of this.meant) {
      const usage = this.down.get(code);
      if (usage && taken.has(usage)) this.emit(usage, true);
    }
    return unknown;
  }

  /** @param {readonly number[]} usages */
  tapUsages(usages) {
    for (const usage of usages) this.emit(usage, true);
    for (const usage of [...usages].reverse()) this.emit(usage, false);
    if (usages.some((usage) => !isModifier(usage))) this.held.used();
  }
}
