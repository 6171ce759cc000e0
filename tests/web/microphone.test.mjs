// SPDX-License-Identifier: MIT
// When the microphone is asked for, sent and given back, with a device of the test's.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { captureConstraints, captureError, captureLacks } from '../../web/js/capture.js';
import { Microphone } from '../../web/js/microphone.js';
import { MESSAGE, MICROPHONE_USE } from '../../web/js/wire.js';

const browser = (parts) => Object.defineProperty(globalThis, 'navigator', { value: parts, configurable: true });
globalThis.AudioEncoder ??= class {};
globalThis.AudioWorkletNode ??= class {};

/** A device that answers when the test says so. */
class Device {
  static all = [];
  constructor(handlers) {
    this.handlers = handlers;
    this.sending = false;
    this.closed = false;
    Device.all.push(this);
  }
  open(clean) {
    this.clean = clean;
    return new Promise((resolve, reject) => Object.assign(this, { grant: resolve, refuse: reject }));
  }
  close() {
    this.closed = true;
  }
  packet(...bytes) {
    const data = Uint8Array.from(bytes);
    this.handlers.packet({ byteLength: data.length, duration: 10_000, copyTo: (to) => to.set(data) });
  }
}

let sent, said, allowed, backlog, microphone;
const settle = () => new Promise((resolve) => setImmediate(resolve));
const opus = () => sent.map((view) => [...new Uint8Array(view.buffer, 16)]);

beforeEach((t) => {
  browser({ mediaDevices: { getUserMedia() {} } });
  Device.all = [];
  sent = [];
  said = [];
  allowed = true;
  backlog = 0;
  microphone = new Microphone({
    send: (view) => sent.push(view),
    backlog: () => backlog,
    allowed: () => allowed,
    clean: () => true,
    changed: () => {},
    say: (text) => said.push(text),
    Device,
  });
  t.after?.(() => microphone.stop());
});

async function granted() {
  microphone.hold();
  Device.all[0].grant();
  await settle();
  return Device.all[0];
}

test('microphone_is_not_asked_for_before_it_is_used', () => {
  microphone.setGuest({ use: MICROPHONE_USE.TAKEN, talker: 0 });
  microphone.release();
  microphone.setOpen(false);
  assert.equal(Device.all.length, 0);
  assert.equal(microphone.state, 'off');
});

test('microphone_push_to_talk_sends_while_held_and_says_its_end', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  microphone.hold();
  assert.equal(microphone.state, 'asking');
  assert.equal(Device.all[0].clean, true);
  Device.all[0].grant();
  await settle();
  assert.equal(microphone.state, 'talking');
  assert.equal(Device.all[0].sending, true);
  Device.all[0].packet(0xf0, 1);
  Device.all[0].packet(0xf0, 2);
  microphone.release();
  assert.equal(Device.all[0].sending, false);
  Device.all[0].packet(0xf0, 3); // was in the encoder
  assert.deepEqual(opus(), [[0xf0, 1], [0xf0, 2], []]);
  assert.deepEqual(sent.map((view) => view.getUint8(0)), [MESSAGE.MICROPHONE, MESSAGE.MICROPHONE, MESSAGE.MICROPHONE]);
  assert.deepEqual(sent.map((view) => view.getUint32(4, true)), [0, 1, 2]);
  // The device stays for the next word, then goes.
  assert.equal(microphone.state, 'ready');
  microphone.hold();
  assert.equal(Device.all.length, 1);
  microphone.release();
  t.mock.timers.tick(8000);
  assert.equal(microphone.state, 'off');
  assert.equal(Device.all[0].closed, true);
});

test('microphone_let_go_before_the_answer_begins_nothing', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  microphone.hold();
  microphone.release();
  Device.all[0].grant();
  await settle();
  assert.equal(Device.all[0].sending, false);
  Device.all[0].packet(0xf0);
  assert.equal(sent.length, 0);
  t.mock.timers.tick(8000);
  assert.equal(Device.all[0].closed, true);
});

test('microphone_stopped_before_the_answer_gives_the_device_back', async () => {
  microphone.setOpen(true);
  microphone.stop();
  assert.equal(Device.all[0].closed, true);
  Device.all[0].grant();
  await settle();
  assert.equal(microphone.state, 'off');
});

test('microphone_open_mode_sends_until_it_is_switched_off', async () => {
  microphone.setOpen(true);
  Device.all[0].grant();
  await settle();
  microphone.hold();
  microphone.release();
  Device.all[0].packet(0xf0);
  assert.equal(sent.length, 1);
  microphone.setOpen(false);
  assert.equal(Device.all[0].closed, true);
  assert.deepEqual(opus(), [[0xf0], []]);
});

test('microphone_refused_says_why_and_may_be_tried_again', async () => {
  microphone.hold();
  Device.all[0].refuse(Object.assign(new Error('x'), { name: 'NotAllowedError' }));
  await settle();
  assert.equal(microphone.state, 'off');
  assert.match(said[0], /site settings/);
  assert.match(microphone.note, /site settings/);
  microphone.hold();
  assert.equal(Device.all.length, 2);
  assert.equal(microphone.state, 'asking');
});

test('microphone_unplugged_or_revoked_ends_it', async () => {
  const device = await granted();
  device.packet(0xf0);
  device.handlers.ended('The microphone was unplugged, or taken from this page.');
  assert.equal(microphone.state, 'off');
  assert.match(said[0], /unplugged/);
  assert.deepEqual(opus().at(-1), []);
});

test('microphone_without_the_controls_is_neither_asked_for_nor_sent', async () => {
  allowed = false;
  microphone.hold();
  assert.equal(Device.all.length, 0);
  assert.match(said[0], /Take control/);
  allowed = true;
  const device = await granted();
  allowed = false;
  device.packet(0xf0);
  assert.equal(sent.length, 0);
});

// Lesson 27: what would be heard late is not sent, and its number is missing, so that the other end conceals it.
test('microphone_drops_while_the_network_stands_still', async () => {
  const device = await granted();
  backlog = 1e5;
  device.packet(0xf0, 1);
  backlog = 0;
  device.packet(0xf0, 2);
  device.packet(...new Array(1501).fill(0xf0));
  assert.deepEqual(opus(), [[0xf0, 2]]);
  assert.equal(sent[0].getUint32(4, true), 1);
  assert.equal(microphone.stats().dropped, 2);
});

test('microphone_says_what_becomes_of_it', async () => {
  assert.match(microphone.note, /Nothing in this guest/);
  microphone.setGuest({ use: MICROPHONE_USE.READY, talker: 0 });
  assert.match(microphone.note, /recording now/);
  await granted();
  microphone.setGuest({ use: MICROPHONE_USE.TAKEN, talker: 1 });
  assert.match(microphone.note, /hears you/);
  Device.all[0].handlers.muted(true);
  assert.match(microphone.note, /system has muted/);
  Device.all[0].handlers.level(0.5);
  assert.equal(microphone.stats().level, 0.5);
});

test('microphone_of_a_browser_without_what_it_takes', () => {
  browser({});
  assert.match(captureLacks(), /https/);
  microphone.hold();
  assert.equal(Device.all.length, 0);
  assert.match(said[0], /https/);
  browser({ mediaDevices: { getUserMedia() {} } });
  const kept = globalThis.AudioEncoder;
  delete globalThis.AudioEncoder;
  assert.match(captureLacks(), /AudioEncoder/);
  globalThis.AudioEncoder = kept;
  assert.equal(captureLacks(), '');
});

test('capture_words_and_constraints', () => {
  const named = (name) => captureError(Object.assign(new Error('why'), { name }));
  assert.match(named('NotFoundError'), /No microphone/);
  assert.match(named('NotReadableError'), /another program/);
  assert.match(named('OtherError'), /why/);
  assert.equal(captureConstraints(false).audio.noiseSuppression, false);
  assert.equal(captureConstraints(true).audio.echoCancellation, true);
});
