// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Overlay, stagesOf } from '../../web/js/overlay.js';

globalThis.document = { hidden: false };

test('statistics_are_asked_for_by_a_connection_only', async () => {
  const asked = [];
  const overlay = Object.assign(Object.create(Overlay.prototype), {
    root: { hidden: true },
    read: () => ({ role: overlay.role }),
    session: { request: async (path) => (asked.push(path), { ok: true, json: async () => ({ viewers: 1 }) }) },
    role: 'none',
  });
  await overlay.tick();
  assert.deepEqual(asked, [], 'the server counts a session that has ended as a wrong credential, once a second');
  overlay.role = 'viewer';
  await overlay.tick();
  assert.deepEqual(asked, ['api/v1/stats']);
  assert.deepEqual(overlay.server, { viewers: 1 });
});

test('statistics_show_known_stages_in_the_order_of_the_way', () => {
  const stage = (name) => ({ name, p50_us: 1, p95_us: 2 });
  const stages = stagesOf({ stages: [stage('send'), { name: 'encode' }, stage('capture'), stage('other'), null] });
  assert.deepEqual(stages.map(({ name }) => name), ['capture', 'send']);
  assert.deepEqual(stagesOf(null), []);
});
