// SPDX-License-Identifier: MIT
// Places along the four edges of the window, for the handle, the bar that comes from it, and the bar's panels. Pure.

/** @typedef {'top' | 'right' | 'bottom' | 'left'} Edge */
/**
 * A place: an edge, and how far along it from its top or left end, percent.
 * @typedef {{edge: Edge, at: number}} Place
 */

export const EDGES = /** @type {readonly Edge[]} */ (Object.freeze(['top', 'right', 'bottom', 'left']));

/** Between the bar and the window, and between a panel and the bar or the window, CSS pixels. */
export const GAP = 8;

/** @param {number} value @param {number} low wins @param {number} high */
const clamp = (value, low, high) => Math.max(low, Math.min(high, value));

/** The bar stands on end there. @param {Edge} edge */
export const upright = (edge) => edge === 'left' || edge === 'right';

/** @param {string} text as formatPlace writes it; anything else is the top's middle @returns {Place} */
export function parsePlace(text) {
  const [name, at] = text.split(' ');
  const edge = EDGES.find((known) => known === name);
  const percent = Number(at);
  return edge && at && Number.isFinite(percent) ? { edge, at: clamp(percent, 0, 100) } : { edge: 'top', at: 50 };
}

/** @param {Place} place */
export const formatPlace = ({ edge, at }) => `${edge} ${Math.round(at * 100) / 100}`;

/**
 * Where something belongs that was dragged to a point.
 * @param {number} x @param {number} y @param {{width: number, height: number}} space @returns {Place}
 */
export function nearestPlace(x, y, { width, height }) {
  const distances = { top: y, right: width - x, bottom: height - y, left: x };
  const edge = EDGES.reduce((best, other) => (distances[other] < distances[best] ? other : best));
  const at = upright(edge) ? y / height : x / width;
  return { edge, at: clamp(at * 100, 0, 100) };
}

/**
 * Where something of a length begins whose middle shall be at a point, so that it stays inside.
 * @param {number} middle @param {number} length @param {number} space @param {number} [gap]
 */
export const within = (middle, length, space, gap = GAP) =>
  clamp(middle - length / 2, gap, Math.max(gap, space - length - gap));

/**
 * Where a bar's left top corner is.
 * @param {Place} place @param {{width: number, height: number}} bar @param {{width: number, height: number}} space
 */
export function barCorner({ edge, at }, bar, space) {
  if (upright(edge)) {
    const top = within((at / 100) * space.height, bar.height, space.height);
    return { left: edge === 'left' ? GAP : space.width - bar.width - GAP, top };
  }
  const left = within((at / 100) * space.width, bar.width, space.width);
  return { left, top: edge === 'top' ? GAP : space.height - bar.height - GAP };
}

/**
 * Where a panel's left top corner is: beside the bar, away from the edge, at its button, inside the window.
 * @param {Edge} edge @param {{left: number, top: number, width: number, height: number}} bar
 * @param {{x: number, y: number}} opener the button's middle
 * @param {{width: number, height: number}} panel @param {{width: number, height: number}} space
 */
export function panelCorner(edge, bar, opener, panel, space) {
  const beside = {
    top: { left: 0, top: bar.top + bar.height + GAP },
    bottom: { left: 0, top: bar.top - panel.height - GAP },
    left: { left: bar.left + bar.width + GAP, top: 0 },
    right: { left: bar.left - panel.width - GAP, top: 0 },
  }[edge];
  if (upright(edge)) beside.top = within(opener.y, panel.height, space.height);
  else beside.left = within(opener.x, panel.width, space.width);
  return beside;
}
