// SPDX-License-Identifier: MIT
// When the microphone is open and who may hear it. Push to talk sends while it is held; open mode sends until it is
// switched off. The device is asked for at the first use, never before, and given back when the controls are lost, the
// tab is hidden, the connection ends, or nobody has talked for a while.
import { Capture, captureError, captureLacks } from './capture.js';
import { nowUs } from './clock.js';
import { writeMicrophone } from './protocol.js';
import { MICROPHONE_MAX, MICROPHONE_USE } from './wire.js';

/** After push to talk the device is kept so long, so that the next word is not cut. */
const LINGER_MS = 8000;
/** Bytes that may wait in the socket: about a third of a second. More would be heard late. */
const BACKLOG_BYTES = 4096;
/** How fast the shown level falls, of itself per block of 10 ms. */
const FALL = 0.93;

export class Microphone {
  /**
   * @param {object} options
   * @param {(view: DataView<ArrayBuffer>) => void} options.send
   * @param {() => number} options.backlog bytes that wait in the socket
   * @param {() => boolean} options.allowed we have the controls of a server that takes microphones, and are seen
   * @param {() => boolean} options.clean voice processing is wanted
   * @param {() => string} [options.device] the browser's id; '' = the system's
   * @param {(lost: boolean) => void} [options.opened] the browser gave the device; `lost`: not yet, and not the chosen
   *   one
   * @param {() => void} options.changed
   * @param {(text: string) => void} options.say
   * @param {new (handlers: import('./capture.js').CaptureHandlers) => Capture} [options.Device] for tests
   */
  constructor({ send, backlog, allowed, clean, changed, say, device = () => '', opened = () => {}, Device = Capture }) {
    this.device = device;
    this.opened = opened;
    this.send = send;
    this.backlog = backlog;
    this.allowed = allowed;
    this.clean = clean;
    this.changed = changed;
    this.say = say;
    this.Device = Device;
    /** @type {Capture | null} */
    this.capture = null;
    this.ready = false; // the device is ours
    this.held = false;
    this.open = false;
    this.muted = false;
    this.sequence = 0;
    this.sounding = false; // packets left since the last end
    this.level = 0;
    this.lingering = 0;
    this.guest = { use: /** @type {number} */ (MICROPHONE_USE.NOWHERE), talker: 0 };
    this.counts = { sent: 0, dropped: 0, asked: 0, bytes: 0 };
    this.error = '';
  }

  /** 'off', 'asking' (the browser asks the user), 'ready' (the device is held, nothing is sent) or 'talking'. */
  get state() {
    if (!this.capture) return 'off';
    if (!this.ready) return 'asking';
    return this.held || this.open ? 'talking' : 'ready';
  }

  /** Push to talk, pressed. */
  hold() {
    if (this.held) return;
    this.held = true;
    this.follow();
  }

  /** Push to talk, let go. */
  release() {
    if (!this.held) return;
    this.held = false;
    this.follow();
  }

  /** Open mode. @param {boolean} open */
  setOpen(open) {
    if (this.open === open) return;
    this.open = open;
    if (!open) this.held = false;
    this.follow();
    if (!open && !this.held) this.stop();
  }

  /** Does what `held` and `open` ask for. */
  follow() {
    clearTimeout(this.lingering);
    const wanted = this.held || this.open;
    if (wanted && !this.capture) this.start();
    if (this.capture) this.capture.sending = wanted && this.ready;
    if (!wanted) {
      this.end();
      // Asked and not answered yet: the user no longer wants to talk, so nothing shall begin with the answer.
      if (this.capture && this.ready) this.lingering = setTimeout(() => this.stop(), LINGER_MS);
    }
    this.changed();
  }

  async start() {
    this.error = this.allowed() ? captureLacks() : 'Take control first: only then does the guest hear you.';
    if (this.error) return this.refuse();
    const capture = new this.Device({
      packet: (packet) => this.packet(packet),
      level: (peak) => {
        this.level = Math.max(peak, this.level * FALL);
      },
      ended: (text) => this.capture === capture && this.stop(text),
      lost: () => this.opened(true),
      muted: (muted) => {
        this.muted = muted;
        this.changed();
      },
    });
    this.capture = capture;
    this.counts.asked++;
    try {
      await capture.open(this.clean(), this.device());
    } catch (error) {
      capture.close();
      if (this.capture !== capture) return;
      this.capture = null;
      this.error = captureError(error);
      this.refuse();
      return;
    }
    if (this.capture !== capture) return;
    this.ready = true;
    this.opened(false);
    this.follow();
  }

  /** It does not begin; `error` says why. */
  refuse() {
    this.held = this.open = false;
    this.say(this.error);
    this.changed();
  }

  /** @param {EncodedAudioChunk} packet */
  packet(packet) {
    const sequence = this.sequence++;
    // A packet may still come out of the encoder after the key was let go.
    const wanted = (this.held || this.open) && this.allowed();
    if (!wanted || packet.byteLength > MICROPHONE_MAX || this.backlog() > BACKLOG_BYTES) {
      this.counts.dropped++;
      return;
    }
    const bytes = new Uint8Array(packet.byteLength);
    packet.copyTo(bytes);
    this.send(writeMicrophone(sequence, nowUs() - (packet.duration ?? 10_000), bytes));
    this.sounding = true;
    this.counts.sent++;
    this.counts.bytes += bytes.length;
  }

  /** Tells the server that nothing follows. */
  end() {
    this.level = 0;
    if (!this.sounding) return;
    this.sounding = false;
    this.send(writeMicrophone(this.sequence++, nowUs(), new Uint8Array()));
  }

  /** Gives the device back. @param {string} [why] said to the user, if it was in use */
  stop(why = '') {
    clearTimeout(this.lingering);
    const used = this.capture !== null;
    this.held = this.open = this.ready = this.muted = false;
    this.capture?.close();
    this.capture = null;
    this.end();
    if (used && why) this.say(why);
    if (used) this.changed();
  }

  /** Another device was chosen: what is open goes on with it. */
  changeDevice() {
    const { open } = this;
    this.stop();
    if (open) this.setOpen(true);
  }

  /** What the server says becomes of it. @param {{use: number, talker: number}} guest */
  setGuest(guest) {
    this.guest = guest;
    this.changed();
  }

  /** For the interface: what a user should know now. */
  get note() {
    if (this.error && this.state === 'off') return this.error;
    const lacks = captureLacks();
    if (lacks) return lacks;
    if (!this.allowed()) return 'Take control first: only then does the guest hear you.';
    if (this.state === 'asking') return 'The browser asks whether this page may use the microphone.';
    if (this.muted) return 'The system has muted the microphone.';
    if (this.guest.use === MICROPHONE_USE.NOWHERE) return 'Nothing in this guest takes a microphone.';
    if (this.guest.use === MICROPHONE_USE.READY) return 'No program in the guest is recording now.';
    return this.state === 'talking' ? 'The guest hears you.' : 'A program in the guest is listening.';
  }

  stats() {
    const { state, open, held, level, muted, guest, error } = this;
    return { state, open, held, level, muted, use: guest.use, talker: guest.talker, error, ...this.counts };
  }
}
