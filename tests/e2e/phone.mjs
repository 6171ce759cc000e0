// SPDX-License-Identifier: MIT
//
// The page on a phone: fingers that zoom, move the view, point and click; the row of keys; what fits beside a wrapped
// bar.
import assert from 'node:assert/strict';
import { test, until } from './lib/runner.mjs';
import { oriel } from './lib/process.mjs';
import { openDesktop, pageStats, pixelPosition } from './lib/browser.mjs';
import { crossAt } from './pattern.mjs';

const phone = { size: [390, 844], scale: 3, extra: { hasTouch: true, isMobile: true } };
const card = ['serve', 'pattern:?size=1280x720&scene=static'];

/** Fingers that go from one place to another, all at once. @param {number[][]} from @param {number[][]} to */
async function swipe(client, from, to, steps = 8) {
  const points = (share) =>
    from.map(([x, y], id) => ({ id, x: x + (to[id][0] - x) * share, y: y + (to[id][1] - y) * share }));
  await client.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: points(0) });
  for (let step = 1; step <= steps; step++) {
    await client.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: points(step / steps) });
  }
  await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}

const box = (page) => page.evaluate(() => document.getElementById('screen').getBoundingClientRect().toJSON());
const focused = (page) => page.evaluate(() => document.activeElement?.id);

/** A desktop larger than the phone, in its page, with what the page sends. */
async function openPhone(t, options = phone) {
  const server = await oriel(t, card);
  const sent = [];
  const page = await openDesktop(t, server, {
    ...options,
    prepare: async (fresh) => {
      await fresh.addInitScript(() => { localStorage.setItem('oriel.size', '"keep"'); });
      fresh.on('websocket', (socket) => socket.on('framesent', ({ payload }) => sent.push(Buffer.from(payload))));
    },
  });
  await page.locator('#key-row').waitFor({ state: 'attached' });
  await until(async () => (await pageStats(page)).width === 1280, 5000, 'the desktop\'s own size');
  await page.locator('#handle').tap({ trial: true }); // the bar has gone, where it lay the handle takes a tap
  return { page, sent, client: await page.context().newCDPSession(page) };
}

test('fingers: a pinch zooms, two fingers move the view, and a tap hits the pixel under it', async (t) => {
  const { page, client } = await openPhone(t);
  const whole = await box(page);
  assert.ok(Math.abs(whole.width - 390) < 1, JSON.stringify(whole));
  const held = await page.evaluate(([x, y]) => {
    const { left, top, width, height } = document.getElementById('screen').getBoundingClientRect();
    return [(x - left) / width, (y - top) / height];
  }, [100, 422]);
  await swipe(client, [[80, 422], [120, 422]], [[20, 422], [180, 422]]);
  const zoomed = await box(page);
  assert.ok(zoomed.width > 2.5 * whole.width && zoomed.width < 4.5 * whole.width, JSON.stringify(zoomed));
  const x = zoomed.left + held[0] * zoomed.width;
  assert.ok(Math.abs(x - 100) < 12, `what was under the fingers is at ${x}`);
  await swipe(client, [[300, 400], [340, 400]], [[180, 400], [220, 400]]);
  const panned = await box(page);
  assert.ok(zoomed.left - panned.left > 90 && panned.width === zoomed.width, JSON.stringify(panned));
  for (const [px, py] of [[640, 400], [555, 333]]) {
    const at = await pixelPosition(page, px, py);
    assert.ok(at.x > 0 && at.x < 390 && at.y > 0 && at.y < 844, JSON.stringify(at));
    await page.touchscreen.tap(at.x, at.y);
    await crossAt(page, px, py);
  }
  await swipe(client, [[20, 422], [180, 422]], [[98, 422], [102, 422]]);
  assert.deepEqual(await box(page), whole, 'all of it again');
  assert.deepEqual(page.faults, []);
});

test('fingers: on a trackpad the finger moves the pointer, and a tap clicks where that is', async (t) => {
  const { page, client } = await openPhone(t);
  await page.evaluate(() => document.getElementById('trackpad').click());
  await swipe(client, [[200, 700]], [[202, 656]]);
  await page.locator('#cursor').waitFor({ state: 'visible', timeout: 5000 });
  const before = await box(page);
  await page.touchscreen.tap(60, 760);
  // The first step only says that the finger moves; the pointer goes half as far again, from the middle up.
  await crossAt(page, Math.floor(640 + (3 * 1280) / before.width), Math.floor(360 - (66 * 1280) / before.width));
});

test('fingers: Ctrl+C by the row of keys and the phone\'s keyboard, which a tap leaves open', async (t) => {
  const { page, sent } = await openPhone(t);
  await page.touchscreen.tap(195, 6); // the handle
  await page.locator('#open-keyboard').tap();
  await page.locator('#open-typing').tap();
  assert.ok(await page.locator('#key-row').isVisible());
  assert.equal(await focused(page), 'typing');
  await page.touchscreen.tap(200, 300);
  assert.equal(await focused(page), 'typing', 'a tap on the desktop closed the keyboard');
  const key = (name) => page.locator('#key-row').getByRole('button', { name, exact: true });
  sent.length = 0;
  await key('Ctrl').tap();
  assert.equal(await focused(page), 'typing', 'a key of the row closed the keyboard');
  assert.equal(await key('Ctrl').getAttribute('aria-pressed'), 'true');
  await page.keyboard.insertText('c');
  await until(
    async () => (await key('Ctrl').getAttribute('aria-pressed')) === 'false',
    3000,
    'Ctrl to go up by itself',
  );
  const keys = sent.filter(([type]) => type === 0x43 || type === 0x51) // KEY and TYPE of wire/viewer.h
    .map((bytes) => (bytes[0] === 0x43 ? bytes : bytes.subarray(4)).subarray(4).toString('hex')).join(' ');
  assert.equal(keys, 'e00001 060001060000 e00000', 'Control goes down, C is typed, Control goes up');
  await page.locator('#key-row').getByRole('button', { name: 'Function keys' }).tap();
  await key('F5').tap();
  const height = await page.evaluate(() => document.getElementById('key-row').offsetHeight);
  assert.ok(height > 100, 'the function keys are there');
  // What lies at the bottom makes room for the row, at whatever edge the bar is, and no longer than it is there.
  const covered = () => page.evaluate(() => document.documentElement.style.getPropertyValue('--covered'));
  assert.equal(await covered(), `${height}px`);
  for (const shown of ['shown', 'hidden']) {
    const [bottom, top] = await page.evaluate((bar) => {
      Object.assign(document.documentElement.dataset, { edge: 'bottom', bar });
      return [document.getElementById('bottom').getBoundingClientRect().bottom,
        document.getElementById('key-row').getBoundingClientRect().top];
    }, shown);
    assert.ok(bottom <= top, `bar ${shown}: chips end at ${bottom}, the row begins at ${top}`);
  }
  await page.evaluate(() => { document.documentElement.dataset.state = 'lost'; });
  await until(async () => (await covered()) === '0px', 3000, 'the place of the row, which goes with the picture');
});

/** What can be pressed now and is smaller than a finger; the handle, which lies over the guest, is. */
function smallTargets() {
  return [...document.querySelectorAll('button, select, input, textarea')]
    .filter((item) => item.checkVisibility({ visibilityProperty: true }) && !['typing', 'handle'].includes(item.id))
    .map((item) => [item, (/checkbox|radio/.test(item.type) && item.closest('label')) || item])
    .map(([item, target]) => ({ name: item.id || item.textContent, box: target.getBoundingClientRect() }))
    .filter(({ box }) => box.width < 43.9 || box.height < 43.9)
    .map(({ name, box }) => `${name} ${box.width} x ${box.height}`);
}

test('fingers: what can be pressed is 44 pixels wide and high, at any edge', async (t) => {
  const { page } = await openPhone(t);
  await page.emulateMedia({ reducedMotion: 'reduce' });
  for (const edge of ['top', 'left']) {
    for (const panel of ['control', 'keyboard', 'size', 'sound', 'microphone', 'power', 'toolbar', 'none']) {
      await page.evaluate(([name, place]) => {
        Object.assign(document.documentElement.dataset, { edge: place, bar: 'shown' });
        for (const one of document.querySelectorAll('.panel')) one.hidden = one.id !== `panel-${name}`;
        for (const id of ['share-link', 'scale-custom']) document.getElementById(id).hidden = false;
        for (const chip of document.querySelectorAll('.chip, #chip-control')) chip.hidden = name !== 'none';
      }, [panel, edge]);
      assert.deepEqual(await page.evaluate(smallTargets), [], `${edge}, ${panel}`);
    }
  }
  await page.evaluate(() => document.getElementById('text-dialog').showModal());
  const fonts = await page.evaluate(() =>
    [...document.querySelectorAll('select, textarea, input:not([type=range], [hidden])')]
      .filter(({ type }) => !/checkbox|radio/.test(type))
      .map((field) => [field.id, parseFloat(getComputedStyle(field).fontSize)]),
  );
  assert.deepEqual(fonts.filter(([, size]) => size < 16), [], 'iOS would zoom the page');
  assert.deepEqual(await page.evaluate(smallTargets), [], 'the text dialog');
  await page.evaluate(() => {
    document.getElementById('text-dialog').close();
    document.documentElement.dataset.state = 'login';
    document.getElementById('login').hidden = false;
  });
  assert.deepEqual(await page.evaluate(smallTargets), [], 'the log-in');
});

test('fingers: statistics and panels lie below the bar, however it wraps', async (t) => {
  const { page } = await openPhone(t, { ...phone, size: [320, 568] });
  await page.evaluate(() => {
    document.documentElement.dataset.bar = 'shown';
    document.getElementById('toggle-stats').click();
    document.getElementById('open-keyboard').click();
  });
  const [bar, statistics, panel] = await page.evaluate(() => ['bar', 'stats', 'panel-keyboard']
    .map((id) => document.getElementById(id).getBoundingClientRect().toJSON()));
  assert.ok(bar.height > 80, 'the bar wraps');
  assert.ok(statistics.top >= bar.bottom && panel.top >= bar.bottom, JSON.stringify([bar, statistics, panel]));
  assert.ok(panel.bottom <= 568 && panel.right <= 320, JSON.stringify(panel));
});
