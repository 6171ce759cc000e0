// SPDX-License-Identifier: MIT
//
// A real Chromium and what tests read from its pages: painted pixels, heard frequencies, the page's own statistics.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { stats } from './process.mjs';
import { until } from './runner.mjs';

export const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--autoplay-policy=no-user-gesture-required'];

let shared = null;

/** One browser for all cases; contexts keep them apart. */
export async function browser() {
  if (shared?.isConnected()) return shared;
  shared = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: flags,
    headless: true,
  });
  return shared;
}

export async function closeBrowser() {
  await shared?.close();
  shared = null;
}

// Runs in the page before its own scripts: whatever is connected to the speakers is also connected to an analyser, so
// that a test measures what is heard, not what is queued.
export function tapAudio() {
  const connect = AudioNode.prototype.connect;
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode) {
      const analyser = target.context.createAnalyser();
      analyser.fftSize = 32768;
      analyser.smoothingTimeConstant = 0;
      connect.call(this, analyser);
      window.heard = { analyser, context: target.context };
    }
    return connect.call(this, target, ...rest);
  };
}

/** A page of its own context. `size` in CSS pixels, `scale` = device pixel ratio. */
export async function openPage(t, { size = [1280, 720], scale = 1, extra = {} } = {}) {
  const viewport = { width: size[0], height: size[1] };
  const context = await (await browser()).newContext({ viewport, deviceScaleFactor: scale, ...extra });
  t.after(() => context.close());
  await context.addInitScript(tapAudio);
  const page = await context.newPage();
  t.after(async () => {
    if (!t.failed || page.isClosed()) return;
    const path = join(tmpdir(), `oriel-${t.failed.replace(/[^a-z0-9]+/gi, '-').slice(0, 80)}.png`);
    await page.screenshot({ path });
    t.log(`screenshot: ${path}`);
  });
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') page.faults.push(message.text()); });
  return page;
}

/** Opens a desktop and waits for its first painted picture. `prepare(page)` comes before the address. */
export async function openDesktop(t, server, options = {}) {
  const page = await openPage(t, options);
  await options.prepare?.(page);
  await page.goto(options.url ?? server.url);
  await painted(page);
  await sessionKept(page);
  return page;
}

/** The cookie's secret, which may come behind the picture, is there; a reload needs both. */
export async function sessionKept(page) {
  await page.waitForFunction(() => Object.keys(localStorage).some((key) => key.startsWith('oriel.secret:')));
}

export const pageStats = (page) => page.evaluate(() => window.oriel.stats());

/** Waits until at least `count` pictures were painted. */
export async function painted(page, count = 1, ms = 15_000) {
  return until(async () => {
    const s = await page.evaluate(() => window.oriel?.stats?.()).catch(() => null);
    return s && s.painted >= count ? s : null;
  }, ms, `${count} painted pictures`);
}

/** Waits until the desktop has the window's size (a guest rounds it by up to 16 pixels) on both sides and keeps it for
 *  a second: a busy guest takes seconds to change it. */
export async function settledSize(page, server) {
  const wanted = await page.evaluate(() => [innerWidth, innerHeight]); // at any density, unless a scale is chosen
  let last = '';
  let since = performance.now();
  return until(async () => {
    const { width, height } = await pageStats(page);
    const remote = await stats(server);
    const now = `${width}x${height}`;
    const fits = Math.abs(width - wanted[0]) <= 16 && Math.abs(height - wanted[1]) <= 16;
    if (!fits || now !== last || remote.width !== width || remote.height !== height) {
      last = now;
      since = performance.now();
      return null;
    }
    return performance.now() - since > 1000 ? { width, height } : null;
  }, 20_000, `a settled size of ${wanted.join('x')}`);
}

/** Video of this page comes by `transport`, whatever is quicker; before its address. */
export const pinTransport = (page, transport) =>
  page.addInitScript((value) => localStorage.setItem('oriel.transport', JSON.stringify(value)), transport);

/** The screen as it stands, on its canvas or, while something moves, on what is shown there instead: {width, height,
 *  data: Uint8Array RGBA}. */
export async function canvasPixels(page) {
  const result = await page.evaluate(() => {
    const screen = document.getElementById('screen');
    const copy = document.createElement('canvas');
    copy.width = screen.width;
    copy.height = screen.height;
    const context = copy.getContext('2d', { willReadFrequently: true });
    const shown = screen.classList.contains('under') ? document.querySelectorAll('.moving') : [screen];
    for (const element of shown) if (element.width || element.videoWidth) context.drawImage(element, 0, 0);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    let text = '';
    for (let i = 0; i < data.length; i += 0x8000) text += String.fromCharCode.apply(null, data.subarray(i, i + 0x8000));
    return { width: copy.width, height: copy.height, base64: btoa(text) };
  });
  return { width: result.width, height: result.height, data: new Uint8Array(Buffer.from(result.base64, 'base64')) };
}

/** Where a guest pixel's centre lies in the window, CSS pixels. */
export async function pixelPosition(page, x, y) {
  return page.evaluate(([px, py]) => {
    const screen = document.getElementById('screen');
    const box = screen.getBoundingClientRect();
    return {
      x: box.left + ((px + 0.5) * box.width) / screen.width,
      y: box.top + ((py + 0.5) * box.height) / screen.height,
    };
  }, [x, y]);
}

/** Strongest frequency heard now in Hz and its level in dB, between `low` and `high`. */
export async function heardPeak(page, low = 100, high = 4000) {
  return page.evaluate(([from, to]) => {
    if (!window.heard) return { hz: 0, db: -Infinity };
    const { analyser, context } = window.heard;
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    const step = context.sampleRate / analyser.fftSize;
    let best = Math.ceil(from / step);
    for (let i = best; i < to / step; i++) if (bins[i] > bins[best]) best = i;
    return { hz: best * step, db: bins[best] };
  }, [low, high]);
}

/** A profile directory that outlives a context; removed with the case. */
export function profile(t) {
  const path = mkdtempSync(join(tmpdir(), 'oriel-chromium-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
