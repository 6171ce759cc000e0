// SPDX-License-Identifier: MIT
// Small helpers around the elements of index.html.

/**
 * The element with this id; the page is broken without it.
 * @template {Element} T @param {string} id @param {new (...args: any[]) => T} type @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`index.html lacks #${id}`);
  return element;
}

/** @param {string} id */
export const button = (id) => byId(id, HTMLButtonElement);

/** @param {Element} parent @param {string} name of a symbol in index.html, without "i-" */
export function setIcon(parent, name) {
  const svg = parent.matches('svg') ? parent : parent.querySelector('svg');
  svg?.querySelector('use')?.setAttribute('href', `#i-${name}`);
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Record<string, string>} attributes @param {(Node | string)[]} children
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Screen readers repeat what is set again. @param {Element} element @param {string} text */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const TOAST_MS = 5000;

/** One sentence at the bottom for a few seconds; screen readers say it. @param {string} text */
export function toast(text) {
  const list = byId('toasts', HTMLElement);
  if (list.lastElementChild?.textContent === text) list.lastElementChild.remove();
  while (list.childElementCount > 2) list.firstElementChild?.remove();
  const item = make('div', { class: 'toast' }, text);
  list.append(item);
  setTimeout(() => item.remove(), TOAST_MS);
}
