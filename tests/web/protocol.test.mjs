// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as protocol from '../../web/js/protocol.js';
import * as wire from '../../web/js/wire.js';

const bytes = (view) => [...new Uint8Array(view.buffer)];
const view = (...values) => new DataView(Uint8Array.from(values.flat()).buffer);
const u16 = (value) => [value & 255, (value >> 8) & 255];
const u32 = (value) => [...u16(value & 0xffff), ...u16(value >>> 16)];
const u64 = (value) => [...u32(Number(BigInt(value) & 0xffffffffn)), ...u32(Number(BigInt(value) >> 32n))];
const text = (value) => [...u16(Buffer.byteLength(value)), ...Buffer.from(value)];
const header = (type, flags = 0) => [type, flags, 0, 0];
const { MESSAGE } = wire;

test('wire_constants_equal_the_header', () => {
  const source = readFileSync(new URL('../../wire/viewer.h', import.meta.url), 'utf8');
  const list = source.slice(
    source.indexOf('#define ORIEL_VIEWER_MESSAGES'),
    source.indexOf('enum oriel_viewer_message'),
  );
  const messages = [...list.matchAll(/^ {2}X\((\w+), (0x[0-9A-F]{2})\)/gm)].map(([, name, value]) => [
    name,
    Number(value),
  ]);
  assert.ok(messages.length >= 26);
  assert.deepEqual({ ...MESSAGE }, Object.fromEntries(messages));
  assert.equal(wire.SUBPROTOCOL, 'oriel.v1');
  assert.equal(wire.VERSION, 1);
  assert.equal(wire.REASON.PROTOCOL, 16);
  assert.ok(Object.isFrozen(MESSAGE));
});

test('write_hello', () => {
  const hello = protocol.writeHello({ role: 1, capabilities: 0x1f, width: 1280, height: 720 });
  assert.deepEqual(bytes(hello), [...header(0x41), ...u16(1), 1, 0, ...u32(0x1f), ...u16(1280), ...u16(720)]);
});

test('write_ack', () => {
  const ack = new DataView(new ArrayBuffer(protocol.ACK_SIZE));
  const us = 1_790_000_000_123_456; // needs more than 32 bits, as every page's clock does
  protocol.fillAck(ack, { received: 0xfffffffe, decoded: 2, painted: 1, receivedUs: us, decodedUs: 5, paintedUs: 0 });
  assert.deepEqual(bytes(ack), [
    ...header(0x42),
    ...u32(0xfffffffe),
    ...u32(2),
    ...u32(1),
    ...u64(us),
    ...u64(5),
    ...u64(0),
  ]);
});

test('write_input', () => {
  assert.deepEqual(bytes(protocol.writeKey(0xe0, true)), [...header(0x43), ...u16(0xe0), 1]);
  assert.deepEqual(bytes(protocol.writePointer(1279, 719)), [...header(0x44), ...u16(1279), ...u16(719)]);
  assert.deepEqual(bytes(protocol.writeMotion(-3, 40000)), [...header(0x45), ...u16(-3 & 0xffff), ...u16(32767)]);
  assert.deepEqual(bytes(protocol.writeButton(2, false)), [...header(0x46), 2, 0]);
  assert.deepEqual(bytes(protocol.writeWheel(120, -120)), [...header(0x47), ...u16(120), ...u16(-120 & 0xffff)]);
  assert.deepEqual(bytes(protocol.writeReleaseAll()), header(0x49));
});

test('write_the_rest', () => {
  assert.deepEqual(bytes(protocol.writeResize(64, 4320)), [...header(0x4a), ...u16(64), ...u16(4320)]);
  assert.deepEqual(bytes(protocol.writeKeyFrame(3)), [...header(0x4b), 3]);
  assert.deepEqual(bytes(protocol.writeWant(true, false)), [...header(0x4c), 1, 0]);
  assert.deepEqual(bytes(protocol.writeControl(true)), [...header(0x4d), 1]);
  assert.deepEqual(bytes(protocol.writePing(2 ** 40 + 7)), [...header(0x71), ...u64(2 ** 40 + 7)]);
  assert.deepEqual(bytes(protocol.writePong(9, 2 ** 33)), [...header(0x72), ...u64(9), ...u64(2 ** 33)]);
  assert.deepEqual(bytes(protocol.writeBye(21, 'é')), [...header(0x7f), ...u16(21), ...text('é')]);
});

test('write_what_concerns_the_controls', () => {
  const secret = '0f'.repeat(32);
  assert.deepEqual(bytes(protocol.writeAuthenticate(secret)), [...header(0x40), ...new TextEncoder().encode(secret)]);
  assert.deepEqual(bytes(protocol.writeName('Zoë')), [...header(0x4f), ...text('Zoë')]);
  assert.equal(bytes(protocol.writeName('é'.repeat(100))).length, 4 + 2 + 160, 'cut between characters');
  assert.deepEqual(bytes(protocol.writeControlAnswer(0x01020304, true)), [...header(0x50), ...u32(0x01020304), 1]);
});

test('write_microphone', () => {
  const packet = protocol.writeMicrophone(2 ** 32 + 3, 2 ** 40 + 0.6, Uint8Array.of(0xf0, 7));
  assert.deepEqual(bytes(packet), [...header(0x4e), ...u32(3), ...u64(2 ** 40 + 1), 0xf0, 7]);
  assert.deepEqual(bytes(protocol.writeMicrophone(1, -5, new Uint8Array())), [...header(0x4e), ...u32(1), ...u64(0)]);
});

test('read_messages', () => {
  assert.deepEqual(
    protocol.readServerHello(view(header(1), u16(1), u16(0), u32(0x1f), u32(3), u64(2 ** 40), text('Gast é'))),
    { version: 1, capabilities: 0x1f, id: 3, serverUs: 2 ** 40, name: 'Gast é' },
  );
  assert.deepEqual(
    protocol.readPicture(view(header(2, 1), u32(0xffffffff), u64(77), u16(1279), u16(721), u32(1), u32(2), u32(3), 0)),
    {
      flags: 1,
      sequence: 0xffffffff,
      captureUs: 77,
      width: 1279,
      height: 721,
      madeUs: 1,
      waitedUs: 2,
      damagePixels: 3,
    },
  );
  assert.deepEqual(protocol.readAudio(view(header(4), u32(5), u64(6), 0)), { sequence: 5, captureUs: 6 });
  assert.deepEqual(protocol.readCursorPosition(view(header(6), u32(-2), u32(9), 1)), { x: -2, y: 9, visible: true });
  assert.deepEqual(protocol.readState(view(header(7), 2, 1, u16(800), u16(600), text('why'))), {
    state: 2,
    absolute: true,
    width: 800,
    height: 600,
    detail: 'why',
  });
  assert.deepEqual(protocol.readVolume(view(header(10), u16(65535), u16(0), 1)), { left: 1, right: 0, muted: true });
  assert.deepEqual(protocol.readMicrophoneState(view(header(11), 2, u32(0xfffffffe))), { use: 2, talker: 0xfffffffe });
  assert.deepEqual(protocol.readControlState(view(header(12), u32(7), u32(9), 2, text('Zoë'), text('Viewer 9'))), {
    holder: 7,
    asker: 9,
    way: 2,
    holderName: 'Zoë',
    askerName: 'Viewer 9',
  });
  assert.deepEqual(protocol.readPong(view(header(0x72), u64(1), u64(2))), { pingUs: 1, serverUs: 2 });
  assert.deepEqual(protocol.readBye(view(header(0x7f), u16(1), text('bye'))), { reason: 1, text: 'bye' });
});

test('cursor_shape_must_fit_its_size', () => {
  const shape = protocol.readCursorShape(view(header(5), u16(1), u16(2), u16(0), u16(1), [1, 2, 3, 4, 5, 6, 7, 8]));
  assert.deepEqual(
    [shape.width, shape.height, shape.hotX, shape.hotY, ...shape.pixels],
    [1, 2, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8],
  );
  assert.equal(protocol.readCursorShape(view(header(5), u16(1), u16(2), u16(0), u16(1), [1, 2, 3, 4])), null);
  assert.equal(protocol.readCursorShape(view(header(5), u16(257), u16(0), u16(0), u16(0))), null);
  assert.equal(protocol.readCursorShape(view(header(5), u16(0), u16(0), u16(0), u16(0))).width, 0);
});

test('read_abilities', () => {
  assert.deepEqual(protocol.readAbilities(view(header(14), u32(0x4f), 2)), { capabilities: 0x4f, display: 2 });
});

test('messages_that_are_too_short_are_not_read', () => {
  const server = Object.entries(MESSAGE).filter(([name, type]) => (type < 0x40 || type > 0x70) && name !== 'SESSION');
  // Session.js takes SESSION (session.test.mjs), before there is a reader of others.
  for (const [name, type] of server) {
    let first = 0;
    while (first < 80 && !protocol.messageValid(view(header(type), new Array(first).fill(0)))) first++;
    assert.ok(first > 0 && first < 80, name);
  }
  assert.equal(protocol.messageValid(view([1, 0, 0])), false);
  assert.equal(protocol.messageValid(view(header(0x33), new Array(60).fill(0))), false, 'unknown type');
  assert.equal(protocol.messageValid(view(header(MESSAGE.KEY), [0, 0, 0])), false, "a viewer's message");
});
