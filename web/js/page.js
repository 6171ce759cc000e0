// SPDX-License-Identifier: MIT
// Completes the page once the first picture is there, or when something must be said before: the devices, then the
// elements of interface.html with everything that works on them.
import { Card, loginForm } from './card.js';
import { codecs } from './codecs.js';
import { askBeforeClosing } from './closing.js';
import { toast } from './dom.js';
import { swallowDrops } from './drop.js';
import { Interface } from './ui.js';

/** What can be done about a machine that has ended, where the server can start it. @param {boolean} controls */
const afterEnd = (controls) =>
  controls
    ? 'The server ends when nobody starts it again within ten minutes.'
    : 'Whoever has the controls can start it again; the server ends when nobody does within ten minutes.';

/** The card's button or form wants the mouse, which the guest may have locked. @type {Set<string>} */
const CARD_NEEDS_MOUSE = new Set(['paused', 'gone', 'refused', 'login']);

/** There is a desktop that closing the tab would lose. @type {Set<string>} */
const CLOSING_LOSES = new Set(['running', 'dark', 'unshown', 'paused']);

/** Elements without their style would flash. */
function styled() {
  const links = /** @type {NodeListOf<HTMLLinkElement>} */ (document.querySelectorAll('link.late'));
  const loaded = [...links].map((link) => {
    if (link.sheet) return;
    return new Promise((resolve) => {
      link.addEventListener('load', resolve);
      link.addEventListener('error', resolve);
    });
  });
  return Promise.all(loaded);
}

/**
 * @param {import('./client.js').Client} client @param {import('./devices.js').Devices} devices
 * @param {import('./settings.js').SettingsStore} settings @param {Iterable<Node>} interfaceElements of interface.html
 */
export async function complete(client, devices, settings, interfaceElements) {
  const { status, session, link } = client;
  await styled();
  document.body.append(...interfaceElements);
  const card = new Card(
    status,
    (state) => {
      if (state === 'paused') return client.controls ? 'Resume' : '';
      if (state === 'gone') return client.startable && client.controls ? 'Start again' : '';
      return state === 'lost' ? 'Try again now' : state === 'refused' ? 'Try again' : '';
    },
    (state) => {
      if (state === 'paused') ui.machine.command('resume');
      else if (state === 'gone') ui.machine.startAgain();
      else if (state === 'lost') link.retryNow();
      else if (state === 'refused') link.connect();
    },
  );
  card.more = (state) => (state === 'gone' && client.startable ? afterEnd(client.controls) : '');
  status.changed = () => {
    card.show();
    if (document.pointerLockElement && CARD_NEEDS_MOUSE.has(status.state)) document.exitPointerLock();
  };
  const login = loginForm(
    (token) => session.login(token),
    () => link.connect(),
  );
  const ui = new Interface(client, devices, settings);
  const changed = () => {
    ui.update();
    card.showAction();
    card.showText();
  };
  client.page = { changed, say: toast, login, shortcut: (event) => ui.shortcut(event),
    holdsKeys: () => ui.toolbar.openPanel !== undefined || document.querySelector('dialog[open]') !== null };
  swallowDrops(toast);
  if (codecs.lack) toast(codecs.lack);
  askBeforeClosing(settings, () => CLOSING_LOSES.has(status.state));
  if (status.state === 'login') login(client.loginReason.text, client.loginReason.retryAfterS);
}
