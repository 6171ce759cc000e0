// SPDX-License-Identifier: MIT
// Decodes a TILES payload (media/tiles.h): rectangles of QOI chunks (specification 1.0, qoiformat.org) without header
// and end mark. This is the shortest way from a key press to a changed pixel, so pixels are written as 32 bit words
// (R in the lowest byte, as ImageData has it on the little-endian machines browsers run on), and nothing is allocated
// per pixel or chunk. Pure.

export const TILES_MAX = 16;
const TILE_HEADER_SIZE = 12;
/** Pixels of a run from which on a call of `fill` costs less than a loop. */
const FILL = 24;

const index = new Uint32Array(64);

/**
 * Decodes QOI chunks into `pixels`, one word per pixel; each run starts from the state the specification names.
 * True when the chunks yield exactly `count` pixels and end with `end`.
 * @param {Uint8Array} bytes @param {number} at @param {number} end @param {Uint32Array} pixels @param {number} count
 */
export function qoiDecode(bytes, at, end, pixels, count) {
  index.fill(0);
  let r = 0;
  let g = 0;
  let b = 0;
  let a = 255;
  let pixel = 0xff000000;
  let done = 0;
  while (done < count) {
    if (at >= end) return false;
    const tag = bytes[at++];
    const kind = tag >> 6;
    if (tag >= 0xfe) {
      if (end - at < tag - 0xfb) return false;
      r = bytes[at];
      g = bytes[at + 1];
      b = bytes[at + 2];
      if (tag === 0xff) a = bytes[at + 3];
      at += tag - 0xfb;
    } else if (kind === 3) {
      let run = (tag & 0x3f) + 1;
      // A screen has long runs, of 62 pixels a chunk: together they are filled by the browser's own code.
      for (; at < end && bytes[at] >= 0xc0 && bytes[at] < 0xfe; at++) run += (bytes[at] & 0x3f) + 1;
      if (run > count - done) return false;
      // A run repeats the previous pixel, which the specification also keeps in the index.
      index[(r * 3 + g * 5 + b * 7 + a * 11) & 63] = pixel;
      if (run > FILL) pixels.fill(pixel, done, done + run);
      else for (let i = done; i < done + run; i++) pixels[i] = pixel;
      done += run;
      continue;
    } else if (kind === 0) {
      pixel = index[tag];
      r = pixel & 255;
      g = (pixel >> 8) & 255;
      b = (pixel >> 16) & 255;
      a = pixel >>> 24;
      pixels[done++] = pixel;
      continue;
    } else if (kind === 1) {
      r = (r + ((tag >> 4) & 3) - 2) & 255;
      g = (g + ((tag >> 2) & 3) - 2) & 255;
      b = (b + (tag & 3) - 2) & 255;
    } else {
      if (at >= end) return false;
      const second = bytes[at++];
      const green = (tag & 0x3f) - 32;
      r = (r + green - 8 + (second >> 4)) & 255;
      g = (g + green) & 255;
      b = (b + green - 8 + (second & 15)) & 255;
    }
    pixel = (r | (g << 8) | (b << 16) | (a << 24)) >>> 0;
    index[(r * 3 + g * 5 + b * 7 + a * 11) & 63] = pixel;
    pixels[done++] = pixel;
  }
  return at === end;
}

/** Grows to the largest tile seen, then is used again. */
let words = new Uint32Array(64 * 64);

/**
 * Decodes every tile and hands it to `paint` as {x, y, width, height, words}; `words` is valid during the call only.
 * True on success; false for a malformed payload or a tile outside the picture (tiles before the bad one were painted).
 * @param {Uint8Array} bytes the payload @param {number} width of the picture @param {number} height
 * @param {(x: number, y: number, width: number, height: number, words: Uint32Array<ArrayBuffer>) => void} paint
 */
export function tilesDecode(bytes, width, height, paint) {
  if (bytes.length < 2) return false;
  const u16 = (/** @type {number} */ at) => bytes[at] | (bytes[at + 1] << 8);
  const count = u16(0);
  if (count < 1 || count > TILES_MAX) return false;
  let at = 2;
  for (let tile = 0; tile < count; tile++) {
    if (bytes.length - at < TILE_HEADER_SIZE) return false;
    const x = u16(at);
    const y = u16(at + 2);
    const w = u16(at + 4);
    const h = u16(at + 6);
    const size = u16(at + 8) + u16(at + 10) * 65536;
    at += TILE_HEADER_SIZE;
    if (w === 0 || h === 0 || x + w > width || y + h > height || size > bytes.length - at) return false;
    if (words.length < w * h) words = new Uint32Array(w * h);
    if (!qoiDecode(bytes, at, at + size, words, w * h)) return false;
    paint(x, y, w, h, words);
    at += size;
  }
  return at === bytes.length;
}
