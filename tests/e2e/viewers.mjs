// SPDX-License-Identifier: MIT
//
// Several viewers of one desktop: the newest controller, a stalled one, hostile ones.
import assert from 'node:assert/strict';
import { test, until } from './lib/runner.mjs';
import { oriel, stats, usage } from './lib/process.mjs';
import { canvasPixels, openDesktop, pageStats, painted } from './lib/browser.mjs';
import { frame, rawViewer, upgradeRequest } from './lib/raw-viewer.mjs';
import { blockColour } from './lib/card.mjs';
import { createConnection } from 'node:net';

const still = ['serve', 'pattern:?size=640x480&scene=static'];
const motion = ['serve', 'pattern:?size=640x480&fps=30&scene=motion'];

test('viewers: the newest controller has the input, the other watches and can take it back', async (t) => {
  const server = await oriel(t, still);
  const first = await openDesktop(t, server);
  const second = await openDesktop(t, server);
  await until(async () => (await pageStats(first)).role === 'viewer', 5000, 'the first to become a viewer');
  assert.equal((await pageStats(second)).role, 'controller');
  const colour = blockColour(await canvasPixels(second));
  await first.keyboard.press('KeyA');
  await second.keyboard.press('KeyA');
  await until(async () => blockColour(await canvasPixels(first)) === (colour + 1) % 6, 5000, 'both pages to show one change');
  await first.getByRole('button', { name: /take control/i }).first().click();
  await until(async () => (await pageStats(first)).role === 'controller', 5000, 'control to come back');
  await until(async () => (await pageStats(second)).role === 'viewer', 5000, 'the second to become a viewer');
});

test('viewers: one that stalls costs the other nothing', async (t) => {
  const server = await oriel(t, motion);
  const page = await openDesktop(t, server);
  await painted(page, 60);
  const rate = async () => {
    const from = await pageStats(page);
    const started = performance.now();
    await painted(page, from.painted + 60, 20_000);
    return 60_000 / (performance.now() - started);
  };
  const alone = await rate();
  const stalled = await rawViewer(t, server);
  await until(() => stalled.bytes > 1000, 5000, 'the raw viewer to receive');
  stalled.stall();
  const before = usage(server.pid).rssKiB;
  const beside = await rate();
  t.log(`painted per second: ${alone.toFixed(1)} alone, ${beside.toFixed(1)} beside a stalled viewer`);
  assert.ok(beside > alone * 0.7, `${beside} against ${alone}`);
  const state = await stats(server);
  const lagging = state.viewer.find((v) => v.id !== state.controller && v.role === 'viewer');
  assert.ok(lagging.picture_queue <= 1, 'at most one picture is queued');
  assert.ok(usage(server.pid).rssKiB - before < 8192, 'memory does not grow');
});

test('viewers: malformed, oversized and half messages close only their sender', async (t) => {
  const server = await oriel(t, motion);
  const page = await openDesktop(t, server);
  await painted(page, 10);
  const hello = Buffer.alloc(16);
  hello[0] = 0x41;
  hello.writeUInt16LE(1, 4);
  const bad = [
    (v) => v.send(Buffer.from([0xee, 0, 0, 0])), // unknown
    (v) => v.send(Buffer.from([0x43, 0, 0, 0, 4])), // too short
    (v) => v.send(Buffer.alloc(0)),
    (v) => v.send(Buffer.from([0x01, 0, 0, 0])), // the server's own
    (v) => v.socket.write(frame(Buffer.from('hello'), { opcode: 1 })), // text
    (v) => v.socket.write(frame(Buffer.alloc(40_000), { fin: false })) && v.socket.write(frame(Buffer.alloc(40_000), { opcode: 0, fin: false })), // over 64 KiB
    (v) => v.socket.write(Buffer.from([0x82, 0x05, 1, 2, 3, 4, 5])), // not masked
    (v) => v.socket.write(Buffer.from([0xf2, 0x80, 0, 0, 0, 0])), // reserved bits
  ];
  for (const [index, act] of bad.entries()) {
    const viewer = await rawViewer(t, server);
    act(viewer);
    await until(() => viewer.closed, 5000, `bad message ${index} to close its sender`);
  }
  const shown = (await pageStats(page)).painted;
  await painted(page, shown + 10);
  assert.equal((await pageStats(page)).reconnects, 0);
});

test('viewers: a handshake cut at every byte leaves nothing behind', async (t) => {
  const server = await oriel(t, still);
  const request = upgradeRequest(server);
  const before = usage(server.pid);
  // Every other cut says goodbye (FIN) and waits for the server to close; the rest just vanish (RST).
  const cut = (at) => new Promise((resolve, reject) => {
    const socket = createConnection({ host: '127.0.0.1', port: server.port }, () => {
      if (at % 2) socket.end(request.slice(0, at));
      else socket.write(request.slice(0, at), () => socket.resetAndDestroy());
    });
    socket.on('data', () => {});
    socket.on('close', resolve);
    socket.on('error', resolve);
    socket.setTimeout(12_000, () => reject(new Error(`cut at ${at}: not closed`)));
  });
  const batch = 32; // below the limit of connections of one address
  for (let from = 1; from < request.length; from += batch) {
    await Promise.all(Array.from({ length: Math.min(batch, request.length - from) }, (_, i) => cut(from + i)));
  }
  await until(() => usage(server.pid).fds <= before.fds + 1, 8000, 'file descriptors to be closed');
  const page = await openDesktop(t, server);
  assert.equal((await pageStats(page)).state, 'running');
}, { timeoutMs: 120_000 });
