// SPDX-License-Identifier: MIT
// The microphone's controls: hold to talk (pointer, keys, Ctrl+Alt+Shift+T), open mode, level, and the sign at the
// bottom that it is on, whatever else is shown.
import { byId, button, say } from './dom.js';
import { CAP } from './wire.js';

const LEVEL_MS = 50;
/** Keys that end the chord when any of them goes up. */
const CHORD = /^(KeyT|Control|Alt|Shift)/;

export class MicrophonePanel {
  /**
   * @param {import('./client.js').Client} client @param {import('./microphone.js').Microphone} microphone
   * @param {import('./settings.js').SettingsStore} settings
   */
  constructor(client, microphone, settings) {
    this.client = client;
    this.microphone = microphone;
    this.chordHeld = false;
    this.pressed = false;
    this.timer = 0;
    this.bindTalk(button('talk'));
    const open = byId('microphone-open', HTMLInputElement);
    open.addEventListener('change', () => microphone.setOpen(open.checked));
    const clean = byId('microphone-clean', HTMLInputElement);
    clean.checked = settings.get('cleanVoice');
    clean.addEventListener('change', () => {
      settings.set('cleanVoice', clean.checked);
      microphone.stop(); // asked for anew, with the other choice, when it is used again
    });
    button('chip-microphone').addEventListener('click', () => microphone.stop());
    addEventListener('keyup', (event) => this.chordHeld && CHORD.test(event.code) && this.endChord(), true);
    addEventListener('blur', () => this.letGo());
  }

  /** Held by a pointer or by Space or Enter; a click without either, as of a screen reader, begins and ends it.
   * @param {HTMLButtonElement} talk */
  bindTalk(talk) {
    const { microphone } = this;
    const press = () => {
      this.pressed = true;
      microphone.hold();
    };
    const up = () => microphone.release();
    talk.addEventListener('pointerdown', (event) => {
      if (event.button !== 0) return;
      talk.setPointerCapture(event.pointerId);
      press();
    });
    for (const name of ['pointerup', 'pointercancel', 'lostpointercapture']) talk.addEventListener(name, up);
    talk.addEventListener('contextmenu', (event) => event.preventDefault()); // a long press is not a menu here
    const isKey = (/** @type {KeyboardEvent} */ event) => event.key === ' ' || event.key === 'Enter';
    talk.addEventListener('keydown', (event) => {
      if (!isKey(event)) return;
      event.preventDefault();
      if (!event.repeat) press();
    });
    talk.addEventListener('keyup', (event) => isKey(event) && up());
    talk.addEventListener('blur', up);
    talk.addEventListener('click', () => {
      if (!this.pressed) microphone.held ? microphone.release() : microphone.hold();
      this.pressed = false;
    });
  }

  /** The chord was pressed. */
  chord() {
    this.chordHeld = true;
    this.microphone.hold();
  }

  endChord() {
    this.chordHeld = false;
    this.microphone.release();
  }

  /** The window lost the keyboard: what is held there, nobody sees go up. */
  letGo() {
    this.chordHeld = false;
    this.microphone.release();
  }

  showLevel() {
    byId('microphone-level', HTMLMeterElement).value = Math.min(1, Math.sqrt(this.microphone.level));
  }

  update() {
    const { microphone, client } = this;
    const { state } = microphone;
    const talking = state === 'talking';
    const possible = client.role !== null && (client.capabilities & CAP.MICROPHONE) !== 0;
    document.documentElement.dataset.microphone = state;
    button('open-microphone').hidden = client.role !== null && !possible;
    button('open-microphone').setAttribute('aria-label', talking ? 'Microphone, on' : 'Microphone');
    button('handle').setAttribute('aria-label', talking ? 'Show controls; the microphone is on' : 'Show controls');
    const words = microphone.open ? 'Talking, it stays open' : 'Talking, until you let go';
    say(byId('talk-text', HTMLElement), talking ? words : 'Hold to talk');
    const talk = button('talk');
    talk.disabled = !client.controls || microphone.open;
    talk.setAttribute('aria-pressed', String(microphone.held));
    const open = byId('microphone-open', HTMLInputElement);
    open.checked = microphone.open;
    open.disabled = !client.controls;
    say(byId('microphone-note', HTMLElement), microphone.note);
    const chip = button('chip-microphone');
    chip.hidden = state === 'off' || state === 'asking';
    say(
      byId('chip-microphone-text', HTMLElement),
      talking ? 'The microphone is on. Click to switch it off.' : 'The microphone is ready. Click to give it back.',
    );
    if (!chip.hidden && !this.timer) this.timer = setInterval(() => this.showLevel(), LEVEL_MS);
    if (chip.hidden && this.timer) {
      clearInterval(this.timer);
      this.timer = 0;
    }
    this.showLevel();
  }
}
