// SPDX-License-Identifier: MIT
// Which speaker and which microphone: the browser's devices, and the user's choice among them, kept by the browser's
// id. A chosen device that is gone stays chosen; the system's serves until it is back.

/** @typedef {'audiooutput' | 'audioinput'} Kind */

/** Where each choice is kept, and what the device is called. */
const KINDS = Object.freeze({
  audiooutput: { key: /** @type {const} */ ('speaker'), name: 'speaker' },
  audioinput: { key: /** @type {const} */ ('microphone'), name: 'microphone' },
});
const kinds = /** @type {Kind[]} */ (Object.keys(KINDS));

/** What this needs of navigator.mediaDevices.
 * @typedef {Pick<MediaDevices, 'enumerateDevices' | 'getUserMedia' | 'addEventListener'>} Media */

export class SoundDevices {
  /**
   * @param {import('./settings.js').SettingsStore} settings
   * @param {object} options
   * @param {(kind: Kind, id: string, chosen: boolean) => void} options.use this one from now on, '' = the system's;
   *   `chosen` just now by the user
   * @param {(text: string) => void} options.say
   * @param {() => void} options.changed the lists or a choice
   * @param {Media} [options.media] pages that are not encrypted have none
   */
  constructor(settings, { use, say, changed, media }) {
    this.settings = settings;
    this.take = use;
    this.say = say;
    this.changed = changed;
    this.media = media;
    /** @type {MediaDeviceInfo[]} */
    this.devices = [];
    /** In use; '' = the system's. @type {Record<Kind, string>} */
    this.used = { audiooutput: settings.get('speaker'), audioinput: settings.get('microphone') };
    media?.addEventListener('devicechange', () => this.refresh());
    this.refreshed = this.refresh();
  }

  /** Without the right to the microphone browsers say no more than that there are devices. @param {Kind} kind */
  named(kind) {
    return this.devices.some((device) => device.kind === kind && device.deviceId !== '');
  }

  /** Those that can be chosen besides the system's. @param {Kind} kind */
  list(kind) {
    const known = this.devices.filter(({ kind: its, deviceId }) => its === kind && deviceId && deviceId !== 'default');
    return known.map(({ deviceId, label }, index) => ({ id: deviceId, label: label || `Device ${index + 1}` }));
  }

  /** @param {Kind} kind */
  chosen(kind) {
    return this.settings.get(KINDS[kind].key);
  }

  /** The user's. @param {Kind} kind @param {string} id */
  choose(kind, id) {
    this.settings.set(KINDS[kind].key, id);
    this.use(kind, id, true);
    this.changed();
  }

  /** @param {Kind} kind @param {string} id @param {boolean} [chosen] */
  use(kind, id, chosen = false) {
    if (this.used[kind] === id) return;
    this.used[kind] = id;
    this.take(kind, id, chosen);
  }

  /** What is there now. */
  async refresh() {
    if (!this.media) return;
    try {
      this.devices = await this.media.enumerateDevices();
    } catch {
      return; // nothing is known: nothing changes
    }
    for (const kind of kinds) this.follow(kind);
    this.changed();
  }

  /** @param {Kind} kind */
  follow(kind) {
    const id = this.chosen(kind);
    if (!id) return;
    const there = this.list(kind).some((device) => device.id === id);
    if (there && this.used[kind] !== id) {
      this.say(`The chosen ${KINDS[kind].name} is back.`);
      this.use(kind, id);
    } else if (!there && this.known(kind)) this.lost(kind);
  }

  /** Its absence means something: devices are named, or there are none at all. @param {Kind} kind */
  known(kind) {
    return this.named(kind) || !this.devices.some((device) => device.kind === kind);
  }

  /** The chosen one does not work, or is gone. @param {Kind} kind */
  lost(kind) {
    if (!this.used[kind]) return;
    this.say(`The chosen ${KINDS[kind].name} is gone: the system’s is used.`);
    this.use(kind, '');
  }

  /** Gets the devices' names: the browser asks for the microphone, which is given back at once. Rejects as it does. */
  async askNames() {
    const stream = await this.media?.getUserMedia({ audio: true });
    stream?.getTracks().forEach((track) => track.stop());
    await this.refresh();
  }
}
