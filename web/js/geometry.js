// SPDX-License-Identifier: MIT
// Where the picture lies in the window, and which guest pixel lies under a point. Pure.

export const SIZE_MIN = 64;
export const WIDTH_MAX = 7680;
export const HEIGHT_MAX = 4320;

/** A guest may round the size it was asked for; up to this many device pixels less still count as the same size. */
const ROUNDING = 16;

/** @param {number} low @param {number} value @param {number} high */
const clamp = (low, value, high) => Math.max(low, Math.min(high, value));

/**
 * The size to ask the guest for: the stage in device pixels, divided by how many of them a guest pixel covers.
 * @param {{width: number, height: number}} stage device pixels @param {number} [divisor]
 */
export function wantedSize(stage, divisor = 1) {
  return {
    width: clamp(SIZE_MIN, Math.floor(stage.width / divisor), WIDTH_MAX),
    height: clamp(SIZE_MIN, Math.floor(stage.height / divisor), HEIGHT_MAX),
  };
}

/**
 * Places a guest picture on the stage; everything in device pixels, edges on whole ones.
 * Equal sizes (but for rounding) and whole enlargements are shown exactly; others are scaled to fit, aspect kept.
 * @param {{width: number, height: number}} guest @param {{width: number, height: number}} stage
 * @param {number} [divisor] the one used in wantedSize
 * @returns {{left: number, top: number, width: number, height: number, scale: number, exact: boolean}}
 */
export function placePicture(guest, stage, divisor = 1) {
  const spareX = stage.width / divisor - guest.width;
  const spareY = stage.height / divisor - guest.height;
  const same = spareX >= 0 && spareY >= 0 && spareX < ROUNDING && spareY < ROUNDING;
  const fit = Math.min(stage.width / guest.width, stage.height / guest.height);
  const scale = same ? divisor : fit;
  const width = Math.max(1, Math.round(guest.width * scale));
  const height = Math.max(1, Math.round(guest.height * scale));
  return {
    left: Math.floor((stage.width - width) / 2),
    top: Math.floor((stage.height - height) / 2),
    width,
    height,
    scale,
    exact: Number.isInteger(scale),
  };
}

/**
 * The guest pixel under a point of the window, clamped to the picture.
 * @param {number} clientX @param {number} clientY CSS pixels
 * @param {{left: number, top: number, width: number, height: number}} box of the canvas, CSS pixels
 * @param {{width: number, height: number}} guest
 */
export function guestPoint(clientX, clientY, box, guest) {
  // Device pixel borders are not exact in CSS pixels at fractional ratios; a thousandth of a pixel settles them.
  const x = Math.floor(((clientX - box.left) * guest.width) / box.width + 1e-3);
  const y = Math.floor(((clientY - box.top) * guest.height) / box.height + 1e-3);
  return { x: clamp(0, x, guest.width - 1), y: clamp(0, y, guest.height - 1) };
}
