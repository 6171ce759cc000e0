// SPDX-License-Identifier: MIT
// What the page must know of an H.264 access unit (ITU-T H.264, Annex B): the codec string in its parameter set. Pure.

const NAL_SPS = 7;

/**
 * "avc1.PPCCLL" (profile, constraint flags, level in hexadecimal, RFC 6381) from the first sequence parameter set of an
 * Annex B access unit; null when it has none.
 * @param {Uint8Array} unit
 */
export function codecString(unit) {
  for (let at = 0; at + 6 < unit.length; at++) {
    if (unit[at] !== 0 || unit[at + 1] !== 0 || unit[at + 2] !== 1) continue;
    if ((unit[at + 3] & 0x1f) !== NAL_SPS) continue;
    const hex = (/** @type {number} */ byte) => byte.toString(16).padStart(2, '0');
    return `avc1.${hex(unit[at + 4])}${hex(unit[at + 5])}${hex(unit[at + 6])}`;
  }
  return null;
}
