// SPDX-License-Identifier: MIT
//
// Text that is typed into a real guest, character by character: through virtio into a Wayland terminal here, through
// PS/2 and USB into a machine without an operating system in `tests/e2e/torture-typing.mjs`.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, until } from './lib/runner.mjs';
import { guestArguments, guestDir, oriel, serialLines, start, temporary } from './lib/process.mjs';
import { openDesktop, pageStats } from './lib/browser.mjs';

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

async function typeAndWait(t, page, text, limitMs) {
  const started = performance.now();
  await typeText(page, text);
  await page.waitForSelector('#chip-typing', { state: 'visible' });
  await page.waitForSelector('#chip-typing', { state: 'hidden', timeout: limitMs });
  t.log(`${text.length} characters in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

/** What came, by the guest's serial port: behind an empty line, in base64. */
async function cameBy(serial) {
  const lines = await until(() => { const all = serialLines(serial); return all.includes('typed') && all; }, 60_000, 'what was typed');
  const end = lines.indexOf('typed');
  return Buffer.from(lines.slice(lines.lastIndexOf('', end) + 1, end).join(''), 'base64').toString('latin1');
}

/** Fails with the places where they differ: a missing character, or one that is another. */
export function assertTyped(came, want) {
  if (came === want) return;
  let at = 0;
  while (came[at] === want[at]) at++;
  const around = (text) => JSON.stringify(text.slice(Math.max(0, at - 30), at + 30));
  assert.fail(`${came.length} characters of ${want.length} came; at ${at} ${around(came)} for ${around(want)}`);
}

/** Types into a terminal on the demo guest's Wayland desktop; what came. */
export async function typeIntoTerminal(t, text, limitMs) {
  const dir = temporary(t);
  const paths = { qmp: join(dir, 'qmp.sock'), serial: join(dir, 'serial.txt') };
  start(t, 'qemu-system-x86_64', guestArguments(paths));
  await until(() => serialLines(paths.serial).includes('oriel-guest: ready'), 60_000, 'the guest\'s desktop');
  const server = await oriel(t, ['serve', `qemu:${paths.qmp}`]);
  const page = await openDesktop(t, server);
  await page.waitForSelector('#chip-typing', { state: 'attached' });
  await page.mouse.click(640, 360);
  await typeAndWait(t, page, `cat >/run/user/1000/text\n${text}`, limitMs);
  await page.keyboard.press('Control+KeyD');
  await typeText(page, '{ echo; base64 /run/user/1000/text; echo typed; } >/dev/ttyS0\n');
  const came = await cameBy(paths.serial);
  assert.deepEqual(page.faults, []);
  return came;
}

test('typing: a long text reaches a Wayland terminal whole, and tells how far it is', async (t) => {
  const text = `${everyCharacter(700)}\n`;
  assertTyped(await typeIntoTerminal(t, text, 120_000), text);
}, { timeoutMs: 240_000 });

export const usbKeyboard = ['-device', 'qemu-xhci,id=usb', '-device', 'usb-kbd,bus=usb.0'];
export const virtioKeyboard = ['-device', 'virtio-keyboard-pci'];

/** An archive of files, as the kernel takes behind another one (newc). */
function cpio(files) {
  const aligned = (...parts) => {
    const whole = Buffer.concat(parts.map((part) => Buffer.from(part)));
    return Buffer.concat([whole, Buffer.alloc(-whole.length & 3)]);
  };
  return Buffer.concat([...files, ['TRAILER!!!', '']].flatMap(([name, data], index) => {
    const numbers = [index + 1, 0o100755, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length + 1, 0];
    return [aligned('070701', ...numbers.map((n) => n.toString(16).padStart(8, '0')), name, '\0'), aligned(data)];
  }));
}

const usbModules = ['usb-common', 'usbcore', 'xhci-hcd', 'xhci-pci', 'hid', 'usbhid', 'hid-generic'];

/** Process 1 of the demo guest without its desktop: a text console, whose text goes into a file until Control+D. */
const consoleInit = (keyboard) => `#!/bin/sh
export PATH=/usr/bin:/usr/sbin
mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev
exec 2>/dev/ttyS0
while read -r file options; do insmod "$file"; done </etc/oriel/modules.early
for name in ${usbModules.join(' ')}; do insmod "/usr/lib/modules/$name.ko"; done
until grep -q 'Name=.*${keyboard}' /proc/bus/input/devices; do sleep 0.1; done
exec </dev/tty1 >/dev/tty1
echo console: ready >/dev/ttyS0
cat >/tmp/text
{ echo; base64 /tmp/text; echo typed; } >/dev/ttyS0
while :; do sleep 1000; done
`;

/** The demo guest's modules and those of USB keyboards, which it has no use for, with that process 1. */
function consoleInitrd(dir, keyboard) {
  const cache = join(guestDir, '.cache');
  const kernel = join(cache, readdirSync(cache).find((name) => name.startsWith('linux-image-')));
  const files = usbModules.map((name) => `${name}.ko`);
  execFileSync('sh', ['-c', 'dpkg-deb --fsys-tarfile "$0" | tar -xC "$1" --wildcards --no-anchored --transform="s|.*/||" $2', kernel, dir, files.join(' ')]);
  const path = join(dir, 'initrd');
  const more = cpio([['console-init', consoleInit(keyboard)], ...files.map((name) => [`usr/lib/modules/${name}`, readFileSync(join(dir, name))])]);
  writeFileSync(path, Buffer.concat([readFileSync(join(guestDir, 'initrd.img')), more]));
  return path;
}

/** Types into a Linux text console through the keyboard that `devices` make, PS/2 if none does; what came. */
export async function typeIntoConsole(t, devices, text, limitMs) {
  const dir = temporary(t);
  const paths = { qmp: join(dir, 'qmp.sock'), serial: join(dir, 'serial.txt') };
  const args = guestArguments({ ...paths, append: ['rdinit=/console-init'] });
  args.splice(args.indexOf('virtio-keyboard-pci') - 1, 2, ...devices);
  args[args.indexOf('-initrd') + 1] = consoleInitrd(dir, devices.length ? 'Keyboard' : 'keyboard'); // as the kernel spells "AT ... keyboard"
  const vm = start(t, 'qemu-system-x86_64', args);
  await until(() => serialLines(paths.serial).includes('console: ready') || vm.ended(), 60_000, 'the guest\'s console');
  const server = await oriel(t, ['serve', `qemu:${paths.qmp}`]);
  const page = await openDesktop(t, server);
  await page.waitForSelector('#chip-typing', { state: 'attached' });
  await page.mouse.click(640, 360);
  await typeAndWait(t, page, text, limitMs);
  await page.keyboard.press('Control+KeyD');
  return cameBy(paths.serial);
}

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
  await until(() => readFileSync(out, 'latin1').startsWith('>'), 60_000, 'the boot sector');
  const typed = () => readFileSync(out, 'latin1').slice(1);
  return { qmp: qmpPath, typed };
}

/** Types into a BIOS and waits until the page says that it is done. */
export async function typeIntoBios(t, devices, text, limitMs) {
  const vm = await bios(t, devices);
  const server = await oriel(t, ['serve', `qemu:${vm.qmp}`]);
  const page = await openDesktop(t, server);
  await page.waitForSelector('#chip-typing', { state: 'attached' });
  await typeAndWait(t, page, text, limitMs);
  const want = text.replaceAll('\n', '\r');
  await until(() => vm.typed().length >= want.length, 10_000, 'the end').catch(() => assertTyped(vm.typed(), want));
  assertTyped(vm.typed(), want);
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
  await typeIntoBios(t, usbKeyboard, everyCharacter(95), 60_000);
}, { timeoutMs: 150_000 });

test('typing: a text that is cancelled ends at once, and the page says where', async (t) => {
  const vm = await bios(t, usbKeyboard);
  const server = await oriel(t, ['serve', `qemu:${vm.qmp}`]);
  const page = await openDesktop(t, server);
  await page.waitForSelector('#chip-typing', { state: 'attached' });
  const text = 'abcdefghijklmnopqrstuvwxy'.repeat(12);
  await typeText(page, text);
  await until(() => vm.typed().length >= 10, 30_000, 'the text to begin');
  await page.click('#cancel-typing');
  const toast = page.locator('.toast', { hasText: 'characters were typed' });
  await toast.waitFor({ timeout: 5000 });
  const [, done, total] = /Only (\d+) of (\d+) /.exec(await toast.textContent());
  assert.equal(Number(total), text.length);
  await typeText(page, 'Z');
  await until(() => vm.typed().includes('Z'), 10_000, 'what is typed next');
  assertTyped(vm.typed(), `${text.slice(0, Number(done))}Z`);
}, { timeoutMs: 90_000 });

/** The ways by which a text comes to be typed. */
const ways = {
  'that was pasted': typeText,
  'of an on-screen keyboard': async (page, text) => {
    await page.evaluate(() => document.getElementById('typing').focus());
    await page.keyboard.insertText(text);
  },
};

for (const [way, type] of Object.entries(ways)) {
  test(`typing: a text ${way} ends where its sender loses the controls, and the page says where`, async (t) => {
    const vm = await bios(t, usbKeyboard);
    const server = await oriel(t, ['serve', `qemu:${vm.qmp}`, '--control', 'newest']);
    const page = await openDesktop(t, server);
    await page.waitForSelector('#chip-typing', { state: 'attached' });
    const text = 'aBCdEFgHIjKLmNOpQRsTUvWXy'.repeat(12); // most of them behind a Shift
    await type(page, text);
    await until(() => vm.typed().length >= 10, 30_000, 'the text to begin');
    const next = await openDesktop(t, server);
    await next.locator('html[data-role="controller"]').waitFor({ timeout: 10_000 });
    const toast = page.locator('.toast', { hasText: 'characters were typed' });
    await toast.waitFor({ timeout: 5000 });
    const [, done, total] = /Only (\d+) of (\d+) /.exec(await toast.textContent());
    assert.equal(Number(total), text.length);
    assert.equal((await pageStats(page)).role, 'viewer');
    await page.waitForSelector('#chip-typing', { state: 'hidden' });
    // Nothing of it comes later, and no key of it is still down: neither a Shift nor one that repeats.
    await next.mouse.click(300, 200);
    for (const [key, all] of [['KeyZ', 'z'], ['KeyV', 'zv']]) {
      await next.keyboard.press(key);
      await until(() => vm.typed().length >= Number(done) + all.length, 10_000, `${key} of who has them now`);
      assertTyped(vm.typed(), `${text.slice(0, Number(done))}${all}`);
    }
    assert.deepEqual([...page.faults, ...next.faults], []);
  }, { timeoutMs: 90_000 });
}
