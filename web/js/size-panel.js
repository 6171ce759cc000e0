// SPDX-License-Identifier: MIT
// The panel about the desktop's size: the choice, and what became of it.
import { byId, make, say } from './dom.js';
import { SCALE_MAX, SCALE_MIN, SCALES, SIZES } from './size.js';
import { CAP } from './wire.js';
import { fits } from './requested-size.js';

/** What a guest needs that got another size than it was asked for. */
const FOLLOWING =
  'The guest did not take it. GNOME and KDE do by themselves; a desktop on X11 needs “xrandr --output Virtual-1 ' +
  '--auto” at each change, which oriel-agent does; Windows needs the VirtIO GPU driver.';

const HEADS =
  'This machine has more screens than this one. On X11 a tablet spans all of them: if the pointer lands elsewhere, ' +
  'map it in the guest with “xinput map-to-output”.';

export class SizePanel {
  /**
   * @param {import('./client.js').Client} client @param {import('./size.js').Size} size
   * @param {import('./settings.js').SettingsStore} settings
   */
  constructor(client, size, settings) {
    this.client = client;
    this.size = size;
    this.bindScale(settings);
    const list = byId('sizes', HTMLElement);
    for (const { value, label } of SIZES) {
      const input = make('input', { type: 'radio', name: 'size', value });
      input.checked = settings.get('size') === value;
      input.addEventListener('change', () => {
        size.choose(value);
        this.update();
      });
      list.append(make('label', { class: 'row' }, input, label));
    }
  }

  /** @param {import('./settings.js').SettingsStore} settings */
  bindScale(settings) {
    const choice = byId('scale', HTMLSelectElement);
    const custom = byId('scale-custom', HTMLInputElement);
    choice.append(
      make('option', { value: '0' }, `Automatic (${Math.round((devicePixelRatio || 1) * 100)} %)`),
      ...SCALES.map((percent) => make('option', { value: String(percent) }, `${percent} %`)),
      make('option', { value: 'custom' }, 'Other…'),
    );
    const now = settings.get('scale');
    choice.value = now === 0 || SCALES.includes(now) ? String(now) : 'custom';
    custom.min = String(SCALE_MIN);
    custom.max = String(SCALE_MAX);
    custom.value = String(now || Math.round((devicePixelRatio || 1) * 100));
    custom.hidden = choice.value !== 'custom';
    const follow = () => {
      custom.hidden = choice.value !== 'custom';
      const percent = Number(choice.value === 'custom' ? custom.value : choice.value);
      if (choice.value === 'custom' && !custom.checkValidity()) return;
      this.size.setScale(percent);
      this.update();
    };
    choice.addEventListener('change', follow);
    custom.addEventListener('change', follow);
  }

  /** The guest or what is asked for has changed. */
  update() {
    if (byId('panel-size', HTMLElement).hidden) return;
    const { guest, capabilities } = this.client;
    const { wanted, late } = this.size;
    const words = guest.width ? [`Now ${guest.width} × ${guest.height}.`] : [];
    if (!(capabilities & CAP.RESIZE)) words.push('This guest’s size cannot be changed from here; it is scaled.');
    else if (wanted && !fits(guest, wanted)) {
      words.push(`Asked for ${wanted.width} × ${wanted.height}.`);
      if (late) words.push(FOLLOWING);
    }
    if (capabilities & CAP.HEADS) words.push(HEADS);
    say(byId('size-now', HTMLElement), words.join(' '));
  }
}
