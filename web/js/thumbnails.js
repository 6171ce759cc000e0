// SPDX-License-Identifier: MIT
// Keeps the pictures of the cards that are on the screen fresh: a round every two seconds, a few at a time, each sent
// only where it has changed. The server makes one at most once a second, for all who look.
const ROUND_MS = 2000;
/** Until the first one of a card is there. */
const SOON_MS = 300;
const AT_ONCE = 4;

export class Thumbnails {
  /**
   * @param {(path: string, options: RequestInit) => Promise<Response>} request as the session's
   * @param {() => import('./desktop-card.js').DesktopCard[]} wanted those to look at now
   */
  constructor(request, wanted) {
    this.request = request;
    this.wanted = wanted;
    this.timer = 0;
    this.running = false;
    this.stopped = true;
  }

  /** A round now, and more after it until stop. */
  async start() {
    clearTimeout(this.timer);
    this.stopped = false;
    if (this.running) return;
    this.running = true;
    const cards = this.wanted();
    const missing = cards.length && (await this.round(cards));
    this.running = false;
    if (!this.stopped) this.timer = setTimeout(() => this.start(), missing ? SOON_MS : ROUND_MS);
  }

  stop() {
    clearTimeout(this.timer);
    this.stopped = true;
  }

  /** True when one has no picture yet. @param {import('./desktop-card.js').DesktopCard[]} cards */
  async round(cards) {
    const waiting = [...cards];
    let missing = false;
    const worker = async () => {
      for (let card = waiting.shift(); card; card = waiting.shift()) missing = (await this.fetch(card)) || missing;
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    return missing;
  }

  /** True when its first one is still being made. @param {import('./desktop-card.js').DesktopCard} card */
  async fetch(card) {
    try {
      const response = await this.request(`d/${card.desktop.name}/thumbnail.png`,
        { headers: card.tag ? { 'If-None-Match': card.tag } : {} });
      if (response.status === 200) card.show(await response.blob(), response.headers.get('ETag') ?? '');
      return response.status === 204 && !card.url;
    } catch {
      return false; // the list itself says that the server is out of reach
    }
  }
}
