// SPDX-License-Identifier: MIT
//
// The way between a WHEP client and the server changes under it: a NAT that forgets, another address, a blackout.
import assert from 'node:assert/strict';
import { test } from './lib/runner.mjs';
import { oriel, stats } from './lib/process.mjs';
import { relay, through } from './lib/lossy.mjs';
import { decoded, play, received } from './lib/whep.mjs';

const moving = ['serve', 'pattern:?size=640x360&scene=motion&fps=30'];

/** Pictures go on from now: so many more are decoded. */
async function goesOn(page, count = 30) {
  const { video } = await received(page);
  return decoded(page, video.framesDecoded + count, 20_000);
}

/** It is the session that it was. */
async function assertSame(server, page) {
  const { viewers, whep } = await stats(server);
  assert.deepEqual([viewers, whep.open, whep.ended_lost, whep.ended_closed], [1, 1, 0, 0]);
  assert.equal((await received(page)).state, 'connected');
}

test('whep: a NAT that forgets, another address and a blackout of 5 s end no session', async (t) => {
  const server = await oriel(t, moving);
  const way = await relay(t, server.port);
  const { page } = await play(t, server, { change: through(way.port) });
  await decoded(page, 10);
  for (const address of ['127.0.0.1', '127.0.0.2']) {
    const before = performance.now();
    await way.move(address);
    await goesOn(page);
    t.log(`at another port of ${address}: on after ${((performance.now() - before) / 1000).toFixed(1)} s`);
    await assertSame(server, page);
  }
  way.hold(true);
  await new Promise((resolve) => setTimeout(resolve, 5000));
  way.hold(false);
  await goesOn(page);
  await assertSame(server, page);
});
