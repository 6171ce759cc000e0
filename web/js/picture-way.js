// SPDX-License-Identifier: MIT
// Video by WebRTC beside the WebSocket: tried where it may be better, taken once the page shows it, left at once when it
// dies. Everything else stays on the WebSocket, which always shows the first picture.
//
//   socket --motion, or the user's wish--> connecting --connected--> both --RTP showed a picture--> rtp --> socket
import { nowUs } from './clock.js';
import { Race } from './race.js';
import { Rtc } from './rtc.js';
import { RtpPictures } from './rtp-pictures.js';
import { HEADER_SIZE, MESSAGE, PICTURE_WAY } from './wire.js';

const LOOK_MS = 250;
/** A look that comes so late says nothing of the network: this page stood still. */
const LATE_US = 750_000;
const CONNECT_US = 5_000_000;
/** Announced pictures that are not seen for so long, and two round trips more, are lost with their way. */
const SILENCE_US = 600_000;
/** The first one, which is a key frame, may take longer, and is made when there is something to see. */
const FIRST_US = 3_000_000;
const BOTH_US = 15_000_000;

/** @param {number} way one of PICTURE_WAY */
export function writePictureWay(way) {
  const view = new DataView(new ArrayBuffer(HEADER_SIZE + 1));
  view.setUint8(0, MESSAGE.PICTURE_WAY);
  view.setUint8(HEADER_SIZE, way);
  return view;
}

/** @param {DataView<ArrayBuffer>} view a MEDIA_TICKET */
export const readTicket = (view) => new TextDecoder().decode(new Uint8Array(view.buffer, HEADER_SIZE, 64));

export class PictureWay {
  /** @param {import('./client.js').Client} client @param {import('./settings.js').SettingsStore} settings */
  constructor(client, settings) {
    this.client = client;
    this.settings = settings;
    this.race = new Race();
    /** What this connection's viewer is named by; '' = the server has no WebRTC for it. */
    this.ticket = '';
    /** @type {'socket' | 'connecting' | 'both' | 'rtp'} */
    this.state = 'socket';
    this.sinceUs = 0;
    this.lookedUs = 0;
    /** Why it is not by RTP; for the statistics. */
    this.reason = '';
    /** @type {Rtc | null} */
    this.rtc = null;
    /** @type {RtpPictures | null} */
    this.rtp = null;
    client.pictures.onVideoSeen = (delayUs) => this.race.seen(delayUs, nowUs());
    // No <video> says what it presents in a tab that is hidden.
    document.addEventListener('visibilitychange', () => this.rtp?.stream.forget());
    setInterval(() => this.look(nowUs()), LOOK_MS);
  }

  /** @param {DataView<ArrayBuffer>} view */
  message(view) {
    this.ticket = readTicket(view);
    this.race = new Race(); // of another connection
  }

  /** The connection is lost, and with it the viewer whose pictures these were. */
  disconnected() {
    this.ticket = '';
    this.drop();
  }

  /** The user chose. */
  chosen() {
    const pinned = this.settings.get('transport');
    this.race = new Race();
    if (pinned === 'websocket' && this.state !== 'socket') this.back('');
  }

  /** @param {'socket' | 'connecting' | 'both' | 'rtp'} state */
  enter(state) {
    this.state = state;
    this.sinceUs = nowUs();
  }

  /** A few times a second. @param {number} now */
  look(now) {
    const late = now - this.lookedUs > LATE_US;
    this.lookedUs = now;
    if (!this.ticket || late || document.hidden || !this.client.link.painted) return;
    if (this.state === 'socket') {
      if (this.wanted(now)) this.begin();
      return;
    }
    const text = this.dead(now);
    if (text) this.fail(text);
    else if (this.state === 'rtp' && this.settings.get('transport') === 'auto' && this.race.tired(now)) {
      this.race.lost(now);
      this.back('The WebSocket was quicker.');
    }
  }

  /** @param {number} now */
  wanted(now) {
    const pinned = this.settings.get('transport');
    const wins = this.race.wants(now); // it measures, too
    return pinned === 'webrtc' ? this.race.mayTry(now) : pinned === 'auto' && wins;
  }

  /** Why the way that is tried or in use is given up; ''. @param {number} now */
  dead(now) {
    const age = now - this.sinceUs;
    if (this.state === 'connecting') return age > CONNECT_US ? 'UDP does not come through.' : '';
    const waiting = this.rtp?.stream.waitingSinceUs ?? 0;
    const silence = waiting ? now - waiting : 0;
    if (this.state === 'both') {
      return silence > FIRST_US || age > BOTH_US ? 'No picture came by UDP.' : '';
    }
    return silence > SILENCE_US + 2 * this.client.link.clock.rttUs ? 'Pictures by UDP stopped coming.' : '';
  }

  begin() {
    this.enter('connecting');
    this.reason = '';
    this.rtc = new Rtc((path, options) => this.client.session.request(path, options), {
      connected: (media) => this.connected(media),
      ended: (text) => this.fail(text),
    });
    this.rtc.open(this.ticket);
  }

  /** @param {MediaStream} media */
  connected(media) {
    if (this.state !== 'connecting') return;
    this.enter('both');
    this.rtp = new RtpPictures(this.client.pictures, media, {
      taken: () => {
        this.enter('rtp');
        this.race.taken(nowUs());
        this.client.link.send(writePictureWay(PICTURE_WAY.RTP));
      },
      seen: (delayUs) => this.race.seen(delayUs, nowUs()),
      left: () => this.fail('The server ended it.'),
    });
    this.client.link.send(writePictureWay(PICTURE_WAY.BOTH));
  }

  /** @param {string} text */
  fail(text) {
    if (this.state === 'socket') return;
    this.race.failed(nowUs());
    this.back(text);
  }

  /** @param {string} text why */
  back(text) {
    this.reason = text;
    this.drop();
    this.client.link.send(writePictureWay(PICTURE_WAY.SOCKET));
  }

  drop() {
    this.enter('socket');
    this.rtc?.close();
    this.rtp?.close();
    this.rtc = this.rtp = null;
  }

  stats() {
    return {
      way: this.state === 'rtp' ? 'webrtc' : 'websocket',
      state: this.state,
      offered: this.ticket !== '',
      reason: this.reason,
    };
  }
}
