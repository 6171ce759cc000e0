// SPDX-License-Identifier: MIT
// The card that explains every state but 'running', with the log-in form.
import { byId, button, make, setIcon } from './dom.js';

/**
 * @typedef {import('./status.js').PageState} PageState
 * @typedef {{icon: string, title: string, text: string}} Face
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
  dark: { icon: 'screen', title: 'The display is off', text: '' },
  unshown: { icon: 'warning', title: 'This picture cannot be shown', text: '' },
  paused: { icon: 'pause', title: 'Paused', text: 'The machine stands still.' },
  gone: {
    icon: 'power',
    title: 'The machine is gone',
    text: 'It ended or was shut down. This page shows it when it is back.',
  },
  lost: { icon: 'offline', title: 'Connection lost', text: '' },
  refused: { icon: 'warning', title: 'This desktop cannot be opened', text: '' },
  login: {
    icon: 'key',
    title: 'Open this desktop',
    text: 'With the token that the server printed when it started, or that its operator gave you.',
  },
};

/** What the server says of a machine begins and ends as a sentence here. @param {string} detail */
const sentence = (detail) =>
  detail.replace(/^(the|no|this) /, (word) => word[0].toUpperCase() + word.slice(1)).replace(/[^.!?…]$/, '$&.');

export class Card {
  /**
   * @param {import('./status.js').Status} status
   * @param {(state: PageState) => string} offer what the button does in a state, in words; '' = nothing now
   * @param {(state: PageState) => void} act it was pressed
   */
  constructor(status, offer, act) {
    this.status = status;
    this.offer = offer;
    this.timer = 0;
    /** What else there is to say in a state. @type {(state: PageState) => string} */
    this.more = () => '';
    this.icon = byId('status-icon', SVGSVGElement);
    this.title = byId('status-title', HTMLElement);
    this.text = byId('status-text', HTMLElement);
    /** What the text says now, and behind it the seconds, for the eye only: each would be said by a screen reader. */
    this.words = '';
    this.wait = make('span', { 'aria-hidden': 'true' });
    this.action = button('status-action');
    this.form = byId('login', HTMLFormElement);
    this.action.addEventListener('click', () => act(status.state));
    this.show();
  }

  show() {
    const { state, retryAt } = this.status;
    const face = faces[state];
    clearInterval(this.timer);
    if (retryAt) this.timer = setInterval(() => this.showText(), 1000);
    setIcon(this.icon, face.icon);
    if (face.title) this.title.textContent = face.title;
    this.showAction();
    this.form.hidden = state !== 'login';
    this.showText();
  }

  /** Again when the role changed. */
  showAction() {
    const words = this.offer(this.status.state);
    this.action.hidden = !words;
    this.action.textContent = words;
  }

  /** Counts down to the next try. */
  showText() {
    const { state, detail, retryAt } = this.status;
    const left = Math.ceil((retryAt - performance.now()) / 1000);
    const more = this.more(state);
    const words = [detail ? sentence(detail) : faces[state].text, more].filter(Boolean).join(' ');
    this.wait.textContent = retryAt && left > 0 ? ` Next try in ${left} s.` : '';
    if (words === this.words) return;
    this.words = words;
    this.text.replaceChildren(...(words ? [words, this.wait] : []));
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
  // Seconds are for the eye only: a screen reader would say the whole alert each time.
  const wait = make('span', { 'aria-hidden': 'true' });
  let timer = 0;
  // The right token opens at any time, so the form stays as it is meanwhile.
  const countDown = (/** @type {number} */ until) => {
    clearTimeout(timer);
    const left = Math.ceil((until - performance.now()) / 1000);
    wait.textContent = left > 0 ? ` Another wrong one is looked at in ${left} s; the right one opens at once.` : '';
    if (left > 0) timer = setTimeout(() => countDown(until), (until - performance.now()) % 1000 || 1000);
  };
  const explain = (/** @type {string} */ text, /** @type {number} */ retryAfterS) => {
    error.replaceChildren(text, wait);
    countDown(performance.now() + retryAfterS * 1000);
    if (matchMedia('(pointer: fine)').matches) field.focus();
  };
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    submit.disabled = true;
    countDown(0);
    error.textContent = '';
    const { status, retryAfterS, notice } = await login(field.value.trim());
    submit.disabled = false;
    if (status === 'ok') {
      field.value = '';
      done();
    } else if (status === 'unauthorised') explain('This token is wrong.', 0);
    else if (status === 'limited') explain('This token is wrong, as too many before it.', retryAfterS);
    else if (status === 'forbidden') {
      explain(`Refused: ${notice ?? 'the server does not accept this page under this address.'}`, 0);
    } else explain('The server cannot be reached.', 0);
  });
  return explain;
}
