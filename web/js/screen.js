// SPDX-License-Identifier: MIT
// The canvas: guest pixels in, device pixels out. Draws at once; what was drawn counts as painted in the next animation
// frame, which is the earliest moment a page can know of.
import { placePicture } from './geometry.js';

/** @typedef {ReturnType<typeof placePicture>} Box */

/**
 * One drawing through many holes: each drawing of a part would convert all of the picture, 4 ms at 1280x720.
 * @param {CanvasRenderingContext2D} context @param {import('./part.js').Rect[]} rects of whole pixels
 */
function clip(context, rects) {
  context.beginPath();
  for (const { x, y, width, height } of rects) context.rect(x, y, width, height);
  context.clip();
}

export class Screen {
  /** @param {HTMLCanvasElement} canvas @param {HTMLElement} stage */
  constructor(canvas, stage) {
    this.canvas = canvas;
    this.stage = stage;
    /** Stage size in device pixels. */
    this.stageSize = { width: 0, height: 0 };
    this.divisor = 1;
    /** Where the whole picture fits; null: there is none yet. @type {Box | null} */
    this.fit = null;
    /**
     * Another place for it, when only a part of the picture is to be seen.
     * @type {(fit: Box, stage: {width: number, height: number}) => Box}
     */
    this.arrange = (fit) => fit;
    /** @type {CanvasRenderingContext2D | null} */
    this.context = null;
    /** A new canvas replaced the old one. @type {(canvas: HTMLCanvasElement) => void} */
    this.onReplaced = () => {};
    /** The box of the picture changed. @type {() => void} */
    this.onPlaced = () => {};
    /** The browser took the context away. @type {() => void} */
    this.onLost = () => {};
    this.buffer = new Uint8ClampedArray(0);
    /** Elements in the same box. @type {Set<HTMLElement>} */
    this.companions = new Set();
    this.adopt();
  }

  get width() {
    return this.canvas.width;
  }

  get height() {
    return this.canvas.height;
  }

  /** Takes the canvas' context. Pictures cover it wholly and are opaque, so the compositor may skip blending. */
  adopt() {
    this.context = this.canvas.getContext('2d', { alpha: false, desynchronized: true });
    this.canvas.addEventListener('contextlost', () => this.onLost());
  }

  /** Recovery: asks for the context again; a lost one is only restored by the browser. */
  renewContext() {
    this.context = this.canvas.getContext('2d', { alpha: false, desynchronized: true });
  }

  /** Recovery: a new canvas element in the old one's place, with focus and listeners moved by onReplaced. */
  replaceCanvas() {
    const old = this.canvas;
    const focused = document.activeElement === old;
    const fresh = /** @type {HTMLCanvasElement} */ (old.cloneNode(false));
    fresh.width = old.width;
    fresh.height = old.height;
    old.replaceWith(fresh);
    this.canvas = fresh;
    this.adopt();
    this.onReplaced(fresh);
    if (focused) fresh.focus({ preventScroll: true });
  }

  /** @param {number} width @param {number} height guest pixels; clears the picture when they change */
  resize(width, height) {
    if (this.canvas.width === width && this.canvas.height === height) return;
    this.canvas.width = width;
    this.canvas.height = height;
    this.place();
  }

  /** Nothing of the picture stays. */
  clear() {
    this.canvas.width = 0;
    this.canvas.height = 0;
  }

  /** @param {number} width @param {number} height device pixels @param {number} divisor */
  setStage(width, height, divisor) {
    this.stageSize = { width, height };
    this.divisor = divisor;
    this.place();
  }

  place() {
    const ratio = devicePixelRatio || 1;
    if (!this.stageSize.width || !this.canvas.width) return;
    this.fit = placePicture(this, this.stageSize, this.divisor);
    const box = this.arrange(this.fit, this.stageSize);
    const { style } = this.canvas;
    style.left = `${box.left / ratio}px`;
    style.top = `${box.top / ratio}px`;
    style.width = `${box.width / ratio}px`;
    style.height = `${box.height / ratio}px`;
    style.imageRendering = box.exact ? 'pixelated' : 'auto';
    this.companions.forEach((element) => this.accompany(element));
    this.onPlaced();
  }

  /** @param {HTMLElement} element gets the canvas' box */
  accompany(element) {
    const { left, top, width, height, imageRendering } = this.canvas.style;
    Object.assign(element.style, { left, top, width, height, imageRendering });
  }

  /** CSS pixels per guest pixel. */
  get scale() {
    return this.canvas.getBoundingClientRect().width / this.canvas.width;
  }

  /** @returns {CanvasRenderingContext2D | null} null when nothing drawn now would be seen */
  drawable() {
    return this.context && !this.context.isContextLost?.() ? this.context : null;
  }

  /**
   * Draws the visible part of a decoded picture, or rectangles of it. True when it was drawn.
   * @param {VideoFrame | HTMLVideoElement} frame @param {number} width @param {number} height
   * @param {import('./part.js').Rect[] | null} part null = all
   */
  drawFrame(frame, width, height, part = null) {
    const context = this.drawable();
    if (!context) return false;
    this.resize(width, height);
    if (part?.length === 0) return true;
    // Without a clip the browser knows that nothing from before is seen.
    const covers = part?.length === 1 && part[0].width === width && part[0].height === height;
    context.save();
    if (part && !covers) clip(context, part);
    context.drawImage(frame, 0, 0, width, height, 0, 0, width, height);
    context.restore();
    return true;
  }

  /**
   * Puts one rectangle of pixels (R,G,B,A bytes) on the canvas. True when it was put.
   * @param {number} x @param {number} y @param {number} width @param {number} height
   * @param {Uint32Array<ArrayBuffer>} words
   */
  drawRectangle(x, y, width, height, words) {
    const context = this.drawable();
    if (!context) return false;
    if (this.buffer.buffer !== words.buffer) this.buffer = new Uint8ClampedArray(words.buffer);
    context.putImageData(new ImageData(this.buffer.subarray(0, width * height * 4), width, height), x, y);
    return true;
  }
}
