// SPDX-License-Identifier: MIT
// The controls for one command of the list: taken where they are free, given up after it, and never asked for.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { withControls } from '../../web/js/borrow.js';
import { MESSAGE } from '../../web/js/wire.js';

let socket = null;

/** A WebSocket whose server is the test. */
class Socket extends EventTarget {
  constructor(url) {
    super();
    Object.assign(this, { url: String(url), sent: [], closed: false });
    socket = this;
  }
  send(view) {
    this.sent.push(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  }
  close() {
    this.closed = true;
  }
  say(type, size, fill = () => {}) {
    const view = new DataView(new ArrayBuffer(size));
    view.setUint8(0, type);
    fill(view);
    this.dispatchEvent(Object.assign(new Event('message'), { data: view.buffer }));
  }
  greet(id) {
    this.dispatchEvent(new Event('open'));
    this.say(MESSAGE.SERVER_HELLO, 26, (view) => view.setUint32(12, id, true));
  }
  holder(id) {
    this.say(MESSAGE.CONTROL_STATE, 17, (view) => view.setUint32(4, id, true));
  }
}

beforeEach(() => {
  globalThis.WebSocket = Socket;
  globalThis.document = { baseURI: 'https://host/vms/' };
});

/** Starts; what it ended with, and whether the command ran. */
function borrow() {
  const state = { ran: false, result: undefined };
  state.end = withControls('d/web/', 'ab'.repeat(32), async () => {
    state.ran = true;
    assert.ok(!socket.closed, 'the controls are held meanwhile');
    return 'done';
  });
  return state;
}

test('free_controls_are_taken_for_the_command_and_given_up', async () => {
  const state = borrow();
  assert.equal(socket.url, 'wss://host/vms/d/web/ws');
  socket.greet(3);
  assert.deepEqual(socket.sent.map(([type]) => type), [MESSAGE.AUTHENTICATE, MESSAGE.VIEWER_HELLO]);
  assert.equal(socket.sent[1][6], 1, 'as a controller');
  assert.equal(new DataView(socket.sent[1].buffer).getUint32(8, true), 0, 'that takes neither pictures nor sound');
  socket.say(MESSAGE.ROLE, 5);
  socket.holder(3);
  assert.ok(!state.ran);
  socket.say(MESSAGE.ROLE, 5, (view) => view.setUint8(4, 1));
  assert.equal(await state.end, 'done');
  assert.ok(state.ran && socket.closed);
});

test('controls_of_another_are_left_alone', async () => {
  const state = borrow();
  socket.greet(3);
  socket.say(MESSAGE.ROLE, 5);
  socket.holder(2);
  assert.equal(await state.end, null);
  assert.ok(!state.ran && socket.closed);
  assert.ok(!socket.sent.some(([type]) => type === MESSAGE.CONTROL), 'nobody is asked');
});

test('server_that_refuses_is_no_end_of_waiting', async () => {
  const state = borrow();
  socket.say(99, 1);
  socket.dispatchEvent(new Event('close'));
  assert.equal(await state.end, null);
  assert.ok(!state.ran);
});

test('controls_are_given_up_where_the_command_fails', async () => {
  const end = withControls('d/web/', '', () => Promise.reject(new Error('out of reach')));
  socket.greet(1);
  socket.say(MESSAGE.ROLE, 5, (view) => view.setUint8(4, 1));
  await assert.rejects(end, /out of reach/);
  assert.ok(socket.closed);
});
