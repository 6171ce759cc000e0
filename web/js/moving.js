// SPDX-License-Identifier: MIT
// A <video> in the screen's box, and a canvas above it for tiles that are newer than what it shows. The screen's own
// canvas stays where it is, unseen, for input and for the pictures after the motion.

/** @typedef {{sequence: number, x: number, y: number, image: ImageData}} Tile */

export class Moving {
  /** @param {import('./screen.js').Screen} screen @param {MediaStream} stream */
  constructor(screen, stream) {
    this.screen = screen;
    this.video = document.createElement('video');
    this.video.muted = true;
    this.video.disablePictureInPicture = true;
    this.video.srcObject = stream;
    this.overlay = document.createElement('canvas');
    this.context = this.overlay.getContext('2d');
    for (const element of [this.video, this.overlay]) {
      element.className = 'moving';
      element.setAttribute('aria-hidden', 'true');
      screen.companions.add(element);
      screen.accompany(element);
    }
    /** On the overlay: newer than the video below. @type {Tile[]} */
    this.tiles = [];
  }

  /**
   * One tile (R,G,B,A bytes) above the video, until a newer picture is there. True when it was put.
   * @param {number} sequence @param {number} x @param {number} y @param {number} width @param {number} height
   * @param {Uint32Array<ArrayBuffer>} words
   */
  drawTile(sequence, x, y, width, height, words) {
    this.fit();
    const image = new ImageData(new Uint8ClampedArray(words.slice(0, width * height).buffer), width, height);
    this.tiles.push({ sequence, x, y, image });
    this.context?.putImageData(image, x, y);
    return this.context !== null;
  }

  fit() {
    const { width, height } = this.screen;
    if (this.overlay.width === width && this.overlay.height === height) return;
    this.overlay.width = width;
    this.overlay.height = height;
  }

  /** The video shows this and all before it. @param {number} sequence */
  dropTiles(sequence) {
    if (!this.tiles.length) return;
    this.tiles = this.tiles.filter((tile) => ((tile.sequence - sequence) | 0) > 0);
    this.context?.clearRect(0, 0, this.overlay.width, this.overlay.height);
    for (const { x, y, image } of this.tiles) this.context?.putImageData(image, x, y);
  }

  /** The canvas below gets the tiles that are left. */
  landTiles() {
    for (const { x, y, image } of this.tiles) this.screen.drawable()?.putImageData(image, x, y);
    if (this.tiles.length) this.context?.clearRect(0, 0, this.overlay.width, this.overlay.height);
    this.tiles = [];
  }

  remove() {
    for (const element of [this.video, this.overlay]) {
      this.screen.companions.delete(element);
      element.remove();
    }
  }
}
