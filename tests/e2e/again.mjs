// SPDX-License-Identifier: MIT
//
// After the guest's power-down: what happened is said, and one button starts the machine again in the same page.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, until } from './lib/runner.mjs';
import { api, oriel, temporary } from './lib/process.mjs';
import { openDesktop, openPage, pageStats, painted } from './lib/browser.mjs';

/** A boot sector that says B on port 0xE9 and obeys the power button: PM1 enable 0x602, status 0x600, control 0x604. */
function obedientDisk(path) {
  const code = 'ba0206b80001efb042e6e9fbf4ba0006edf6c40174f6ba0406b80020eff4ebfd';
  const disk = Buffer.alloc(1 << 20);
  Buffer.from(code, 'hex').copy(disk);
  disk.writeUInt16LE(0xaa55, 510);
  writeFileSync(path, disk);
  return path;
}

/** `oriel run` with such a disk; `booted()` waits for its guest. */
async function runObedient(t) {
  const dir = temporary(t);
  const runtime = join(dir, 'run');
  mkdirSync(runtime, { mode: 0o700 });
  const port = join(dir, 'port');
  const server = await oriel(t, ['run', obedientDisk(join(dir, 'button.img')), '--accel', 'tcg', '--memory', '64M',
    '--network', 'none', '--name', 'again', '--', '-debugcon', `file:${port}`], { env: { XDG_RUNTIME_DIR: runtime } });
  const booted = () =>
    until(() => readFileSync(port, 'latin1') === 'B', 30_000, 'the guest to wait for its power button');
  return { server, booted };
}

test('again: a guest that powered down starts again by a button of the page', async (t) => {
  const { server, booted } = await runObedient(t);
  const page = await openDesktop(t, server);
  await painted(page, 1, 20_000);
  const powerDown = async () => {
    await booted();
    assert.equal((await api(server, '/api/v1/desktop/powerdown', { method: 'POST' })).status, 202);
    await until(async () => (await pageStats(page)).state === 'gone', 10_000, 'the page to say so');
  };
  await powerDown();
  await page
    .locator('#status-text', {
      hasText: 'again has shut down. The server ends when nobody starts it again within ten minutes.',
    })
    .waitFor({ timeout: 5000 });
  const title = await page.title(); // once what is around the screen is there
  const shown = (await pageStats(page)).painted;
  // By keys: nothing is for a guest that is gone.
  await page.locator('#screen').focus();
  const focused = () => page.evaluate(() => document.activeElement.id);
  for (let stops = 0; stops < 20 && (await focused()) !== 'status-action'; stops++) await page.keyboard.press('Tab');
  assert.equal(await page.locator('#status-action:focus').textContent(), 'Start again');
  await page.keyboard.press('Enter');
  await until(async () => (await pageStats(page)).state === 'running', 20_000, 'the machine to run again');
  await painted(page, shown + 1, 20_000);
  const { reconnects, role } = await pageStats(page);
  assert.deepEqual({ reconnects, role, title: await page.title() }, { reconnects: 0, role: 'controller', title });
  assert.match(server.output, /audit: command address=127\.0\.0\.1 role=controller command=start result=passed-on/);
  await powerDown();
  await page.close();
  assert.equal((await server.exited).code, 0);
  assert.deepEqual([...page.faults], []);
}, { timeoutMs: 120_000 });

test('again: a machine that powered down is started from the list', async (t) => {
  const { server, booted } = await runObedient(t);
  const watcher = await openDesktop(t, server, { url: server.viewUrl }); // as long as somebody is there it waits
  await booted();
  const list = await openPage(t, { size: [1100, 700] });
  await list.goto(`${server.origin}/list.html#token=${server.token}`);
  const card = list.locator('.desktop[data-name="desktop"]');
  await card.getByRole('button', { name: 'Power down desktop' }).click();
  await list.getByText('The guest is asked to shut down, as if by its power button.', { exact: true }).waitFor();
  await list.locator('#confirm-yes').click();
  await card.getByText('Switched off', { exact: true }).waitFor({ timeout: 15_000 });
  await until(async () => (await pageStats(watcher)).state === 'gone', 10_000, 'the other page to say so');
  await card.getByRole('button', { name: 'Start desktop' }).focus();
  await list.keyboard.press('Enter');
  await list.locator('.toast', { hasText: 'desktop is being started' }).waitFor({ timeout: 10_000 });
  await card.getByText('Running', { exact: true }).waitFor({ timeout: 20_000 });
  await until(async () => (await pageStats(watcher)).state === 'running', 20_000, 'the machine in the other page');
  const by = (command) => new RegExp(`audit: command address=127\\.0\\.0\\.1 desktop=desktop role=controller command=${command} result=passed-on`);
  assert.match(server.output, by('powerdown'));
  assert.match(server.output, by('start'));
  assert.equal((await pageStats(watcher)).role, 'viewer');
  assert.doesNotMatch(server.output, /audit: refused/);
  assert.deepEqual([...list.faults, ...watcher.faults], []);
}, { timeoutMs: 120_000 });
