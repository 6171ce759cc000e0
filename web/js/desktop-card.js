// SPDX-License-Identifier: MIT
// One desktop of the list: a link with its picture, name, state and who is there, and a button for its machine.
import { make, say } from './dom.js';
import { commandOf, hasPicture, peopleWords, stateWords } from './desktop-words.js';

const SVG = 'http://www.w3.org/2000/svg';

/** @param {string} name of a symbol in list.html, without "i-" @param {string} [size] */
function icon(name, size = '') {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', `icon ${size}`.trim());
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(SVG, 'use');
  use.setAttribute('href', `#i-${name}`);
  svg.append(use);
  return svg;
}

export class DesktopCard {
  /**
   * @param {import('./desktop-words.js').Desktop} desktop
   * @param {(card: DesktopCard, command: string) => void} act its button was pressed
   */
  constructor(desktop, act) {
    this.desktop = desktop;
    this.url = '';
    /** Of the picture that is shown. */
    this.tag = '';
    /** It is on the screen. */
    this.seen = false;
    this.picture = make('span', { class: 'thumbnail' }, icon('screen', 'large'));
    this.state = make('p');
    this.people = make('p');
    // "#view", where that is wanted, is for the desktop's page, too.
    this.link = make('a', { href: `d/${desktop.name}/${location.hash}` }, this.picture,
      make('div', { class: 'words' },
        make('h2', {}, make('i', { class: 'lamp', 'aria-hidden': 'true' }), desktop.name), this.state, this.people));
    this.button = make('button', { type: 'button' });
    this.button.addEventListener('click', () => act(this, this.command));
    this.command = '';
    this.actions = make('div', { class: 'actions' }, this.button);
    this.element = make('li', { class: 'desktop surface' }, this.link, this.actions);
    this.update(desktop);
  }

  /** @param {import('./desktop-words.js').Desktop} desktop what is new of it */
  update(desktop) {
    this.desktop = desktop;
    this.element.dataset.state = desktop.state;
    this.element.dataset.name = desktop.name;
    say(this.state, stateWords(desktop));
    say(this.people, peopleWords(desktop));
    this.people.hidden = !this.people.textContent;
    this.offer(commandOf(desktop));
    if (!hasPicture(desktop)) this.show(null);
  }

  /** @param {string} command */
  offer(command) {
    if (!command && this.actions.contains(document.activeElement)) this.link.focus();
    this.actions.hidden = !command;
    if (command === this.command) return;
    this.command = command;
    const words = `${command === 'start' ? 'Start' : 'Power down'} ${this.desktop.name}`;
    this.button.replaceChildren(icon(command === 'start' ? 'play' : 'power'));
    this.button.setAttribute('aria-label', words);
    this.button.title = words;
  }

  /** @param {Blob | null} blob its picture now; null = it has none @param {string} [tag] */
  show(blob, tag = '') {
    const old = this.url;
    this.tag = tag;
    this.url = blob ? URL.createObjectURL(blob) : '';
    if (blob) {
      const image = this.picture.querySelector('img') ?? make('img', { alt: '', draggable: 'false' });
      image.src = this.url;
      if (!image.parentElement) this.picture.replaceChildren(image);
    } else if (old) this.picture.replaceChildren(icon('screen', 'large'));
    if (old) URL.revokeObjectURL(old);
  }

  remove() {
    this.show(null);
    this.element.remove();
  }
}
