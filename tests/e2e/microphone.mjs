// SPDX-License-Identifier: MIT
//
// The page's microphone: asked for when it is used and not before, heard by the guest at the right pitch, gone when the
// controls are.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test, until } from './lib/runner.mjs';
import { connectTo, freePort, guestArguments, oriel, root, start, temporary } from './lib/process.mjs';
import { openDesktop, pageStats } from './lib/browser.mjs';
import { openWithMicrophone, pitch, toneShare } from './lib/microphone.mjs';

const TONE_HZ = 880;
const still = ['serve', 'pattern:?size=640x480&scene=static'];

const microphone = async (page) => (await pageStats(page)).microphone;
const becomes = (page, state, ms = 10_000) => until(async () => (await microphone(page))?.state === state, ms, `microphone ${state}`);
const asked = (page) => page.evaluate(() => window.asked);
const tracks = (page) => page.evaluate(() => window.captured?.getTracks().map((track) => track.readyState) ?? []);

async function openPanel(page) {
  await page.locator('#handle').dispatchEvent('click');
  await page.locator('#open-microphone').click();
}

const chord = ['ControlLeft', 'AltLeft', 'ShiftLeft', 'KeyT'];
async function hold(page) {
  for (const key of chord) await page.keyboard.down(key);
}
async function letGo(page) {
  for (const key of chord.toReversed()) await page.keyboard.up(key);
}

test('microphone: nothing is asked before it is used, and a refusal is told', async (t) => {
  const server = await oriel(t, still);
  const page = await openWithMicrophone(t, server, { consent: false });
  const permission = () => page.evaluate(async () => (await navigator.permissions.query({ name: 'microphone' })).state);
  await page.context().clearPermissions();
  await openPanel(page);
  await page.locator('#microphone-note').waitFor({ state: 'visible' });
  assert.equal(await asked(page), 0, 'opening the page and the panel must not ask');
  assert.equal(await permission(), 'prompt');
  const headers = (await page.request.get(server.origin + '/')).headers();
  assert.match(headers['permissions-policy'], /microphone=\(self\)/);
  // A browser without a user to ask refuses.
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  });
  await page.locator('#microphone-open').click();
  await page.locator('.toast', { hasText: /site settings/ }).waitFor({ timeout: 5000 });
  assert.equal((await microphone(page)).state, 'off');
  assert.equal(await page.locator('#microphone-open').isChecked(), false);
  assert.deepEqual(page.faults, []);
});

test('microphone: push to talk by chord and button, open mode, level, and its end with the controls', async (t) => {
  const server = await oriel(t, [...still, '--control', 'newest']);
  const page = await openWithMicrophone(t, server, { hz: TONE_HZ });
  assert.equal(await asked(page), 0);
  assert.equal((await microphone(page)).state, 'off');
  await page.locator('#screen').click();
  await hold(page);
  await becomes(page, 'talking');
  await until(async () => (await microphone(page)).sent > 20, 10_000, 'packets while the chord is held');
  assert.ok(await page.locator('#chip-microphone').isVisible());
  assert.ok((await microphone(page)).level > 0.1, 'the level shows the tone');
  await letGo(page);
  await becomes(page, 'ready');
  const { sent } = await microphone(page);
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal((await microphone(page)).sent, sent, 'nothing is sent after the chord');
  assert.equal(await asked(page), 1);

  await openPanel(page);
  const talk = await page.locator('#talk').boundingBox();
  await page.mouse.move(talk.x + talk.width / 2, talk.y + talk.height / 2);
  await page.mouse.down();
  await becomes(page, 'talking');
  await page.mouse.up();
  await becomes(page, 'ready');
  await page.locator('#talk').focus();
  await page.keyboard.down('Space');
  await becomes(page, 'talking');
  await page.keyboard.up('Space');
  await becomes(page, 'ready');

  await page.locator('#microphone-open').click();
  await becomes(page, 'talking');
  const before = (await microphone(page)).sent;
  const from = performance.now();
  await until(async () => (await microphone(page)).sent >= before + 100, 10_000, '100 packets');
  t.log(`${((100_000) / (performance.now() - from)).toFixed(0)} packets a second, ${
    ((await microphone(page)).bytes / (await microphone(page)).sent).toFixed(0)} bytes each`);

  // Another viewer takes the controls: the device is given back and the page says so.
  const other = await openDesktop(t, server);
  await until(async () => (await pageStats(page)).role === 'viewer', 5000, 'the first to become a viewer');
  await becomes(page, 'off', 3000);
  assert.deepEqual(await tracks(page), ['ended']);
  await until(async () => (await microphone(other))?.talker === 0, 5000, 'nobody to speak, as the other page sees it');
  // Without the controls it is not even asked for.
  await hold(page);
  await letGo(page);
  assert.equal((await microphone(page)).state, 'off');
  assert.equal(await asked(page), 1);
  assert.deepEqual(page.faults, []);
});

test('microphone: a hidden tab and a lost connection give the device back', async (t) => {
  const server = await oriel(t, still);
  const page = await openWithMicrophone(t, server);
  await page.locator('#screen').click();
  await hold(page);
  await becomes(page, 'talking');
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await becomes(page, 'off', 3000);
  assert.deepEqual(await tracks(page), ['ended']);
  await letGo(page);
  await page.evaluate(() => {
    delete document.hidden;
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await hold(page);
  await becomes(page, 'talking');
  await server.stop('SIGKILL');
  await becomes(page, 'off', 5000);
  assert.deepEqual(await tracks(page), ['ended']);
});

test('microphone: an unplugged device ends it with a word', async (t) => {
  const server = await oriel(t, still);
  const page = await openWithMicrophone(t, server);
  await page.locator('#screen').click();
  await hold(page);
  await becomes(page, 'talking');
  await page.evaluate(() => {
    for (const track of window.captured.getTracks()) track.dispatchEvent(new Event('ended'));
  });
  await page.locator('.toast', { hasText: /unplugged/ }).waitFor({ timeout: 5000 });
  assert.equal((await microphone(page)).state, 'off');
  assert.deepEqual(await tracks(page), ['ended']);
});

test('microphone: what an agent in the guest takes is the tone, untouched, while it is there', async (t) => {
  const port = await freePort();
  const server = await oriel(t, [...still, '--audio-microphone', `tcp://127.0.0.1:${port}`]);
  const page = await openWithMicrophone(t, server, { hz: TONE_HZ });
  assert.equal((await microphone(page)).use, 0, 'nothing takes it yet');
  await openPanel(page);
  await page.locator('#microphone-open').click();
  await becomes(page, 'talking');
  const peer = start(t, 'python3', [join(root, 'tests', 'e2e', 'lib', 'microphone-peer.py'), String(port), '120']);
  await until(async () => (await microphone(page)).use === 2, 5000, 'the page to be told that it is taken');
  const text = await until(() => /^sound (\S+)$/m.exec(peer.output) ?? (peer.ended() && [peer.output, '']), 15_000, 'a second of sound');
  const bytes = Buffer.from(text[1], 'base64');
  assert.ok(bytes.length > 100_000, text[0].slice(0, 200));
  const samples = Float64Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(i * 2) / 32768);
  // Piece by piece: where the browser itself is late, the tone goes on in another phase.
  const pieces = Array.from({ length: 20 }, (_, i) =>
    pitch(samples.subarray(8000 + i * 2400, 8000 + (i + 1) * 2400), TONE_HZ - 20, TONE_HZ + 20));
  const pure = pieces.filter((piece) => Math.abs(piece.hz - TONE_HZ) <= 1 && piece.share > 0.95);
  t.log(`${pure.length} of ${pieces.length} pieces of 50 ms are ${TONE_HZ} Hz: ${
    pieces.map((piece) => `${piece.hz}/${piece.share.toFixed(2)}`).join(' ')}`);
  assert.ok(pure.length >= pieces.length / 2);
  await until(async () => (await microphone(page)).use === 0, 5000, 'the page to be told that it is gone');
  assert.deepEqual(page.faults, []);
});

/** The root shell on a guest's serial port. */
async function serialShell(t, path, vm) {
  const socket = await connectTo(t, path, vm);
  let text = '';
  socket.on('data', (chunk) => { text += chunk.toString('latin1'); });
  return { lines: () => text.split(/[\r\n]+/), say: (line) => socket.write(`${line}\n`) };
}

/** Samples (-1..1) that a guest wrote in base64 between two lines on its serial port. */
function shippedSamples(lines) {
  const from = lines.indexOf('sound-begins');
  const to = lines.indexOf('sound-ends');
  if (from < 0 || to < 0) return null;
  const bytes = Buffer.from(lines.slice(from + 1, to).join(''), 'base64');
  return Float64Array.from({ length: bytes.length >> 1 }, (_, i) => bytes.readInt16LE(i * 2) / 32768);
}

test('microphone: a recorder in a guest without an agent hears the tone, and then silence', async (t) => {
  const dir = temporary(t);
  const paths = { qmp: join(dir, 'qmp.sock'), serial: join(dir, 'serial.sock') };
  const vm = start(t, 'qemu-system-x86_64', [...guestArguments({ qmp: paths.qmp, append: ['oriel.serial=1'] }),
    '-chardev', `socket,id=s,path=${paths.serial},server=on,wait=off`, '-serial', 'chardev:s']);
  const shell = await serialShell(t, paths.serial, vm);
  await until(() => shell.lines().includes('oriel-guest: ready') || vm.ended(), 60_000, 'the guest\'s desktop');
  const server = await oriel(t, ['serve', `qemu:${paths.qmp}`]);
  const page = await openWithMicrophone(t, server, { hz: TONE_HZ });
  assert.equal(await asked(page), 0);
  await openPanel(page);
  await page.locator('#microphone-open').click();
  await becomes(page, 'talking');
  assert.equal((await microphone(page)).use, 1, 'the guest has an input that nothing records from');
  // The guest's mixer may begin with nothing. bash gives aplay the name by which it records.
  shell.say("bash -c 'amixer -q sset Capture 100% cap; echo sound-begins; " +
    "(exec -a arecord aplay -q -t raw -f S16_LE -c 1 -r 48000 -d 6 | base64); echo sound-ends'");
  await until(async () => (await microphone(page)).use === 2, 60_000, 'the guest to record');
  assert.match(await page.locator('#microphone-note').textContent(), /hears you/);
  await until(async () => (await microphone(page)).talker > 0, 5000, 'the server to say who is heard');
  const { sent } = await microphone(page);
  await until(async () => (await microphone(page)).sent > sent + 250, 20_000, '2.5 s of talk');
  await page.locator('#microphone-open').click();
  await becomes(page, 'off');
  const samples = await until(() => shippedSamples(shell.lines()), 60_000, 'the recording');
  const rms = (part) => Math.sqrt(part.reduce((sum, x) => sum + x * x, 0) / part.length);
  const pieces = (frames) => Array.from({ length: Math.floor(samples.length / frames) }, (_, i) => samples.subarray(i * frames, (i + 1) * frames));
  // In pieces of 20 ms: where guest or browser are late, the tone goes on in another phase.
  const loud = pieces(960).filter((part) => rms(part) > 0.02);
  const clear = loud.map((part) => pitch(part, TONE_HZ - 20, TONE_HZ + 20))
    .filter(({ hz, share }) => Math.abs(hz - TONE_HZ) <= 4 && share > 0.8);
  t.log(`${loud.length} pieces of 20 ms sound, ${clear.length} of them are ${TONE_HZ} Hz; each half second: ${
    pieces(24000).map((part) => rms(part).toFixed(3)).join(' ')}`);
  assert.ok(loud.length >= 75, 'at least one and a half seconds of sound');
  assert.ok(clear.length >= 25, 'the tone at its pitch');
  assert.ok(toneShare(samples, TONE_HZ * 1.0884) < 0.05);
  assert.ok(rms(pieces(24000).at(-1)) < 0.001, 'silence once the microphone is off, never old sound');
}, { timeoutMs: 240_000 });
