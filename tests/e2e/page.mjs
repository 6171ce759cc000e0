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
  const [opener, panel] = await page.evaluate(() => ['open-keyboard', 'panel-keyboard']
    .map((id) => document.getElementById(id).getBoundingClientRect().toJSON()));
  assert.ok(panel.left < opener.left && panel.right > opener.right, 'a panel opens under its button');
  await page.mouse.move(opener.x + 10, 2); // rests in the gap above the bar
  assert.ok(await page.evaluate(() => document.getElementById('bar').matches(':hover')), 'the edge belongs to the bar');
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
  // What a click chose to type into keeps the focus.
  await page.locator('#control').click();
  await page.locator('#viewer-name').click();
  await page.keyboard.type('Zoe');
  assert.equal(await page.locator('#viewer-name').inputValue(), 'Zoe');
  await page.locator('#open-size').click();
  await page.locator('#scale').selectOption('custom');
  await page.locator('#scale-custom').click();
  assert.equal(await inPanel(page), 'panel-size');
  await page.locator('#open-keyboard').click();
  await page.locator('#open-typing').click();
  assert.equal(await inPanel(page), 'typing');
  await page.mouse.click(640, 360);
  await page.evaluate(() => document.getElementById('handle').focus());
  assert.equal(await inPanel(page), 'control', 'the handle leads into the bar, which takes its place');
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

test('loading: the interface comes although its file did not at first', async (t) => {
  const server = await oriel(t, still);
  let asked = 0;
  const page = await openDesktop(t, server, {
    prepare: (fresh) => fresh.route('**/rest.js', (route) => (asked++ ? route.continue() : route.abort())),
  });
  await page.locator('#handle').waitFor({ state: 'attached', timeout: 10_000 });
  await page.keyboard.press('KeyA');
  await blockBecomes(page, 1);
});

/** Least contrast of any text shown now, with where it is; what is disabled may be pale (WCAG 1.4.3). */
function leastContrast() {
  const parse = (text) => {
    const canvas = (window.probe ??= new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true }));
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, under) => top.slice(0, 3).map((part, i) => part * top[3] + under[i] * (1 - top[3]));
  const light = (rgb) => rgb.map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.unshift(parse(getComputedStyle(at).backgroundColor));
    return layers.reduce((under, layer) => over(layer, under), parse(getComputedStyle(document.body).backgroundColor));
  };
  let least = { ratio: 21, where: '' };
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    const pale = element.closest(':disabled, label:has(:disabled)');
    if (!own || pale || !element.checkVisibility({ visibilityProperty: true })) continue;
    const back = behind(element);
    const [a, b] = [light(over(parse(getComputedStyle(element).color), back)), light(back)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < least.ratio)
      least = { ratio, where: `${element.tagName}#${element.id} "${element.textContent.trim().slice(0, 30)}"` };
  }
  return least;
}

test('contrast: text of every state is at least 4.5 to 1 in both themes', async (t) => {
  const server = await oriel(t, still);
  const page = await openDesktop(t, server);
  await page.locator('#handle').waitFor({ state: 'attached' });
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' }); // colours do not fade
    const check = async (what) => {
      const { ratio, where } = await page.evaluate(leastContrast);
      assert.ok(ratio >= 4.5, `${colorScheme}, ${what}: ${ratio.toFixed(2)} at ${where}`);
    };
    const states = ['connecting', 'waiting', 'running', 'dark', 'unshown', 'paused', 'gone', 'lost', 'refused',
      'login'];
    for (const state of states) {
      await page.evaluate((name) => { document.documentElement.dataset.state = name; }, state);
      await check(state);
    }
    await page.evaluate(() => { document.documentElement.dataset.state = 'running'; });
    for (const name of ['keyboard', 'size', 'sound', 'microphone', 'power']) {
      await page.evaluate((id) => {
        for (const panel of document.querySelectorAll('.panel')) panel.hidden = panel.id !== `panel-${id}`;
        document.documentElement.dataset.bar = 'shown';
      }, name);
      await check(`panel ${name}`);
      for (const item of await page.locator('.panel:visible button:enabled').all()) {
        await item.hover();
        await check(`${name}, hovered ${await item.textContent()}`);
      }
    }
    await page.evaluate(() => {
      for (const panel of document.querySelectorAll('.panel')) panel.hidden = panel.id !== 'panel-microphone';
      for (const item of document.querySelectorAll('#talk, .tool')) item.setAttribute('aria-pressed', 'true');
      document.getElementById('talk').disabled = false;
      for (const chip of document.querySelectorAll('.chip')) chip.hidden = false;
    });
    await check('everything pressed');
    await page.locator('#talk').hover();
    await check('talking, hovered');
    await page.evaluate(() => {
      for (const panel of document.querySelectorAll('.panel')) panel.hidden = true;
      for (const chip of document.querySelectorAll('.chip')) chip.hidden = true; // some lie over the row
      if (document.getElementById('key-row').hidden) document.getElementById('show-key-row').click();
    });
    await pressRow(page, check);
    for (const id of ['text-dialog', 'confirm']) {
      await page.evaluate((name) => document.getElementById(name).showModal(), id);
      await check(id);
      await page.evaluate((name) => document.getElementById(name).close(), id);
    }
  }
}, { timeoutMs: 120_000 });

/** Every key of the row as a mouse presses it; modifiers held for one key, held until they are let go, and up again. */
async function pressRow(page, check) {
  const row = page.locator('#key-row');
  if (!(await row.locator('.keys-more').isVisible())) await row.getByRole('button', { name: 'Function keys' }).click();
  await check('row of keys');
  for (const key of await row.getByRole('button').all()) {
    const name = await key.getAttribute('aria-label');
    if (/^(Close|Function|On-screen)/.test(name)) continue;
    const sticky = (await key.getAttribute('aria-pressed')) !== null;
    for (const hold of sticky ? ['once', 'locked', 'up'] : ['']) {
      await key.hover();
      await page.mouse.down();
      await check(`${name} pressed ${hold}`);
      await page.mouse.up();
      if (sticky) assert.equal(await key.getAttribute('data-hold'), hold);
      await check(`${name} hovered ${hold}`);
    }
  }
}
