// SPDX-License-Identifier: MIT
//
// The clipboard between Chromium and a guest, whose end is here a socket that speaks as oriel-agent does (u32
// big-endian length, UTF-8).
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test, until } from './lib/runner.mjs';
import { oriel, temporary } from './lib/process.mjs';
import { openDesktop } from './lib/browser.mjs';

/** A guest's end at a UNIX socket; `texts`: what it was given. */
async function guestAt(t, path) {
  const socket = connect(path);
  t.after(() => socket.destroy());
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const texts = [];
  let bytes = Buffer.alloc(0);
  socket.on('data', (data) => {
    bytes = Buffer.concat([bytes, data]);
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
      const size = bytes.readUInt32BE(0);
      texts.push(bytes.subarray(4, 4 + size).toString());
      bytes = bytes.subarray(4 + size);
    }
  });
  const copy = (text) => {
    const body = Buffer.from(text);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(body.length);
    socket.write(Buffer.concat([head, body]));
  };
  return { texts, copy };
}

async function serve(t, way) {
  const path = join(temporary(t), 'clipboard.sock');
  const server = await oriel(t, ['serve', 'pattern:', '--clipboard', way, '--clipboard-listen', `unix://${path}`]);
  return { server, guest: await guestAt(t, path) };
}

async function open(t, server) {
  const page = await openDesktop(t, server);
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.waitForSelector('#paste', { state: 'attached' });
  await page.bringToFront();
  await page.focus('#screen');
  return page;
}

const ready = (page) => page.waitForFunction(() => !document.getElementById('paste').disabled);
const local = (page) => page.evaluate(() => navigator.clipboard.readText());
const setLocal = (page, text) => page.evaluate((words) => navigator.clipboard.writeText(words), text);

async function paste(page, guest, text) {
  await setLocal(page, text);
  const before = guest.texts.length;
  await page.keyboard.press('Control+V');
  await until(() => guest.texts.length > before, 10_000, 'the text in the guest');
  assert.equal(guest.texts.at(-1), text);
}

const has = (page, text) => until(async () => (await local(page)) === text, 10_000, 'the text in the clipboard');

test('clipboard_goes_both_ways_with_the_controls', async (t) => {
  const { server, guest } = await serve(t, 'both');
  const page = await open(t, server);
  await ready(page);
  await paste(page, guest, 'Grüße von außen');
  guest.copy('Grüße von innen');
  await has(page, 'Grüße von innen');
  // What just came from the guest is there already.
  const before = guest.texts.length;
  await page.keyboard.press('Control+V');
  await paste(page, guest, 'x'.repeat(1024 * 1024));
  assert.equal(guest.texts.length, before + 1);
  const large = 'ö'.repeat(512 * 1024);
  guest.copy(large);
  await has(page, large);
  // What was given comes back, as a clipboard manager has it: the user's clipboard keeps what it has.
  await paste(page, guest, 'there and back');
  await setLocal(page, 'something else');
  guest.copy('there and back');
  guest.copy('the next');
  await has(page, 'the next');
  // Another viewer, of another browser, takes the controls, and is told nothing of before.
  const other = await open(t, server);
  await other.waitForFunction(() => document.documentElement.dataset.role === 'viewer');
  await other.evaluate(() => document.getElementById('control-act').click());
  await page.waitForSelector('#consent', { state: 'visible' });
  await page.click('#consent-yes');
  await other.waitForFunction(() => document.documentElement.dataset.role === 'controller');
  assert.equal(await other.evaluate(() => document.getElementById('copy-guest').disabled), true);
  assert.equal(await page.evaluate(() => document.getElementById('paste').disabled), true);
  await other.bringToFront();
  await other.focus('#screen');
  guest.copy('for the second');
  await has(other, 'for the second');
  assert.equal(await page.evaluate(() => document.getElementById('copy-guest').disabled), true);
  assert.deepEqual([...page.faults, ...other.faults], []);
});

test('clipboard_goes_only_the_way_it_may', async (t) => {
  const { server, guest } = await serve(t, 'to-guest');
  const page = await open(t, server);
  await ready(page);
  await paste(page, guest, 'in');
  guest.copy('stays inside');
  await paste(page, guest, 'in again');
  assert.equal(await local(page), 'in again');
  assert.equal(await page.evaluate(() => document.getElementById('copy-guest').disabled), true);
});
