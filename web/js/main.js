// SPDX-License-Identifier: MIT
// Puts the page together.
import { Client } from './client.js';
import { videoSupported } from './hello.js';
import { session } from './session.js';
import { settings } from './settings.js';
import { loginForm, Status } from './status.js';
import { Interface } from './ui.js';

/** @type {Interface | null} */
let ui = null;

const status = new Status((state) => {
  if (state === 'paused') ui?.command('resume');
  else if (state === 'lost') client.link.retryNow();
  else if (state === 'refused') client.link.connect();
});
const explain = loginForm(
  (token) => session.login(token),
  () => client.link.connect(),
);
const client = new Client(session, settings, status, {
  changed: () => ui?.update(),
  login: explain,
  shortcut: (event) => ui?.shortcut(event) ?? false,
});

document.documentElement.dataset.fresh = '';
if (videoSupported) client.link.connect();
else {
  const why = isSecureContext
    ? 'This browser lacks WebCodecs, which brings the picture.'
    : 'Browsers show video to encrypted pages only: open this one by https, or through localhost.';
  status.set('refused', why);
}
ui = new Interface(client, settings);
client.screen.canvas.focus({ preventScroll: true });

window.oriel = Object.freeze({
  stats: () => client.stats(),
  /** The user's choices, as the panels set them. */
  setSize: (/** @type {string} */ value) => client.size.choose(value),
});
