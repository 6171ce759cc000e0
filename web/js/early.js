// SPDX-License-Identifier: MIT
// Keys and clicks that come before the keyboard and the pointer are there: kept, and handed over in order.

export class EarlyInput {
  /** @param {() => boolean} active the guest gets the input */
  constructor(active) {
    /** @type {(KeyboardEvent | PointerEvent)[]} */
    this.events = [];
    this.listening = new AbortController();
    const { signal } = this.listening;
    const keep = (/** @type {any} */ event) => {
      if (!active()) return;
      event.preventDefault();
      this.events.push(event);
    };
    for (const name of ['keydown', 'keyup', 'pointerdown', 'pointerup']) {
      addEventListener(name, keep, { capture: true, signal });
    }
    addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
    // Nothing was sent yet, so nothing has to be released.
    addEventListener('blur', () => this.events.splice(0), { signal });
  }

  /** @param {import('./devices.js').Devices} devices */
  replay({ keyboard, pointer }) {
    this.listening.abort();
    for (const event of this.events.splice(0)) {
      if (event instanceof KeyboardEvent) {
        if (event.type === 'keydown') keyboard.keydown(event);
        else keyboard.keyup(event);
      } else if (event.type === 'pointerdown') pointer.pressed(event);
      else pointer.released(event);
    }
  }
}
