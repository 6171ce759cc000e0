// SPDX-License-Identifier: MIT
// What the card counts down: the lock-out of the log-in, the next try of a connection; and what a screen reader hears.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

class FakeElement extends EventTarget {
  hidden = false;
  disabled = false;
  value = '';
  children = [''];
  /** How often it got another text: what a screen reader says again, unless it is hidden from those. */
  changes = 0;
  attributes = {};
  setAttribute(name, value) {
    this.attributes[name] = value;
  }
  set textContent(text) {
    this.replaceChildren(text);
  }
  get textContent() {
    return this.children.map((child) => child.textContent ?? child).join('');
  }
  /** Without what is for the eye only. */
  get heard() {
    return this.children.map((child) => (child.attributes ? '' : child)).join('');
  }
  replaceChildren(...children) {
    this.children = children;
    this.changes++;
  }
  append() {}
  matches() {
    return true;
  }
  querySelector() {
    return this.submit;
  }
  focus() {}
}
const elements = new Map();
const element = (id) => elements.get(id) ?? elements.set(id, new FakeElement()).get(id);
Object.assign(globalThis, {
  HTMLElement: FakeElement,
  HTMLButtonElement: FakeElement,
  HTMLFormElement: FakeElement,
  HTMLInputElement: FakeElement,
  SVGSVGElement: FakeElement,
  matchMedia: () => ({ matches: true }),
  document: { getElementById: element, createElement: () => new FakeElement(), documentElement: { dataset: {} } },
});
element('login').submit = new FakeElement();
const { Card, loginForm } = await import('../../web/js/card.js');
const { Status } = await import('../../web/js/status.js');

/** Timers and performance.now of a clock that the test moves, a tenth of a second at a time. */
function clockOf(t) {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  let now = 1000;
  t.mock.method(performance, 'now', () => now);
  t.after(() => mock.timers.reset());
  return (seconds) => {
    for (let i = 0; i < seconds * 10; i++) {
      now += 100;
      mock.timers.tick(100);
    }
  };
}

test('login_lock_out_counts_its_seconds_down', async (t) => {
  const pass = clockOf(t);
  const error = element('login-error');
  const answers = [{ status: 'limited', retryAfterS: 30 }, { status: 'unauthorised', retryAfterS: 0 }];
  const explain = loginForm(async () => answers.shift(), () => {});
  explain('Too many failed attempts came from this address.', 3);
  const seconds = () => Number(/looked at in (\d+) s/.exec(error.textContent)?.[1] ?? 0);
  assert.equal(seconds(), 3);
  const said = error.heard;
  pass(1);
  assert.equal(seconds(), 2);
  pass(1);
  assert.equal(seconds(), 1);
  pass(1.1);
  assert.equal(seconds(), 0);
  assert.equal(error.textContent, 'Too many failed attempts came from this address.');
  assert.equal(error.heard, said, 'a screen reader says it once');
  const submit = async () => {
    element('login').dispatchEvent(new Event('submit'));
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  await submit();
  assert.match(error.textContent, /^This token is wrong, as too many before it\./);
  assert.equal(seconds(), 30);
  pass(10);
  assert.equal(seconds(), 20);
  assert.ok(!element('login').submit.disabled, 'the right token opens meanwhile');
  await submit();
  pass(2);
  assert.equal(error.textContent, 'This token is wrong.', 'the countdown before ended with the next try');
});

test('card_counts_down_to_the_next_try_for_the_eye_only', (t) => {
  const pass = clockOf(t);
  const status = new Status();
  const card = new Card(status, () => '', () => {});
  status.changed = () => card.show();
  status.lost('The connection was lost.', 4000);
  const text = element('status-text');
  assert.equal(text.textContent, 'The connection was lost. Next try in 4 s.');
  const { changes } = text;
  pass(2);
  assert.equal(text.textContent, 'The connection was lost. Next try in 2 s.');
  assert.equal(text.heard, 'The connection was lost.');
  assert.equal(text.changes, changes, 'said each second');
  pass(2.5);
  assert.equal(text.textContent, 'The connection was lost.');
});

test('card_says_what_the_server_says_of_a_machine_in_sentences', () => {
  const status = new Status();
  const card = new Card(status, () => '', () => {});
  card.more = (state) => (state === 'gone' ? 'Start it.' : '');
  status.changed = () => card.show();
  const text = element('status-text');
  status.set('waiting', 'the VM does not run yet');
  assert.equal(text.textContent, 'The VM does not run yet.');
  status.set('gone', 'lab has shut down');
  assert.equal(text.textContent, 'lab has shut down. Start it.');
  status.set('refused', 'no desktop of this name is served here.');
  assert.equal(text.textContent, 'No desktop of this name is served here.');
});
