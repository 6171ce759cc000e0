// SPDX-License-Identifier: MIT
// Sound: Opus packets -> decoder -> audio thread -> guest's volume -> user's volume -> loudspeaker. The page's own
// thread only hands packets on.
import { SoundStream } from './audio-stream.js';
import { codecs } from './codecs.js';

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
    /** Decodes; one of the two. @type {Worker | null} */
    this.worker = null;
    /** @type {SoundStream | null} */
    this.stream = null;
    this.guest = { left: 1, right: 1, muted: false };
    this.received = 0;
    /** What the decoder said last. */
    this.decoding = { lost: 0, decoded: 0, errors: 0, jitter_ms: 0, failed: '' };
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
    /** The speaker's id; '' = the system's. */
    this.speaker = settings.get('speaker');
    /** The speaker cannot be used. */
    this.speakerLost = () => {};
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
    if (this.context || !codecs.sound) return;
    try {
      const context = new AudioContext({ sampleRate: RATE, latencyHint: 'interactive' });
      this.context = context;
      context.onstatechange = () => this.changed();
      if (this.speaker) this.setSpeaker(this.speaker);
      await context.audioWorklet.addModule('js/audio-worklet.js');
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
    this.openStream(output);
    this.output = output;
    this.applyVolume();
  }

  /** Where sound goes from now on. @param {string} id */
  async setSpeaker(id) {
    this.speaker = id;
    // Not every browser has it.
    const context = /** @type {AudioContext & {setSinkId?: (id: string) => Promise<void>} | null} */ (this.context);
    if (!context?.setSinkId) return;
    try {
      await context.setSinkId(id);
    } catch {
      if (id && this.speaker === id) this.speakerLost();
    }
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

  /** The decoder's end of a way to the audio thread, around the page's own. @param {AudioWorkletNode} output */
  openPort(output) {
    const { port1, port2 } = new MessageChannel();
    output.port.postMessage({ port: port1 }, [port1]);
    return port2;
  }

  /** Decodes in a worker, or here where the browser has none that can. @param {AudioWorkletNode} output */
  openStream(output) {
    const decodeHere = () => {
      this.worker?.terminate();
      this.worker = null;
      this.stream = new SoundStream(this.openPort(output));
    };
    if (typeof Worker !== 'function') {
      decodeHere();
      return;
    }
    const worker = new Worker('js/audio-worker.js', { type: 'module' });
    worker.onerror = () => this.worker && decodeHere();
    worker.onmessage = ({ data }) => {
      if (!data.unable) this.decoding = data;
      else if (this.worker) decodeHere();
    };
    this.worker = worker;
    const port = this.openPort(output);
    worker.postMessage({ port, reset: true }, [port]);
  }

  /** A new connection, or the sound was off: nothing old may play. */
  reset() {
    this.worker?.postMessage({ reset: true });
    this.stream?.reset();
  }

  /** @param {DataView<ArrayBuffer>} view an AUDIO message, which is given away @param {number} receivedUs */
  receive(view, receivedUs) {
    this.received++;
    if (!this.running) return;
    const packet = view.buffer;
    if (this.worker) this.worker.postMessage({ packet, receivedUs }, [packet]);
    else this.stream?.receive(view, receivedUs);
  }

  stats() {
    const { fill, target, ...rest } = this.report;
    const decoding = this.stream?.stats() ?? this.decoding;
    return {
      received: this.received,
      ...decoding,
      ...rest,
      state: this.context?.state ?? 'none',
      blocked: this.blocked,
      muted: this.muted,
      speaker: this.speaker,
      buffer_ms: (fill * 1000) / RATE,
      target_ms: (target * 1000) / RATE,
      output_ms: ((this.context?.baseLatency ?? 0) + (this.context?.outputLatency ?? 0)) * 1000,
      failed: this.failed || decoding.failed,
    };
  }
}
