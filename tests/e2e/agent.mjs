// SPDX-License-Identifier: MIT
//
// Sound of a real guest by its agent: QEMU, the demo guest with PipeWire and oriel-agent, streams over virtio-serial and, inside the
// guest, over vsock's loopback. The host's end is `oriel audio test`. CPUs are emulated here, so limits are generous.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { heardPeak, openDesktop } from './lib/browser.mjs';
import { test, until } from './lib/runner.mjs';
import { binary, guestArguments, guestDir, oriel, root, start, stats, temporary } from './lib/process.mjs';

const melody = [523.25, 659.26, 783.99, 1046.5];
const inGuest = '/usr/libexec/oriel/as-user';

/** Kernel, command line and initramfs with the agent in a folder of their own, as ORIEL_GUEST_DIR wants them. */
export function soundGuest(t) {
  execFileSync(join(root, 'guest/demo-sound/build.sh'), [guestDir, dirname(binary)], { stdio: 'inherit' });
  const dir = temporary(t);
  for (const name of ['vmlinuz', 'cmdline']) symlinkSync(join(guestDir, name), join(dir, name));
  writeFileSync(join(dir, 'initrd.img'), Buffer.concat(['initrd.img', 'agent.img'].map((name) => readFileSync(join(guestDir, name)))));
  return dir;
}

/** The root shell on the guest's serial port: run(command) -> what it printed; throws when it fails. */
export async function guestShell(t, path) {
  const socket = await until(() => new Promise((resolve) => {
    const s = createConnection(path);
    s.once('connect', () => resolve(s));
    s.once('error', () => resolve(null));
  }), 10_000, `the guest's serial port ${path}`);
  let text = '';
  socket.on('data', (data) => { text += data.toString('latin1'); });
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  await until(() => text.includes('oriel-guest: ready'), 120_000, 'the guest\'s desktop and sound devices');
  const run = async (command, ms = 60_000) => {
    text = '';
    socket.write(`${command}\necho "<$?>"\n`);
    const end = await until(() => /<(\d+)>\r?\n/.exec(text), ms, `${command} in the guest`)
      .catch((error) => { throw new Error(`${error.message}; it said ${text.slice(-600)}`); });
    if (end[1] !== '0') throw new Error(`${command} in the guest ended with ${end[1]}: ${text.slice(-600)}`);
    return text.slice(0, end.index).replaceAll('\r', '');
  };
  await run('stty -echo; PS1=');
  return run;
}

/** A guest with both virtio-serial ports on sockets of ours. */
async function bootSound(t) {
  const dir = temporary(t);
  const images = soundGuest(t);
  const paths = { serial: join(dir, 'serial'), out: join(dir, 'out'), mic: join(dir, 'mic') };
  const port = (id, name) => ['-chardev', `socket,id=${id},path=${paths[id]},server=on,wait=off`, '-device', `virtserialport,chardev=${id},name=${name}`];
  const args = guestArguments({ qmp: join(dir, 'qmp'), append: ['oriel.serial=1'], audio: 'none', display: ['-display', 'none'] });
  args[args.indexOf('-initrd') + 1] = join(images, 'initrd.img');
  const vm = start(t, 'qemu-system-x86_64', [...args, '-chardev', `socket,id=serial,path=${paths.serial},server=on,wait=off`, '-serial', 'chardev:serial',
    '-device', 'virtio-serial-pci', ...port('out', 'org.oriel.audio'), ...port('mic', 'org.oriel.microphone')]);
  return { ...paths, dir, vm, sh: await guestShell(t, paths.serial) };
}

const status = async (sh) => JSON.parse(await sh(`${inGuest} oriel-agent --status`));

/** `oriel audio test …` on the host; `.result()` is its JSON. */
function audioTest(t, ...words) {
  const child = start(t, binary, ['audio', 'test', ...words, '--json']);
  child.result = async () => {
    const { code } = await child.exited;
    assert.equal(code, 0, child.output);
    return JSON.parse(child.output);
  };
  return child;
}

/** Played three times, the melody is heard twice without a gap in its order, and nothing at another pitch. An emulated CPU on a busy
 * machine is late at times, mostly when the stream starts: that tears notes, so what lasts less than 150 ms is not looked at. */
function assertMelody(heard) {
  const near = (hz, note) => Math.abs(hz / note - 1) < 0.01;
  const notes = heard.notes.filter(({ ms }) => ms >= 150).map(({ hz }) => melody.findIndex((note) => near(hz, note)));
  const order = notes.filter((note, i) => note !== notes[i - 1]).join('');
  assert.ok(!notes.includes(-1) && order.split('0123').length - 1 >= 2, `heard ${JSON.stringify(heard.notes)}`);
}

/** Records in the guest and returns half a second of samples from the end. */
async function record(sh, seconds) {
  await sh(`rm -f /tmp/r.wav; ${inGuest} timeout -s INT ${seconds} pw-cat -r --target oriel-input --rate 48000 --channels 1 --format s16 /tmp/r.wav || true`);
  const bytes = Buffer.from((await sh('tail -c 48000 /tmp/r.wav | base64', 90_000)).replace(/[^A-Za-z0-9+/=]/g, ''), 'base64');
  return Array.from({ length: Math.floor(bytes.length / 2) }, (_, i) => bytes.readInt16LE(2 * i) / 32768);
}

/** Hz of a tone, by the median distance of upward zero crossings: a gap does not bend it. */
function pitch(samples) {
  const at = [];
  for (let i = 1; i < samples.length; i++) {
    if (samples[i - 1] < 0 && samples[i] >= 0) at.push(i - samples[i] / (samples[i] - samples[i - 1]));
  }
  const distances = at.slice(1).map((value, i) => value - at[i]).sort((a, b) => a - b);
  return distances.length ? 48_000 / distances[distances.length >> 1] : 0;
}

const loudness = (samples) => Math.max(...samples.map(Math.abs));

test('agent: sound of a guest over virtio-serial: melody, microphone, delay of both ways', async (t) => {
  const { out, mic, sh } = await bootSound(t);

  // What the guest plays arrives at the host. The first test waits until the agent has found somebody at the port.
  const ears = audioTest(t, `unix://${out}`, '--wait', '60', '--seconds', '6');
  await until(async () => (await status(sh)).output.connected, 30_000, 'the agent to find the port open');
  await sh(`${inGuest} chime --loop 3`);
  const heard = await ears.result();
  t.log(`heard ${heard.notes.map(({ hz }) => hz).join(', ')} Hz; jitter ${heard.jitter_ms} ms, ${heard.underruns} underruns`);
  assertMelody(heard);
  assert.equal(heard.bad_packets, 0);

  // What the host sends is recorded in the guest.
  const mouth = audioTest(t, `unix://${mic}`, '--send', '--tone', '800', '--seconds', '25', '--wait', '30');
  await until(async () => (await status(sh)).input.connected, 30_000, 'the agent to find the microphone');
  const recorded = await record(sh, 4);
  const input = (await status(sh)).input;
  t.log(`recorded ${pitch(recorded).toFixed(1)} Hz, peak ${loudness(recorded).toFixed(3)}; receiver at ${input.ring_ms} of ${input.target_ms} ms, drift ${input.drift_ppm} ppm`);
  assert.ok(Math.abs(pitch(recorded) / 800 - 1) < 0.01, `${pitch(recorded)} Hz`);
  assert.ok(loudness(recorded) > 0.1, 'it is as loud as it was sent');
  await mouth.stop();

  // There and back: the guest's recording device linked to its playback device; both times by the host's clock.
  await sh(`${inGuest} pw-link oriel-input:capture_FL oriel-output:playback_FL && ${inGuest} pw-link oriel-input:capture_FR oriel-output:playback_FR`);
  const way = await audioTest(t, `unix://${mic}`, '--from', `unix://${out}`, '--tone', '1000', '--wait', '40', '--seconds', '8').result();
  t.log(`there and back ${way.delay_ms?.least} to ${way.delay_ms?.most} ms, p50 ${way.delay_ms?.p50} ms of ${way.delay_ms?.count} bursts (Opus 20 ms, emulated CPU)`);
  assert.ok(way.delay_ms?.count >= 3, JSON.stringify(way));
}, { timeoutMs: 300_000 });

test('agent: sound over vsock inside a guest, after `oriel audio set`', async (t) => {
  const { sh } = await bootSound(t);
  const said = await sh(`${inGuest} audio_peer set 'output=vsock://1:5000?format=pcm' input=vsock://1:5001`);
  assert.match(said, /oriel-agent takes it/);
  // CID 1 is the machine itself: nothing leaves the guest.
  await sh(`(${inGuest} audio_peer test 'vsock://any:5000?format=pcm' --listen --wait 60 --seconds 6 --json >/tmp/v.json 2>&1; echo done >>/tmp/v.json) &`);
  await until(async () => /"connected": true/.test(await sh(`${inGuest} oriel-agent --status || true`)), 60_000, 'the agent with its new settings');
  await until(async () => (await status(sh)).output.connected, 30_000, 'the agent to reach vsock port 5000');
  assert.match((await status(sh)).output.address, /^vsock:\/\/1:5000/);
  await sh(`${inGuest} chime --loop 3`);
  const text = await until(async () => /^([^]*})\s*done/.exec(await sh('cat /tmp/v.json')), 60_000, 'the listener\'s report');
  const heard = JSON.parse(text[1]);
  t.log(`heard ${heard.notes.map(({ hz }) => hz).join(', ')} Hz over vsock; jitter ${heard.jitter_ms} ms`);
  assertMelody(heard);

  await sh(`(${inGuest} audio_peer test vsock://any:5001 --listen --send --tone 700 --seconds 40 --wait 60 >/tmp/m.txt 2>&1) &`);
  await until(async () => (await status(sh)).input.connected, 30_000, 'the agent to reach vsock port 5001');
  const recorded = await record(sh, 4);
  t.log(`recorded ${pitch(recorded).toFixed(1)} Hz over vsock`);
  assert.ok(Math.abs(pitch(recorded) / 700 - 1) < 0.01, `${pitch(recorded)} Hz`);
}, { timeoutMs: 300_000 });

test('agent: `oriel run` brings a guest\'s melody to the page by the agent', async (t) => {
  const images = soundGuest(t);
  const dir = temporary(t);
  const runtime = join(dir, 'run');
  mkdirSync(runtime, { mode: 0o700 });
  rmSync(join(images, 'cmdline'));
  writeFileSync(join(images, 'cmdline'), `${readFileSync(join(guestDir, 'cmdline'), 'utf8').trim()} oriel.serial=1`);
  const serial = join(dir, 'serial');
  const server = await oriel(t, ['run', '--name', 'sound', '--accel', 'tcg', '--', '-chardev', `socket,id=s,path=${serial},server=on,wait=off`,
    '-serial', 'chardev:s'], { env: { XDG_RUNTIME_DIR: runtime, ORIEL_GUEST_DIR: images } });
  const sh = await guestShell(t, serial);
  const page = await openDesktop(t, server);
  await page.mouse.click(640, 700);
  await until(async () => (await status(sh)).output.connected, 40_000, 'the agent to find oriel at its port');
  await sh(`(${inGuest} chime --loop 4 >/dev/null 2>&1) &`);
  const heard = new Set();
  await until(async () => {
    for (const note of melody) {
      const peak = await heardPeak(page, note - 25, note + 25);
      if (peak.db > -45 && Math.abs(peak.hz - note) < note * 0.01) heard.add(note);
    }
    return heard.size === melody.length;
  }, 40_000, 'four notes of the chime').catch((error) => { throw new Error(`${error.message}; heard ${[...heard]}`); });
  const { sound } = await stats(server);
  assert.equal(sound.active, 'stream', 'the sound came by the agent, not by the sound card');
  t.log(JSON.stringify(sound.stages));
}, { timeoutMs: 300_000 });
