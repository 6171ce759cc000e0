// SPDX-License-Identifier: MIT
// Opus messages -> WebCodecs -> the audio thread's port. Lives in a worker (audio-worker.js), so that a page that is
// busy with pictures holds no sound up; in the page itself where a browser has no decoder in workers.
import { Jitter } from './audio-jitter.js';
import { readAudio } from './protocol.js';
import { AUDIO_HEADER_SIZE } from './wire.js';

const RATE = 48000;
/** More time than this without sound, by the server's clock: a sound ended, and another begins. */
const PAUSE_US = 60_000;
/** The decoder is told of a pause by a jump of its timestamps, and gives it back with the sound behind it. */
const JUMP_US = 1_000_000;

export class SoundStream {
  /**
   * @param {Pick<MessagePort, 'postMessage'>} port of the audio thread
   * @param {typeof AudioDecoder} [Decoder] for tests
   */
  constructor(port, Decoder = globalThis.AudioDecoder) {
    this.port = port;
    this.Decoder = Decoder;
    /** @type {AudioDecoder | null} */
    this.decoder = null;
    this.jitter = new Jitter();
    this.targetMs = 0;
    /** Timestamp of the next packet, and of what the decoder gives next if no pause is before it. */
    this.stamp = 0;
    this.expected = -1;
    /** When the next packet was captured, if the sound goes on. */
    this.dueUs = 0;
    /** @type {number | null} */
    this.lastSequence = null;
    this.counts = { lost: 0, decoded: 0, errors: 0 };
    this.failed = '';
  }

  /** A new connection, or the sound was off: nothing old may play. */
  reset() {
    this.jitter.reset();
    this.lastSequence = null;
    this.dueUs = 0;
    if (this.decoder && this.decoder.state !== 'closed') this.decoder.close();
    this.decoder = null;
    this.port.postMessage({ clear: true });
    try {
      this.openDecoder(); // now, so that the first sound does not wait for it
    } catch (error) {
      this.decoderFailed(String(error));
    }
  }

  /** @param {DataView<ArrayBuffer>} view an AUDIO message @param {number} receivedUs */
  receive(view, receivedUs) {
    const { sequence, captureUs } = readAudio(view);
    if (this.lastSequence !== null) this.counts.lost += Math.max(0, ((sequence - this.lastSequence) | 0) - 1);
    this.lastSequence = sequence;
    try {
      const decoder = this.decoder?.state === 'configured' ? this.decoder : this.openDecoder();
      const data = new Uint8Array(view.buffer, AUDIO_HEADER_SIZE);
      const ms = opusPacketMs(data);
      if (captureUs > this.dueUs + PAUSE_US) this.stamp += JUMP_US;
      this.dueUs = captureUs + ms * 1000;
      this.jitter.add(captureUs, receivedUs, ms);
      decoder.decode(new EncodedAudioChunk({ type: 'key', timestamp: this.stamp, data }));
      this.stamp += ms * 1000;
    } catch (error) {
      this.decoderFailed(String(error));
    }
  }

  openDecoder() {
    const decoder = new this.Decoder({
      output: (data) => (this.decoder === decoder ? this.decoded(data) : data.close()),
      error: (error) => this.decoder === decoder && this.decoderFailed(error.message),
    });
    decoder.configure({ codec: 'opus', sampleRate: RATE, numberOfChannels: 2 });
    this.decoder = decoder;
    return decoder;
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
    const fresh = data.timestamp > this.expected + JUMP_US / 2;
    this.expected = data.timestamp + Math.round((frames * 1e6) / RATE);
    data.close();
    this.counts.decoded++;
    // Small changes are not worth a message; the ring follows its target slowly anyway.
    const targetMs = this.jitter.targetMs();
    const moved = Math.abs(targetMs - this.targetMs) > 1;
    if (moved) this.targetMs = targetMs;
    this.port.postMessage(moved ? { planes, fresh, targetMs } : { planes, fresh }, [planes.buffer]);
  }

  stats() {
    return { ...this.counts, jitter_ms: this.jitter.jitterMs, failed: this.failed };
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
