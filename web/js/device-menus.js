// SPDX-License-Identifier: MIT
// The menus of speakers and microphones in the panels.
import { captureError } from './capture.js';
import { byId, make } from './dom.js';

/** Chosen to learn the names of all. */
const OTHERS = '?';

export class DeviceMenus {
  /** @param {import('./sound-devices.js').SoundDevices} devices @param {(text: string) => void} say */
  constructor(devices, say) {
    this.devices = devices;
    this.say = say;
    this.menus = /** @type {[import('./sound-devices.js').Kind, HTMLSelectElement, boolean][]} */ ([
      ['audiooutput', byId('speaker', HTMLSelectElement), 'setSinkId' in AudioContext.prototype],
      ['audioinput', byId('microphone-device', HTMLSelectElement), true],
    ]);
    for (const [kind, menu, able] of this.menus) {
      menu.addEventListener('change', () => this.choose(kind, menu.value));
      /** @type {HTMLElement} */ (menu.parentElement).hidden = !able || !devices.media;
    }
    this.update();
  }

  /** @param {import('./sound-devices.js').Kind} kind @param {string} value */
  async choose(kind, value) {
    if (value !== OTHERS) return this.devices.choose(kind, value);
    await this.devices.askNames().catch((error) => this.say(captureError(error)));
    this.update();
  }

  update() {
    for (const [kind, menu] of this.menus) {
      const { devices } = this;
      const list = devices.list(kind);
      const chosen = devices.chosen(kind);
      const gone = chosen && !list.some(({ id }) => id === chosen);
      const rows = [
        ['', 'The system’s'],
        ...list.map(({ id, label }) => [id, label]),
        ...(gone ? [[chosen, devices.named(kind) ? 'The chosen one, which is gone' : 'The one chosen before']] : []),
        ...(devices.named(kind) ? [] : [[OTHERS, 'Others… (asks for the microphone)']]),
      ];
      const text = JSON.stringify(rows);
      if (menu.dataset.rows !== text) {
        menu.dataset.rows = text; // an open menu is not rebuilt for nothing
        menu.replaceChildren(...rows.map(([value, label]) => make('option', { value }, label)));
      }
      menu.value = chosen;
    }
  }
}
