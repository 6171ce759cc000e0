// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { places } from '../../web/js/session.js';
import { findSiblings, lend, siblingsOf } from '../../web/js/siblings.js';

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

/** A session as pages have it. @param {boolean} wide @param {Record<string, object>} served */
function fake(wide, served) {
  const asked = [];
  return {
    asked,
    wide,
    secret: 'the second',
    request: async (path, { method = 'GET' } = {}) => {
      asked.push(`${method} ${path}`);
      const body = served[path];
      return { ok: body !== undefined, json: async () => body };
    },
  };
}

test('siblings: a session for one desktop asks there, and is taken along to the one that is opened', async () => {
  const stored = new Map();
  Object.assign(globalThis, {
    location: new URL('https://host/behind/d/vm/'), localStorage: { setItem: (key, value) => stored.set(key, value) },
  });
  const session = fake(false, { 'api/v1/screens': { screens: ['vm-1', 'vm-2'] }, 'api/v1/screens/vm-1': {} });
  const { desktops, siblings } = await findSiblings(session);
  assert.deepEqual([desktops, siblings.map(({ name }) => name)], [[], ['vm-1', 'vm-2']]);
  await lend(session, 'vm-1');
  await lend(session, 'elsewhere'); // refused: that page asks for the token
  assert.deepEqual([...stored], [['oriel.secret:/behind/d/vm-1/', 'the second']]);
  assert.deepEqual(session.asked, ['GET api/v1/screens', 'POST api/v1/screens/vm-1', 'POST api/v1/screens/elsewhere']);
});

test('siblings: a session for all desktops goes by the list of the server', async () => {
  globalThis.location = new URL('https://host/d/vm/');
  const session = fake(true, { '../../api/v1/desktops': { desktops } });
  assert.deepEqual((await findSiblings(session)).siblings.map(({ name }) => name), ['vm-1', 'vm-2']);
  await lend(session, 'vm-1');
  assert.deepEqual(session.asked, ['GET ../../api/v1/desktops']);
});

test('siblings: the only desktop, at the root, has none to ask for', async () => {
  globalThis.location = new URL('https://host/');
  const session = fake(false, {});
  assert.deepEqual(await findSiblings(session), { desktops: [], siblings: [] });
  assert.deepEqual(session.asked, []);
});
