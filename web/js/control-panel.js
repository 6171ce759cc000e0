// SPDX-License-Identifier: MIT
// Who has the controls: what the toolbar and the chip say of it, the panel to take, ask for or give them up, this
// viewer's name, a link for those who only watch, the log-out, and the question to the holder when somebody asks.
import { byId, button, say, setIcon, toast } from './dom.js';
import { LogOut } from './log-out.js';
import { ROLE } from './protocol.js';
import { findSiblings, showSiblings } from './siblings.js';
import { CONTROL_WAY } from './wire.js';

/**
 * What this viewer can do about the controls, in words. Pure.
 * @param {import('./party.js').ControlState} state @param {number} id this viewer's
 * @param {boolean} controls it has them
 * @returns {{title: string, action: string, wanted: boolean}} action: the button's words, '' = there is none
 */
export function controlWords(state, id, controls) {
  const { holder, asker, way, holderName } = state;
  if (controls) return { title: 'You have the controls', action: 'Give up the controls', wanted: false };
  const title = holder ? `${holderName} has the controls` : 'Nobody has the controls';
  if (way === CONTROL_WAY.NEVER) return { title, action: '', wanted: false };
  if (asker === id && id) return { title, action: 'Stop asking', wanted: false };
  if (!holder || way === CONTROL_WAY.AT_ONCE) return { title, action: 'Take control', wanted: true };
  return { title, action: way === CONTROL_WAY.ASK ? 'Ask for control' : '', wanted: true };
}

export class ControlPanel {
  /** @param {import('./client.js').Client} client @param {import('./settings.js').SettingsStore} settings */
  constructor(client, settings) {
    this.client = client;
    /** Whom the holder is asked about now. */
    this.asker = 0;
    const act = () => client.control(this.words().wanted);
    button('control-act').addEventListener('click', act);
    button('chip-control').addEventListener('click', () => {
      act();
      client.screen.canvas.focus({ preventScroll: true });
    });
    const name = byId('viewer-name', HTMLInputElement);
    name.value = settings.get('name');
    name.addEventListener('change', () => client.party.rename(name.value.trim()));
    button('share').addEventListener('click', () => this.share());
    const logOut = new LogOut(location.href, () => client.loggedOut());
    button('log-out').addEventListener('click', () => {
      logOut.tell();
      client.logout();
    });
    this.offerList();
    button('control').addEventListener('click', () => this.offerList()); // screens come and go
    button('consent-yes').addEventListener('click', () => this.answer(true));
    button('consent-no').addEventListener('click', () => this.answer(false));
  }

  /** A way back to the list, where it holds more than this desktop, and to the other screens of this machine. */
  async offerList() {
    const { session } = this.client;
    await session.claiming;
    try {
      const { desktops, siblings } = await findSiblings(session);
      byId('all-desktops', HTMLAnchorElement).hidden = desktops.length < 2;
      showSiblings(byId('siblings', HTMLElement), siblings, session);
    } catch {
      /* the page itself says that the server is out of reach */
    }
  }

  words() {
    const { party, controls } = this.client;
    return controlWords(party.state, party.id, controls);
  }

  /** @param {boolean} granted */
  answer(granted) {
    if (granted) this.client.devices?.keyboard.releaseAll();
    this.client.party.answer(this.asker, granted);
    byId('consent', HTMLElement).hidden = true;
    this.client.screen.canvas.focus({ preventScroll: true });
  }

  /** Copies the link that only lets watch; shows it where the browser does not let it be copied. */
  async share() {
    const link = await this.client.session.shareLink();
    this.forgetLink();
    if (!link) return toast('The server gives no link for watching.');
    try {
      await navigator.clipboard.writeText(link);
      toast('The link for watching is copied. Whoever has it sees and hears this desktop.');
    } catch {
      const field = byId('share-link', HTMLInputElement);
      field.value = link;
      field.hidden = false;
      field.select();
    }
  }

  /** A link outlives the session that gave it. */
  forgetLink() {
    const field = byId('share-link', HTMLInputElement);
    field.hidden = true;
    field.value = '';
  }

  update() {
    const { client } = this;
    const connected = client.role !== null;
    const { title, action } = this.words();
    const watching = client.role === ROLE.VIEWER;
    const opener = button('control');
    say(byId('control-text', HTMLElement), client.controls ? 'In control' : 'Watching');
    opener.setAttribute('aria-label', connected ? title : 'Controls');
    opener.title = connected ? title : 'Controls';
    opener.disabled = !connected;
    setIcon(opener, client.controls ? 'control' : 'eye');
    say(byId('control-title', HTMLElement), title);
    const act = button('control-act');
    act.hidden = !action;
    say(byId('control-act-text', HTMLElement), action);
    button('share').hidden = client.party.state.way === CONTROL_WAY.NEVER;
    if (!connected) this.forgetLink();
    byId('watching', HTMLElement).hidden = !watching;
    say(byId('watching-text', HTMLElement), title);
    button('chip-control').hidden = !action;
    say(button('chip-control'), action);
    this.updateConsent();
  }

  /** It takes no focus: what the holder types still belongs to the guest. */
  updateConsent() {
    const { controls, party } = this.client;
    this.asker = controls && party.state.asker !== party.id ? party.state.asker : 0;
    byId('consent', HTMLElement).hidden = !this.asker;
    if (!this.asker) return;
    const seen = `${party.state.askerName} (viewer ${this.asker}) asks for the controls.`;
    say(byId('consent-text', HTMLElement), `${seen} Without an answer or any input of yours they go over in 10 s.`);
  }
}
