// SPDX-License-Identifier: MIT
// The mouse, pen and fingers over the screen: absolute positions, or motion while the pointer is locked.
import { guestPoint } from './geometry.js';
import { Moves } from './moves.js';
import { BUTTON, writeButton, writeMotion, writePointer, writeWheel } from './protocol.js';
import { Touch } from './touch.js';
import { Wheel } from './wheel.js';

/** Bits of PointerEvent.buttons, in the order of our buttons. */
const BITS = Object.freeze([
  [1, BUTTON.LEFT],
  [4, BUTTON.MIDDLE],
  [2, BUTTON.RIGHT],
  [8, BUTTON.SIDE],
  [16, BUTTON.EXTRA],
]);

export class Pointer {
  /**
   * @param {import('./screen.js').Screen} screen @param {(view: DataView<ArrayBuffer>) => void} send
   * @param {object} options
   * @param {() => boolean} options.active we have the controls
   * @param {(clientX: number, clientY: number) => void} options.hover the pointer is at this point of the window
   * @param {() => boolean} options.typing an on-screen keyboard is open, which goes when its field loses the focus
   */
  constructor(screen, send, { active, hover, typing }) {
    this.screen = screen;
    this.send = send;
    this.active = active;
    this.hover = hover;
    this.typing = typing;
    this.buttons = 0;
    this.wheels = new Wheel();
    this.moves = new Moves({
      position: (x, y) => send(writePointer(x, y)),
      motion: (dx, dy) => send(writeMotion(dx, dy)),
      wheel: (dx, dy) => send(writeWheel(dx, dy)),
    });
    this.touch = new Touch({
      move: (x, y) => this.moveTo(x, y),
      button: (button, pressed) => this.press(button, pressed),
      wheel: (dx, dy) => this.moves.scroll(dx, dy),
    });
    this.attach(screen.canvas);
  }

  get locked() {
    return document.pointerLockElement === this.screen.canvas;
  }

  /** @param {HTMLCanvasElement} canvas */
  attach(canvas) {
    // Raw updates come at once instead of with the next frame.
    const moved = 'onpointerrawupdate' in canvas ? 'pointerrawupdate' : 'pointermove';
    const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ run) =>
      canvas.addEventListener(name, run, { passive: false });
    on(moved, (event) => this.moved(event));
    on('pointermove', (event) => event.pointerType !== 'touch' && this.buttonsChanged(event));
    on('pointerdown', (event) => this.pressed(event));
    on('pointerup', (event) => this.released(event));
    on('pointercancel', (event) => this.cancelled(event));
    on('lostpointercapture', (event) => event.pointerType !== 'touch' && this.buttonsChanged(event));
    on('wheel', (event) => this.wheel(event));
    on('contextmenu', (event) => event.preventDefault());
    on('auxclick', (event) => event.preventDefault());
    on('dragstart', (event) => event.preventDefault());
    on('touchstart', (event) => event.preventDefault());
  }

  /** @param {number} clientX @param {number} clientY */
  moveTo(clientX, clientY) {
    this.hover(clientX, clientY);
    if (!this.active() || this.locked) return;
    const { x, y } = guestPoint(clientX, clientY, this.screen.canvas.getBoundingClientRect(), this.screen);
    this.moves.position(x, y);
  }

  /** @param {number} button @param {boolean} pressed */
  press(button, pressed) {
    if (!this.active()) return;
    this.moves.flush();
    this.send(writeButton(button, pressed));
  }

  /** @param {PointerEvent} event */
  moved(event) {
    if (event.pointerType === 'touch') return this.touch.moved(event.pointerId, event.clientX, event.clientY);
    if (this.locked) {
      if (this.active()) this.moves.move(event.movementX, event.movementY);
      return;
    }
    const newest = event.getCoalescedEvents?.().at(-1) ?? event;
    this.moveTo(newest.clientX, newest.clientY);
  }

  /** Pointer events name only the first button; the others are in the mask. @param {PointerEvent} event */
  buttonsChanged(event) {
    const changed = this.buttons ^ event.buttons;
    if (!changed) return;
    if (!this.locked) this.moveTo(event.clientX, event.clientY);
    this.buttons = event.buttons;
    for (const [bit, button] of BITS) if (changed & bit) this.press(button, (event.buttons & bit) !== 0);
  }

  /** @param {PointerEvent} event */
  pressed(event) {
    event.preventDefault();
    if (event.pointerType !== 'touch' || !this.typing()) this.screen.canvas.focus({ preventScroll: true });
    if (event.pointerType === 'touch') return this.touch.down(event.pointerId, event.clientX, event.clientY);
    // A synthetic event has no pointer to capture.
    try {
      this.screen.canvas.setPointerCapture(event.pointerId);
    } catch {
      /* the pointer is gone already */
    }
    this.buttonsChanged(event);
  }

  /** @param {PointerEvent} event */
  released(event) {
    event.preventDefault();
    if (event.pointerType === 'touch') this.touch.up(event.pointerId);
    else this.buttonsChanged(event);
  }

  /** @param {PointerEvent} event */
  cancelled(event) {
    if (event.pointerType === 'touch') this.touch.cancelled(event.pointerId);
    else this.buttonsChanged(event);
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    if (!this.active()) return;
    if (!this.locked) this.moveTo(event.clientX, event.clientY);
    const { dx, dy } = this.wheels.units(event, event.timeStamp);
    this.moves.scroll(dx, dy);
  }

  /** Everything was released elsewhere (RELEASE_ALL). */
  forget() {
    this.buttons = 0;
    this.moves.forget();
  }

  /** Takes the mouse for relative motion; must run in a user's gesture. */
  async lock() {
    const { canvas } = this.screen;
    try {
      await canvas.requestPointerLock({ unadjustedMovement: true });
    } catch {
      await canvas.requestPointerLock();
    }
  }
}
