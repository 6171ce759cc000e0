// SPDX-License-Identifier: MIT
// Where the toolbar lives: its handle is dragged along all four edges, by itself or by the bar's grip; the grip's panel
// does the same by keys, and hides the handle. Kept in this browser.
import { byId, button, toast } from './dom.js';
import { EDGES, barCorner, formatPlace, nearestPlace, panelCorner, parsePlace, upright } from './edge.js';

/** A pointer that moves less has clicked, CSS pixels. */
const SLACK = 6;
/** A mouse that is on the handle for less time only passes. */
const DWELL_MS = 250;

export class Handle {
  /**
   * @param {import('./settings.js').SettingsStore} settings
   * @param {object} toolbar
   * @param {() => void} toolbar.show
   * @param {() => void} toolbar.leave gives the focus back to the screen
   * @param {() => void} toolbar.moved the bar is somewhere else now
   */
  constructor(settings, { show, leave, moved }) {
    this.settings = settings;
    this.moved = moved;
    this.leave = leave;
    this.root = byId('top', HTMLElement);
    this.bar = byId('bar', HTMLElement);
    this.place = parsePlace(settings.get('handle'));
    this.hidden = settings.get('handleHidden');
    this.dwell = 0;
    const handle = button('handle');
    handle.addEventListener('mousedown', (event) => event.preventDefault()); // the keys stay with the guest
    handle.addEventListener('pointerenter', ({ pointerType, buttons }) => {
      if (pointerType === 'mouse' && buttons === 0) this.dwell = setTimeout(show, DWELL_MS);
    });
    for (const name of ['pointerleave', 'pointerdown']) handle.addEventListener(name, () => clearTimeout(this.dwell));
    this.bindDrag(handle);
    this.bindDrag(button('open-toolbar'));
    this.bindPanel();
    const observer = new ResizeObserver(() => this.layOut());
    observer.observe(this.root);
    observer.observe(this.bar);
    this.apply();
  }

  /** @param {HTMLButtonElement} grip */
  bindDrag(grip) {
    /** @type {{x: number, y: number} | null} */
    let from = null;
    let dragged = false;
    grip.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      from = { x: event.clientX, y: event.clientY };
      dragged = false;
      grip.setPointerCapture(event.pointerId);
    });
    grip.addEventListener('pointermove', ({ clientX, clientY }) => {
      if (!from) return;
      dragged ||= Math.hypot(clientX - from.x, clientY - from.y) > SLACK;
      if (dragged) this.dragTo(clientX, clientY);
    });
    for (const name of ['pointerup', 'pointercancel', 'lostpointercapture']) {
      grip.addEventListener(name, () => {
        if (from && dragged) this.keep();
        from = null;
      });
    }
    grip.addEventListener('contextmenu', (event) => event.preventDefault()); // a finger that rests
    grip.addEventListener('click', (event) => {
      if (!dragged || event.detail === 0) return;
      dragged = false;
      event.stopImmediatePropagation(); // a drag has no click
      this.leave();
    });
  }

  bindPanel() {
    for (const edge of EDGES) {
      byId(`edge-${edge}`, HTMLInputElement).addEventListener('change', () => {
        this.place = { ...this.place, edge };
        this.keep();
      });
    }
    const along = byId('edge-at', HTMLInputElement);
    along.addEventListener('input', () => {
      this.place = { ...this.place, at: Number(along.value) };
      this.keep();
    });
    const hide = byId('hide-handle', HTMLInputElement);
    hide.addEventListener('change', () => this.hide(hide.checked));
  }

  /** @param {number} x @param {number} y of the window */
  dragTo(x, y) {
    const { left, top, width, height } = this.root.getBoundingClientRect();
    this.place = nearestPlace(x - left, y - top, { width, height });
    this.apply();
  }

  keep() {
    this.settings.set('handle', formatPlace(this.place));
    this.apply();
  }

  /**
   * Only its own word and the shortcut lead back; without a keyboard it comes back with the page.
   * @param {boolean} hidden
   */
  hide(hidden) {
    this.hidden = hidden;
    const keys = matchMedia('(any-pointer: fine)').matches;
    this.settings.set('handleHidden', hidden && keys);
    if (hidden) {
      const also = keys ? '' : ', and so does loading the page anew';
      toast(`The handle is hidden. Ctrl+Alt+Shift+M shows the controls${also}.`);
    }
    this.apply();
  }

  apply() {
    const { edge, at } = this.place;
    document.documentElement.dataset.edge = edge;
    document.documentElement.dataset.handle = this.hidden ? 'hidden' : 'shown';
    this.root.style.setProperty('--at', `${at}%`);
    this.bar.setAttribute('aria-orientation', upright(edge) ? 'vertical' : 'horizontal');
    byId(`edge-${edge}`, HTMLInputElement).checked = true;
    byId('edge-at', HTMLInputElement).value = String(at);
    byId('hide-handle', HTMLInputElement).checked = this.hidden;
    this.layOut();
  }

  get space() {
    return { width: this.root.clientWidth, height: this.root.clientHeight };
  }

  layOut() {
    const { bar } = this;
    const { left, top } = barCorner(this.place, { width: bar.offsetWidth, height: bar.offsetHeight }, this.space);
    bar.style.left = `${left}px`;
    bar.style.top = `${top}px`;
    this.moved();
  }

  /** Puts an open panel beside the bar, at its button. @param {HTMLElement} panel @param {HTMLElement} opener */
  putPanel(panel, opener) {
    const { offsetLeft: left, offsetTop: top, offsetWidth: width, offsetHeight: height } = this.bar;
    const x = left + opener.offsetLeft + opener.offsetWidth / 2;
    const y = top + opener.offsetTop + opener.offsetHeight / 2;
    const bar = { left, top, width, height };
    const size = { width: panel.offsetWidth, height: panel.offsetHeight };
    const corner = panelCorner(this.place.edge, bar, { x, y }, size, this.space);
    panel.style.left = `${corner.left}px`;
    panel.style.top = `${corner.top}px`;
  }
}
