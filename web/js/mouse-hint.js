// SPDX-License-Identifier: MIT
// The chip that says how the mouse reaches a guest which takes relative motion only. It comes when a mouse is used, so
// that phones and boot menus never see it, and can be sent away.
import { button, byId } from './dom.js';

export class MouseHint {
  /**
   * @param {HTMLElement} stage
   * @param {object} options
   * @param {() => boolean} options.useful we have the controls, and motion would need a locked pointer
   * @param {() => void} options.lock in a user's gesture
   * @param {() => void} options.leave gives the focus back to the screen
   */
  constructor(stage, { useful, lock, leave }) {
    this.useful = useful;
    this.chip = byId('chip-pointer', HTMLElement);
    /** @type {'unused' | 'used' | 'dismissed'} */
    this.mouse = 'unused';
    stage.addEventListener('pointerdown', (event) => event.pointerType === 'mouse' && this.used(), true);
    button('chip-lock').addEventListener('click', lock);
    button('chip-pointer-close').addEventListener('click', () => {
      this.mouse = 'dismissed';
      this.update();
      leave();
    });
  }

  used() {
    if (this.mouse !== 'unused' || !this.useful()) return;
    this.mouse = 'used';
    this.update();
  }

  /** @param {boolean} [absolute] the guest takes positions: the next one that does not is news */
  update(absolute = false) {
    if (absolute) this.mouse = 'unused';
    this.chip.hidden = this.mouse !== 'used' || !this.useful();
  }
}
