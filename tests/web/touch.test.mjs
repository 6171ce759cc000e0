// SPDX-License-Identifier: MIT
// Fingers: what they mean, and which part of the picture they leave in sight.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockwork } from './clockwork.mjs';
import { guestPoint, placePicture } from '../../web/js/geometry.js';
import { Touch } from '../../web/js/touch.js';
import { Trackpad } from '../../web/js/trackpad.js';
import { View } from '../../web/js/view.js';
import { Viewport, ZOOM_MAX } from '../../web/js/viewport.js';

function fingers({ trackpad = false, pans = false } = {}) {
  const clock = clockwork();
  const done = [];
  const round = (value) => Math.round(value * 100) / 100;
  const touch = new Touch(
    {
      move: (x, y) => done.push(`to ${x},${y}`),
      shift: (dx, dy) => done.push(`by ${dx},${dy}`),
      button: (b, p) => done.push(`${b} ${p ? 'down' : 'up'}`),
      wheel: (dx, dy) => done.push(`wheel ${dx},${dy}`),
      zoom: (factor, x, y) => done.push(`zoom ${round(factor)} at ${x},${y}`),
      pan: (dx, dy) => done.push(`pan ${dx},${dy}`),
      pans: () => pans,
      trackpad: () => trackpad,
    },
    clock.delay,
    clock.cancel,
  );
  return { clock, done, touch };
}

test('touch_tap_is_a_click', () => {
  const { done, touch } = fingers();
  touch.down(1, 5, 6);
  touch.moved(1, 7, 6);
  touch.up(1);
  assert.deepEqual(done, ['to 5,6', '0 down', '0 up']);
});

test('touch_drag_presses_where_it_began', () => {
  const { done, touch } = fingers();
  touch.down(1, 5, 6);
  touch.moved(1, 50, 6);
  touch.moved(1, 60, 6);
  touch.up(1);
  assert.deepEqual(done, ['to 5,6', '0 down', 'to 50,6', 'to 60,6', '0 up']);
});

test('touch_long_press_is_a_right_click', () => {
  for (const trackpad of [false, true]) {
    const { clock, done, touch } = fingers({ trackpad });
    touch.down(1, 5, 6);
    clock.pass(500);
    touch.moved(1, 50, 6);
    touch.up(1);
    assert.deepEqual(done.slice(-2), ['2 down', '2 up']);
  }
});

test('touch_two_fingers_scroll_a_picture_that_is_seen_whole', () => {
  const { clock, done, touch } = fingers();
  touch.down(1, 10, 100);
  touch.down(2, 30, 100);
  touch.moved(1, 10, 60);
  touch.moved(2, 30, 60);
  touch.moved(1, 10, 40);
  touch.up(1);
  touch.up(2);
  clock.pass(1000);
  assert.deepEqual(done, ['to 10,100', 'to 20,100', 'wheel 0,120', 'wheel 0,30']);
});

test('touch_two_fingers_move_the_view_and_three_scroll_when_there_is_more_of_it', () => {
  const two = fingers({ pans: true });
  two.touch.down(1, 10, 100);
  two.touch.down(2, 30, 100);
  two.touch.moved(1, 10, 60);
  two.touch.moved(2, 30, 60);
  assert.deepEqual(two.done, ['to 10,100', 'pan 0,-40']);
  const three = fingers({ pans: true });
  for (const id of [1, 2, 3]) three.touch.down(id, 30 * id, 100);
  for (const id of [1, 2, 3]) three.touch.moved(id, 30 * id, 60);
  assert.equal(three.done.at(-1), 'wheel 0,120');
});

test('touch_fingers_that_part_zoom_around_their_centre_and_press_nothing', () => {
  for (const trackpad of [false, true]) {
    const { clock, done, touch } = fingers({ trackpad });
    touch.down(1, 100, 100);
    touch.down(2, 140, 100);
    touch.moved(1, 80, 100);
    touch.moved(2, 160, 100);
    touch.moved(1, 40, 100);
    touch.moved(2, 200, 100);
    touch.up(1);
    touch.up(2);
    clock.pass(1000);
    const zooms = done.filter((what) => what.startsWith('zoom')).map((what) => Number(what.split(' ')[1]));
    assert.ok(Math.abs(zooms.reduce((all, one) => all * one, 1) - 4) < 0.05, done.join(' | '));
    assert.ok(!done.some((what) => /down|wheel/.test(what)), done.join(' | '));
  }
});

test('touch_a_tap_of_two_is_a_right_click_between_them', () => {
  const { done, touch } = fingers();
  touch.down(1, 10, 100);
  touch.down(2, 30, 100);
  touch.up(2);
  touch.up(1);
  assert.deepEqual(done, ['to 10,100', 'to 20,100', '2 down', '2 up']);
  const pad = fingers({ trackpad: true });
  pad.touch.down(1, 10, 100);
  pad.touch.down(2, 30, 100);
  pad.touch.up(1);
  pad.touch.up(2);
  assert.deepEqual(pad.done, ['2 down', '2 up']);
});

test('touch_trackpad_moves_by_what_the_finger_moves_and_a_tap_clicks', () => {
  const { clock, done, touch } = fingers({ trackpad: true });
  touch.down(1, 200, 200);
  touch.moved(1, 220, 200);
  touch.moved(1, 225, 203);
  touch.up(1);
  assert.deepEqual(done.splice(0), ['by 20,0', 'by 5,3']);
  touch.down(1, 50, 50);
  touch.up(1);
  clock.pass(200);
  touch.down(1, 50, 50);
  touch.up(1);
  clock.pass(200);
  assert.deepEqual(done, ['0 down', '0 up', '0 down', '0 up']);
});

test('touch_trackpad_tap_and_drag', () => {
  const { clock, done, touch } = fingers({ trackpad: true });
  touch.down(1, 50, 50);
  touch.up(1);
  clock.pass(100);
  touch.down(1, 50, 50);
  clock.pass(1000);
  touch.moved(1, 50, 80);
  touch.up(1);
  assert.deepEqual(done.splice(0), ['0 down', 'by 0,30', '0 up']);
  for (let tap = 0; tap < 2; tap++) {
    touch.down(1, 50, 50);
    touch.up(1);
  }
  clock.pass(200);
  assert.deepEqual(done, ['0 down', '0 up', '0 down', '0 up'], 'a double click');
});

test('touch_cancelled_finger_does_not_click', () => {
  const { clock, done, touch } = fingers();
  touch.down(1, 5, 6);
  touch.cancelled(1);
  clock.pass(1000);
  assert.deepEqual(done, ['to 5,6']);
});

test('touch_beside_the_picture_zooms_but_clicks_nothing', () => {
  const { done, touch } = fingers();
  touch.down(1, 5, 6, true);
  touch.moved(1, 90, 6);
  touch.up(1);
  assert.deepEqual(done, []);
  touch.down(1, 100, 100, true);
  touch.down(2, 140, 100);
  touch.moved(1, 60, 100);
  touch.moved(2, 180, 100);
  assert.ok(done.some((what) => what.startsWith('zoom')));
  const pad = fingers({ trackpad: true });
  pad.touch.down(1, 100, 100, true);
  pad.touch.moved(1, 150, 100);
  assert.deepEqual(pad.done, ['by 50,0']);
});

const guest = { width: 1920, height: 1080 };
const stage = { width: 1170, height: 2532 };
const fit = placePicture(guest, stage);

test('viewport_shows_the_whole_picture_until_fingers_say_otherwise', () => {
  const viewport = new Viewport();
  assert.deepEqual(viewport.place(fit, stage), fit);
  assert.equal(viewport.pans(stage), false);
  assert.deepEqual(viewport.pan(fit, stage, 500, 500), fit, 'there is nothing to move');
  viewport.zoomAt(fit, stage, 0.2, 500, 500);
  assert.deepEqual(viewport.place(fit, stage), fit, 'nor to shrink');
});

test('viewport_keeps_the_point_under_the_fingers_and_no_gap_at_its_edges', () => {
  const viewport = new Viewport();
  viewport.place(fit, stage);
  const box = viewport.zoomAt(fit, stage, 5, 300, 1200);
  const under = (b, x, y) => guestPoint(x, y, b, guest);
  assert.deepEqual(under(box, 300, 1200), under(fit, 300, 1200));
  assert.deepEqual(viewport.place(fit, stage), box, 'shown again it stays');
  const corner = viewport.pan(fit, stage, 99999, 99999);
  assert.deepEqual([corner.left, corner.top], [0, 0]);
  const other = viewport.pan(fit, stage, -99999, -99999);
  assert.deepEqual([other.left + other.width, other.top + other.height], [stage.width, stage.height]);
  viewport.zoomAt(fit, stage, 1000, 0, 0);
  assert.equal(viewport.zoom, ZOOM_MAX);
});

test('viewport_keeps_its_middle_when_the_phone_is_turned', () => {
  const viewport = new Viewport();
  viewport.place(fit, stage);
  viewport.zoomAt(fit, stage, 8, 400, 1300);
  const turned = { width: 2532, height: 1170 };
  const middle = (box, { width, height }) => guestPoint(width / 2, height / 2, box, guest);
  const before = middle(viewport.box, stage);
  const after = middle(viewport.place(placePicture(guest, turned), turned), turned);
  assert.ok(Math.abs(after.x - before.x) <= 1 && Math.abs(after.y - before.y) <= 1, JSON.stringify([before, after]));
});

test('viewport_what_keys_cover_can_be_moved_into_sight', () => {
  const viewport = new Viewport();
  const whole = placePicture({ width: 390, height: 844 }, stage, 3);
  viewport.place(whole, stage);
  viewport.covered = 900;
  assert.equal(viewport.place(whole, stage).top, 0);
  assert.ok(viewport.pans(stage));
  const box = viewport.follow(whole, stage, 600, 2400);
  const at = 2400 + box.top;
  assert.ok(at > 0 && at < 2532 - 900, String(at));
  viewport.covered = 0;
  assert.deepEqual(viewport.place(whole, stage), whole);
});

/** A screen of the phone with a picture on it, as View and Trackpad need it. */
function phone() {
  globalThis.devicePixelRatio = 3;
  const screen = {
    ...guest, fit, stageSize: stage, box: fit, arrange: (box) => box,
    place() {
      this.box = this.arrange(fit, stage);
    },
    get scale() {
      return this.box.width / 3 / guest.width;
    },
    stage: { getBoundingClientRect: () => ({ left: 0, top: 0, right: 390, bottom: 844 }) },
  };
  screen.canvas = {
    getBoundingClientRect: () => {
      const { left, top, width, height } = screen.box;
      const corner = { right: (left + width) / 3, bottom: (top + height) / 3 };
      return { left: left / 3, top: top / 3, width: width / 3, height: height / 3, ...corner };
    },
  };
  return screen;
}

test('trackpad_keeps_its_place_in_the_guest_and_in_sight', () => {
  const screen = phone();
  const view = new View(screen);
  const places = [];
  const at = () => guestPoint(places.at(-1)[0], places.at(-1)[1], screen.canvas.getBoundingClientRect(), screen);
  const pad = new Trackpad(screen, view,
    { position: (x, y) => places.push([x, y]), motion: () => assert.fail(), absolute: () => true });
  pad.settle();
  assert.deepEqual(at(), { x: 960, y: 540 }, 'it begins in the middle');
  view.zoom(8, 195, 422);
  const { scale } = screen;
  pad.shift(20, 0);
  assert.ok(Math.abs(at().x - (960 + 30 / scale)) <= 1, 'a zoomed picture is pointed at finely');
  for (let i = 0; i < 200; i++) pad.shift(20, 20);
  assert.deepEqual(at(), { x: 1919, y: 1079 });
  assert.ok(places.every(([x, y]) => x >= 0 && x <= 390 && y >= 0 && y <= 844), 'the view follows');
});

test('trackpad_of_a_guest_with_relative_motion_sends_that', () => {
  const moved = [];
  const pad = new Trackpad(phone(), { follow: assert.fail },
    { position: assert.fail, motion: (dx, dy) => moved.push([dx, dy]), absolute: () => false });
  pad.shift(10, -10);
  assert.ok(moved[0][0] > 10 && moved[0][1] < -10);
});
