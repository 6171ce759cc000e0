// SPDX-License-Identifier: MIT
//
// Chromium as a WHEP client that has the controls: keys, pointer and wheel by the data channel `input`, beside a page.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { test, until } from './lib/runner.mjs';
import { api, oriel, stats, temporary } from './lib/process.mjs';
import { openDesktop, pageStats } from './lib/browser.mjs';
import { blockColour } from './lib/card.mjs';
import { guestAt } from './lib/clipboard-end.mjs';
import { channelIs, decoded, play, say } from './lib/whep.mjs';

const serve = ['serve', 'pattern:?size=640x480&scene=static', '--control', 'newest'];

async function snapshot(server) {
  return PNG.sync.read(Buffer.from(await (await api(server, '/snapshot.png')).arrayBuffer()));
}

function blockBecomes(server, colour) {
  return until(async () => blockColour(await snapshot(server)) === colour, 5000, `colour ${colour} of the block`);
}

/** The test card's cross: white arms around exactly this pixel. */
function crossAt(server, x, y) {
  return until(async () => {
    const image = await snapshot(server);
    const light = (dx, dy) => image.data[((y + dy) * image.width + x + dx) * 4];
    return [[0, 0], [4, 0], [-4, 0], [0, 4], [0, -4]].every(([dx, dy]) => light(dx, dy) > 180) &&
      [[3, 3], [-3, 3], [3, -3], [-3, -3]].every(([dx, dy]) => light(dx, dy) < 140);
  }, 5000, `the cross at ${x},${y}`);
}

const stroke = (code) => [{ type: 'keydown', code }, { type: 'keyup', code }];

/** A client with the channels, which has the controls. */
async function controller(t, server) {
  const client = await play(t, server, { path: '/whep', channels: ['input', 'clipboard'] });
  await decoded(client.page);
  await channelIs(client.page, 'input', 'open');
  return client.page;
}

test('whep: a client types and clicks, and what is none of this harms nothing', async (t) => {
  const server = await oriel(t, serve);
  const page = await controller(t, server);
  await say(page, 'input', ...stroke('KeyA'), ...stroke('Digit1'));
  await blockBecomes(server, 2);
  await say(page, 'input', 'hello', { type: 'mousemove', x: 'left' }, { type: 'fly' }, ...stroke('Mystery'),
    { type: 'keydown', key: 'b' }, { type: 'keyup', key: 'b' });
  await blockBecomes(server, 3);
  await say(page, 'input', { type: 'mousemove', x: 300, y: 200 }, { type: 'mousedown' }, { type: 'mouseup' });
  await crossAt(server, 300, 200);
  await say(page, 'input', { type: 'mousemove', relative: true, dx: 40.5, dy: 0.5 },
    { type: 'mousemove', relative: true, dx: 0.5, dy: 30.5 }, { type: 'wheel', dy: 50 },
    { type: 'mousedown', button: 2 }, { type: 'mouseup', button: 2 });
  await crossAt(server, 341, 231);
  await blockBecomes(server, 5);
  const { whep } = await stats(server);
  assert.deepEqual([whep.messages_malformed, whep.messages_refused], [3, 0]);
  assert.equal(server.output.match(/sent a message in its channel "input" that is left out/g)?.length, 1);
});

test('whep: the controls go to the newest, and back', async (t) => {
  const server = await oriel(t, serve);
  const page = await openDesktop(t, server);
  assert.equal((await pageStats(page)).role, 'controller');
  const client = await controller(t, server);
  await until(async () => (await pageStats(page)).role === 'viewer', 5000, 'the page to lose the controls');
  await say(client, 'input', ...stroke('KeyA'));
  await blockBecomes(server, 1);
  await client.evaluate(() => window.channels.input.close());
  await until(async () => (await pageStats(page)).role === 'controller', 5000, 'the page to have the controls again');
  await client.evaluate(() => { window.channels.input = window.peer.createDataChannel('input'); });
  await channelIs(client, 'input', 'open');
  await until(async () => (await pageStats(page)).role === 'viewer', 5000, 'the client to have the controls again');
  await client.evaluate(() => { window.channels.other = window.peer.createDataChannel('other'); });
  await channelIs(client, 'other', 'closed');
  const watcher = await play(t, server, { path: '/whep/view', channels: ['input'] });
  await decoded(watcher.page);
  assert.equal((await pageStats(page)).role, 'viewer');
  await say(client, 'input', ...stroke('KeyB'));
  await blockBecomes(server, 2);
  assert.notEqual(await watcher.page.evaluate(() => window.channels.input.readyState), 'open');
  await say(client, 'input', ...Array(3000).fill({ type: 'mousemove', x: 1, y: 1 }));
  await until(() => /audit: left .*by=whep reason="more than 1,000 input events/.test(server.output), 5000, 'the end');
  await until(async () => (await pageStats(page)).role === 'controller', 5000, 'the page to have the controls at last');
});

test('whep: texts of clipboards go both ways', async (t) => {
  const path = join(temporary(t), 'clipboard.sock');
  const server = await oriel(t, [...serve, '--clipboard', 'both', '--clipboard-listen', `unix://${path}`]);
  const guest = await guestAt(t, path);
  const page = await controller(t, server);
  await channelIs(page, 'clipboard', 'open');
  await page.evaluate(() => {
    window.texts = [];
    window.channels.clipboard.onmessage = ({ data }) => window.texts.push(data);
  });
  const has = (text) => until(() => page.evaluate((wanted) => window.texts.at(-1) === wanted, text), 10_000, 'a text');
  const given = (text) => until(() => guest.texts.at(-1) === text, 10_000, 'the text in the guest');
  await until(async () => (await stats(server)).controller > 0, 5000, 'the controls');
  await say(page, 'clipboard', 'Grüße von außen');
  await given('Grüße von außen');
  guest.copy('Grüße von innen');
  await has('Grüße von innen');
  const large = 'ö'.repeat(100 * 1024);
  await say(page, 'clipboard', large);
  await given(large);
  const larger = 'x'.repeat(1024 * 1024);
  guest.copy(larger);
  await has(larger);
  await say(page, 'input', ...stroke('KeyA'));
  await blockBecomes(server, 1);
});
