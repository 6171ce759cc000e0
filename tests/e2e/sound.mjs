// SPDX-License-Identifier: MIT
//
// Sound from inside a guest: heard at its pitch beside the desktop's own, which stays when the guest's is gone; and what
// no peer should send disturbs nothing.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { heardPeak, openDesktop, pageStats } from './lib/browser.mjs';
import { freePort, oriel, root, start, stats, temporary } from './lib/process.mjs';
import { test, until } from './lib/runner.mjs';

const OWN_HZ = 1000, GUEST_HZ = 622;
const pattern = ['serve', 'pattern:?size=640x480&scene=static'];

const peer = (t, address, ...more) =>
  start(t, 'python3', [join(root, 'tests', 'e2e', 'lib', 'sound-peer.py'), address, String(GUEST_HZ), ...more]);

async function listen(page, hz, ms = 8000) {
  return until(async () => {
    const now = await heardPeak(page, hz - 150, hz + 150);
    return now.db > -40 && Math.abs(now.hz - hz) < 6 ? now : null;
  }, ms, `a tone of ${hz} Hz`);
}

/** Opens the page and its sound. */
async function hear(t, server) {
  const page = await openDesktop(t, server);
  await page.mouse.click(200, 200);
  await listen(page, OWN_HZ);
  return page;
}

for (const kind of ['unix', 'tcp', 'udp']) {
  test(`sound: a guest's own stream over ${kind} is heard beside the desktop's, which goes on`, async (t) => {
    const port = kind === 'unix' ? 0 : await freePort();
    const path = join(temporary(t), 'sound');
    const options = {
      unix: ['--audio-listen', `unix://${path}`],
      tcp: ['--audio-listen', `tcp://127.0.0.1:${port}`],
      udp: ['--audio-udp-listen', `127.0.0.1:${port}`],
    };
    const server = await oriel(t, [...pattern, ...options[kind]]);
    const page = await hear(t, server);
    const guest = peer(t, kind === 'unix' ? `unix:${path}` : `${kind}:${port}`);
    const peak = await listen(page, GUEST_HZ);
    t.log(`heard ${peak.hz.toFixed(1)} Hz at ${peak.db.toFixed(1)} dB`);
    await listen(page, OWN_HZ);
    await until(async () => (await stats(server)).sound.mixed >= 20, 5000, 'packets of both');
    const { sound } = await stats(server);
    assert.equal(sound.active, 'device'); // it was there first
    t.log(sound.stages.map((s) => `${s.name} p50 ${s.p50_us} us, p99 ${s.p99_us} us`).join('; '),
      `jitter ${sound.inputs[0].jitter_us} us`);
    guest.child.kill('SIGKILL');
    await until(async () => (await heardPeak(page, GUEST_HZ - 150, GUEST_HZ + 150)).db < -60, 5000, 'the end of the guest’s tone');
    await listen(page, OWN_HZ);
    assert.equal((await stats(server)).sound.bad ?? 0, 0);
  });
}

test('sound: what no peer should send ends that peer and nothing else', async (t) => {
  const path = join(temporary(t), 'sound');
  const port = await freePort();
  const server = await oriel(t, [...pattern, '--audio-listen', `unix://${path}`, '--audio-udp-listen', `127.0.0.1:${port}`]);
  const page = await hear(t, server);
  for (const fault of ['zero', 'long', 'half', 'garbage', 'flood']) {
    const closed = (await stats(server)).sound.inputs[1].closed_by_us;
    peer(t, `unix:${path}`, fault);
    await until(async () => (await stats(server)).sound.inputs[1].closed_by_us > closed, 5000, `an end of ${fault}`);
  }
  peer(t, `udp:${port}`, 'flood');
  await until(async () => (await stats(server)).sound.inputs[0].dropped > 100, 5000, 'a flood to be dropped');
  const { painted } = await pageStats(page);
  await page.keyboard.press('KeyA');
  await until(async () => (await pageStats(page)).painted > painted, 2000, 'a picture after a key');
  assert.deepEqual(page.faults, []);
});
