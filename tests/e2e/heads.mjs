// SPDX-License-Identifier: MIT
//
// A machine with several screens, for real: a second graphics card with two outputs, each a desktop while the guest uses it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { test, until } from './lib/runner.mjs';
import { api, desktopsOf, guestArguments, guestDir, oriel, root, start, temporary } from './lib/process.mjs';
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

const names = async (server) => (await desktopsOf(server)).map(({ name }) => name).sort().join(' ');

/** Red, green and blue in the middle of a desktop's picture. */
async function colour(server, name) {
  const { width, height, data } = PNG.sync.read(Buffer.from(await (await api(server, `/d/${name}/snapshot.png`)).arrayBuffer()));
  return [...data.subarray((height / 2 * width + width / 2) * 4).subarray(0, 3)];
}

test('heads: each screen that the guest uses is a desktop, with its own picture and keyboard', async (t) => {
  const { qmp, sh } = await boot(t);
  const server = await oriel(t, ['serve', `vm=qemu:${qmp}?console=all`]);
  // Both outputs get a monitor, and as long as nothing shows on them there is one desktop.
  await until(async () => (await sh('cat /sys/class/drm/card1-*/status')).match(/^connected/gm)?.length === 2, 30_000, 'two monitors');
  assert.equal(await names(server), 'vm');
  await sh('mkfifo /tmp/say; (heads-guest /dev/dri/card1 < /tmp/say > /tmp/heads.log 2>&1 &); exec 9>/tmp/say; sleep 1; killall -9 sway seatd');
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
  await page.keyboard.press('Control+Alt+Shift+M');
  await page.locator('#control').click();
  await page.locator('.sibling[data-name="vm"]').waitFor({ timeout: 10_000 });
  await page.locator('.sibling[data-name="vm-1"] a').click();
  await painted(page);
  assert.equal(new URL(page.url()).pathname, '/d/vm-1/');

  // What the guest switches off goes, what it switches on comes back, and nobody else notices.
  await sh('echo off 1 >&9');
  await until(async () => await names(server) === 'vm vm-1', 40_000, 'the second to go');
  await sh('echo on 1 >&9');
  await until(async () => await names(server) === 'vm vm-1 vm-2', 40_000, 'the second to come back');
  assert.deepEqual(await colour(server, 'vm-2'), [0x20, 0xa0, 0x40]);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.state), 'running');
  assert.deepEqual(page.faults, []);
}, { timeoutMs: 170_000 });
