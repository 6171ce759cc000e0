// SPDX-License-Identifier: MIT
// The list of desktops: its words, its search and its keys; and the rounds in which pictures are asked for.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import {
  commandOf, countWords, found, hasPicture, peopleWords, placeAfter, powerDownWords, stateWords,
} from '../../web/js/desktop-words.js';
import { places, Session } from '../../web/js/session.js';
import { Thumbnails } from '../../web/js/thumbnails.js';

const desktop = (more = {}) =>
  ({ name: 'web', state: 'running', display: 'shown', viewers: 0, controller: null, view: false, commands: true, start: true, ...more });

test('desktop_says_what_it_does_and_who_is_there', () => {
  assert.equal(stateWords(desktop()), 'Running');
  assert.equal(stateWords(desktop({ display: 'off' })), 'Running, the display is off');
  assert.equal(stateWords(desktop({ display: 'refused' })), 'Running, its picture cannot be shown');
  assert.equal(stateWords(desktop({ state: 'gone' })), 'Switched off');
  assert.equal(stateWords(desktop({ state: 'absent' })), 'Not served now');
  assert.equal(stateWords(desktop({ state: 'of a later version' })), 'Unknown');
  assert.equal(peopleWords(desktop()), '');
  assert.equal(peopleWords(desktop({ viewers: 1 })), '1 watches');
  assert.equal(peopleWords(desktop({ viewers: 3 })), '3 watch');
  assert.equal(peopleWords(desktop({ viewers: 1, controller: 'Ada' })), 'Ada has the controls');
  assert.equal(peopleWords(desktop({ viewers: 3, controller: 'Ada' })), 'Ada has the controls, 2 watch');
});

test('desktop_offers_what_can_be_done_to_its_machine', () => {
  assert.equal(commandOf(desktop()), 'powerdown');
  assert.equal(commandOf(desktop({ state: 'paused' })), 'powerdown');
  assert.equal(commandOf(desktop({ state: 'gone', commands: false })), 'start');
  assert.equal(commandOf(desktop({ state: 'connecting' })), '');
  assert.equal(commandOf(desktop({ view: true })), '');
  assert.equal(commandOf(desktop({ start: false })), 'powerdown');
  assert.equal(commandOf(desktop({ start: false, state: 'gone' })), '');
  assert.ok(powerDownWords(desktop({ start: false })).startsWith(powerDownWords(desktop())));
  assert.match(powerDownWords(desktop({ start: false })), /cannot be started again from here/);
  assert.equal(commandOf(desktop({ commands: false })), '');
  assert.ok(hasPicture(desktop()) && hasPicture(desktop({ state: 'paused' })));
  assert.ok(!hasPicture(desktop({ display: 'off' })) && !hasPicture(desktop({ state: 'gone' })));
});

test('search_finds_names_with_all_of_its_words', () => {
  assert.ok(found('web-1', '') && found('web-1', '  ') && found('web-1', 'WEB') && found('web-1', '1 we'));
  assert.ok(!found('web-1', 'web db') && !found('web-1', 'web-12'));
  assert.equal(countWords(12, 12), '12 desktops');
  assert.equal(countWords(1, 1), 'One desktop');
  assert.equal(countWords(0, 12), '0 of 12 desktops');
  assert.equal(countWords(0, 0), 'No desktop is served now.');
});

test('arrow_keys_move_in_the_grid_and_stop_at_its_edges', () => {
  const after = (key, at) => placeAfter(key, at, 8, 3);
  assert.deepEqual(['ArrowRight', 'ArrowDown', 'End', 'Home'].map((key) => after(key, 4)), [5, 7, 7, 0]);
  assert.deepEqual(['ArrowLeft', 'ArrowUp'].map((key) => after(key, 4)), [3, 1]);
  assert.equal(after('ArrowUp', 2), 2);
  assert.equal(after('ArrowDown', 5), 5);
  assert.equal(after('ArrowLeft', 0), 0);
  assert.equal(after('ArrowRight', 7), 7);
  assert.equal(after('Enter', 4), -1);
});

/** A card as far as its picture goes. */
const card = (name) => ({ desktop: { name }, url: '', tag: '', show(blob, tag) { Object.assign(this, { url: `blob:${blob}`, tag }); } });
const answer = (status, tag = '') => ({ status, blob: async () => tag, headers: { get: () => tag } });
const settle = async () => { for (let i = 0; i < 50; i++) await null; };

test('thumbnails_come_in_rounds_and_only_where_they_changed', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const cards = ['a', 'b', 'c', 'd', 'e', 'f'].map(card);
    const asked = [];
    let busy = 0, most = 0, status = 204;
    const thumbnails = new Thumbnails(async (path, { headers }) => {
      asked.push([path, headers['If-None-Match']]);
      most = Math.max(most, ++busy);
      await null;
      busy--;
      return answer(status, '"1"');
    }, () => cards);
    thumbnails.start();
    await settle();
    assert.deepEqual(asked.map(([path]) => path), cards.map(({ desktop: { name } }) => `d/${name}/thumbnail.png`));
    assert.equal(most, 4);
    assert.ok(cards.every(({ url }) => !url));
    mock.timers.tick(299);
    await settle();
    assert.equal(asked.length, 6);
    status = 200;
    mock.timers.tick(1); // soon, since there is none yet
    await settle();
    assert.equal(asked.length, 12);
    assert.ok(cards.every(({ url, tag }) => url && tag === '"1"'));
    status = 304;
    mock.timers.tick(1999);
    await settle();
    assert.equal(asked.length, 12);
    mock.timers.tick(1);
    await settle();
    assert.deepEqual(asked.slice(12).map(([, tag]) => tag), Array(6).fill('"1"'));
    thumbnails.stop();
    mock.timers.tick(10_000);
    await settle();
    assert.equal(asked.length, 18, 'nobody looks');
  } finally {
    mock.timers.reset();
  }
});

test('thumbnails_stopped_in_the_middle_of_a_round_stay_so', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    let asked = 0, arrive;
    const thumbnails = new Thumbnails(() => new Promise((resolve) => { asked++; arrive = () => resolve(answer(204)); }), () => [card('a')]);
    thumbnails.start();
    await settle();
    thumbnails.stop();
    arrive();
    await settle();
    mock.timers.tick(10_000);
    await settle();
    assert.equal(asked, 1);
  } finally {
    mock.timers.reset();
  }
});

/* ---- which secret is whose ---- */

function browserAt(address) {
  const kept = new Map();
  Object.assign(globalThis, {
    location: new URL(address),
    localStorage: {
      getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key),
    },
  });
  return kept;
}

test('pages_of_one_server_know_its_place', () => {
  assert.deepEqual(places('https://host/d/web/'), { root: '/', own: '/d/web/', name: 'web' });
  assert.deepEqual(places('https://host/vms/one/d/web/?x#y'), { root: '/vms/one/', own: '/vms/one/d/web/', name: 'web' });
  assert.deepEqual(places('https://host/vms/one/'), { root: '/vms/one/', own: '/vms/one/', name: '' });
  assert.deepEqual(places('https://host/cloud/one/'), { root: '/cloud/one/', own: '/cloud/one/', name: '' });
});

test('secrets_for_one_desktop_and_for_all_are_kept_apart', () => {
  const kept = browserAt('http://host/d/web/');
  const session = new Session();
  session.keep('wide', true);
  assert.deepEqual([...kept], [['oriel.secret:/', 'wide']]);
  assert.equal(session.secret, 'wide');
  assert.equal(session.wide, true);
  assert.equal(session.fallBack(), false, 'it is the only one');
  session.keep('own', false);
  assert.equal(session.wide, false);
  assert.equal(session.secret, 'own');
  assert.equal(session.fallBack(), true);
  assert.equal(session.secret, 'wide');
  session.keep('own', false);
  session.keep('wider', true);
  assert.equal(session.secret, 'wider', 'what stood before it has gone');
  session.keep('own', false);
  session.keep('', true);
  assert.equal(kept.size, 0);
});

test('session_that_has_ended_gives_way_to_the_one_for_all', async () => {
  browserAt('http://host/d/web/');
  const session = new Session();
  session.keep('wide', true);
  session.keep('ended', false);
  const asked = [];
  globalThis.fetch = async (path, { headers }) => {
    const secret = headers['Oriel-Session-Secret'];
    asked.push(secret);
    const ok = secret === 'wide';
    return { ok, status: ok ? 200 : 401, headers: { get: () => null }, json: async () => ({}) };
  };
  assert.equal((await session.probe()).status, 'ok');
  assert.deepEqual(asked, ['ended', 'wide']);
});
