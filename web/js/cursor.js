// SPDX-License-Identifier: MIT
// The guest's cursor, drawn by the browser at the pointer's place without waiting for the guest. Where a CSS cursor
// cannot show it (too large, pointer locked, somebody else has the controls) a small canvas over the screen does.

/** Browsers refuse larger cursors, CSS pixels. */
const CSS_CURSOR_MAX = 128;
/** A pointer that a finger moves has to be seen on a picture that is shown small: CSS pixels per pixel of its shape. */
const FINGER_SCALE = 0.75;
/** Where the guest has none: an arrow, its points in pixels. @type {Readonly<[number, number][]>} */
const ARROW = Object.freeze([[1, 1], [1, 18], [5, 14], [8, 21], [11, 20], [8, 13], [14, 13]]);
const ARROW_SHAPE = Object.freeze({ width: 16, height: 23, hotX: 1, hotY: 1 });

/** @typedef {NonNullable<ReturnType<typeof import('./protocol.js').readCursorShape>>} Shape */

export class Cursor {
  /**
   * @param {import('./screen.js').Screen} screen @param {HTMLCanvasElement} overlay
   * @param {object} options
   * @param {() => boolean} options.controls we have the controls
   * @param {() => boolean} options.locked the guest alone knows where its pointer is
   * @param {() => {x: number, y: number} | null} options.shown where the page itself has to show the pointer
   */
  constructor(screen, overlay, { controls, locked, shown }) {
    this.shown = shown;
    this.screen = screen;
    this.overlay = overlay;
    this.controls = controls;
    this.locked = locked;
    /** null until the guest defined one: the browser's own is shown. @type {Shape | null} */
    this.shape = null;
    this.source = document.createElement('canvas');
    /** Where the guest says its cursor is. */
    this.guest = { x: 0, y: 0, visible: false };
    /** The guest said that it shows none: a text console, a machine that starts, a program that draws its own. */
    this.hidden = false;
    /** Where the pointer is, CSS pixels of the window. */
    this.pointer = { x: 0, y: 0 };
    this.css = '';
    this.stale = false;
    this.frame = 0;
  }

  /** @param {Shape} shape */
  setShape(shape) {
    this.shape = shape;
    if (shape.width) {
      this.source.width = shape.width;
      this.source.height = shape.height;
      this.source.getContext('2d')?.putImageData(new ImageData(shape.pixels, shape.width, shape.height), 0, 0);
    }
    this.update();
  }

  /** @param {{x: number, y: number, visible: boolean}} guest */
  setGuestPosition(guest) {
    this.guest = guest;
    if (this.hidden === guest.visible) {
      this.hidden = !guest.visible;
      this.update();
    } else this.schedule();
  }

  /** @param {number} x @param {number} y */
  setPointer(x, y) {
    this.pointer.x = x;
    this.pointer.y = y;
    if (!this.overlay.hidden) this.schedule();
  }

  /** A new connection may not know of a cursor yet. */
  reset() {
    this.shape = null;
    this.guest = { x: 0, y: 0, visible: false };
    this.hidden = false;
    this.update();
  }

  /** The picture has another place: the shape its scale, in the next frame. */
  placed() {
    this.stale = true;
    this.schedule();
  }

  /** Who draws changed, or the scale or the shape did. */
  update() {
    this.css = this.cssCursor();
    this.screen.canvas.style.cursor = this.css || 'none';
    this.schedule();
  }

  /** CSS pixels per guest pixel. */
  scale() {
    const { width } = this.screen;
    return width ? this.screen.scale : 1;
  }

  /** What the overlay shows. */
  drawn() {
    if (this.shape || !this.shown()) return this.shape;
    this.source.width = ARROW_SHAPE.width;
    this.source.height = ARROW_SHAPE.height;
    const context = this.source.getContext('2d');
    if (context) {
      const arrow = new Path2D();
      for (const [x, y] of ARROW) arrow.lineTo(x, y);
      arrow.closePath();
      context.fillStyle = '#fff';
      context.fill(arrow);
      context.stroke(arrow);
    }
    return ARROW_SHAPE;
  }

  /** The shape at the picture's scale, as a canvas of device pixels. @param {number} ratio @param {number} scale */
  scaled(ratio, scale) {
    const copy = document.createElement('canvas');
    copy.width = Math.max(1, Math.round(this.source.width * scale * ratio));
    copy.height = Math.max(1, Math.round(this.source.height * scale * ratio));
    const context = copy.getContext('2d');
    if (!context) return copy;
    context.imageSmoothingEnabled = !Number.isInteger(Math.round(scale * ratio * 1000) / 1000);
    context.drawImage(this.source, 0, 0, copy.width, copy.height);
    return copy;
  }

  /** @returns {string} '' when CSS cannot show it, or must not */
  cssCursor() {
    if (!this.controls()) return 'default';
    if (this.hidden || this.shown()) return '';
    if (!this.shape) return 'default';
    const { width, height, hotX, hotY } = this.shape;
    if (!width || this.locked()) return '';
    const ratio = devicePixelRatio || 1;
    const scale = this.scale();
    if (width * scale > CSS_CURSOR_MAX || height * scale > CSS_CURSOR_MAX) return '';
    const url = this.scaled(ratio, scale).toDataURL();
    const hot = [hotX, hotY].map((at) => Math.min(Math.floor(at * scale), CSS_CURSOR_MAX - 1)).join(' ');
    return ratio === 1 ? `url("${url}") ${hot}, default` : `image-set(url("${url}") ${ratio}x) ${hot}, default`;
  }

  schedule() {
    if (!this.frame) this.frame = requestAnimationFrame(() => this.drawOverlay());
  }

  /** Where the overlay's hot spot belongs, CSS pixels of the window; null when it must not show. */
  overlayPoint() {
    if (this.hidden || (this.controls() && this.css !== '')) return null;
    const shown = this.shown();
    if (this.shape ? !this.shape.width : !shown) return null;
    if (this.controls() && !this.locked()) return shown ?? this.pointer;
    if (!this.guest.visible) return null;
    const box = this.screen.canvas.getBoundingClientRect();
    const scale = this.scale();
    return { x: box.left + this.guest.x * scale, y: box.top + this.guest.y * scale };
  }

  drawOverlay() {
    this.frame = 0;
    if (this.stale) this.screen.canvas.style.cursor = (this.css = this.cssCursor()) || 'none';
    this.stale = false;
    const point = this.overlayPoint();
    const shape = point && this.drawn();
    this.overlay.hidden = !shape;
    if (!point || !shape) return;
    const ratio = devicePixelRatio || 1;
    const scale = this.shown() ? Math.max(FINGER_SCALE, this.scale()) : this.scale();
    const picture = this.scaled(ratio, scale);
    if (this.overlay.width !== picture.width || this.overlay.height !== picture.height) {
      this.overlay.width = picture.width;
      this.overlay.height = picture.height;
    }
    const context = this.overlay.getContext('2d');
    context?.clearRect(0, 0, picture.width, picture.height);
    context?.drawImage(picture, 0, 0);
    const { style } = this.overlay;
    style.width = `${picture.width / ratio}px`;
    style.height = `${picture.height / ratio}px`;
    const stage = this.screen.stage.getBoundingClientRect();
    const x = point.x - stage.left - shape.hotX * scale;
    const y = point.y - stage.top - shape.hotY * scale;
    style.transform = `translate(${Math.round(x * ratio) / ratio}px, ${Math.round(y * ratio) / ratio}px)`;
  }
}
