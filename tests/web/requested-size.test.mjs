// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fits, RequestedSize } from '../../web/js/requested-size.js';

/** A size that is asked for, with a clock and one timer that the test moves. */
function fixture() {
  const f = { now: 0, timer: null, sent: [], changes: 0 };
  f.pass = (ms) => {
    for (const end = f.now + ms; ; ) {
      const due = f.timer && f.timer.at <= end;
      f.now = due ? f.timer.at : end;
      if (!due) return;
      const { run } = f.timer;
      f.timer = null;
      run();
    }
  };
  f.requested = new RequestedSize(
    ({ width, height }) => f.sent.push(`${width}x${height}`),
    () => f.changes++,
    () => f.now,
    (run, ms) => ((f.timer = { run, at: f.now + ms }), 1),
    () => (f.timer = null),
  );
  f.guest = (width, height, running = true) => f.requested.setGuest({ width, height }, running);
  f.want = (width, height) => f.requested.want({ width, height });
  return f;
}

test('requested_size_is_sent_once_and_fits_with_rounding', () => {
  const f = fixture();
  f.want(1001, 640);
  f.want(1001, 640);
  assert.deepEqual(f.sent, ['1001x640']);
  f.guest(1000, 640);
  f.pass(60_000);
  assert.equal(f.requested.late, false);
  assert.equal(f.sent.length, 1);
  assert.equal(fits({ width: 1008, height: 640 }, { width: 1001, height: 640 }), false);
  assert.equal(fits({ width: 985, height: 640 }, { width: 1001, height: 640 }), false);
});

test('requested_size_that_a_guest_left_behind_is_sent_again', () => {
  const f = fixture();
  f.want(1280, 720);
  f.guest(1280, 720);
  f.pass(3_600_000);
  f.guest(1024, 768); // a log-in of the guest
  f.pass(10);
  assert.deepEqual(f.sent, ['1280x720', '1280x720']);
  // It does so again at once: asked ever more rarely.
  f.guest(1280, 720);
  f.guest(1024, 768);
  const before = f.now;
  f.pass(60_000);
  assert.equal(f.sent.length, 3);
  assert.ok(f.now - before >= 3000);
});

test('requested_size_fights_nobody', () => {
  const f = fixture();
  f.want(1280, 720);
  for (let second = 0; second < 3600; second++) {
    f.guest(second % 2 ? 1280 : 800, second % 2 ? 720 : 600);
    f.pass(1000);
  }
  assert.ok(f.sent.length < 24, `${f.sent.length} in an hour`);
});

test('requested_size_after_others_is_sent_again', () => {
  const f = fixture();
  f.want(1280, 720);
  f.guest(1280, 720);
  f.requested.forget(); // another viewer had the controls, and has left
  f.guest(640, 480);
  f.want(1280, 720);
  assert.deepEqual(f.sent, ['1280x720', '1280x720']);
});

test('requested_size_that_is_not_followed_is_late_after_three_seconds', () => {
  const f = fixture();
  f.guest(1024, 768);
  f.want(1280, 720);
  f.pass(2999);
  assert.equal(f.requested.late, false);
  f.pass(1);
  assert.equal(f.requested.late, true);
  f.pass(600_000);
  assert.deepEqual(f.sent, ['1280x720']); // such a guest is not asked again and again
  f.guest(1280, 720);
  assert.equal(f.requested.late, false);
  assert.equal(f.changes, 2);
});

test('requested_size_of_a_guest_that_stands_still_is_not_late', () => {
  const f = fixture();
  f.guest(1024, 768, false);
  f.want(1280, 720);
  f.pass(10_000);
  assert.equal(f.requested.late, false);
});

test('size_in_the_hello_counts_as_sent', () => {
  const f = fixture();
  f.requested.noteAsked({ width: 1280, height: 720 });
  f.want(1280, 720);
  assert.deepEqual(f.sent, []);
  f.guest(1024, 768);
  f.pass(3000);
  assert.equal(f.requested.late, true);
});

test('requested_size_of_a_page_that_gets_the_controls_back_is_sent_again', async () => {
  globalThis.document ??= {};
  const { Client } = await import('../../web/js/client.js');
  const calls = [];
  const client = {
    role: null,
    page: { changed() {}, say() {} },
    devices: { size: { forget: () => calls.push('forget') }, roleChanged: () => calls.push('ask'), lostControls() {} },
  };
  const become = (role) => Client.prototype.roleChanged.call(client, role);
  become(1); // the hello has asked already
  assert.deepEqual(calls, ['ask']);
  become(0);
  become(1); // whoever had them has left, and a size of its own behind
  assert.deepEqual(calls.slice(-2), ['forget', 'ask']);
});
