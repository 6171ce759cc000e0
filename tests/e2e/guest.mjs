// SPDX-License-Identifier: MIT
//
// The main job with nothing replaced: unmodified QEMU, the demo guest, oriel, Chromium.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { test, until } from './lib/runner.mjs';
import { api, guestArguments, guestDir, oriel, qmp, serialLines, start, stats, temporary } from './lib/process.mjs';
import { canvasPixels, heardPeak, openDesktop, pageStats, painted, pixelPosition, settledSize } from './lib/browser.mjs';
import { parsePpm, psnr } from './lib/card.mjs';
import { channelIs, play, say } from './lib/whep.mjs';

/** A QEMU of our own with the demo guest, up to its desktop. */
async function bootGuest(t, options = {}) {
  const dir = temporary(t);
  const paths = { qmp: join(dir, 'qmp.sock'), monitor: join(dir, 'monitor.sock'), serial: join(dir, 'serial.txt'), dir };
  const boot = () => start(t, 'qemu-system-x86_64', guestArguments({ ...paths, ...options }));
  const vm = { ...paths, boot, process: boot() };
  await until(() => serialLines(paths.serial).includes('oriel-guest: ready') || vm.process.ended(), 60_000, 'the guest\'s desktop');
  if (vm.process.ended()) throw new Error(`QEMU ended: ${vm.process.output}`);
  vm.lines = () => serialLines(paths.serial);
  return vm;
}

const attach = (t, vm) => oriel(t, ['serve', `qemu:${vm.qmp}`]);

/** Types on a US keyboard by physical keys, with Shift where it is needed, as fingers do. */
async function type(page, text) {
  const shifted = '~!@#$%^&*()_+{}|:"<>?';
  const plain = "`1234567890-=[]\\;',./";
  for (const character of text) {
    const index = shifted.indexOf(character);
    const upper = index >= 0 || (character >= 'A' && character <= 'Z');
    const key = index >= 0 ? plain[index] : character === '\n' ? 'Enter' : character === ' ' ? 'Space' : character.toLowerCase();
    if (upper) await page.keyboard.down('ShiftLeft');
    await page.keyboard.press(key, { delay: 10 });
    if (upper) await page.keyboard.up('ShiftLeft');
  }
}

/** A WHEP client types a command, whose output comes by the guest's serial port. */
async function typesByWhep(t, server, serial) {
  const { page } = await play(t, server, { path: '/whep', channels: ['input'] });
  await channelIs(page, 'input', 'open');
  await until(async () => (await stats(server)).controller > 0, 5000, 'the controls');
  const strokes = [...'echo whep > /dev/ttyS0\n'].flatMap((character) => {
    const upper = character === 'S' || character === '>';
    const key = character === '\n' ? 'Enter' : character;
    const stroke = [{ type: 'keydown', key }, { type: 'keyup', key }];
    const shift = (type) => ({ type, code: 'ShiftLeft' });
    return upper ? [shift('keydown'), ...stroke, shift('keyup')] : stroke;
  });
  for (const stroke of strokes) {
    await say(page, 'input', stroke);
    await new Promise((resolve) => setTimeout(resolve, 10)); // as fingers do
  }
  await until(() => serialLines(serial).includes('whep'), 10_000, 'what was typed');
  await page.close();
}

test('guest: oriel run boots the demo guest; its picture equals QEMU\'s own screendump', async (t) => {
  const dir = temporary(t);
  const runtime = join(dir, 'run');
  mkdirSync(runtime, { mode: 0o700 });
  const serial = join(dir, 'serial.txt');
  const started = performance.now();
  const server = await oriel(t, ['run', '--name', 'e2e', '--', '-chardev', `file,id=s,path=${serial}`, '-serial', 'chardev:s'],
    { env: { XDG_RUNTIME_DIR: runtime, ORIEL_GUEST_DIR: guestDir } });
  const page = await openDesktop(t, server);
  await until(() => serialLines(serial).includes('oriel-guest: ready'), 60_000, 'the guest\'s desktop');
  t.log(`desktop ${((performance.now() - started) / 1000).toFixed(1)} s after the command`);
  // The sockets of a running VM stand where the documentation says.
  assert.ok(existsSync(join(runtime, 'oriel', 'e2e')));
  const best = await stillPicture(page, server);
  t.log(`PSNR against the lossless snapshot ${best.toFixed(1)} dB`);
  assert.ok(best >= 40);
  // Seen since before the guest had a picture: nothing of that is said any more.
  await until(async () => (await pageStats(page)).state === 'running', 5000, 'the page to say that the machine runs');
  await page.close();
  await typesByWhep(t, server, serial);
  await server.stop('SIGINT');
  const { code } = await server.exited;
  assert.equal(code, 0);
  assert.deepEqual(readdirSync(join(runtime, 'oriel')), [], 'files of the VM stay behind');
}, { timeoutMs: 150_000 });

/** PSNR of the painted picture against /snapshot.png once the desktop is still. */
async function stillPicture(page, server) {
  let best = 0;
  await until(async () => {
    const shot = PNG.sync.read(Buffer.from(await (await api(server, '/snapshot.png')).arrayBuffer()));
    const now = await canvasPixels(page);
    if (now.width === shot.width && now.height === shot.height) best = Math.max(best, psnr(now, shot));
    return best >= 40;
  }, 15_000, 'a picture of at least 40 dB').catch(() => {});
  return best;
}

test('guest: picture, typing, sound and size through an attached QEMU', async (t) => {
  const vm = await bootGuest(t);
  const server = await attach(t, vm);
  const page = await openDesktop(t, server);

  const size = await until(async () => {
    const s = await pageStats(page);
    const r = await stats(server);
    return s.width === r.width && s.height === r.height && s.width > 0 ? s : null;
  }, 10_000, 'one size on both sides');
  t.log(`desktop of ${size.width}x${size.height}`);

  // Typed text appears in the guest: the shell writes it to its serial port.
  await page.mouse.click(640, 360);
  await type(page, 'echo "Typed: ~{Az09}|\\\\$((6*7))" >/dev/ttyS0\n');
  await until(() => vm.lines().some((line) => line.includes('Typed: ~{Az09}|\\42')), 20_000, 'the typed text in the guest');

  // Resize reaches the guest: the kernel's mode follows the window.
  await page.setViewportSize({ width: 1000, height: 640 });
  const resized = await settledSize(page, server);
  await type(page, 'cat /sys/class/graphics/fb0/virtual_size /sys/class/drm/card0-Virtual-1/modes | head -3 >/dev/ttyS0\n');
  await until(() => vm.lines().some((line) => line.includes(`${resized.width}x${resized.height}`)), 15_000,
    `mode ${resized.width}x${resized.height} in the guest`);

  // chime is heard at its four pitches, give or take what the page bends (audio-ring.js: half a percent) and a bin.
  await type(page, 'chime\n');
  const wanted = [523.25, 659.26, 783.99, 1046.5];
  const heard = new Set();
  await until(async () => {
    for (const note of wanted) {
      const peak = await heardPeak(page, note - 25, note + 25);
      if (peak.db > -45 && Math.abs(peak.hz - note) < note * 0.005 + 2) heard.add(note);
    }
    return heard.size === wanted.length;
  }, 25_000, 'four notes of the chime').catch((error) => { throw new Error(`${error.message}; heard ${[...heard]}`); });
}, { timeoutMs: 180_000 });

/** Waits until the page shows what QEMU's screendump has. `monitor`: the first QMP socket is oriel's, and each serves
 *  one client. */
async function exactPicture(page, vm, monitor) {
  let best = 0;
  await until(async () => {
    best = 0;
    const file = join(vm.dir, 'dump.ppm');
    writeFileSync(file, '');
    await monitor.call('screendump', { filename: file });
    const dump = parsePpm(readFileSync(file));
    const now = await canvasPixels(page);
    if (dump.width === now.width && dump.height === now.height) best = psnr(now, dump);
    return best === Infinity;
  }, 30_000, 'an exact picture').catch((error) => { throw new Error(`${error.message}; last ${best.toFixed(1)} dB`); });
}

test('guest: a still picture equals QEMU\'s screendump, bit by bit', async (t) => {
  const vm = await bootGuest(t);
  const server = await attach(t, vm);
  const page = await openDesktop(t, server);
  await exactPicture(page, vm, await qmp(t, vm.monitor));
}, { timeoutMs: 120_000 });

test('guest: a terminal that scrolls is exact again, for what has changed and no more', async (t) => {
  const vm = await bootGuest(t);
  const server = await attach(t, vm);
  const page = await openDesktop(t, server);
  const monitor = await qmp(t, vm.monitor);
  await exactPicture(page, vm, monitor);
  const whole = (await stats(server)).refined_bytes;
  await page.mouse.click(640, 360);
  // Some of what it prints goes as tiles, which need no refinement: until video has had a share.
  for (let round = 1, refined = 0; !refined; round++) {
    assert.ok(round <= 8, 'all went as tiles');
    await type(page, 'seq 3000; echo scrolled >/dev/ttyS0\n');
    await until(() => vm.lines().filter((line) => line.includes('scrolled')).length === round, 20_000, 'the last line');
    await exactPicture(page, vm, monitor);
    refined = (await stats(server)).refined_bytes - whole;
    t.log(`round ${round}: ${refined} bytes of refinement, ${whole} of all the screen before`);
    assert.ok(refined < whole / 2, 'what had not changed was sent again');
  }
}, { timeoutMs: 180_000 });

for (const size of [[1280, 720], [1000, 620], [800, 600]]) {
  for (const scale of [1, 2]) {
    test(`guest: clicks land on the right pixel at ${size.join('x')} x ${scale}`, async (t) => {
      // flash is there before the size changes: sway 1.7 mixes up the sizes of windows that come meanwhile.
      const vm = await bootGuest(t, { append: ['oriel.run=flash+--log+/dev/ttyS0'] });
      await until(() => vm.lines().some((line) => line.startsWith('ready ')), 20_000, 'flash');
      const server = await attach(t, vm);
      const page = await openDesktop(t, server, { size, scale });
      const want = (line) => until(() => vm.lines().includes(line), 10_000, line)
        .catch((error) => { throw new Error(`${error.message}; the guest saw ${vm.lines().slice(-6).join(' / ')}`); });
      const screen = await settledSize(page, server);
      await until(() => vm.lines().some((line) => line.endsWith(` ${screen.width} ${screen.height}`)), 15_000, 'the guest to take the size');
      for (const [x, y] of [[101, 57], [screen.width - 33, screen.height - 21]]) {
        const at = await pixelPosition(page, x, y);
        await page.mouse.click(at.x, at.y);
        await want(`button 272 1 ${x} ${y}`);
      }
    }, { timeoutMs: 120_000 });
  }
}

test('guest: QEMU killed and started again under the same socket is attached to again', async (t) => {
  const vm = await bootGuest(t);
  const server = await attach(t, vm);
  const page = await openDesktop(t, server);
  await vm.process.stop('SIGKILL');
  await until(async () => (await pageStats(page)).state === 'gone' || (await pageStats(page)).state === 'connecting', 5000, 'the page to say so');
  writeFileSync(vm.serial, '');
  const shown = (await pageStats(page)).painted;
  vm.boot();
  let state;
  await until(async () => (state = (await pageStats(page)).state) === 'running', 60_000, 'the VM to be attached again')
    .catch((error) => { throw new Error(`${error.message}; the page says ${state}; ${server.output.slice(-600)}`); });
  await until(() => vm.lines().includes('oriel-guest: ready'), 60_000, 'the guest\'s desktop');
  await painted(page, shown + 2, 10_000);
}, { timeoutMs: 150_000 });

test('guest: a killed oriel leaves the VM running; oriel serve attaches to it; pause and resume', async (t) => {
  const vm = await bootGuest(t);
  const first = await attach(t, vm);
  const page = await openDesktop(t, first);
  await first.stop('SIGKILL');
  assert.equal(vm.process.ended(), false, 'QEMU must survive');
  await page.close();
  const second = await attach(t, vm);
  const again = await openDesktop(t, second);
  for (const [command, state] of [['pause', 'paused'], ['resume', 'running']]) {
    assert.equal((await api(second, `/api/v1/desktop/${command}`, { method: 'POST' })).status, 202);
    await until(async () => (await pageStats(again)).state === state, 5000, `state ${state}`);
  }
  await second.stop('SIGTERM');
  assert.equal(vm.process.ended(), false, 'detaching leaves the VM unharmed');
}, { timeoutMs: 120_000 });

test('guest: a blanked screen is what QEMU\'s own screendump shows, with words', async (t) => {
  const vm = await bootGuest(t);
  const server = await attach(t, vm);
  const page = await openDesktop(t, server);
  const monitor = await qmp(t, vm.monitor);
  const dump = async () => {
    const file = join(vm.dir, 'dump.ppm');
    writeFileSync(file, '');
    await monitor.call('screendump', { filename: file });
    return parsePpm(readFileSync(file));
  };
  const said = async () => (await (await api(server, '/api/v1/desktop')).json());
  await page.mouse.click(640, 360);
  await type(page, "swaymsg output '*' dpms off\n");
  await until(async () => (await pageStats(page)).state === 'dark', 15_000, 'the page to say that the display is off');
  assert.equal((await said()).display, 'off');
  assert.match((await pageStats(page)).detail, /switched off/);
  const shot = PNG.sync.read(Buffer.from(await (await api(server, '/snapshot.png')).arrayBuffer()));
  assert.equal(psnr(shot, await dump()), Infinity);
  // The words are no lid: what is typed arrives, and wakes it.
  await type(page, "swaymsg output '*' dpms on\n");
  await until(async () => (await pageStats(page)).state === 'running', 15_000, 'the picture to be back');
  assert.equal((await said()).display, 'shown');
}, { timeoutMs: 120_000 });
