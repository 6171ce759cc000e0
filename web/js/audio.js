// SPDX-License-Identifier: MIT
// Sound: Opus packets -> WebCodecs -> audio thread -> guest's volume -> user's volume -> loudspeaker.
import { Jitter } from './audio-jitter.js';
import { soundSupported } from './hello.js';
import { readAudio } from './protocol.js';
import { AUDIO_HEADER_SIZE } from './wire.js';

const RAMP_S = 0.03;
const RATE = 48000;

export class Sound {
  /**
   * @param {import('./settings.js').SettingsStore} settings
   * @param {() => void} changed running, blocked or volume changed
   */
  constructor(settings, changed) {
    this.settings = settings;
    this.changed = changed;
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {AudioWorkletNode | null} */
    this.output = null;
    /** @type {AudioDecoder | null} */
    this.decoder = null;
    this.jitter = new Jitter();
    this.targetMs = 0;
    this.stamp = 0;
    /** @type {number | null} */
    this.lastSequence = null;
    this.guest = { left: 1, right: 1, muted: false };
    this.counts = { received: 0, lost: 0, decoded: 0, errors: 0 };
    this.report = {
      fill: 0,
      target: 0,
      speed: 1,
      playing: false,
      underruns: 0,
      cuts: 0,
      cutFrames: 0,
      played: 0,
      overflows: 0,
    };
    this.failed = '';
  }

  /** The browser waits for a gesture of the user before it plays. */
  get blocked() {
    return this.context?.state === 'suspended';
  }

  get running() {
    return this.context?.state === 'running' && this.output !== null;
  }

  get muted() {
    return this.settings.get('muted') || this.settings.get('volume') === 0;
  }

  /** It can be heard. */
  get wanted() {
    return this.running && !this.muted;
  }

  /** Builds the graph; once. */
  async start() {
    if (this.context || !soundSupported) return;
    try {
      const context = new AudioContext({ sampleRate: RATE, latencyHint: 'interactive' });
      this.context = context;
      context.onstatechange = () => this.changed();
      await context.audioWorklet.addModule('/js/audio-worklet.js');
      this.connect(context);
    } catch (error) {
      this.failed = String(error);
      this.context = null;
    }
    this.changed();
  }

  /** @param {AudioContext} context */
  connect(context) {
    const output = new AudioWorkletNode(context, 'oriel-output', { numberOfInputs: 0, outputChannelCount: [2] });
    output.port.onmessage = ({ data }) => {
      this.report = data;
    };
    const splitter = new ChannelSplitterNode(context, { numberOfOutputs: 2 });
    const merger = new ChannelMergerNode(context, { numberOfInputs: 2 });
    this.left = new GainNode(context);
    this.right = new GainNode(context);
    this.user = new GainNode(context, { gain: 0 });
    output.connect(splitter);
    splitter.connect(this.left, 0).connect(merger, 0, 0);
    splitter.connect(this.right, 1).connect(merger, 0, 1);
    merger.connect(this.user).connect(context.destination);
    this.output = output;
    this.applyVolume();
  }

  /** Must run in a user's gesture when the browser blocks sound. */
  async resume() {
    if (this.blocked) await this.context?.resume().catch(() => {});
  }

  /** @param {GainNode | undefined} node @param {number} value over 30 ms, so that no step is heard */
  ramp(node, value) {
    if (!node || !this.context) return;
    const now = this.context.currentTime;
    node.gain.cancelScheduledValues(now);
    node.gain.setValueAtTime(node.gain.value, now);
    node.gain.linearRampToValueAtTime(value, now + RAMP_S);
  }

  applyVolume() {
    const { left, right, muted } = this.guest;
    this.ramp(this.left, muted ? 0 : left);
    this.ramp(this.right, muted ? 0 : right);
    // Loudness follows roughly the square of the slider.
    this.ramp(this.user, this.settings.get('muted') ? 0 : (this.settings.get('volume') / 100) ** 2);
    this.changed();
  }

  /** @param {{left: number, right: number, muted: boolean}} volume the guest's own */
  setGuestVolume(volume) {
    this.guest = volume;
    this.applyVolume();
  }

  /** A new connection, or the sound was off: nothing old may play. */
  reset() {
    this.jitter.reset();
    this.lastSequence = null;
    this.output?.port.postMessage({ clear: true });
  }

  /** @param {DataView<ArrayBuffer>} view an AUDIO message @param {number} receivedUs */
  receive(view, receivedUs) {
    this.counts.received++;
    if (!this.running) return;
    const { sequence, captureUs } = readAudio(view);
    if (this.lastSequence !== null) this.counts.lost += Math.max(0, ((sequence - this.lastSequence) | 0) - 1);
    this.lastSequence = sequence;
    try {
      if (this.decoder?.state !== 'configured') this.openDecoder();
      const data = new Uint8Array(view.buffer, AUDIO_HEADER_SIZE);
      const ms = opusPacketMs(data);
      this.jitter.add(captureUs, receivedUs, ms);
      this.decoder?.decode(new EncodedAudioChunk({ type: 'key', timestamp: this.stamp, data }));
      this.stamp += ms * 1000;
    } catch (error) {
      this.decoderFailed(String(error));
    }
  }

  openDecoder() {
    const decoder = new AudioDecoder({
      output: (data) => this.decoded(data),
      error: (error) => this.decoder === decoder && this.decoderFailed(error.message),
    });
    decoder.configure({ codec: 'opus', sampleRate: RATE, numberOfChannels: 2 });
    this.decoder = decoder;
  }

  /** @param {string} text */
  decoderFailed(text) {
    this.counts.errors++;
    this.failed = text;
    if (this.decoder && this.decoder.state !== 'closed') this.decoder.close();
    this.decoder = null;
  }

  /** @param {AudioData} data */
  decoded(data) {
    const frames = data.numberOfFrames;
    const planes = new Float32Array(frames * 2);
    const right = Math.min(1, data.numberOfChannels - 1);
    data.copyTo(planes.subarray(0, frames), { planeIndex: 0, format: 'f32-planar' });
    data.copyTo(planes.subarray(frames), { planeIndex: right, format: 'f32-planar' });
    data.close();
    this.counts.decoded++;
    // Small changes are not worth a message; the ring follows its target slowly anyway.
    const targetMs = this.jitter.targetMs();
    const moved = Math.abs(targetMs - this.targetMs) > 1;
    if (moved) this.targetMs = targetMs;
    this.output?.port.postMessage(moved ? { planes, targetMs } : { planes }, [planes.buffer]);
  }

  stats() {
    const { fill, target, ...rest } = this.report;
    return {
      ...this.counts,
      ...rest,
      state: this.context?.state ?? 'none',
      blocked: this.blocked,
      muted: this.muted,
      buffer_ms: (fill * 1000) / RATE,
      target_ms: (target * 1000) / RATE,
      jitter_ms: this.jitter.jitterMs,
      output_ms: ((this.context?.baseLatency ?? 0) + (this.context?.outputLatency ?? 0)) * 1000,
      failed: this.failed,
    };
  }
}

/** Length of an Opus packet in ms from its first bytes (RFC 6716, section 3.1). @param {Uint8Array} packet */
export function opusPacketMs(packet) {
  const config = packet[0] >> 3;
  const frame =
    config < 12 ? [10, 20, 40, 60][config & 3] : config < 16 ? [10, 20][config & 1] : [2.5, 5, 10, 20][config & 3];
  const code = packet[0] & 3;
  return frame * (code === 0 ? 1 : code < 3 ? 2 : packet[1] & 63);
}
