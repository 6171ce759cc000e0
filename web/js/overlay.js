// SPDX-License-Identifier: MIT
// The statistics: where the time of a picture goes, by the server's own stages and what this page measures.
import { byId, make } from './dom.js';

const stageOrder = ['capture', 'convert', 'encode', 'queue', 'send', 'wire', 'decode', 'paint', 'total'];

/** @typedef {{name: string, p50_us: number, p95_us: number}} Stage */

/** @param {number} us */
const ms = (us) => (us >= 99_950 ? (us / 1000).toFixed(0) : (us / 1000).toFixed(1));
/** @param {number} bits per second */
const rate = (bits) => (bits >= 1e6 ? `${(bits / 1e6).toFixed(1)} Mbit/s` : `${(bits / 1e3).toFixed(0)} kbit/s`);

/**
 * Stages in the order of the way, from the server's answer. Anything else in it is left out.
 * @param {unknown} answer @returns {Stage[]}
 */
export function stagesOf(answer) {
  const list = /** @type {{stages?: unknown}} */ (answer ?? {}).stages;
  if (!Array.isArray(list)) return [];
  const known = list.filter(
    (stage) => stageOrder.includes(stage?.name) && Number.isFinite(stage.p50_us) && Number.isFinite(stage.p95_us),
  );
  return known.sort((a, b) => stageOrder.indexOf(a.name) - stageOrder.indexOf(b.name));
}

/**
 * Which way video comes, how late it is seen, and why not the other way.
 * @param {ReturnType<import('./picture-way.js').PictureWay['stats']> | null} transport
 * @param {{count: number, p50_us: number}} total
 */
export function wayText(transport, total) {
  if (!transport) return '';
  const name = transport.way === 'webrtc' ? 'WebRTC' : 'WebSocket';
  const delay = total.count ? `, ${ms(total.p50_us)} ms` : '';
  return `${name}${delay}${transport.reason ? `. ${transport.reason}` : ''}`;
}

export class Overlay {
  /**
   * @param {() => ReturnType<import('./client.js').Client['stats']>} read
   * @param {import('./session.js').Session} session
   */
  constructor(read, session) {
    this.read = read;
    this.session = session;
    this.root = byId('stats', HTMLElement);
    this.timer = 0;
    /** @type {Stage[]} */
    this.stages = [];
    /** @type {Record<string, unknown>} */
    this.server = {};
  }

  get open() {
    return !this.root.hidden;
  }

  /** @param {boolean} open */
  show(open) {
    this.root.hidden = !open;
    clearInterval(this.timer);
    if (!open) return;
    this.timer = setInterval(() => this.tick(), 1000);
    this.tick();
  }

  /** The server's numbers. Without a connection none are asked for: a session that has ended would be a wrong one. */
  async ask() {
    if (this.read().role === 'none') return {};
    try {
      const response = await this.session.request('api/v1/stats');
      return response.ok ? await response.json() : {};
    } catch {
      return {};
    }
  }

  async tick() {
    if (document.hidden) return;
    this.server = await this.ask();
    this.stages = stagesOf(this.server);
    if (this.open) this.render();
  }

  render() {
    const now = this.read();
    const { delays, queues, audio } = now;
    const encoder = typeof this.server.encoder === 'string' ? this.server.encoder : '';
    const viewers = typeof this.server.viewers === 'number' ? String(this.server.viewers) : '';
    this.root.replaceChildren(
      make('h2', {}, 'Picture'),
      this.list([
        ['Painted', `${now.fps} fps`],
        ['Size', `${now.width} × ${now.height}`],
        ['Received', `${rate(now.bitrate_bps)}`],
        ['Video by', wayText(now.transport, now.delays.total)],
        ['Encoder', encoder],
        ['This browser takes', now.codecs],
        ['Viewers', viewers],
        ['Video / tiles', `${now.counts.video} / ${now.counts.tiles}`],
        ['Bursts < 8 ms', String(now.bursts)],
        ['Skipped / recovered', `${now.skipped} / ${now.recoveries}`],
        ['Queues: decode, held, out', `${queues.decoder}, ${queues.held}, ${queues.send_bytes} B`],
        ['Round trip', `${ms(now.rtt_us)} ms`],
      ]),
      ...(this.stages.length ? [make('h2', {}, 'Delay by stage, ms'), this.table(this.stages)] : []),
      make('h2', {}, 'In this page, ms'),
      this.table([
        { name: 'wire', ...delays.wire },
        { name: 'decode', ...delays.decode },
        { name: 'paint', ...delays.paint },
        { name: 'total', ...delays.total },
      ]),
      ...(audio ? [make('h2', {}, 'Sound'), this.soundList(audio)] : []),
    );
  }

  /** @param {ReturnType<import('./audio.js').Sound['stats']>} audio */
  soundList(audio) {
    return this.list([
      ['State', audio.failed || (audio.blocked ? 'blocked' : audio.state)],
      ['Buffer / target', `${audio.buffer_ms.toFixed(0)} / ${audio.target_ms.toFixed(0)} ms`],
      ['Gaps / cuts', `${audio.underruns} / ${audio.cuts}`],
      ['Speed', `${((audio.speed - 1) * 100).toFixed(2)} %`],
    ]);
  }

  /** @param {[string, string][]} rows empty values are left out */
  list(rows) {
    return make(
      'dl',
      {},
      ...rows.filter(([, value]) => value).flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)]),
    );
  }

  /** @param {Stage[]} stages */
  table(stages) {
    const longest = Math.max(1, ...stages.filter(({ name }) => name !== 'total').map(({ p50_us }) => p50_us));
    const head = make(
      'tr',
      {},
      make('th', { scope: 'col' }),
      make('th', { scope: 'col' }),
      make('th', { scope: 'col' }, 'p50'),
      make('th', { scope: 'col' }, 'p95'),
    );
    const rows = stages.map(({ name, p50_us, p95_us }) => {
      const gauge = make('i');
      gauge.style.width = `${Math.round((p50_us / longest) * 100)}%`;
      const bar = make('td', { class: 'gauge' }, ...(name === 'total' ? [] : [gauge]));
      return make(
        'tr',
        name === 'total' ? { class: 'total' } : {},
        make('th', { scope: 'row' }, name),
        bar,
        make('td', {}, ms(p50_us)),
        make('td', {}, ms(p95_us)),
      );
    });
    return make('table', {}, make('thead', {}, head), make('tbody', {}, ...rows));
  }
}
