// SPDX-License-Identifier: MIT
// Text from an on-screen keyboard. Those send no usable key codes; they edit a hidden field, and compose whole words in
// it. What changed in the field becomes key presses.

/**
 * How `before` became `after`: characters to delete from the end, then text to type. Pure.
 * @param {string} before @param {string} after
 */
export function difference(before, after) {
  const from = [...before];
  const to = [...after];
  let same = 0;
  while (same < from.length && same < to.length && from[same] === to[same]) same++;
  return { remove: from.length - same, insert: to.slice(same).join('') };
}

export class Typing {
  /**
   * @param {HTMLTextAreaElement} field @param {import('./keyboard.js').Keyboard} keyboard
   * @param {(characters: string) => void} unknown characters that no key types
   */
  constructor(field, keyboard, unknown) {
    this.field = field;
    this.keyboard = keyboard;
    this.unknown = unknown;
    this.shown = '';
    field.addEventListener('input', (event) => this.changed(/** @type {InputEvent} */ (event)));
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
    this.shown = '';
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

  /** @param {InputEvent} event */
  changed(event) {
    const { remove, insert } = difference(this.shown, this.field.value);
    for (let i = 0; i < remove; i++) this.keyboard.tap(['Backspace']);
    const unknown = this.keyboard.type(insert);
    if (unknown) this.unknown(unknown);
    this.shown = this.field.value;
    // Between words the field can be emptied; within one the on-screen keyboard still wants to edit it.
    if (!event.isComposing && /\s$/.test(this.shown)) this.clear();
  }
}
