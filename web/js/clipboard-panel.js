// SPDX-License-Identifier: MIT
// What the interface has of the clipboards: two rows of the keyboard's panel, for fingers and for pages whose browser
// does not share the clipboard; the chip that offers what the guest copied; the chip of a large text on its way.
import { button, byId, make, say } from './dom.js';

/** Copies as pages did before they could ask: by a selection. @param {string} text */
function copyBySelection(text) {
  const field = make('textarea', { readonly: '', class: 'copied', 'aria-hidden': 'true' });
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand('copy');
  field.remove();
  return copied;
}

export class ClipboardPanel {
  /**
   * @param {import('./client.js').Client} client @param {import('./clipboard.js').Clipboard} clipboard
   * @param {{open: (text: string, guest: boolean) => void, say: (text: string) => void, close: () => void}} page
   *   open: the dialog with a text, the guest's or none
   */
  constructor(client, clipboard, page) {
    this.client = client;
    this.clipboard = clipboard;
    this.page = page;
    this.chip = button('chip-clipboard');
    this.note = byId('clipboard-note', HTMLElement);
    button('paste').addEventListener('click', () => void this.paste());
    button('copy-guest').addEventListener('click', () => void this.copy());
    this.chip.addEventListener('click', () => void this.copy());
  }

  /** Asks the browser, which asks the user; else the user pastes into the dialog. */
  async paste() {
    this.page.close();
    const text = await navigator.clipboard?.readText?.().catch(() => null);
    if (text) this.clipboard.give(text, true);
    else if (text === '') this.page.say('There is no text in your clipboard.');
    else this.page.open('', false);
  }

  async copy() {
    const { guest } = this.clipboard;
    this.page.close();
    if (guest === null) return;
    if ((await this.clipboard.write()) || copyBySelection(guest)) {
      this.clipboard.dismiss();
      this.page.say('Copied.');
    } else {
      this.page.open(guest, true);
    }
    this.client.screen.canvas.focus({ preventScroll: true });
  }

  update() {
    const { client, clipboard } = this;
    const { outgoing } = clipboard;
    button('paste').disabled = !client.usable || !clipboard.toGuest;
    button('copy-guest').disabled = clipboard.guest === null;
    this.chip.hidden = !clipboard.offered;
    this.note.hidden = outgoing.bytes === null || outgoing.sent === outgoing.bytes.length;
    if (!this.note.hidden) say(this.note, `Your clipboard goes to the guest, ${Math.floor(100 * outgoing.progress)} %`);
  }
}
