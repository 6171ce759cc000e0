// SPDX-License-Identifier: MIT
// The other screens of a machine, as far as this page's session opens them: each opens here, or in a window of its own. A
// session for all desktops finds them in the server's list; one for this desktop asks here, and is taken along.
import { make } from './dom.js';
import { places, storageKey } from './session.js';

/** @typedef {{ name: string, machine?: string }} Entry of the server's list */

/** The screens of the machine that a desktop belongs to, without itself. @param {Entry[]} desktops @param {string} name */
export function siblingsOf(desktops, name) {
  const machine = desktops.find((entry) => entry.name === name)?.machine;
  return machine ? desktops.filter((entry) => entry.machine === machine && entry.name !== name) : [];
}

/**
 * Takes a session for this desktop alone along to another screen's page, where the server lets it.
 * @param {import('./session.js').Session} session @param {string} name
 */
export async function lend(session, name) {
  try {
    if (session.wide || !(await session.request(`api/v1/screens/${name}`, { method: 'POST' })).ok) return;
    localStorage.setItem(storageKey(`${places().root}d/${name}/`), session.secret);
  } catch {
    /* that page asks for the token */
  }
}

/** A window of its own, which is come back to where it is open already. @param {string} name */
function openWindow(name) {
  window.open(`../${name}/`, `oriel-${name}`, 'popup,width=1280,height=800');
}

/**
 * Those of this page, and all that the server lists for this session.
 * @param {import('./session.js').Session} session @returns {Promise<{desktops: Entry[], siblings: Entry[]}>}
 */
export async function findSiblings(session) {
  const { name } = places();
  if (session.wide) {
    const response = await session.request('../../api/v1/desktops');
    const { desktops } = response.ok ? await response.json() : { desktops: [] };
    return { desktops, siblings: siblingsOf(desktops, name) };
  }
  const response = name ? await session.request('api/v1/screens') : null;
  const { screens } = response?.ok ? await response.json() : { screens: [] };
  return { desktops: [], siblings: screens.map((/** @type {string} */ screen) => ({ name: screen })) };
}

/** @param {HTMLElement} group @param {Entry[]} siblings @param {import('./session.js').Session} session */
export function showSiblings(group, siblings, session) {
  group.replaceChildren(...siblings.map(({ name }) => {
    const here = make('a', { class: 'row action', href: `../${name}/` }, `Screen ${name}`);
    const apart = make('button', { class: 'row action', type: 'button', 'aria-label': `Screen ${name} in a window of its own` }, 'In a window');
    here.addEventListener('click', async (event) => {
      if (session.wide || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      await lend(session, name);
      location.assign(here.href);
    });
    apart.addEventListener('click', async () => {
      await lend(session, name);
      openWindow(name);
    });
    return make('div', { class: 'sibling', 'data-name': name }, here, apart);
  }));
  group.hidden = siblings.length === 0;
}
