// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMBINATIONS, Keyboard } from '../../web/js/keyboard.js';
import { USAGES } from '../../web/js/keys.js';
import { Typing } from '../../web/js/typing.js';
import { MESSAGE } from '../../web/js/wire.js';

const names = new Map(Object.entries(USAGES).map(([code, usage]) => [usage, code.replace(/^OS/, 'Meta')]).reverse());

/** A keyboard whose messages read "+KeyA -KeyA". */
function keyboard(options = {}) {
  const sent = [];
  const send = (view) => {
    if (view.getUint8(0) === MESSAGE.KEY) sent.push(`${view.getUint8(6) ? '+' : '-'}${names.get(view.getUint16(4, true))}`);
    else sent.push('release all');
  };
  const board = new Keyboard(send, {
    active: () => true, swapped: () => false, shortcut: () => false, released: () => {}, layout: () => ['us', 'none'],
    isMac: false, isWindows: false, ...options,
  });
  const event = (code, more) => ({
    code, key: code.replace(/^Key/, '').toLowerCase(), location: 0, repeat: false, ctrlKey: false, shiftKey: false, altKey: false,
    metaKey: false, getModifierState: () => false, preventDefault() {}, stopPropagation() {}, ...more,
  });
  const take = () => sent.splice(0).join(' ');
  return {
    board, take,
    down: (code, more = {}) => (board.keydown(event(code, more)), take()),
    up: (code, more = {}) => (board.keyup(event(code, more)), take()),
  };
}

test('keyboard_a_key_that_comes_down_again_was_up_unseen', () => {
  const { down, up } = keyboard();
  assert.equal(down('KeyA'), '+KeyA');
  assert.equal(down('KeyA'), '-KeyA +KeyA');
  assert.equal(up('KeyA'), '-KeyA');
});

test('keyboard_repeats_of_keys_are_told_and_of_modifiers_not', () => {
  const { down, up } = keyboard();
  down('KeyA');
  assert.equal(down('KeyA', { repeat: true }), '+KeyA');
  assert.equal(up('KeyA'), '-KeyA');
  down('ShiftLeft', { shiftKey: true });
  assert.equal(down('ShiftLeft', { shiftKey: true, repeat: true }), '');
});

test('keyboard_macos_sends_each_key_under_command', () => {
  const { down, up } = keyboard({ isMac: true });
  assert.equal(down('MetaLeft', { metaKey: true }), '+MetaLeft');
  for (let i = 0; i < 3; i++) assert.equal(down('KeyV', { metaKey: true }), '+KeyV -KeyV');
  assert.equal(down('KeyV', { metaKey: true, repeat: true }), '+KeyV -KeyV');
  assert.equal(up('MetaLeft'), '-MetaLeft');
});

test('keyboard_macos_releases_what_was_down_before_command', () => {
  const { down, up } = keyboard({ isMac: true });
  down('KeyA');
  down('MetaLeft', { metaKey: true });
  assert.equal(up('MetaLeft'), '-MetaLeft -KeyA');
});

test('keyboard_macos_caps_lock_is_a_press_each_way', () => {
  const { down, up } = keyboard({ isMac: true });
  assert.equal(down('CapsLock'), '+CapsLock -CapsLock');
  assert.equal(up('CapsLock'), '+CapsLock -CapsLock');
});

test('keyboard_windows_altgr_comes_alone', () => {
  const { down, up } = keyboard({ isWindows: true });
  const altGr = { key: 'AltGraph', ctrlKey: true, altKey: true, getModifierState: (name) => name === 'AltGraph' };
  assert.equal(down('ControlLeft', { ctrlKey: true }), '', 'it may be a part of AltGr');
  assert.equal(down('AltRight', altGr), '+AltRight');
  assert.equal(down('KeyQ', { ...altGr, key: '@' }), '+KeyQ');
  assert.equal(up('KeyQ', altGr), '-KeyQ');
  assert.equal(up('ControlLeft'), '');
  assert.equal(up('AltRight'), '-AltRight');
});

test('keyboard_windows_control_goes_before_the_next_key_and_by_itself', async () => {
  const { board, down, up, take } = keyboard({ isWindows: true });
  assert.equal(down('ControlLeft', { ctrlKey: true }), '');
  assert.equal(down('KeyC', { ctrlKey: true }), '+ControlLeft +KeyC');
  up('KeyC', { ctrlKey: true });
  assert.equal(up('ControlLeft'), '-ControlLeft');
  down('ControlLeft', { ctrlKey: true });
  assert.equal(up('ControlLeft'), '+ControlLeft -ControlLeft', 'a tap of Control alone');
  down('ControlLeft', { ctrlKey: true });
  board.settle(null); // what a click does
  assert.equal(take(), '+ControlLeft');
  up('ControlLeft');
  down('ControlLeft', { ctrlKey: true });
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(take(), '+ControlLeft');
  down('KeyA', { ctrlKey: true });
  board.releaseAll();
  assert.equal(take(), 'release all');
});

test('keyboard_keys_without_key_up_are_pressed_whole', () => {
  const { down, up } = keyboard({ isWindows: true });
  assert.equal(down('Lang1', { key: 'HangulMode' }), '+Lang1 -Lang1');
  assert.equal(down('Backquote', { key: 'Hankaku' }), '+Backquote -Backquote');
  assert.equal(down('CapsLock', { key: 'Eisu' }), '+CapsLock -CapsLock');
  assert.equal(down('MediaPlayPause', { key: 'MediaPlayPause' }), '+MediaPlayPause -MediaPlayPause');
  assert.equal(down('AudioVolumeUp', { key: 'AudioVolumeUp' }), '+AudioVolumeUp -AudioVolumeUp');
  assert.equal(up('PrintScreen'), '+PrintScreen -PrintScreen');
  assert.equal(down('Fn', { key: 'Fn' }), '');
});

test('keyboard_modifiers_that_the_browser_knows_to_be_up_go_up', () => {
  const { down } = keyboard();
  down('ShiftLeft', { shiftKey: true });
  down('ShiftRight', { shiftKey: true });
  assert.equal(down('KeyA', { shiftKey: true }), '+KeyA');
  // Windows tells of one of two Shift keys only.
  assert.equal(down('KeyB'), '-ShiftLeft -ShiftRight +KeyB');
  // A Control that the system uses as Caps Lock never sets the flag: it is down until it goes up.
  assert.equal(down('ControlRight'), '+ControlRight');
  assert.equal(down('KeyC'), '+KeyC');
});

test('keyboard_events_without_a_place_are_known_by_their_name', () => {
  const { down, up } = keyboard();
  assert.equal(down('', { key: 'Enter' }), '+Enter');
  assert.equal(up('', { key: 'Enter' }), '-Enter');
  assert.equal(down('Unidentified', { key: 'Shift', location: 2, shiftKey: true }), '+ShiftRight');
  assert.equal(up('Unidentified', { key: 'Shift', location: 2 }), '-ShiftRight');
});

test('keyboard_keys_on_the_screen_are_held_and_released', () => {
  const { board, take } = keyboard();
  board.press('ControlLeft');
  board.press('ControlLeft');
  board.tap(['KeyC']);
  board.release('ControlLeft');
  assert.equal(take(), '+ControlLeft +KeyC -KeyC -ControlLeft');
});

test('keyboard_combinations_reach_every_function_key', () => {
  for (let n = 1; n <= 12; n++) assert.deepEqual(COMBINATIONS[`ctrl-alt-f${n}`], ['ControlLeft', 'AltLeft', `F${n}`]);
});

/** A field and the text that a guest would have. */
function typing() {
  const field = Object.assign(new EventTarget(), { value: '' });
  const guest = { text: '', said: [] };
  const output = {
    tap: ([code]) => {
      if (code === 'Backspace') guest.text = guest.text.slice(0, -1);
      if (code === 'Enter') guest.text += '\n';
    },
    type: (text) => {
      const unknown = [...text].filter((character) => character > '~').join('');
      guest.text += [...text].filter((character) => character <= '~').join('');
      return unknown;
    },
  };
  new Typing(field, output, (characters) => guest.said.push(characters));
  const input = (value, isComposing = false) => {
    field.value = value;
    field.dispatchEvent(Object.assign(new Event('input'), { isComposing }));
  };
  return { field, guest, input };
}

test('typing_a_refused_character_is_not_taken_back', () => {
  const { guest, input } = typing();
  input('echo');
  input('echo');
  input('echoé');
  assert.deepEqual(guest.said, ['é']);
  input('echo');
  assert.equal(guest.text, 'echo', 'the guest keeps what it got');
  input('ech');
  assert.equal(guest.text, 'ech');
});

test('typing_a_composition_ends_in_typed_text', () => {
  const { field, guest, input } = typing();
  input('ab');
  input('abk', true);
  input('abか', true);
  assert.equal(guest.text, 'ab');
  assert.deepEqual(guest.said, [], 'nothing is said while the word is being made');
  input('abkana', true);
  field.dispatchEvent(new Event('compositionend'));
  assert.equal(guest.text, 'abkana');
  assert.deepEqual(guest.said, []);
  input('abかな', true);
  field.dispatchEvent(new Event('compositionend'));
  assert.deepEqual(guest.said, ['かな']);
  assert.equal(guest.text, 'ab');
});
