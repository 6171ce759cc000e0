// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Jitter } from '../../web/js/audio-jitter.js';
import { AudioRing } from '../../web/js/audio-ring.js';
import { opusPacketMs } from '../../web/js/audio.js';

const RATE = 48000;
const PACKET = 960;
const BLOCK = 128;

/** Pushes a sine in packets and pulls blocks; `skew` is the writer's clock against ours. */
class Bench {
  constructor(skew = 1) {
    this.ring = new AudioRing();
    this.skew = skew;
    this.phase = 0;
    this.due = 0;
    this.pulled = 0;
    this.heard = [];
    this.left = new Float32Array(BLOCK);
    this.right = new Float32Array(BLOCK);
  }

  push(packets = 1) {
    for (let n = 0; n < packets; n++) {
      const tone = Float32Array.from(
        { length: PACKET },
        () => 0.5 * Math.sin((2 * Math.PI * 1000 * this.phase++) / RATE),
      );
      this.ring.push(tone, tone);
    }
  }

  /** @param {number} seconds @param {boolean} [keep] what is heard */
  run(seconds, keep = true) {
    for (const end = this.pulled + seconds * RATE; this.pulled < end; this.pulled += BLOCK) {
      while (this.due <= this.pulled * this.skew) {
        this.push();
        this.due += PACKET;
      }
      this.ring.pull(this.left, this.right);
      if (keep) this.heard.push(...this.left);
    }
  }

  get largestStep() {
    let most = 0;
    for (let i = 1; i < this.heard.length; i++) most = Math.max(most, Math.abs(this.heard[i] - this.heard[i - 1]));
    return most;
  }
}

/** A 1 kHz sine of 0.5 changes by this much from sample to sample at most. */
const SINE_STEP = (0.5 * 2 * Math.PI * 1000) / RATE;

test('ring_plays_what_came_after_its_target', () => {
  const bench = new Bench();
  bench.ring.setTarget(40);
  bench.run(2);
  assert.equal(bench.ring.counts.underruns, 0);
  assert.ok(Math.max(...bench.heard.slice(RATE)) > 0.49);
  assert.ok(bench.largestStep < SINE_STEP * 1.1, `a click of ${bench.largestStep}`);
  assert.ok(bench.ring.fill <= 0.041 * RATE);
});

test('ring_follows_a_clock_that_drifts', () => {
  for (const ppm of [-800, -100, 100, 800]) {
    const bench = new Bench(1 + ppm / 1e6);
    bench.ring.setTarget(40);
    bench.run(60, false);
    assert.equal(bench.ring.counts.underruns, 0, `${ppm} ppm ran dry`);
    assert.equal(bench.ring.counts.cuts, 0, `${ppm} ppm was cut`);
    assert.ok(Math.abs((bench.ring.speed - 1) * 1e6 - ppm) < 150, `${ppm} ppm read at ${(bench.ring.speed - 1) * 1e6}`);
    assert.ok(Math.abs(bench.ring.smoothed - bench.ring.target) < 0.005 * RATE);
  }
});

// Lesson 27: old sound does not stay as delay.
test('ring_backlog_is_cut_to_the_target_without_a_click', () => {
  const bench = new Bench();
  bench.ring.setTarget(40);
  bench.run(1);
  bench.push(10); // 200 ms at once
  bench.heard = bench.heard.slice(-200);
  bench.run(0.5);
  assert.equal(bench.ring.counts.cuts >= 1, true);
  assert.ok(bench.ring.fill < (0.04 + 0.06) * RATE, `${bench.ring.fill / RATE} s stayed`);
  assert.ok(bench.largestStep < SINE_STEP * 1.6, `a click of ${bench.largestStep}`);
});

test('ring_runs_dry_softly_and_comes_back', () => {
  const bench = new Bench();
  bench.ring.setTarget(40);
  bench.run(1);
  bench.due = Infinity; // nothing comes any more
  bench.run(0.2);
  assert.equal(bench.ring.counts.underruns, 1);
  assert.ok(
    bench.heard.slice(-1000).every((sample) => sample === 0),
    'silence, not the last samples again',
  );
  bench.due = bench.pulled;
  bench.run(0.5);
  assert.ok(Math.max(...bench.heard.slice(-4000)) > 0.45, 'it plays again');
  assert.ok(bench.largestStep < SINE_STEP * 1.2, `a click of ${bench.largestStep}`);
});

test('ring_clear_forgets_everything', () => {
  const bench = new Bench();
  bench.push(5);
  bench.ring.clear();
  bench.ring.pull(bench.left, bench.right);
  assert.ok(bench.left.every((sample) => sample === 0));
  assert.equal(bench.ring.fill, 0);
});

test('ring_never_holds_more_than_its_room', () => {
  const bench = new Bench();
  bench.push(500);
  bench.run(0.1);
  assert.ok(bench.ring.fill < RATE);
  assert.ok(bench.heard.every(Number.isFinite));
});

test('jitter_target_is_small_when_packets_are_regular', () => {
  const jitter = new Jitter();
  for (let i = 0; i < 300; i++) jitter.add(i * 20_000, 5e9 + i * 20_000 + (i % 3) * 100, 20);
  assert.ok(jitter.targetMs() >= 20 && jitter.targetMs() < 27, String(jitter.targetMs()));
});

test('jitter_target_grows_with_late_packets_and_is_bounded', () => {
  const jitter = new Jitter();
  for (let i = 0; i < 300; i++) jitter.add(i * 20_000, i * 20_000 + (i % 10 === 0 ? 45_000 : 0), 20);
  assert.ok(Math.abs(jitter.targetMs() - 70) < 2, String(jitter.targetMs()));
  for (let i = 300; i < 600; i++) jitter.add(i * 20_000, i * 20_000 + (i % 2) * 3e5, 20);
  assert.equal(jitter.targetMs(), 250);
});

test('jitter_short_packets_keep_the_least_target', () => {
  const jitter = new Jitter();
  for (let i = 0; i < 300; i++) jitter.add(i * 5000, i * 5000, 5);
  assert.equal(jitter.targetMs(), 20);
});

test('opus_packet_length_from_its_first_byte', () => {
  assert.equal(opusPacketMs(Uint8Array.of(0xf8)), 20); // CELT full band 20 ms, one frame
  assert.equal(opusPacketMs(Uint8Array.of(0xf0)), 10);
  assert.equal(opusPacketMs(Uint8Array.of(0xe8)), 5);
  assert.equal(opusPacketMs(Uint8Array.of(0xf9)), 40, 'two frames');
  assert.equal(opusPacketMs(Uint8Array.of(0xfb, 3)), 60, 'three by count');
  assert.equal(opusPacketMs(Uint8Array.of(0x08)), 20, 'SILK');
});
