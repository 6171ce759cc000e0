// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { test } from 'node:test';

globalThis.ImageData = class {};
globalThis.devicePixelRatio = 1;
globalThis.requestAnimationFrame = () => 1;
const canvas = () => ({
  style: {},
  hidden: true,
  getContext: () => ({ putImageData() {}, drawImage() {}, clearRect() {} }),
  toDataURL: () => 'data:shape',
});
globalThis.document = { createElement: canvas };
const { Cursor } = await import('../../web/js/cursor.js');

const shape = (size) =>
  ({ width: size, height: size, hotX: 1, hotY: 2, pixels: new Uint8ClampedArray(size * size * 4) });

function fixture({ controls = true, locked = false, point = null } = {}) {
  const screen = { width: 640, scale: 1, canvas: { ...canvas(), getBoundingClientRect: () => ({ left: 0, top: 0 }) } };
  const cursor = new Cursor(screen, canvas(), { controls: () => controls, locked: () => locked, shown: () => point });
  const shown = () => (screen.canvas.style.cursor === 'none' ? cursor.overlayPoint() !== null : true);
  return { cursor, screen, shown };
}

test('cursor_hidden_by_the_guest_is_hidden_from_its_controller', () => {
  const { cursor, screen, shown } = fixture();
  cursor.setShape(shape(24));
  cursor.setGuestPosition({ x: 5, y: 5, visible: true });
  assert.match(screen.canvas.style.cursor, /data:shape/);
  // To a text console: QEMU keeps the shape and says that it is not shown.
  cursor.setGuestPosition({ x: 5, y: 5, visible: false });
  assert.equal(shown(), false);
  // A program that draws its own, and one too large for CSS: still none.
  cursor.setShape(shape(200));
  assert.equal(shown(), false);
  cursor.setGuestPosition({ x: 6, y: 5, visible: true });
  assert.equal(shown(), true);
});

test('cursor_not_placed_yet_is_shown_and_a_new_connection_forgets', () => {
  const { cursor, screen, shown } = fixture();
  cursor.update();
  assert.equal(screen.canvas.style.cursor, 'default'); // the guest has defined none: the browser's own
  cursor.setShape(shape(24)); // a registration tells the shape, not the place
  assert.equal(shown(), true);
  cursor.setGuestPosition({ x: 0, y: 0, visible: false });
  cursor.reset();
  cursor.setShape(shape(24));
  assert.equal(shown(), true);
});

test('cursor_hidden_says_nothing_of_a_watcher_s_own_pointer', () => {
  const { cursor, screen } = fixture({ controls: false });
  cursor.setShape(shape(24));
  cursor.setGuestPosition({ x: 5, y: 5, visible: false });
  assert.equal(screen.canvas.style.cursor, 'default');
  assert.equal(cursor.overlayPoint(), null);
});

test('cursor_that_a_finger_moves_is_drawn_by_the_page', () => {
  const point = { x: 7, y: 9 };
  const { cursor, shown } = fixture({ point });
  assert.ok(shown(), 'an arrow where the guest defined none');
  assert.equal(cursor.overlayPoint(), point);
  cursor.setShape(shape(24));
  assert.equal(cursor.css, '');
  assert.equal(cursor.overlayPoint(), point);
  cursor.setGuestPosition({ x: 5, y: 5, visible: false });
  assert.equal(cursor.overlayPoint(), null, 'the guest hides it');
});
