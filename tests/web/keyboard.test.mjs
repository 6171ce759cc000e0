// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Keyboard } from '../../web/js/keyboard.js';
import { COMBINATIONS, USAGES } from '../../web/js/keys.js';
import { planText } from '../../web/js/layouts.js';
import { Sticky } from '../../web/js/sticky.js';
import { Typing } from '../../web/js/typing.js';
import { Typist } from '../../web/js/typist.js';
import { MESSAGE } from '../../web/js/wire.js';

const names = new Map(Object.entries(USAGES).map(([code, usage]) => [usage, code.replace(/^OS/, 'Meta')]).reverse());

const name = ([usage, pressed]) => `${pressed ? '+' : '-'}${names.get(usage)}`;

/** Events of a TYPE message. */
function piece(view) {
  const events = [];
  for (let at = 8; at < view.byteLength; at += 3) events.push([view.getUint16(at, true), view.getUint8(at + 2) !== 0]);
  return events;
}

/** A keyboard whose messages read "+KeyA -KeyA". */
function keyboard(options = {}) {
  const sent = [];
  const locks = [];
  const said = [];
  const send = (view) => {
    if (view.getUint8(0) === MESSAGE.KEY) sent.push(name([view.getUint16(4, true), view.getUint8(6) !== 0]));
    else if (view.getUint8(0) === MESSAGE.TYPE) sent.push(...piece(view).map(name));
    else if (view.getUint8(0) === MESSAGE.LOCKS) locks.push([view.getUint8(4), view.getUint8(5)]);
    else sent.push('release all');
  };
  const board = new Keyboard(send, {
    active: () => true, swapped: () => false, shortcut: () => false, released: () => {}, layout: () => ['us', 'none'],
    unknown: (text) => said.push(text),
    isMac: false, isWindows: false, ...options,
  });
  const event = (code, more) => ({
    code, key: code.replace(/^Key/, '').toLowerCase(), location: 0, repeat: false, ctrlKey: false, shiftKey: false,
    altKey: false, metaKey: false, getModifierState: () => false, preventDefault() {}, stopPropagation() {}, ...more,
  });
  const take = () => sent.splice(0).join(' ');
  return {
    board, take, locks, said,
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

test('keyboard_events_without_a_place_are_known_by_their_name_and_pressed_whole', () => {
  const { down, up } = keyboard();
  assert.equal(down('', { key: 'Enter' }), '+Enter -Enter', 'auto-type may never say that it went up');
  assert.equal(up('', { key: 'Enter' }), '');
  assert.equal(down('Unidentified', { key: 'Shift', location: 2, shiftKey: true }), '+ShiftRight');
  assert.equal(down('', { key: 'ArrowLeft', shiftKey: true }), '+ArrowLeft -ArrowLeft');
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

test('keyboard_events_of_dictation_type_their_character', () => {
  const { board, down, said } = keyboard();
  assert.equal(down('', { key: 'A' }), '+ShiftLeft +KeyA -KeyA -ShiftLeft');
  board.typist.typed(1);
  assert.equal(down('Unidentified', { key: 'é' }), '');
  assert.deepEqual(said, ['é']);
  assert.equal(down('Fn', { key: 'x' }), '', 'a key of another kind');
  assert.equal(down('', { key: 'Process' }), '');
});

test('keyboard_text_is_not_shifted_by_the_users_own_shift', () => {
  const { board, down, take } = keyboard();
  down('ShiftLeft', { shiftKey: true });
  board.type('a');
  assert.equal(take(), '-ShiftLeft +KeyA -KeyA +ShiftLeft');
});

test('keyboard_tells_its_locks_before_keys_that_they_matter_for', () => {
  const { down, locks, board } = keyboard();
  const caps = { getModifierState: (lock) => lock === 'CapsLock' };
  down('KeyA', caps);
  down('KeyB', caps);
  assert.deepEqual(locks.splice(0), [[1, 1]]);
  down('Numpad7', { key: 'Home' });
  assert.deepEqual(locks.splice(0), [[3, 0]]);
  down('Numpad8', { key: '8' });
  assert.deepEqual(locks.splice(0), [[3, 2]], 'without a flag, what the key types tells');
  down('CapsLock', caps);
  down('ShiftLeft', { ...caps, shiftKey: true });
  assert.deepEqual(locks.splice(0), []);
  down('KeyC', caps);
  board.type('x');
  assert.deepEqual(locks.splice(0), [[3, 3], [3, 2]], 'text is typed without Caps Lock');
});

test('keyboard_escape_ends_a_long_text', () => {
  const { board, down, take } = keyboard();
  board.type('x'.repeat(500));
  take();
  assert.equal(down('Escape'), 'release all');
  board.typist.typed(2);
  assert.equal(take(), '');
  assert.ok(!board.typist.busy);
  assert.equal(down('Escape'), '+Escape');
});

/** A guest that is given one piece after the other. */
function guest(options = {}) {
  const sent = [];
  let most = 0;
  const send = (view) => sent.push({ number: view.getUint32(4, true), events: piece(view) });
  const typist = new Typist(send, undefined, options.cut);
  const events = [];
  const serve = (limit = Infinity) => {
    for (let served = 0; sent.length && served < limit; served++) {
      most = Math.max(most, sent.reduce((sum, one) => sum + one.events.length, 0));
      const { number, events: some } = sent.shift();
      assert.ok(some.length > 0 && some.length <= 64, String(some.length));
      events.push(...some);
      typist.typed(number);
    }
  };
  return { typist, serve, events, sent, most: () => most, ...options };
}

/** What a guest with a US keyboard makes of the events. */
function read(events) {
  const shifted = new Map(Object.entries({ 1: '!', 2: '@', 9: '(', 0: ')' }));
  let shift = false;
  let text = '';
  for (const [usage, pressed] of events) {
    const code = names.get(usage);
    if (code.startsWith('Shift')) shift = pressed;
    else if (pressed && code === 'Space') text += ' ';
    else if (pressed && code === 'Enter') text += '\n';
    else if (pressed && code.startsWith('Key')) text += shift ? code[3] : code[3].toLowerCase();
    else if (pressed) text += shift ? shifted.get(code[5]) : code[5];
  }
  return text;
}

test('typist_ten_thousand_characters_arrive_whole_and_never_many_at_once', () => {
  const { typist, serve, events, most } = guest();
  const text = 'Abc DEF 12!@ (x)\n'.repeat(600).slice(0, 10_000);
  typist.type(planText(text, 'us').strokes);
  assert.equal(typist.total, 10_000);
  serve(20);
  assert.ok(typist.done > 100 && typist.done < 1000);
  serve();
  assert.equal(read(events), text);
  assert.ok(most() <= 2 * 64, String(most()));
  assert.ok(!typist.busy && typist.total === 0);
  assert.equal(events.filter(([, pressed]) => pressed).length, events.length / 2, 'nothing stays down');
});

test('typist_keys_keep_their_place_behind_the_text', () => {
  const { typist, serve, events } = guest();
  typist.type(planText('A'.repeat(100), 'us').strokes);
  typist.key(USAGES.Enter, true);
  typist.key(USAGES.Enter, false);
  typist.type(planText('b', 'us').strokes);
  serve();
  assert.equal(read(events), `${'A'.repeat(100)}\nb`);
});

test('typist_cancelled_sends_nothing_and_learns_to_the_character_how_far_it_came', () => {
  const cuts = [];
  const { typist, serve, events, sent } = guest({ cut: (done, total) => cuts.push([done, total]) });
  typist.type(planText(`A${'b'.repeat(999)}`, 'us').strokes);
  serve(3);
  const { done } = typist;
  typist.cancel();
  assert.ok(!typist.busy);
  assert.deepEqual(cuts, [], 'the server has two pieces more, of which some may be typed');
  assert.equal(sent.length, 2, 'and whoever cancels releases all');
  typist.type(planText('c', 'us').strokes); // the next text is not waited for, nor counted in
  const dropped = 2 * 17 + 1;
  typist.typed(sent[1].number, dropped); // between a press and its release
  const before = sent[0].events.length + sent[1].events.length;
  assert.deepEqual(cuts, [[done + Math.ceil((before - dropped) / 2), 1000]]);
  assert.ok(typist.busy && typist.total === 1);
  events.length = 0;
  sent.splice(0, 2);
  serve();
  assert.equal(read(events), 'c');
  assert.ok(!typist.busy);
  assert.equal(cuts.length, 1);
});

test('typist_whose_text_the_server_dropped_sends_nothing_more_of_it', () => {
  const cuts = [];
  const { typist, sent } = guest({ cut: (done, total) => cuts.push([done, total]) });
  typist.type(planText('b'.repeat(1000), 'us').strokes);
  const pieces = sent.splice(0);
  typist.typed(pieces[0].number, 4); // the controls or the machine went
  assert.deepEqual([sent.length, cuts], [0, [[14, 1000]]]);
  typist.typed(pieces[1].number, 32);
  assert.ok(!typist.busy && typist.total === 0);
  assert.equal(cuts.length, 1);
});

test('typist_cancelled_when_all_of_it_had_come_says_nothing', () => {
  const cuts = [];
  const { typist, sent } = guest({ cut: (done, total) => cuts.push([done, total]) });
  typist.type(planText('bb', 'us').strokes);
  typist.cancel();
  typist.typed(sent[0].number, 0);
  assert.deepEqual(cuts, []);
});

test('keyboard_cancelled_text_releases_all_and_tells_how_far_it_came', () => {
  const told = [];
  const { board, down, take } = keyboard({ cut: (done, total) => told.push([done, total]) });
  board.cancelText();
  assert.equal(take(), '', 'nothing was typed');
  board.type('x'.repeat(500));
  take();
  down('ShiftLeft', { shiftKey: true }); // waits behind the text
  assert.equal(down('Escape'), 'release all');
  board.typist.typed(2, 20);
  assert.deepEqual(told, [[22, 500]]);
  board.type('x'.repeat(500));
  board.cancelText();
  board.forget(); // the connection went before the answer came
  assert.deepEqual(told, [[22, 500], [0, 500]]);
});

test('keyboard_text_without_a_way_to_the_guest_blocks_nothing', () => {
  const way = { open: false };
  const { board, down, take } = keyboard({ able: () => way.open });
  assert.equal(board.type('abc'), '');
  assert.equal(take(), '', 'nobody would have answered');
  assert.ok(!board.typist.busy);
  const field = Object.assign(new EventTarget(), { value: 'ab' });
  const onPhone = new Typing(field, board, () => {});
  onPhone.changed(false);
  way.open = true;
  field.value = '';
  onPhone.changed(false);
  assert.equal(take(), '', 'the guest has nothing of it that could be taken back');
  assert.equal(down('KeyA'), '+KeyA');
});

test('keyboard_text_that_is_cut_off_is_told', () => {
  const told = [];
  const { board } = keyboard({ cut: (done, total) => told.push([done, total]) });
  board.type('x'.repeat(500));
  board.typist.typed(2);
  board.forget();
  board.type('x');
  board.forget();
  assert.deepEqual(told, [[32, 500]]);
});

/** A field and the text that a guest would have. */
function typing() {
  const field = Object.assign(new EventTarget(), { value: '' });
  const guest = { text: '', said: [] };
  const output = {
    able: true,
    commands: false,
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

/** A keyboard with a row of sticky modifiers. */
function row() {
  const fixture = keyboard();
  const sticky = new Sticky(fixture.board, () => {});
  fixture.board.held = { used: () => sticky.spent(), dropped: () => sticky.forget() };
  const tap = (code) => (sticky.tap(code), fixture.take());
  return { ...fixture, sticky, tap };
}

test('sticky_modifier_goes_with_the_next_key_and_then_up', () => {
  const { board, take, tap, sticky } = row();
  assert.equal(tap('ControlLeft'), '+ControlLeft');
  assert.equal(tap('AltLeft'), '+AltLeft');
  board.tap(['Delete']);
  assert.equal(take(), '+Delete -Delete -ControlLeft -AltLeft');
  assert.equal(sticky.hold('ControlLeft'), 'up');
});

test('sticky_modifier_goes_with_text_and_leaves_nothing_to_take_back', () => {
  const { board, take, tap } = row();
  const { field } = typing();
  const onPhone = new Typing(field, board, () => {});
  tap('ControlLeft');
  field.value = 'c';
  onPhone.changed(true);
  field.value = '';
  onPhone.changed(true);
  assert.equal(take(), '+KeyC -KeyC -ControlLeft', 'what Ctrl+C made of a character is not deleted');
  board.typist.typed(99);
  tap('ShiftLeft');
  tap('ControlLeft');
  board.type('c');
  board.typist.typed(99);
  assert.equal(take(), '+KeyC -KeyC -ShiftLeft -ControlLeft', 'Shift is meant for the text');
});

test('sticky_modifier_tapped_twice_stays_until_a_third_tap', () => {
  const { board, take, tap, sticky } = row();
  tap('ShiftLeft');
  assert.equal(tap('ShiftLeft'), '');
  assert.equal(sticky.hold('ShiftLeft'), 'locked');
  board.tap(['ArrowLeft']);
  board.tap(['ArrowLeft']);
  assert.equal(take(), '+ArrowLeft -ArrowLeft +ArrowLeft -ArrowLeft');
  assert.equal(tap('ShiftLeft'), '-ShiftLeft');
});

test('sticky_modifier_that_stays_down_outlives_a_capital', () => {
  const { board, take, tap } = row();
  tap('ShiftLeft');
  tap('ShiftLeft');
  take();
  board.type('A');
  board.typist.typed(99);
  assert.equal(take(), '+ShiftLeft +KeyA -KeyA -ShiftLeft +ShiftLeft', 'the text took it up with itself');
});

test('sticky_modifiers_go_up_with_everything_else_and_with_a_click', () => {
  const { board, take, tap, sticky } = row();
  tap('MetaLeft');
  board.releaseAll();
  assert.equal(take(), 'release all');
  assert.equal(sticky.hold('MetaLeft'), 'up');
  assert.equal(tap('MetaLeft'), '+MetaLeft');
  board.held.used();
  assert.equal(take(), '-MetaLeft');
  tap('AltLeft');
  tap('AltLeft');
  sticky.release();
  assert.equal(take(), '-AltLeft');
});
