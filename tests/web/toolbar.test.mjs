// SPDX-License-Identifier: MIT
// Where keys and shortcuts of the toolbar go.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Toolbar } from '../../web/js/toolbar.js';
import { Interface } from '../../web/js/ui.js';

globalThis.document = { activeElement: null, pointerLockElement: null };

/** Whether the toolbar keeps Tab for itself. */
function keepsTab(running, openPanel) {
  let kept = false;
  const event = { key: 'Tab', shiftKey: false, preventDefault: () => (kept = true), stopPropagation() {} };
  Toolbar.prototype.keydown.call({ running, openPanel, items: () => [], around() {} }, event);
  return kept;
}

test('toolbar_holds_the_focus_beside_a_picture_and_in_a_panel', () => {
  assert.ok(keepsTab(true), 'behind the bar are keys of the guest');
  assert.ok(keepsTab(false, ['open-size', 'panel-size']));
  assert.ok(!keepsTab(false), 'without a picture Tab goes on to the card: "Try again now", the log-in');
});

/** What Ctrl+Alt+Shift and a key do. */
function press(code) {
  const did = [];
  const note = (name) => () => did.push(name);
  const page = {
    devices: { keyboard: { left: note('left'), releaseAll: note('release all') } },
    microphone: { chord: note('talk') },
    toolbar: { toggleFocus: note('toolbar') },
  };
  document.exitPointerLock = note('unlock');
  const event = { code, repeat: false, ctrlKey: true, altKey: true, shiftKey: true };
  assert.ok(Interface.prototype.shortcut.call(page, event));
  return did;
}

test('shortcuts_leave_a_text_that_is_being_typed_alone', () => {
  assert.deepEqual(press('KeyM'), ['left', 'toolbar']);
  assert.deepEqual(press('KeyT'), ['left', 'talk']);
});

test('shortcut_to_the_controls_frees_a_locked_mouse', () => {
  document.pointerLockElement = {};
  assert.deepEqual(press('KeyM'), ['left', 'unlock', 'toolbar']);
  assert.deepEqual(press('KeyT'), ['left', 'talk'], 'who talks goes on playing');
});
