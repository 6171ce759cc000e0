// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ack } from '../../web/js/ack.js';
import { compareSequence, Continuity, Order } from '../../web/js/sequence.js';

test('sequence_wraps', () => {
  assert.ok(compareSequence(0, 0xffffffff) > 0);
  assert.ok(compareSequence(0xfffffff0, 5) < 0);
  assert.equal(compareSequence(7, 7), 0);
});

test('continuity_waits_for_a_key_frame_and_then_takes_what_comes', () => {
  const continuity = new Continuity();
  assert.equal(continuity.accept(10, false), 'drop');
  assert.equal(continuity.accept(11, true), 'use');
  assert.equal(continuity.accept(12, false), 'use');
  assert.equal(continuity.accept(14, false), 'gap', 'noticed, and used: the server left out what 14 covers');
  assert.equal(continuity.accept(15, false), 'use');
  continuity.reset();
  assert.equal(continuity.accept(16, false), 'drop', 'after a decoder error nothing fits before a key frame');
  assert.equal(continuity.accept(17, true), 'use');
});

test('continuity_survives_the_wrap', () => {
  const continuity = new Continuity();
  continuity.accept(0xffffffff, true);
  assert.equal(continuity.accept(0, false), 'use');
});

test('order_tiles_wait_for_earlier_pictures_only', () => {
  const order = new Order();
  assert.ok(order.ready(5));
  order.submitted(6);
  order.submitted(8);
  assert.ok(order.ready(5), 'all in the decoder are later');
  assert.ok(!order.ready(7));
  order.hold(7, 'seven');
  order.hold(9, 'nine');
  order.decoded(6);
  assert.deepEqual(
    [...order.release(6)].map(({ tiles }) => tiles),
    ['seven'],
  );
  order.decoded(8);
  assert.deepEqual(
    [...order.release(8)].map(({ tiles }) => tiles),
    ['nine'],
  );
});

test('order_tiles_older_than_a_painted_picture_are_left_out', () => {
  const order = new Order();
  order.submitted(1);
  order.submitted(3);
  order.hold(2, 'two');
  order.decoded(3); // the decoder gave out 3 without 1
  assert.deepEqual([...order.release(3)], []);
  assert.equal(order.held.length, 0);
  assert.ok(order.ready(4));
});

test('ack_of_a_painted_picture_never_goes_back', () => {
  const ack = new Ack(() => {});
  ack.painted(0xffffffff, 10);
  ack.painted(2, 20); // tiles above a moving picture
  ack.painted(1, 30); // the moving picture below them is seen a frame later
  assert.deepEqual([ack.now.painted, ack.now.paintedUs], [2, 20], 'the watchdog would see a picture that stands still');
  ack.reset();
  ack.painted(1, 40);
  assert.equal(ack.now.painted, 1);
});
