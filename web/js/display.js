// SPDX-License-Identifier: MIT
// Where decoded pictures go: on the canvas, or, while large ones move faster than that, to a track. Of each only its
// part is drawn; what is left out is drawn with the next.
import { nowUs } from './clock.js';
import { Motion, STILL_US } from './motion.js';
import { Union } from './part.js';
import { Track, trackSupported } from './track.js';

/** @typedef {import('./video.js').PictureNote} PictureNote */

/** How often the end of a motion is looked for. */
const STILL_CHECK_MS = 250;

export class Display {
  /** @param {import('./screen.js').Screen} screen @param {(note: PictureNote) => void} seen a track shows it now */
  constructor(screen, seen) {
    this.screen = screen;
    this.onSeen = seen;
    this.motion = new Motion(trackSupported);
    /** While large pictures move faster than a canvas draws them. @type {Track | null} */
    this.track = null;
    this.stillCheck = 0;
    /** Pictures that come by RTP, while some may. @type {import('./stream.js').Stream | null} */
    this.stream = null;
    this.streamCheck = 0;
    this.streamedUs = 0;
    /** Of decoded pictures, and not on the canvas. */
    this.left = new Union();
  }

  /**
   * A decoded picture. 'track': it says when that is seen; 'canvas': drawn; 'left': to be drawn with the next one; '':
   * a canvas that takes nothing, so that it is to be drawn with the next one, too.
   * @param {VideoFrame} frame @param {PictureNote} note @param {boolean} skip a newer one is about to come
   */
  show(frame, note, skip) {
    const { width, height, part } = note;
    const tracked = this.motion.arrive(width * height, nowUs()) === 'track' && this.write(frame, note);
    if (!tracked) this.endTrack(); // draws what it showed, without this one's part
    this.left.add(part, width, height);
    if (tracked) return 'track';
    if (skip) return 'left';
    return this.draw(frame, width, height) ? 'canvas' : '';
  }

  /** False: a track cannot. @param {VideoFrame} frame @param {PictureNote} note */
  write(frame, note) {
    if (!this.track) {
      this.track = new Track(this.screen, this.onSeen);
      this.stillCheck = Number(setInterval(() => this.motion.ended(nowUs()) && this.endTrack(), STILL_CHECK_MS));
    }
    if (this.track.write(frame, note)) return true;
    this.motion.refused(nowUs()); // else a new one would be made for each picture
    return false;
  }

  /** RTP showed a picture that is newer than what the canvas has. @param {PictureNote} note */
  streamed({ width, height, part }) {
    this.endTrack();
    this.screen.resize(width, height);
    this.left.add(part, width, height);
    this.stream?.show();
    this.streamedUs = nowUs();
    this.streamCheck ||= Number(
      setInterval(() => nowUs() - this.streamedUs > STILL_US && this.hideStream(), STILL_CHECK_MS),
    );
  }

  /** The canvas gets what RTP showed. */
  hideStream() {
    clearInterval(this.streamCheck);
    this.streamCheck = 0;
    this.stream?.hide((video, width, height) => this.draw(video, width, height));
  }

  /** What is left, from the newest picture. @param {VideoFrame | HTMLVideoElement} frame @param {number} width @param {number} height */
  draw(frame, width, height) {
    const drawn = this.screen.drawFrame(frame, width, height, this.left.rects());
    if (drawn) this.left.clear();
    return drawn;
  }

  /**
   * @param {number} sequence @param {[number, number, number, number, Uint32Array<ArrayBuffer>]} tile
   * @returns {boolean} it was drawn
   */
  drawTile(sequence, tile) {
    const above = this.stream?.shown ? this.stream : this.track;
    return above?.drawTile(sequence, ...tile) ?? this.screen.drawRectangle(...tile);
  }

  /** Nothing moves any more: the canvas has the picture, and tiles make that exact. */
  rest() {
    this.hideStream();
    if (!this.track) return;
    this.motion.rest(nowUs());
    this.endTrack();
  }

  endTrack() {
    clearInterval(this.stillCheck);
    this.track?.close((frame, width, height) => this.draw(frame, width, height));
    this.track = null;
  }
}
