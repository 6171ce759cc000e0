// SPDX-License-Identifier: MIT
// What a desktop has besides its picture: keyboard, pointer, cursor, size, sound, microphone, and the watchdog over the
// picture. Made after the first picture.
import { Sound } from './audio.js';
import { Clipboard } from './clipboard.js';
import { nowUs } from './clock.js';
import { Cursor } from './cursor.js';
import { byId } from './dom.js';
import { Keyboard } from './keyboard.js';
import { KEY_REASON } from './pictures.js';
import { Microphone } from './microphone.js';
import { PictureWay } from './picture-way.js';
import { Pointer } from './pointer.js';
import { readCursorPosition, readCursorShape, readMicrophoneState, readTyped, readVolume } from './protocol.js';
import { Size } from './size.js';
import { SoundDevices } from './sound-devices.js';
import { View } from './view.js';
import { Watchdog } from './watchdog.js';
import { CAP, HEADER_SIZE, MESSAGE, REASON } from './wire.js';

const WATCH_MS = 250;

export class Devices {
  /** @param {import('./client.js').Client} client @param {import('./settings.js').SettingsStore} settings */
  constructor(client, settings) {
    this.client = client;
    /** A text makes progress. */
    this.typingChanged = () => {};
    const { screen, link } = client;
    const send = (/** @type {DataView<ArrayBuffer>} */ view) => link.send(view);
    const controls = () => client.controls;
    this.way = new PictureWay(client, settings);
    this.watchdog = new Watchdog((step) => this.recover(step));
    this.sound = new Sound(settings, () => this.soundChanged());
    // A Control that waits for its AltGr goes before a click or a wheel.
    const settled = (/** @type {DataView<ArrayBuffer>} */ view) => {
      const type = view.getUint8(0);
      if (type === MESSAGE.BUTTON || type === MESSAGE.WHEEL) this.keyboard.settle(null);
      send(view);
      if (type === MESSAGE.BUTTON && view.getUint8(HEADER_SIZE + 1) === 0) this.keyboard.held.used();
    };
    this.view = new View(screen);
    this.pointer = new Pointer(screen, settled, { active: () => client.usable,
      hover: (x, y) => this.cursor.setPointer(x, y), relative: () => this.cursor.update(),
      typing: () => document.activeElement?.id === 'typing', view: this.view, trackpad: () => settings.get('trackpad'),
      absolute: () => client.guest.absolute });
    this.cursor = new Cursor(screen, byId('cursor', HTMLCanvasElement), {
      controls,
      locked: () => this.pointer.locked || (this.pointer.relative && !client.guest.absolute),
      shown: () => this.pointer.shown,
    });
    this.keyboard = new Keyboard((view) => client.controls && link.send(view), {
      active: () => client.hasFocus,
      able: () => client.usable,
      swapped: () => settings.get('swapCommand'),
      shortcut: (event) => client.page.shortcut(event),
      layout: () => [settings.get('layout'), settings.get('otherCharacters')],
      unknown: (text) => client.page.say(`No key of the guest types “${text}”.`),
      typing: () => this.typingChanged(),
      cut: (done, total) => client.page.say(`Only ${done} of ${total} characters were typed.`),
      pastes: (event, code, usage, press) => this.clipboard.key(event, code, usage, press),
      released: () => this.pointer.forget(),
    });
    this.clipboard = new Clipboard({
      send,
      capabilities: () => client.capabilities,
      usable: () => client.usable,
      tap: (usages) => this.keyboard.tapUsages(usages),
      say: (text) => client.page.say(text),
      changed: () => client.page.changed(),
    });
    this.keyboard.attach();
    this.clipboard.attach();
    this.size = new Size(
      screen,
      settings,
      send,
      () => client.controls && (client.capabilities & CAP.RESIZE) !== 0,
      (late) => this.sizeLate(late),
    );
    this.sizeNoted = false;
    this.microphone = new Microphone({
      send,
      backlog: () => link.socket?.bufferedAmount ?? 0,
      allowed: () => client.controls && (client.capabilities & CAP.MICROPHONE) !== 0 && !document.hidden,
      clean: () => settings.get('cleanVoice'),
      device: () => this.chosen.used.audioinput,
      opened: (lost) => {
        if (lost) this.chosen.lost('audioinput');
        else this.chosen.refresh(); // names are told from now on
      },
      changed: () => client.page.changed(),
      say: (text) => client.page.say(text),
    });
    this.chosen = new SoundDevices(settings, {
      use: (kind, id, byUser) => {
        if (kind === 'audiooutput') this.sound.setSpeaker(id);
        else if (byUser) this.microphone.changeDevice(); // one that is gone has ended by itself
      },
      say: (text) => client.page.say(text),
      changed: () => client.page.changed(),
      media: navigator.mediaDevices,
    });
    this.sound.speakerLost = () => this.chosen.lost('audiooutput');
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.microphone.stop('The microphone was switched off when this tab was hidden.');
    });
    addEventListener('pagehide', () => this.microphone.stop());
    screen.onReplaced = (canvas) => this.pointer.attach(canvas);
    screen.onPlaced = () => this.cursor.placed();
    screen.onLost = () => this.watchdog.fire(nowUs());
    document.addEventListener('pointerlockchange', () => {
      this.cursor.update();
      client.page.changed();
    });
    setInterval(() => this.watch(), WATCH_MS);
  }

  /** A new connection. */
  opened() {
    this.cursor.reset();
    this.sound.reset();
    this.size.forget();
  }

  disconnected() {
    this.way.disconnected();
    this.size.forget();
    this.keyboard.forget();
    this.clipboard.forget();
    this.microphone.stop('The connection was lost, and the microphone is off.');
    this.sound.reset();
  }

  lostControls() {
    this.keyboard.forget();
    this.clipboard.forget();
    this.microphone.stop('The microphone is off: it is for the viewer that has the controls.');
    if (this.pointer.locked) document.exitPointerLock();
  }

  roleChanged() {
    this.size.ask();
    this.cursor.update();
  }

  /** Said once; the panel says it as long as it is so. @param {boolean} late */
  sizeLate(late) {
    if (late && !this.sizeNoted) {
      this.sizeNoted = true;
      this.client.page.say('The guest does not follow the window’s size; the Size panel says what it needs.');
    }
    this.client.page.changed();
  }

  soundChanged() {
    if (this.client.sendWant() && !this.sound.muted) this.sound.reset();
    this.client.page.changed();
  }

  /** @param {DataView<ArrayBuffer>} view @param {number} receivedUs */
  message(view, receivedUs) {
    switch (view.getUint8(0)) {
      case MESSAGE.AUDIO:
        this.sound.receive(view, receivedUs);
        break;
      case MESSAGE.MEDIA_TICKET:
        this.way.message(view);
        break;
      case MESSAGE.CURSOR_SHAPE: {
        const shape = readCursorShape(view);
        if (shape) this.cursor.setShape(shape);
        break;
      }
      case MESSAGE.CURSOR_POSITION:
        this.cursor.setGuestPosition(readCursorPosition(view));
        break;
      case MESSAGE.CLIPBOARD:
        this.clipboard.piece(view);
        break;
      case MESSAGE.CLIPBOARD_STATE:
        this.clipboard.answered(view);
        break;
      case MESSAGE.TYPED:
        this.keyboard.typist.typed(...readTyped(view));
        break;
      case MESSAGE.VOLUME:
        this.sound.setGuestVolume(readVolume(view));
        break;
      case MESSAGE.MICROPHONE_STATE:
        this.microphone.setGuest(readMicrophoneState(view));
        break;
      default:
    }
  }

  watch() {
    const { pictures, link } = this.client;
    const { now } = pictures.ack;
    this.watchdog.check(nowUs(), now.received, now.painted, !document.hidden && link.isOpen);
  }

  /** Pictures came but were not painted. @param {1 | 2 | 3} step */
  recover(step) {
    const { page, link, screen, pictures } = this.client;
    if (step === 3) {
      page.say('The picture still stood still: connecting again.');
      if (pictures.counts.decoded === 0) return this.client.withoutVideo('No video was decoded.');
      link.restart(REASON.CLOSED_BY_USER, 'The picture stood still.');
      return;
    }
    screen.renewContext();
    if (step === 2 || !screen.drawable()) screen.replaceCanvas();
    this.cursor.update();
    pictures.restart();
    pictures.lastRequestUs = 0;
    pictures.requestKey(KEY_REASON.RECOVERY);
    page.say('The picture stood still and was restarted.');
  }
}
