// SPDX-License-Identifier: MIT
// Pictures that leave by RTP, among those and the tiles of the WebSocket: one sequence. As long as both ways bring them,
// the WebSocket's are shown; from the first that RTP showed on those are.
import { nowUs } from './clock.js';
import { compareSequence } from './sequence.js';
import { Stream } from './stream.js';

/** @typedef {import('./video.js').PictureNote} PictureNote */

export class RtpPictures {
  /**
   * @param {import('./pictures.js').Pictures} pictures @param {MediaStream} media
   * @param {{taken: () => void, seen: (delayUs: number) => void, left: () => void}} told taken: from now on RTP alone
   *   is shown; left: the server sends a picture by the WebSocket alone
   */
  constructor(pictures, media, told) {
    this.pictures = pictures;
    this.told = told;
    this.alone = false;
    this.stream = new Stream(pictures.screen, media, (note, us) => this.presented(note, us));
    pictures.rtp = this;
    pictures.display.stream = this.stream;
  }

  /** One leaves by RTP. @param {number} time @param {PictureNote} note */
  announce(time, note) {
    if (this.alone) this.pictures.order.submitted(note.sequence);
    this.stream.announce(time, note);
  }

  /** @param {PictureNote} note @param {number} us since when the <video> has it */
  presented(note, us) {
    const { pictures } = this;
    if (!this.alone) {
      this.alone = true;
      pictures.video.reset(); // what is in there comes by RTP, too
      this.told.taken();
    }
    pictures.order.decoded(note.sequence);
    // What the canvas got meanwhile, by the WebSocket, stays: the next is newer.
    if (pictures.canvasHas !== null && compareSequence(note.sequence, pictures.canvasHas) <= 0) return;
    pictures.display.streamed(note);
    this.count(note, us);
    pictures.releaseTiles(note);
  }

  /** @param {PictureNote} note @param {number} us */
  count(note, us) {
    const { counts, delays, fps, ack, toLocal, onPainted } = this.pictures;
    const { sequence } = note;
    counts.decoded++;
    counts.painted++;
    fps.add(nowUs());
    const captured = note.captureUs && toLocal(note.captureUs);
    if (captured) {
      const delay = Math.max(0, us - captured);
      delays.total.add(delay);
      this.told.seen(delay);
    }
    if (compareSequence(sequence, ack.now.received) > 0) ack.received(sequence, us); // a tile after it may have come
    if (compareSequence(sequence, ack.now.decoded) > 0) ack.decoded(sequence, us);
    ack.painted(sequence, us);
    ack.flush();
    onPainted();
  }

  /** All comes by the WebSocket again. Where RTP was alone, that begins with a key frame. */
  close() {
    const { pictures } = this;
    pictures.display.hideStream();
    pictures.display.stream = null;
    pictures.rtp = null;
    this.stream.close();
    if (!this.alone) return;
    pictures.order.reset();
    pictures.continuity.waiting = true;
    pictures.lastRequestUs = nowUs(); // the server knows
  }
}
