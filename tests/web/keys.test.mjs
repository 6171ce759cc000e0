// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { codeOf, isModifier, USAGES, usageOf } from '../../web/js/keys.js';
import { difference } from '../../web/js/typing.js';

// Every code that the W3C's "UI Events KeyboardEvent code Values" lists for a keyboard's main blocks.
const expected = [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('').map((letter) => `Key${letter}`),
  ...'0123456789'.split('').flatMap((digit) => [`Digit${digit}`, `Numpad${digit}`]),
  ...Array.from({ length: 24 }, (_, index) => `F${index + 1}`),
  ...(
    'Backquote Backslash BracketLeft BracketRight Comma Equal IntlBackslash IntlRo IntlYen Minus Period Quote ' +
    'Semicolon Slash AltLeft AltRight Backspace CapsLock ContextMenu ControlLeft ControlRight Enter MetaLeft ' +
    'MetaRight ShiftLeft ShiftRight Space Tab Convert KanaMode Lang1 Lang2 Lang3 Lang4 Lang5 NonConvert ' +
    'Delete End Help Home Insert PageDown PageUp ArrowDown ArrowLeft ArrowRight ArrowUp NumLock NumpadAdd ' +
    'NumpadClear NumpadComma NumpadDecimal NumpadDivide NumpadEnter NumpadEqual NumpadMultiply NumpadSubtract ' +
    'NumpadParenLeft NumpadParenRight Escape PrintScreen ScrollLock Pause AudioVolumeMute AudioVolumeUp ' +
    'AudioVolumeDown Again Copy Cut Find Open Paste Props Select Undo Power'
  ).split(' '),
];

test('keys_of_whep_clients_are_the_same', () => {
  const source = readFileSync(new URL('../../server/whep_keys.c', import.meta.url), 'utf8');
  const rows = source.slice(source.indexOf('keys[] = {'), source.indexOf('};', source.indexOf('keys[] = {')));
  const found = [...rows.matchAll(/\{"(\w+)", (ORIEL_KEY_CONSUMER \+ )?(0x[0-9a-f]+)\}/g)];
  const table = found.map(([, code, consumer, usage]) => [code, Number(usage) + (consumer ? 0xc000 : 0)]);
  assert.deepEqual(Object.fromEntries(table), { ...USAGES });
});

test('keys_table_is_complete', () => {
  for (const code of expected) assert.ok(USAGES[code] > 3 && USAGES[code] <= 0xe7, code);
});

test('keys_have_the_usages_of_the_hid_tables', () => {
  const samples = {
    KeyA: 0x04,
    KeyZ: 0x1d,
    Digit1: 0x1e,
    Digit0: 0x27,
    Enter: 0x28,
    Space: 0x2c,
    CapsLock: 0x39,
    F1: 0x3a,
    F12: 0x45,
    PrintScreen: 0x46,
    Delete: 0x4c,
    ArrowRight: 0x4f,
    ArrowUp: 0x52,
    NumLock: 0x53,
    Numpad1: 0x59,
    Numpad0: 0x62,
    IntlBackslash: 0x64,
    F13: 0x68,
    F24: 0x73,
    IntlRo: 0x87,
    IntlYen: 0x89,
    Lang1: 0x90,
    ControlLeft: 0xe0,
    MetaRight: 0xe7,
  };
  for (const [code, usage] of Object.entries(samples)) assert.equal(usageOf(code), usage, code);
  assert.equal(usageOf('Unheard'), 0);
  assert.equal(usageOf(''), 0);
});

test('keys_usages_are_unique_but_for_aliases', () => {
  const aliases = new Set(['OSLeft', 'OSRight', 'VolumeMute', 'VolumeUp', 'VolumeDown', 'NumpadStar']);
  const usages = Object.entries(USAGES)
    .filter(([code]) => !aliases.has(code))
    .map(([, usage]) => usage);
  assert.equal(new Set(usages).size, usages.length);
});

test('keys_command_and_control_swap', () => {
  assert.equal(usageOf('MetaLeft', true), 0xe0);
  assert.equal(usageOf('ControlRight', true), 0xe7);
  assert.equal(usageOf('KeyA', true), 0x04);
  assert.ok(isModifier(0xe0) && isModifier(0xe7) && !isModifier(0x04));
});

test('keys_media_keys_are_of_the_consumer_page', () => {
  const media = {
    MediaPlayPause: 0xcd, MediaTrackNext: 0xb5, MediaTrackPrevious: 0xb6, MediaStop: 0xb7, BrowserBack: 0x224,
    Sleep: 0x32,
  };
  for (const [code, usage] of Object.entries(media)) assert.equal(usageOf(code), 0xc000 + usage, code);
});

test('keys_without_a_place_are_known_by_their_name', () => {
  assert.equal(codeOf({ code: 'KeyA', key: 'q' }), 'KeyA');
  assert.equal(codeOf({ code: '', key: 'ArrowLeft' }), 'ArrowLeft');
  assert.equal(codeOf({ code: 'Unidentified', key: 'Control', location: 2 }), 'ControlRight');
  assert.equal(codeOf({ code: '', key: 'AltGraph' }), 'AltRight');
  assert.equal(codeOf({ code: '', key: 'a' }), '');
  assert.equal(codeOf({ code: 'Fn', key: 'Enter' }), '', 'a place that has no usage is not another key');
});

test('typing_difference_deletes_and_inserts', () => {
  const entries = (text, refused = '') =>
    [...text].map((character) => ({ character, sent: !refused.includes(character) }));
  assert.deepEqual(difference([], 'abc'), { kept: 0, remove: 0, insert: ['a', 'b', 'c'] });
  assert.deepEqual(difference(entries('helo'), 'hello '), { kept: 3, remove: 1, insert: ['l', 'o', ' '] });
  assert.deepEqual(difference(entries('word'), 'wor'), { kept: 3, remove: 1, insert: [] });
  assert.deepEqual(difference(entries('a😀'), 'a'), { kept: 1, remove: 1, insert: [] }, 'one character, not two halves');
  const kept = { kept: 1, remove: 0, insert: [] };
  assert.deepEqual(difference(entries('aé', 'é'), 'a'), kept, 'what was not sent is not taken back');
});
