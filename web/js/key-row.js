// SPDX-License-Identifier: MIT
// The keys that a phone's keyboard lacks, in a row above it: modifiers that stay down for the next key, Escape, Tab,
// arrows, function keys. They send, but take no focus, so that the phone's keyboard stays open.
import { byId, make } from './dom.js';
import { Sticky } from './sticky.js';

const MODIFIERS = [
  ['ControlLeft', 'Ctrl'],
  ['AltLeft', 'Alt'],
  ['MetaLeft', 'Super'],
  ['ShiftLeft', 'Shift'],
];
const KEYS = [
  ['Escape', 'Esc'],
  ['Tab', 'Tab'],
];
const MOVES = [
  ['ArrowLeft', '←', 'Left'],
  ['ArrowDown', '↓', 'Down'],
  ['ArrowUp', '↑', 'Up'],
  ['ArrowRight', '→', 'Right'],
  ['Delete', 'Del', 'Delete'],
  ['PageUp', 'PgUp', 'Page up'],
  ['PageDown', 'PgDn', 'Page down'],
];
const MORE = [
  ...Array.from({ length: 12 }, (_, index) => [`F${index + 1}`, `F${index + 1}`]),
  ['Home', 'Home'],
  ['End', 'End'],
  ['Insert', 'Ins', 'Insert'],
  ['PrintScreen', 'PrtSc', 'Print screen'],
];
/** These repeat while they are held, as on a keyboard. */
const REPEATS = /^(Arrow|Page|Delete)/;
const REPEAT_AFTER_MS = 450;
const REPEAT_MS = 70;

export class KeyRow {
  /**
   * @param {import('./keyboard.js').Keyboard} keyboard @param {import('./settings.js').SettingsStore} settings
   * @param {object} options
   * @param {(height: number) => void} options.covers CSS pixels at the bottom of the window that this row and a phone's
   *   keyboard lie over
   * @param {() => void} options.type opens or closes the phone's keyboard
   * @param {(shown: boolean) => void} options.changed the row comes or goes
   */
  constructor(keyboard, settings, { covers, type, changed }) {
    this.keyboard = keyboard;
    this.settings = settings;
    this.covers = covers;
    this.changed = changed;
    this.root = byId('key-row', HTMLElement);
    /** @type {Map<string, HTMLButtonElement>} */
    this.modifiers = new Map();
    this.sticky = new Sticky(keyboard, () => this.update());
    keyboard.held = { used: () => this.sticky.spent(), dropped: () => this.sticky.forget() };
    const more = make('div', { class: 'keys-more', hidden: '' }, ...MORE.map((key) => this.key(key)));
    const opener = this.button('Fn', 'Function keys', () => {
      more.hidden = !more.hidden;
      opener.setAttribute('aria-expanded', String(!more.hidden));
    });
    opener.setAttribute('aria-expanded', 'false');
    const typing = this.button('', 'On-screen keyboard', type);
    const icon = byId('open-keyboard', HTMLElement).querySelector('svg');
    if (icon) typing.append(icon.cloneNode(true));
    const line = make(
      'div',
      { class: 'keys-line' },
      ...MODIFIERS.map(([code, label]) => this.modifier(code, label)),
      ...KEYS.map((key) => this.key(key)),
      opener,
      typing,
      ...MOVES.map((key) => this.key(key)),
      this.button('×', 'Close the row of keys', () => this.show(false)),
    );
    this.root.append(more, line);
    visualViewport?.addEventListener('resize', () => this.place());
    visualViewport?.addEventListener('scroll', () => this.place());
    addEventListener('resize', () => this.place());
    // It comes and goes with the picture, too, and its function keys make it taller.
    new ResizeObserver(() => this.place()).observe(this.root);
    this.show(settings.get('keyRow'));
  }

  get open() {
    return !this.root.hidden;
  }

  /** @param {string} label @param {string} name @param {(event: MouseEvent) => void} run */
  button(label, name, run) {
    const element = make('button', { type: 'button', 'aria-label': name, title: name }, label);
    // The focus stays where it is, and with it the phone's keyboard.
    for (const event of ['pointerdown', 'mousedown']) element.addEventListener(event, (one) => one.preventDefault());
    element.addEventListener('click', run);
    return element;
  }

  /** @param {string[]} key code, label, name */
  key([code, label, name = label]) {
    let repeated = false;
    const element = this.button(label, name, ({ detail }) => {
      if (!repeated || detail === 0) this.keyboard.tap([code]);
      repeated = false;
    });
    if (!REPEATS.test(code)) return element;
    let timer = 0;
    const stop = () => clearTimeout(timer);
    const repeat = (/** @type {number} */ wait) => {
      timer = setTimeout(() => {
        if (element.disabled) return; // a disabled button is told of no finger that goes up
        repeated = true;
        this.keyboard.tap([code]);
        repeat(REPEAT_MS);
      }, wait);
    };
    element.addEventListener('pointerdown', (event) => {
      stop();
      repeated = false;
      if (event.button === 0) repeat(REPEAT_AFTER_MS);
    });
    for (const event of ['pointerup', 'pointercancel', 'pointerleave']) element.addEventListener(event, stop);
    return element;
  }

  /** @param {string} code @param {string} label */
  modifier(code, label) {
    const element = this.button(label, label, () => this.sticky.tap(code));
    this.modifiers.set(code, element);
    element.setAttribute('aria-pressed', 'false');
    return element;
  }

  update() {
    for (const [code, element] of this.modifiers) {
      const hold = this.sticky.hold(code);
      element.setAttribute('aria-pressed', String(hold !== 'up'));
      element.dataset.hold = hold;
    }
  }

  /** @param {boolean} usable */
  setUsable(usable) {
    for (const element of this.root.querySelectorAll('button')) {
      element.disabled = !usable && element.textContent !== '×';
    }
  }

  /** @param {boolean} open */
  show(open) {
    if (!open) this.sticky.release();
    if (this.settings.get('keyRow') !== open) this.settings.set('keyRow', open);
    this.root.hidden = !open;
    this.place();
    this.changed(open);
  }

  /** Above the phone's keyboard, which lies over the page. */
  place() {
    const view = visualViewport;
    const under = view ? Math.max(0, innerHeight - view.height * view.scale - view.offsetTop) : 0;
    this.root.style.bottom = `${under}px`;
    const covered = under + this.root.offsetHeight;
    document.documentElement.style.setProperty('--covered', `${covered}px`);
    this.covers(covered);
  }
}
