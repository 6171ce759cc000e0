// SPDX-License-Identifier: MIT
// One desktop in one page: the connection with everything that lives on it. The interface around it is ui.js.
import { Sound } from './audio.js';
import { nowUs } from './clock.js';
import { Cursor } from './cursor.js';
import { byId, toast } from './dom.js';
import { helloMessage } from './hello.js';
import { Keyboard } from './keyboard.js';
import { Link } from './link.js';
import { KEY_REASON, Pictures } from './pictures.js';
import { Pointer } from './pointer.js';
import {
  readCursorPosition,
  readCursorShape,
  readRole,
  readServerHello,
  readSkipped,
  readState,
  readVolume,
  ROLE,
  writeControl,
  writeWant,
} from './protocol.js';
import { Screen } from './screen.js';
import { Size } from './size.js';
import { openState } from './status.js';
import { Watchdog } from './watchdog.js';
import { CAP, MESSAGE, REASON, STATE } from './wire.js';

export class Client {
  /**
   * @param {import('./session.js').Session} session @param {import('./settings.js').SettingsStore} settings
   * @param {import('./status.js').Status} status
   * @param {{changed: () => void, login: (text: string, retryAfterS: number) => void,
   *   shortcut: (event: KeyboardEvent) => boolean}} page
   */
  constructor(session, settings, status, page) {
    this.session = session;
    this.settings = settings;
    this.status = status;
    this.page = page;
    this.name = '';
    this.capabilities = 0;
    this.guest = { state: /** @type {number} */ (STATE.CONNECTING), absolute: true, width: 0, height: 0, detail: '' };
    /** Null while not connected. @type {number | null} */
    this.role = null;
    this.wantsControl = !session.view;
    this.skipped = 0;
    /** What WANT said last. */
    this.wanted = '';
    this.framesSeen = false;
    const send = (/** @type {DataView<ArrayBuffer>} */ view) => this.link.send(view);
    const controls = () => this.controls;
    const sendInput = (/** @type {DataView<ArrayBuffer>} */ view) => this.controls && this.link.send(view);
    this.link = new Link(session, {
      connecting: () => this.status.set('connecting'),
      open: (greeted) => this.opened(greeted),
      message: (view, receivedUs) => this.message(view, receivedUs),
      lost: (text, delayMs) => this.lost(text, delayMs),
      login: (text, retryAfterS) => this.loginNeeded(text, retryAfterS),
      refused: (text) => this.ended('refused', text),
    });
    this.screen = new Screen(byId('screen', HTMLCanvasElement), byId('stage', HTMLElement));
    this.pictures = new Pictures(
      this.screen,
      send,
      (serverUs) => this.link.clock.toLocal(serverUs),
      () => this.painted(),
    );
    this.watchdog = new Watchdog((step) => this.recover(step));
    this.sound = new Sound(settings, () => this.soundChanged());
    this.pointer = new Pointer(this.screen, send, { active: controls, hover: (x, y) => this.cursor.setPointer(x, y) });
    this.cursor = new Cursor(this.screen, byId('cursor', HTMLCanvasElement), {
      controls,
      locked: () => this.pointer.locked,
    });
    this.keyboard = new Keyboard(sendInput, {
      active: () =>
        this.controls && (document.activeElement === this.screen.canvas || document.activeElement === document.body),
      swapped: () => settings.get('swapCommand'),
      shortcut: page.shortcut,
      released: () => this.pointer.forget(),
    });
    this.size = new Size(this.screen, settings, send, () => this.controls && (this.capabilities & CAP.RESIZE) !== 0);
    this.screen.onReplaced = (canvas) => this.pointer.attach(canvas);
    this.screen.onPlaced = () => this.cursor.update();
    this.screen.onLost = () => this.watchdog.fire(nowUs());
    document.addEventListener('visibilitychange', () => this.sendWant());
    document.addEventListener('pointerlockchange', () => {
      this.cursor.update();
      page.changed();
    });
    setInterval(() => this.watch(), 250);
  }

  get controls() {
    return this.role === ROLE.CONTROLLER;
  }

  /** @param {{width: number, height: number} | null | undefined} greeted the hello left already, with this size */
  opened(greeted) {
    this.pictures.reset();
    this.cursor.reset();
    this.sound.reset();
    this.size.forget();
    this.guest = { ...this.guest, state: STATE.CONNECTING, detail: '' };
    const size = greeted === undefined ? this.size.wanted : greeted;
    if (greeted === undefined) this.link.send(helloMessage(this.wantsControl, size));
    if (this.wantsControl) this.size.noteAsked(size);
    this.wanted = '';
    this.sendWant();
    this.status.set('waiting');
  }

  /** Pictures while visible; sound while it can be heard. */
  sendWant() {
    const pictures = !document.hidden;
    const sound = this.sound.running && !this.sound.muted;
    const text = `${pictures} ${sound}`;
    if (text === this.wanted || !this.link.isOpen) return;
    this.wanted = text;
    this.link.send(writeWant(pictures, sound));
  }

  soundChanged() {
    const before = this.wanted;
    this.sendWant();
    if (before !== this.wanted && !this.sound.muted) this.sound.reset();
    this.page.changed();
  }

  /** @param {DataView<ArrayBuffer>} view @param {number} receivedUs */
  message(view, receivedUs) {
    switch (view.getUint8(0)) {
      case MESSAGE.VIDEO:
      case MESSAGE.TILES:
        this.pictures.receive(view, receivedUs);
        break;
      case MESSAGE.AUDIO:
        this.sound.receive(view, receivedUs);
        break;
      case MESSAGE.CURSOR_SHAPE: {
        const shape = readCursorShape(view);
        if (shape) this.cursor.setShape(shape);
        break;
      }
      case MESSAGE.CURSOR_POSITION:
        this.cursor.setGuestPosition(readCursorPosition(view));
        break;
      case MESSAGE.STATE:
        this.guest = readState(view);
        this.showState();
        break;
      case MESSAGE.ROLE:
        this.roleChanged(readRole(view));
        break;
      case MESSAGE.SKIPPED:
        this.skipped += readSkipped(view);
        break;
      case MESSAGE.VOLUME:
        this.sound.setGuestVolume(readVolume(view));
        break;
      case MESSAGE.SERVER_HELLO: {
        const hello = readServerHello(view);
        this.name = hello.name;
        this.capabilities = hello.capabilities;
        this.page.changed();
        break;
      }
      default:
    }
  }

  showState() {
    this.status.set(
      openState(this.guest.state, this.link.painted),
      this.guest.state === STATE.RUNNING ? '' : this.guest.detail,
    );
    this.page.changed();
  }

  /** @param {number} role */
  roleChanged(role) {
    const before = this.role;
    this.role = role;
    if (before === ROLE.CONTROLLER && role === ROLE.VIEWER) {
      // Whoever took the controls keeps them: a reconnect must not take them back.
      if (this.wantsControl) toast('Another viewer has taken the controls.');
      this.wantsControl = false;
      this.keyboard.down.clear();
      if (this.pointer.locked) document.exitPointerLock();
    } else if (role === ROLE.CONTROLLER && before !== ROLE.CONTROLLER) {
      this.wantsControl = true;
      this.size.ask();
    }
    this.cursor.update();
    this.page.changed();
  }

  /** @param {boolean} wanted */
  control(wanted) {
    if (!wanted) this.keyboard.releaseAll();
    this.wantsControl = wanted;
    if (wanted) this.size.forget();
    this.link.send(writeControl(wanted));
  }

  painted() {
    this.link.notePainted();
    if (this.status.state !== 'running') this.showState();
    if (this.framesSeen) return;
    this.framesSeen = true;
    // Sound is built after the first picture, so that it does not delay it.
    this.sound.start();
  }

  disconnected() {
    this.role = null;
    this.keyboard.down.clear();
    this.pictures.restart();
    this.sound.reset();
    this.page.changed();
  }

  /** @param {string} text @param {number} delayMs */
  lost(text, delayMs) {
    this.disconnected();
    this.status.lost(text, delayMs);
    this.page.changed();
  }

  /** @param {'refused' | 'login'} state @param {string} text */
  ended(state, text) {
    this.disconnected();
    this.status.set(state, text);
    this.page.changed();
  }

  /** @param {string} text @param {number} retryAfterS */
  loginNeeded(text, retryAfterS) {
    this.ended('login', '');
    this.page.login(text, retryAfterS);
  }

  watch() {
    const { now } = this.pictures.ack;
    this.watchdog.check(nowUs(), now.received, now.painted, !document.hidden && this.link.isOpen);
  }

  /** Pictures came but were not painted. @param {1 | 2 | 3} step */
  recover(step) {
    if (step === 3) {
      toast('The picture still stood still: connecting again.');
      this.link.restart(REASON.CLOSED_BY_USER, 'The picture stood still.');
      return;
    }
    this.screen.renewContext();
    if (step === 2 || !this.screen.drawable()) this.screen.replaceCanvas();
    this.cursor.update();
    this.pictures.restart();
    this.pictures.lastRequestUs = 0;
    this.pictures.requestKey(KEY_REASON.RECOVERY);
    toast('The picture stood still and was restarted.');
  }

  /** For the overlay, tests and benchmarks; documented in web/README.md. */
  stats() {
    const { pictures, link, screen, watchdog } = this;
    const now = nowUs();
    const { counts, video, order, ack } = pictures;
    return {
      state: this.status.state,
      detail: this.status.detail || this.guest.detail,
      role: this.role === null ? 'none' : this.controls ? 'controller' : 'viewer',
      name: this.name,
      width: screen.width,
      height: screen.height,
      received: counts.received,
      decoded: counts.decoded,
      painted: counts.painted,
      fps: pictures.fps.read(now),
      bitrate_bps: pictures.bitrate.read(now),
      bursts: counts.bursts,
      skipped: this.skipped,
      reconnects: link.reconnects,
      recoveries: watchdog.recoveries,
      rtt_us: link.clock.rttUs,
      sequence: { received: ack.now.received, decoded: ack.now.decoded, painted: ack.now.painted },
      counts: { ...counts },
      queues: { decoder: video.queued, held: order.held.length, send_bytes: link.socket?.bufferedAmount ?? 0 },
      delays: pictures.readDelays(),
      audio: this.sound.stats(),
      codec: video.codec,
      error: pictures.lastError,
    };
  }
}
