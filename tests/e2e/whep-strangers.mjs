// SPDX-License-Identifier: MIT
//
// Other programs as WHEP clients, and datagrams of nobody's at the port that all share.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test, until } from './lib/runner.mjs';
import { oriel, root, start, stats } from './lib/process.mjs';

const moving = ['serve', 'pattern:?size=640x360&scene=motion&fps=30'];

/** Has aiortc play `frames` pictures and sounds, and strike keys, with video by one codec alone: what it saw. Debian's Python has the module. */
async function aiortc(t, server, frames, keys = '', codec = '') {
  const script = join(root, 'tests', 'e2e', 'lib', 'whep-aiortc.py');
  const client = start(t, '/usr/bin/python3', [script, server.origin, server.token, String(frames), keys, codec]);
  await until(() => client.ended(), 30_000, 'the end of aiortc');
  const line = /^\{.*\}$/m.exec(client.output);
  assert.ok(line, client.output);
  return JSON.parse(line[0]);
}

/** Every input of the fuzz targets for what comes in by UDP. */
function corpora() {
  const files = ['stun', 'dtls', 'srtp', 'rtcp'].flatMap((name) => {
    const folder = join(root, 'fuzz', 'corpus', name);
    return readdirSync(folder).map((file) => readFileSync(join(folder, file)).subarray(0, 1400));
  });
  return files.filter((bytes) => bytes.length);
}

/** Sends `count` datagrams, each an input of the fuzz targets with one byte changed. */
async function flood(port, count) {
  const inputs = corpora();
  const socket = createSocket('udp4');
  let random = 1;
  const next = (below) => {
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    return (random >>> 8) % below;
  };
  for (let sent = 0; sent < count; sent++) {
    const bytes = Buffer.from(inputs[next(inputs.length)]);
    bytes[next(bytes.length)] = next(256);
    await new Promise((resolve) => socket.send(bytes, port, '127.0.0.1', resolve));
  }
  socket.close();
}

test('whep: aiortc plays picture and sound, and types', async (t) => {
  const server = await oriel(t, moving);
  assert.deepEqual(await aiortc(t, server, 30, 'hello'), { width: 640, height: 360 });
  assert.equal((await stats(server)).input_events, 10);
  await until(() => /audit: left .*by=whep/.test(server.output), 5000, 'the end of the session in the audit');
});

test('whep: aiortc, which offers VP8 alone, gets it', async (t) => {
  const server = await oriel(t, moving);
  assert.deepEqual(await aiortc(t, server, 30, '', 'VP8'), { width: 640, height: 360 });
});

test('whep: a flood of strange datagrams is noticed by nobody', async (t) => {
  const server = await oriel(t, moving);
  const [seen] = await Promise.all([aiortc(t, server, 90), flood(server.port, 20_000)]);
  assert.deepEqual(seen, { width: 640, height: 360 });
  assert.equal(server.ended(), false);
});
