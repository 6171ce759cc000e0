// SPDX-License-Identifier: MIT
// When pictures go by a track, and when they come back to the canvas.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Motion } from '../../web/js/motion.js';

const FULL_HD = 1920 * 1080;

/** Motion of `seconds`, each picture seen `late` ms after its arrival; the choice at its end. */
function play(motion, clock, { seconds = 1, fps = 40, late = 10, pixels = FULL_HD } = {}) {
  let choice = motion.choice;
  for (let i = 0; i < seconds * fps; i++) {
    clock.us += 1_000_000 / fps;
    choice = motion.arrive(pixels, clock.us);
    motion.paint(late * 1000);
  }
  return choice;
}

test('motion_goes_by_a_track_when_large_pictures_are_seen_late', () => {
  const motion = new Motion(true);
  const clock = { us: 5_000_000 };
  assert.equal(play(motion, clock, { seconds: 5, late: 30 }), 'canvas');
  assert.equal(play(motion, clock, { seconds: 1.5, late: 50 }), 'canvas'); // one bad second may be somebody else's
  assert.equal(play(motion, clock, { late: 50 }), 'track');
  assert.equal(play(motion, clock, { seconds: 10, late: 40 }), 'track'); // still late, and better
});

test('motion_leaves_small_pictures_slow_changes_and_old_browsers_on_the_canvas', () => {
  for (const [supported, options] of [
    [true, { pixels: 1280 * 720 }],
    [true, { fps: 2 }],
    [false, {}],
  ]) {
    const motion = new Motion(supported);
    assert.equal(play(motion, { us: 5_000_000 }, { seconds: 6, late: 90, ...options }), 'canvas');
  }
});

test('motion_comes_back_to_the_canvas_when_it_stops', () => {
  const motion = new Motion(true);
  const clock = { us: 5_000_000 };
  assert.equal(play(motion, clock, { seconds: 4, late: 60 }), 'track');
  assert.equal(motion.ended(clock.us + 900_000), false);
  assert.equal(motion.ended(clock.us + 1_100_000), true);
  assert.equal(motion.choice, 'canvas');
  clock.us += 1_200_000;
  assert.equal(play(motion, clock, { seconds: 0.2, late: 60 }), 'canvas');
});

test('motion_gives_up_a_track_that_shows_nothing', () => {
  const motion = new Motion(true);
  const clock = { us: 5_000_000 };
  assert.equal(play(motion, clock, { seconds: 4, late: 60 }), 'track');
  motion.paint = () => {};
  assert.equal(play(motion, clock, { seconds: 5 }), 'canvas');
});

test('motion_leaves_pictures_that_a_track_refuses_on_the_canvas', () => {
  const motion = new Motion(true);
  const clock = { us: 5_000_000 };
  assert.equal(play(motion, clock, { seconds: 4, late: 60 }), 'track');
  motion.refused(clock.us);
  assert.equal(play(motion, clock, { seconds: 50, late: 60 }), 'canvas', 'one is made, not one for each picture');
});

test('motion_gives_a_track_up_that_does_no_better_and_rests_a_minute', () => {
  const motion = new Motion(true);
  const clock = { us: 5_000_000 };
  assert.equal(play(motion, clock, { seconds: 4, late: 60 }), 'track');
  assert.equal(play(motion, clock, { seconds: 5, late: 60 }), 'canvas');
  const given = clock.us;
  while (play(motion, clock, { late: 60 }) === 'canvas') assert.ok(clock.us < given + 70e6);
  assert.ok(clock.us > given + 55e6);
});
