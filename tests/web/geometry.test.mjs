// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { guestPoint, placePicture, wantedSize } from '../../web/js/geometry.js';
import { openState, takesInput } from '../../web/js/status.js';
import { DISPLAY } from '../../web/js/wire.js';
import { parseSize } from '../../web/js/settings.js';
import { chosenSize } from '../../web/js/hello.js';

test('size_follows_the_stage_within_limits', () => {
  assert.deepEqual(wantedSize({ width: 1801, height: 1199 }), { width: 1801, height: 1199 });
  assert.deepEqual(wantedSize({ width: 30, height: 9000 }), { width: 64, height: 4320 });
  assert.deepEqual(wantedSize({ width: 1081, height: 2160 }, 3), { width: 360, height: 720 });
});

test('size_of_a_dense_screen_is_legible', () => {
  globalThis.devicePixelRatio = 3;
  const phone = { width: 1170, height: 2532 };
  assert.deepEqual(chosenSize('fit', 0, phone), { width: 390, height: 844 });
  assert.deepEqual(chosenSize('fit', 200, phone), { width: 585, height: 1266 });
  assert.deepEqual(chosenSize('fit', 100, phone), phone);
  assert.equal(chosenSize('keep', 150, phone), null);
  assert.deepEqual(chosenSize('1280x720', 150, phone), { width: 1280, height: 720 });
});

test('size_pinned', () => {
  assert.deepEqual(parseSize('1280x720'), { width: 1280, height: 720 });
  for (const bad of ['fit', '10x10', '99999x720', '1280x', '9000x100']) assert.equal(parseSize(bad), null, bad);
});

test('picture_of_the_same_size_is_exact', () => {
  assert.deepEqual(placePicture({ width: 800, height: 600 }, { width: 800, height: 600 }), {
    left: 0,
    top: 0,
    width: 800,
    height: 600,
    scale: 1,
    exact: true,
  });
});

test('picture_rounded_by_the_guest_stays_exact_on_whole_pixels', () => {
  const box = placePicture({ width: 1360, height: 760 }, { width: 1367, height: 765 });
  assert.deepEqual([box.left, box.top, box.width, box.height, box.exact], [3, 2, 1360, 760, true]);
});

test('picture_of_another_size_fits_and_keeps_its_aspect', () => {
  const box = placePicture({ width: 1280, height: 720 }, { width: 1000, height: 1000 });
  assert.deepEqual([box.left, box.top, box.width, box.height, box.exact], [0, 218, 1000, 563, false]);
  assert.deepEqual(
    placePicture({ width: 100, height: 50 }, { width: 300, height: 150 }).exact,
    true,
    'three times is whole',
  );
});

test('pointer_lands_on_the_exact_pixel_in_every_scaling', () => {
  for (const ratio of [1, 1.25, 1.5, 1.75, 2, 3]) {
    for (const [guest, stage] of [
      [
        { width: 1280, height: 720 },
        { width: 1280, height: 720 },
      ],
      [
        { width: 1280, height: 720 },
        { width: 911, height: 777 },
      ],
      [
        { width: 640, height: 480 },
        { width: 1920, height: 1441 },
      ],
    ]) {
      const place = placePicture(guest, stage);
      const box = {
        left: place.left / ratio,
        top: place.top / ratio,
        width: place.width / ratio,
        height: place.height / ratio,
      };
      for (const x of [0, 1, 17, guest.width / 2, guest.width - 2, guest.width - 1]) {
        const centre = box.left + ((x + 0.5) * box.width) / guest.width;
        assert.equal(guestPoint(centre, 0, box, guest).x, x, `${x} at ${ratio}`);
      }
      // Where one guest pixel is one device pixel, its left edge belongs to it, whatever the ratio's fractions are.
      if (place.scale === 1)
        for (let x = 0; x < guest.width; x++) assert.equal(guestPoint(box.left + x / ratio, 0, box, guest).x, x);
    }
  }
});

test('pointer_is_clamped_to_the_picture', () => {
  const box = { left: 10, top: 10, width: 100, height: 50 };
  assert.deepEqual(guestPoint(-5, 500, box, { width: 200, height: 100 }), { x: 0, y: 99 });
  assert.deepEqual(guestPoint(110, 60, box, { width: 200, height: 100 }), { x: 199, y: 99 });
});

test('state_of_an_open_connection', () => {
  assert.equal(openState(0, true), 'waiting');
  assert.equal(openState(1, false), 'waiting');
  assert.equal(openState(1, true), 'running');
  assert.equal(openState(2, true), 'paused');
  assert.equal(openState(3, true), 'gone');
});

test('input_goes_to_a_guest_that_is_seen_and_may_wake_a_dark_one', () => {
  const [connecting, running, paused, gone] = [0, 1, 2, 3];
  assert.ok(takesInput(running, true));
  assert.ok(!takesInput(running, false), 'nothing is shown yet');
  assert.ok(takesInput(running, false, DISPLAY.OFF), 'a display that is off since before this page came');
  assert.ok(takesInput(paused, true));
  assert.ok(!takesInput(gone, true), 'Tab has to reach "Start again"');
  assert.ok(!takesInput(connecting, true));
});
