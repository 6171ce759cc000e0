// SPDX-License-Identifier: MIT
//
// What a client of WHEP costs the server: 500 of them at 2 Mbit/s each in one process, with the kernel cutting datagrams
// apart and without; then a few beside GStreamer's webrtcbin and janus, with the same receivers.
// `node bench/whep_fanout.mjs [--quick] [--count=500] [--seconds=8] [--peers=1,4,16,64] [--rounds=3]` runs this alone.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, oriel, root, usage } from '../tests/e2e/lib/process.mjs';
import { until } from '../tests/e2e/lib/runner.mjs';
import { option, pause, scope, spread, spreadText } from './common.mjs';
import { receivers, watchByWhep } from './whep_crowd.mjs';
import { janus, startRtp, webrtcbin } from './whep_peers.mjs';

/** Nanoseconds that each thread of a process has run, by its number. */
function ranNs(pid) {
  const of = (task) => Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]);
  return new Map(readdirSync(`/proc/${pid}/task`).map((task) => [Number(task), of(task)]));
}

const sum = (map) => [...map.values()].reduce((all, one) => all + one, 0);

/** Processor time and what arrived, over a window: {packets, bytes, seconds, loop, all} with shares of a core. */
async function watch(crowd, pid, seconds) {
  const [before, ran] = [crowd.counts(), ranNs(pid)];
  await until(() => crowd.counts().at_ms >= before.at_ms + seconds * 1000, (seconds + 30) * 1000, 'the end of the window');
  const [after, now] = [crowd.counts(), ranNs(pid)];
  const passed = (after.at_ms - before.at_ms) / 1000;
  const core = (ns) => ns / 1e7 / passed;
  return {
    packets: (after.packets - before.packets) / passed, mbit: ((after.bytes - before.bytes) * 8) / 1e6 / passed,
    missed: after.missed - before.missed, forged: after.forged,
    loop: core(now.get(pid) - ran.get(pid)), all: core(sum(now) - sum(ran)),
  };
}

const flow = 'pattern:?size=320x240&fps=30&scene=motion';

/** A server whose desktops are coded to 2 Mbit/s by the encoder that costs nothing. */
const serve = (t, names, env = {}) =>
  oriel(t, ['serve', ...names.map((name) => `${name}=${flow}`), '--encoder', 'null', '--fps', '30', '--bitrate', '1900'], { env });

async function crowded(row, count, seconds, env, words, limit) {
  await scope(async (t) => {
    const names = Array.from({ length: Math.ceil(count / 250) }, (_, i) => `d${i}`);
    const server = await serve(t, names, env);
    await pause(500);
    const before = usage(server.pid).rssKiB;
    const crowd = await receivers(t, count);
    await watchByWhep(crowd, server, names.map((name) => `/d/${name}/whep/view`));
    await pause(3000);
    const { packets, mbit, loop, missed, forged } = await watch(crowd, server.pid, seconds);
    const each = (usage(server.pid).rssKiB - before) / count;
    row(`${count} WHEP clients ${words}: Mbit/s of each, packets/s, lost`, `${(mbit / count).toFixed(2)} / ${Math.round(packets)} / ${missed}`, '2, none lost', mbit / count > 1.8 && !missed && !forged);
    row(`${count} WHEP clients ${words}: of a core`, `${loop.toFixed(1)} %`, `<= ${limit} %`, loop <= limit);
    row(`${count} WHEP clients ${words}: CPU a packet`, `${((loop * 1e4) / packets).toFixed(2)} us`, '<= 1.5 us', (loop * 1e4) / packets <= 1.5);
    row(`${count} WHEP clients ${words}: memory of each`, `${each.toFixed(0)} KB`, '<= 120 KB', each <= 120);
  });
}

const servers = {
  oriel: async (t) => {
    const server = await serve(t, ['d']);
    return { pid: server.pid, watch: (crowd) => watchByWhep(crowd, server, ['/d/d/whep/view']) };
  },
  webrtcbin: async (t) => {
    const port = await freePort();
    startRtp(t, port);
    return webrtcbin(t, port);
  },
  janus: async (t) => {
    const port = await freePort();
    startRtp(t, port);
    return janus(t, port);
  },
};

/** Share of a core that each of `count` clients costs a server. */
async function costOf(name, count, seconds) {
  return scope(async (t) => {
    const server = await servers[name](t);
    await pause(1000);
    const [idle, from] = [sum(ranNs(server.pid)), performance.now()];
    await pause(1000);
    const base = (sum(ranNs(server.pid)) - idle) / 1e4 / (performance.now() - from);
    const crowd = await receivers(t, count);
    await server.watch(crowd, crowd.list);
    await crowd.opened();
    await pause(1500);
    const { all, mbit, missed } = await watch(crowd, server.pid, seconds);
    return { each: (all - (name === 'oriel' ? 0 : base)) / count, mbit: mbit / count, missed };
  });
}

/** Rows by `row(name, value, target, met)`. */
export async function fanout(row, quick) {
  const count = option('count', quick ? 100 : 500);
  const seconds = option('seconds', quick ? 4 : 8);
  await crowded(row, count, seconds, {}, 'with GSO', 20);
  await crowded(row, count, seconds, { LD_PRELOAD: join(root, 'build', 'bench', 'libno_segments.so') }, 'without GSO', 35);
  const peers = process.argv.find((word) => word.startsWith('--peers='))?.slice(8) ?? (quick ? '1,4' : '1,4,16,64');
  for (const viewers of peers.split(',').map(Number)) {
    const cost = { oriel: [], webrtcbin: [], janus: [] };
    for (let round = 0; round < option('rounds', quick ? 1 : 3); round++)
      for (const name of round % 2 ? Object.keys(cost).reverse() : Object.keys(cost)) cost[name].push(await costOf(name, viewers, seconds));
    const each = (name) => cost[name].map((one) => one.each);
    for (const name of Object.keys(cost))
      row(`${viewers} clients of ${name}: CPU of each, Mbit/s`, `${spreadText(each(name), 3)} % / ${spread(cost[name].map((one) => one.mbit)).middle.toFixed(2)}`);
    for (const [name, limit] of [['webrtcbin', 1 / 5], ['janus', 1 / 4]]) {
      const ratios = each('oriel').map((value, i) => value / each(name)[i]);
      row(`${viewers} clients: oriel : ${name}, CPU of each`, spreadText(ratios), `at most ${limit}`, spread(ratios).middle <= limit);
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await fanout((name, value, target = '', met = null) => console.log(`${met === null ? ' ' : met ? '+' : '!'} ${name.padEnd(62)} ${String(value).padStart(26)}  ${target}`), process.argv.includes('--quick'));
  process.exit(0);
}
