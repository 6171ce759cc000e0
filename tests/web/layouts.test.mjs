// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { usageOf } from '../../web/js/keys.js';
import { ENTRIES, LAYOUTS, planText, strokesFor } from '../../web/js/layouts.js';

const plain = (code, more = {}) => ({ usage: usageOf(code), shift: false, ...more });
const flat = ({ ctrl, alt, altgr, shift, usage }) =>
  [ctrl && 'C', alt && 'A', altgr && 'G', shift && 'S', usage.toString(16)].filter(Boolean).join('');
const typed = (text, layout, entry) => planText(text, layout, entry).strokes.flat().map(flat).join(' ');

test('layouts_rows_are_as_long_as_the_keyboard', () => {
  for (const [name, layout] of Object.entries(LAYOUTS)) {
    for (const rows of [layout.plain, layout.shift]) {
      assert.deepEqual(rows.map((row) => [...row].length), [13, 12, 12, 13], name);
    }
    for (const word of layout.altgr.split(' ').filter((_, index) => index % 2 === 0 && layout.altgr)) {
      assert.ok(usageOf(word.replace('⇧', '')), `${name} ${word}`);
    }
  }
});

test('layouts_every_one_types_ascii_but_for_what_its_keys_lack', () => {
  for (const name of Object.keys(LAYOUTS)) {
    let missing = '';
    for (let code = 32; code < 127; code++) {
      if (!strokesFor(String.fromCharCode(code), name)) missing += String.fromCharCode(code);
    }
    assert.equal(missing, { it: '`~' }[name] ?? '', name);
  }
});

test('layouts_know_their_letters', () => {
  const letters = {
    gb: '£€¬', de: 'äöüÄÖÜß€§°µ²³éèêáà', ch: 'äöüéàèç£€§°ãñ', 'ch-fr': 'éàèäöü', fr: 'éèçàùâêîôûäëïöü£€§µ°²',
    be: 'éèçàùâ€£²³', es: 'ñÑçÇáéíóúüÁÉÍÓÚÜ¿¡ºª€·', latam: 'ñÑáéíóúü¿¡°',
    it: 'èéòçàùì°§£€{}', pt: 'çÇãõáéíóúâêôà€«»ºª',
    br: 'çãõáéíóúâêôàü¹²³', se: 'åäöÅÄÖéü€£½§', no: 'æøåÆØÅé€', dk: 'æøåÆØÅé€½',
    pl: 'ąćęłńóśźżĄĆĘŁŃÓŚŹŻ', tr: 'ığüşöçİĞÜŞÖÇ€',
    'us-intl': 'äöüßéñçÄÖÜÉÑ€àèâê', jp: '@^:;[]', us: '~`',
  };
  for (const [name, text] of Object.entries(letters)) assert.equal(planText(text, name).unknown, '', name);
  assert.deepEqual(Object.keys(letters).sort(), Object.keys(LAYOUTS).sort());
});

test('layouts_keys_are_those_of_the_standards', () => {
  assert.deepEqual(strokesFor('z', 'de'), [plain('KeyY')]);
  assert.deepEqual(strokesFor('@', 'de'), [plain('KeyQ', { altgr: true })]);
  assert.deepEqual(strokesFor('a', 'fr'), [plain('KeyQ')]);
  assert.equal(typed('1', 'fr'), `S${usageOf('Digit1').toString(16)}`);
  assert.equal(typed('é', 'de'), '2e 8', 'dead acute, e');
  assert.equal(typed('^', 'de'), '35 2c', 'dead circumflex, space');
  assert.equal(typed("'", 'us-intl'), '34 2c');
  assert.equal(typed('_', 'jp'), 'S87');
  assert.equal(typed('{', 'it'), 'GS2f');
  assert.equal(typed('Ł', 'pl'), 'GSf');
  assert.equal(typed('e\u0301', 'de'), '2e 8', 'decomposed text');
  assert.equal(typed('a\r\nb\rc', 'us'), '4 28 5 28 6');
});

test('layouts_unknown_characters_are_named_once_and_left_out', () => {
  assert.deepEqual(planText('aéb😀é', 'us').unknown, 'é😀');
  assert.equal(planText('aéb😀é', 'us').strokes.length, 2);
  assert.equal(planText('①␀', 'us').unknown, '①␀', 'our own signs are no characters of a layout');
});

test('layouts_other_characters_by_the_guests_own_entry', () => {
  assert.equal(typed('é', 'us', 'gtk'), 'CS18 8 26 2c', 'Ctrl+Shift+U, e9, space');
  assert.equal(planText('é😀', 'us', 'gtk').unknown, '');
  assert.equal(typed('é', 'us', 'windows'), 'A62 A5a A5b A5b', 'Alt and 0233');
  assert.equal(typed('€', 'us', 'windows'), 'A62 A59 A5a A60', '0128');
  assert.equal(planText('é😀', 'us', 'windows').unknown, '😀');
  assert.ok(planText('é', 'us', 'windows').strokes[0].at(-1).end);
  assert.equal(planText('\u0007', 'us', 'gtk').unknown, '\u0007');
  assert.deepEqual(Object.keys(ENTRIES), ['none', 'gtk', 'windows']);
});
