// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { places } from '../../web/js/session.js';
import { siblingsOf } from '../../web/js/siblings.js';

const desktops = [
  { name: 'vm', machine: 'vm' }, { name: 'other' }, { name: 'vm-1', machine: 'vm' }, { name: 'lab', machine: 'lab' }, { name: 'vm-2', machine: 'vm' },
];
const names = (name) => siblingsOf(desktops, name).map((entry) => entry.name);

test('siblings are the other screens of the same machine', () => {
  assert.deepEqual(names('vm'), ['vm-1', 'vm-2']);
  assert.deepEqual(names('vm-1'), ['vm', 'vm-2']);
});

test('siblings: a desktop that stands alone, or is not listed, has none', () => {
  assert.deepEqual(names('other'), []);
  assert.deepEqual(names('lab'), []);
  assert.deepEqual(names('gone'), []);
  assert.deepEqual(names(''), []);
});

test('siblings: the page knows its name by its address', () => {
  const nameIn = (path) => places(`https://host${path}`).name;
  assert.equal(nameIn('/d/vm-1/'), 'vm-1');
  assert.equal(nameIn('/behind/a/proxy/d/vm/'), 'vm');
  assert.equal(nameIn('/'), '');
  assert.equal(nameIn('/behind/world/proxy/'), '');
});
