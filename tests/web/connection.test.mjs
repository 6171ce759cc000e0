// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { afterClose, Backoff, BUDGET, reasonOf, reasonText } from '../../web/js/backoff.js';
import { ClockOffset } from '../../web/js/clock.js';
import { parseFragment } from '../../web/js/session.js';
import { PATIENCE_US, Watchdog } from '../../web/js/watchdog.js';
import { REASON } from '../../web/js/wire.js';

test('backoff_doubles_from_a_quarter_to_five_seconds', () => {
  const backoff = new Backoff(() => 0);
  assert.deepEqual(
    Array.from({ length: 7 }, () => backoff.next()),
    [250, 500, 1000, 2000, 4000, 5000, 5000],
  );
});

test('backoff_jitter_takes_up_to_a_fifth', () => {
  const backoff = new Backoff(() => 1);
  assert.deepEqual([backoff.next(), backoff.next()], [200, 400]);
});

// Lesson 12: an open connection refills nothing, the first painted picture does.
test('backoff_budget_ends_connections_that_never_show_a_picture', () => {
  const backoff = new Backoff(() => 0);
  let tries = 1;
  while (backoff.spend()) {
    backoff.next();
    tries++;
  }
  assert.equal(tries, BUDGET);
  assert.equal(backoff.next(), 5000);
  backoff.refill();
  assert.ok(backoff.spend());
  assert.equal(backoff.next(), 250);
});

test('close_codes_below_16_reconnect_and_others_do_not', () => {
  assert.equal(afterClose(4000 + REASON.GOING_AWAY, true), 'retry');
  assert.equal(afterClose(4000 + REASON.TIMEOUT, true), 'retry');
  assert.equal(afterClose(4000 + REASON.SLOW, true), 'retry');
  assert.equal(afterClose(1006, true), 'retry');
  assert.equal(afterClose(1006, false), 'probe');
  assert.equal(afterClose(4000 + REASON.UNAUTHORISED, true), 'login');
  for (const name of ['PROTOCOL', 'VERSION', 'RATE', 'FULL', 'CLOSED_BY_USER'])
    assert.equal(afterClose(4000 + REASON[name], true), 'refused', name);
});

test('close_reasons_have_texts', () => {
  for (const reason of Object.values(REASON)) assert.notEqual(reasonText(reason), reasonText(0), String(reason));
  assert.equal(reasonOf(4019), 19);
  assert.equal(reasonOf(1006), 0);
});

// Lesson 35.
test('fragment_token_is_taken_out', () => {
  assert.deepEqual(parseFragment('#token=a%2Bb'), { token: 'a+b', view: false, rest: '' });
  assert.deepEqual(parseFragment('#view&token=x'), { token: 'x', view: true, rest: '#view' });
  assert.deepEqual(parseFragment(''), { token: '', view: false, rest: '' });
});

test('clock_offset_comes_from_the_shortest_round_trip', () => {
  const clock = new ClockOffset();
  assert.equal(clock.toLocal(5), 0, 'unknown');
  clock.add(1000, 51_000, 3000); // 2 ms: ours is 49 s behind
  clock.add(10_000, 70_000, 30_000); // a slow one is not believed
  assert.equal(clock.rttUs, 20_000);
  assert.equal(clock.toLocal(51_000), 2000);
});

// Lesson 11: pictures that come but are not painted are repaired in steps.
test('watchdog_repairs_in_steps_and_starts_again_after_a_paint', () => {
  const steps = [];
  const watchdog = new Watchdog((step) => steps.push(step));
  let now = 1e6;
  const pass = (seconds, received, painted, visible = true) => {
    for (let i = 0; i < seconds * 4; i++) watchdog.check((now += 250_000), received + i, painted, visible);
  };
  pass(4, 5, 5);
  assert.deepEqual(steps.length > 0, true, 'received runs ahead of painted');
  pass(6, 50, 5);
  assert.deepEqual(steps.slice(0, 4), [1, 2, 3, 1]);
  watchdog.check((now += 250_000), 90, 90, true);
  steps.length = 0;
  pass(3, 91, 90);
  assert.deepEqual(steps, [1]);
});

test('watchdog_is_patient_with_still_hidden_and_running_pictures', () => {
  const watchdog = new Watchdog(() => assert.fail('nothing is wrong'));
  let now = 1e6;
  for (let i = 0; i < 40; i++) watchdog.check((now += 250_000), 7, 7, true);
  for (let i = 0; i < 40; i++) watchdog.check((now += 250_000), 100 + i, 7, false);
  for (let i = 0; i < 40; i++) watchdog.check((now += 250_000), 200 + i, 190 + i, true);
  watchdog.check(now + 1, 300, 299, true);
  watchdog.check(now + PATIENCE_US - 1, 300, 299, true);
});
