// SPDX-License-Identifier: MIT
// The floating toolbar: hides while the guest is used, comes back by the handle at the top edge, by a shortcut and
// whenever there is no picture; moved through with the arrow keys; one panel open at a time.
import { button, byId } from './dom.js';

const HIDE_MS = 900;

/** Buttons and their panels. */
const panels = [
  ['open-keyboard', 'panel-keyboard'],
  ['open-size', 'panel-size'],
  ['open-sound', 'panel-sound'],
  ['open-microphone', 'panel-microphone'],
  ['open-power', 'panel-power'],
];

export class Toolbar {
  /**
   * @param {() => void} leave gives the focus back to the screen
   * @param {(panel: string) => void} opened a panel is about to show
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
    for (const [opener, panel] of panels) button(opener).addEventListener('click', () => this.toggle(opener, panel));
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
    } else if (step && at >= 0) items[(at + step + items.length) % items.length].focus();
    else if (event.key === 'Home' && at >= 0) items[0].focus();
    else if (event.key === 'End' && at >= 0) items[items.length - 1].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  closePanels() {
    for (const [opener, panel] of panels) {
      byId(panel, HTMLElement).hidden = true;
      button(opener).setAttribute('aria-expanded', 'false');
    }
  }

  /** @param {string} opener @param {string} panel */
  toggle(opener, panel) {
    const element = byId(panel, HTMLElement);
    const open = element.hidden;
    this.closePanels();
    if (!open) return;
    this.opened(panel);
    element.hidden = false;
    button(opener).setAttribute('aria-expanded', 'true');
    const first = element.querySelector('button:not(:disabled), input:not(:disabled)');
    if (first instanceof HTMLElement) first.focus({ preventScroll: true });
  }
}
