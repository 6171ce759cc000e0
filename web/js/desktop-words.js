// SPDX-License-Identifier: MIT
// What the list of desktops says of each, which of them a search finds, and where an arrow key leads. Pure.

/**
 * An entry of GET /api/v1/desktops. `view`: the session only lets watch; `start`: the server can start its machine.
 * @typedef {{name: string, state: string, display: string, viewers: number, controller: string | null, view: boolean,
 *   commands: boolean, start: boolean}} Desktop
 */

/** From so many on there is a search box. */
export const SEARCH_FROM = 10;

/** @type {Record<string, string>} */
const states = {
  running: 'Running',
  paused: 'Paused',
  gone: 'Switched off',
  connecting: 'Waiting for the machine',
  absent: 'Not served now',
};

/** @param {Desktop} desktop */
export function stateWords({ state, display }) {
  if (state === 'running' && display === 'off') return 'Running, the display is off';
  if (state === 'running' && display === 'refused') return 'Running, its picture cannot be shown';
  return states[state] ?? 'Unknown';
}

/** Who is there; '' = nobody. @param {Desktop} desktop */
export function peopleWords({ viewers, controller }) {
  if (!viewers) return '';
  const others = viewers - (controller === null ? 0 : 1);
  const watching = others > 0 ? `${others} ${others === 1 ? 'watches' : 'watch'}` : '';
  if (controller === null) return watching;
  return [`${controller} has the controls`, watching].filter(Boolean).join(', ');
}

/** What a button does to the machine: its command, or '' for none. @param {Desktop} desktop */
export function commandOf({ state, view, commands, start }) {
  if (view) return '';
  if (state === 'gone') return start ? 'start' : '';
  return commands && (state === 'running' || state === 'paused') ? 'powerdown' : '';
}

/** What is to be known before a power-down. @param {Desktop} desktop */
export function powerDownWords({ start }) {
  const asked = 'The guest is asked to shut down, as if by its power button.';
  return start ? asked : `${asked} It cannot be started again from here, only where it was started.`;
}

/** A picture of it can be had. @param {Desktop} desktop */
export const hasPicture = ({ state, display }) => (state === 'running' || state === 'paused') && display === 'shown';

/** Whether a search finds it: each of its words is in the name. @param {string} name @param {string} search */
export function found(name, search) {
  return search.toLowerCase().split(/\s+/).every((word) => name.includes(word));
}

/** For a screen reader. @param {number} shown @param {number} all */
export function countWords(shown, all) {
  if (!all) return 'No desktop is served now.';
  if (shown < all) return `${shown} of ${all} desktops`;
  return all === 1 ? 'One desktop' : `${all} desktops`;
}

/**
 * Where a key leads among `count` links in lines of `columns`; the same place at an edge, -1 for another key.
 * @param {string} key @param {number} at @param {number} count @param {number} columns
 */
export function placeAfter(key, at, count, columns) {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  if (step === undefined) return -1;
  return at + step >= 0 && at + step < count ? at + step : at;
}
