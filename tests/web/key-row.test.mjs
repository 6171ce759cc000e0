// SPDX-License-Identifier: MIT
// The row of keys: what it covers, and keys that repeat while a finger is on them.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

class FakeElement extends EventTarget {
  hidden = false;
  disabled = false;
  offsetHeight = 0;
  style = {};
  dataset = {};
  children = [];
  setAttribute() {}
  append(...children) {
    this.children.push(...children);
  }
  get textContent() {
    return this.children.map((child) => child.textContent ?? child).join('');
  }
  querySelector() {
    return null;
  }
  querySelectorAll() {
    return this.children.flatMap((child) => child.children ?? []).flatMap((child) => [child, ...(child.children ?? [])])
      .filter((child) => child instanceof FakeElement);
  }
}
const elements = new Map();
const element = (id) => elements.get(id) ?? elements.set(id, new FakeElement()).get(id);
let resized = () => {};
Object.assign(globalThis, {
  HTMLElement: FakeElement,
  visualViewport: null,
  innerHeight: 844,
  addEventListener: () => {},
  ResizeObserver: class {
    constructor(run) {
      resized = run;
    }
    observe() {}
  },
  document: {
    getElementById: element,
    createElement: () => new FakeElement(),
    documentElement: { style: { setProperty() {} } },
  },
});
const { KeyRow } = await import('../../web/js/key-row.js');

/** A row that is open, what its keys sent, and what it covered, newest last. */
function row() {
  elements.clear();
  const taps = [];
  const covered = [];
  const keyboard = { tap: ([code]) => taps.push(code), held: null };
  const settings = { get: () => true, set: () => {} };
  const made = new KeyRow(keyboard, settings, { covers: (height) => covered.push(height), type() {}, changed() {} });
  const key = (label) => element('key-row').querySelectorAll().find((one) => one.textContent === label);
  return { row: made, taps, covered, key };
}

const finger = (name) => Object.assign(new Event(name), { button: 0 });

test('key_row_covers_what_it_covers_now', () => {
  const { covered } = row();
  assert.equal(covered.at(-1), 0, 'there is no picture yet, and no row');
  element('key-row').offsetHeight = 50;
  resized();
  assert.equal(covered.at(-1), 50, 'it came with the picture');
});

test('key_row_repeats_while_a_finger_is_on_a_key_that_can_be_used', (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const { row: made, taps, key } = row();
  const left = key('←');
  const click = (detail) => left.dispatchEvent(Object.assign(new Event('click'), { detail }));
  left.dispatchEvent(finger('pointerdown'));
  mock.timers.tick(450);
  mock.timers.tick(70);
  assert.deepEqual(taps, ['ArrowLeft', 'ArrowLeft']);
  left.dispatchEvent(finger('pointerleave'));
  click(0);
  assert.equal(taps.length, 3, 'a screen reader presses it after a finger that slid off');
  left.dispatchEvent(finger('pointerdown'));
  mock.timers.tick(450);
  assert.equal(taps.length, 4);
  made.setUsable(false); // the controls went; browsers tell a disabled button nothing
  mock.timers.tick(1000);
  made.setUsable(true);
  mock.timers.tick(1000);
  assert.equal(taps.length, 4, 'an arrow that nobody holds');
});
