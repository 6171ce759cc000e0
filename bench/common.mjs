// SPDX-License-Identifier: MIT
//
// What the benches share: options, rounds, and an end that leaves nothing behind.

/** The number behind `--NAME=`. */
export const option = (name, otherwise) =>
  Number(process.argv.find((word) => word.startsWith(`--${name}=`))?.split('=')[1] ?? otherwise);

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A scope like a test case's, for clean-up. */
export async function scope(body) {
  const cleanups = [];
  try {
    return await body({ after: (fn) => cleanups.push(fn), log: console.log });
  } finally {
    for (const fn of cleanups.reverse()) await Promise.resolve().then(fn).catch(() => {});
  }
}

/** Middle and extremes of one number a round. */
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const middle = sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  return { middle, least: sorted[0], most: sorted.at(-1) };
}

/** "1.04 (1.02 to 1.09)". */
export function spreadText(values, digits = 2) {
  const { middle, least, most } = spread(values);
  return `${middle.toFixed(digits)} (${least.toFixed(digits)} to ${most.toFixed(digits)})`;
}

/** The value below which a share `q` of them lies. */
export const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))];

const PICTURES = [2, 3]; // VIDEO, TILES in wire/viewer.h

/** When a message that is a picture was captured, in ms of the server's clock; null for others. That clock and ours run
 *  evenly, so of their difference only changes count. */
export const capturedMs = (message) => (PICTURES.includes(message[0]) ? Number(message.readBigUInt64LE(8)) / 1000 : null);
