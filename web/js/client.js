// SPDX-License-Identifier: MIT
// One desktop in one page: the connection and the picture, which is all that the first picture needs. Input, cursor,
// sound and the watchdog are devices.js, the interface around it is ui.js; both come after the first picture.
import { nowUs } from './clock.js';
import { codecs } from './codecs.js';
import { byId } from './dom.js';
import { chosenSize, helloMessage, sizeDivisor } from './hello.js';
import { Link } from './link.js';
import { windowSize } from './opening.js';
import { Party } from './party.js';
import { Pictures } from './pictures.js';
import {
  readAbilities, readControlState, readRole, readServerHello, readSkipped, readState, ROLE, writeControl, writeWant,
} from './protocol.js';
import { Screen } from './screen.js';
import { statsOf } from './stats.js';
import { openState, Status, takesInput } from './status.js';
import { CAP, DISPLAY, MESSAGE, REASON, STATE } from './wire.js';

/**
 * What the interface does for the client; nothing of it before the interface is there.
 * @typedef {object} Page
 * @property {() => void} changed
 * @property {(text: string) => void} say
 * @property {(text: string, retryAfterS: number) => void} login
 * @property {(event: KeyboardEvent) => boolean} shortcut true when the page itself took the key
 * @property {() => boolean} holdsKeys something of the page is open that keys belong to
 */

export class Client {
  /** @param {import('./session.js').Session} session @param {import('./settings.js').SettingsStore} settings */
  constructor(session, settings) {
    this.session = session;
    this.settings = settings;
    this.status = new Status();
    /** @type {Page} */
    this.page = { changed: () => {}, say: () => {}, login: () => {}, shortcut: () => false, holdsKeys: () => false };
    /** Null until attach. @type {import('./devices.js').Devices | null} */
    this.devices = null;
    /** The newest message of each type that only the devices understand. @type {Map<number, DataView<ArrayBuffer>>} */
    this.kept = new Map();
    this.name = '';
    this.capabilities = 0;
    this.guest = { state: /** @type {number} */ (STATE.CONNECTING), absolute: true, width: 0, height: 0, detail: '' };
    this.display = /** @type {number} */ (DISPLAY.SHOWN);
    /** Null while not connected. @type {number | null} */
    this.role = null;
    this.wantsControl = !session.view;
    this.party = new Party((view) => this.link.send(view), settings, (text) => this.page.say(text));
    /** The size in the last hello. @type {{width: number, height: number} | null} */
    this.askedSize = null;
    /** Why a token is needed. */
    this.loginReason = { text: '', retryAfterS: 0 };
    this.skipped = 0;
    /** What WANT said last. */
    this.wanted = '';
    this.framesSeen = false;
    this.link = new Link(session, {
      connecting: () => this.status.set('connecting'),
      open: (greeted) => this.opened(greeted),
      message: (view, receivedUs) => this.message(view, receivedUs),
      lost: (text, delayMs) => this.lost(text, delayMs),
      login: (text, retryAfterS) => this.loginNeeded(text, retryAfterS),
      refused: (text) => this.ended('refused', text),
    });
    this.screen = new Screen(byId('screen', HTMLCanvasElement), byId('stage', HTMLElement));
    const stage = windowSize();
    this.screen.setStage(stage.width, stage.height, sizeDivisor(settings.get('size'), settings.get('scale')));
    this.pictures = new Pictures(
      this.screen,
      (view) => this.link.send(view),
      (serverUs) => this.link.clock.toLocal(serverUs),
      () => this.painted(),
      (text) => this.withoutVideo(`The decoder failed: ${text}.`),
    );
    document.addEventListener('visibilitychange', () => this.sendWant());
  }

  /** Takes over what came before the devices were there. @param {import('./devices.js').Devices} devices */
  attach(devices) {
    this.devices = devices;
    devices.size.noteAsked(this.askedSize);
    devices.size.setGuest(this.guest, this.guest.state === STATE.RUNNING);
    for (const view of this.kept.values()) devices.message(view, nowUs());
    this.kept.clear();
    devices.roleChanged();
    if (this.framesSeen) devices.sound.start();
  }

  /** The server can start this machine once it has ended. */
  get startable() {
    return (this.capabilities & CAP.START) !== 0;
  }

  get controls() {
    return this.role === ROLE.CONTROLLER;
  }

  /** @param {{width: number, height: number} | null | undefined} greeted the hello left already, with this size */
  opened(greeted) {
    this.pictures.reset();
    this.kept.clear();
    this.devices?.opened();
    this.guest = { ...this.guest, state: STATE.CONNECTING, detail: '' };
    const chosen = chosenSize(this.settings.get('size'), this.settings.get('scale'), this.screen.stageSize);
    this.display = DISPLAY.SHOWN;
    const size = greeted === undefined ? chosen : greeted;
    if (greeted === undefined) this.link.send(helloMessage(this.wantsControl, size));
    this.askedSize = this.wantsControl ? size : null;
    if (this.wantsControl) this.devices?.size.noteAsked(size);
    this.wanted = '';
    this.sendWant();
    this.status.set('waiting');
  }

  /** What the user does here is for the guest: we have the controls, and it is seen what they do. */
  get usable() {
    const { link, guest, display } = this;
    return this.controls && link.isOpen && takesInput(guest.state, link.painted, display);
  }

  /** The keys are for the guest: we have the controls, and the focus is on the screen. */
  get hasFocus() {
    const { activeElement } = document;
    // The body has the focus when nothing has, which is where a closed control leaves it.
    const onScreen =
      activeElement === this.screen.canvas || (activeElement === document.body && !this.page.holdsKeys());
    return this.usable && onScreen;
  }

  /** Pictures while visible; sound while it can be heard. True when something else is wanted than before. */
  sendWant() {
    const pictures = !document.hidden;
    const sound = this.devices?.sound.wanted ?? false;
    const text = `${pictures} ${sound}`;
    if (text === this.wanted || !this.link.isOpen) return false;
    this.wanted = text;
    this.link.send(writeWant(pictures, sound));
    return true;
  }

  /** @param {DataView<ArrayBuffer>} view @param {number} receivedUs */
  message(view, receivedUs) {
    switch (view.getUint8(0)) {
      case MESSAGE.VIDEO:
      case MESSAGE.TILES:
        this.pictures.receive(view, receivedUs);
        break;
      case MESSAGE.STATE:
        this.guest = readState(view);
        this.showState();
        break;
      case MESSAGE.ABILITIES: {
        const { capabilities, display } = readAbilities(view);
        this.abilitiesChanged(capabilities, display);
        break;
      }
      case MESSAGE.ROLE:
        this.roleChanged(readRole(view));
        break;
      case MESSAGE.CONTROL_STATE:
        this.party.changed(readControlState(view), this.wantsControl);
        this.page.changed();
        break;
      case MESSAGE.SKIPPED:
        this.skipped += readSkipped(view);
        break;
      case MESSAGE.SERVER_HELLO: {
        const hello = readServerHello(view);
        this.name = hello.name;
        this.capabilities = hello.capabilities;
        this.party.joined(hello.id);
        this.page.changed();
        break;
      }
      default:
        if (this.devices) this.devices.message(view, receivedUs);
        else this.kept.set(view.getUint8(0), view);
    }
  }

  /** @param {number} capabilities @param {number} display */
  abilitiesChanged(capabilities, display) {
    const learned = capabilities & ~this.capabilities;
    this.capabilities = capabilities;
    this.display = display;
    if (!(capabilities & CAP.RESIZE)) this.devices?.size.forget();
    else if (learned & CAP.RESIZE) this.devices?.size.ask();
    this.showState();
  }

  showState() {
    this.devices?.size.setGuest(this.guest, this.guest.state === STATE.RUNNING);
    this.status.set(
      openState(this.guest.state, this.link.painted, this.display),
      this.guest.state === STATE.RUNNING && this.display === DISPLAY.SHOWN ? '' : this.guest.detail,
    );
    this.page.changed();
  }

  /** @param {number} role */
  roleChanged(role) {
    const before = this.role;
    this.role = role;
    if (before === ROLE.CONTROLLER && role === ROLE.VIEWER) {
      // Whoever took the controls keeps them: a reconnect must not take them back.
      this.wantsControl = false;
      this.devices?.lostControls();
    } else if (role === ROLE.CONTROLLER) {
      this.wantsControl = true;
    }
    // Whoever had the controls until now may have changed the size.
    if (before === ROLE.VIEWER && role === ROLE.CONTROLLER) this.devices?.size.forget();
    if (role !== before) this.devices?.roleChanged();
    this.page.changed();
  }

  async logout() {
    this.link.close();
    const done = await this.session.logout();
    this.loginNeeded(done ? '' : 'The server could not be told: the session there ends within 24 hours.', 0);
  }

  /** Another tab did, for the whole browser. */
  loggedOut() {
    this.session.token = '';
    this.link.close();
    this.loginNeeded('', 0);
  }

  /** @param {boolean} wanted */
  control(wanted) {
    if (!wanted) this.devices?.keyboard.releaseAll();
    this.wantsControl = wanted;
    if (wanted) this.devices?.size.forget();
    this.link.send(writeControl(wanted));
  }

  /** The picture comes as tiles from now on. @param {string} text why */
  withoutVideo(text) {
    if (!codecs.video && !codecs.vp8) return;
    codecs.video = codecs.vp8 = false;
    this.link.restart(REASON.CLOSED_BY_USER, text);
  }

  painted() {
    this.link.notePainted();
    if (this.status.state !== 'running') this.showState();
    if (this.framesSeen) return;
    this.framesSeen = true;
    // Sound is built after the first picture, so that it does not delay it.
    this.devices?.sound.start();
  }

  disconnected() {
    this.role = null;
    this.party.left();
    this.devices?.disconnected();
    this.pictures.restart();
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
    this.name = '';
    this.ended('login', '');
    // Nothing of the desktop stays for whoever has no session.
    this.screen.clear();
    this.devices?.cursor.reset();
    this.loginReason = { text, retryAfterS };
    this.page.login(text, retryAfterS);
  }

  /** For the overlay, tests and benchmarks; documented in web/README.md. */
  stats() {
    return statsOf(this);
  }
}
