// SPDX-License-Identifier: MIT
// Puts the page together: connection and picture at once, everything else after the first picture.
import { Client } from './client.js';
import { codecs } from './codecs.js';
import { byId } from './dom.js';
import { EarlyInput } from './early.js';
import { session } from './session.js';
import { settings } from './settings.js';

/** Without a picture so long, the page says what it waits for. */
const PATIENCE_MS = 1000;
/** A file that did not come is asked for again after so long. */
const AGAIN_MS = 1000;

/** This runs as soon as it is here, which may be before all of the page is. */
const parsed = new Promise((resolve) => {
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', resolve, { once: true });
  else resolve(null);
});

/** What is around the screen. A file of its own: the page would be parsed with it ahead of the first picture. */
async function fetchInterface() {
  const response = await fetch('interface.html');
  if (!response.ok) throw new Error(`interface.html: ${response.status}`);
  return new DOMParser().parseFromString(await response.text(), 'text/html').body.childNodes;
}

/** What the first picture does without; a network that is gone for a moment does not leave the page without it. */
async function fetchRest() {
  for (;;) {
    try {
      const elements = fetchInterface();
      elements.catch(() => {}); // it is waited for last
      return { ...(await import('./devices.js')), ...(await import('./page.js')), elements: await elements };
    } catch (error) {
      console.warn(error);
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

function begin() {
  const client = new Client(session, settings);
  const early = new EarlyInput(() => client.hasFocus);
  /** @type {Promise<import('./devices.js').Devices> | null} */
  let loading = null;

  async function load() {
    await parsed;
    // Style and icon, together with the modules.
    document.head.querySelector('link[rel=icon]')?.remove();
    document.head.append(byId('later', HTMLTemplateElement).content);
    const { Devices, complete, elements } = await fetchRest();
    const devices = new Devices(client, settings);
    client.attach(devices);
    early.replay(devices);
    if (document.activeElement === document.body) client.screen.canvas.focus({ preventScroll: true });
    await complete(client, devices, settings, elements);
    return devices;
  }

  const rest = () => (loading ??= load());

  client.status.changed = () => {
    if (client.status.state !== 'connecting' && client.status.state !== 'waiting') rest();
  };
  setTimeout(rest, PATIENCE_MS);

  codecs.asked.then(() => {
    if (client.screen.drawable()) client.link.connect();
    else client.status.set('refused', 'This browser gives the page no canvas to draw the desktop on.');
  });

  window.oriel = Object.freeze({
    stats: () => client.stats(),
    /** The user's choices, as the panels set them. */
    setSize: async (/** @type {string} */ value) => (await rest()).size.choose(value),
  });
}

if (document.getElementById('screen')) begin();
else parsed.then(begin);
