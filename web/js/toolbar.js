// SPDX-License-Identifier: MIT
// The floating toolbar: hides while the guest is used, comes back by the handle at the top edge, by a shortcut and
// whenever there is no picture; moved through with the arrow keys; one panel open at a time.
import { button, byId } from './dom.js';

const HIDE_MS = 900;

/** What the keyboard reaches in a panel. */
const STOPS = ':is(button, input, select, textarea):not(:disabled)';

/** Buttons and their panels. */
const panels = [
  ['control', 'panel-control'],
  ['open-keyboard', 'panel-keyboard'],
  ['open-size', 'panel-size'],
  ['open-sound', 'panel-sound'],
  ['open-microphone', 'panel-microphone'],
  ['open-power', 'panel-power'],
];

export class Toolbar {
  /**
   * @param {() => void} leave gives the focus back to the screen
   * @param {() => void} opened a panel is shown
   */
  constructor(leave, opened) {
    this.leave = leave;
    this.opened = opened;
    this.root = byId('top', HTMLElement);
    this.bar = byId('bar', HTMLElement);
    this.handle = button('handle');
    this.running = false;
    this.timer = 0;
    this.handle.addEventListener('click', () => this.show());
    this.handle.addEventListener('pointerenter', (event) => event.pointerType === 'mouse' && this.show());
    this.root.addEventListener('pointerenter', () => this.stay());
    this.root.addEventListener('pointerleave', (event) => event.pointerType === 'mouse' && this.hideSoon());
    this.root.addEventListener('focusin', () => this.show());
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
   * another click. A field keeps the focus, and so does what was reached by keys. @param {MouseEvent} event
   */
  clicked({ target, detail }) {
    if (detail === 0 || !(target instanceof Element) || target.closest('[aria-controls], #handle')) return;
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
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (event.key === 'Escape') {
      const open = this.openPanel;
      if (open) {
        this.closePanels();
        button(open[0]).focus();
      } else this.dismiss();
    } else if (event.key === 'Tab') this.around(event.shiftKey);
    else if (step && at >= 0) items[(at + step + items.length) % items.length].focus();
    else if (event.key === 'Home' && at >= 0) items[0].focus();
    else if (event.key === 'End' && at >= 0) items[items.length - 1].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** An open panel holds the focus, and so does the bar without one. @param {boolean} back */
  around(back) {
    const open = this.openPanel;
    const stops = open ? [...byId(open[1], HTMLElement).querySelectorAll(STOPS)] : this.items();
    const inside = stops.filter((stop) => stop instanceof HTMLElement && stop.checkVisibility());
    const at = inside.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const next = inside.at(back ? (at < 0 ? 0 : at) - 1 : (at + 1) % inside.length);
    if (next instanceof HTMLElement) next.focus();
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
    const { left, width } = button(opener).getBoundingClientRect();
    const at = left + width / 2 - element.offsetWidth / 2; // under its button, inside the window
    element.style.left = `${Math.max(8, Math.min(innerWidth - element.offsetWidth - 8, at))}px`;
    button(opener).setAttribute('aria-expanded', 'true');
    const first = byKey ? element.querySelector(STOPS) : element;
    (first instanceof HTMLElement ? first : element).focus({ preventScroll: true });
  }
}
