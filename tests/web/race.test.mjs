// SPDX-License-Identifier: MIT
// When video goes by RTP, and when it comes back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Race } from '../../web/js/race.js';

const SECOND = 1_000_000;

/** Seconds of motion seen so late, 30 pictures each: how often `ask` said yes. */
function move(race, clock, ask, { seconds = 1, late = 10, rate = 30 } = {}) {
  let yes = 0;
  for (let i = 0; i < seconds * rate; i++) {
    clock.now += SECOND / rate;
    race.seen(late * 1000, clock.now);
    if (race[ask](clock.now)) yes++;
  }
  return yes;
}

test('race_begins_with_motion_alone', () => {
  const [race, clock] = [new Race(), { now: 10 * SECOND }];
  assert.equal(move(race, clock, 'wants', { seconds: 20, rate: 5 }), 0, 'a blinking cursor is none');
  clock.now += 60 * SECOND;
  assert.equal(race.wants(clock.now), false);
  assert.ok(move(race, clock, 'wants', { seconds: 3 }) >= 1);
});

test('race_keeps_rtp_that_is_no_later', () => {
  const [race, clock] = [new Race(), { now: 10 * SECOND }];
  move(race, clock, 'wants', { seconds: 2, late: 10 });
  race.taken(clock.now);
  assert.equal(move(race, clock, 'tired', { seconds: 30, late: 12 }), 0);
});

test('race_gives_up_rtp_that_is_later_for_three_seconds_and_waits_longer_each_time', () => {
  const [race, clock] = [new Race(), { now: 10 * SECOND }];
  const waits = [];
  for (let round = 0; round < 3; round++) {
    const from = clock.now;
    while (!move(race, clock, 'wants', { late: 10 })) continue;
    waits.push(Math.round((clock.now - from) / SECOND));
    race.taken(clock.now);
    assert.equal(move(race, clock, 'tired', { seconds: 2, late: 30 }), 0, 'a bad second or two are not enough');
    let seconds = 2;
    while (!move(race, clock, 'tired', { late: 30 })) assert.ok(++seconds < 8);
    race.lost(clock.now);
  }
  assert.ok(waits[0] <= 3 && waits[1] >= 60 && waits[1] <= 64 && waits[2] >= 120 && waits[2] <= 124, String(waits));
});

test('race_forgives_single_bad_seconds_and_the_first', () => {
  const [race, clock] = [new Race(), { now: 10 * SECOND }];
  move(race, clock, 'wants', { seconds: 2, late: 10 });
  race.taken(clock.now);
  for (let i = 0; i < 10; i++) {
    assert.equal(move(race, clock, 'tired', { seconds: 1, late: 90 }), 0);
    assert.equal(move(race, clock, 'tired', { seconds: 3, late: 9 }), 0);
  }
});

test('race_retries_what_failed_after_five_seconds_then_ten', () => {
  const [race, clock] = [new Race(), { now: 10 * SECOND }];
  race.failed(clock.now);
  assert.equal(race.mayTry(clock.now + 4.9 * SECOND), false);
  assert.equal(race.mayTry(clock.now + 5 * SECOND), true);
  race.failed(clock.now);
  assert.equal(race.mayTry(clock.now + 9.9 * SECOND), false);
  for (let i = 0; i < 20; i++) race.failed(clock.now);
  assert.equal(race.mayTry(clock.now + 320 * SECOND), true, 'never more than so long');
  race.taken(clock.now);
  clock.now += 61 * SECOND;
  race.failed(clock.now); // it had lived
  assert.equal(race.mayTry(clock.now + 5 * SECOND), true);
});
