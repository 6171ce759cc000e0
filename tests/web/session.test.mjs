// SPDX-License-Identifier: MIT
// The log-in at the WebSocket, with a WebSocket and a server of the test's own.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { loginMessage, readSession, Session, wire } from '../../web/js/session.js';
import { MESSAGE, REASON, SUBPROTOCOL } from '../../web/js/wire.js';

const secret = 'ab'.repeat(32);
/** @type {FakeSocket[]} */
let sockets = [];
/** @type {{path: string, body: any, headers: any}[]} */
let requests = [];
/** @type {(path: string) => Promise<object>} what fetch answers */
let serve;

class FakeSocket extends EventTarget {
  static OPEN = 1;
  constructor(url, protocols) {
    super();
    Object.assign(this, { url: String(url), protocols, readyState: 0, sent: [], closedHere: false });
    this.onmessage = null;
    sockets.push(this);
  }
  send(data) { this.sent.push(new Uint8Array(data.buffer ?? data)); }
  close() { this.closedHere = true; }
  open() {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }
  say(bytes) {
    const event = Object.assign(new Event('message'), { data: Uint8Array.from(bytes).buffer });
    let stopped = false;
    event.stopImmediatePropagation = () => { stopped = true; };
    this.dispatchEvent(event);
    if (!stopped) this.onmessage?.(event);
  }
  shut(code) {
    this.readyState = 3;
    this.dispatchEvent(Object.assign(new Event('close'), { code }));
  }
}

const answer = (status, body, headers = {}) =>
  ({ ok: status < 300, status, headers: { get: (name) => headers[name] ?? null }, json: async () => body });
const session = (view) => [wire.SESSION, 0, 0, 0, ...new TextEncoder().encode(secret), view ? 1 : 0];
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

beforeEach(() => {
  sockets = [];
  requests = [];
  serve = async () => answer(200, { secret, view: false });
  Object.assign(globalThis, {
    WebSocket: FakeSocket, innerWidth: 800, innerHeight: 600, devicePixelRatio: 1, location: new URL('http://host/'),
    localStorage: undefined,
    fetch: (path, { body, headers }) => {
      requests.push({ path, body: body && JSON.parse(body), headers });
      return serve(path);
    },
  });
  globalThis.document = { baseURI: 'http://host/vm/' };
});

test('session_numbers_are_those_of_the_wire', () => {
  assert.equal(wire.LOGIN, MESSAGE.LOGIN);
  assert.equal(wire.SESSION, MESSAGE.SESSION);
  assert.equal(wire.UNAUTHORISED, REASON.UNAUTHORISED);
  assert.equal(wire.subprotocols[0], SUBPROTOCOL);
  assert.deepEqual([...loginMessage('aé')], [MESSAGE.LOGIN, 0, 0, 0, 3, 0, 97, 0xc3, 0xa9]);
  assert.equal(readSession(Uint8Array.from(session(true).slice(0, 68)).buffer), null);
  assert.deepEqual(readSession(Uint8Array.from(session(true)).buffer), { secret, view: true });
});

test('session_enters_by_the_websocket_and_fetches_its_cookie_behind', async () => {
  const ours = new Session();
  let cookie;
  serve = (path) => path === 'session' ? new Promise((resolve) => { cookie = resolve; }) : Promise.resolve(answer(200, {}));
  const entering = ours.enter('the token');
  const [socket] = sockets;
  assert.equal(socket.url, 'ws://host/vm/ws');
  assert.equal(requests.length, 0, 'no request is waited for');
  await turn();
  socket.open();
  socket.say(session(false));
  assert.equal((await entering).status, 'ok');
  assert.deepEqual(socket.sent.map(([type]) => type), [MESSAGE.LOGIN, MESSAGE.VIEWER_HELLO]);
  assert.equal(ours.secret, '', 'stored with the cookie, not before: other tabs share both');
  assert.deepEqual(requests.map(({ body }) => body), [{ token: 'the token', secret }]);
  socket.say([MESSAGE.STATE, 1]);
  const early = ours.takeEarly();
  assert.equal(early?.socket, socket);
  assert.equal(early?.messages.length, 1, 'SESSION is not for the link');
  // A request needs the cookie, and waits for it.
  const request = ours.request('api/v1/desktop');
  await turn();
  assert.equal(requests.length, 1);
  cookie(answer(200, { secret: 'cd'.repeat(32), view: false }));
  await request;
  assert.equal(requests[1].headers['Oriel-Session-Secret'], 'cd'.repeat(32));
  assert.equal(ours.secret, 'cd'.repeat(32));
});

test('session_of_a_link_for_viewing_asks_for_no_size', async () => {
  const ours = new Session();
  const entering = ours.enter('the token');
  sockets[0].open();
  sockets[0].say(session(true));
  await entering;
  assert.equal(ours.view, true);
  assert.equal(ours.takeEarly()?.greeted, null);
});

test('session_with_a_wrong_token_asks_once', async () => {
  const ours = new Session();
  const entering = ours.enter('wrong');
  sockets[0].open();
  sockets[0].say([MESSAGE.BYE, 0, 0, 0, REASON.UNAUTHORISED, 0, 0, 0]);
  sockets[0].shut(4000 + REASON.UNAUTHORISED);
  assert.equal((await entering).status, 'unauthorised');
  assert.equal(requests.length, 0, 'a failure counts once');
});

test('session_asks_by_http_where_the_websocket_does_not_say_why', async () => {
  for (const code of [1006, 4000 + REASON.LIMITED]) {
    const ours = new Session();
    serve = async () => answer(429, {}, { 'Retry-After': '17' });
    const entering = ours.enter('the token');
    sockets.at(-1).shut(code);
    assert.deepEqual(await entering, { status: 'limited', retryAfterS: 17 });
    assert.equal(ours.takeEarly(), null);
  }
});

test('session_that_logs_out_while_its_cookie_is_fetched_holds_no_token_afterwards', async () => {
  const ours = new Session();
  let cookie;
  serve = (path) => path === 'session' && !cookie ? new Promise((resolve) => { cookie = resolve; }) : Promise.resolve(answer(204, {}));
  const entering = ours.enter('the token');
  sockets[0].open();
  sockets[0].say(session(false));
  await entering;
  const leaving = ours.logout();
  await turn();
  cookie(answer(200, { secret, view: false }));
  assert.equal(await leaving, true);
  assert.equal(ours.token, '', 'with it the page would log in again by itself');
  assert.equal(ours.secret, '');
});
