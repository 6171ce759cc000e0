// SPDX-License-Identifier: MIT
// The connection that comes back, in a browser of the test's own: when it is not to.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Link } from '../../web/js/link.js';

class FakeSocket extends EventTarget {
  static OPEN = 1;
  static CLOSING = 2;
  static CLOSED = 3;
  constructor() {
    super();
    Object.assign(this, { readyState: 0, codes: [] });
  }
  send() {}
  close(code) { this.codes.push(code); }
  open() {
    this.readyState = 1;
    this.onopen();
  }
}

/** @type {EventTarget} */
let window_;

beforeEach(() => {
  window_ = new EventTarget();
  Object.assign(globalThis, {
    WebSocket: FakeSocket, setInterval: () => 0,
    addEventListener: window_.addEventListener.bind(window_),
    document: Object.assign(new EventTarget(), { hidden: false }),
  });
});

/** A page's link, and how it fares. */
function page() {
  const counts = { connecting: 0, asked: 0 };
  const refusals = [];
  const sockets = [];
  const session = {
    secret: '', token: 'x',
    ensure: async () => (counts.asked++, { status: 'ok', retryAfterS: 0 }),
    takeEarly: () => {
      sockets.push(new FakeSocket());
      return { socket: sockets.at(-1), messages: [], greeted: null, closed: null };
    },
  };
  const nothing = () => {};
  const link = new Link(session, {
    connecting: () => counts.connecting++, open: nothing, message: nothing, lost: nothing, login: nothing,
    refused: (text) => refusals.push(text),
  });
  return { link, counts, sockets, session, refusals };
}

/** Whatever may bring a link back: the tab is looked at again, the network comes, the page comes out of the cache. */
async function stir() {
  document.dispatchEvent(new Event('visibilitychange'));
  window_.dispatchEvent(new Event('online'));
  window_.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
  await new Promise(setImmediate);
}

test('link_that_was_closed_does_not_come_back_by_itself', async () => {
  const { link, counts, sockets } = page();
  await link.connect();
  sockets[0].open();
  link.close(); // the user logged out
  await stir();
  assert.deepEqual(counts, { connecting: 1, asked: 1 }, 'nothing is asked of the server, and the page does not say so');
  assert.equal(sockets.length, 1);
  await link.connect(); // logs in again
  assert.equal(sockets.length, 2);
});

test('link_that_was_closed_while_it_waited_or_connected_does_not_come_back', async () => {
  for (const before of ['waiting', 'connecting']) {
    const { link, counts, sockets } = page();
    if (before === 'waiting') link.retryLater('lost');
    else await link.connect();
    const { asked } = counts;
    link.close();
    await stir();
    assert.equal(counts.asked, asked, before);
    sockets.forEach((socket) => assert.equal(socket.codes.length, 1));
  }
});

test('link_of_a_page_that_was_left_and_logged_out_before_stays_closed', async () => {
  const { link, counts, sockets } = page();
  await link.connect();
  sockets[0].open();
  link.close();
  window_.dispatchEvent(new Event('pagehide'));
  await stir();
  assert.equal(counts.asked, 1);
});

test('link_of_a_page_that_comes_back_connects_if_it_was_or_tried_to_be', async () => {
  for (const before of ['open', 'waiting']) {
    const { link, counts, sockets } = page();
    if (before === 'open') {
      await link.connect();
      sockets[0].open();
    } else link.retryLater('lost');
    const { asked } = counts;
    window_.dispatchEvent(new Event('pagehide'));
    window_.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }));
    await new Promise(setImmediate);
    assert.equal(counts.asked, asked + 1, before);
    link.close();
  }
});

test('link_to_a_desktop_that_is_not_served_waits_for_it_in_silence', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { link, counts, sockets, session, refusals } = page();
  const absent = { status: 'forbidden', retryAfterS: 0, notice: 'not served', absent: true };
  let answer = absent;
  let probes = 0;
  session.ensure = async () => answer;
  session.probe = async () => (probes++, answer);
  const later = async () => {
    t.mock.timers.tick(5000);
    await new Promise(setImmediate);
  };
  await link.connect();
  await later();
  await later();
  assert.deepEqual([refusals, probes, counts.connecting, sockets.length], [['not served'], 2, 1, 0]);
  answer = { status: 'ok', retryAfterS: 0 };
  await later();
  assert.deepEqual([probes, counts.connecting, sockets.length], [3, 2, 1]);
  link.close();
  // What refuses for another reason is not asked again by itself.
  answer = { ...absent, absent: false };
  await link.connect();
  await later();
  assert.equal(probes, 3);
});
