// SPDX-License-Identifier: MIT
// Text that is typed into the guest: the dialog with the layout of the guest's keyboard, and the chip that shows how
// far a text has come and cancels it. What cannot be typed is said before anything is.
import { byId, button, make } from './dom.js';
import { ENTRIES, LAYOUTS, planText } from './layouts.js';
import { CAP, STATE } from './wire.js';

/** Shorter texts show no progress. */
const LONG = 30;

/** @param {Record<string, string>} labels @param {string} chosen @param {string} id */
function select(labels, chosen, id) {
  const options = Object.entries(labels).map(([value, label]) => make('option', { value }, label));
  const element = make('select', { id }, ...options);
  element.value = chosen in labels ? chosen : Object.keys(labels)[0];
  return element;
}

export class TextDialog {
  /**
   * @param {import('./client.js').Client} client @param {import('./keyboard.js').Keyboard} keyboard
   * @param {import('./settings.js').SettingsStore} settings @param {(text: string) => void} say
   * @param {(text: string) => void} give into the guest's clipboard
   */
  constructor(client, keyboard, settings, say, give) {
    this.give = give;
    this.client = client;
    this.keyboard = keyboard;
    this.settings = settings;
    this.say = say;
    this.field = make('textarea', { id: 'text-field', rows: '6', spellcheck: 'false', 'aria-label': 'Text to type' });
    const labels = Object.fromEntries(Object.entries(LAYOUTS).map(([name, { label }]) => [name, label]));
    this.layout = select(labels, settings.get('layout'), 'text-layout');
    this.others = select(ENTRIES, settings.get('otherCharacters'), 'text-others');
    this.note = make('p', { id: 'text-note', class: 'note', role: 'status' });
    /** Characters that would be typed. */
    this.typable = 0;
    this.yes = make('button', { id: 'text-yes', type: 'submit', value: 'yes' }, 'Type');
    this.paste = make('button', { id: 'text-paste', type: 'submit', value: 'paste' }, 'To the guest’s clipboard');
    this.dialog = this.build();
    this.bar = make('progress', { max: '100', 'aria-label': 'Text typed' });
    this.percent = make('span', {}, 'Typing');
    this.chip = make('div', { id: 'chip-typing', class: 'chip surface' }, this.percent, this.bar,
      make('button', { type: 'button', id: 'cancel-typing', title: 'Cancel (Esc)' }, 'Cancel'));
    this.chip.hidden = true;
    byId('chips', HTMLElement).append(this.chip);
    this.bind();
  }

  build() {
    const dialog = make('dialog', { id: 'text-dialog', class: 'surface', 'aria-labelledby': 'text-title' },
      make('form', { method: 'dialog' },
        make('h2', { id: 'text-title' }, 'Type text into the guest'),
        this.field,
        make('label', { class: 'row' }, 'Keyboard of the guest', this.layout),
        make('label', { class: 'row tight' }, 'Other characters', this.others),
        this.note,
        make('div', { class: 'buttons' }, make('button', { value: 'cancel' }, 'Close'), this.paste, this.yes)));
    document.body.append(dialog);
    return dialog;
  }

  bind() {
    button('open-text').addEventListener('click', () => this.open());
    this.field.addEventListener('input', () => this.check());
    this.layout.addEventListener('change', () => {
      this.settings.set('layout', this.layout.value);
      this.check();
    });
    this.others.addEventListener('change', () => {
      this.settings.set('otherCharacters', this.others.value);
      this.check();
    });
    this.dialog.addEventListener('close', () => {
      this.client.screen.canvas.focus({ preventScroll: true });
      if (this.dialog.returnValue === 'yes') this.type();
      if (this.dialog.returnValue === 'paste') {
        this.give(this.field.value);
        this.field.value = '';
      }
    });
    button('cancel-typing').addEventListener('click', () => {
      this.keyboard.cancelText();
      this.client.screen.canvas.focus({ preventScroll: true });
    });
  }

  async open() {
    this.dialog.returnValue = '';
    this.check();
    this.dialog.showModal();
    this.field.focus();
    if (this.field.value) return;
    // Without leave to read the clipboard, the user pastes into the field.
    const text = await navigator.clipboard?.readText?.().catch(() => '');
    if (text && !this.field.value && this.dialog.open) this.field.value = text;
    this.check();
  }

  /** For who has no other way to the clipboard: a text to be copied, or a field to paste into. @param {string} text
   * @param {boolean} guest it is the guest's */
  show(text, guest) {
    this.field.value = text;
    this.dialog.returnValue = '';
    this.check();
    this.dialog.showModal();
    this.field.focus();
    this.field.select();
    this.note.textContent = guest ? 'Copy this text.' : 'Paste the text here.';
  }

  /** Says what will not be typed. */
  check() {
    const { strokes, unknown } = planText(this.field.value, this.layout.value, this.others.value);
    const count = `${strokes.length} ${strokes.length === 1 ? 'character' : 'characters'}`;
    this.note.textContent = unknown ? `This keyboard does not type: ${[...unknown].join(' ')}` : count;
    this.yes.textContent = unknown ? 'Type without them' : 'Type';
    this.typable = strokes.length;
    this.allow();
  }

  /** Only while it would arrive. */
  allow() {
    this.yes.disabled = this.typable === 0 || !this.client.usable;
    this.paste.hidden = (this.client.capabilities & CAP.CLIPBOARD_IN) === 0;
    this.paste.disabled = !this.field.value || !this.client.usable;
  }

  type() {
    if (!this.keyboard.able) return this.say('Nothing was typed: the guest cannot be reached now.');
    this.keyboard.type(this.field.value);
    this.field.value = '';
    this.progress();
  }

  /** How far a text has come. */
  progress() {
    const { total, done } = this.keyboard.typist;
    this.chip.hidden = total < LONG;
    const percent = total ? Math.floor((done / total) * 100) : 0;
    this.bar.value = percent;
    this.percent.textContent = `Typing, ${percent} %`;
  }

  /** The client knows something new. */
  update() {
    const { typist } = this.keyboard;
    const { state } = this.client.guest;
    button('open-text').disabled = !this.client.controls;
    this.allow();
    if (typist.busy && state !== STATE.RUNNING && state !== STATE.PAUSED) this.keyboard.cancelText();
    this.progress();
  }
}
