// SPDX-License-Identifier: MIT
// Who has the controls, in words.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { controlWords } from '../../web/js/control-panel.js';
import { LogOut } from '../../web/js/log-out.js';
import { Party } from '../../web/js/party.js';
import { CONTROL_WAY } from '../../web/js/wire.js';

const state = (more) => ({ holder: 0, asker: 0, way: CONTROL_WAY.ASK, holderName: '', askerName: '', ...more });
const held = { holder: 1, holderName: 'Zoë' };
const action = (more, controls = false) => controlWords(state(more), 2, controls).action;

test('what_a_viewer_can_do_about_the_controls', () => {
  assert.equal(action({ holder: 2 }, true), 'Give up the controls');
  assert.equal(action({}), 'Take control');
  assert.equal(action(held), 'Ask for control');
  assert.equal(action({ ...held, asker: 2 }), 'Stop asking');
  assert.equal(action({ ...held, asker: 3 }), 'Ask for control');
  assert.equal(action({ ...held, way: CONTROL_WAY.AT_ONCE }), 'Take control');
  assert.equal(action({ ...held, way: CONTROL_WAY.WAIT }), '');
  assert.equal(action({ way: CONTROL_WAY.NEVER }), '');
  assert.equal(controlWords(state(held), 2, false).title, 'Zoë has the controls');
});

test('what_is_said_when_they_change_hands', () => {
  const said = [];
  const values = { name: 'Me' };
  const settings = { get: (name) => values[name], set: (name, value) => (values[name] = value) };
  const sent = [];
  const party = new Party((view) => sent.push(view), settings, (text) => said.push(text));
  party.joined(2);
  assert.equal(sent.length, 1, 'the name');
  party.changed(state({ holder: 2, holderName: 'Me' }), true);
  party.changed(state(held), true);
  party.changed(state({ ...held, asker: 2 }), true);
  party.changed(state(held), true);
  party.changed(state({ ...held, asker: 2 }), true);
  party.changed(state(held), false); // it stopped asking by itself
  assert.deepEqual(said, ['Zoë has the controls now.', 'Zoë keeps the controls.']);
});

test('log_out_of_one_tab_is_told_to_the_others_of_its_server', async (t) => {
  const heard = [];
  const open = (page) => new LogOut(page, () => heard.push(page));
  const tabs = ['http://vm/one/#a', 'http://vm/one/?b', 'http://vm/two/'].map(open);
  t.after(() => tabs.forEach(({ channel }) => channel.close()));
  const told = new Promise((resolve) => tabs[1].channel.addEventListener('message', resolve));
  tabs[0].tell();
  await told;
  assert.deepEqual(heard, ['http://vm/one/?b']);
});
