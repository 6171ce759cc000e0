// SPDX-License-Identifier: MIT
// This viewer among the others: its number and name, who has the controls, and who asks for them.
import { writeControlAnswer, writeName } from './protocol.js';
import { CONTROL_WAY } from './wire.js';

/** @typedef {ReturnType<typeof import('./protocol.js').readControlState>} ControlState */

export class Party {
  /**
   * @param {(view: DataView<ArrayBuffer>) => void} send @param {import('./settings.js').SettingsStore} settings
   * @param {(text: string) => void} say
   */
  constructor(send, settings, say) {
    this.send = send;
    this.settings = settings;
    this.say = say;
    /** This viewer's number at the server. */
    this.id = 0;
    /** @type {ControlState} */
    this.state = { holder: 0, asker: 0, way: CONTROL_WAY.ASK, holderName: '', askerName: '' };
  }

  /** A new connection. @param {number} id */
  joined(id) {
    this.id = id;
    if (this.settings.get('name')) this.send(writeName(this.settings.get('name')));
  }

  left() {
    this.state = { ...this.state, holder: 0, asker: 0 };
  }

  /** @param {ControlState} state @param {boolean} wanted this viewer wants the controls */
  changed(state, wanted) {
    const before = this.state;
    this.state = state;
    if (state.holder === 0 || state.holder === this.id) return;
    if (before.holder === this.id) this.say(`${state.holderName} has the controls now.`);
    else if (before.asker === this.id && state.asker === 0 && wanted) {
      this.say(`${state.holderName} keeps the controls.`);
    }
  }

  /** The answer to a viewer that asks for the controls. @param {number} asker @param {boolean} granted */
  answer(asker, granted) {
    this.send(writeControlAnswer(asker, granted));
  }

  /** @param {string} name */
  rename(name) {
    this.settings.set('name', name);
    this.send(writeName(name));
  }
}
