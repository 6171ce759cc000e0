// SPDX-License-Identifier: MIT
// What arrives as pictures: of which the delay says something.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pictures } from '../../web/js/pictures.js';
import { FLAG, MESSAGE, PICTURE_HEADER_SIZE } from '../../web/js/wire.js';

const SIDE = 8;
const screen = { width: SIDE, height: SIDE };

/** A page that counts whose delay it measures. */
function open() {
  globalThis.requestAnimationFrame = () => 1;
  globalThis.cancelAnimationFrame = () => {};
  const pictures = new Pictures(screen, () => {}, (us) => us, () => {}, () => {});
  const notes = [];
  pictures.drawTiles = ({ note }) => notes.push(note.captureUs);
  pictures.receiveVideo = (_, key, note) => notes.push(note.captureUs);
  let sequence = 0;
  const receive = (type, flags) => {
    const view = new DataView(new ArrayBuffer(PICTURE_HEADER_SIZE + 1)); // nothing here is decoded
    view.setUint8(0, type);
    view.setUint8(1, flags);
    view.setUint32(4, ++sequence, true);
    view.setBigUint64(8, 7n, true);
    view.setUint16(16, SIDE, true);
    view.setUint16(18, SIDE, true);
    pictures.receive(view, 1000 * sequence);
  };
  return { receive, notes };
}

test('pictures_of_a_newcomer_say_nothing_of_delays', () => {
  const { receive, notes } = open();
  receive(MESSAGE.TILES, FLAG.KEY); // the opening
  receive(MESSAGE.VIDEO, FLAG.KEY);
  receive(MESSAGE.VIDEO, 0);
  receive(MESSAGE.TILES, 0);
  receive(MESSAGE.VIDEO, FLAG.KEY); // one that was asked for
  assert.deepEqual(notes, [0, 0, 7, 7, 7]);
});

test('pictures_by_tiles_alone_are_all_keys_and_timed_but_for_the_first', () => {
  const { receive, notes } = open();
  for (let i = 0; i < 3; i++) receive(MESSAGE.TILES, FLAG.KEY);
  assert.deepEqual(notes, [0, 7, 7]);
});
