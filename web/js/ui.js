// SPDX-License-Identifier: MIT
// The interface around the screen: what each control does, and what each shows.
import { ClipboardPanel } from './clipboard-panel.js';
import { ControlPanel } from './control-panel.js';
import { DeviceMenus } from './device-menus.js';
import { byId, button, setIcon, toast } from './dom.js';
import { KeyRow } from './key-row.js';
import { COMBINATIONS } from './keys.js';
import { MachinePanel } from './machine-panel.js';
import { MicrophonePanel } from './microphone-panel.js';
import { MouseHint } from './mouse-hint.js';
import { Overlay } from './overlay.js';
import { places } from './session.js';
import { SizePanel } from './size-panel.js';
import { TextDialog } from './text-dialog.js';
import { Toolbar } from './toolbar.js';
import { Typing } from './typing.js';
import { CAP } from './wire.js';

export class Interface {
  /**
   * @param {import('./client.js').Client} client @param {import('./devices.js').Devices} devices
   * @param {import('./settings.js').SettingsStore} settings
   */
  constructor(client, devices, settings) {
    this.client = client;
    this.devices = devices;
    this.settings = settings;
    this.toolbar = new Toolbar(
      settings,
      () => client.screen.canvas.focus({ preventScroll: true }),
      () => this.sizes.update(),
    );
    this.overlay = new Overlay(() => client.stats(), client.session);
    this.typing = new Typing(byId('typing', HTMLTextAreaElement), devices.keyboard, (text) =>
      toast(`No key types “${text}”.`),
    );
    this.text = new TextDialog(client, devices.keyboard, settings, toast, (text) => devices.clipboard.give(text, true));
    this.clipboard = new ClipboardPanel(client, devices.clipboard, {
      open: (text, guest) => this.text.show(text, guest),
      say: toast,
      close: () => this.toolbar.closePanels(),
    });
    devices.typingChanged = () => this.text.progress();
    this.sizes = new SizePanel(client, devices.size, settings);
    this.microphone = new MicrophonePanel(client, devices.microphone, settings);
    this.control = new ControlPanel(client, settings);
    this.menus = new DeviceMenus(devices.chosen, toast);
    this.machine = new MachinePanel(client, () => this.toolbar.closePanels());
    /** @type {KeyRow} */
    this.row = this.bindTouch();
    this.bindKeyboard();
    this.bindSound();
    this.bindScreen();
    const bar = byId('bar', HTMLElement); // it wraps on narrow phones; what lies below it has to know
    new ResizeObserver(() =>
      document.documentElement.style.setProperty('--bar-height', `${bar.offsetHeight}px`),
    ).observe(bar);
    this.showStats(settings.get('stats'));
    this.update();
  }

  bindKeyboard() {
    for (const item of document.querySelectorAll('[data-keys]')) {
      const name = /** @type {keyof typeof COMBINATIONS} */ (item.getAttribute('data-keys'));
      item.addEventListener('click', (event) => {
        this.devices.keyboard.tap(COMBINATIONS[name]);
        // By key: what is typed next belongs to the guest.
        if (/** @type {MouseEvent} */ (event).detail === 0) this.toolbar.dismiss();
      });
    }
    const swap = byId('swap-command', HTMLInputElement);
    swap.checked = this.settings.get('swapCommand');
    swap.addEventListener('change', () => {
      this.devices.keyboard.releaseAll();
      this.settings.set('swapCommand', swap.checked);
    });
    button('open-text').addEventListener('click', () => this.toolbar.closePanels());
    button('open-typing').addEventListener('click', () => {
      this.toolbar.closePanels();
      if (matchMedia('(pointer: coarse)').matches) this.row.show(true);
      this.typing.toggle();
    });
    const lock = () => {
      this.toolbar.dismiss();
      this.devices.pointer.lock().catch(() => toast('The browser did not lock the mouse pointer.'));
    };
    button('lock-pointer').addEventListener('click', lock);
    this.mouseHint = new MouseHint(this.client.screen.stage, {
      useful: () => this.client.controls && !this.client.guest.absolute && !this.devices.pointer.locked,
      lock,
      leave: () => this.client.screen.canvas.focus({ preventScroll: true }),
    });
  }

  /** What phones need, whose keyboards lack keys and whose fingers cover what they point at. */
  bindTouch() {
    const shown = byId('show-key-row', HTMLInputElement);
    const row = new KeyRow(this.devices.keyboard, this.settings, {
      covers: (height) => this.devices.view.cover(height),
      type: () => this.typing.toggle(),
      changed: (open) => (shown.checked = open),
    });
    shown.addEventListener('change', () => row.show(shown.checked));
    const trackpad = byId('trackpad', HTMLInputElement);
    trackpad.checked = this.settings.get('trackpad');
    trackpad.addEventListener('change', () => this.settings.set('trackpad', trackpad.checked));
    return row;
  }

  bindSound() {
    const { sound } = this.devices;
    const volume = byId('volume', HTMLInputElement);
    volume.value = String(this.settings.get('volume'));
    volume.addEventListener('input', () => {
      this.settings.set('volume', Number(volume.value));
      this.settings.set('muted', false);
      sound.applyVolume();
    });
    button('mute').addEventListener('click', () => {
      this.settings.set('muted', !this.settings.get('muted'));
      sound.applyVolume();
    });
    // Browsers play nothing before the first gesture.
    const resume = () => sound.resume();
    addEventListener('pointerdown', resume, true);
    addEventListener('pointerup', resume, true);
    addEventListener('keydown', resume, true);
    button('chip-sound').addEventListener('click', resume);
  }

  bindScreen() {
    const transport = byId('transport', HTMLSelectElement);
    transport.value = this.settings.get('transport');
    transport.addEventListener('change', () => {
      this.settings.set('transport', transport.value);
      this.devices.way.chosen();
    });
    button('toggle-stats').addEventListener('click', () => {
      this.toolbar.closePanels();
      this.showStats(!this.overlay.open);
    });
    button('toggle-fullscreen').addEventListener('click', () => this.toggleFullscreen());
    button('toggle-fullscreen').hidden = !document.fullscreenEnabled;
    document.addEventListener('fullscreenchange', () => this.fullscreenChanged());
  }

  /** @param {boolean} open */
  showStats(open) {
    this.settings.set('stats', open);
    this.overlay.show(open);
    button('toggle-stats').setAttribute('aria-pressed', String(open));
  }

  async toggleFullscreen() {
    try {
      if (document.fullscreenElement) await document.exitFullscreen();
      else await document.documentElement.requestFullscreen({ navigationUI: 'hide' });
    } catch {
      toast('The browser did not allow full screen.');
    }
  }

  async fullscreenChanged() {
    const full = document.fullscreenElement !== null;
    const toggle = button('toggle-fullscreen');
    setIcon(toggle, full ? 'window' : 'fullscreen');
    toggle.setAttribute('aria-label', full ? 'Leave full screen' : 'Full screen');
    toggle.title = full ? 'Leave full screen (hold Esc)' : 'Full screen';
    if (!full) return navigator.keyboard?.unlock?.();
    this.toolbar.dismiss();
    // With the keyboard locked even Alt+Tab and Escape reach the guest; holding Escape leaves full screen.
    await navigator.keyboard?.lock?.().catch(() => {});
  }

  /** Shortcuts of the page itself; all others belong to the guest. @param {KeyboardEvent} event */
  shortcut(event) {
    if (!(event.ctrlKey && event.altKey && event.shiftKey)) return false;
    if (event.code === 'KeyS') this.showStats(!this.overlay.open);
    else if (event.code === 'KeyT') {
      if (!event.repeat) this.devices.keyboard.left();
      this.microphone.chord();
    } else if (event.code === 'KeyM') {
      this.devices.keyboard.left(); // a text that is being typed goes on
      if (document.pointerLockElement) document.exitPointerLock(); // the mouse is for the controls
      this.toolbar.toggleFocus();
    } else return false;
    return true;
  }

  /** Shows what the client knows now. */
  update() {
    this.sizes.update();
    const { client, devices, settings } = this;
    const { sound } = devices;
    const connected = client.role !== null;
    const watching = connected && !client.controls;
    // Its name here tells it from another screen of the same machine, as in the list.
    const name = places().name || client.name;
    byId('name-text', HTMLElement).textContent = name || 'Oriel';
    document.title = name ? `${name} · Oriel` : 'Oriel';
    document.documentElement.dataset.role = watching ? 'viewer' : client.controls ? 'controller' : 'none';
    this.control.update();
    button('chip-sound').hidden = !(sound.blocked && !sound.muted && client.capabilities & CAP.OPUS);
    this.mouseHint?.update(client.guest.absolute);
    this.row.setUsable(client.usable);
    for (const item of document.querySelectorAll('[data-keys], #open-typing, #lock-pointer')) {
      /** @type {HTMLButtonElement} */ (item).disabled = !client.usable;
    }
    this.updateSound(settings.get('muted'), settings.get('volume'));
    this.machine.update();
    this.microphone.update();
    this.menus.update();
    this.text.update();
    this.clipboard.update();
    this.toolbar.setRunning(client.status.state === 'running');
  }

  /** @param {boolean} muted @param {number} volume */
  updateSound(muted, volume) {
    const mute = button('mute');
    mute.setAttribute('aria-pressed', String(muted));
    setIcon(mute, muted ? 'muted' : 'sound');
    const silent = muted || volume === 0;
    setIcon(button('open-sound'), silent ? 'muted' : 'sound');
    button('open-sound').setAttribute('aria-label', silent ? 'Sound, muted' : 'Sound');
    byId('volume-text', HTMLOutputElement).value = `${volume} %`;
    const { sound } = this.devices;
    const { capabilities } = this.client;
    let note = '';
    if (sound.failed) note = 'This browser cannot play the guest’s sound.';
    else if (!(capabilities & CAP.OPUS)) note = 'This desktop has no sound.';
    else if (sound.blocked) note = 'The browser waits for a click before it plays sound.';
    else if (sound.guest.muted) note = 'The guest has muted itself.';
    byId('sound-note', HTMLElement).textContent = note;
  }
}
