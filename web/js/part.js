// SPDX-License-Identifier: MIT
// The part of a video picture that is drawn (docs/protocols/viewer.md): what tiles have made exact around it stays as
// it is. Pure.
import { FLAG, PART_ALIGN, PART_MAX, PICTURE_HEADER_SIZE } from './wire.js';

/** @typedef {{x: number, y: number, width: number, height: number}} Rect */

const RECT_SIZE = 8;

/** A corner on the grid of blocks, or at the picture's far edge. @param {number} at @param {number} edge */
const onGrid = (at, edge) => at % PART_ALIGN === 0 || at === edge;

/**
 * What to draw of a VIDEO (null: all of it), its timestamp where it leaves by RTP, too (else null), and where its access
 * unit begins; null when the message is malformed.
 * @param {DataView<ArrayBuffer>} view @param {{flags: number, width: number, height: number}} header
 * @returns {{part: Rect[] | null, rtpTime: number | null, end: number} | null}
 */
export function readPart(view, header) {
  const read = readRects(view, header);
  if (!read || !(header.flags & FLAG.RTP)) return read && { ...read, rtpTime: null };
  const { part, end } = read;
  if (view.byteLength < end + 4) return null;
  return { part, rtpTime: view.getUint32(end, true), end: end + 4 };
}

/**
 * @param {DataView<ArrayBuffer>} view @param {{flags: number, width: number, height: number}} header
 * @returns {{part: Rect[] | null, end: number} | null}
 */
function readRects(view, { flags, width, height }) {
  let at = PICTURE_HEADER_SIZE;
  if (!(flags & FLAG.PART)) return { part: null, end: at };
  if (flags & FLAG.KEY || view.byteLength < at + 2) return null;
  const count = view.getUint16(at, true);
  at += 2;
  if (count > PART_MAX || view.byteLength < at + count * RECT_SIZE) return null;
  /** @type {Rect[]} */
  const part = [];
  for (; part.length < count; at += RECT_SIZE) {
    const [x, y, w, h] = [0, 2, 4, 6].map((offset) => view.getUint16(at + offset, true));
    if (!w || !h || x + w > width || y + h > height) return null;
    if (x % PART_ALIGN || y % PART_ALIGN || !onGrid(x + w, width) || !onGrid(y + h, height)) return null;
    part.push({ x, y, width: w, height: h });
  }
  return { part, end: at };
}

/** Parts of several pictures of one size together, exactly: more would undo what is exact. */
export class Union {
  constructor() {
    this.width = 0;
    this.height = 0;
    this.columns = 0;
    /** All of the picture. */
    this.whole = false;
    /** Per block, row by row: 1 = in a part. */
    this.blocks = new Uint8Array(0);
  }

  /** @param {Rect[] | null} part null = all @param {number} width of the picture @param {number} height */
  add(part, width, height) {
    this.whole ||= !part;
    if (width !== this.width || height !== this.height) this.resize(width, height);
    for (const rect of part ?? []) {
      const left = rect.x / PART_ALIGN;
      const right = Math.ceil((rect.x + rect.width) / PART_ALIGN);
      for (let y = rect.y / PART_ALIGN; y * PART_ALIGN < rect.y + rect.height; y++) {
        this.blocks.fill(1, y * this.columns + left, y * this.columns + right);
      }
    }
  }

  /** Only a picture of which all is drawn has another size. @param {number} width @param {number} height */
  resize(width, height) {
    this.width = width;
    this.height = height;
    this.columns = Math.ceil(width / PART_ALIGN);
    this.blocks = new Uint8Array(this.columns * Math.ceil(height / PART_ALIGN));
  }

  clear() {
    this.whole = false;
    this.blocks.fill(0);
  }

  /** Rectangles that cover it, none twice; null = all of the picture. @returns {Rect[] | null} */
  rects() {
    if (this.whole) return null;
    /** @type {Rect[]} */
    const rects = [];
    /** Of the row above, by their left edge. @type {Map<number, Rect>} */
    let above = new Map();
    for (let y = 0; y < this.height; y += PART_ALIGN) {
      const row = new Map();
      for (const { x, width } of this.runs((y / PART_ALIGN) * this.columns)) {
        const over = above.get(x);
        const height = Math.min(PART_ALIGN, this.height - y);
        const rect = over?.width === width ? over : { x, y, width, height: 0 };
        if (!rect.height) rects.push(rect);
        rect.height += height;
        row.set(x, rect);
      }
      above = row;
    }
    return rects;
  }

  /** Of one row. @param {number} row index of its first block @returns {Iterable<{x: number, width: number}>} */
  *runs(row) {
    const blocks = this.blocks.subarray(row, row + this.columns);
    for (let from = blocks.indexOf(1); from >= 0; from = blocks.indexOf(1, from)) {
      const end = blocks.indexOf(0, from);
      const x = from * PART_ALIGN;
      from = end < 0 ? this.columns : end;
      yield { x, width: Math.min(from * PART_ALIGN, this.width) - x };
    }
  }
}
