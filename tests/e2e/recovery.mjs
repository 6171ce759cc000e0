// SPDX-License-Identifier: MIT
//
// What breaks comes back: server restarts, hidden tabs, pictures that are not painted, fifty reconnects.
import assert from 'node:assert/strict';
import { test, until } from './lib/runner.mjs';
import { oriel, stats, usage } from './lib/process.mjs';
import { openDesktop, pageStats, painted } from './lib/browser.mjs';

const motion = ['serve', 'pattern:?size=640x480&fps=30&scene=motion'];

test('recovery: server killed and started again, the page reconnects by itself', async (t) => {
  const env = { ORIEL_TOKEN: 'a-token-for-this-test-only' };
  const server = await oriel(t, motion, { env });
  const page = await openDesktop(t, server);
  await server.stop('SIGKILL');
  await until(async () => (await pageStats(page)).state !== 'running', 5000, 'the page to notice');
  await oriel(t, motion, { env: { ...env, ORIEL_LISTEN: `127.0.0.1:${server.port}` } });
  await until(async () => (await pageStats(page)).state === 'running', 15_000, 'the page to come back');
  const shown = (await pageStats(page)).painted;
  await painted(page, shown + 5);
  assert.ok((await pageStats(page)).reconnects >= 1);
});

test('recovery: a hidden tab gets no pictures; shown again it has the current one', async (t) => {
  const server = await oriel(t, motion);
  const page = await openDesktop(t, server);
  await painted(page, 10);
  const setHidden = (hidden) => page.evaluate((value) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => value });
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      get: () => (value ? 'hidden' : 'visible'),
    });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await setHidden(true);
  await until(async () => (await stats(server)).viewer[0].pictures === false, 5000, 'pictures to be unwanted');
  const hidden = await stats(server);
  const from = performance.now();
  await until(() => performance.now() - from > 1000, 2000, 'a second');
  assert.ok((await stats(server)).pictures_video - hidden.pictures_video <= 1, 'encoding went on for a hidden tab');
  const shown = (await pageStats(page)).painted;
  await setHidden(false);
  await painted(page, shown + 10, 5000);
});

test('recovery: pictures that arrive but are not painted are noticed and repaired', async (t) => {
  const server = await oriel(t, motion);
  const page = await openDesktop(t, server);
  await painted(page, 10);
  // The canvas' context stops drawing, as a lost GPU context does; a new canvas draws again.
  await page.evaluate(() => {
    const broken = document.getElementById('screen').getContext('2d');
    broken.drawImage = () => {};
    broken.putImageData = () => {};
    broken.isContextLost = () => true;
    document.getElementById('screen').dispatchEvent(new Event('contextlost'));
  });
  await until(async () => (await pageStats(page)).recoveries > 0, 10_000, 'a recovery');
  const shown = (await pageStats(page)).painted;
  await painted(page, shown + 10, 10_000);
});

test('recovery: fifty reconnects leave memory, files and threads as they were', async (t) => {
  const server = await oriel(t, motion);
  const page = await openDesktop(t, server);
  const once = async () => {
    await page.reload();
    await painted(page, 2);
  };
  for (let warm = 0; warm < 5; warm++) await once();
  const before = usage(server.pid);
  for (let round = 0; round < 50; round++) await once();
  const after = usage(server.pid);
  t.log(`before ${JSON.stringify(before)}, after ${JSON.stringify(after)}`);
  assert.ok(after.rssKiB - before.rssKiB < 4096, 'memory grew');
  assert.ok(after.fds <= before.fds + 2, 'file descriptors grew');
  assert.equal(after.threads, before.threads);
  assert.equal((await stats(server)).viewers, 1);
}, { timeoutMs: 180_000 });
