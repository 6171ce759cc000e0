// SPDX-License-Identifier: MIT
// Pictures that come by RTP: the browser decodes them and shows them in a <video>, the moment they are whole. What they
// are the WebSocket says, by their timestamps. The <video> lies under the screen's canvas, which gives way while
// something moves and has the picture otherwise.
import { Moving } from './moving.js';

/** @typedef {import('./video.js').PictureNote} PictureNote */

/** More than ever are on their way. */
const WAITING_MAX = 256;

export class Stream {
  /**
   * @param {import('./screen.js').Screen} screen @param {MediaStream} media
   * @param {(note: PictureNote, us: number) => void} presented the <video> has it, since `us`; with the parts of those
   *   before it that it never had
   */
  constructor(screen, media, presented) {
    this.screen = screen;
    this.presented = presented;
    this.moving = new Moving(screen, media);
    this.video = this.moving.video;
    /** Announced and not yet presented, oldest first, by timestamp. @type {Map<number, PictureNote>} */
    this.waiting = new Map();
    /** Presented before it was announced. @type {{time: number, us: number} | null} */
    this.early = null;
    /** The newest picture that was presented. @type {PictureNote | null} */
    this.last = null;
    /** It is seen: the canvas above is not. */
    this.shown = false;
    this.closed = false;
    this.box = '';
    this.moving.overlay.hidden = true;
    screen.canvas.before(this.video);
    screen.canvas.after(this.moving.overlay);
    this.video.play().catch(() => {});
    this.watch();
  }

  watch() {
    this.video.requestVideoFrameCallback((_now, { rtpTimestamp, presentationTime }) => {
      if (this.closed) return;
      const us = Math.round((performance.timeOrigin + presentationTime) * 1000);
      if (rtpTimestamp !== undefined) this.present(rtpTimestamp, us);
      this.watch();
    });
  }

  /** A picture leaves by RTP, or has. @param {number} time its timestamp there @param {PictureNote} note */
  announce(time, note) {
    this.waiting.set(time, note);
    if (this.waiting.size > WAITING_MAX) this.waiting.delete(/** @type {number} */ (this.waiting.keys().next().value));
    const { early } = this;
    if (early?.time !== time) return;
    this.early = null;
    this.present(time, early.us);
  }

  /** @param {number} time @param {number} us */
  present(time, us) {
    const note = this.waiting.get(time);
    if (!note) {
      this.early = { time, us };
      return;
    }
    for (const [older, { part }] of this.waiting) {
      this.waiting.delete(older);
      if (older === time) break;
      note.part = note.part && part && [...part, ...note.part]; // it was never seen
    }
    this.last = note;
    this.presented(note, us);
  }

  /** Since when the oldest picture that was announced waits to be presented; 0 = none does. */
  get waitingSinceUs() {
    const [first] = this.waiting.values();
    return first?.receivedUs ?? 0;
  }

  /** Nothing that was announced is waited for any more. */
  forget() {
    this.waiting.clear();
  }

  /** It is seen from now on. */
  show() {
    if (!this.shown) {
      this.shown = true;
      this.moving.overlay.hidden = false;
      this.screen.canvas.classList.add('under');
    }
    if (this.last) this.moving.dropTiles(this.last.sequence);
    this.crop();
  }

  /** Of a picture of an odd size the video has a column or a row more. */
  crop() {
    const { width = 0, height = 0 } = this.last ?? {};
    const [right, bottom] = [this.video.videoWidth - width, this.video.videoHeight - height];
    const box = right > 0 || bottom > 0 ? `inset(0 ${Math.max(0, right)}px ${Math.max(0, bottom)}px 0)` : '';
    if (box !== this.box) this.video.style.setProperty('object-view-box', box);
    this.box = box;
  }

  /**
   * One tile above the video. True when it was put.
   * @param {number} sequence @param {[number, number, number, number, Uint32Array<ArrayBuffer>]} tile
   */
  drawTile(sequence, ...tile) {
    return this.moving.drawTile(sequence, ...tile);
  }

  /**
   * The canvas has the picture again, with all that was shown.
   * @param {(video: HTMLVideoElement, width: number, height: number) => void} draw puts the newest picture on it
   */
  hide(draw) {
    if (!this.shown) return;
    this.shown = false;
    if (this.last) draw(this.video, this.last.width, this.last.height);
    this.moving.landTiles();
    this.moving.overlay.hidden = true;
    this.screen.canvas.classList.remove('under');
  }

  close() {
    this.closed = true;
    this.video.srcObject = null;
    this.moving.remove();
  }
}
