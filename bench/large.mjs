// SPDX-License-Identifier: MIT
//
// node bench/large.mjs [--seconds=20] [--rounds=4]: motion of 1920x1080 at 60 pictures a second in a page without a GPU,
// drawn on the canvas and shown by a <video> that a track feeds, alternating: what is painted, how long after it was
// captured (p50), and what Chromium takes of a core.
import { readdirSync, readFileSync } from 'node:fs';
import { browser, closeBrowser, openPage, painted, pageStats, pinTransport } from '../tests/e2e/lib/browser.mjs';
import { cpuSeconds, oriel } from '../tests/e2e/lib/process.mjs';
import { option, scope, spreadText } from './common.mjs';

const seconds = option('seconds', 20);
const rounds = option('rounds', 4);

/** CPU seconds of all that this process has started, and what those have, but for `without`. */
function descendantSeconds(without) {
  const children = new Map();
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number)) {
    try {
      const parent = Number(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), pid]);
    } catch { /* it has just ended */ }
  }
  const sum = (pid) => pid === without ? 0 :
    (children.get(pid) ?? []).reduce((all, child) => all + sum(child), pid === process.pid ? 0 : cpuSeconds(pid));
  return sum(process.pid);
}

const measure = (server, canvas) => scope(async (t) => {
  const page = await openPage(t, { size: [1920, 1080] });
  await pinTransport(page, 'websocket');
  if (canvas) await page.addInitScript(() => delete window.MediaStreamTrackGenerator);
  await page.goto(server.url);
  await painted(page, 120, 60_000);
  const [before, cpu, from] = [await pageStats(page), descendantSeconds(server.pid), performance.now()];
  await page.waitForTimeout(seconds * 1000);
  const [after, took] = [await pageStats(page), (performance.now() - from) / 1000];
  return {
    surface: after.surface,
    received: (after.received - before.received) / took,
    painted: (after.painted - before.painted) / took,
    cpu: (descendantSeconds(server.pid) - cpu) * 100 / took,
    seen: after.delays.total.p50_us / 1000,
  };
});

await scope(async (t) => {
  t.after(closeBrowser); // last
  const server = await oriel(t, ['serve', 'pattern:?size=1920x1080&scene=motion&fps=60']);
  await browser();
  const all = { canvas: [], track: [] };
  for (let round = 0; round < rounds; round++)
    for (const name of round % 2 ? ['track', 'canvas'] : ['canvas', 'track']) {
      const m = await measure(server, name === 'canvas');
      if (m.surface !== name) console.log(`(a round shown by ${m.surface}, not by ${name})`);
      all[name].push(m);
    }
  for (const [name, of] of Object.entries(all))
    console.log(`${name.padEnd(7)} received ${spreadText(of.map((m) => m.received), 1)} a second, painted ` +
      `${spreadText(of.map((m) => m.painted), 1)}, seen after ${spreadText(of.map((m) => m.seen), 1)} ms, ` +
      `Chromium ${spreadText(of.map((m) => m.cpu), 0)} % of a core`);
});
