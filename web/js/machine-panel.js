// SPDX-License-Identifier: MIT
// Commands to the machine: pause, resume, reset, power down, and its start after it has ended.
import { byId, button, toast } from './dom.js';
import { CAP, STATE } from './wire.js';

const START_MS = 12_000; // the server waits 10 s for a QEMU that starts

/** What to ask before a command that loses something. @type {Record<string, [string, string, string]>} */
const questions = {
  reset: [
    'Reset the machine?',
    'It restarts at once, as if its reset button was pressed. What was not saved is lost.',
    'Reset',
  ],
  powerdown: ['Power down the machine?', 'The guest is asked to shut down, as if by its power button.', 'Power down'],
};

export class MachinePanel {
  /** @param {import('./client.js').Client} client @param {() => void} close the panel */
  constructor(client, close) {
    this.client = client;
    this.close = close;
    for (const item of document.querySelectorAll('[data-command]')) {
      item.addEventListener('click', () => this.command(item.getAttribute('data-command') ?? ''));
    }
  }

  async startAgain() {
    if (!(await this.command('start'))) return;
    toast('The machine is being started.');
    setTimeout(() => {
      if (this.client.status.state === 'gone') toast('The machine has not started; the server’s log says why.');
    }, START_MS);
  }

  /** @param {string} command @returns {Promise<boolean>} it was passed on */
  async command(command) {
    this.close();
    const question = questions[command];
    if (question && !(await this.confirm(...question))) return false;
    try {
      const response = await this.client.session.request(`api/v1/desktop/${command}`, { method: 'POST' });
      if (response.ok) return true;
      const { error } = await response.json().catch(() => ({}));
      toast(`The machine did not take this: ${error ?? response.status}.`);
    } catch {
      toast('The server cannot be reached.');
    }
    return false;
  }

  /** @param {string} title @param {string} text @param {string} yes @returns {Promise<boolean>} */
  confirm(title, text, yes) {
    const dialog = byId('confirm', HTMLDialogElement);
    byId('confirm-title', HTMLElement).textContent = title;
    byId('confirm-text', HTMLElement).textContent = text;
    button('confirm-yes').textContent = yes;
    dialog.returnValue = '';
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener(
        'close',
        () => {
          this.client.screen.canvas.focus({ preventScroll: true });
          resolve(dialog.returnValue === 'yes');
        },
        { once: true },
      );
    });
  }

  /** The client knows something new. */
  update() {
    const { guest, capabilities, controls, role } = this.client;
    const connected = role !== null;
    byId('power-note', HTMLElement).hidden = controls;
    const possible =
      connected &&
      controls &&
      (capabilities & CAP.COMMANDS) !== 0 &&
      guest.state !== STATE.GONE &&
      guest.state !== STATE.CONNECTING;
    button('open-power').hidden = connected && (capabilities & CAP.COMMANDS) === 0;
    for (const item of document.querySelectorAll('[data-command]')) {
      const name = item.getAttribute('data-command');
      const fits =
        name === 'pause' ? guest.state === STATE.RUNNING : name === 'resume' ? guest.state === STATE.PAUSED : true;
      /** @type {HTMLButtonElement} */ (item).disabled = !(possible && fits);
    }
  }
}
