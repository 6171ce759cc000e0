// SPDX-License-Identifier: MIT
// Which state the page is in, and the card that explains every state but 'running'.
import { byId, button, setIcon } from './dom.js';
import { STATE } from './wire.js';

/**
 * @typedef {'connecting' | 'waiting' | 'running' | 'paused' | 'gone' | 'lost' | 'refused' | 'login'} PageState
 * @typedef {{icon: string, title: string, text: string, action?: string}} Face
 */

/** @type {Record<PageState, Face>} */
const faces = {
  connecting: { icon: 'screen', title: 'Connecting', text: '' },
  waiting: {
    icon: 'screen',
    title: 'Waiting for the guest',
    text: 'The desktop appears as soon as it shows a picture.',
  },
  running: { icon: 'screen', title: '', text: '' },
  paused: { icon: 'pause', title: 'Paused', text: 'The machine stands still.', action: 'Resume' },
  gone: {
    icon: 'power',
    title: 'The machine is gone',
    text: 'It ended or was shut down. This page shows it when it is back.',
  },
  lost: { icon: 'offline', title: 'Connection lost', text: '', action: 'Try again now' },
  refused: { icon: 'warning', title: 'Not let in', text: '', action: 'Try again' },
  login: {
    icon: 'key',
    title: 'Open this desktop',
    text: 'The token stands in the line that the server printed when it started.',
  },
};

/**
 * What an open connection shows. Pure.
 * @param {number} guest STATE.state @param {boolean} painted a picture of this connection is on the screen
 * @returns {PageState}
 */
export function openState(guest, painted) {
  if (guest === STATE.PAUSED) return 'paused';
  if (guest === STATE.GONE) return 'gone';
  return guest === STATE.RUNNING && painted ? 'running' : 'waiting';
}

export class Status {
  /** @param {(state: PageState) => void} act the card's button was pressed */
  constructor(act) {
    /** @type {PageState} */
    this.state = 'connecting';
    this.detail = '';
    this.countdown = 0;
    this.icon = byId('status-icon', SVGSVGElement);
    this.title = byId('status-title', HTMLElement);
    this.text = byId('status-text', HTMLElement);
    this.action = button('status-action');
    this.form = byId('login', HTMLFormElement);
    this.action.addEventListener('click', () => act(this.state));
  }

  /** @param {PageState} state @param {string} [detail] replaces the usual text */
  set(state, detail = '') {
    clearInterval(this.countdown);
    this.countdown = 0;
    if (state === this.state && detail === this.detail) return;
    this.state = state;
    this.detail = detail;
    const face = faces[state];
    document.documentElement.dataset.state = state;
    delete document.documentElement.dataset.fresh;
    setIcon(this.icon, face.icon);
    if (face.title) this.title.textContent = face.title;
    this.text.textContent = detail || face.text;
    this.action.hidden = !face.action;
    this.action.textContent = face.action ?? '';
    this.form.hidden = state !== 'login';
  }

  /** Connection lost; counts down to the next try. @param {string} text @param {number} delayMs -1 = no further try */
  lost(text, delayMs) {
    const end = performance.now() + delayMs;
    const show = () => {
      const left = Math.ceil((end - performance.now()) / 1000);
      this.text.textContent = left > 0 && delayMs >= 1000 ? `${text} Next try in ${left} s.` : text;
    };
    this.set('lost', text);
    if (delayMs < 0) return;
    show();
    if (delayMs >= 1000) this.countdown = setInterval(show, 1000);
  }
}

/**
 * The log-in form. @param {(token: string) => Promise<import('./session.js').Answer>} login @param {() => void} done
 * @returns {(text: string, retryAfterS: number) => void} shows a reason and, after too many failures, waits
 */
export function loginForm(login, done) {
  const form = byId('login', HTMLFormElement);
  const field = byId('token', HTMLInputElement);
  const error = byId('login-error', HTMLElement);
  const submit = /** @type {HTMLButtonElement} */ (form.querySelector('button'));
  const explain = (/** @type {string} */ text, /** @type {number} */ retryAfterS) => {
    error.textContent = retryAfterS > 0 ? `${text} Wait ${retryAfterS} s before the next try.` : text;
    if (matchMedia('(pointer: fine)').matches) field.focus();
  };
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    submit.disabled = true;
    error.textContent = '';
    const { status, retryAfterS } = await login(field.value.trim());
    submit.disabled = false;
    if (status === 'ok') {
      field.value = '';
      done();
    } else if (status === 'unauthorised') explain('This token is wrong.', 0);
    else if (status === 'limited') explain('Too many wrong tokens came from this address.', retryAfterS);
    else if (status === 'forbidden') explain('Refused: the server does not accept this page under this address.', 0);
    else explain('The server cannot be reached.', 0);
  });
  return explain;
}
