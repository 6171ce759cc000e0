// SPDX-License-Identifier: MIT
// The part of the picture that the window shows (viewport.js), in CSS pixels of the window: moved by fingers, and kept
// out from under keys on the screen.
import { Viewport } from './viewport.js';

export class View {
  /** @param {import('./screen.js').Screen} screen */
  constructor(screen) {
    this.screen = screen;
    this.viewport = new Viewport();
    screen.arrange = (fit, stage) => this.viewport.place(fit, stage);
    screen.place();
  }

  get ratio() {
    return devicePixelRatio || 1;
  }

  /** There is more of the picture than is seen. */
  get pans() {
    return this.viewport.pans(this.screen.stageSize);
  }

  /** @param {number} factor @param {number} clientX @param {number} clientY the point that stays where it is */
  zoom(factor, clientX, clientY) {
    const { fit, stageSize } = this.screen;
    if (!fit) return;
    const stage = this.screen.stage.getBoundingClientRect();
    const x = (clientX - stage.left) * this.ratio;
    this.viewport.zoomAt(fit, stageSize, factor, x, (clientY - stage.top) * this.ratio);
    this.screen.place();
  }

  /** @param {number} dx @param {number} dy */
  pan(dx, dy) {
    const { fit, stageSize } = this.screen;
    if (!fit) return;
    this.viewport.pan(fit, stageSize, dx * this.ratio, dy * this.ratio);
    this.screen.place();
  }

  /** Brings a point of the window into sight. @param {number} clientX @param {number} clientY */
  follow(clientX, clientY) {
    const { fit, stageSize } = this.screen;
    if (!fit || !this.pans) return;
    const stage = this.screen.stage.getBoundingClientRect();
    this.viewport.follow(fit, stageSize, (clientX - stage.left) * this.ratio, (clientY - stage.top) * this.ratio);
    this.screen.place();
  }

  /** @param {number} height at the bottom of the window, of what lies over the picture */
  cover(height) {
    const covered = Math.round(height * this.ratio);
    if (covered === this.viewport.covered) return;
    this.viewport.covered = covered;
    this.screen.place();
  }
}
