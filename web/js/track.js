// SPDX-License-Identifier: MIT
// Moving pictures in a <video> fed by a track generator: without a GPU it shows 1920x1080 at 60 pictures a second where
// drawing on a canvas manages 45 and holds up the page, for 2 to 11 ms of delay.
import { Moving } from './moving.js';

/** @typedef {import('./video.js').PictureNote} PictureNote */

export const trackSupported =
  typeof MediaStreamTrackGenerator === 'function' &&
  typeof HTMLVideoElement === 'function' &&
  'requestVideoFrameCallback' in HTMLVideoElement.prototype;

export class Track {
  /**
   * @param {import('./screen.js').Screen} screen @param {(note: PictureNote) => void} presented on the screen now
   */
  constructor(screen, presented) {
    this.screen = screen;
    this.presented = presented;
    this.generator = new MediaStreamTrackGenerator({ kind: 'video' });
    this.writer = this.generator.writable.getWriter();
    this.moving = new Moving(screen, new MediaStream([this.generator]));
    this.video = this.moving.video;
    /**
     * Written and not yet presented, oldest first, by the decoder's timestamps: a <video> tells these, whatever a
     * VideoFrame made of another is given as its own. @type {Map<number, PictureNote>}
     */
    this.waiting = new Map();
    /** The newest picture, for the canvas afterwards. @type {VideoFrame | null} */
    this.last = null;
    /** Its sequence. */
    this.lastSequence = 0;
    this.closed = false;
    screen.canvas.after(this.video, this.moving.overlay);
    screen.canvas.classList.add('under');
    this.video.play().catch(() => {});
    this.watch();
  }

  watch() {
    this.video.requestVideoFrameCallback((_now, { mediaTime }) => {
      if (this.closed) return;
      this.present(Math.round(mediaTime * 1e6));
      this.watch();
    });
  }

  /** @param {number} stamp */
  present(stamp) {
    const note = this.waiting.get(stamp);
    if (!note) return;
    for (const older of this.waiting.keys()) {
      this.waiting.delete(older);
      if (older === stamp) break;
    }
    this.moving.dropTiles(note.sequence);
    this.presented(note);
  }

  /**
   * Shows a picture soon. False when it cannot: the screen has to draw it.
   * @param {VideoFrame} frame stays the caller's @param {PictureNote} note
   */
  write(frame, note) {
    const { width, height } = note;
    if (this.closed || this.generator.readyState !== 'live') return false;
    try {
      this.screen.resize(width, height);
      const visibleRect = { x: 0, y: 0, width, height };
      const shown = new VideoFrame(frame, { visibleRect });
      this.last?.close();
      this.last = shown.clone();
      this.lastSequence = note.sequence;
      this.waiting.delete(frame.timestamp); // of a decoder before this one
      this.waiting.set(frame.timestamp, note);
      this.writer.write(shown).catch(() => shown.close());
      return true;
    } catch {
      return false; // a frame that the browser does not cut, for one
    }
  }

  /**
   * One tile above the video. True when it was put.
   * @param {number} sequence @param {[number, number, number, number, Uint32Array<ArrayBuffer>]} tile
   */
  drawTile(sequence, ...tile) {
    return this.moving.drawTile(sequence, ...tile);
  }

  /**
   * Back to the canvas, with all that was shown.
   * @param {(last: VideoFrame, width: number, height: number) => void} draw puts the newest picture on it
   */
  close(draw) {
    if (this.closed) return;
    this.closed = true;
    const { screen, last } = this;
    if (last) {
      draw(last, last.visibleRect?.width ?? 0, last.visibleRect?.height ?? 0);
      this.moving.dropTiles(this.lastSequence);
    }
    this.moving.landTiles();
    last?.close();
    this.last = null;
    this.writer.abort().catch(() => {});
    this.generator.stop();
    screen.canvas.classList.remove('under');
    this.moving.remove();
  }
}
