// SPDX-License-Identifier: MIT
// From VIDEO and TILES messages to painted pixels and acknowledgements: continuity, order, drawing, measuring.
import { Ack } from './ack.js';
import { comesByRtp } from './by-rtp.js';
import { nowUs } from './clock.js';
import { newCounts, newDelays, Rate } from './meter.js';
import { Display } from './display.js';
import { readPart } from './part.js';
import { readPicture, writeKeyFrame } from './protocol.js';
import { Continuity, Order } from './sequence.js';
import { tilesDecode } from './tiles.js';
import { Video } from './video.js';
import { FLAG, MESSAGE, PICTURE_HEADER_SIZE } from './wire.js';

/** Why we ask for a key frame; the server only logs it. */
export const KEY_REASON = Object.freeze({ GAP: 1, DECODER: 2, TILES: 3, RECOVERY: 4 });
const KEY_REQUEST_US = 500_000;
const BURST_US = 8000;
/** A decoder that said it can and fails so often at its first pictures cannot. */
const FRUITLESS_MAX = 3;
/** With so many pictures in the decoder, those in between are not drawn: newest wins. */
const BACKLOG = 2;

/** @typedef {import('./video.js').PictureNote} PictureNote */
/**
 * key: they build on nothing; exact: no news.
 * @typedef {{note: PictureNote, payload: Uint8Array, key: boolean, exact?: boolean}} Tiles
 */

export class Pictures {
  /**
   * @param {import('./screen.js').Screen} screen @param {(view: DataView<ArrayBuffer>) => void} send
   * @param {(serverUs: number) => number} toLocal server time on our clock, 0 while unknown
   * @param {() => void} painted called after each painted picture
   * @param {(text: string) => void} undecodable video failed again and again, and none was ever decoded
   */
  constructor(screen, send, toLocal, painted, undecodable) {
    this.screen = screen;
    this.send = send;
    this.toLocal = toLocal;
    this.onPainted = painted;
    this.onUndecodable = undecodable;
    /** Failures of the decoder before its first picture. */
    this.fruitless = 0;
    this.ack = new Ack(send);
    this.continuity = new Continuity();
    /** @type {Order<Tiles>} */
    this.order = new Order();
    this.video = new Video(
      (frame, note) => this.drawFrame(frame, note),
      (text) => this.decoderFailed(text),
    );
    /** The newest picture is a whole one as tiles, ahead of the first key frame. */
    this.opening = false;
    /** Drawn and not yet in an animation frame. @type {PictureNote | null} */
    this.drawn = null;
    this.drawnUs = 0;
    this.drawnVideo = false;
    /** The canvas took nothing of a picture: once it does again, only a key frame makes it whole and exact. */
    this.missing = false;
    this.display = new Display(screen, (shown) => this.seen(shown, true));
    this.frameRequest = 0;
    this.lastRequestUs = 0;
    this.lastReceivedUs = 0;
    this.counts = newCounts();
    this.delays = newDelays();
    /** Those that leave by RTP, while some may. @type {import('./rtp-pictures.js').RtpPictures | null} */
    this.rtp = null;
    /** The newest that the canvas has. @type {number | null} */
    this.canvasHas = null;
    /** A video picture of the WebSocket was seen, so long after its capture. @type {(delayUs: number) => void} */
    this.onVideoSeen = () => {};
    this.fps = new Rate();
    this.bitrate = new Rate();
    this.lastError = '';
  }

  /** A new connection. */
  reset() {
    this.ack.reset();
    this.restart();
    this.video.prepare();
  }

  /** Drops everything on its way; the next key frame starts again. */
  restart() {
    this.continuity.reset();
    this.order.reset();
    this.video.reset();
    this.drawn = null;
    this.display.endTrack();
    this.display.hideStream();
    this.display.stream?.forget();
    this.canvasHas = null;
    // One that never came must not keep the next from being asked for.
    cancelAnimationFrame(this.frameRequest);
    this.frameRequest = 0;
  }

  /** @param {number} reason @returns {boolean} it was sent: at most two a second are */
  requestKey(reason) {
    const now = nowUs();
    if (now - this.lastRequestUs < KEY_REQUEST_US) return false;
    this.lastRequestUs = now;
    this.counts.keyRequests++;
    this.send(writeKeyFrame(reason));
    return true;
  }

  /** @param {DataView<ArrayBuffer>} view a VIDEO or TILES message @param {number} receivedUs */
  receive(view, receivedUs) {
    const header = readPicture(view);
    const key = (header.flags & FLAG.KEY) !== 0;
    const { sequence, width, height, captureUs } = header;
    const tiles = view.getUint8(0) === MESSAGE.TILES;
    // What a newcomer gets first, an opening and a key frame, may have been made before it came: its age is no delay.
    // Where tiles carry the picture alone, each of them is a key.
    const timed = this.continuity.last !== null && (tiles || !this.opening);
    this.opening = key && tiles;
    /** @type {PictureNote} */
    const note = { sequence, width, height, captureUs: timed ? captureUs : 0, receivedUs, part: null };
    this.counts.received++;
    this.bitrate.add(receivedUs, view.byteLength * 8);
    if (receivedUs - this.lastReceivedUs < BURST_US) this.counts.bursts++;
    this.lastReceivedUs = receivedUs;
    const read = tiles ? null : readPart(view, header);
    if (read) note.part = read.part;
    if (read && comesByRtp(this, note, key, read.rtpTime, view.byteLength === read.end)) return;
    this.ack.received(sequence, receivedUs);
    const captured = this.toLocal(captureUs + header.madeUs + header.waitedUs);
    if (captured && timed) this.delays.wire.add(Math.max(0, receivedUs - captured));

    const verdict = this.continuity.accept(sequence, key);
    if (verdict === 'gap') this.counts.gaps++;
    if (verdict === 'drop') {
      this.requestKey(KEY_REASON.GAP);
    } else if (tiles) {
      const exact = (header.flags & FLAG.SHARPENING) !== 0;
      this.receiveTiles({ note, payload: new Uint8Array(view.buffer, PICTURE_HEADER_SIZE), key, exact });
    } else if (read) this.receiveVideo(new Uint8Array(view.buffer, read.end), key, note);
    else this.malformed('malformed part');
    this.ack.flush();
  }

  /** @param {Uint8Array} unit @param {boolean} key @param {PictureNote} note */
  receiveVideo(unit, key, note) {
    this.counts.video++;
    if (key) {
      this.counts.keys++;
      // What is still being decoded before a key frame would only delay it.
      if (this.video.queued > BACKLOG) {
        this.video.reset();
        this.order.reset();
      }
    }
    if (this.video.decode(unit, key, note)) this.order.submitted(note.sequence);
  }

  /** @param {Tiles} tiles */
  receiveTiles(tiles) {
    this.counts.tiles++;
    if (this.order.ready(tiles.note.sequence)) this.drawTiles(tiles);
    else {
      this.counts.held++;
      this.order.hold(tiles.note.sequence, tiles);
    }
  }

  /** @param {Tiles} tiles */
  drawTiles({ note, payload, key, exact }) {
    if (key) this.screen.resize(note.width, note.height);
    const fits = note.width === this.screen.width && note.height === this.screen.height;
    if (!fits) return this.malformed('malformed tiles');
    if (exact) this.display.rest();
    let drawn = true;
    const draw = (/** @type {[number, number, number, number, Uint32Array<ArrayBuffer>]} */ ...tile) => {
      drawn = this.display.drawTile(note.sequence, tile) && drawn;
    };
    try {
      if (!tilesDecode(payload, note.width, note.height, draw)) return this.malformed('malformed tiles');
    } catch {
      drawn = false;
    }
    this.afterDraw(note, drawn);
  }

  /** Nothing is used before another key frame. @param {string} text */
  malformed(text) {
    this.counts.errors++;
    this.lastError = text;
    this.continuity.waiting = true;
    this.requestKey(KEY_REASON.TILES);
  }

  /** @param {VideoFrame} frame @param {PictureNote} note */
  drawFrame(frame, note) {
    this.fruitless = -Infinity;
    this.order.decoded(note.sequence);
    // A decoder that left a picture out: tiles after that one are too late, and may have been no news that this has.
    if (note.part && this.order.overtaken(note.sequence)) this.requestKey(KEY_REASON.TILES);
    // Newest wins, unless tiles wait that go between this picture and the next.
    const skip = this.video.queued >= BACKLOG && this.drawn !== null && !this.order.held.length;
    const shown = this.show(frame, note, skip);
    if (shown === 'left') {
      this.counts.undrawn++;
      this.countDecoded(note);
      return;
    }
    if (shown === 'track') {
      this.drawnUs = nowUs();
      this.delays.decode.add(this.drawnUs - note.receivedUs);
      this.countDecoded(note);
    } else {
      if (!note.part) this.missing = false; // all of it is drawn, now or with the next
      this.afterDraw(note, shown === 'canvas');
      this.drawnVideo ||= shown === 'canvas';
    }
    this.releaseTiles(note);
  }

  /** @param {VideoFrame} frame @param {PictureNote} note @param {boolean} skip */
  show(frame, note, skip) {
    try {
      return this.display.show(frame, note, skip);
    } catch (error) {
      this.lastError = String(error);
      return '';
    }
  }

  /** @param {PictureNote} note */
  releaseTiles(note) {
    for (const { tiles } of this.order.release(note.sequence)) this.drawTiles(tiles);
  }

  /** @param {PictureNote} note */
  countDecoded(note) {
    this.counts.decoded++;
    this.ack.decoded(note.sequence, nowUs());
  }

  /** @param {PictureNote} note @param {boolean} drawn false when the canvas took nothing */
  afterDraw(note, drawn) {
    const now = nowUs();
    this.delays.decode.add(now - note.receivedUs);
    this.countDecoded(note);
    this.missing ||= !drawn;
    if (!drawn) return;
    if (this.missing && this.requestKey(KEY_REASON.RECOVERY)) this.missing = false;
    this.drawn = note;
    this.drawnUs = now;
    if (!this.display.stream?.shown) this.canvasHas = note.sequence;
    if (!this.frameRequest) this.frameRequest = requestAnimationFrame(() => this.painted());
  }

  painted() {
    this.frameRequest = 0;
    const note = this.drawn;
    this.drawn = null;
    const { drawnVideo } = this;
    this.drawnVideo = false;
    if (note) this.seen(note, drawnVideo);
  }

  /** It is on the screen. @param {PictureNote} note @param {boolean} video with a video picture */
  seen(note, video) {
    const now = nowUs();
    if (video) this.display.motion.paint(now - note.receivedUs);
    this.counts.painted++;
    this.fps.add(now);
    this.delays.paint.add(now - this.drawnUs);
    const captured = note.captureUs && this.toLocal(note.captureUs);
    if (captured) this.delays.total.add(Math.max(0, now - captured));
    if (captured && video) this.onVideoSeen(Math.max(0, now - captured));
    this.ack.painted(note.sequence, now);
    this.ack.flush();
    this.onPainted();
  }

  readDelays() {
    const { wire, decode, paint, total } = this.delays;
    return { wire: wire.read(), decode: decode.read(), paint: paint.read(), total: total.read() };
  }

  /** @param {string} text */
  decoderFailed(text) {
    this.counts.errors++;
    this.lastError = text;
    this.order.reset();
    this.continuity.waiting = true;
    if (++this.fruitless >= FRUITLESS_MAX) this.onUndecodable(text);
    else this.requestKey(KEY_REASON.DECODER);
  }
}
