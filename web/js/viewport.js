// SPDX-License-Identifier: MIT
// Which part of the picture the stage shows, and how large: for fingers on a screen that is smaller than the guest's.
// Everything in device pixels of the stage. Pure.

/** Times the size at which the whole picture is seen. */
export const ZOOM_MAX = 8;
/** The part of the visible stage, at each edge, that a followed point stays out of. */
const MARGIN = 0.15;

/** @typedef {ReturnType<typeof import('./geometry.js').placePicture>} Box */
/** @typedef {{width: number, height: number}} Dimensions */

/** @param {number} low @param {number} value @param {number} high */
const clamp = (low, value, high) => Math.max(low, Math.min(high, value));

/**
 * Where a picture of this length begins: in the middle when all of it fits, else without a gap at either end.
 * @param {number} start @param {number} length @param {number} room
 */
const settle = (start, length, room) =>
  length <= room ? Math.floor((room - length) / 2) : Math.round(clamp(room - length, start, 0));

export class Viewport {
  constructor() {
    this.zoom = 1;
    /** What keys on the screen cover at the bottom. */
    this.covered = 0;
    /** The place that was shown last; null: none yet. @type {Box | null} */
    this.box = null;
    /** The part of the picture, of 1, that lies in the stage's middle: it stays there on another stage. */
    this.middle = { u: 0.5, v: 0.5 };
  }

  /** The part of the stage that is seen. @param {Dimensions} stage @returns {Dimensions} */
  room({ width, height }) {
    return { width, height: Math.max(1, height - this.covered) };
  }

  /** There is more of the picture than is seen. @param {Dimensions} stage */
  pans(stage) {
    const room = this.room(stage);
    return this.box !== null && (this.box.width > room.width || this.box.height > room.height);
  }

  /**
   * The same part of the picture as before, where another stage or guest allows it.
   * @param {Box} fit where the picture lies without zoom @param {Dimensions} stage
   * @returns {Box}
   */
  place(fit, stage) {
    const { u, v } = this.middle;
    const left = stage.width / 2 - u * fit.width * this.zoom;
    return this.keep(fit, stage, left, stage.height / 2 - v * fit.height * this.zoom);
  }

  /** @param {Box} fit @param {Dimensions} stage @param {number} left @param {number} top @returns {Box} */
  keep(fit, stage, left, top) {
    const room = this.room(stage);
    const width = Math.round(fit.width * this.zoom);
    const height = Math.round(fit.height * this.zoom);
    const scale = fit.scale * this.zoom;
    const box = {
      left: settle(left, width, room.width),
      top: settle(top, height, room.height),
      width,
      height,
      scale,
      exact: Number.isInteger(scale),
    };
    this.box = box;
    this.middle = { u: (stage.width / 2 - box.left) / width, v: (stage.height / 2 - box.top) / height };
    return box;
  }

  /**
   * Fingers spread or pinched around a point, which stays under them.
   * @param {Box} fit @param {Dimensions} stage @param {number} factor @param {number} x @param {number} y
   */
  zoomAt(fit, stage, factor, x, y) {
    const box = this.box ?? this.place(fit, stage);
    const before = this.zoom;
    this.zoom = clamp(1, this.zoom * factor, ZOOM_MAX);
    const grown = this.zoom / before;
    return this.keep(fit, stage, x - (x - box.left) * grown, y - (y - box.top) * grown);
  }

  /** @param {Box} fit @param {Dimensions} stage @param {number} dx @param {number} dy */
  pan(fit, stage, dx, dy) {
    const box = this.box ?? this.place(fit, stage);
    return this.keep(fit, stage, box.left + dx, box.top + dy);
  }

  /**
   * Brings a point of the stage into sight.
   * @param {Box} fit @param {Dimensions} stage @param {number} x @param {number} y
   */
  follow(fit, stage, x, y) {
    const room = this.room(stage);
    const into = (/** @type {number} */ at, /** @type {number} */ length) =>
      clamp(length * MARGIN, at, length * (1 - MARGIN)) - at;
    return this.pan(fit, stage, into(x, room.width), into(y, room.height));
  }
}
