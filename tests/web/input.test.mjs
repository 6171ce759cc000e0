// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockwork } from './clockwork.mjs';
import { Meter, Rate } from '../../web/js/meter.js';
import { Moves } from '../../web/js/moves.js';
import { Wheel } from '../../web/js/wheel.js';
import { codecString } from '../../web/js/h264.js';

function moves() {
  const clock = clockwork();
  const sent = [];
  const output = {
    position: (x, y) => sent.push(['position', x, y]),
    motion: (x, y) => sent.push(['motion', x, y]),
    wheel: (x, y) => sent.push(['wheel', x, y]),
  };
  return { clock, sent, moves: new Moves(output, () => clock.now, clock.delay, clock.cancel) };
}

test('moves_first_goes_at_once_then_the_newest_wins', () => {
  const { clock, sent, moves: m } = moves();
  m.position(1, 1);
  m.position(2, 2);
  m.position(3, 3);
  assert.deepEqual(sent, [['position', 1, 1]]);
  clock.pass(4);
  assert.deepEqual(sent, [
    ['position', 1, 1],
    ['position', 3, 3],
  ]);
  clock.pass(100);
  assert.equal(sent.length, 2);
});

test('moves_a_thousand_a_second_become_at_most_250', () => {
  const { clock, sent, moves: m } = moves();
  for (let i = 0; i < 1000; i++) {
    m.position(i, 0);
    clock.pass(1);
  }
  assert.ok(sent.length <= 251 && sent.length > 200, String(sent.length));
});

test('moves_flush_keeps_the_order_with_buttons', () => {
  const { sent, moves: m } = moves();
  m.position(1, 1);
  m.position(9, 9);
  m.flush();
  sent.push('button');
  assert.deepEqual(sent, [['position', 1, 1], ['position', 9, 9], 'button']);
});

test('moves_relative_motion_adds_up_with_its_fractions', () => {
  const { clock, sent, moves: m } = moves();
  for (let i = 0; i < 10; i++) m.move(0.25, -1.5);
  clock.pass(4);
  const sum = sent.reduce(([x, y], [, dx, dy]) => [x + dx, y + dy], [0, 0]);
  assert.deepEqual(sum, [2, -15]);
});

/** Detents of vertical pixels that come `gap` ms apart. */
function detents(pixels, gap, more = () => ({})) {
  const wheel = new Wheel();
  let sum = 0;
  pixels.forEach((deltaY, at) => {
    sum += wheel.units({ deltaX: 0, deltaY, deltaMode: 0, ...more(deltaY) }, at * gap).dy;
  });
  return sum / 120;
}

test('wheel_one_detent_is_120_in_every_unit', () => {
  const units = (event) => new Wheel().units(event, 0);
  assert.deepEqual(units({ deltaX: 0, deltaY: 100, deltaMode: 0 }), { dx: 0, dy: 120 });
  assert.deepEqual(units({ deltaX: 0, deltaY: -3, deltaMode: 1 }), { dx: 0, dy: -120 });
  assert.deepEqual(units({ deltaX: 1, deltaY: 0, deltaMode: 2 }), { dx: 120, dy: 0 });
  const counted = units({ deltaX: 0, deltaY: 53, deltaMode: 0, wheelDeltaY: -120 });
  assert.deepEqual(counted, { dx: 0, dy: 120 }, 'as the browser counts');
});

test('wheel_a_notch_is_a_detent_however_small', () => {
  for (const notch of [4.000244140625, 13, 33, -13]) {
    assert.equal(detents([notch, notch, notch, notch], 300), 4 * Math.sign(notch), `${notch} px, slow`);
    assert.equal(detents([notch, notch, notch, notch], 40), 4 * Math.sign(notch), `${notch} px, fast`);
  }
  assert.equal(detents([13, 26, 13], 30), 4, 'two notches in one event');
  assert.equal(detents([4, 4, 4], 300, (y) => ({ wheelDeltaY: -3 * y })), 3);
});

test('wheel_a_touchpad_keeps_its_distance', () => {
  const pad = [1, 2.5, 6, 11, 17, 21, 19, 14, 9, 5, 2, 1];
  const sum = pad.reduce((all, one) => all + one, 0) / 100;
  assert.ok(Math.abs(detents(pad, 16) - sum) < 0.01);
  assert.ok(Math.abs(detents(pad.slice(2), 16) - (sum - 0.035)) < 0.01, 'a quick start is paid back');
  assert.ok(Math.abs(detents([40, 40.5], 16, (y) => ({ wheelDeltaY: -3 * y })) - 1) < 0.5);
});

test('codec_string_comes_from_the_parameter_set', () => {
  assert.equal(
    codecString(Uint8Array.of(0, 0, 0, 1, 0x09, 0x10, 0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1f, 0x8c)),
    'avc1.42c01f',
  );
  assert.equal(codecString(Uint8Array.of(0, 0, 1, 0x27, 0x64, 0x00, 0x0a, 0)), 'avc1.64000a');
  assert.equal(codecString(Uint8Array.of(0, 0, 1, 0x65, 0x42, 0xc0, 0x1f, 0)), null);
  assert.equal(codecString(Uint8Array.of(0, 0, 1, 0x67, 0x42)), null, 'cut');
});

test('meter_reads_percentiles_of_its_window', () => {
  const meter = new Meter(100);
  for (let i = 1; i <= 1000; i++) meter.add(i);
  assert.deepEqual(meter.read(), { count: 1000, p50_us: 951, p95_us: 996, max_us: 1000 });
  meter.add(NaN);
  meter.add(-1);
  assert.equal(meter.count, 1000);
});

test('rate_counts_the_last_second', () => {
  const rate = new Rate();
  for (let i = 0; i < 120; i++) rate.add(i * 16_667, 2);
  assert.equal(rate.read(119 * 16_667), 120);
  assert.equal(rate.read(10e6), 0);
});
