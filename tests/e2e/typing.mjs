// SPDX-License-Identifier: MIT
//
// Text that is typed into a real guest, character by character: through virtio into a Wayland terminal here, through
// PS/2 and USB into a machine without an operating system in `tests/e2e/torture-typing.mjs`.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, until } from './lib/runner.mjs';
import { guestArguments, oriel, serialLines, start, temporary } from './lib/process.mjs';
import { openDesktop } from './lib/browser.mjs';

/** Every character that a US keyboard types, over and over, in lines. */
export function everyCharacter(size) {
  const ascii = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join('');
  let text = '';
  for (let at = 0; text.length < size; at++) text += at % 73 === 72 ? '\n' : ascii[(at * 7) % 95];
  return text.slice(0, size);
}

/** Types by the dialog, as a user does. */
export async function typeText(page, text) {
  await page.evaluate(() => document.getElementById('open-text').click());
  await page.fill('#text-field', text);
  await page.click('#text-yes');
}

export const md5 = (text) => createHash('md5').update(text).digest('hex');

/** Types into a terminal on the demo guest's Wayland desktop; the guest's MD5 of what came. */
export async function typeIntoTerminal(t, text, limitMs) {
  const dir = temporary(t);
  const paths = { qmp: join(dir, 'qmp.sock'), serial: join(dir, 'serial.txt') };
  start(t, 'qemu-system-x86_64', guestArguments(paths));
  await until(() => serialLines(paths.serial).includes('oriel-guest: ready'), 60_000, 'the guest\'s desktop');
  const server = await oriel(t, ['serve', `qemu:${paths.qmp}`]);
  const page = await openDesktop(t, server);
  await page.waitForSelector('#chip-typing', { state: 'attached' });
  await page.mouse.click(640, 360);
  const started = performance.now();
  await typeText(page, `cat >/run/user/1000/text\n${text}`);
  await page.waitForSelector('#chip-typing', { state: 'visible' });
  await page.waitForSelector('#chip-typing', { state: 'hidden', timeout: limitMs });
  t.log(`${text.length} characters in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  await page.keyboard.press('Control+KeyD');
  await typeText(page, 'md5sum </run/user/1000/text >/dev/ttyS0\n');
  const line = await until(
    () => serialLines(paths.serial).find((one) => /^[0-9a-f]{32} /.test(one)),
    30_000,
    "the guest's sum",
  );
  assert.deepEqual(page.faults, []);
  return line.slice(0, 32);
}

test('typing: a long text reaches a Wayland terminal whole, and tells how far it is', async (t) => {
  const text = `${everyCharacter(700)}\n`;
  assert.equal(await typeIntoTerminal(t, text, 120_000), md5(text));
}, { timeoutMs: 240_000 });

/** A boot sector that says on port e9 that it runs (>), then which characters the BIOS gets: mov al, '>'; out e9h, al;
 *  xor ax, ax; int 16h; out e9h, al; again. */
const echo = [0xb0, 0x3e, 0xe6, 0xe9, 0x31, 0xc0, 0xcd, 0x16, 0xe6, 0xe9, 0xeb, 0xf8];

/** A PC without an operating system; `typed()` is what its BIOS got so far. */
export async function bios(t, devices) {
  const dir = temporary(t);
  const [disk, qmpPath, out] = ['disk', 'qmp.sock', 'typed'].map((name) => join(dir, name));
  const sector = Buffer.alloc(1440 * 1024);
  sector.set(echo);
  sector.set([0x55, 0xaa], 510);
  writeFileSync(disk, sector);
  writeFileSync(out, '');
  start(t, 'qemu-system-x86_64', ['-accel', 'tcg', '-M', 'q35', '-m', '64', '-nodefaults', '-no-user-config',
    '-name', 'bios', '-vga', 'std', '-drive', `file=${disk},format=raw,if=none,id=d`, '-device', 'ide-hd,drive=d',
    '-boot', 'c', ...devices, '-debugcon', `file:${out}`, '-global', 'isa-debugcon.iobase=0xe9',
    '-display', 'dbus,p2p=yes', '-qmp', `unix:${qmpPath},server=on,wait=off`]);
  await until(() => existsSync(qmpPath), 10_000, 'QEMU');
  await until(() => readFileSync(out, 'latin1').startsWith('>'), 30_000, 'the boot sector');
  const typed = () => readFileSync(out, 'latin1').slice(1);
  return { qmp: qmpPath, typed };
}

/** Types into a BIOS and waits until the page says that it is done. */
export async function typeIntoBios(t, devices, text, limitMs) {
  const vm = await bios(t, devices);
  const server = await oriel(t, ['serve', `qemu:${vm.qmp}`]);
  const page = await openDesktop(t, server);
  await page.waitForSelector('#chip-typing', { state: 'attached' });
  const started = performance.now();
  await typeText(page, text);
  const want = text.replaceAll('\n', '\r');
  await until(() => vm.typed().length >= want.length, limitMs, `${text.length} characters`).catch((error) => {
    throw new Error(`${error.message}; the BIOS got ${JSON.stringify(vm.typed())}`);
  });
  t.log(`${text.length} characters in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  assert.equal(vm.typed(), want);
  return { vm, page };
}

test('typing: every character reaches a BIOS through PS/2, and a held key repeats', async (t) => {
  const { vm, page } = await typeIntoBios(t, [], everyCharacter(95), 60_000);
  const before = vm.typed().length;
  await page.mouse.click(300, 200);
  for (let count = 1; count <= 5; count++) { // the first goes down, the others repeat
    await page.keyboard.down('KeyA');
    await until(() => vm.typed().length >= before + count, 10_000, `a number ${count}`);
  }
  await page.keyboard.up('KeyA');
  assert.equal(vm.typed().slice(before), 'aaaaa');
}, { timeoutMs: 120_000 });

test('typing: every character reaches a BIOS through a USB keyboard', async (t) => {
  await typeIntoBios(t, ['-device', 'qemu-xhci,id=usb', '-device', 'usb-kbd,bus=usb.0'], everyCharacter(95), 60_000);
}, { timeoutMs: 150_000 });
