// SPDX-License-Identifier: MIT
// The pointer of a finger that moves it from where it is. It is kept in the guest's pixels: the picture may be zoomed
// and moved under it. A guest that takes relative motion gets that.

/** The pointer goes further than the finger. */
const SPEED = 1.5;

export class Trackpad {
  /**
   * @param {import('./screen.js').Screen} screen @param {import('./view.js').View} view
   * @param {object} output
   * @param {(clientX: number, clientY: number) => void} output.position
   * @param {(dx: number, dy: number) => void} output.motion guest pixels
   * @param {() => boolean} output.absolute
   */
  constructor(screen, view, { position, motion, absolute }) {
    this.screen = screen;
    this.view = view;
    this.position = position;
    this.motion = motion;
    this.absolute = absolute;
    /** Guest pixels with fractions; null: no pointer was anywhere yet. @type {{x: number, y: number} | null} */
    this.at = null;
  }

  /** Where the pointer is, CSS pixels of the window; in the middle of what is seen as long as nothing moved it. */
  get point() {
    const box = this.screen.canvas.getBoundingClientRect();
    if (!this.at) return this.middle(box);
    const { scale } = this.screen;
    return { x: box.left + this.at.x * scale, y: box.top + this.at.y * scale };
  }

  /** The pointer was brought to a point of the window. @param {number} clientX @param {number} clientY */
  note(clientX, clientY) {
    const { scale, width, height } = this.screen;
    if (!width || !scale) return;
    const { left, top } = this.screen.canvas.getBoundingClientRect();
    this.at = {
      x: Math.max(0, Math.min(width - 0.5, (clientX - left) / scale)),
      y: Math.max(0, Math.min(height - 0.5, (clientY - top) / scale)),
    };
  }

  /** A click belongs to a place: the guest is told before the first one. */
  settle() {
    if (!this.at) this.shift(0, 0);
  }

  /** @param {DOMRect} box */
  middle({ left, top, right, bottom }) {
    const stage = this.screen.stage.getBoundingClientRect();
    return {
      x: (Math.max(left, stage.left) + Math.min(right, stage.right)) / 2,
      y: (Math.max(top, stage.top) + Math.min(bottom, stage.bottom)) / 2,
    };
  }

  /** A finger moved. @param {number} dx @param {number} dy CSS pixels */
  shift(dx, dy) {
    const { scale, width } = this.screen;
    if (!width || !scale) return;
    if (!this.absolute()) return this.motion((dx * SPEED) / scale, (dy * SPEED) / scale);
    const before = this.point;
    this.note(before.x + dx * SPEED, before.y + dy * SPEED);
    const moved = this.point;
    this.view.follow(moved.x, moved.y);
    const seen = this.point;
    this.position(seen.x, seen.y);
  }
}
