// SPDX-License-Identifier: MIT
// One WebCodecs decoder: access units in, pictures out with the notes that went in. Nothing is buffered by us.
import { codecs } from './codecs.js';
import { codecString } from './h264.js';

/**
 * What is known of a picture on its way.
 * @typedef {object} PictureNote
 * @property {number} sequence
 * @property {number} width visible size @property {number} height
 * @property {number} captureUs server's clock, 0 = says nothing of delays @property {number} receivedUs
 * @property {import('./part.js').Rect[] | null} part what of it is drawn; null = all
 */

/** Main profile, level 3.2: what x264 makes of 1280x720 at 60 pictures a second. Another one costs a call more. */
const LIKELY_CODEC = 'avc1.4d4020';

/** What WebCodecs calls a key frame's codec: H.264 says it, VP8 has one. @param {Uint8Array} unit */
const codecOf = (unit) => (codecs.vp8 ? 'vp8' : codecString(unit));

export class Video {
  /**
   * @param {(frame: VideoFrame, note: PictureNote) => void} output the frame is closed after the call
   * @param {(error: string) => void} failed the decoder is gone; the next key frame makes a new one
   */
  constructor(output, failed) {
    this.output = output;
    this.failed = failed;
    /** @type {VideoDecoder | null} */
    this.decoder = null;
    this.codec = '';
    /** Timestamps only tie pictures to their notes. */
    this.stamp = 0;
    /** @type {Map<number, PictureNote>} */
    this.notes = new Map();
  }

  get queued() {
    return this.notes.size;
  }

  /** Opens a decoder while the first key frame is still on its way; one that fails now says so again at that frame. */
  prepare() {
    try {
      if (!this.decoder) this.configure(codecs.vp8 ? 'vp8' : LIKELY_CODEC);
    } catch {
      this.reset();
    }
  }

  /** Forgets all that is in the decoder. */
  reset() {
    this.notes.clear();
    if (this.decoder && this.decoder.state !== 'closed') this.decoder.close();
    this.decoder = null;
    this.codec = '';
    this.stamp = 0;
  }

  /** @param {string} codec */
  configure(codec) {
    if (!this.decoder || this.decoder.state === 'closed') {
      const decoder = new VideoDecoder({
        output: (frame) => this.take(decoder, frame),
        error: (error) => this.decoder === decoder && (this.stamp ? this.fail(error.message) : this.reset()),
      });
      this.decoder = decoder;
    }
    // Without a description WebCodecs takes Annex B.
    this.decoder.configure({ codec, optimizeForLatency: true, hardwareAcceleration: 'no-preference' });
    this.codec = codec;
  }

  /**
   * @param {Uint8Array} unit access unit in Annex B, or frame of VP8 @param {boolean} key @param {PictureNote} note
   * @returns {boolean} false when it cannot be decoded; `failed` was called then
   */
  decode(unit, key, note) {
    try {
      if (key) {
        const codec = codecOf(unit);
        if (!codec) throw new Error('key frame without parameter set');
        if (codec !== this.codec || this.decoder?.state !== 'configured') this.configure(codec);
      }
      if (this.decoder?.state !== 'configured') throw new Error('no decoder');
      const timestamp = this.stamp++;
      this.notes.set(timestamp, note);
      this.decoder.decode(new EncodedVideoChunk({ type: key ? 'key' : 'delta', timestamp, data: unit }));
      return true;
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  /** @param {VideoDecoder} decoder @param {VideoFrame} frame */
  take(decoder, frame) {
    const note = this.notes.get(frame.timestamp);
    if (decoder === this.decoder && note) {
      for (const [stamp, older] of this.notes) {
        if (stamp > frame.timestamp) break;
        this.notes.delete(stamp);
        if (older !== note) note.part = note.part && older.part && [...older.part, ...note.part]; // never comes
      }
      this.output(frame, note);
    }
    frame.close();
  }

  /** @param {string} text */
  fail(text) {
    this.reset();
    this.failed(text);
  }
}
