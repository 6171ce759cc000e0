// SPDX-License-Identifier: MIT
// A small QOI encoder (specification 1.0, chunks only) and a seeded generator, for the tests beside it.

/** @param {number} seed numbers in [0, 1) that are the same in every run (Park and Miller's generator) */
export function random(seed) {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}

/** @param {Uint32Array} pixels R in the lowest byte */
export function qoiEncode(pixels) {
  const bytes = [];
  const index = new Uint32Array(64);
  let before = 0xff000000;
  let run = 0;
  const channels = (pixel) => [pixel & 255, (pixel >>> 8) & 255, (pixel >>> 16) & 255, pixel >>> 24];
  const signed = (value) => ((value + 128) & 255) - 128;
  for (const pixel of pixels) {
    if (pixel === before) {
      if (++run === 62) (bytes.push(0xc0 | (run - 1)), (run = 0));
      continue;
    }
    if (run) (bytes.push(0xc0 | (run - 1)), (run = 0));
    const [r, g, b, a] = channels(pixel);
    const [pr, pg, pb, pa] = channels(before);
    const slot = (r * 3 + g * 5 + b * 7 + a * 11) % 64;
    const [dr, dg, db] = [signed(r - pr), signed(g - pg), signed(b - pb)];
    const small = (value, low, high) => value >= low && value <= high;
    if (index[slot] === pixel) bytes.push(slot);
    else if (a !== pa) bytes.push(0xff, r, g, b, a);
    else if (small(dr, -2, 1) && small(dg, -2, 1) && small(db, -2, 1))
      bytes.push(0x40 | ((dr + 2) << 4) | ((dg + 2) << 2) | (db + 2));
    else if (small(dg, -32, 31) && small(dr - dg, -8, 7) && small(db - dg, -8, 7))
      bytes.push(0x80 | (dg + 32), ((dr - dg + 8) << 4) | (db - dg + 8));
    else bytes.push(0xfe, r, g, b);
    index[slot] = pixel;
    before = pixel;
  }
  if (run) bytes.push(0xc0 | (run - 1));
  return bytes;
}

/** A TILES payload of [x, y, width, height, pixels]. */
export function payload(tiles) {
  const bytes = [tiles.length & 255, tiles.length >> 8];
  for (const [x, y, width, height, pixels] of tiles) {
    const data = qoiEncode(pixels);
    for (const value of [x, y, width, height]) bytes.push(value & 255, value >> 8);
    bytes.push(data.length & 255, (data.length >> 8) & 255, data.length >> 16, 0, ...data);
  }
  return Uint8Array.from(bytes);
}
