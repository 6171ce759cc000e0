// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { qoiDecode, tilesDecode, TILES_MAX } from '../../web/js/tiles.js';
import { qoiEncode, payload, random } from './qoi.mjs';

const word = (r, g, b, a = 255) => ((a << 24) | (b << 16) | (g << 8) | r) >>> 0;
const decode = (bytes, count) => {
  const pixels = new Uint32Array(count);
  return qoiDecode(Uint8Array.from(bytes), 0, bytes.length, pixels, count) ? [...pixels] : null;
};

// Hand vectors from the chunk definitions of the QOI specification 1.0.
test('qoi_rgb_chunk', () => assert.deepEqual(decode([0xfe, 1, 2, 3], 1), [word(1, 2, 3)]));
test('qoi_rgba_chunk', () => assert.deepEqual(decode([0xff, 1, 2, 3, 4], 1), [word(1, 2, 3, 4)]));
test('qoi_run_repeats_the_first_black', () =>
  assert.deepEqual(decode([0xc2], 3), [word(0, 0, 0), word(0, 0, 0), word(0, 0, 0)]));
test('qoi_run_longest_is_62', () => assert.equal(decode([0xfd], 62).length, 62));
test('qoi_runs_in_a_row_are_all_there', () => {
  // 5 times 62 red, then 3, then green: filled at once; and the index still knows red.
  const slot = (255 * 3 + 255 * 11) % 64;
  const bytes = [0xfe, 255, 0, 0, ...Array(5).fill(0xfd), 0xc2, 0xfe, 0, 255, 0, slot];
  assert.deepEqual(decode(bytes, 316), [...Array(314).fill(word(255, 0, 0)), word(0, 255, 0), word(255, 0, 0)]);
  assert.equal(decode(bytes.slice(0, -5), 313), null, 'past the end');
});
test('qoi_diff_wraps_around', () => {
  // From 0,0,0: differences -2, -1, +1 are coded with a bias of 2.
  assert.deepEqual(decode([0x40 | (0 << 4) | (1 << 2) | 3], 1), [word(254, 255, 1)]);
});
test('qoi_luma_wraps_around', () => {
  // Green -32, red 8 less than green, blue 7 more.
  assert.deepEqual(decode([0x80, 0x0f], 1), [word((0 - 32 - 8) & 255, 224, (0 - 32 + 7) & 255)]);
});
test('qoi_index_recalls_a_pixel', () => {
  const slot = (10 * 3 + 20 * 5 + 30 * 7 + 255 * 11) % 64;
  assert.deepEqual(decode([0xfe, 10, 20, 30, 0xfe, 99, 98, 97, slot], 3), [
    word(10, 20, 30),
    word(99, 98, 97),
    word(10, 20, 30),
  ]);
});
test('qoi_index_knows_a_pixel_that_a_run_began_with', () => {
  const slot = (255 * 11) % 64;
  assert.deepEqual(decode([0xc0, 0xfe, 1, 1, 1, slot], 3), [word(0, 0, 0), word(1, 1, 1), word(0, 0, 0)]);
});
test('qoi_rejects_what_is_cut_too_long_or_too_short', () => {
  assert.equal(decode([0xfe, 1, 2], 1), null);
  assert.equal(decode([0xff, 1, 2, 3], 1), null);
  assert.equal(decode([0x80], 1), null);
  assert.equal(decode([], 1), null);
  assert.equal(decode([0xc2], 2), null, 'a run past the end');
  assert.equal(decode([0xc0, 0xc0], 1), null, 'bytes left over');
});

test('qoi_round_trip_of_every_kind_of_picture', () => {
  const next = random(7);
  for (const colours of [1, 2, 5, 60, 100000]) {
    const count = 97 * 31;
    const pixels = new Uint32Array(count);
    let near = word(128, 128, 128);
    for (let i = 0; i < count; i++) {
      if (next() < 0.3)
        near =
          colours > 1000
            ? word(next() * 256, next() * 256, next() * 256)
            : word((i * 7 + next() * colours * 4) & 255, i & 255, 9);
      pixels[i] = near;
    }
    const bytes = qoiEncode(pixels);
    assert.deepEqual(decode(bytes, count), [...pixels], `${colours} colours`);
  }
});

test('tiles_two_land_where_they_belong', () => {
  const a = Uint32Array.from([word(1, 0, 0), word(2, 0, 0), word(3, 0, 0), word(4, 0, 0)]);
  const b = Uint32Array.from([word(9, 9, 9)]);
  const seen = [];
  const ok = tilesDecode(
    payload([
      [3, 4, 2, 2, a],
      [19, 9, 1, 1, b],
    ]),
    20,
    10,
    (x, y, w, h, words) => seen.push([x, y, w, h, ...words.subarray(0, w * h)]),
  );
  assert.ok(ok);
  assert.deepEqual(seen, [
    [3, 4, 2, 2, ...a],
    [19, 9, 1, 1, ...b],
  ]);
});

test('tiles_malformed_payloads_are_refused', () => {
  const one = Uint32Array.from([word(1, 2, 3)]);
  const good = payload([[0, 0, 1, 1, one]]);
  const refused = (bytes, what) =>
    assert.equal(
      tilesDecode(Uint8Array.from(bytes), 20, 10, () => {}),
      false,
      what,
    );
  for (let cut = 0; cut < good.length; cut++) refused(good.subarray(0, cut), `cut at ${cut}`);
  refused([...good, 0], 'bytes left over');
  refused([0, 0], 'no tile');
  refused([TILES_MAX + 1, 0, ...good.subarray(2)], 'too many tiles');
  refused(payload([[20, 0, 1, 1, one]]), 'right of the picture');
  refused(payload([[0, 10, 1, 1, one]]), 'below the picture');
  refused(payload([[0, 0, 0, 1, new Uint32Array(0)]]), 'no pixels');
});

test('tiles_random_bytes_never_throw_or_paint_outside', () => {
  const next = random(11);
  for (let round = 0; round < 3000; round++) {
    const bytes = Uint8Array.from({ length: 2 + next() * 80 }, () => next() * 256);
    bytes[0] = 1 + (round % 3);
    bytes[1] = 0;
    for (const high of [3, 5, 7, 9, 12, 13]) if (bytes.length > high) bytes[high] = 0;
    tilesDecode(bytes, 64, 64, (x, y, w, h) => assert.ok(x + w <= 64 && y + h <= 64));
  }
});
