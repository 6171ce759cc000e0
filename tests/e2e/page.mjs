// SPDX-License-Identifier: MIT
//
// The page's own controls in a real browser: focus, panels, states, contrast, phones.
import assert from 'node:assert/strict';
import { test } from './lib/runner.mjs';
import { oriel, stats } from './lib/process.mjs';
import { openDesktop } from './lib/browser.mjs';
import { blockBecomes } from './pattern.mjs';

const still = ['serve', 'pattern:?size=1280x720&scene=static'];

/** Opens the toolbar and one of its panels with the mouse. */
async function openPanel(page, name) {
  await page.locator('#handle').dispatchEvent('click');
  await page.locator(`#open-${name}`).click();
}

const inPanel = (page) =>
  page.evaluate(() => document.activeElement?.closest('.panel')?.id ?? document.activeElement?.id ?? '');

test('focus: an open panel holds it, and a click in the panel gives it back', async (t) => {
  const server = await oriel(t, still);
  const page = await openDesktop(t, server);
  await openPanel(page, 'keyboard');
  assert.equal(await inPanel(page), 'panel-keyboard', 'what was opened by mouse takes the keys, too');
  const before = (await stats(server)).input_events;
  for (let stop = 0; stop < 25; stop++) {
    await page.keyboard.press(stop < 20 ? 'Tab' : 'Shift+Tab');
    assert.equal(await inPanel(page), 'panel-keyboard', `stop ${stop}`);
  }
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press('KeyA');
  assert.equal((await stats(server)).input_events, before, 'a key reached the guest past an open panel');
  await page.locator('[data-keys="escape"]').click();
  assert.equal(await inPanel(page), 'screen');
  await page.keyboard.press('KeyA');
  await blockBecomes(page, 2);
});

test('leaving: a dropped file stays out of the tab, and closing it asks when that is wanted', async (t) => {
  const server = await oriel(t, still);
  const page = await openDesktop(t, server);
  await page.locator('#toasts').waitFor({ state: 'attached' });
  const taken = await page.evaluate(() => ['dragover', 'drop'].map((name) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(['x'], 'x.html', { type: 'text/html' }));
    return !document.getElementById('screen')
      .dispatchEvent(new DragEvent(name, { bubbles: true, cancelable: true, dataTransfer }));
  }));
  assert.deepEqual(taken, [true, true]);
  await page.locator('.toast', { hasText: 'dropped' }).waitFor({ timeout: 3000 });
  const asks = () => page.evaluate(() => !dispatchEvent(new Event('beforeunload', { cancelable: true })));
  assert.equal(await asks(), false);
  await openPanel(page, 'keyboard');
  await page.locator('#ask-closing').check();
  assert.equal(await asks(), true);
});
