// SPDX-License-Identifier: MIT
// The two clipboards, the user's and the guest's. Ctrl+V of the user's gives the guest the text before the key, by the
// browser's paste event, which needs no permission; what the guest copies goes into the user's clipboard where the
// browser lets it, and is offered where it does not.
import { bytesOf, Incoming, Outgoing } from './clipboard-text.js';
import { usageOf } from './keys.js';
import { CAP, CLIPBOARD_MAX, CLIPBOARD_OUTCOME } from './wire.js';

/** A browser that gives no paste event within this does not give one. */
const PASTE_MS = 50;

const CONTROL = usageOf('ControlLeft');

/** Keys that paste. @param {KeyboardEvent} event @param {string} code */
function pastes(event, code) {
  if (event.altKey) return false;
  if (code === 'KeyV') return event.ctrlKey || event.metaKey;
  return code === 'Insert' && event.shiftKey && !event.ctrlKey && !event.metaKey;
}

export class Clipboard {
  /**
   * @param {object} options
   * @param {(view: DataView<ArrayBuffer>) => void} options.send
   * @param {() => number} options.capabilities what the server said last
   * @param {() => boolean} options.usable what is sent reaches the guest
   * @param {(usages: number[]) => void} options.tap presses keys and releases them
   * @param {(text: string) => void} options.say
   * @param {() => void} options.changed there is something else to show
   */
  constructor(options) {
    this.options = options;
    this.incoming = new Incoming();
    this.outgoing = new Outgoing(options.send, (outcome) => this.ended(outcome));
    /** The key that waits for the browser's paste event. @type {(() => void) | null} */
    this.waiting = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    /** Keys of the chord. @type {number[] | undefined} */
    this.chord = undefined;
    /** Keys that follow a large text once the guest has it. @type {number[] | null} */
    this.behind = null;
    /** What the guest copied last. @type {string | null} */
    this.guest = null;
    /** The user's clipboard has it not yet, and it is offered. */
    this.offered = false;
    /** Whoever gave a text by hand is told when it is there. */
    this.byHand = false;
  }

  get toGuest() {
    return (this.options.capabilities() & CAP.CLIPBOARD_IN) !== 0;
  }

  attach() {
    addEventListener('paste', (event) => this.pasted(event), true);
    addEventListener('focus', () => this.offered && void this.write());
  }

  /**
   * A key goes down. True when it waits for the text: the browser must be let do its part, and `press` is called behind
   * the text, or when there is none.
   * @param {KeyboardEvent} event @param {string} code @param {number} usage @param {() => void} press
   */
  key(event, code, usage, press) {
    if (!pastes(event, code) || !this.toGuest) return false;
    if (event.repeat) return this.waiting !== null || this.behind !== null;
    this.settle();
    this.waiting = press;
    this.chord = code === 'KeyV' ? [CONTROL, usage] : [usageOf('ShiftLeft'), usage];
    this.timer = setTimeout(() => this.settle(), PASTE_MS);
    return true;
  }

  /** The key goes without a text. */
  settle() {
    const { waiting } = this;
    clearTimeout(this.timer);
    this.waiting = null;
    waiting?.();
  }

  /** @param {ClipboardEvent} event */
  pasted(event) {
    if (!this.waiting) return;
    event.preventDefault();
    event.stopPropagation();
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (!text) return this.settle();
    if (this.give(text) !== 'later') return this.settle();
    clearTimeout(this.timer);
    this.waiting = null;
    this.behind = this.chord ?? null;
  }

  /**
   * Gives the guest a text. 'later': its last part is still to go; 'refused': nothing goes, and it was said why.
   * @param {string} text @param {boolean} [byHand] @returns {'now' | 'later' | 'refused'}
   */
  give(text, byHand = false) {
    const bytes = bytesOf(text);
    if (!bytes.length || !this.options.usable()) return 'refused';
    if (bytes.length > CLIPBOARD_MAX) {
      this.options.say('This text is larger than 1 MiB: it was not given to the guest.');
      return 'refused';
    }
    this.byHand = byHand;
    this.behind = null;
    const whole = this.outgoing.start(bytes);
    this.options.changed();
    return whole ? 'now' : 'later';
  }

  /** @param {number} outcome */
  ended(outcome) {
    const { behind, byHand } = this;
    this.behind = null;
    this.byHand = false;
    if (outcome === CLIPBOARD_OUTCOME.GIVEN) {
      if (behind) this.options.tap(behind);
      if (byHand) this.options.say('The guest’s clipboard has the text: paste it there.');
    } else if (outcome === CLIPBOARD_OUTCOME.NOBODY) {
      this.options.say('Nothing in the guest takes texts now: the text is not in its clipboard.');
    } else {
      this.options.say('The server did not take the text: it is not in the guest’s clipboard.');
    }
    this.options.changed();
  }

  /** CLIPBOARD_STATE. @param {DataView<ArrayBuffer>} view */
  answered(view) {
    this.outgoing.answered(view);
    this.options.changed();
  }

  /** CLIPBOARD. @param {DataView<ArrayBuffer>} view */
  piece(view) {
    const whole = this.incoming.piece(view);
    if (!whole) return;
    this.guest = whole.text;
    this.offered = false;
    if (!whole.kept) void this.write();
    this.options.changed();
  }

  /** Into the user's clipboard; offered where the browser wants the user to act first. */
  async write() {
    const { guest } = this;
    if (guest === null) return false;
    let written = true;
    try {
      await navigator.clipboard.writeText(guest); // none in an insecure page
    } catch {
      written = false;
    }
    if (guest === this.guest) this.offered = !written;
    this.options.changed();
    return written;
  }

  dismiss() {
    this.offered = false;
    this.options.changed();
  }

  /** The connection or the controls went. */
  forget() {
    clearTimeout(this.timer);
    this.waiting = this.behind = this.guest = null;
    this.offered = this.byHand = false;
    this.incoming.forget();
    this.outgoing.stop();
    this.options.changed();
  }
}
