// SPDX-License-Identifier: MIT
// The floating toolbar: hides while the guest is used, comes back by its handle (handle.js), by a shortcut and whenever
// there is no picture; moved through with the arrow keys; one panel open at a time.
import { button, byId } from './dom.js';
import { Handle } from './handle.js';

const HIDE_MS = 900;

/** What the keyboard reaches in a panel. */
const STOPS = ':is(button, input, select, textarea):not(:disabled)';

/** In their order; of radio buttons the checked one, from which arrow keys lead on. @param {HTMLElement} panel */
function stopsOf(panel) {
  const stops = /** @type {HTMLInputElement[]} */ ([...panel.querySelectorAll(STOPS)]);
  const passed = (/** @type {HTMLInputElement} */ { type, name, checked }) =>
    type === 'radio' && !checked && stops.some((other) => other.name === name && other.checked);
  return stops.filter((stop) => stop.checkVisibility() && !passed(stop));
}

/** Takes what is typed next, so it keeps the focus. */
const FIELD = ':is(input:not([type="checkbox"], [type="radio"], [type="range"]), select, textarea)';

/** Buttons and their panels. */
const panels = [
  ['control', 'panel-control'],
  ['open-keyboard', 'panel-keyboard'],
  ['open-size', 'panel-size'],
  ['open-sound', 'panel-sound'],
  ['open-microphone', 'panel-microphone'],
  ['open-power', 'panel-power'],
  ['open-toolbar', 'panel-toolbar'],
];

export class Toolbar {
  /**
   * @param {import('./settings.js').SettingsStore} settings
   * @param {() => void} leave gives the focus back to the screen
   * @param {() => void} opened a panel is shown
   */
  constructor(settings, leave, opened) {
    this.leave = leave;
    this.opened = opened;
    this.root = byId('top', HTMLElement);
    this.bar = byId('bar', HTMLElement);
    this.running = false;
    this.timer = 0;
    this.handle = new Handle(settings, { show: () => this.show(), leave, moved: () => this.placePanel() });
    button('handle').addEventListener('click', (event) => (event.detail === 0 ? this.focus() : this.show()));
    this.root.addEventListener('pointerenter', () => this.stay());
    this.root.addEventListener('pointerleave', (event) => event.pointerType === 'mouse' && this.hideSoon());
    // The handle is gone where the bar is: by Tab it leads into the bar.
    this.root.addEventListener('focusin', ({ target }) => (target === button('handle') ? this.focus() : this.show()));
    this.root.addEventListener('focusout', () => this.hideSoon());
    this.root.addEventListener('keydown', (event) => this.keydown(event));
    for (const [opener, panel] of panels) {
      button(opener).addEventListener('click', (event) => this.toggle(opener, panel, event.detail === 0));
      byId(panel, HTMLElement).tabIndex = -1;
    }
    this.root.addEventListener('click', (event) => this.clicked(event));
    addEventListener('pointerdown', (event) => !this.contains(event.target) && this.dismiss(), true);
    this.show();
  }

  /** @param {EventTarget | null} target */
  contains(target) {
    return target instanceof Node && this.root.contains(target);
  }

  get openPanel() {
    return panels.find(([, panel]) => !byId(panel, HTMLElement).hidden);
  }

  /** Without a picture the toolbar stays. @param {boolean} running */
  setRunning(running) {
    if (running === this.running) return;
    this.running = running;
    if (running) this.hide();
    else {
      this.closePanels();
      this.show();
    }
  }

  show() {
    this.stay();
    document.documentElement.dataset.bar = 'shown';
  }

  stay() {
    clearTimeout(this.timer);
    this.timer = 0;
  }

  hideSoon() {
    this.stay();
    this.timer = setTimeout(() => this.hide(), HIDE_MS);
  }

  hide() {
    this.timer = 0;
    const used = this.openPanel || this.root.matches(':hover') || this.contains(document.activeElement);
    if (this.running && !used) document.documentElement.dataset.bar = 'hidden';
  }

  /**
   * What a mouse or a finger clicked has done its work, and the keys are for the guest again; the panel stays open for
   * another click. A field keeps the focus, and so does what was reached by keys, and what a click moved it to: the
   * on-screen keyboard's field, a dialog. @param {MouseEvent} event
   */
  clicked({ target, detail }) {
    if (detail === 0 || !(target instanceof Element) || target.closest(`[aria-controls], #handle, ${FIELD}`)) return;
    const { activeElement } = document;
    if (activeElement !== document.body && !this.contains(activeElement)) return;
    if (target.closest('button, label, input:is([type="checkbox"], [type="radio"], [type="range"])')) this.leave();
  }

  /** The user turned back to the guest. */
  dismiss() {
    this.closePanels();
    if (this.contains(document.activeElement)) this.leave();
    if (this.running) document.documentElement.dataset.bar = 'hidden';
  }

  /** By the shortcut: shows and takes the focus, or gives it back. */
  toggleFocus() {
    if (this.contains(document.activeElement)) return this.dismiss();
    this.focus();
  }

  focus() {
    this.show();
    this.items()[0]?.focus();
  }

  items() {
    return [...this.bar.querySelectorAll('button')].filter((item) => !item.hidden && !item.disabled);
  }

  /** @param {KeyboardEvent} event */
  keydown(event) {
    const items = this.items();
    const at = items.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
    const step = /^Arrow(Right|Down)$/.test(event.key) ? 1 : /^Arrow(Left|Up)$/.test(event.key) ? -1 : 0;
    const open = this.openPanel;
    if (event.key === 'Escape') {
      if (open) {
        this.closePanels();
        button(open[0]).focus();
      } else this.dismiss();
    } else if (event.key === 'Tab' && (open || this.running)) this.around(event.shiftKey);
    else if (step && at >= 0) items[(at + step + items.length) % items.length].focus();
    else if (event.key === 'Home' && at >= 0) items[0].focus();
    else if (event.key === 'End' && at >= 0) items[items.length - 1].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /**
   * An open panel holds the focus, and so does the bar beside a picture; without one Tab goes on to the card's button.
   * @param {boolean} back
   */
  around(back) {
    const open = this.openPanel;
    const inside = open ? stopsOf(byId(open[1], HTMLElement)) : this.items();
    const at = inside.findIndex((stop) => stop === document.activeElement);
    inside.at(back ? (at < 0 ? 0 : at) - 1 : (at + 1) % inside.length)?.focus();
  }

  placePanel() {
    const open = this.openPanel;
    if (open) this.handle?.putPanel(byId(open[1], HTMLElement), button(open[0]));
  }

  closePanels() {
    for (const [opener, panel] of panels) {
      byId(panel, HTMLElement).hidden = true;
      button(opener).setAttribute('aria-expanded', 'false');
    }
  }

  /** @param {string} opener @param {string} panel @param {boolean} byKey */
  toggle(opener, panel, byKey) {
    const element = byId(panel, HTMLElement);
    const open = element.hidden;
    this.closePanels();
    if (!open) return;
    element.hidden = false;
    this.opened();
    this.placePanel();
    button(opener).setAttribute('aria-expanded', 'true');
    const first = (byKey && stopsOf(element)[0]) || element;
    first.focus({ preventScroll: true });
  }
}
