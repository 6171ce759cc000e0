// SPDX-License-Identifier: MIT
//
// Several desktops in one server, in a browser: the list, its pictures, one of them and back, and a token of one alone.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { test, until } from './lib/runner.mjs';
import { coloursIn } from './lib/card.mjs';
import { api, desktopsOf, guestArguments, oriel, serialLines, start, stats, temporary } from './lib/process.mjs';
import { openPage, pageStats, painted } from './lib/browser.mjs';

const still = (name, options = '') => `${name}=pattern:?size=640x400&scene=static${options}`;
const redToken = 'red-token-0123456789', redWatch = 'red-watch-0123456789';
const two = [`red=pattern:?size=640x400&scene=motion,token=${redToken},view-token=${redWatch}`, still('blue')];

const card = (page, name) => page.locator(`.desktop[data-name="${name}"]`);
const names = (page) => page.locator('.desktop').evaluateAll((cards) => cards.map((one) => one.dataset.name));
const listed = (page, state = 'shown') => page.locator(`html[data-list="${state}"]`).waitFor({ timeout: 10_000 });

/** The size of a card's picture, once it is there, and how many colours it has. */
async function thumbnailOf(page, name) {
  const image = card(page, name).locator('img');
  await image.waitFor({ timeout: 15_000 });
  return image.evaluate(async (element) => {
    await element.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [element.naturalWidth, element.naturalHeight];
    const context = canvas.getContext('2d');
    context.drawImage(element, 0, 0);
    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
    return { width: canvas.width, height: canvas.height, colours: new Set(new Uint32Array(data.buffer)).size };
  });
}

test('desktops: the list shows each with its picture, opens one and is come back to', async (t) => {
  const server = await oriel(t, ['serve', ...two]);
  const page = await openPage(t, { size: [1100, 700] });
  await page.goto(`${server.origin}/#token=${server.token}`);
  await listed(page);
  assert.equal(new URL(page.url()).hash, '');
  assert.deepEqual(await names(page), ['red', 'blue']);
  for (const name of ['red', 'blue']) {
    const { width, height, colours } = await thumbnailOf(page, name);
    assert.deepEqual([width, height], [384, 240]);
    assert.ok(colours > 3, `${name} shows ${colours} colours`);
  }
  await card(page, 'red').getByText('Running', { exact: true }).waitFor();
  assert.ok(await page.locator('#search').isHidden());

  // The moving one's picture is made anew while somebody looks, and no longer when nobody does.
  const first = await card(page, 'red').locator('img').getAttribute('src');
  await page.waitForFunction((old) => document.querySelector('.desktop[data-name="red"] img').src !== old, first, { timeout: 15_000 });
  const made = async () => (await stats(server, 'red')).server.thumbnails;

  await page.keyboard.press('Tab'); // "Log out" is before the list
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.closest('li')?.dataset.name), 'red');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await painted(page);
  assert.equal(new URL(page.url()).pathname, '/d/blue/');
  await page.locator('html[data-role="controller"]').waitFor({ timeout: 10_000 });
  assert.equal(await page.title(), 'blue · Oriel');
  const settled = await made();
  await new Promise((resolve) => setTimeout(resolve, 2500)); // more than a round of the list
  assert.equal(await made(), settled);
  const entry = (await desktopsOf(server)).find(({ name }) => name === 'blue');
  assert.equal(entry.viewers, 1);
  assert.match(entry.controller, /^Viewer /);

  await page.keyboard.press('Control+Alt+Shift+M');
  await page.locator('#control').click();
  await page.locator('#all-desktops').click();
  await listed(page);
  assert.equal(new URL(page.url()).pathname, '/');
  assert.deepEqual(page.faults, []);
});

test('desktops: a token of one opens that one alone', async (t) => {
  const server = await oriel(t, ['serve', ...two]);
  const page = await openPage(t, { size: [1100, 700] });
  await page.goto(`${server.origin}/`);
  await listed(page, 'login');
  await page.locator('#token').fill('not-the-token-at-all');
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByText('This token is wrong.').waitFor();
  await page.locator('#token').fill(redToken);
  await page.getByRole('button', { name: 'Open' }).click();
  await listed(page);
  assert.deepEqual(await names(page), ['red']);
  await card(page, 'red').locator('a').click();
  await painted(page);
  assert.equal(new URL(page.url()).pathname, '/d/red/');

  await page.goto(`${server.origin}/d/blue/`);
  await page.locator('html[data-state="login"]').waitFor({ timeout: 10_000 });
  await page.locator('#token').fill(redToken);
  await page.locator('#login button').click();
  await page.getByText('This token is wrong.').waitFor();
  await page.locator('#token').fill(server.token);
  await page.locator('#login button').click();
  await painted(page);
  // The server's token opens all, wherever it was given.
  await page.goto(`${server.origin}/`);
  await listed(page);
  assert.deepEqual(await names(page), ['red', 'blue']);
});

test('desktops: sessions for one and for all live side by side', async (t) => {
  const server = await oriel(t, ['serve', ...two]);
  const page = await openPage(t, { size: [1100, 700] });
  await page.goto(`${server.origin}/#token=${server.token}`);
  await listed(page);
  // A link to watch red, opened where all of them are open already.
  await page.goto(`${server.origin}/d/red/#token=${redWatch}`);
  await painted(page);
  await page.locator('html[data-role="viewer"]').waitFor({ timeout: 10_000 });
  await page.waitForFunction(() => localStorage.getItem('oriel.secret:/d/red/') !== null);
  await page.reload();
  await painted(page);
  await page.locator('html[data-role="viewer"]').waitFor({ timeout: 10_000 });
  await page.goto(`${server.origin}/d/blue/`);
  await painted(page);
  await page.locator('html[data-role="controller"]').waitFor({ timeout: 10_000 });
  // A session for red that has ended gives way to the one for all.
  await page.evaluate(() => localStorage.setItem('oriel.secret:/d/red/', 'ab'.repeat(32)));
  await page.goto(`${server.origin}/d/red/`);
  await painted(page);
});

test('desktops: one is powered down from the list by keys, with free controls, and not by who only watches', async (t) => {
  const server = await oriel(t, ['serve', ...two]);
  const page = await openPage(t, { size: [1100, 700] });
  await page.goto(`${server.origin}/#token=${server.token}`);
  await listed(page);
  // Whoever works there is not overruled.
  const holder = await openPage(t, { size: [700, 500] });
  await holder.goto(`${server.origin}/d/red/#token=${server.token}`);
  await holder.locator('html[data-role="controller"]').waitFor({ timeout: 10_000 });
  await page.getByRole('button', { name: 'Power down red' }).click();
  await page.locator('#confirm-yes').click();
  await page.locator('.toast', { hasText: 'red did not take this: this needs the controls' }).waitFor({ timeout: 10_000 });
  assert.equal((await desktopsOf(server)).find(({ name }) => name === 'red').state, 'running');
  await holder.close();
  await until(async () => (await desktopsOf(server)).find(({ name }) => name === 'red').controller === null, 10_000, 'free controls');

  const down = page.getByRole('button', { name: 'Power down red' });
  await down.focus();
  await page.keyboard.press('Enter');
  await page.getByText('It cannot be started again from here').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#confirm').waitFor({ state: 'hidden' });
  assert.ok(await down.evaluate((button) => button === document.activeElement), 'Escape leads back to the button');
  await page.keyboard.press('Enter');
  await page.locator('#confirm-yes').focus();
  await page.keyboard.press('Enter');
  await card(page, 'red').getByText('Switched off', { exact: true }).waitFor({ timeout: 10_000 });
  await down.waitFor({ state: 'hidden' });
  assert.equal(await page.evaluate(() => document.activeElement.closest('li')?.dataset.name), 'red');
  const watcher = await openPage(t, { size: [1100, 700] });
  await watcher.goto(`${server.origin}/#token=${server.viewToken}`);
  await listed(watcher);
  assert.equal(await watcher.getByRole('button', { name: /Power down/ }).count(), 0);
  assert.match(server.output, /audit: command address=127\.0\.0\.1 desktop=red role=controller command=powerdown/);
  assert.deepEqual(page.faults.filter((text) => !/403/.test(text)), []); // while another had the controls
});

test('desktops: a list that the server no longer tells of says so, and comes back', async (t) => {
  const server = await oriel(t, ['serve', ...two]);
  const page = await openPage(t, { size: [1100, 700] });
  await page.goto(`${server.origin}/#token=${server.token}`);
  await listed(page);
  await server.stop();
  await listed(page, 'lost');
  await page.getByText('The server cannot be reached').waitFor();
  assert.deepEqual(await names(page), ['red', 'blue']);
  await oriel(t, ['serve', ...two], { env: { ORIEL_LISTEN: `127.0.0.1:${server.port}`, ORIEL_TOKEN: server.token } });
  await listed(page);
  assert.ok(await page.locator('#list-lost').isHidden());
});

test('desktops: from ten on they are searched, and a log-out leaves no picture', async (t) => {
  const all = Array.from({ length: 12 }, (_, i) => still(i % 3 ? `web-${i}` : `db-${i}`));
  const server = await oriel(t, ['serve', ...all]);
  const page = await openPage(t, { size: [1100, 700] });
  await page.goto(`${server.origin}/#token=${server.token}`);
  await listed(page);
  await page.keyboard.press('/');
  await page.keyboard.type('DB');
  assert.deepEqual(await page.locator('.desktop:visible h2').allTextContents(), ['db-0', 'db-3', 'db-6', 'db-9']);
  assert.equal(await page.locator('#list-count').textContent(), '4 of 12 desktops');
  await page.keyboard.type('-nothing');
  await page.getByText('No desktop has such a name.').waitFor();
  await page.locator('#search').fill('');
  await card(page, 'web-11').scrollIntoViewIfNeeded();
  await card(page, 'web-11').locator('img').waitFor({ timeout: 15_000 });
  await page.getByRole('button', { name: 'Log out' }).click();
  await listed(page, 'login');
  assert.equal(await page.locator('.desktop').count(), 0);
  await page.reload();
  await listed(page, 'login');
  assert.deepEqual(page.faults.filter((text) => !/401/.test(text)), []);
});

test('desktops: one is removed under its viewer, who is told, and the other is not disturbed', async (t) => {
  const file = join(temporary(t), 'oriel.conf');
  const section = (name) => `[desktop ${name}]\naddress = pattern:?size=640x400&scene=motion\n`;
  writeFileSync(file, section('red') + section('blue'));
  const server = await oriel(t, ['serve', '--config', file]);
  const [red, blue] = [await openPage(t, { size: [700, 500] }), await openPage(t, { size: [700, 500] })];
  await red.goto(`${server.origin}/d/red/#token=${server.token}`);
  await blue.goto(`${server.origin}/d/blue/#token=${server.token}`);
  await painted(red);
  await painted(blue);
  writeFileSync(file, section('blue') + section('green'));
  server.child.kill('SIGHUP');
  await red.getByText('no desktop of this name is served here').waitFor({ timeout: 15_000 });
  const before = await pageStats(blue);
  await until(async () => (await pageStats(blue)).painted > before.painted + 30, 15_000, 'blue goes on');
  assert.equal((await pageStats(blue)).reconnects, 0);
  const entries = await desktopsOf(server);
  assert.deepEqual(entries.map(({ name }) => name), ['blue', 'green']);
});

test('desktops: a guest that nobody watches is shown small, and goes on as it was', async (t) => {
  const dir = temporary(t);
  const paths = { qmp: join(dir, 'qmp.sock'), serial: join(dir, 'serial.txt') };
  const vm = start(t, 'qemu-system-x86_64', guestArguments(paths));
  await until(() => serialLines(paths.serial).includes('oriel-guest: ready') || vm.ended(), 60_000, 'the guest\'s desktop');
  const server = await oriel(t, ['serve', `guest=qemu:${paths.qmp}`, still('other')]);
  const look = async () => {
    const answer = await api(server, '/d/guest/thumbnail.png');
    return answer.status === 200 ? PNG.sync.read(Buffer.from(await answer.arrayBuffer())) : null;
  };
  const made = async () => (await stats(server, 'guest')).server.thumbnails;
  // Each time QEMU's display is registered with, and let go of.
  await until(async () => (await look()) && (await made()) >= 4, 30_000, 'four pictures');
  const small = await look();
  assert.deepEqual([small.width, small.height], [384, 216]);
  assert.ok(coloursIn(small) > 50, 'a desktop, not a blank');
  const { source, viewers } = await (await api(server, '/api/v1/desktops/guest/stats')).json();
  assert.equal(source.reconnects, 0);
  assert.equal(viewers, 0);
  assert.ok(!vm.ended());
}, { timeoutMs: 120_000 });
