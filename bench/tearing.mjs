// SPDX-License-Identifier: MIT
//
// node bench/tearing.mjs [--minutes=5] [--rounds=2] [--worker] [--load]: sound beside 60 fps motion at 1280x720, as a page
// hears it.
// The worker that decodes and decoding in the page alternate; for each: gaps a minute, the buffer, and where packets are
// late: as they arrive in the page, as they reach the ring in the audio thread, and how unevenly that thread pulls. With
// --load a second process keeps a core busy. Where the meter sits: one branch a message in the page, two additions a
// pull in the audio thread.
import { spawn } from 'node:child_process';
import { closeBrowser, openPage, painted, pageStats } from '../tests/e2e/lib/browser.mjs';
import { oriel } from '../tests/e2e/lib/process.mjs';
import { option, scope } from './common.mjs';

const minutes = option('minutes', 5);
const rounds = option('rounds', 2);
const AUDIO = 4; // wire/viewer.h
const PACKET_MS = 20;

/** In the page: when sound arrives, and what the audio thread reports of itself. */
function meterPage({ audio, inPage, worklet }) {
  if (inPage) delete window.Worker;
  const late = new Array(400).fill(0);
  let count = 0;
  let first = Infinity;
  window.tearing = { late, pulls: null, takes: null };
  window.WebSocket = class extends WebSocket {
    constructor(...options) {
      super(...options);
      this.addEventListener('message', ({ data }) => {
        if (!(data instanceof ArrayBuffer) || new DataView(data).getUint8(0) !== audio) return;
        const offset = performance.now() - count++ * 20;
        first = Math.min(first, offset);
        late[Math.min(399, Math.floor(offset - first))]++;
      });
    }
  };
  const { addModule } = AudioWorklet.prototype;
  AudioWorklet.prototype.addModule = async function (url) {
    const base = new URL(url, location.href);
    const text = (await (await fetch(base)).text()).replace('...counts }', '...counts, meter: this.meter }');
    const absolute = text.replace(/from '(\.[^']*)'/g, (_, path) => `from '${new URL(path, base)}'`);
    return addModule.call(this, URL.createObjectURL(new Blob([absolute + worklet], { type: 'text/javascript' })));
  };
  window.AudioWorkletNode = class extends AudioWorkletNode {
    constructor(...options) {
      super(...options);
      this.port.addEventListener('message', ({ data }) => Object.assign(window.tearing, data.meter));
    }
  };
}

/** In the audio thread, behind the page's own module. Its only clock counts whole milliseconds. */
const meterWorklet = `
{
  const pulls = new Array(400).fill(0), takes = new Array(400).fill(0);
  const { take, process } = OrielOutput.prototype;
  let count = 0, first = Infinity, last = 0;
  OrielOutput.prototype.take = function (message) {
    if (message.planes) {
      const offset = Date.now() - count++ * ${PACKET_MS};
      first = Math.min(first, offset);
      takes[Math.min(399, offset - first)]++;
    }
    take.call(this, message);
  };
  OrielOutput.prototype.process = function (inputs, outputs) {
    const now = Date.now();
    if (last && now !== last) pulls[Math.min(399, now - last)]++;
    last = now;
    this.meter = { pulls, takes };
    return process.call(this, inputs, outputs);
  };
}`;

/** The smallest value that so many of the counted ones are not above. @param {number[]} counts */
function quantile(counts, share) {
  const all = counts.reduce((sum, n) => sum + n, 0);
  let seen = 0;
  for (let value = 0; value < counts.length; value++) {
    seen += counts[value];
    if (seen >= all * share) return value;
  }
  return NaN;
}
const spread = (counts) => `${quantile(counts, 0.5)} / ${quantile(counts, 0.99)} / ${quantile(counts, 1)}`;

const measure = (server, inPage) => scope(async (t) => {
  const page = await openPage(t, { size: [1280, 720], extra: { bypassCSP: true } });
  await page.addInitScript(meterPage, { audio: AUDIO, inPage, worklet: meterWorklet });
  await page.goto(server.url);
  await painted(page, 30, 30_000);
  await page.waitForTimeout(3000);
  const before = await pageStats(page);
  const buffers = [];
  for (const end = performance.now() + minutes * 60_000; performance.now() < end;) {
    await page.waitForTimeout(1000);
    buffers.push((await pageStats(page)).audio.buffer_ms);
  }
  const after = await pageStats(page);
  const { late, pulls, takes } = await page.evaluate(() => window.tearing);
  const heard = (after.audio.played - before.audio.played) / 48000;
  return {
    gaps: (after.audio.underruns - before.audio.underruns) / minutes,
    cuts: (after.audio.cuts - before.audio.cuts) / minutes,
    heard: heard / (minutes * 60),
    buffer: buffers.sort((a, b) => a - b)[Math.floor(buffers.length / 2)],
    target: after.audio.target_ms,
    fps: (after.painted - before.painted) / (minutes * 60),
    late: spread(late), takes: spread(takes), pulls: spread(pulls),
  };
});

await scope(async (t) => {
  t.after(closeBrowser); // last
  if (process.argv.includes('--load')) {
    const load = spawn(process.execPath, ['-e', 'for (;;) Math.sqrt(2)'], { stdio: 'ignore' });
    t.after(() => load.kill());
  }
  const server = await oriel(t, ['serve', 'pattern:?size=1280x720&scene=motion&fps=60']);
  console.log('decoded in   gaps/min  cuts/min  heard   buffer  target    fps   late ms, p50 / p99 / most: arrival, ring; between pulls');
  for (let round = 0; round < rounds; round++) {
    for (const inPage of process.argv.includes('--worker') ? [false] : [false, true]) {
      const m = await measure(server, inPage);
      console.log(`${(inPage ? 'the page' : 'a worker').padEnd(12)} ${m.gaps.toFixed(1).padStart(8)}  ${m.cuts.toFixed(1).padStart(8)}` +
        `  ${(m.heard * 100).toFixed(1).padStart(4)} %  ${m.buffer.toFixed(0).padStart(4)} ms ${m.target.toFixed(0).padStart(4)} ms` +
        `  ${m.fps.toFixed(1).padStart(5)}   ${m.late}, ${m.takes}; ${m.pulls}`);
    }
  }
});
