// SPDX-License-Identifier: MIT
// The mouse, pen and fingers over the screen: absolute positions, or motion while the pointer is locked.
import { guestPoint } from './geometry.js';
import { Moves } from './moves.js';
import { BUTTON, writeButton, writeMotion, writePointer, writeWheel } from './protocol.js';
import { Touch } from './touch.js';
import { Trackpad } from './trackpad.js';
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
   * @param {() => void} options.relative a finger moves the pointer from where it is, or no longer
   * @param {() => boolean} options.typing an on-screen keyboard is open, which goes when its field loses the focus
   * @param {import('./view.js').View} options.view @param {() => boolean} options.trackpad how fingers move the pointer
   * @param {() => boolean} options.absolute the guest takes positions
   */
  constructor(screen, send, { active, hover, relative, typing, view, trackpad, absolute }) {
    this.screen = screen;
    this.send = send;
    this.active = active;
    this.hover = hover;
    this.typing = typing;
    this.buttons = 0;
    /** A finger moves the pointer from where it is, and the page shows where. */
    this.relative = false;
    this.fingersRelative = trackpad;
    this.relativeChanged = relative;
    this.wheels = new Wheel();
    this.moves = new Moves({
      position: (x, y) => send(writePointer(x, y)),
      motion: (dx, dy) => send(writeMotion(dx, dy)),
      wheel: (dx, dy) => send(writeWheel(dx, dy)),
    });
    this.trackpad = new Trackpad(screen, view, { position: (x, y) => this.moveTo(x, y),
      motion: (dx, dy) => active() && this.moves.move(dx, dy), absolute });
    this.touch = new Touch({
      move: (x, y) => this.moveTo(x, y),
      shift: (dx, dy) => this.trackpad.shift(dx, dy),
      button: (button, pressed) => {
        if (pressed && trackpad()) this.trackpad.settle();
        this.press(button, pressed);
      },
      wheel: (dx, dy) => active() && this.moves.scroll(dx, dy),
      zoom: (factor, x, y) => view.zoom(factor, x, y),
      pan: (dx, dy) => view.pan(dx, dy),
      pans: () => view.pans,
      trackpad,
    });
    this.attach(screen.canvas);
    this.attachAround(screen.stage);
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

  /** Fingers need not be on the picture to zoom or move. @param {HTMLElement} stage */
  attachAround(stage) {
    const on = (/** @type {string} */ name, /** @type {(event: any) => void} */ run) =>
      stage.addEventListener(name, (event) => event.target === stage && run(event), { passive: false });
    const touch = (/** @type {string} */ name, /** @type {(event: PointerEvent) => void} */ run) =>
      on(name, (event) => event.pointerType === 'touch' && run(event));
    touch('pointerdown', (event) => this.pressed(event));
    touch('pointermove', (event) => this.moved(event));
    touch('pointerup', (event) => this.released(event));
    touch('pointercancel', (event) => this.cancelled(event));
    on('touchstart', (event) => event.preventDefault());
  }

  /** @param {number} clientX @param {number} clientY */
  moveTo(clientX, clientY) {
    this.hover(clientX, clientY);
    this.trackpad.note(clientX, clientY);
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
    this.setRelative(false);
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

  /** @param {boolean} relative */
  setRelative(relative) {
    if (relative === this.relative) return;
    this.relative = relative;
    this.relativeChanged();
  }

  /** Where the pointer is that the page shows, CSS pixels of the window; null: the browser shows its own. */
  get shown() {
    return this.relative ? this.trackpad.point : null;
  }

  /** @param {PointerEvent} event */
  pressed(event) {
    event.preventDefault();
    this.setRelative(event.pointerType === 'touch' && this.fingersRelative());
    if (event.pointerType !== 'touch' || !this.typing()) this.screen.canvas.focus({ preventScroll: true });
    if (event.pointerType === 'touch') {
      return this.touch.down(event.pointerId, event.clientX, event.clientY, event.target !== this.screen.canvas);
    }
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
