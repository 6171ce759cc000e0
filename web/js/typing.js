// SPDX-License-Identifier: MIT
// Text from an on-screen keyboard. Those send no usable key codes; they edit a hidden field, and compose whole words in
// it. What changed in the field becomes key presses.

/**
 * A character in the field, and whether the guest has it. Only what was sent can be taken back.
 * @typedef {{character: string, sent: boolean}} Entry
 */

/**
 * How `before` became `after`: what to take back from the end, and what to type then. Pure.
 * @param {readonly Entry[]} before @param {string} after
 */
export function difference(before, after) {
  const to = [...after.normalize('NFC')];
  let same = 0;
  while (same < before.length && same < to.length && before[same].character === to[same]) same++;
  return { kept: same, remove: before.slice(same).filter(({ sent }) => sent).length, insert: to.slice(same) };
}

/**
 * What Typing needs of the keyboard.
 * @typedef {Pick<import('./keyboard.js').Keyboard, 'able' | 'tap' | 'type' | 'commands'>} Output
 */

export class Typing {
  /**
   * @param {HTMLTextAreaElement} field @param {Output} keyboard
   * @param {(characters: string) => void} unknown characters that no key types
   */
  constructor(field, keyboard, unknown) {
    this.field = field;
    this.keyboard = keyboard;
    this.unknown = unknown;
    /** @type {Entry[]} */
    this.shown = [];
    /** Refused and not yet said. */
    this.refused = '';
    field.addEventListener('input', (event) => this.changed(/** @type {InputEvent} */ (event).isComposing));
    field.addEventListener('compositionend', () => this.changed(false));
    field.addEventListener('beforeinput', (event) => this.before(/** @type {InputEvent} */ (event)));
    field.addEventListener('blur', () => this.clear());
  }

  get open() {
    return document.activeElement === this.field;
  }

  toggle() {
    if (this.open) this.field.blur();
    else this.field.focus({ preventScroll: true });
  }

  clear() {
    this.field.value = '';
    this.shown = [];
    this.refused = '';
  }

  /** Keys that change nothing in an empty field still mean something. @param {InputEvent} event */
  before(event) {
    const empty = this.field.value === '';
    if (event.inputType === 'insertLineBreak' || event.inputType === 'insertParagraph') this.keyboard.tap(['Enter']);
    else if (empty && event.inputType === 'deleteContentBackward') this.keyboard.tap(['Backspace']);
    else if (empty && event.inputType === 'deleteContentForward') this.keyboard.tap(['Delete']);
    else return;
    event.preventDefault();
    this.clear();
  }

  /** @param {boolean} composing an input method still works on the word: what it shows is not yet what was meant */
  changed(composing) {
    const { kept, remove, insert } = difference(this.shown, this.field.value);
    for (let i = 0; i < remove; i++) this.keyboard.tap(['Backspace']);
    this.shown.length = kept;
    for (const character of insert) {
      // Ctrl+C leaves no character that could be taken back.
      const leaves = this.keyboard.able && !this.keyboard.commands;
      const known = this.keyboard.type(character) === '';
      this.shown.push({ character, sent: known && leaves });
      if (!known && !this.refused.includes(character)) this.refused += character;
    }
    if (composing) return;
    this.refused = [...this.refused].filter((one) => this.shown.some(({ character }) => character === one)).join('');
    if (this.refused) this.unknown(this.refused);
    this.refused = '';
    // Between words the field can be emptied; within one the on-screen keyboard still wants to edit it.
    if (/\s$/.test(this.field.value)) this.clear();
  }
}
