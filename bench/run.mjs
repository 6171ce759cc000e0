// SPDX-License-Identifier: MIT
//
// `make bench`: Oriel and QEMU's VNC with noVNC, in one Chromium, on one guest, in one run; then Oriel by itself. Prints a
// table and writes build/bench.json. Rounds alternate; medians of rounds with their extremes; ratios travel between machines,
// milliseconds do not. `node bench/run.mjs --before=PATH` compares another build's `oriel` with this one instead.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { until } from '../tests/e2e/lib/runner.mjs';
import { api, binary, cpuSeconds, freePort, guestArguments, oriel, root, serialLines, start, stats, temporary, usage } from '../tests/e2e/lib/process.mjs';
import { closeBrowser, openPage, painted, pinTransport } from '../tests/e2e/lib/browser.mjs';
import { rawViewer } from '../tests/e2e/lib/raw-viewer.mjs';
import { pause, scope, spread, spreadText } from './common.mjs';
import { desktops } from './desktops.mjs';
import { installMeter, keyToPhoton, summary } from './meter.mjs';
import { serveNovnc } from './novnc.mjs';

const quick = process.argv.includes('--quick');
const samples = quick ? 20 : 60;
const windowSeconds = quick ? 4 : 8;
const rounds = quick ? 2 : 6;
const sceneRounds = quick ? 2 : 4;
const openingRounds = quick ? 4 : 16;
const rows = [];

/** One line of the table. `target` is a sentence; `met` decides the mark. */
function row(name, value, target = '', met = null) {
  rows.push({ name, value, target, met });
  const mark = met === null ? ' ' : met ? '+' : '!';
  console.log(`${mark} ${name.padEnd(58)} ${String(value).padStart(22)}  ${target}`);
}

const ms = (value) => `${value.toFixed(1)} ms`;

/** Bytes that each open connection of a TCP port of ours has sent so far, by the peer's address. */
function bytesSent(port) {
  const text = execFileSync('ss', ['-tinHO', 'state', 'established', `( sport = :${port} )`], { encoding: 'utf8' });
  return new Map([...text.matchAll(/^\s*\d+\s+\d+\s+\S+\s+(\S+).*?bytes_sent:(\d+)/gm)].map((m) => [m[1], Number(m[2])]));
}

/** What was sent between two of these on the connections still open: pictures come over one that stays. */
const bytesBetween = (before, after) => [...after].reduce((sum, [peer, bytes]) => sum + bytes - (before.get(peer) ?? 0), 0);

/** A guest that runs flash with this scene, shown by D-Bus and by VNC. */
async function bootScene(t, scene) {
  const dir = temporary(t);
  const vnc = await freePort();
  const vm = { qmp: join(dir, 'qmp.sock'), serial: join(dir, 'serial'), vnc };
  const args = guestArguments({ ...vm, append: [`oriel.run=flash+--scene+${scene}+--log+/dev/ttyS0`] });
  // One VM, two displays; only the one with a client costs anything.
  vm.process = start(t, 'qemu-system-x86_64', [...args, '-vnc', `127.0.0.1:${await vncDisplay()},websocket=${vnc}`]);
  await until(() => serialLines(vm.serial).some((line) => line.startsWith('ready ')) || vm.process.ended(), 60_000, `flash in the guest ${vm.process.output}`);
  if (vm.process.ended()) throw new Error(`QEMU ended: ${vm.process.output}`);
  return vm;
}

/** A free VNC display number (QEMU listens on 5900 + N as well). */
async function vncDisplay() {
  for (let display = 40; display < 90; display++) {
    const free = await new Promise((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(5900 + display, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return display;
  }
  throw new Error('no free VNC display from 40 to 89');
}

async function openMetered(t, url) {
  const page = await openPage(t, { size: [1280, 720] });
  await page.addInitScript(installMeter); // which looks at what is drawn
  await pinTransport(page, 'websocket');
  await page.goto(url);
  const first = await page.evaluate(() => Promise.race([window.firstPicture, new Promise((resolve) => setTimeout(resolve, 15_000, null))]));
  if (first === null) throw new Error(`no picture of the test card at ${url}`);
  return { page, first };
}

/** Both in turn, so that drift of the machine falls on both; each round the other one is first.
 *  @param {number} count rounds @param {(name: string) => Promise<void>} measureOne */
async function alternate(count, measureOne, names = ['oriel', 'noVNC']) {
  for (let round = 0; round < count; round++) {
    for (const name of round % 2 ? [...names].reverse() : names) await measureOne(name);
  }
}

/** "1.04 (1.02 to 1.09)" of the ratios of rounds. */
function ratios(ours, theirs, digits = 2) {
  const quotients = ours.map((value, round) => value / theirs[round]);
  return { middle: spread(quotients).middle, text: spreadText(quotients, digits) };
}

/** A guest with this scene that Oriel and noVNC both show. */
async function withClients(scene, body) {
  await scope(async (t) => {
    const vm = await bootScene(t, scene);
    const ours = await oriel(t, ['serve', `qemu:${vm.qmp}`]);
    const peer = await serveNovnc(vm.vnc);
    t.after(peer.close);
    await body({ vm, ours, peer });
  });
}

/** CPU seconds of all and of the `own` one, and bytes sent from a port, per minute of one window. */
async function useOverWindow(pids, own, port) {
  const cpu = () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const [cpu0, bytes0, own0, from] = [cpu(), bytesSent(port), cpuSeconds(own), performance.now()];
  await pause(windowSeconds * 1000);
  const minutes = (performance.now() - from) / 60_000;
  return {
    cpu: (cpu() - cpu0) / minutes, bytes: bytesBetween(bytes0, bytesSent(port)) / minutes, own: (cpuSeconds(own) - own0) / minutes,
  };
}

async function comparePhotons() {
  await withClients('static', async ({ vm, ours, peer }) => {
    const result = { oriel: { rounds: [] }, noVNC: { rounds: [] } };
    const url = { oriel: ours.url, noVNC: peer.url };
    await alternate(rounds, (name) => scope(async (inner) => {
      const { page } = await openMetered(inner, url[name]);
      await page.mouse.move(900, 600);
      await pause(500);
      await keyToPhoton(page, 3); // the first key after a start pages code in, in the guest and in the browser
      result[name].rounds.push(await keyToPhoton(page, Math.ceil(samples / rounds)));
    }));
    for (const name of ['oriel', 'noVNC']) {
      const all = summary(result[name].rounds.flat());
      row(`input to photon, ${name} (p50 / p95 / min)`, `${ms(all.p50)} / ${ms(all.p95)} / ${ms(all.min)}`);
    }
    const medians = (name) => result[name].rounds.map((delays) => summary(delays).p50);
    const photon = ratios(medians('oriel'), medians('noVNC'));
    row('input to photon, oriel : noVNC, p50 of rounds', photon.text, 'at most 0.50', photon.middle <= 0.5);
    const { stages } = await stats(ours);
    for (const s of stages) row(`  stage ${s.name} (p50 / p95)`, `${ms(s.p50_us / 1000)} / ${ms(s.p95_us / 1000)}`);
  });
}

/** From the address in the browser's bar to the first picture. */
async function compareOpening() {
  await withClients('static', async ({ vm, ours, peer }) => {
    const first = { oriel: [], noVNC: [] };
    const url = { oriel: ours.url, noVNC: peer.url };
    await alternate(openingRounds, (name) => scope(async (inner) => {
      first[name].push((await openMetered(inner, url[name])).first);
    }));
    for (const name of ['oriel', 'noVNC']) {
      const { middle, least, most } = spread(first[name]);
      row(`opening the page to the first correct picture, ${name}`, `${ms(middle)} (${least.toFixed(0)} to ${most.toFixed(0)})`);
    }
    const opening = ratios(first.oriel, first.noVNC);
    row('first correct picture, oriel : noVNC, of rounds', opening.text, 'at most 1.00', opening.middle <= 1);
  });
}

async function compareScene(scene) {
  await withClients(scene, async ({ vm, ours, peer }) => {
    const used = { oriel: [], noVNC: [] };
    const clients = {
      oriel: { url: ours.url, port: ours.port, pids: [ours.pid, vm.process.pid] },
      noVNC: { url: peer.url, port: vm.vnc, pids: [vm.process.pid] },
    };
    await alternate(sceneRounds, (name) => scope(async (inner) => {
      const { url, port, pids } = clients[name];
      const { page } = await openMetered(inner, url);
      await page.mouse.move(900, 600);
      await pause(1500);
      used[name].push(await useOverWindow(pids, ours.pid, port));
    }));
    const of = (name, what) => used[name].map((round) => round[what]);
    for (const name of ['oriel', 'noVNC']) {
      const [cpu, bytes, own] = ['cpu', 'bytes', 'own'].map((what) => spread(of(name, what)));
      row(`${scene}: CPU s and MB per minute, QEMU + ${name}`,
        `${cpu.middle.toFixed(1)} s (${cpu.least.toFixed(1)} to ${cpu.most.toFixed(1)}) / ${(bytes.middle / 1e6).toFixed(2)} MB`,
        name === 'oriel' ? `oriel alone ${own.middle.toFixed(1)} s` : '');
    }
    // A still guest costs either a few hundred bytes of pings; their ratio says nothing.
    const bytes = spread(of('noVNC', 'bytes')).middle > 100_000 ? ratios(of('oriel', 'bytes'), of('noVNC', 'bytes')).text : '-';
    row(`${scene}: oriel : noVNC, CPU / bytes, of rounds`, `${ratios(of('oriel', 'cpu'), of('noVNC', 'cpu')).text} / ${bytes}`);
  });
}

/** Another build of Oriel and this one, in turn on one guest: opening the page, input to photon, and what each scene costs. */
async function compareBuilds(other) {
  const builds = { before: other, now: binary };
  for (const scene of ['static', 'typing', 'motion']) {
    await scope(async (t) => {
      const vm = await bootScene(t, scene);
      const of = { before: [], now: [] };
      await alternate(sceneRounds, (name) => scope(async (inner) => {
        const server = await oriel(inner, ['serve', `qemu:${vm.qmp}`], { executable: builds[name] });
        const { page, first } = await openMetered(inner, server.url);
        await page.mouse.move(900, 600);
        await pause(1500);
        const photon = scene === 'static' ? (await keyToPhoton(page, 13)).slice(3) : [0];
        const used = await useOverWindow([server.pid, vm.process.pid], server.pid, server.port);
        of[name].push({ first, photon: summary(photon).p50, ...used });
      }), Object.keys(builds));
      const whats = { first: 'opening the page', photon: 'input to photon', cpu: 'CPU of QEMU and oriel', own: 'CPU of oriel', bytes: 'bytes' };
      for (const [what, words] of Object.entries(whats)) {
        const [before, now] = ['before', 'now'].map((name) => of[name].map((round) => round[what]));
        if (Math.min(...before) > 0) row(`${scene}: ${words}, now : before, of rounds`, ratios(now, before).text);
      }
    });
  }
}

/** Share of one core that a process uses over the window. */
async function share(pid, seconds = windowSeconds) {
  const [cpu0, from] = [cpuSeconds(pid), performance.now()];
  await pause(seconds * 1000);
  return ((cpuSeconds(pid) - cpu0) * 100_000) / (performance.now() - from);
}

async function alone() {
  await scope(async (t) => {
    const server = await oriel(t, ['serve', 'pattern:?scene=static']);
    const idle = await share(server.pid, quick ? 5 : 30);
    row('nobody watching, % of a core', idle.toFixed(2), '< 0.2', idle < 0.2);
    const { page } = await openMetered(t, server.url);
    await pause(2000);
    await page.evaluate(() => document.dispatchEvent(new Event('oriel-quiet')));
    const still = await share(server.pid, quick ? 5 : 30);
    row('still picture watched (with its tone), % of a core', still.toFixed(2));
    await page.close();
  });
  await scope(async (t) => {
    // A still desktop without sound: the demo guest's.
    const vm = await bootScene(t, 'static');
    const server = await oriel(t, ['serve', `qemu:${vm.qmp}`]);
    await openMetered(t, server.url);
    await pause(3000);
    const still = await share(server.pid, quick ? 5 : 30);
    row('still picture of a VM watched, % of a core', still.toFixed(2), '< 0.5', still < 0.5);
    for (let i = 0; i < 3; i++) await openMetered(t, server.url);
    await pause(2000);
    const rss = usage(server.pid).rssKiB / 1024;
    row('resident memory at 1280x720 with four viewers', `${rss.toFixed(1)} MiB`, '< 114 MiB (120 MB)', rss * 1.048576 < 120);
  });
  await scope(async (t) => {
    const server = await oriel(t, ['serve', 'pattern:?size=1920x1080&fps=60&scene=motion', '--bitrate', '8000']);
    await rawViewer(t, server, { answers: true });
    await pause(1000);
    const [one, before] = [await share(server.pid), usage(server.pid).rssKiB];
    const more = 16;
    for (let i = 0; i < more; i++) await rawViewer(t, server, { answers: true });
    await pause(1000);
    const bytes1 = bytesSent(server.port);
    const many = await share(server.pid);
    const rate = (bytesBetween(bytes1, bytesSent(server.port)) * 8) / windowSeconds / (more + 1) / 1e6;
    // No scene codes to 4 Mbit/s; scaling all of the cost up to it errs to the high side, for much of it is per picture.
    const perViewer = ((many - one) / more) * Math.max(1, 4 / rate);
    row('each further viewer of 4 Mbit/s, % of a core', perViewer.toFixed(2), `< 1 (scaled from ${rate.toFixed(1)} Mbit/s)`, perViewer < 1);
    const memory = (usage(server.pid).rssKiB - before) / 1024 / more;
    row('each further viewer, memory', `${memory.toFixed(2)} MiB`, '< 1 MiB', memory < 1);
    if (!(rate > 0)) throw new Error('the raw viewers received nothing');
  });
  const starts = [];
  for (let i = 0; i < 9; i++) {
    await scope(async (t) => {
      const port = await freePort();
      const from = performance.now();
      const child = start(t, binary, ['serve', 'pattern:'], { env: { ...process.env, ORIEL_LISTEN: `127.0.0.1:${port}` } });
      await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no ready line: ${child.output}`)), 5000);
        child.child.stdout.on('data', () => {
          if (!/^ready: /m.test(child.output)) return;
          clearTimeout(timer);
          resolve();
        });
      });
      starts.push(performance.now() - from);
    });
  }
  const begun = summary(starts).p50;
  row('start of `oriel serve pattern:` to listening', ms(begun), '< 100 ms', begun < 100);
  const ends = [];
  for (let i = 0; i < 9; i++) await scope(async (t) => ends.push(await endBesideSnapshot(t)));
  const ended = summary(ends).p50;
  row('SIGTERM to the end, while a /snapshot.png waits', ms(ended), '< 200 ms', ended < 200);
}

/** From SIGTERM to the end of the process, while somebody waits for a picture of a VM that is not there. */
async function endBesideSnapshot(t) {
  const server = await oriel(t, ['serve', 'qemu:/nowhere/qmp.sock']);
  const answer = api(server, '/snapshot.png').then((response) => response.text());
  await pause(200);
  const from = performance.now();
  server.child.kill('SIGTERM');
  await server.exited;
  const took = performance.now() - from;
  if (!/no desktop is served now/.test(await answer)) throw new Error('the picture was not waited for');
  return took;
}

/** Rows of one of our C benchmarks. */
function measure(name) {
  const bench = join(process.env.ORIEL_BENCH_DIR ?? join(root, 'build', 'bench'), name);
  if (!existsSync(bench)) throw new Error(`${bench} is missing: make build`);
  for (const one of JSON.parse(execFileSync(bench, ['--json'], { encoding: 'utf8', maxBuffer: 1 << 20, timeout: 300_000 }))) {
    const value = Number(one[one.judged ?? 'p50'].toPrecision(3));
    row(one.name, `${one.judged === 'p99' ? 'p99 ' : ''}${value} ${one.unit}`, one.target ?? '', one.met ?? null);
  }
}

function sound() {
  measure('receiver_bench');
  measure('audio_shm_bench');
  measure('driver_bench');
  // A real PipeWire and the agent; its own table is of the same form.
  const agent = join(root, 'build', 'guest', 'agent', 'oriel-agent');
  const probe = join(root, 'build', 'tests', 'agent', 'loop_probe');
  const { stdout } = spawnSync('python3', [join(root, 'bench', 'agent_bench.py'), agent, probe, ...(quick ? ['--quick'] : [])],
    { encoding: 'utf8', timeout: 300_000 });
  for (const line of stdout.split('\n')) {
    const [, mark, name, value, target] = /^([ +!]) (.{58}) (.{22,}?)  (.*)$/.exec(line) ?? [];
    if (name?.trim()) row(`agent: ${name.trim()}`, value.trim(), target.trim(), { '+': true, '!': false }[mark] ?? null);
  }
}

console.log(`${''.padEnd(2)}${'measured'.padEnd(58)} ${'median'.padStart(22)}  target`);
const only = process.argv.find((word) => word.startsWith('--only='))?.slice(7);
const parts = {
  codecs: () => measure('media_bench'), channels: () => measure('channel_bench'), opening: compareOpening, photons: comparePhotons, alone, sound,
  desktops: () => desktops(row, quick),
  scenes: async () => { for (const scene of ['static', 'typing', 'scroll', 'motion']) await compareScene(scene); },
};
if (only && !parts[only]) throw new Error(`--only takes one of ${Object.keys(parts).join(', ')}`);
const other = process.argv.find((word) => word.startsWith('--before='))?.slice(9);
if (other) await compareBuilds(other);
else for (const name of ['codecs', 'channels', 'opening', 'photons', 'scenes', 'alone', 'desktops', 'sound']) if (!only || only === name) await parts[name]();
await closeBrowser();
mkdirSync(join(root, 'build'), { recursive: true });
writeFileSync(join(root, 'build', 'bench.json'), `${JSON.stringify({ when: new Date().toISOString(), rows }, null, 2)}\n`);
const missed = rows.filter((r) => r.met === false);
console.log(`${rows.filter((r) => r.met).length} targets met, ${missed.length} missed${missed.length ? `: ${missed.map((r) => r.name).join('; ')}` : ''}`);
