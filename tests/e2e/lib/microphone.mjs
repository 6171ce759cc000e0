// SPDX-License-Identifier: MIT
//
// A Chromium whose microphone plays a tone, and what tests ask of sound that came through.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { flags, painted, tapAudio } from './browser.mjs';
import { temporary } from './process.mjs';

const RATE = 48000;

/** A WAV file of a sine, a whole number of periods long, so that it loops without a seam; two seconds, of which the last `rest` ms
 *  are silence. */
function writeTone(path, hz, rest) {
  const frames = RATE * 2;
  const bytes = Buffer.alloc(44 + frames * 2);
  bytes.write('RIFF', 0);
  bytes.writeUInt32LE(36 + frames * 2, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(1, 20); // PCM
  bytes.writeUInt16LE(1, 22); // mono
  bytes.writeUInt32LE(RATE, 24);
  bytes.writeUInt32LE(RATE * 2, 28);
  bytes.writeUInt16LE(2, 32);
  bytes.writeUInt16LE(16, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(frames * 2, 40);
  for (let i = 0; i < frames - (rest * RATE) / 1000; i++) {
    bytes.writeInt16LE(Math.round(16000 * Math.sin((2 * Math.PI * hz * i) / RATE)), 44 + i * 2);
  }
  writeFileSync(path, bytes);
}

// Runs in the page before its own scripts. The tone shall arrive as it is: what makes voices clear removes tones.
function watchAsking(clean) {
  if (!clean) localStorage.setItem('oriel.cleanVoice', 'false');
  window.asked = 0;
  const devices = navigator.mediaDevices;
  const getUserMedia = devices.getUserMedia.bind(devices);
  devices.getUserMedia = (constraints) => {
    window.asked++;
    window.constraints = constraints;
    return getUserMedia(constraints).then((stream) => (window.captured = stream));
  };
}

/** A page of a browser of its own with a microphone. `hz`: what it hears; `rest`: of every two seconds, how many ms it hears nothing;
 *  `consent`: the user says yes to everything. */
export async function openWithMicrophone(t, server, { hz = 880, rest = 0, consent = true, clean = false } = {}) {
  const tone = join(temporary(t), 'tone.wav');
  writeTone(tone, hz, rest);
  const own = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...flags, '--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${tone}`,
      ...(consent ? ['--use-fake-ui-for-media-stream'] : [])],
    headless: true,
  });
  t.after(() => own.close());
  const context = await own.newContext({ viewport: { width: 1280, height: 720 } });
  await context.addInitScript(tapAudio);
  await context.addInitScript(watchAsking, clean);
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(String(error)));
  page.on('console', (message) => { if (message.type() === 'error') page.faults.push(message.text()); });
  await page.goto(server.url);
  await painted(page);
  await page.locator('html[data-microphone]').waitFor({ state: 'attached' }); // the interface is there
  return page;
}

/** Power of a tone in mono samples (-1..1), 0..1 of the whole. */
export function toneShare(samples, hz, rate = RATE) {
  let re = 0;
  let im = 0;
  let all = 0;
  for (let i = 0; i < samples.length; i++) {
    re += samples[i] * Math.cos((2 * Math.PI * hz * i) / rate);
    im += samples[i] * Math.sin((2 * Math.PI * hz * i) / rate);
    all += samples[i] * samples[i];
  }
  return all > 0 ? (2 * (re * re + im * im)) / (samples.length * all) : 0;
}

/** Frequency of the strongest tone between `low` and `high`, to half a hertz. */
export function pitch(samples, low, high, rate = RATE) {
  let best = { hz: 0, share: 0 };
  for (let hz = low; hz <= high; hz += 0.5) {
    const share = toneShare(samples, hz, rate);
    if (share > best.share) best = { hz, share };
  }
  return best;
}

/** Notes from now on when the page's microphone and its speakers begin to sound, each after a rest of 150 ms. */
export function watchOnsets(page) {
  return page.evaluate(() => {
    const spoken = new AudioContext().createAnalyser();
    spoken.context.createMediaStreamSource(window.captured).connect(spoken);
    const heard = window.heard.context.createAnalyser();
    window.heard.analyser.connect(heard);
    window.onsets = { spoken: [], heard: [] };
    const samples = new Float32Array(1024);
    const look = (analyser, onsets) => {
      let loudAt = performance.now();
      analyser.fftSize = samples.length;
      setInterval(() => {
        analyser.getFloatTimeDomainData(samples);
        if (!samples.some((sample) => Math.abs(sample) > 0.02)) return;
        const now = performance.now();
        if (now - loudAt > 150) onsets.push(now);
        loudAt = now;
      }, 4);
    };
    look(spoken, window.onsets.spoken);
    look(heard, window.onsets.heard);
  });
}

/** For each onset heard, ms since the microphone's onset before it. */
export async function onsetDelays(page) {
  const { spoken, heard } = await page.evaluate(() => window.onsets);
  return heard.map((at) => at - spoken.findLast((from) => from < at)).filter((ms) => ms > 0);
}
