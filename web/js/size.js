// SPDX-License-Identifier: MIT
// The desktop's size: follows the window, at a scale, unless the user pinned it.
import { chosenSize, sizeDivisor } from './hello.js';
import { writeResize } from './protocol.js';
import { RequestedSize } from './requested-size.js';

const SETTLE_MS = 200;

/** Device pixels per guest pixel, percent. */
export const SCALE_MIN = 50;
export const SCALE_MAX = 400;
export const SCALES = Object.freeze([100, 125, 150, 200]);

/** What the menu offers. */
export const SIZES = Object.freeze([
  { value: 'fit', label: 'Follow the window' },
  { value: '1280x720', label: '1280 × 720' },
  { value: '1600x900', label: '1600 × 900' },
  { value: '1920x1080', label: '1920 × 1080' },
  { value: '2560x1440', label: '2560 × 1440' },
  { value: 'keep', label: 'Leave it to the guest' },
]);

export class Size {
  /**
   * @param {import('./screen.js').Screen} screen @param {import('./settings.js').SettingsStore} settings
   * @param {(view: DataView<ArrayBuffer>) => void} send
   * @param {() => boolean} allowed we have the controls and the desktop can be resized
   * @param {(late: boolean) => void} late the guest does not follow, or does again
   */
  constructor(screen, settings, send, allowed, late) {
    this.screen = screen;
    this.settings = settings;
    this.allowed = allowed;
    this.timer = 0;
    this.requested = new RequestedSize(
      ({ width, height }) => {
        if (this.allowed()) send(writeResize(width, height));
        else this.forget();
      },
      () => late(this.requested.late),
    );
    const observer = new ResizeObserver((entries) => this.observed(entries[entries.length - 1]));
    try {
      observer.observe(screen.stage, { box: 'device-pixel-content-box' });
    } catch {
      observer.observe(screen.stage);
    }
    this.measure();
  }

  get divisor() {
    return sizeDivisor(this.settings.get('size'), this.settings.get('scale'));
  }

  /** The size to ask for; null: leave it as it is. */
  get wanted() {
    return chosenSize(this.settings.get('size'), this.settings.get('scale'), this.screen.stageSize);
  }

  /** Before the observer's first word. */
  measure() {
    const box = this.screen.stage.getBoundingClientRect();
    const ratio = devicePixelRatio || 1;
    this.screen.setStage(Math.round(box.width * ratio), Math.round(box.height * ratio), this.divisor);
  }

  /** @param {ResizeObserverEntry} entry */
  observed(entry) {
    this.measure();
    // The exact size may differ by the rounding of one pixel; anything else comes from an emulated pixel ratio.
    const exact = entry.devicePixelContentBoxSize?.[0];
    const { width, height } = this.screen.stageSize;
    if (exact && Math.abs(exact.inlineSize - width) <= 1 && Math.abs(exact.blockSize - height) <= 1) {
      this.screen.setStage(exact.inlineSize, exact.blockSize, this.divisor);
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ask(), SETTLE_MS);
  }

  /** The user chose another size. @param {string} value */
  choose(value) {
    this.settings.set('size', value);
    this.screen.setStage(this.screen.stageSize.width, this.screen.stageSize.height, this.divisor);
    this.ask();
  }

  /** How large things are while the window is followed. @param {number} percent 0 = as the screen's density has it */
  setScale(percent) {
    this.settings.set('scale', percent && Math.max(SCALE_MIN, Math.min(SCALE_MAX, percent)));
    this.choose(this.settings.get('size'));
  }

  /** The hello asked for this already. @param {{width: number, height: number} | null} size */
  noteAsked(size) {
    this.requested.noteAsked(size);
  }

  /** What the guest has now. @param {{width: number, height: number}} size @param {boolean} running */
  setGuest(size, running) {
    this.requested.setGuest(size, running);
  }

  /** The size that was asked for did not come in time. */
  get late() {
    return this.requested.late;
  }

  /** We got or lost the controls, or another viewer may have changed the size: ask again even for the same. */
  forget() {
    this.requested.forget();
  }

  ask() {
    const { wanted } = this;
    if (!wanted) this.forget();
    else if (this.allowed()) this.requested.want(wanted);
  }
}
