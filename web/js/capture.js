// SPDX-License-Identifier: MIT
// From the browser's microphone to Opus packets: getUserMedia -> audio thread -> WebCodecs. Asks for permission when it
// opens and holds the device until it closes.

const RATE = 48000;
const BITRATE = 48000;
/** Blocks that may wait for the encoder; more means that it cannot keep up, and old sound is of no use. */
const QUEUE_MAX = 10;

/** Why this browser cannot capture; empty when it can. */
export function captureLacks() {
  if (typeof navigator.mediaDevices?.getUserMedia !== 'function')
    return 'Browsers give the microphone to encrypted pages only: open this one by https, or through localhost.';
  if (typeof AudioEncoder !== 'function' || typeof AudioWorkletNode !== 'function')
    return 'This browser cannot encode sound (it lacks WebCodecs’ AudioEncoder).';
  return '';
}

/** What went wrong, in words for the user. @param {unknown} error */
export function captureError(error) {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError')
    return 'The browser does not give this page the microphone; its site settings allow it.';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'No microphone was found.';
  if (name === 'NotReadableError') return 'The microphone does not work, or another program holds it.';
  return `The microphone cannot be used: ${error instanceof Error ? error.message : error}`;
}

/**
 * @param {boolean} clean echo, noise and level are taken care of, which suits voices and spoils music
 * @param {string} [device] the browser's id; '' = the system's
 */
export const captureConstraints = (clean, device = '') => ({
  audio: {
    ...(device ? { deviceId: { exact: device } } : {}),
    echoCancellation: clean,
    noiseSuppression: clean,
    autoGainControl: clean,
    channelCount: { ideal: 1 },
    sampleRate: { ideal: RATE },
  },
});

/**
 * The system's device serves where the chosen one is gone.
 * @param {boolean} clean @param {string} device @param {() => void} lost
 */
async function askFor(clean, device, lost) {
  try {
    return await navigator.mediaDevices.getUserMedia(captureConstraints(clean, device));
  } catch (error) {
    const { name } = /** @type {{name?: string}} */ (error ?? {});
    if (!device || (name !== 'OverconstrainedError' && name !== 'NotFoundError')) throw error;
    lost();
    return navigator.mediaDevices.getUserMedia(captureConstraints(clean));
  }
}

/** Short packets where the browser has that choice; the server takes 10 and 20 ms. @param {number} sampleRate */
async function encoderConfig(sampleRate) {
  const plain = { codec: 'opus', sampleRate, numberOfChannels: 1, bitrate: BITRATE };
  const config = { ...plain, opus: { application: 'lowdelay', frameDuration: 10_000 } };
  const { supported } = await AudioEncoder.isConfigSupported(config).catch(() => ({ supported: false }));
  return supported ? config : plain;
}

/**
 * @typedef {object} CaptureHandlers
 * @property {(packet: EncodedAudioChunk) => void} packet
 * @property {(peak: number) => void} level of each block, 0..1
 * @property {(text: string) => void} ended the device or the encoder failed; nothing comes any more
 * @property {() => void} lost the chosen device is gone, and another is used
 * @property {(muted: boolean) => void} muted the system switched the device off, or on again
 */

export class Capture {
  /** @param {CaptureHandlers} handlers */
  constructor(handlers) {
    this.handlers = handlers;
    this.closed = false;
    /** Blocks are encoded only while this is true. */
    this.sending = false;
    this.dropped = 0;
    this.frames = 0;
    /** @type {MediaStream | null} */
    this.stream = null;
    /** @type {AudioContext | null} */
    this.context = null;
    /** @type {AudioEncoder | null} */
    this.encoder = null;
  }

  /**
   * Asks the browser; rejects when it refuses. Closing meanwhile ends it quietly.
   * @param {boolean} clean @param {string} [device]
   */
  async open(clean, device = '') {
    const stream = await askFor(clean, device, () => this.closed || this.handlers.lost());
    if (this.closed) return stop(stream);
    this.stream = stream;
    const [track] = stream.getAudioTracks();
    track.addEventListener('ended', () => this.fail('The microphone was unplugged, or taken from this page.'));
    track.addEventListener('mute', () => this.handlers.muted(true));
    track.addEventListener('unmute', () => this.handlers.muted(false));
    const context = new AudioContext({ sampleRate: RATE, latencyHint: 'interactive' });
    this.context = context;
    await context.audioWorklet.addModule('js/capture-worklet.js');
    const config = await encoderConfig(context.sampleRate);
    if (this.closed) return;
    this.encoder = new AudioEncoder({
      output: (packet) => this.closed || this.handlers.packet(packet),
      error: (error) => this.fail(captureError(error)),
    });
    this.encoder.configure(config);
    const node = new AudioWorkletNode(context, 'oriel-capture', { numberOfOutputs: 0 });
    node.port.onmessage = ({ data }) => this.block(data.samples, data.peak);
    context.createMediaStreamSource(stream).connect(node);
    await context.resume();
  }

  /** @param {Float32Array<ArrayBuffer>} samples @param {number} peak */
  block(samples, peak) {
    if (this.closed || !this.context || !this.encoder) return;
    this.handlers.level(peak);
    if (!this.sending) return;
    if (this.encoder.encodeQueueSize > QUEUE_MAX) {
      this.dropped++;
      return;
    }
    const { sampleRate } = this.context;
    const data = new AudioData({
      format: 'f32',
      sampleRate,
      numberOfFrames: samples.length,
      numberOfChannels: 1,
      timestamp: Math.round((this.frames * 1e6) / sampleRate),
      data: samples,
    });
    this.frames += samples.length;
    this.encoder.encode(data);
    data.close();
  }

  /** @param {string} text */
  fail(text) {
    if (this.closed) return;
    this.close();
    this.handlers.ended(text);
  }

  /** Gives the device back; the browser's sign that it is used goes out. */
  close() {
    this.closed = true;
    if (this.stream) stop(this.stream);
    if (this.encoder && this.encoder.state !== 'closed') this.encoder.close();
    this.context?.close().catch(() => {});
  }
}

/** @param {MediaStream} stream */
const stop = (stream) => stream.getTracks().forEach((track) => track.stop());
