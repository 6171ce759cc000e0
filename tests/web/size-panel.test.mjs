// SPDX-License-Identifier: MIT
// The note about the size: what the guest has now, what it was asked for, and nothing of either that has passed.
import assert from 'node:assert/strict';
import { test } from 'node:test';

class FakeElement extends EventTarget {
  hidden = false;
  value = '';
  textContent = '';
  append() {}
  setAttribute() {}
}
const elements = new Map();
const element = (id) => elements.get(id) ?? elements.set(id, new FakeElement()).get(id);
Object.assign(globalThis, {
  HTMLElement: FakeElement,
  HTMLSelectElement: FakeElement,
  HTMLInputElement: FakeElement,
  devicePixelRatio: 1,
  document: { getElementById: element, createElement: () => new FakeElement() },
});
const { SizePanel } = await import('../../web/js/size-panel.js');
const { CAP } = await import('../../web/js/wire.js');

test('size_note_says_what_is_now', () => {
  const client = { guest: { width: 1280, height: 720 }, capabilities: CAP.RESIZE };
  const size = { wanted: { width: 1600, height: 900 }, late: false };
  const panel = new SizePanel(client, size, { get: (name) => (name === 'size' ? 'fit' : 0) });
  const note = () => (panel.update(), element('size-now').textContent);
  assert.equal(note(), 'Now 1280 × 720. Asked for 1600 × 900.');
  size.late = true;
  assert.match(note(), /Asked for 1600 × 900\. The guest did not take it\./);
  client.guest = { width: 1600, height: 900 };
  size.late = false;
  assert.equal(note(), 'Now 1600 × 900.', 'it came: nothing is asked any more');
  client.capabilities = 0;
  assert.match(note(), /cannot be changed from here/);
  size.wanted = null;
  client.capabilities = CAP.RESIZE;
  assert.equal(note(), 'Now 1600 × 900.');
});
