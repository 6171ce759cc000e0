// SPDX-License-Identifier: MIT
//
// Several viewers of one desktop: who has the controls, a stalled one, hostile ones.
import assert from 'node:assert/strict';
import { PNG } from 'pngjs';
import { test, until } from './lib/runner.mjs';
import { oriel, stats, usage } from './lib/process.mjs';
import { canvasPixels, openDesktop, pageStats, painted } from './lib/browser.mjs';
import { frame, rawViewer, upgradeRequest } from './lib/raw-viewer.mjs';
import { blockColour, coloursIn } from './lib/card.mjs';
import { createConnection } from 'node:net';

const still = ['serve', 'pattern:?size=640x480&scene=static'];
const motion = ['serve', 'pattern:?size=640x480&fps=30&scene=motion'];

/** Moves the mouse twice a second until the case ends or the returned function is called. */
function keepMoving(t, page) {
  let x = 100;
  const timer = setInterval(() => page.mouse.move((x = 201 - x), 200).catch(() => {}), 500);
  const stop = () => clearInterval(timer);
  t.after(stop);
  return stop;
}

test('viewers: a newcomer asks for the controls; the holder keeps them, then hands them over', async (t) => {
  const server = await oriel(t, still);
  const first = await openDesktop(t, server);
  const stopFirst = keepMoving(t, first); // whoever does nothing for 10 s consents
  const second = await openDesktop(t, server);
  const asks = first.locator('#consent');
  const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
  assert.equal((await pageStats(second)).role, 'viewer');
  // The interface comes last.
  await second.locator('#watching', { hasText: 'Viewer 1 has the controls' }).waitFor({ timeout: 20_000 });
  assert.ok(!(await asks.isVisible()), 'a page that opens asks nobody');
  await second.locator('#chip-control', { hasText: 'Ask for control' }).click();
  await asks.waitFor({ timeout: 5000 });
  assert.match(await asks.innerText(), /Viewer 2 \(viewer 2\) asks/);
  const before = blockColour(await canvasPixels(first));
  await first.keyboard.press('KeyA'); // the question takes no keys
  await until(
    async () => blockColour(await canvasPixels(first)) === (before + 1) % 6,
    5000,
    'a key of the holder to count',
  );
  await press(first, 'Keep');
  await second.locator('.toast', { hasText: 'keeps the controls' }).waitFor({ timeout: 5000 });
  const refused = await second.evaluate(
    (path) => fetch(path, { method: 'POST' }).then((r) => r.status),
    '/api/v1/desktop/pause',
  );
  assert.equal(refused, 401, 'a cookie alone commands nothing');
  // Nobody presses the holder, so the next question waits; here it gives them up instead.
  await first.keyboard.press('Control+Alt+Shift+KeyM');
  await first.locator('#control').click();
  await press(first, 'Give up the controls');
  stopFirst();
  await until(async () => (await pageStats(second)).role === 'controller', 5000, 'the second to have the controls');
  keepMoving(t, second);
  await second.keyboard.press('KeyA');
  await first.locator('#chip-control', { hasText: 'Ask for control' }).click();
  await second.locator('#consent').waitFor({ timeout: 5000 });
  await press(second, 'Hand over');
  await until(async () => (await pageStats(first)).role === 'controller', 5000, 'control to come back');
  await until(async () => (await pageStats(second)).role === 'viewer', 5000, 'the second to become a viewer');
  assert.deepEqual([...first.faults, ...second.faults.filter((text) => !/401/.test(text))], []);
});

/** How many colours are seen beside the card, as the browser has put the window together. */
async function coloursOf(page) {
  await page.bringToFront();
  return coloursIn(PNG.sync.read(await page.screenshot({ clip: { x: 0, y: 0, width: 300, height: 300 } })));
}

test('viewers: a link for watching only watches; a log-out ends the session', async (t) => {
  const server = await oriel(t, still);
  const page = await openDesktop(t, server, { extra: { permissions: ['clipboard-read', 'clipboard-write'] } });
  await page.locator('#bar').waitFor({ state: 'attached' });
  await page.keyboard.press('Control+Alt+Shift+KeyM');
  const opener = page.locator('#control');
  await opener.click(); // the most prominent button: it opens, and takes nothing away
  await page.keyboard.press('Escape');
  assert.equal((await pageStats(page)).role, 'controller');
  await opener.click();
  await page.locator('#share').click();
  const link = await until(() => page.evaluate(() => navigator.clipboard.readText()), 5000, 'a copied link');
  assert.equal(link, server.viewUrl);
  const watcher = await openDesktop(t, server, { url: link });
  assert.equal((await pageStats(watcher)).role, 'viewer');
  assert.ok(!(await watcher.locator('#chip-control').isVisible()));
  await watcher.reload(); // the secret outlives it
  await painted(watcher);
  const denied = await watcher.evaluate(() => {
    const secret = Object.entries(localStorage).find(([name]) => name.startsWith('oriel.secret'))[1];
    return fetch('/api/v1/desktop/powerdown', { method: 'POST', headers: { 'Oriel-Session-Secret': secret } }).then(
      (r) => r.status,
    );
  });
  assert.equal(denied, 403);
  const tab = await page.context().newPage(); // of the same browser, with the token in its memory
  await tab.goto(server.url);
  await tab.locator('#handle').waitFor({ state: 'attached' });
  await page.bringToFront();
  await page.locator('#log-out').click();
  await page.locator('#login').waitFor({ timeout: 5000 });
  await tab.locator('#login').waitFor({ timeout: 5000 });
  assert.equal((await pageStats(page)).width, 0, 'the last picture stays in memory');
  for (const left of [page, tab]) assert.equal(await coloursOf(left), 1, 'the last picture stays readable behind the card');
  assert.equal(await page.title(), 'Oriel');
  await page.reload();
  await page.locator('#login').waitFor({ timeout: 5000 });
  // The other tab, of the same session, may have been given the controls by then.
  assert.match(server.output, /audit: log-out address=127\.0\.0\.1 role=(user|controller)/);
  assert.match(server.output, /audit: refused address=127\.0\.0\.1 role=watcher at=\/api\/v1\/desktop\/powerdown/);
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
    (v) =>
      v.socket.write(frame(Buffer.alloc(40_000), { fin: false })) &&
      v.socket.write(frame(Buffer.alloc(40_000), { opcode: 0, fin: false })), // over 64 KiB
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
