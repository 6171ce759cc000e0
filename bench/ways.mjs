// SPDX-License-Identifier: MIT
//
// node bench/ways.mjs [--seconds=10] [--rounds=3] [--size=1280x720]: motion of 60 pictures a second in the page, by its
// WebSocket, by WebRTC, and by the way that it chooses itself, alternating: on loopback, and over a network of 40 ms round
// trip without loss and with 2 % (relay.mjs says how TCP's loss is played). How long after it was captured a picture was
// seen, how many were, and the longest time without one.
import { browser, closeBrowser, openPage, painted, pageStats, pinTransport } from '../tests/e2e/lib/browser.mjs';
import { portOf, through } from '../tests/e2e/lib/lossy.mjs';
import { oriel } from '../tests/e2e/lib/process.mjs';
import { option, scope, spreadText } from './common.mjs';
import { tcpRelay, udpRelay } from './relay.mjs';

const seconds = option('seconds', 10);
const rounds = option('rounds', 3);
const SETTLE_MS = 6000;
const NETWORKS = { loopback: null, '40 ms': { delay: 20, loss: 0, seed: 7 }, '40 ms, 2 %': { delay: 20, loss: 0.02, seed: 7 } };
const WAYS = ['websocket', 'webrtc', 'auto'];
const scene = 'pattern:?size=1280x720&scene=motion&fps=60';

/** A server as a page on the other side of the network finds it. */
async function serve(t, network) {
  if (!network) return { server: await oriel(t, ['serve', scene]) };
  const relay = await tcpRelay(t, network);
  const here = `127.0.0.1:${relay.port}`;
  const server = await oriel(t, ['serve', scene, '--allow-host', here, '--allow-origin', `http://${here}`]);
  relay.aim(server.port);
  return { server, url: server.url.replace(`127.0.0.1:${server.port}`, here) };
}

/** Runs in the page: the longest time between two looks that found a newer picture. */
const watch = () => {
  window.gap = { last: performance.now(), count: 0, most: 0 };
  setInterval(() => {
    const { painted: count } = window.oriel.stats();
    const now = performance.now();
    if (count !== window.gap.count) {
      window.gap.most = Math.max(window.gap.most, now - window.gap.last);
      Object.assign(window.gap, { count, last: now });
    }
  }, 10);
};

const measure = (network, way) => scope(async (t) => {
  const { server, url } = await serve(t, network);
  const page = await openPage(t, { size: [1280, 720] });
  await pinTransport(page, way);
  if (network) {
    let udp = null;
    await page.route('**/whep/view', async (route) => {
      const response = await route.fetch();
      const answer = await response.text();
      udp ??= await udpRelay(t, portOf(answer), network);
      await route.fulfill({ response, body: through(udp.port)(answer) });
    });
  }
  await page.goto(url ?? server.url);
  await painted(page, 30, 60_000);
  await page.waitForTimeout(SETTLE_MS);
  await page.evaluate(watch);
  const [before, from] = [await pageStats(page), performance.now()];
  await page.waitForTimeout(seconds * 1000);
  const [after, took] = [await pageStats(page), (performance.now() - from) / 1000];
  return {
    by: after.transport.way,
    painted: (after.painted - before.painted) / took,
    p50: after.delays.total.p50_us / 1000,
    p95: after.delays.total.p95_us / 1000,
    gap: await page.evaluate(() => window.gap.most),
  };
});

await scope(async (t) => {
  t.after(closeBrowser); // last
  await browser();
  for (const [name, network] of Object.entries(NETWORKS)) {
    const all = Object.fromEntries(WAYS.map((way) => [way, []]));
    for (let round = 0; round < rounds; round++)
      for (const way of round % 2 ? [...WAYS].reverse() : WAYS) all[way].push(await measure(network, way));
    console.log(`\n${name}`);
    for (const [way, of] of Object.entries(all))
      console.log(`  ${way.padEnd(9)} seen after ${spreadText(of.map((m) => m.p50), 1)} ms, 95 % after ` +
        `${spreadText(of.map((m) => m.p95), 1)}, ${spreadText(of.map((m) => m.painted), 1)} a second, longest gap ` +
        `${spreadText(of.map((m) => m.gap), 0)} ms${way === 'auto' ? `; chose ${of.map((m) => m.by).join(', ')}` : ''}`);
  }
});
