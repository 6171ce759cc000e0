// SPDX-License-Identifier: MIT
//
// Firefox ESR, over WebDriver BiDi: as it comes, without the library that decodes H.264 for it, and without a
// decoder.
import assert from 'node:assert/strict';
import { PNG } from 'pngjs';
import puppeteer from 'puppeteer-core';
import { test, until } from './lib/runner.mjs';
import { api, oriel, stats } from './lib/process.mjs';
import { canvasPixels, pageStats, painted } from './lib/browser.mjs';
import { psnr } from './lib/card.mjs';
import { blockBecomes } from './pattern.mjs';

/** A Firefox of its own with a page of 640 x 480. */
async function firefox(t, preferences = {}) {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    headless: true,
    defaultViewport: { width: 640, height: 480 },
    extraPrefsFirefox: { 'media.gmp-manager.updateEnabled': false, ...preferences },
  });
  t.after(() => browser.close());
  return browser.newPage();
}

/** Waits until the page shows what the server's snapshot shows, to at least so many dB. */
async function shows(page, server, db) {
  await until(async () => {
    const shot = PNG.sync.read(Buffer.from(await (await api(server, '/snapshot.png')).arrayBuffer()));
    const now = await canvasPixels(page);
    return now.width === shot.width && now.height === shot.height && psnr(now, shot) >= db;
  }, 10_000, `a picture of ${db} dB`);
}

test('firefox: shows the desktop and types', async (t) => {
  const server = await oriel(t, ['serve', 'pattern:?size=640x480&scene=static']);
  const page = await firefox(t);
  await page.goto(server.url);
  await painted(page, 1, 30_000);
  await shows(page, server, 40);
  await page.keyboard.press('a');
  await blockBecomes(page, 1);
  t.log(`takes ${(await pageStats(page)).codecs}`);
}, { timeoutMs: 90_000 });

test('firefox: without H.264 the picture comes as VP8 and tiles, and ends exact', async (t) => {
  const server = await oriel(t, ['serve', 'pattern:?size=640x480&scene=static']);
  const page = await firefox(t, { 'media.ffmpeg.enabled': false, 'media.gmp-gmpopenh264.enabled': false });
  await page.goto(server.url);
  await painted(page, 1, 30_000);
  const { counts, codecs } = await pageStats(page);
  assert.equal(codecs.includes('H.264'), false, codecs);
  assert.match(codecs, /VP8, tiles/);
  assert.ok(counts.video >= 1, JSON.stringify(counts));
  await shows(page, server, Infinity);
  await page.keyboard.press('a');
  await blockBecomes(page, 1);
  assert.ok((await pageStats(page)).counts.tiles > counts.tiles, 'a key press comes as tiles');
}, { timeoutMs: 90_000 });

test('firefox: without a video decoder tiles alone carry the picture', async (t) => {
  const server = await oriel(t, ['serve', 'pattern:?size=640x480&scene=static']);
  const page = await firefox(t, { 'dom.media.webcodecs.enabled': false });
  await page.goto(server.url);
  await painted(page, 1, 30_000);
  const { counts, codecs } = await pageStats(page);
  assert.ok(!codecs.includes('H.264'), codecs);
  assert.equal(counts.video, 0);
  await shows(page, server, Infinity);
  await page.keyboard.press('a');
  await blockBecomes(page, 1);
  await page.mouse.click(200, 150);
  await until(async () => (await stats(server)).input_events >= 4, 3000, 'a click');
  assert.ok((await stats(server)).pictures_video <= 1, 'at most the one that is made ahead while a page logs in');
}, { timeoutMs: 90_000 });
