// SPDX-License-Identifier: MIT
// The page at / where several desktops are served: the list of those that the session opens.
import { withControls } from './borrow.js';
import { loginForm } from './card.js';
import { DesktopCard } from './desktop-card.js';
import { countWords, found, hasPicture, placeAfter, powerDownWords, SEARCH_FROM } from './desktop-words.js';
import { byId, button, say, toast } from './dom.js';
import { LogOut } from './log-out.js';
import { parseFragment, session } from './session.js';
import { Thumbnails } from './thumbnails.js';

const PERIOD_MS = 2000;

class DesktopsPage {
  constructor() {
    /** By name, in the server's order. @type {Map<string, DesktopCard>} */
    this.cards = new Map();
    this.timer = 0;
    /** Of the newest question; what an older one is answered comes too late. */
    this.turn = 0;
    this.list = byId('desktops', HTMLUListElement);
    this.search = byId('search', HTMLInputElement);
    this.login = loginForm((token) => session.login(token), () => this.refresh());
    this.thumbnails = new Thumbnails((path, options) => session.request(path, options), () => this.seen());
    this.observer = new IntersectionObserver((entries) => this.noteSeen(entries), { rootMargin: '100px' });
    this.search.addEventListener('input', () => this.filter());
    this.list.addEventListener('keydown', (event) => this.move(event));
    addEventListener('keydown', (event) => this.shortcut(event));
    document.addEventListener('visibilitychange', () => (document.hidden ? this.rest() : this.refresh()));
    const logOut = new LogOut(location.href, () => this.leave());
    button('log-out').addEventListener('click', async () => {
      logOut.tell();
      await session.logout();
      this.leave();
    });
  }

  /** By the token in the address, or by the cookie. */
  async open() {
    const { token, rest } = parseFragment(location.hash);
    if (!token) return this.refresh();
    history.replaceState(null, '', location.pathname + location.search + rest);
    const { status, retryAfterS } = await session.login(token);
    if (status === 'unauthorised') return this.ask('This token is wrong.', 0);
    if (status === 'limited') return this.ask('This token is wrong, as too many before it.', retryAfterS);
    return this.refresh();
  }

  /** Asks what there is now, and again in a while. */
  async refresh() {
    clearTimeout(this.timer);
    const turn = ++this.turn;
    const response = await session.request('api/v1/desktops').catch(() => null);
    const desktops = response?.ok ? (await response.json()).desktops : null;
    // A server that started again knows the token, but no session.
    const out = response?.status === 401 && !(session.token && (await session.login(session.token)).status === 'ok');
    if (turn !== this.turn) return;
    if (out) return this.ask('', 0);
    if (desktops) this.show(desktops);
    else if (response?.status !== 401) this.miss(response);
    if (!document.hidden) this.timer = setTimeout(() => this.refresh(), PERIOD_MS);
  }

  /** Nobody looks. */
  rest() {
    this.turn++;
    clearTimeout(this.timer);
    this.thumbnails.stop();
  }

  /** What is shown may be of long ago, and says so until it is not. @param {Response | null} response */
  async miss(response) {
    const turn = this.turn;
    const { error } = (await response?.json().catch(() => null)) ?? {};
    if (turn !== this.turn) return;
    const words = error ? `The server says: ${error}.` : 'The server cannot be reached; this page goes on trying.';
    const lost = byId('list-lost', HTMLElement);
    say(lost, words);
    lost.hidden = false;
    document.documentElement.dataset.list = 'lost';
  }

  /** @param {import('./desktop-words.js').Desktop[]} desktops */
  show(desktops) {
    byId('list-card', HTMLElement).hidden = byId('list-lost', HTMLElement).hidden = true;
    byId('list-head', HTMLElement).hidden = byId('list', HTMLElement).hidden = false;
    const names = new Set(desktops.map(({ name }) => name));
    for (const [name, card] of this.cards) if (!names.has(name)) this.drop(name, card);
    for (const desktop of desktops) this.put(desktop);
    this.search.hidden = desktops.length < SEARCH_FROM;
    if (this.search.hidden) this.search.value = '';
    this.filter();
    document.documentElement.dataset.list = 'shown';
    if (this.thumbnails.stopped) this.thumbnails.start();
  }

  /** @param {import('./desktop-words.js').Desktop} desktop */
  put(desktop) {
    const card = this.cards.get(desktop.name);
    if (card) return card.update(desktop);
    const made = new DesktopCard(desktop, (which, command) => this.act(which, command));
    this.cards.set(desktop.name, made);
    this.list.append(made.element);
    this.observer.observe(made.element);
  }

  /** @param {string} name @param {DesktopCard} card */
  drop(name, card) {
    if (card.element.contains(document.activeElement)) this.neighbour(card)?.focus();
    this.observer.unobserve(card.element);
    card.remove();
    this.cards.delete(name);
  }

  /** Whose link gets the focus when this one goes. @param {DesktopCard} card @returns {HTMLElement | null | undefined} */
  neighbour(card) {
    const { nextElementSibling, previousElementSibling } = card.element;
    return (nextElementSibling ?? previousElementSibling)?.querySelector('a');
  }

  filter() {
    let shown = 0;
    for (const [name, { element }] of this.cards) {
      element.hidden = !found(name, this.search.value);
      shown += element.hidden ? 0 : 1;
    }
    const words = countWords(shown, this.cards.size);
    const empty = byId('list-empty', HTMLElement);
    say(byId('list-count', HTMLElement), words);
    empty.hidden = shown > 0;
    empty.textContent = this.cards.size ? 'No desktop has such a name.' : words;
  }

  /** @param {IntersectionObserverEntry[]} entries */
  noteSeen(entries) {
    let fresh = false;
    for (const { target, isIntersecting } of entries) {
      const card = this.cards.get(/** @type {HTMLElement} */ (target).dataset.name ?? '');
      if (!card) continue;
      fresh ||= isIntersecting && !card.url;
      card.seen = isIntersecting;
    }
    if (fresh) this.thumbnails.start();
  }

  seen() {
    return [...this.cards.values()].filter((card) => card.seen && !card.element.hidden && hasPicture(card.desktop));
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const links = [...this.cards.values()].filter((card) => !card.element.hidden).map((card) => card.link);
    const at = links.findIndex((link) => link === document.activeElement);
    if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const top = links[0].offsetTop;
    const columns = links.filter((link) => link.offsetTop === top).length;
    const next = placeAfter(event.key, at, links.length, columns);
    if (next < 0) return;
    event.preventDefault();
    links[next].focus();
  }

  /** @param {KeyboardEvent} event */
  shortcut(event) {
    if (event.key !== '/' || this.search.hidden || event.target instanceof HTMLInputElement) return;
    event.preventDefault();
    this.search.focus();
  }

  /** @param {DesktopCard} card @param {string} command */
  async act(card, command) {
    const { name } = card.desktop;
    if (command === 'powerdown' && !(await this.confirm(card.desktop))) return;
    try {
      const ask = () => session.request(`api/v1/desktops/${name}/${command}`, { method: 'POST' });
      // It needs the controls: held ones may be another tab's of ours, free ones are taken for it.
      const held = card.desktop.controller ? await ask() : null;
      const response = (held?.ok ? held : await withControls(`d/${name}/`, session.secret, ask)) ?? held ?? (await ask());
      const { error } = await response.json().catch(() => ({}));
      if (response.ok) toast(command === 'start' ? `${name} is being started.` : `${name} is asked to shut down.`);
      else toast(`${name} did not take this: ${error ?? response.status}.`);
    } catch {
      toast('The server cannot be reached.');
    }
    this.refresh();
  }

  /** @param {import('./desktop-words.js').Desktop} desktop @returns {Promise<boolean>} */
  confirm(desktop) {
    const dialog = byId('confirm', HTMLDialogElement);
    byId('confirm-title', HTMLElement).textContent = `Power down ${desktop.name}?`;
    byId('confirm-text', HTMLElement).textContent = powerDownWords(desktop);
    button('confirm-yes').textContent = 'Power down';
    dialog.returnValue = '';
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true });
    });
  }

  /** Nothing of the pictures stays behind the log-in. */
  leave() {
    session.token = '';
    this.ask('', 0);
  }

  /** @param {string} text why, may be empty @param {number} retryAfterS */
  ask(text, retryAfterS) {
    this.rest();
    for (const [name, card] of this.cards) this.drop(name, card);
    for (const id of ['list-head', 'list-lost', 'list']) byId(id, HTMLElement).hidden = true;
    byId('list-card', HTMLElement).hidden = false;
    byId('list-count', HTMLElement).textContent = '';
    document.documentElement.dataset.list = 'login';
    this.login(text, retryAfterS);
  }
}

new DesktopsPage().open();
