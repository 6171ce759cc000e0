// SPDX-License-Identifier: MIT
//
// A machine with several screens, for real: a second graphics card with two outputs, each a desktop while the guest uses it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { test, until } from './lib/runner.mjs';
import { api, desktopsOf, guestArguments, guestDir, oriel, root, start, stats, temporary } from './lib/process.mjs';
import { openPage, painted } from './lib/browser.mjs';
import { guestShell } from './lib/sound-guest.mjs';

/** An initramfs with /usr/bin/heads-guest behind the demo guest's. */
function initramfs(dir) {
  const tree = join(dir, 'tree');
  const image = join(dir, 'initrd.img');
  mkdirSync(join(tree, 'usr/bin'), { recursive: true });
  execFileSync('cc', ['-O1', '-static', '-o', join(tree, 'usr/bin/heads-guest'), join(root, 'tests/e2e/lib/heads-guest.c')]);
  const files = execFileSync('cpio', ['--quiet', '-o', '-H', 'newc'], { cwd: tree, input: 'usr/bin/heads-guest\n', maxBuffer: 1 << 26 });
  copyFileSync(join(guestDir, 'initrd.img'), image);
  writeFileSync(image, Buffer.concat([readFileSync(image), files]));
  return image;
}

/** The demo guest, with a second card of two outputs and a keyboard of the second of these. */
async function boot(t) {
  const dir = temporary(t);
  const paths = { qmp: join(dir, 'qmp.sock'), serial: join(dir, 'serial.sock') };
  const args = guestArguments({ qmp: paths.qmp, append: ['oriel.serial=1'] });
  args[args.indexOf('-initrd') + 1] = initramfs(dir);
  start(t, 'qemu-system-x86_64', [...args, '-chardev', `socket,id=serial,path=${paths.serial},server=on,wait=off`,
    '-serial', 'chardev:serial', '-device', 'virtio-gpu-pci,id=second,max_outputs=2',
    '-device', 'virtio-keyboard-pci,display=second,head=1,addr=0x1a']);
  return { ...paths, sh: await guestShell(t, paths.serial) };
}

const twoMonitors = (sh) =>
  until(async () => (await sh('cat /sys/class/drm/card1-*/status')).match(/^connected/gm)?.length === 2, 30_000, 'two monitors');

/** The guest draws on both outputs of the second card. */
const showHeads = (sh) =>
  sh('mkfifo /tmp/say; (heads-guest /dev/dri/card1 < /tmp/say > /tmp/heads.log 2>&1 &); exec 9>/tmp/say; sleep 1; killall -9 sway seatd');

const names = async (server) => (await desktopsOf(server)).map(({ name }) => name).sort().join(' ');

/** Red, green and blue in the middle of a desktop's picture. */
async function colour(server, name) {
  const { width, height, data } = PNG.sync.read(Buffer.from(await (await api(server, `/d/${name}/snapshot.png`)).arrayBuffer()));
  return [...data.subarray((height / 2 * width + width / 2) * 4).subarray(0, 3)];
}

/** Opens the panel of who is there. The bar hides by itself when nobody uses it, also while a slow machine paints. */
async function openControl(page) {
  await until(async () => {
    if (!await page.locator('#control').isVisible())
      await page.keyboard.press('Control+Alt+Shift+M');
    return page.locator('#control').click({ timeout: 2000 }).then(() => true, () => false);
  }, 15_000, 'the panel of who is there');
}

test('heads: each screen that the guest uses is a desktop, with its own picture and keyboard', async (t) => {
  const { qmp, sh } = await boot(t);
  const server = await oriel(t, ['serve', `vm=qemu:${qmp}?console=all`]);
  // Both outputs get a monitor, and as long as nothing shows on them there is one desktop.
  await twoMonitors(sh);
  assert.equal(await names(server), 'vm');
  await showHeads(sh);
  await until(async () => await names(server) === 'vm vm-1 vm-2', 30_000, 'three desktops');
  assert.deepEqual((await desktopsOf(server)).map(({ machine }) => machine), ['vm', 'vm', 'vm']);
  assert.deepEqual(await colour(server, 'vm-1'), [0xc0, 0x20, 0x20]);
  assert.deepEqual(await colour(server, 'vm-2'), [0x20, 0xa0, 0x40]);

  // Keys of the second output's page reach the keyboard that is bound to it; those of another do not.
  const page = await openPage(t, { size: [1100, 700] });
  const press = async (name, key) => {
    await page.goto(`${server.origin}/d/${name}/#token=${server.token}`);
    await painted(page);
    await page.locator('html[data-role="controller"]').waitFor({ timeout: 10_000 });
    await page.locator('canvas').first().click({ position: { x: 20, y: 20 } });
    await page.keyboard.press(key);
  };
  await sh('for e in /sys/class/input/event*; do case $(readlink -f $e) in *0000:00:1a.0*) k=/dev/input/${e##*/};; esac; done; (cat $k > /tmp/keys &)');
  const heard = async () => Number((await sh('wc -c < /tmp/keys')).trim());
  await press('vm', 'F9');
  await press('vm-1', 'F9');
  assert.equal(await heard(), 0);
  await press('vm-2', 'F9');
  await until(async () => await heard() > 0, 10_000, 'a key in the guest');

  // From one screen to another of the same machine.
  await openControl(page);
  await page.locator('.sibling[data-name="vm"]').waitFor({ timeout: 10_000 });
  await page.locator('.sibling[data-name="vm-1"] a').click();
  await until(() => new URL(page.url()).pathname === '/d/vm-1/', 10_000, 'the page of vm-1'); // asks for its session first
  await painted(page);

  // What the guest switches off goes, what it switches on comes back, and nobody else notices.
  await sh('echo off 1 >&9');
  await until(async () => await names(server) === 'vm vm-1', 40_000, 'the second to go');
  await sh('echo on 1 >&9');
  await until(async () => await names(server) === 'vm vm-1 vm-2', 40_000, 'the second to come back');
  assert.deepEqual(await colour(server, 'vm-2'), [0x20, 0xa0, 0x40]);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.state), 'running');
  assert.deepEqual(page.faults, []);
}, { timeoutMs: 170_000 });

test('heads: they come and go with their machine, by the file and by the API, and its own token opens all', async (t) => {
  const { qmp, sh } = await boot(t);
  const file = join(temporary(t), 'oriel.conf');
  const [admin, own] = ['admin-token-0123456789', 'own-token-0123456789'];
  const vm = `[desktop vm]\naddress = qemu:${qmp}?console=all\ntoken = ${own}\n`;
  const more = '[desktop more]\naddress = pattern:?size=640x400&scene=static\n';
  const configure = (...sections) => writeFileSync(file, `[server]\nadmin-token = ${admin}\n${sections.join('')}`, { mode: 0o600 });
  configure(vm);
  const server = await oriel(t, ['serve', '--config', file]);
  const listed = (wanted) => until(async () => await names(server) === wanted, 40_000, wanted);
  const hangUp = (...sections) => {
    configure(...sections);
    server.child.kill('SIGHUP');
  };
  await twoMonitors(sh);
  await showHeads(sh);
  await listed('vm vm-1 vm-2');

  // The machine's own token opens all of its screens, and each page leads to the others: from one of them on, too.
  const page = await openPage(t, { size: [1100, 700] });
  const sibling = (name) => page.locator(`.sibling[data-name="${name}"] a`);
  await page.goto(`${server.origin}/d/vm-2/#token=${own}`);
  await painted(page);
  await openControl(page);
  await sibling('vm').waitFor({ timeout: 10_000 });
  await sibling('vm-1').click();
  await until(() => new URL(page.url()).pathname === '/d/vm-1/', 10_000, 'the page of vm-1'); // asks for its session first
  await painted(page);

  await page.goto(`${server.origin}/#token=${own}`);
  await page.locator('.desktop[data-name="vm"] a').click();
  await painted(page);
  await openControl(page);
  await sibling('vm-2').waitFor({ timeout: 10_000 });
  await sibling('vm-1').click();
  await until(() => new URL(page.url()).pathname === '/d/vm-1/', 10_000, 'the page of vm-1'); // asks for its session first
  await painted(page);

  // What else the file says touches no screen of it.
  hangUp(vm, more);
  await listed('more vm vm-1 vm-2');
  assert.equal(await page.evaluate(() => window.oriel.stats().reconnects), 0);
  // Another option of the machine is one of each of its screens, to which who looked at one comes back.
  hangUp(vm, 'fps = 30\n', more);
  await until(async () => (await names(server)) === 'more vm vm-1 vm-2' && (await stats(server, 'vm-1')).fps === 30, 60_000, 'vm-1 anew');
  await page.locator('html[data-state="running"]').waitFor({ timeout: 30_000 });
  assert.deepEqual(await colour(server, 'vm-1'), [0xc0, 0x20, 0x20]);
  hangUp(more);
  await page.getByText('no desktop of this name is served here').waitFor({ timeout: 30_000 });
  await listed('more');

  const order = (method, path, body) => fetch(`${server.origin}/api/v1/desktops${path}`,
    { method, headers: { authorization: `Bearer ${admin}` }, body: body && JSON.stringify(body) }).then(({ status }) => status);
  assert.equal(await order('POST', '', { name: 'lab', address: `qemu:${qmp}?console=all` }), 201);
  await listed('lab lab-1 lab-2 more');
  await page.goto(`${server.origin}/d/lab-2/#token=${server.token}`);
  await painted(page);
  assert.equal(await order('DELETE', '/lab-2'), 403); // it goes with its machine, and as the guest uses it
  assert.equal(await order('DELETE', '/lab'), 204);
  await page.getByText('no desktop of this name is served here').waitFor({ timeout: 30_000 });
  await listed('more');
}, { timeoutMs: 240_000 });
