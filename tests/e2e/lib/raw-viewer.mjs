// SPDX-License-Identifier: MIT
//
// A viewer made of a bare TCP socket: it can stall, send what no page would, and stop at any byte.
import { createConnection } from 'node:net';
import { randomBytes } from 'node:crypto';

/** Connects, upgrades and says hello; resolves after the upgrade's answer. `stall()` stops reading. With `answers` it
 *  behaves as a page does: pictures are acknowledged and pings answered; `heard` gets each message before. `desktop`: its
 *  name, where there are several. */
export async function rawViewer(t, server, { desktop = '', role = 0, capabilities = 7, answers = false, heard = () => {} } = {}) {
  const socket = createConnection({ host: '127.0.0.1', port: server.port });
  t.after(() => socket.destroy());
  const viewer = {
    socket, bytes: 0, closed: false,
    stall: () => socket.pause(),
    send: (payload) => socket.write(frame(payload)),
    request: null,
  };
  socket.on('error', () => {});
  socket.on('close', () => { viewer.closed = true; });
  await new Promise((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  socket.write(upgradeRequest(server, desktop));
  let head = '';
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('no answer to the upgrade')), 5000);
    const read = (chunk) => {
      head += chunk.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      clearTimeout(timer);
      socket.off('data', read);
      const messages = answers ? messageReader((message) => {
        heard(message);
        answer(viewer, message);
      }) : () => {};
      socket.on('data', (more) => {
        viewer.bytes += more.length;
        messages(more);
      });
      resolve();
    };
    socket.on('data', read);
  });
  if (!head.startsWith('HTTP/1.1 101')) throw new Error(`upgrade refused: ${head.split('\r\n')[0]}`);
  const hello = Buffer.alloc(16);
  hello[0] = 0x41;
  hello.writeUInt16LE(1, 4);
  hello[6] = role;
  hello.writeUInt32LE(capabilities, 8);
  viewer.send(hello);
  return viewer;
}

const nowUs = () => BigInt(Math.round(performance.now() * 1000)) + 1n;

/** What a page answers to a picture or a ping. */
function answer(viewer, message) {
  const type = message[0];
  if (type === 0x02 || type === 0x03) {
    const ack = Buffer.alloc(40);
    ack[0] = 0x42;
    for (let stage = 0; stage < 3; stage++) {
      ack.writeUInt32LE(message.readUInt32LE(4), 4 + stage * 4);
      ack.writeBigUInt64LE(nowUs(), 16 + stage * 8);
    }
    viewer.send(ack);
  } else if (type === 0x71) {
    const pong = Buffer.alloc(20);
    pong[0] = 0x72;
    message.copy(pong, 4, 4, 12);
    pong.writeBigUInt64LE(nowUs(), 12);
    viewer.send(pong);
  }
}

/** Splits a server's (unmasked) stream into its binary messages. */
function messageReader(deliver) {
  let kept = Buffer.alloc(0);
  return (chunk) => {
    kept = kept.length ? Buffer.concat([kept, chunk]) : chunk;
    for (;;) {
      if (kept.length < 2) return;
      let size = kept[1] & 127;
      let head = 2;
      if (size === 126 || size === 127) {
        head = size === 126 ? 4 : 10;
        if (kept.length < head) return;
        size = head === 4 ? kept.readUInt16BE(2) : Number(kept.readBigUInt64BE(2));
      }
      if (kept.length < head + size) return;
      if ((kept[0] & 15) === 2) deliver(kept.subarray(head, head + size));
      kept = kept.subarray(head + size);
    }
  };
}

export function upgradeRequest(server, desktop = '') {
  return [`GET ${desktop && `/d/${desktop}`}/ws HTTP/1.1`, `Host: 127.0.0.1:${server.port}`, 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`, 'Sec-WebSocket-Protocol: oriel.v1', `Authorization: Bearer ${server.token}`, '', ''].join('\r\n');
}

/** A masked binary frame of a client. */
export function frame(payload, { opcode = 2, fin = true } = {}) {
  const mask = randomBytes(4);
  const long = payload.length > 125;
  const head = Buffer.alloc(long ? 4 : 2);
  head[0] = (fin ? 0x80 : 0) | opcode;
  head[1] = 0x80 | (long ? 126 : payload.length);
  if (long) head.writeUInt16BE(payload.length, 2);
  const body = Buffer.from(payload);
  for (let i = 0; i < body.length; i++) body[i] ^= mask[i % 4];
  return Buffer.concat([head, mask, body]);
}
