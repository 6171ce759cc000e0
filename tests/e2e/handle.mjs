// SPDX-License-Identifier: MIT
//
// The toolbar's handle in a real browser: dragged to every edge, hidden, found again, kept over a reload; what the lamp
// shows of each state without its colours; the choice of speaker and microphone.
import assert from 'node:assert/strict';
import { test, until } from './lib/runner.mjs';
import { oriel } from './lib/process.mjs';
import { openDesktop, pageStats, painted } from './lib/browser.mjs';
import { openWithMicrophone } from './lib/microphone.mjs';

const still = ['serve', 'pattern:?size=1280x720&scene=static'];
const bar = (page) => page.evaluate(() => document.documentElement.dataset.bar);
const box = (page, id) => page.evaluate((name) => document.getElementById(name).getBoundingClientRect().toJSON(), id);

async function drag(page, id, x, y) {
  const { left, top, width, height } = await box(page, id);
  await page.mouse.move(left + width / 2, top + height / 2);
  await page.mouse.down();
  await page.mouse.move(640, 360);
  await page.mouse.move(x, y);
  await page.mouse.up();
}

/** How far something is from each edge of the window. */
const distances = ({ left, top, right, bottom }) => ({ top, left, right: 1280 - right, bottom: 720 - bottom });

test('handle: goes to every edge, the bar and its panels with it, and stays there over a reload', async (t) => {
  const server = await oriel(t, still);
  const page = await openDesktop(t, server);
  await page.emulateMedia({ reducedMotion: 'reduce' }); // what is measured is where things end
  await page.locator('#handle').waitFor({ state: 'attached' });
  await page.mouse.move(640, 360);
  await until(async () => (await bar(page)) === 'hidden', 5000, 'the bar to hide');
  const passed = await page.evaluate(async () => {
    const handle = document.getElementById('handle');
    for (const name of ['pointerenter', 'pointerleave'])
      handle.dispatchEvent(new PointerEvent(name, { pointerType: 'mouse' }));
    await new Promise((resolve) => setTimeout(resolve, 500));
    return document.documentElement.dataset.bar;
  });
  assert.equal(passed, 'hidden', 'a pointer that only passes opens nothing');
  // A mouse that comes too slowly for a drag has opened the bar by resting there.
  await until(async () => {
    if ((await bar(page)) === 'hidden') await drag(page, 'handle', 1275, 200);
    await page.mouse.move(640, 360);
    return distances(await box(page, 'handle')).right === 0;
  }, 15_000, 'the handle at the right edge');
  for (const [edge, x, y] of [['bottom', 900, 716], ['left', 3, 500], ['top', 300, 2], ['left', 3, 200]]) {
    await page.evaluate(() => document.getElementById('handle').click());
    await drag(page, 'open-toolbar', x, y);
    const far = distances(await box(page, 'handle'));
    assert.equal(far[edge], 0, `the handle at the ${edge} edge: ${JSON.stringify(far)}`);
    const { left, top, right, bottom } = await box(page, 'bar');
    assert.ok(left >= 0 && top >= 0 && right <= 1280 && bottom <= 720, `the bar at the ${edge} edge`);
    assert.equal(await page.locator('.panel:visible').count(), 0, 'a drag is no click');
  }
  await page.locator('#open-sound').click();
  assert.ok((await box(page, 'panel-sound')).left >= (await box(page, 'bar')).right, 'a panel opens beside the bar');
  const before = await box(page, 'handle');
  await page.reload();
  await painted(page);
  await page.locator('#handle').waitFor({ state: 'attached' });
  const after = await box(page, 'handle');
  assert.ok(after.left === 0 && Math.abs(after.top - before.top) < 1, JSON.stringify(after));

  // By keys: the shortcut, the last button of the bar, its panel.
  await page.locator('#screen').focus();
  await page.keyboard.press('Control+Alt+Shift+KeyM');
  for (const key of ['End', 'Enter', 'ArrowUp']) await page.keyboard.press(key);
  assert.equal(distances(await box(page, 'handle')).bottom, 0, 'the radio before "Left" is "Bottom"');
  await page.locator('#hide-handle').focus();
  await page.keyboard.press('Space');
  await page.locator('.toast', { hasText: 'Ctrl+Alt+Shift+M' }).waitFor({ timeout: 3000 });
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.reload();
  await painted(page);
  await page.locator('#handle').waitFor({ state: 'attached' });
  await until(async () => (await bar(page)) === 'hidden', 5000, 'the bar to hide');
  assert.ok(!(await page.locator('#handle').isVisible()), 'hidden over a reload');
  await page.locator('#screen').focus();
  await page.keyboard.press('Control+Alt+Shift+KeyM');
  assert.equal(await bar(page), 'shown');
  await page.locator('#open-toolbar').click();
  await page.locator('#hide-handle').uncheck();
  await page.mouse.click(640, 360);
  await until(() => page.locator('#handle').isVisible(), 3000, 'the handle');
  assert.deepEqual(page.faults, []);
});

test('lamp: running, waiting, ended and paused differ in shape, not in colour alone', async (t) => {
  const server = await oriel(t, still);
  const page = await openDesktop(t, server);
  await page.locator('#lamp').waitFor({ state: 'attached' });
  const shapes = await page.evaluate(() => ['running', 'waiting', 'lost', 'paused'].map((state) => {
    document.documentElement.dataset.state = state;
    const style = getComputedStyle(document.getElementById('lamp'));
    const full = !/, 0\)$|transparent/.test(style.backgroundColor);
    return [style.borderRadius, style.borderWidth, full, style.boxShadow !== 'none'].join();
  }));
  assert.equal(new Set(shapes).size, shapes.length, shapes.join(' | '));
});

test('devices: speaker and microphone are chosen by name, used, and kept over a reload', async (t) => {
  const server = await oriel(t, still);
  const page = await openWithMicrophone(t, server);
  await page.evaluate(() => document.getElementById('handle').click());
  await page.locator('#open-sound').click();
  const menu = page.locator('#speaker');
  if (await menu.locator('option[value="?"]').count()) await menu.selectOption('?');
  await until(
    async () => (await menu.locator('option').count()) > 1 && !(await menu.locator('option[value="?"]').count()),
    5000,
    'names of speakers',
  );
  const options = await menu.locator('option').evaluateAll((all) => all.map(({ value }) => value));
  await menu.selectOption(options[1]);
  const sink = () => page.evaluate(() => [window.heard?.context.sinkId, window.oriel.stats().audio?.speaker]);
  await until(async () => (await sink()).every((id) => id === options[1]), 5000, 'sound at the chosen speaker');
  await page.locator('#open-microphone').click();
  const device = await page.locator('#microphone-device option').evaluateAll((all) => all.at(-1).value);
  await page.locator('#microphone-device').selectOption(device);
  await page.locator('#microphone-open').check();
  await until(async () => (await pageStats(page)).microphone.state === 'talking', 5000, 'the microphone');
  assert.equal(await page.evaluate(() => window.captured.getAudioTracks()[0].getSettings().deviceId), device);
  const signs = await page.evaluate(() => [getComputedStyle(document.querySelector('#handle .icon')).display,
    document.getElementById('handle').getAttribute('aria-label'), document.getElementById('talk-text').textContent]);
  assert.deepEqual(
    signs,
    ['block', 'Show controls; the microphone is on', 'Talking, it stays open'],
    'not by colour alone',
  );
  await page.reload();
  await painted(page);
  await until(async () => (await sink()).every((id) => id === options[1]), 10_000, 'the speaker after a reload');
  assert.deepEqual(page.faults, []);
});
