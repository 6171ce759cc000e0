// SPDX-License-Identifier: MIT
//
// A network between a page and its server, in user space and by a seeded chance: the same delay each way for TCP and UDP,
// and loss of the server's packets. Nobody here can drop a segment of TCP behind the kernel's back, so what its receiver
// would see is played: where a segment would have been lost, it and all behind it come a round trip later, which is the
// best that fast retransmission does; the sender's rate stays as it was.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createConnection, createServer } from 'node:net';

const SEGMENT = 1448;

/** xorshift32: numbers in [0, 1). */
export function random(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

/** Bytes in order, each `delay` ms later, and with `loss` of their segments a round trip more. */
function forward(from, to, { delay, loss, next, counts }) {
  let until = 0;
  from.on('data', (data) => {
    for (let at = 0; at < data.length; at += SEGMENT) {
      const lost = next() < loss;
      counts.segments++;
      counts.lost += lost;
      until = Math.max(until, performance.now() + delay + (lost ? 2 * delay : 0));
      const piece = data.subarray(at, at + SEGMENT);
      setTimeout(() => to.writable && to.write(piece), until - performance.now());
    }
  });
  from.on('end', () => setTimeout(() => to.end(), Math.max(0, until - performance.now())));
  from.on('error', () => to.destroy());
}

/** Listens for TCP. `aim(port)` says where the server is. {port, aim, counts}. */
export async function tcpRelay(t, { delay, loss, seed }) {
  let target = 0;
  const sockets = new Set();
  const counts = { segments: 0, lost: 0 };
  const next = random(seed);
  const server = createServer((outside) => {
    const inside = createConnection(target, '127.0.0.1');
    for (const socket of [outside, inside]) {
      socket.setNoDelay(true);
      sockets.add(socket);
    }
    forward(outside, inside, { delay, loss: 0, next, counts: { segments: 0, lost: 0 } });
    forward(inside, outside, { delay, loss, next, counts });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    sockets.forEach((socket) => socket.destroy());
    server.close();
  });
  return { port: server.address().port, aim: (port) => (target = port), counts };
}

/** Relays datagrams of one client to the server's UDP port. {port, counts}. */
export async function udpRelay(t, target, { delay, loss, seed }) {
  const [outside, inside] = [createSocket('udp4'), createSocket('udp4')];
  const counts = { packets: 0, lost: 0 };
  const next = random(seed);
  let client = null;
  let closed = false;
  const later = (send) => setTimeout(() => closed || send(), delay);
  outside.on('message', (data, from) => {
    client = from;
    later(() => inside.send(data, target, '127.0.0.1'));
  });
  inside.on('message', (data) => {
    const lost = next() < loss;
    counts.packets++;
    counts.lost += lost;
    if (!lost && client) later(() => outside.send(data, client.port, client.address));
  });
  for (const socket of [outside, inside]) {
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
  }
  t.after(() => {
    closed = true;
    outside.close();
    inside.close();
  });
  return { port: outside.address().port, counts };
}
