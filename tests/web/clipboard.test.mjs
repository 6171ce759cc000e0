// SPDX-License-Identifier: MIT
// A clipboard's text in pieces: order, window, what does not fit.
import assert from 'node:assert/strict';
import test from 'node:test';

import { bytesOf, Incoming, Outgoing } from '../../web/js/clipboard-text.js';
import { CLIPBOARD_MAX, CLIPBOARD_OUTCOME, FLAG, MESSAGE, PIECE_MAX } from '../../web/js/wire.js';

/** A sender with a clock of its own. */
function sender() {
  const sent = [];
  const ended = [];
  const clock = { now: 0 };
  const outgoing = new Outgoing((view) => sent.push(view), (outcome) => ended.push(outcome), () => clock.now);
  return { sent, ended, clock, outgoing };
}

function state(number, taken, outcome) {
  const view = new DataView(new ArrayBuffer(13));
  view.setUint8(0, MESSAGE.CLIPBOARD_STATE);
  view.setUint32(4, number, true);
  view.setUint32(8, taken, true);
  view.setUint8(12, outcome);
  return view;
}

const end = (view) => view.getUint32(12, true) + view.byteLength - 16;

function piece(number, size, offset, bytes, flags = 0) {
  const view = new DataView(new ArrayBuffer(16 + bytes.length));
  view.setUint8(0, MESSAGE.CLIPBOARD);
  view.setUint8(1, flags);
  view.setUint32(4, number, true);
  view.setUint32(8, size, true);
  view.setUint32(12, offset, true);
  new Uint8Array(view.buffer, 16).set(bytes);
  return view;
}

test('a_small_text_leaves_at_once', () => {
  const { sent, ended, outgoing } = sender();
  assert.equal(outgoing.start(bytesOf('grü\0ß')), true);
  assert.equal(sent.length, 1);
  assert.equal(sent[0].getUint8(0), MESSAGE.CLIPBOARD);
  assert.equal(sent[0].getUint32(8, true), 6);
  assert.equal(new TextDecoder().decode(new Uint8Array(sent[0].buffer, 16)), 'grüß');
  outgoing.answered(state(outgoing.number, 6, CLIPBOARD_OUTCOME.GIVEN));
  assert.deepEqual(ended, [CLIPBOARD_OUTCOME.GIVEN]);
});

test('few_pieces_are_unanswered_on_a_slow_line', () => {
  const { sent, clock, outgoing } = sender();
  assert.equal(outgoing.start(new Uint8Array(CLIPBOARD_MAX).fill(97)), false);
  assert.equal(sent.length, 2);
  for (let i = 0; i < 20; i++) {
    clock.now += 65 * (i + 1); // each waits longer than the one before
    const before = sent.length;
    outgoing.answered(state(outgoing.number, end(sent[i]), CLIPBOARD_OUTCOME.UNDER_WAY));
    assert.ok(sent.length - before <= 2);
    assert.ok(outgoing.left.size <= 3, `${outgoing.left.size} on their way`);
  }
});

test('more_pieces_go_while_answers_are_quick', () => {
  const { sent, clock, ended, outgoing } = sender();
  outgoing.start(new Uint8Array(CLIPBOARD_MAX).fill(97));
  let rounds = 0;
  let answered = 0;
  while (!ended.length) {
    clock.now += 20;
    rounds++;
    const here = sent.length;
    for (; answered < here; answered++) {
      const at = end(sent[answered]);
      const outcome = at === CLIPBOARD_MAX ? CLIPBOARD_OUTCOME.GIVEN : CLIPBOARD_OUTCOME.UNDER_WAY;
      outgoing.answered(state(outgoing.number, at, outcome));
    }
  }
  assert.equal(sent.length, CLIPBOARD_MAX / PIECE_MAX);
  assert.ok(rounds < 12, `${rounds} round trips`);
  sent.forEach((view, index) => assert.equal(view.getUint32(12, true), index * PIECE_MAX));
});

test('an_answer_to_a_former_text_means_nothing', () => {
  const { ended, outgoing } = sender();
  outgoing.start(bytesOf('one'));
  const former = outgoing.number;
  outgoing.start(bytesOf('two'));
  outgoing.answered(state(former, 3, CLIPBOARD_OUTCOME.REFUSED));
  assert.deepEqual(ended, []);
});

test('pieces_make_a_text', () => {
  const incoming = new Incoming();
  const bytes = new TextEncoder().encode('grüße '.repeat(3000));
  const whole = (from, to) => incoming.piece(piece(7, bytes.length, from, bytes.subarray(from, to), FLAG.KEPT));
  assert.equal(whole(0, 8192), null);
  assert.equal(whole(8192, 16384), null);
  assert.deepEqual(whole(16384, bytes.length), { text: 'grüße '.repeat(3000), kept: true });
});

test('pieces_that_do_not_fit_make_none', () => {
  const incoming = new Incoming();
  const four = new Uint8Array(4).fill(97);
  assert.equal(incoming.piece(piece(1, 8, 4, four)), null, 'nothing began');
  assert.equal(incoming.piece(piece(1, 8, 0, four)), null);
  assert.equal(incoming.piece(piece(2, 8, 4, four)), null, 'of another text');
  assert.equal(incoming.piece(piece(1, 8, 5, four)), null, 'a gap');
  assert.equal(incoming.piece(piece(1, 6, 4, four)), null, 'beyond its end');
  assert.deepEqual(incoming.piece(piece(1, 8, 4, four)), { text: 'aaaaaaaa', kept: false });
  assert.equal(incoming.piece(piece(3, CLIPBOARD_MAX + 1, 0, four)), null, 'too large');
  incoming.piece(piece(4, 8, 0, four));
  assert.deepEqual(incoming.piece(piece(5, 4, 0, four)), { text: 'aaaa', kept: false }, 'a newer one');
});
