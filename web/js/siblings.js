// SPDX-License-Identifier: MIT
// The other screens of a machine, which the server lists beside this one: each opens here, or in a window of its own.
import { make } from './dom.js';

/** @typedef {{ name: string, machine?: string }} Entry of the server's list */

/** The screens of the machine that a desktop belongs to, without itself. @param {Entry[]} desktops @param {string} name */
export function siblingsOf(desktops, name) {
  const machine = desktops.find((entry) => entry.name === name)?.machine;
  return machine ? desktops.filter((entry) => entry.machine === machine && entry.name !== name) : [];
}

/** A window of its own, which is come back to where it is open already. @param {string} name */
function openWindow(name) {
  window.open(`../${name}/`, `oriel-${name}`, 'popup,width=1280,height=800');
}

/** @param {HTMLElement} group @param {Entry[]} siblings */
export function showSiblings(group, siblings) {
  group.replaceChildren(...siblings.map(({ name }) => {
    const here = make('a', { class: 'row action', href: `../${name}/` }, `Screen ${name}`);
    const apart = make('button', { class: 'row action', type: 'button', 'aria-label': `Screen ${name} in a window of its own` }, 'In a window');
    apart.addEventListener('click', () => openWindow(name));
    return make('div', { class: 'sibling', 'data-name': name }, here, apart);
  }));
  group.hidden = siblings.length === 0;
}
