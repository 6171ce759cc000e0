// SPDX-License-Identifier: MIT
//
// A UDP relay between a client and the server that loses packets by a seeded chance, so that a run is the next one's
// equal.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** xorshift32: numbers in [0, 1). */
function random(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

/** Relays datagrams of one client at a time to 127.0.0.1:`port`, as a NAT does. `loss` is the share of the server's
 *  packets that are lost once media flow: {port, lost(), passed(), set(loss)}. `move(address)` forgets the way as it
 *  was: the server sees the client at another port, of that address. While `hold(true)` nothing passes. */
export async function relay(t, port, { seed = 1 } = {}) {
  const outside = createSocket('udp4');
  const next = random(seed);
  const counts = { lost: 0, passed: 0 };
  let loss = 0;
  let client = null;
  let inside = null;
  let held = false;
  const back = (data) => {
    // STUN and DTLS have retransmissions of their own, which other tests look at.
    const media = data[0] >= 128 && data[0] <= 191;
    if (held || (media && next() < loss)) {
      counts.lost++;
      return;
    }
    counts.passed++;
    if (client) outside.send(data, client.port, client.address);
  };
  const move = async (address = '127.0.0.1') => {
    const socket = createSocket('udp4').on('message', back).bind(0, address);
    await once(socket, 'listening');
    inside?.close();
    inside = socket;
  };
  outside.on('message', (data, from) => {
    client = from;
    if (!held) inside.send(data, port, '127.0.0.1');
  });
  outside.bind(0, '127.0.0.1');
  await Promise.all([once(outside, 'listening'), move()]);
  t.after(() => { outside.close(); inside.close(); });
  return {
    port: outside.address().port,
    lost: () => counts.lost,
    passed: () => counts.passed,
    set(share) { loss = share; },
    move,
    hold(all) { held = all; },
  };
}

/** An answer whose candidates lead to another port. */
export const through = (port) => (sdp) => sdp.replace(/^(a=candidate:\S+ 1 udp \d+ \S+ )\d+/gm, `$1${port}`);

/** The UDP port that an answer names. */
export const portOf = (sdp) => Number(/^a=candidate:\S+ 1 udp \d+ \S+ (\d+)/m.exec(sdp)[1]);
